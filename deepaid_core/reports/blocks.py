"""What a report is made of, whatever the format: sections of paragraphs, tables and pictures.

One outline is laid out by every format, so that all of them say the same and show the same numbers.
"""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import plotly.graph_objects as go

from deepaid_core.figures.tables import Table

__all__ = ["Block", "Facts", "Items", "Outline", "Paragraph", "Picture", "Section", "Source"]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text.

    Attributes:
        text: Any characters, not escaped; line breaks are kept.
        kind: "warning" and "limit" stand out; "quote" is what an analyst wrote.
    """

    text: str
    kind: Literal["plain", "warning", "limit", "quote"] = "plain"


@dataclass(frozen=True, slots=True)
class Items:
    """A list of short texts, numbered or with bullets."""

    texts: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Names, ours, and values, anybody's, two columns."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Text shown letter by letter, e.g. a command or a raw record."""

    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure that can be drawn by a browser or without one.

    Attributes:
        id: Unique in the report; lower-case letters, digits and hyphens, good for a file name.
        title: The finding it shows, as a sentence.
        alt: What somebody reads who cannot see it, with the numbers.
        figure: Its title repeats `title`; event text in it is already safe for Plotly.
        twin: The same numbers as a table; shown where the picture cannot be.
        note: Source line under the picture; may be empty.
    """

    id: str
    title: str
    alt: str
    figure: go.Figure = field(repr=False)
    twin: Table | None = None
    note: str = ""


Block: TypeAlias = Paragraph | Items | Facts | Source | Picture | Table


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what follows it.

    Attributes:
        id: Unique in the report, good for an anchor.
        title: Heading.
        level: 1 for a chapter, 2 and 3 below it.
        blocks: In order.
        new_page: Whether printed forms begin a page with it.
    """

    id: str
    title: str
    level: Literal[1, 2, 3]
    blocks: tuple[Block, ...]
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class Outline:
    """A report ready to be laid out.

    Attributes:
        title: What it is about.
        subtitle: Kind of report and its audience.
        tlp: Marking, shown on each page.
        facts: What the head says: ids, dates, analyst, digest.
        sections: In order.
        language: Of the text, for screen readers.
    """

    title: str
    subtitle: str
    tlp: str
    facts: Facts
    sections: tuple[Section, ...]
    language: str = "en"
