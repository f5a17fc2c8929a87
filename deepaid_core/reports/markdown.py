"""A report as Markdown with its pictures in a zip, for TheHive, IRIS, wikis and tickets."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from deepaid_core.figures.tables import Table
from deepaid_core.reports import static
from deepaid_core.reports.blocks import (
    Block,
    Facts,
    Items,
    Outline,
    Paragraph,
    Picture,
    Source,
)
from deepaid_core.reports.laid_text import NAME, cell_text, shown
from deepaid_core.reports.packing import packed

__all__ = ["escaped", "render"]

_MARKUP = re.compile(r"[\\`*_{}\[\]()<>#+\-.!|~$&:@^=\"']")
_TICKS = re.compile(r"`+")
_ALT: Final = 600
_LEADS: Final = {"plain": "", "limit": "", "quote": "> ", "warning": "> **Note:** "}


def render(outline: Outline, *, evidence: str = "", vectors: bool = True) -> bytes:
    """A zip file: report.md, its pictures under images/, and the evidence where it is given.

    Equal outlines give equal bytes. The text refers to the PNG files, which every tool takes.

    Args:
        outline: What the report says.
        evidence: Text of evidence.json.
        vectors: Add each picture as SVG too.
    """
    return packed(_files(outline, evidence, vectors=vectors))


def _files(outline: Outline, evidence: str, *, vectors: bool) -> Iterator[tuple[str, bytes]]:
    yield "report.md", _text(outline).encode()
    for section in outline.sections:
        for block in section.blocks:
            if isinstance(block, Picture):
                yield f"images/{block.id}.png", static.draw(block.figure)
                if vectors:
                    yield f"images/{block.id}.svg", static.draw(block.figure, kind="svg")
    if evidence:
        yield "evidence.json", evidence.encode()


def _text(outline: Outline) -> str:
    marking = f"**TLP:{outline.tlp.upper()}**"
    parts = [
        marking,
        f"# {escaped(shown(outline.title, NAME))}",
        escaped(shown(outline.subtitle, NAME)),
        _block(outline.facts),
    ]
    for section in outline.sections:
        parts.append(f"{'#' * (section.level + 1)} {escaped(shown(section.title, NAME))}")
        parts += [_block(block) for block in section.blocks]
    return "\n\n".join([*parts, marking]) + "\n"


def escaped(text: str) -> str:
    """One line of text that no reader of Markdown takes for markup, a link or HTML."""
    text = " ".join(text.split("\n"))
    plain = _MARKUP.sub(_escape, text)
    # Four blanks begin a block of code, also where something else follows them.
    return re.sub(r"^ +| {2,}", lambda found: "&nbsp;" * len(found.group()), plain)


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    # Entities for what begins HTML, and for what some tools turn into links by themselves.
    entities: Mapping[str, str] = {
        "<": "&lt;", ">": "&gt;", "&": "&amp;", "|": "&#124;", ":": "&#58;", "@": "&#64;",
    }  # fmt: skip
    if character in entities:
        return entities[character]
    # Dots, quotes and dashes inside a text mean nothing; "1." at its start would be a list.
    if character in ".\"'-+=)(" and found.start() > 0 and not _begins_list(found):
        return character
    return f"\\{character}"


def _begins_list(found: re.Match[str]) -> bool:
    before, after = found.string[: found.start()], found.string[found.end() :]
    return before.strip().isdigit() and after[:1] in ("", " ")


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        lines = [escaped(line) for line in shown(block.text, lines=True).split("\n")]
        lead = _LEADS[block.kind]
        if block.kind == "limit":
            return "\n".join(f"*{line}*  " if line.strip() else "" for line in lines).rstrip()
        quote = "> " if lead else ""
        return "\n".join(
            f"{lead if not place else quote}{line}  " for place, line in enumerate(lines)
        ).rstrip()
    if isinstance(block, Items):
        return "\n".join(
            f"{f'{place}.' if block.numbered else '-'} {escaped(shown(text, lines=True))}"
            for place, text in enumerate(block.texts, start=1)
        )
    if isinstance(block, Facts):
        return "\n".join(
            ["| | |", "|---|---|"]
            + [f"| **{escaped(shown(name))}** | {_cell(value)} |" for name, value in block.pairs]
        )
    if isinstance(block, Source):
        text = shown(block.text, lines=True)
        longest = max((len(ticks) for ticks in _TICKS.findall(text)), default=0)
        fence = "`" * max(3, longest + 1)
        return f"{fence}text\n{text}\n{fence}"
    if isinstance(block, Picture):
        alt = escaped(shown(block.alt, _ALT))
        note = f"\n\n*{escaped(shown(block.note))}*" if block.note else ""
        return f"![{alt}](images/{block.id}.png){note}"
    return _table(block)


def _cell(text: str) -> str:
    return "<br>".join(escaped(line) for line in shown(text, lines=True).split("\n"))


def _table(table: Table) -> str:
    title = f"*{escaped(shown(table.title, NAME))}*"
    if not table.rows:
        return f"{title}\\: nothing is known."
    marked = set(table.marked)
    numbers = [isinstance(cell, int) for cell in table.rows[0]]
    lines = [
        "| " + " | ".join(escaped(shown(column)) for column in table.columns) + " |",
        "|" + "|".join("---:" if number else "---" for number in numbers) + "|",
    ]
    for place, row in enumerate(table.rows):
        cells = ["<br>".join(map(escaped, cell_text(cell).split("\n"))) for cell in row]
        if place in marked:
            cells = [f"**{cell}**" if cell.strip() else cell for cell in cells]
        lines.append("| " + " | ".join(cells) + " |")
    return f"{title}\n\n" + "\n".join(lines)
