"""Tables of an analyst's own: one event per row, numbers and categories."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Self

import numpy as np
import pandas as pd

from deepaid_core.domain.batches import FloatArray, IntArray, ObjectArray, TabularBatch
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress, never, silent, stop_if
from deepaid_core.domain.schema import EventSchema, Feature, Schema
from deepaid_core.domain.settings import Period, SourceSettings, TableSettings
from deepaid_core.errors import DetectorMismatchError, InvalidEventsError, InvalidParameterError
from deepaid_core.sources.base import Source, SourceReport
from deepaid_core.sources.column_roles import (
    MOST_CATEGORIES,
    ColumnGuess,
    guess_columns,
    has_header,
)
from deepaid_core.sources.columns import (
    Problems,
    numbers_of,
    read_frame,
    refuse,
    rows_with_problems,
    texts_of,
    times_of,
)

__all__ = ["EVERYONE", "NOTHING", "OTHER", "TableSource", "settings_of"]

OTHER: Final = "(other)"
"""Stands for every category that training did not show, or not among its most frequent."""
NOTHING: Final = "(empty)"
"""Stands for a cell of a category without text."""
EVERYONE: Final = "all rows"
"""Whom events are about where no column says so."""

_LONGEST_CATEGORY: Final = 200
_TOLERANCE: Final = 0.01  # of the spread of a column in training


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
        if not isinstance(settings, TableSettings):
            raise InvalidParameterError(
                f"{type(settings).__name__} cannot say how to read a table."
            )
        if known is not None and not isinstance(known, Schema):
            raise DetectorMismatchError(
                f"The detector knows '{known.name}', not the columns of a table; choose another."
            )
        return cls(
            path, settings, known=known, period=period, progress=progress, cancelled=cancelled
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

    def batches(self, size: int = 8192) -> Iterator[TabularBatch]:
        """Read the rows in order; those with a cell that cannot be used are left out or refused.

        Raises:
            InvalidParameterError: size is below 1.
            InvalidEventsError: The file cannot be read; names row and column.
            CancelledError: `cancelled` said so.
        """
        if size < 1:
            raise InvalidParameterError(
                f"A batch of {size} events is impossible; ask for 1 or more."
            )
        return self._batches(size)

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
        if frame.empty:
            raise InvalidEventsError(f"'{self.name}' has no rows; give a file with some.")
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
        if problems and not settings.skip_bad_rows:
            refuse(self.name, problems)
        good = np.flatnonzero(~rows_with_problems(problems, len(frame)))
        if not len(good):
            raise InvalidEventsError(
                f"Each of the {len(frame):,} rows of '{self.name}' has a cell that cannot be read, "
                f"e.g. {problems[0]}; choose other columns."
            )
        everyone = np.full(len(frame), EVERYONE, dtype=object)
        return _Table(
            frame=frame,
            numbers=numbers,
            categories={column: _categories(frame, column) for column in settings.categories},
            times=times,
            entities=_named(texts_of(frame, settings.entity)) if settings.entity else everyone,
            good=good,
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
        times = table.times[table.good]
        low = -np.inf if period.since is None else period.since
        high = np.inf if period.until is None else period.until
        learned = table.good[(times >= low) & (times < high)]
        if not len(learned):
            raise InvalidEventsError(
                f"'{self.name}' has no row in the chosen period; choose a longer one."
            )
        features = [
            _number(column, table.numbers[learned, place])
            for place, column in enumerate(self.settings.numbers)
        ]
        for column in self.settings.categories:
            features += _one_hot(column, table.categories[column][learned])
        titles = tuple((column, column) for column in self.settings.categories)
        return Schema("table", tuple(features), titles)


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


def _number(column: str, values: FloatArray) -> Feature:
    whole = bool((values == np.round(values)).all())
    noise = _TOLERANCE * float(values.std())
    least = 0.5 if whole else 1e-9 * max(1.0, float(np.abs(values).max()))
    return Feature(
        name=column,
        field=column,
        title=column,
        kind="integer" if whole else "number",
        tolerance=max(noise, least),
    )


def _one_hot(column: str, texts: ObjectArray) -> list[Feature]:
    counts = Counter(texts.tolist())
    counts.pop(OTHER, None)
    # The most frequent first, ties by name, so that the same rows give the same columns.
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    kept = [text for text, _ in ranked[:MOST_CATEGORIES]]
    return [
        Feature(
            name=f"{column}={text}",
            field=column,
            title=f"{column}: {text}",
            kind="category",
            low=0.0,
            high=1.0,
            tolerance=0.5,
        )
        for text in (*kept, OTHER)
    ]


def _categories(frame: pd.DataFrame, column: str) -> ObjectArray:
    # No NumPy text: it gives every row the room of the longest.
    texts = pd.Series(texts_of(frame, column), dtype=object).str.strip()
    texts[texts == ""] = NOTHING
    # Texts this long are no categories, and each would be kept whole in the detector.
    texts[texts.str.len() > _LONGEST_CATEGORY] = OTHER
    return np.asarray(texts.to_numpy(dtype=object), dtype=object)


def _named(entities: ObjectArray) -> ObjectArray:
    return np.where(entities == "", NOTHING, entities)
