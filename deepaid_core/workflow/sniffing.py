"""What kind of file something is, told by its content."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from deepaid_core.errors import DeepAidError, InvalidEventsError
from deepaid_core.registry import SOURCES, load
from deepaid_core.sources.column_roles import guess_columns, has_header
from deepaid_core.sources.columns import is_parquet
from deepaid_core.sources.text_layout import first_bytes, first_lines, layout_of

__all__ = ["sniff"]

_CAPTURE_MAGIC: Final = (
    b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1",
    b"\x0a\x0d\x0d\x0a",
)  # fmt: skip
_KEYS_LINE: Final = re.compile(r"\s*-?\d+(\s+-?\d+)*\s*")
_TABLE_NAMES: Final = re.compile(r"\.(csv|tsv)(\.|$)", re.I)
_ENOUGH: Final = 0.95


def sniff(path: Path) -> str:
    """The kind of source that a file most probably is, by its content.

    Raises:
        DeepAidError: It cannot be read, or is empty.
    """
    try:
        start, _ = first_bytes(path, 1 << 16)
        if not start:
            raise InvalidEventsError(f"'{path.name}' is empty; choose another file.")
        if start.startswith(_CAPTURE_MAGIC):
            return "capture"
        if is_parquet(path):
            return _kind_of_table(path)
        lines = [line for line in first_lines(path) if line.strip()]
    except OSError as error:
        raise InvalidEventsError(
            f"'{path.name}' cannot be read ({error.strerror or error}); check its name and who "
            "may read it."
        ) from error
    if not lines:
        raise InvalidEventsError(f"'{path.name}' holds no text; choose another file.")
    keys = sum(_KEYS_LINE.fullmatch(line) is not None for line in lines)
    if keys >= _ENOUGH * len(lines) and any(len(line.split()) > 1 for line in lines):
        return "keys"
    return _kind_of_table(path) if _is_csv(path, lines) else "log"


def _is_csv(path: Path, lines: Sequence[str]) -> bool:
    if lines[0].lstrip().startswith(("{", "[", "<")):
        return False
    named = _TABLE_NAMES.search(path.name) is not None
    try:
        layout = layout_of(path)
    except InvalidEventsError:
        # Rows longer than the header: a damaged table, or prose with commas.
        return named
    counts = np.array([line.count(layout.separator) for line in lines])
    same = float((counts == len(layout.names) - 1).mean())
    return named or (len(layout.names) > 2 and same >= _ENOUGH)


def _kind_of_table(path: Path) -> str:
    """Logins where columns are named for all of it, a series where there are but metrics."""
    try:
        header = has_header(path)
        roles = [one.role for one in guess_columns(path, header=header)]
        if header and "logins" in SOURCES:
            logins = load(SOURCES, "logins").propose(path)
            if logins.user and logins.source and logins.destination and logins.time:
                return "logins"
    except DeepAidError:
        return "table"
    numbers = roles.count("number")
    others = sum(role in {"entity", "category", "shown"} for role in roles)
    is_series = "time" in roles and numbers and others * 10 <= numbers
    return "series" if is_series and "series" in SOURCES else "table"
