"""Tables of an analyst's own: one event per row, numbers and categories."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Self

import numpy as np
import pandas as pd

from deepaid_core.domain.batches import FloatArray, IntArray, ObjectArray, TabularBatch
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress, never, silent, stop_if
from deepaid_core.domain.schema import EventSchema, Schema
from deepaid_core.domain.settings import Period, SourceSettings, TableSettings
from deepaid_core.errors import InvalidEventsError, InvalidParameterError
from deepaid_core.sources.base import Source, SourceReport
from deepaid_core.sources.column_problems import Problems, usable_rows
from deepaid_core.sources.column_roles import guess_columns, has_header, settings_of
from deepaid_core.sources.columns import numbers_of, read_frame, texts_of, times_of
from deepaid_core.sources.opening import known_as, settings_as
from deepaid_core.sources.table_columns import (
    categories_of,
    named,
    number_feature,
    one_hot_features,
)

__all__ = ["EVERYONE", "TableSource"]

EVERYONE: Final = "all rows"
"""Whom events are about where no column says so."""


@dataclass(frozen=True, eq=False, slots=True)
class _Table:
    """The file, read and checked.

    Attributes:
        frame: All columns in use, as they stand.
        numbers: (n, k), columns of numbers.
        categories: Each column of categories, (n,).
        times: (n,), Unix seconds.
        entities: (n,).
        good: (m,), positions of rows without a problem.
    """

    frame: pd.DataFrame
    numbers: FloatArray
    categories: dict[str, ObjectArray]
    times: FloatArray
    entities: ObjectArray
    good: IntArray


class TableSource(Source[TabularBatch]):
    """Rows of a CSV or Parquet file.

    An event is a row. Columns of numbers are taken as they stand; a column of categories becomes
    one field with a column for each category seen in training, at most 100 of them, the most
    frequent, and one for all others. Rows lie a second apart where no column holds the time. The
    whole file is held in memory while it is read.

    Args:
        path: The file.
        settings: What each column is.
        known: The columns and categories of the detector; learned from the file where None.
        period: The rows to learn them from.
        progress: Told the share done.
        cancelled: Asked before each batch.

    Raises:
        InvalidParameterError: No column is scored, or one has two roles.
    """

    modality = Modality.TABULAR

    def __init__(
        self,
        path: Path | str,
        settings: TableSettings,
        *,
        known: Schema | None = None,
        period: Period = Period(),
        progress: Progress = silent,
        cancelled: Cancelled = never,
    ) -> None:
        super().__init__(path, progress=progress, cancelled=cancelled)
        _check(settings)
        self.settings, self.known, self.period = settings, known, period
        self.entity_columns = (settings.entity,) if settings.entity else ()

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
        """A table, read as the settings say.

        Raises:
            InvalidParameterError: The settings are of another kind of source, or contradict
                themselves.
            DetectorMismatchError: The detector knows events of another kind.
        """
        return cls(
            path,
            settings_as(TableSettings, settings, "a table"),
            known=known_as(Schema, known, "a table"),
            period=period,
            progress=progress,
            cancelled=cancelled,
        )

    @staticmethod
    def propose(path: Path | str) -> TableSettings:
        """How a table should probably be read; names no column that looks like a label.

        Raises:
            InvalidEventsError: The file cannot be read as a table.
        """
        header = has_header(Path(path))
        return settings_of(guess_columns(Path(path), header=header), header=header)

    def schema(self) -> Schema:
        """Columns of the detector, or those learned from the rows of the period.

        Raises:
            InvalidEventsError: The file cannot be read; names row and column.
        """
        return self._schema

    def rows(self, indices: IntArray) -> tuple[IntArray, FloatArray, dict[str, ObjectArray]]:
        """Cells of some rows, as text, in the order of the file.

        Args:
            indices: Positions in the file, rising.

        Raises:
            InvalidEventsError: The file cannot be read; names row and column.
        """
        table = self._table
        positions = indices[(indices >= 0) & (indices < len(table.frame))]
        some = table.frame.iloc[positions]
        return (
            positions,
            table.times[positions],
            {name: texts_of(some, name) for name in table.frame.columns},
        )

    def _batches(self, size: int) -> Iterator[TabularBatch]:
        table, schema = self._table, self._schema
        n = len(table.good)
        seen = table.times[table.good]
        has_time = bool(self.settings.time) and n > 0
        bad = len(table.frame) - n
        self._report = SourceReport(
            name=self.name,
            events=n,
            seen=len(table.frame),
            skipped=(("a cell cannot be read", bad),) if bad else (),
            first_time=float(seen.min()) if has_time else None,
            last_time=float(seen.max()) if has_time else None,
        )
        for start in range(0, n, size):
            stop_if(self.cancelled)
            rows = table.good[start : start + size]
            yield TabularBatch(
                schema=schema,
                values=self._values(rows),
                times=table.times[rows],
                entities=table.entities[rows],
                indices=rows,
                context={
                    name: texts_of(table.frame.iloc[rows], name) for name in self.settings.context
                },
            )
            self.progress(min(1.0, (start + size) / n), f"{min(start + size, n):,} rows")

    def _values(self, rows: IntArray) -> FloatArray:
        """(m, d), in the order of the schema."""
        parts = [self._table.numbers[rows]]
        for column, known in self._known_categories.items():
            texts = self._table.categories[column][rows]
            code = pd.Index(known).get_indexer(pd.Index(texts))
            code[code < 0] = len(known)
            parts.append((code[:, None] == np.arange(len(known) + 1)).astype(np.float64))
        return np.concatenate(parts, axis=1)

    @cached_property
    def _table(self) -> _Table:
        settings = self.settings
        stop_if(self.cancelled)
        self.progress(0.0, f"Reading {self.name}")
        used = [settings.time, settings.entity, *settings.context]
        used += [*settings.categories, *settings.numbers]
        wanted = list(dict.fromkeys(name for name in used if name))
        frame = read_frame(self.path, columns=wanted, header=settings.header, names=settings.names)
        problems = Problems()
        numbers = np.empty((len(frame), len(settings.numbers)))
        for place, column in enumerate(settings.numbers):
            stop_if(self.cancelled)
            numbers[:, place] = numbers_of(frame, column, problems)
        times = (
            times_of(frame, settings.time, problems)
            if settings.time
            else np.arange(len(frame), dtype=np.float64)
        )
        everyone = np.full(len(frame), EVERYONE, dtype=object)
        return _Table(
            frame=frame,
            numbers=numbers,
            categories={column: categories_of(frame, column) for column in settings.categories},
            times=times,
            entities=named(texts_of(frame, settings.entity)) if settings.entity else everyone,
            good=usable_rows(self.name, len(frame), problems, skip=settings.skip_bad_rows),
        )

    @cached_property
    def _known_categories(self) -> dict[str, list[str]]:
        """Categories of each column in order, without the one for all others."""
        return {
            column: [
                feature.name.removeprefix(f"{column}=")
                for feature in self._schema.features
                if feature.kind == "category" and feature.field == column
            ][:-1]
            for column in self.settings.categories
        }

    @cached_property
    def _schema(self) -> Schema:
        if self.known is not None:
            return self.known
        table, period = self._table, self.period
        learned = table.good[period.holds(table.times[table.good])]
        if not len(learned):
            raise InvalidEventsError(
                f"'{self.name}' has no row in the chosen period; choose a longer one."
            )
        called = dict(self.settings.titles)
        features = [
            number_feature(column, table.numbers[learned, place], called.get(column, column))
            for place, column in enumerate(self.settings.numbers)
        ]
        for column in self.settings.categories:
            features += one_hot_features(
                column, table.categories[column][learned], called.get(column, column)
            )
        titles = tuple((column, called.get(column, column)) for column in self.settings.categories)
        return Schema("table", tuple(features), titles)


def _check(settings: TableSettings) -> None:
    scored = (*settings.numbers, *settings.categories)
    if not scored:
        raise InvalidParameterError(
            "No column is chosen to be scored; choose at least one number or category."
        )
    twice = next((name for name in scored if scored.count(name) > 1), None)
    if twice is not None:
        raise InvalidParameterError(
            f"The column '{twice[:80]}' is chosen twice; take it as a number or as a category."
        )
    stray = next((name for name, _ in settings.titles if name not in scored), None)
    if stray is not None:
        raise InvalidParameterError(
            f"The column '{stray[:80]}' has a title but is not scored; correct its name."
        )
