"""What labels say of events: columns of the file itself, or a table beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deepaid_core.domain.batches import FloatArray, IntArray, ObjectArray
from deepaid_core.domain.settings import SourceSettings, TableSettings
from deepaid_core.errors import InvalidParameterError
from deepaid_core.sources.column_problems import Problems, refuse
from deepaid_core.sources.columns import numbers_of, read_frame, texts_of, times_of

__all__ = ["Events", "LabelColumn", "LabelFile", "Truth", "check_labels", "truth_of"]

NORMAL: Final = ("0", "normal", "normal.", "benign", "background", "false", "no", "none", "")

_POSITIONS: Final = ("packet", "line", "row", "index", "position")
_FLAGS: Final = ("is_attack", "is_anomaly", "attack", "anomaly", "label")
_CATEGORIES: Final = ("category", "type", "event_type", "kind")
_ENTITIES: Final = ("entity", "attacker")
_UNNAMED: Final = "labelled"
_COLUMN_KINDS: Final = ("table", "series", "logins")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelColumn:
    """A column of the evaluated file itself.

    Attributes:
        column: Its name.
        normal: What stands in it for events that are not to be found, whatever the case.
        category: Column with the category of each event; `column` itself where empty.
    """

    column: str
    normal: tuple[str, ...] = NORMAL
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFile:
    """A table of labels beside the evaluated file.

    It holds intervals (columns "start" and "end", and "entity" or "attacker" where only theirs are
    meant, several parted by commas) or positions ("packet", "line", "row", "index" or "position",
    counted from 0). What is listed is to be found, unless a column "is_attack", "is_anomaly",
    "attack", "anomaly" or "label" says no; "category", "type", "event_type" or "kind" says what it
    is.

    Attributes:
        path: The table.
        events: Another table that says more of what the first one names, joined on the column
            that both have ("event_id", "session_id"); None where there is none.
    """

    path: Path
    events: Path | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Events:
    """Where the scored events lie.

    Attributes:
        indices: (n,), positions in their file.
        times: (n,), Unix seconds.
        entities: (n,), as text.
    """

    indices: IntArray
    times: FloatArray
    entities: ObjectArray


@dataclass(frozen=True, eq=False, slots=True)
class Truth:
    """What labels say of events.

    Attributes:
        wanted: (n,), which are to be found.
        categories: (n,), what each is; empty for what is not named.
    """

    wanted: NDArray[np.bool_]
    categories: ObjectArray


def truth_of(
    labels: LabelColumn | LabelFile,
    events: Events,
    *,
    path: Path,
    source_kind: str,
    settings: SourceSettings,
) -> Truth:
    """What labels say of the events of a file.

    Args:
        labels: Where they stand.
        events: The events.
        path: Their file.
        source_kind: Registry name of the source that reads it.
        settings: How it is read.

    Raises:
        InvalidEventsError: A table cannot be read, or lacks a column.
        InvalidParameterError: The file has no columns, the labels say neither when nor where, or
            they are about none of the events.
    """
    if isinstance(labels, LabelFile):
        return _of_file(labels, events)
    normal = {_plain(text) for text in labels.normal}
    frame = _cells(labels, path, source_kind, settings)
    texts = texts_of(frame, labels.column)[events.indices]
    categories = texts_of(frame, labels.category or labels.column)[events.indices]
    # Few different texts stand in many cells.
    codes, different = pd.factorize(texts)
    flags = np.array([_plain(text) not in normal for text in different.tolist()], dtype=bool)
    unnamed = pd.Series(categories).map(_plain).isin(normal).to_numpy()
    return Truth(flags[codes], np.where(unnamed, "", categories))


def check_labels(
    labels: LabelColumn | LabelFile, *, path: Path, source_kind: str, settings: SourceSettings
) -> None:
    """Say at once where labels cannot be read; looks at the first row only.

    Args:
        labels: Where they stand.
        path: The file with the events.
        source_kind: Registry name of the source that reads it.
        settings: How it is read.

    Raises:
        InvalidEventsError: A table cannot be read, or lacks a column.
        InvalidParameterError: The file has no columns.
    """
    if isinstance(labels, LabelColumn):
        _cells(labels, path, source_kind, settings, limit=1)
        return
    for table in filter(None, (labels.path, labels.events)):
        read_frame(table, limit=1)


def _cells(
    labels: LabelColumn,
    path: Path,
    source_kind: str,
    settings: SourceSettings,
    limit: int | None = None,
) -> pd.DataFrame:
    """The label columns of a file, as they stand."""
    if source_kind not in _COLUMN_KINDS:
        raise InvalidParameterError(
            f"'{path.name}' has no columns that could hold labels; give a table with intervals "
            "or positions instead."
        )
    wanted = list(dict.fromkeys((labels.column, labels.category or labels.column)))
    if isinstance(settings, TableSettings):
        return read_frame(
            path, columns=wanted, limit=limit, header=settings.header, names=settings.names
        )
    return read_frame(path, columns=wanted, limit=limit)


def _of_file(labels: LabelFile, events: Events) -> Truth:
    frame = read_frame(labels.path)
    if labels.events is not None:
        frame = _joined(frame, read_frame(labels.events), labels)
    problems = Problems()
    wanted, categories = _said(frame, known=labels.events is None)
    position = _first(frame, _POSITIONS)
    truth = Truth(np.zeros(len(events.times), dtype=bool), np.full(len(events.times), "", object))
    if position is not None:
        at = numbers_of(frame, position, problems).astype(np.int64)
        refuse(labels.path.name, problems)
        order = np.argsort(at, kind="stable")
        place = np.searchsorted(at[order], events.indices)
        place = order[np.minimum(place, len(order) - 1)] if len(order) else place
        met = at[place] == events.indices if len(order) else truth.wanted
        truth.wanted[met], truth.categories[met] = wanted[place[met]], categories[place[met]]
    elif {"start", "end"} <= set(frame.columns):
        starts, ends = (times_of(frame, name, problems) for name in ("start", "end"))
        refuse(labels.path.name, problems)
        met = _within(frame, starts, ends, wanted, categories, events, truth)
    else:
        raise InvalidParameterError(
            f"'{labels.path.name}' says neither when ('start' and 'end') nor where "
            f"({', '.join(_POSITIONS)}) its labels are; name its columns so."
        )
    if not met.any():
        raise InvalidParameterError(
            f"None of the {len(frame):,} labels of '{labels.path.name}' is about an event of this "
            "file; check that they belong together."
        )
    return truth


def _within(
    frame: pd.DataFrame,
    starts: FloatArray,
    ends: FloatArray,
    wanted: NDArray[np.bool_],
    categories: ObjectArray,
    events: Events,
    truth: Truth,
) -> NDArray[np.bool_]:
    order = np.argsort(events.times, kind="stable")
    times = events.times[order]
    low, high = np.searchsorted(times, starts), np.searchsorted(times, ends, side="right")
    named = _first(frame, _ENTITIES)
    whose = texts_of(frame, named) if named else np.full(len(frame), "", dtype=object)
    met = np.zeros(len(times), dtype=bool)
    # What is to be found comes last: where intervals overlap it counts.
    for row in np.argsort(wanted, kind="stable").tolist():
        rows = order[low[row] : high[row]]
        if meant := list(_names(whose[row])):
            rows = rows[np.isin(events.entities[rows].astype(str), meant)]
        met[rows], truth.wanted[rows] = True, wanted[row]
        truth.categories[rows] = categories[row]
    return met


def _joined(frame: pd.DataFrame, more: pd.DataFrame, labels: LabelFile) -> pd.DataFrame:
    assert labels.events is not None  # noqa: S101  joined only with one
    common = [name for name in frame.columns if name in more.columns]
    key = next((name for name in common if name.endswith("id")), next(iter(common), None))
    if key is None:
        raise InvalidParameterError(
            f"'{labels.path.name}' and '{labels.events.name}' have no column in common to join "
            "them by; give both an 'event_id'."
        )
    if more[key].duplicated().any():
        twice = more[key][more[key].duplicated()].iloc[0]
        raise InvalidParameterError(
            f"'{labels.events.name}' names '{str(twice)[:80]}' twice in '{key}'; keep one row each."
        )
    told = more[[name for name in more.columns if name == key or name not in frame.columns]]
    return frame.merge(told, on=key, how="left")


def _said(frame: pd.DataFrame, *, known: bool) -> tuple[NDArray[np.bool_], ObjectArray]:
    """Which rows are to be found, and what each is; unknown rows of a join are neither."""
    flag, category = _first(frame, _FLAGS), _first(frame, _CATEGORIES)
    n = len(frame)
    names = texts_of(frame, category) if category else np.full(n, _UNNAMED, dtype=object)
    if flag is not None:
        normal = {_plain(text) for text in NORMAL}
        flags = np.array([_plain(text) not in normal for text in texts_of(frame, flag)], dtype=bool)
    elif known or category is None:
        flags = np.ones(n, dtype=bool)
    else:
        flags = names != ""
    return flags, names


def _first(frame: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in frame.columns), None)


def _names(text: str) -> Iterator[str]:
    return (name for part in text.split(",") if (name := part.strip()))


def _plain(text: str) -> str:
    """A label as it is compared: "0.0" is "0", "Normal " is "normal"."""
    plain = text.strip().lower()
    try:
        return "0" if float(plain) == 0 else plain
    except ValueError:
        return plain
