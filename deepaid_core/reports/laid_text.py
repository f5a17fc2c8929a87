"""What formats of reports do to text and tables alike before they lay them out."""

from collections.abc import Mapping, Sequence
from typing import Final

from deepaid_core.figures.tables import Table, Value
from deepaid_core.figures.text import shorten, visible

__all__ = ["CELL", "NAME", "TLP_COLORS", "cell_text", "column_shares", "shown"]

CELL: Final = 400
"""Most characters of a cell, as in the HTML report."""

NAME: Final = 200
"""Most characters of a title."""

TLP_COLORS: Final[Mapping[str, str]] = {
    "clear": "#FFFFFF",
    "green": "#33FF00",
    "amber": "#FFC000",
    "amber+strict": "#FFC000",
    "red": "#FF2B2B",
}
"""Letters of a marking, on black, as the Traffic Light Protocol 2.0 asks for."""

_SAMPLE = 200
_NARROWEST, _WIDEST = 4, 40  # letters that the share of a column is measured in


def shown(text: str, limit: int | None = None, *, lines: bool = False) -> str:
    """Text as a report shows it: characters that cannot be seen, or stored, as code points.

    Args:
        text: Any text.
        limit: Most characters; the middle of longer ones is left out.
        lines: Keep line breaks.
    """
    if limit is not None:
        text = shorten(text, limit)
    text = visible(text, keep_lines=lines)
    # The two that no XML may hold although they are no control characters.
    return text.replace("\ufffe", "⟨U+FFFE⟩").replace("\uffff", "⟨U+FFFF⟩")


def cell_text(cell: Value) -> str:
    """A cell as text."""
    return shown(cell, CELL, lines=True) if isinstance(cell, str) else f"{cell:,}"


def column_shares(table: Table) -> list[float]:
    """How much of the width each column should have, adding up to 1.

    Columns of long text get more of it, but a word of ordinary length never has to break.
    """
    rows: Sequence[Sequence[Value]] = table.rows[:_SAMPLE]
    weights = []
    for place, column in enumerate(table.columns):
        texts = [cell_text(row[place]) for row in rows]
        word = max((len(word) for text in [column, *texts] for word in text.split()), default=0)
        mean = sum(map(len, texts)) / len(texts) if texts else 0.0
        weights.append(min(max(word + 1, mean, _NARROWEST), _WIDEST))
    total = sum(weights) or 1.0
    return [weight / total for weight in weights]
