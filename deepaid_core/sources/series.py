"""Wide tables of metrics as windows of a multivariate series."""

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Final, Self

import numpy as np

from deepaid_core.domain.batches import FloatArray, IntArray, ObjectArray, SeriesBatch
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress, never, silent, stop_if
from deepaid_core.domain.schema import EventSchema, Schema
from deepaid_core.domain.settings import Period, SeriesSettings, SourceSettings
from deepaid_core.errors import InvalidEventsError, InvalidParameterError
from deepaid_core.sources.base import RawEvents, Source, SourceReport
from deepaid_core.sources.column_problems import Problems, refuse
from deepaid_core.sources.columns import numbers_of, read_frame, times_of
from deepaid_core.sources.opening import at_least_one, known_as, settings_as
from deepaid_core.sources.series_columns import metric_feature, propose_series

__all__ = ["SeriesSource"]

_GAP: Final = 5.0  # median steps; the odd late sample is no gap, a restart of the collector is
_MOST_SHOWN: Final = 12  # columns of raw evidence
_BEFORE, _AFTER = 10, 6  # rows of raw evidence beside an event


class SeriesSource(Source[SeriesBatch]):
    """Steps of a CSV or Parquet file with one row per step and one column per metric.

    An event is a step together with the h steps before it; steps that have fewer before them,
    because the file begins there or time jumps by more than five typical steps, are not events.
    The context column "step_times" holds the times of a window's steps, an array each.
    Its entity is that of the settings; metrics named "host.metric" say themselves whom they are
    about.

    Args:
        path: The file.
        settings: How to read it.
        known: The columns that a detector was trained on; then those are read.
        period: The part that decides which metrics are whole numbers.
        progress: Told when the file was read.
        cancelled: Asked between columns.

    Raises:
        InvalidParameterError: No metric is named, one is named twice, or the history is empty.
    """

    modality = Modality.SERIES

    def __init__(
        self,
        path: Path | str,
        settings: SeriesSettings,
        *,
        known: Schema | None = None,
        period: Period = Period(),
        progress: Progress = silent,
        cancelled: Cancelled = never,
    ) -> None:
        super().__init__(path, progress=progress, cancelled=cancelled)
        at_least_one(settings.history, "steps")
        names = known.names if known is not None else settings.columns
        if not names or len(set(names)) != len(names):
            raise InvalidParameterError(
                "Name the metrics to score, each once; there is none or one is named twice."
            )
        self._settings, self._known, self._period = settings, known, period
        self._names = tuple(names)

    @classmethod
    def open(
        cls,
        path: Path | str,
        settings: SourceSettings,
        *,
        known: EventSchema | None = None,
        period: Period = Period(),
        progress: Progress = silent,
        cancelled: Cancelled = never,
    ) -> Self:
        """A series, read as the settings say."""
        return cls(
            path,
            settings_as(SeriesSettings, settings, "a series"),
            known=known_as(Schema, known, "a series"),
            period=period,
            progress=progress,
            cancelled=cancelled,
        )

    @classmethod
    def propose(cls, path: Path) -> SeriesSettings:
        """How a file is probably to be read, from its header and first rows.

        Columns that look like labels are left out, and where most metrics are named "host.metric"
        those that are not.

        Raises:
            InvalidEventsError: The file cannot be read, or no column holds numbers.
        """
        return propose_series(path)

    def schema(self) -> Schema:
        """The metrics; reads the file unless a detector knows them."""
        return self._schema

    @cached_property
    def _schema(self) -> Schema:
        if self._known is not None:
            return self._known
        times, values = self._table
        meant = values[self._period.holds(times)]
        whole = (meant == np.round(meant)).all(axis=0) if len(meant) else np.zeros(0, dtype=bool)
        kinds = whole.tolist() if len(whole) else [False] * len(self._names)
        separator = self._settings.separator
        return Schema(
            "series",
            tuple(
                metric_feature(name, separator, whole=is_whole)
                for name, is_whole in zip(self._names, kinds, strict=True)
            ),
        )

    def _batches(self, size: int) -> Iterator[SeriesBatch]:
        times, values = self._table
        schema, history = self.schema(), self._settings.history
        ends = _ends(times, history)
        self._report = SourceReport(
            name=self.name,
            events=len(ends),
            seen=len(times),
            skipped=((f"fewer than {history} steps before it", len(times) - len(ends)),),
            first_time=float(times[ends[0]]) if len(ends) else None,
            last_time=float(times[ends[-1]]) if len(ends) else None,
        )
        if not len(ends):
            raise InvalidEventsError(
                f"None of the {len(times):,} steps of '{self.name}' has {history} steps before it; "
                "give a longer series or a shorter history."
            )
        # (n, h + 1, d) without a copy: each window starts one row below the one before.
        windows = np.lib.stride_tricks.sliding_window_view(values, history + 1, axis=0)
        windows = windows.transpose(0, 2, 1)
        entity = self._settings.entity or self.name
        for start in range(0, len(ends), size):
            stop_if(self.cancelled)
            at = ends[start : start + size]
            yield SeriesBatch(
                schema=schema,
                values=windows[at - history],
                times=times[at],
                entities=np.full(len(at), entity, dtype=object),
                indices=at,
                context={"step_times": _rows_of(times, at, history)},
            )
            self.progress(min(1.0, (start + size) / len(ends)), f"{len(ends):,} steps read")

    def rows(self, indices: IntArray) -> tuple[IntArray, FloatArray, dict[str, ObjectArray]]:
        """Raw values of some steps, of the first few metrics.

        Args:
            indices: Positions in the file, rising.

        Returns:
            Positions of those that exist, their times, and metrics by name as text.
        """
        times, values = self._table
        at = indices[(indices >= 0) & (indices < len(times))]
        shown = dict(enumerate(self._names[:_MOST_SHOWN]))
        return at, times[at], {name: _texts(values[at, one]) for one, name in shown.items()}

    def around(self, indices: IntArray, entities: ObjectArray) -> RawEvents:
        """Raw steps around events of interest.

        Where metrics say whom they are about, an event is shown with those of its own entity,
        under their names without it; else with the metrics that stand out most at the events.
        """
        times, values = self._table
        of_entity: dict[str, dict[str, int]] = {}
        for column, feature in enumerate(self.schema().features):
            if feature.entity:
                metric = feature.name.removeprefix(feature.entity + self._settings.separator)
                of_entity.setdefault(feature.entity, {})[metric] = column
        if of_entity:
            titles = list(dict.fromkeys(metric for own in of_entity.values() for metric in own))
            asked = set(map(str, entities.tolist()))
            mine = {metric for entity in asked for metric in of_entity.get(entity, {})}
            titles = [title for title in titles if title in mine][:_MOST_SHOWN]
        else:
            chosen = _standing_out(values, indices)
            titles = [self._names[column] for column in chosen]
            of_entity[""] = dict(zip(titles, chosen, strict=True))
        blocks: list[IntArray] = []
        cells: dict[str, list[ObjectArray]] = {title: [] for title in titles}
        for index, entity in zip(indices.tolist(), entities.tolist(), strict=True):
            rows = np.arange(max(0, index - _BEFORE), min(len(times), index + _AFTER + 1))
            own = of_entity.get(str(entity), of_entity.get("", {}))
            blocks.append(rows)
            for title in titles:
                if title in own:
                    cells[title].append(_texts(values[rows, own[title]]))
                else:
                    cells[title].append(np.full(len(rows), "", dtype=object))
        if not blocks:
            return RawEvents(np.zeros(0, dtype=np.int64), np.zeros(0), {}, ())
        positions = np.concatenate(blocks)
        starts = np.cumsum([0, *map(len, blocks)])
        return RawEvents(
            positions,
            times[positions],
            {title: np.concatenate(parts) for title, parts in cells.items()},
            tuple(np.arange(a, b) for a, b in pairwise(starts)),
        )

    @cached_property
    def _table(self) -> tuple[FloatArray, FloatArray]:
        """Times, (n,), and metrics, (n, d), of all rows."""
        time = self._settings.time
        wanted = [*([time] if time else []), *self._names]
        frame = read_frame(self.path, columns=list(dict.fromkeys(wanted)))
        problems = Problems()
        values = np.empty((len(frame), len(self._names)))
        for column, name in enumerate(self._names):
            stop_if(self.cancelled)
            values[:, column] = numbers_of(frame, name, problems)
        times = times_of(frame, time, problems) if time else np.arange(float(len(frame)))
        refuse(self.name, problems)
        back = np.flatnonzero(np.diff(times) < 0)
        if len(back):
            raise InvalidEventsError(
                f"Row {int(back[0]) + 2} of '{self.name}' lies before the row above it; sort the "
                f"file by '{time}'."
            )
        return times, values


def _ends(times: FloatArray, history: int) -> IntArray:
    """Rows that have `history` rows before them without a gap in time."""
    steps = np.diff(times)
    positive = steps[steps > 0]
    gap = _GAP * float(np.median(positive)) if len(positive) else np.inf
    # Row of the first step since the last gap, for every row.
    rows = np.arange(len(times))
    fresh = np.concatenate([[True], steps > gap])[: len(times)]
    since = np.maximum.accumulate(np.where(fresh, rows, 0))
    return np.flatnonzero(rows - since >= history)


def _rows_of(times: FloatArray, ends: IntArray, history: int) -> ObjectArray:
    """Times of the steps of each window, as one array per window; views on `times`."""
    windows = np.lib.stride_tricks.sliding_window_view(times, history + 1)
    of_windows = np.empty(len(ends), dtype=object)
    of_windows[:] = [windows[end - history] for end in ends.tolist()]
    return of_windows


def _standing_out(values: FloatArray, indices: IntArray) -> list[int]:
    """The columns that lie farthest from their usual values at some rows, in file order."""
    center, spread = np.median(values, axis=0), values.std(axis=0)
    distance = np.abs(values[indices] - center) / np.where(spread > 0, spread, 1.0)
    # One event that is far out in one column must not decide for all others.
    order = np.argsort(-np.minimum(distance, 10.0).sum(axis=0), kind="stable")
    return sorted(order[:_MOST_SHOWN].tolist())


def _texts(values: FloatArray) -> ObjectArray:
    return np.array([f"{value:.10g}" for value in values.tolist()], dtype=object)
