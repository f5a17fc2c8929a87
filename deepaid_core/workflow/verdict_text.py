"""The texts of a verdict: what may be written, and names that are at hand."""

import unicodedata
from collections.abc import Mapping
from typing import Final

from deepaid_core.domain.finding import Finding
from deepaid_core.domain.interpretation import Cell
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import VerdictRefusedError
from deepaid_core.figures.numbers import format_percentile, format_value
from deepaid_core.figures.text import shorten, visible
from deepaid_core.figures.words import sentences
from deepaid_core.workflow.distill import UNKNOWN

__all__ = [
    "CATEGORIES",
    "CATEGORIES_BY_LABEL",
    "checked_author",
    "checked_category",
    "checked_line",
    "checked_reason",
    "checked_text",
    "drafted_reason",
]

CATEGORIES_BY_LABEL: Final[Mapping[VerdictLabel, tuple[str, ...]]] = {
    VerdictLabel.TRUE_POSITIVE: (
        "port-scan",
        "brute-force",
        "denial-of-service",
        "data-exfiltration",
        "spoofing",
        "malware",
    ),
    VerdictLabel.FALSE_POSITIVE: (
        "background",
        "backup-job",
        "software-update",
        "data-import",
        "maintenance",
        "new-device",
    ),
    VerdictLabel.BENIGN_POSITIVE: ("authorized-scan", "penetration-test", "maintenance"),
    VerdictLabel.UNDETERMINED: (),
}
"""Suggested names; any other may be given."""

CATEGORIES: Final = tuple(
    dict.fromkeys(name for names in CATEGORIES_BY_LABEL.values() for name in names)
)
"""All suggested names."""

_NEEDS_CATEGORY: Final = (VerdictLabel.TRUE_POSITIVE, VerdictLabel.FALSE_POSITIVE)
_LONGEST_AUTHOR: Final = 200
_LONGEST_CATEGORY: Final = 60
_LONGEST_REASON: Final = 4000
_DRAFTED: Final = 2
_LONGEST_TITLE: Final = 200
_LONGEST_SENTENCE: Final = 600


def checked_category(label: VerdictLabel, text: str) -> str:
    """The category in lower case with single spaces.

    Raises:
        VerdictRefusedError: It is missing where the label needs one, too long, reserved, or holds
            characters that cannot be seen.
    """
    category = " ".join(unicodedata.normalize("NFC", text).lower().split())
    if not category and label in _NEEDS_CATEGORY:
        raise VerdictRefusedError(
            f"A {label.value} needs a category, e.g. '{CATEGORIES_BY_LABEL[label][0]}'; give one."
        )
    if category == UNKNOWN:
        raise VerdictRefusedError(
            f"'{UNKNOWN}' is what the Distiller answers where nobody has judged; give "
            "another category."
        )
    return checked_line(category, "category", _LONGEST_CATEGORY)


def checked_author(text: str) -> str:
    """The name with single spaces.

    Raises:
        VerdictRefusedError: It is empty, too long, or holds characters that cannot be seen.
    """
    author = " ".join(text.split())
    if not author:
        raise VerdictRefusedError("Nobody is named as the author of this decision; give a name.")
    return checked_line(author, "author", _LONGEST_AUTHOR)


def checked_line(text: str, what: str, longest: int) -> str:
    """The text as it is.

    Args:
        text: One line; its spaces are the caller's business.
        what: What it is, e.g. "author", for the sentence.
        longest: Characters it may have.

    Raises:
        VerdictRefusedError: It is too long or holds characters that cannot be seen.
    """
    if len(text) > longest:
        raise VerdictRefusedError(
            f"The {what} '{shorten(visible(text), 40)}' has {len(text)} characters; use at most "
            f"{longest}."
        )
    if not text.isprintable():
        raise VerdictRefusedError(
            f"The {what} '{visible(text)}' holds characters that cannot be seen; leave them out."
        )
    return text


def checked_reason(text: str) -> str:
    """The reason with plain line ends; it may be empty.

    Raises:
        VerdictRefusedError: It is too long or holds control characters.
    """
    return checked_text(text, "reason", _LONGEST_REASON)


def checked_text(text: str, what: str, longest: int) -> str:
    """A text of any number of lines with plain line ends; it may be empty.

    Args:
        text: Any text.
        what: What it is, e.g. "reason", for the sentence.
        longest: Characters it may have.

    Raises:
        VerdictRefusedError: It is too long or holds control characters.
    """
    checked = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(checked) > longest:
        raise VerdictRefusedError(
            f"The {what} has {len(checked):,} characters; use at most {longest:,}."
        )
    # Databases cannot keep some of these, and terminals obey others.
    odd = next(
        (c for c in checked if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"), ""
    )
    if odd:
        raise VerdictRefusedError(
            f"The {what} holds the control character U+{ord(odd):04X}; leave it out."
        )
    return checked


def drafted_reason(finding: Finding) -> str:
    """One or two plain sentences on what is unusual and what would be normal, in original units.

    A draft for the analyst to check; it names values, never a cause.
    """
    interpretation = finding.interpretation
    if not interpretation.deviations:
        return "The search found no deviation that brings the score under the threshold."
    if interpretation.modality is Modality.TABULAR:
        # A deviation shows its most moved column; without one there is nothing to quote.
        cells = [one.cells[0] for one in interpretation.deviations if one.cells]
        drafted = [f"{_sentence(cell)}." for cell in cells[:_DRAFTED]]
    else:
        drafted = [
            visible(shorten(sentence, _LONGEST_SENTENCE))
            for sentence in sentences(finding)[:_DRAFTED]
        ]
    if not interpretation.diagnostics.verified:
        drafted.append("The detector did not accept this reference, so it proves little.")
    return " ".join(drafted)


def _sentence(cell: Cell) -> str:
    title = shorten(visible(cell.title), _LONGEST_TITLE)
    where = f" ({format_percentile(cell.percentile)})" if cell.percentile is not None else ""
    observed, reference = (
        f"“{format_value(value)}”" if isinstance(value, str) else format_value(value, cell.unit)
        for value in (cell.observed, cell.reference)
    )
    return f"{title[:1].upper()}{title[1:]} was {observed}, closest normal {reference}{where}"
