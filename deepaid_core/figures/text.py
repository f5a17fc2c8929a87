"""Event text made safe to show: control characters visible, length bounded, no markup."""

import unicodedata

__all__ = ["figure_text", "shorten", "spreadsheet_cell", "visible"]

# Marks that turn the reading order of what follows, or are not seen at all. They are shown as
# their code point, so that a name cannot pose as another one.
_HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_FORMULA_SIGNS = frozenset("=+-@＝＋－＠")


def visible(text: str, *, keep_lines: bool = False) -> str:
    """The text with control, direction and invisible characters written as their code point.

    Args:
        text: Any text.
        keep_lines: Leave line breaks as they are, for notes of several lines.
    """
    if text.isascii() and text.isprintable():
        return text
    if keep_lines:
        text = text.replace("\r\n", "\n")
    return "".join(
        f"⟨U+{ord(character):04X}⟩"
        if unicodedata.category(character) in _HIDDEN_CATEGORIES
        and not (keep_lines and character == "\n")
        else character
        for character in text
    )


def shorten(text: str, limit: int) -> str:
    """The text in at most `limit` characters, its middle left out so that both ends stay."""
    if len(text) <= limit:
        return text
    tail = (limit - 1) // 3
    return f"{text[: limit - 1 - tail]}…{text[len(text) - tail :]}"


def figure_text(text: str, limit: int | None = None) -> str:
    """Event text for a title, label or hover of a figure.

    Plotly reads a few tags and entities in such texts; here they show as they were written.

    Args:
        text: Any text.
        limit: Most characters to show.
    """
    # A first cut before the slow part keeps a name of megabytes harmless.
    text = visible(text if limit is None else shorten(text, 4 * limit))
    if limit is not None:
        text = shorten(text, limit)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def spreadsheet_cell(value: str) -> str:
    """A cell of a CSV file that no spreadsheet takes for a formula."""
    # Marks that are not seen may be dropped by what opens the file, and wide signs made narrow.
    first = next((one for one in value if one.isprintable() and not one.isspace()), "")
    return "'" + value if first in _FORMULA_SIGNS else value
