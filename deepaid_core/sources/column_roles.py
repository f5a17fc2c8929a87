"""What each column of a table is probably good for; a proposal that an analyst corrects."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from deepaid_core.domain.settings import TableSettings
from deepaid_core.sources.column_problems import Problems
from deepaid_core.sources.columns import is_parquet, numbers_of, read_frame, texts_of, times_of
from deepaid_core.sources.text_layout import layout_of

__all__ = ["ColumnGuess", "Role", "guess_columns", "has_header", "looks_like_label", "settings_of"]

Role = Literal["time", "entity", "number", "category", "shown", "ignored"]

SAMPLE_ROWS: Final = 5_000
MOST_CATEGORIES: Final = 100
"""Distinct values of a column that are told apart; rarer ones count as one."""

_NUMERIC_SHARE: Final = 0.98
_FEW: Final = 20
_LONG_TEXT: Final = 80
_TIME_NAMES: Final = re.compile(r"(time|timestamp|date|datetime|ts|stime|@timestamp)", re.I)
_ENTITY_NAMES: Final = re.compile(
    r"(host|hostname|src|src_?ip|src_?host|source|source_?ip|source_?host|saddr|srcaddr|client|"
    r"client_?ip|user|user_?name|account|device|machine|entity|ip)",
    re.I,
)
_LABEL_NAMES: Final = re.compile(
    r"(.*[_\W])?(label|labels|attack|attacks|difficulty|ground_?truth|malicious|is_?anomaly|"
    r"is_?attack)([_\W].*)?|class|target|y|anomaly|outlier|truth|verdict",
    re.I,
)
_LABEL_VALUES: Final = {"normal", "benign", "attack", "anomaly", "malicious", "malware", "botnet"}
_ID_NAMES: Final = re.compile(r"(.*[_\W])?(id|uid|uuid|index|no|number|row|record)", re.I)


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """What one column seems to be.

    Attributes:
        name: Its name.
        role: What to use it for.
        reason: Why, in a few words.
        example: Some of its values.
    """

    name: str
    role: Role
    reason: str
    example: str


def has_header(path: Path) -> bool:
    """Whether the first row of a table seems to name its columns rather than hold values."""
    if is_parquet(path):
        return True
    names = layout_of(path).names
    numeric = sum(_is_number(name) for name in names)
    return numeric * 3 <= len(names)


def looks_like_label(name: str, values: "pd.Series[Any] | None" = None) -> bool:
    """Whether a column seems to say which rows are attacks; a detector must not see that."""
    if _LABEL_NAMES.fullmatch(name):
        return True
    if values is None or pd.api.types.is_numeric_dtype(values):
        return False
    kinds = {str(value).strip(" .").lower() for value in values.unique()[: MOST_CATEGORIES + 1]}
    return len(kinds) <= MOST_CATEGORIES and bool(kinds & _LABEL_VALUES)


def guess_columns(path: Path, *, header: bool, names: tuple[str, ...] = ()) -> list[ColumnGuess]:
    """A proposal for every column, from the first rows of the file.

    Raises:
        InvalidEventsError: The file cannot be read as a table.
    """
    frame = read_frame(path, limit=SAMPLE_ROWS, header=header, names=names)
    guesses: list[ColumnGuess] = []
    taken: set[Role] = set()
    after_label = False
    for place, name in enumerate(frame.columns):
        role, reason = _guess(name, frame, taken)
        # Without names the place says most: known data sets end in a label and what came of it.
        last = place >= len(frame.columns) - 2
        if not header and after_label and last and role in {"number", "category"}:
            role, reason = "ignored", "stands behind a label"
        after_label |= role == "ignored" and "label" in reason
        if role in {"time", "entity"}:
            taken.add(role)
        guesses.append(ColumnGuess(name, role, reason, _example(frame[name])))
    return guesses


def settings_of(
    guesses: Sequence[ColumnGuess], *, header: bool, names: tuple[str, ...] = ()
) -> TableSettings:
    """The settings that guesses about the columns of a table add up to."""
    by_role: dict[str, list[str]] = {}
    for guess in guesses:
        by_role.setdefault(guess.role, []).append(guess.name)
    return TableSettings(
        numbers=tuple(by_role.get("number", ())),
        categories=tuple(by_role.get("category", ())),
        time="".join(by_role.get("time", ())),
        entity="".join(by_role.get("entity", ())),
        context=tuple(by_role.get("shown", ())),
        header=header,
        names=names,
    )


def _guess(name: str, frame: pd.DataFrame, taken: set[Role]) -> tuple[Role, str]:
    cells = frame[name]
    if looks_like_label(name, cells):
        return "ignored", "looks like a label, which a detector must not see"
    if pd.api.types.is_datetime64_any_dtype(cells):
        return ("shown", "is another time") if "time" in taken else ("time", "holds times")
    texts = texts_of(frame, name)
    filled = texts != ""
    if not filled.any():
        return "ignored", "is empty"
    distinct = len(pd.unique(texts[filled]))
    some = frame.loc[filled]
    bad = Problems()
    numbers = numbers_of(some, name, bad)
    if 1 - bad.total / len(some) >= _NUMERIC_SHARE:
        if "time" not in taken and _TIME_NAMES.fullmatch(name) and distinct > 1:
            return "time", "is named like a time"
        steps = np.diff(numbers)
        counts_up = len(steps) >= _FEW and bool((steps == steps[0]).all()) and steps[0] != 0
        if counts_up or (_ID_NAMES.fullmatch(name) and distinct == len(some)):
            return "shown", "differs in each row, so it says nothing about others"
        return "number", "holds numbers"
    if "time" not in taken and _is_time(some, name):
        return "time", "holds times"
    if "entity" not in taken and _ENTITY_NAMES.fullmatch(name) and distinct < max(len(some), 2):
        return "entity", "says whom a row is about"
    lengths = np.array([len(text) for text in texts[filled][:1000].tolist()])
    if distinct > max(_FEW, len(some) // 2) or lengths.mean() > _LONG_TEXT:
        return "shown", "is free text or a name that differs in nearly each row"
    return "category", f"holds {distinct:,} different texts"


def _is_time(frame: pd.DataFrame, name: str) -> bool:
    head = frame.head(200)
    # Times hold digits and a separator; asking pandas about anything else is slow.
    digits = head[name].astype(str).str.contains(r"\d[-:/.]\d", regex=True)
    if digits.mean() < _NUMERIC_SHARE:
        return False
    iso = pd.to_datetime(head[name], utc=True, errors="coerce", format="ISO8601")
    if iso.notna().mean() >= _NUMERIC_SHARE:
        return True
    if not _TIME_NAMES.fullmatch(name):
        return False
    bad = Problems()
    times_of(head, name, bad)
    return 1 - bad.total / len(head) >= _NUMERIC_SHARE


def _example(cells: "pd.Series[Any]") -> str:
    values = [" ".join(str(value).split())[:30] for value in cells.head(200).unique()[:3]]
    return ", ".join(value for value in values if value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
