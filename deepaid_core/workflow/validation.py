"""Check a file before a detector reads it: what would be read, and which cells are in the way."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from deepaid_core.domain.batches import Batch, SequenceBatch, SeriesBatch, TabularBatch
from deepaid_core.domain.progress import Cancelled, Progress, never, silent, stop_if
from deepaid_core.domain.schema import EventSchema
from deepaid_core.domain.settings import (
    LoginSettings,
    Period,
    SeriesSettings,
    SourceSettings,
    TableSettings,
)
from deepaid_core.errors import CancelledError, DeepAidError
from deepaid_core.registry import SOURCES, load
from deepaid_core.sources.column_problems import Problem, Problems
from deepaid_core.sources.column_roles import MOST_CATEGORIES, looks_like_label
from deepaid_core.sources.columns import numbers_of, read_frame, texts_of, times_of
from deepaid_core.sources.table_columns import OTHER
from deepaid_core.workflow.periods import within

__all__ = ["FEWEST_TO_TRAIN", "ValidationReport", "validate"]

FEWEST_TO_TRAIN: Final = 500
"""Events without which no threshold can be chosen."""

_MOST_LISTED: Final = 100
_BETTER: Final = 2000
_UNKNOWN_SHARE: Final = 0.05
_REPLACED: Final = "\ufffd"


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """What came of a check.

    Attributes:
        events: Events that would be read.
        seen: Rows, packets or lines met.
        skipped: Why something would be left out and how often.
        entities: How many hosts, users or sessions the events are about.
        first_time: Of the events, Unix seconds; None where the file says no time.
        last_time: Likewise.
        problems: Cells that cannot be used, by row; at most a hundred.
        problems_total: How many there are.
        warnings: What does not stop anything, but should be known.
        refusal: Why the file cannot be used as it is; empty where it can.
    """

    events: int
    seen: int
    skipped: tuple[tuple[str, int], ...]
    entities: int
    first_time: float | None
    last_time: float | None
    problems: tuple[Problem, ...]
    problems_total: int
    warnings: tuple[str, ...]
    refusal: str

    @property
    def usable(self) -> bool:
        """Whether a detector can read the file."""
        return not self.refusal


def validate(
    path: Path,
    kind: str,
    settings: SourceSettings,
    *,
    known: EventSchema | None = None,
    period: Period = Period(),
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> ValidationReport:
    """Read a whole file the way a detector would, and report instead of refusing.

    Args:
        path: The file.
        kind: Registry name of its source.
        settings: How to read it.
        known: What a trained detector knows; None before training.
        period: The part that will be used.
        progress: Told the share done.
        cancelled: Asked between steps.

    Raises:
        CancelledError: `cancelled` said so.
    """
    problems, warnings = Problems(), list[str]()
    counts = _Counts()
    refusal, source = "", None
    try:
        if isinstance(settings, TableSettings | SeriesSettings | LoginSettings):
            warnings += _check_columns(path, settings, problems, is_training=known is None)
        stop_if(cancelled)
        source = load(SOURCES, kind).open(
            path, settings, known=known, period=period, progress=progress, cancelled=cancelled
        )
        for batch in source.batches():
            stop_if(cancelled)
            counts.add(within(batch, period))
        if not counts.events:
            refusal = f"'{path.name}' has no event in the chosen period; choose a longer one."
    except CancelledError:
        raise
    except DeepAidError as error:
        refusal, counts = str(error), _Counts()
    report = source.report if source is not None else None
    warnings += counts.warnings(is_training=known is None)
    timed = report is not None and report.first_time is not None
    return ValidationReport(
        events=counts.events,
        seen=report.seen if report else 0,
        skipped=report.skipped if report else (),
        entities=len(counts.entities),
        first_time=counts.first if timed and counts.events else None,
        last_time=counts.last if timed and counts.events else None,
        problems=tuple(sorted(problems, key=lambda one: one.row)[:_MOST_LISTED]),
        problems_total=problems.total,
        warnings=tuple(warnings),
        refusal=refusal,
    )


class _Counts:
    """What was read so far."""

    def __init__(self) -> None:
        self.events = 0
        self.entities: set[str] = set()
        self.first, self.last = np.inf, -np.inf
        self.unordered = False
        self._unknown = 0
        self._others: Counter[str] = Counter()
        self._low: Any = None
        self._high: Any = None
        self._names: tuple[str, ...] = ()

    def add(self, batch: Batch) -> None:
        if not len(batch):
            return
        self.unordered |= bool((np.diff(batch.times, prepend=self.last) < 0).any())
        self.events += len(batch)
        self.entities.update(batch.entities.tolist())
        self.first = min(self.first, float(batch.times.min()))
        self.last = max(self.last, float(batch.times.max()))
        if isinstance(batch, SequenceBatch):
            self._unknown += int((batch.keys[:, -1] == batch.schema.unknown).sum())
        if isinstance(batch, TabularBatch | SeriesBatch):
            values = batch.values if isinstance(batch, TabularBatch) else batch.values[:, -1]
            low, high = values.min(axis=0), values.max(axis=0)
            self._low = low if self._low is None else np.minimum(self._low, low)
            self._high = high if self._high is None else np.maximum(self._high, high)
            self._names = tuple(
                "" if f.kind == "category" else f.name for f in batch.schema.features
            )
            for place, feature in enumerate(batch.schema.features):
                if feature.kind == "category" and feature.category == OTHER:
                    self._others[feature.field] += int(values[:, place].sum())

    def warnings(self, *, is_training: bool) -> list[str]:
        said: list[str] = []
        if not self.events:
            return said
        if is_training and self.events < FEWEST_TO_TRAIN:
            said.append(
                f"{self.events:,} events are too few to train on; at least {FEWEST_TO_TRAIN} are "
                "needed to choose a threshold."
            )
        elif is_training and self.events < _BETTER:
            said.append(
                f"{self.events:,} events are few; a detector learns better from {_BETTER:,} or "
                "more."
            )
        if self.unordered:
            said.append(
                "The events are not in order of time. A threshold is chosen on the last of the "
                "file, so sort it by time where you can."
            )
        if is_training and self._low is not None:
            constant = [
                name
                for name, low, high in zip(self._names, self._low, self._high, strict=True)
                if name and low == high
            ]
            if constant:
                said.append(
                    f"{_listed(constant)} {'has' if len(constant) == 1 else 'have'} the same value "
                    "in every event; any other value will look very unusual."
                )
        if not is_training:
            said += [
                f"{count / self.events:.0%} of the events have a '{field}' that training did not "
                "show."
                for field, count in self._others.items()
                if count > _UNKNOWN_SHARE * self.events
            ]
            if self._unknown > _UNKNOWN_SHARE * self.events:
                said.append(
                    f"{self._unknown / self.events:.0%} of the lines have no template that the "
                    "detector knows; it was probably trained on another log."
                )
        return said


def _check_columns(
    path: Path,
    settings: TableSettings | SeriesSettings | LoginSettings,
    problems: Problems,
    *,
    is_training: bool,
) -> list[str]:
    """Note every cell that cannot be used; returns warnings."""
    numbers: tuple[str, ...] = ()
    scored: tuple[str, ...] = ()
    texts: dict[str, str] = {}
    header = True
    names: tuple[str, ...] = ()
    match settings:
        case TableSettings():
            numbers, header, names = settings.numbers, settings.header, settings.names
            scored = (*settings.numbers, *settings.categories)
        case SeriesSettings():
            numbers = scored = settings.columns
        case LoginSettings():
            for role in ("user", "source", "destination"):
                texts[getattr(settings, role)] = role
    wanted = dict.fromkeys(name for name in (settings.time, *scored, *texts) if name)
    if not wanted:
        return []
    frame = read_frame(path, columns=list(wanted), header=header, names=names)
    if settings.time:
        times_of(frame, settings.time, problems)
    for column in numbers:
        numbers_of(frame, column, problems)
    for column in texts:
        if column:
            empty = pd.Series(texts_of(frame, column), dtype=object).str.strip() == ""
            problems.note(frame, column, empty.to_numpy(dtype=bool), "is empty")
    warnings = _look_at_texts(frame, settings) if isinstance(settings, TableSettings) else []
    labels = [name for name in scored if looks_like_label(name, frame[name])]
    if labels and is_training:
        warnings.append(
            f"{_listed(labels)} {'looks' if len(labels) == 1 else 'look'} like a label; a detector "
            "must not see the answer, so ignore it."
        )
    return warnings


def _look_at_texts(frame: pd.DataFrame, settings: TableSettings) -> list[str]:
    warnings = []
    for column in settings.categories:
        texts = pd.Series(texts_of(frame, column), dtype=object)
        distinct = texts.nunique()
        if distinct > MOST_CATEGORIES:
            warnings.append(
                f"'{_short(column)}' has {distinct:,} different texts; the {MOST_CATEGORIES} most "
                "frequent are told apart, the others count as one."
            )
        if texts.str.contains(_REPLACED, regex=False).any():
            warnings.append(
                f"'{_short(column)}' holds characters that are not UTF-8; they are shown as "
                f"'{_REPLACED}'."
            )
    return warnings


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"'{_short(name)}'" for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def _short(name: str) -> str:
    return " ".join(name.split())[:60]
