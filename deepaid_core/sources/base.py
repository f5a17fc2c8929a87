"""What every source of events promises."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Generic, Self, TypeVar

import numpy as np

from deepaid_core.domain.batches import Batch, FloatArray, IntArray, ObjectArray
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.domain.schema import EventSchema
from deepaid_core.domain.settings import Period, SourceSettings
from deepaid_core.errors import DeepAidError, InvalidEventsError, InvalidParameterError

__all__ = ["RawEvents", "Source", "SourceReport", "file_sha256"]

BatchT = TypeVar("BatchT", covariant=True, bound=Batch)

_EACH_SIDE, _SEARCHED_EACH_SIDE = 8, 60


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What one reading of a source met.

    Attributes:
        name: The source that was read.
        events: Events given out.
        seen: Rows, frames or lines met, used or not.
        skipped: Why something was left out and how often, most frequent first.
        first_time: Of the first event, Unix seconds; None without an event.
        last_time: Of the last event, Unix seconds; None without an event.
        clock_steps_back: How often time ran backwards by little and was held still instead.
    """

    name: str
    events: int = 0
    seen: int = 0
    skipped: tuple[tuple[str, int], ...] = ()
    first_time: float | None = None
    last_time: float | None = None
    clock_steps_back: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class RawEvents:
    """Raw events around some events of interest.

    Attributes:
        positions: (m,), positions in the source.
        times: (m,), Unix seconds.
        columns: Raw columns by name, each (m,).
        near: For each event of interest the rows of these arrays to show, in their order.
    """

    positions: IntArray
    times: FloatArray
    columns: Mapping[str, ObjectArray]
    near: tuple[IntArray, ...]


def file_sha256(path: Path) -> str:
    """SHA-256 of a file as it lies on disk, in hex.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Source(ABC, Generic[BatchT]):
    """A file that events are read from.

    Reading is repeatable: each call of `batches` starts anew and gives the same events,
    whatever the batch size.
    """

    modality: ClassVar[Modality]
    """Kind of data that it gives."""

    unreadable: ClassVar[type[DeepAidError]] = InvalidEventsError
    """Raised where the file cannot be read."""

    entity_columns: tuple[str, ...] = ()
    """Raw columns that may hold an event's entity; evidence is narrowed to rows where one does.
    None: rows around an event are shown whomever they are about."""

    def __init__(
        self, path: Path | str, *, progress: Progress = silent, cancelled: Cancelled = never
    ) -> None:
        self.path = Path(path)
        self.progress = progress
        self.cancelled = cancelled
        self._report = SourceReport(self.name)
        self._fingerprint: str | None = None

    @property
    def name(self) -> str:
        """What to call this source on screen."""
        return self.path.name

    @property
    def report(self) -> SourceReport:
        """About the latest reading so far; complete once its batches are used up."""
        return self._report

    def fingerprint(self) -> str:
        """SHA-256 of the file as it lies on disk, in hex; worked out once."""
        if self._fingerprint is None:
            try:
                self._fingerprint = file_sha256(self.path)
            except OSError as error:
                raise self.unreadable(
                    f"'{self.path}' cannot be read ({error.strerror or error}); check its name, "
                    "its folder and who may read it."
                ) from error
        return self._fingerprint

    @classmethod
    @abstractmethod
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
        """A source of this kind, whatever its constructor asks for.

        Args:
            path: The file.
            settings: How to read it; of the type that belongs to this kind of source.
            known: What the detector was trained on, where there is one: categories, log keys and
                columns are then those; None while a detector is being trained.
            period: The part that will be used. `batches` gives out all events all the same; what
                a source learns from the file, it learns from this part.
            progress: Told the share done while reading.
            cancelled: Asked between parts.

        Raises:
            InvalidParameterError: The settings are of another kind of source, or contradict
                themselves.
            DetectorMismatchError: The detector knows events of another kind.
        """

    @abstractmethod
    def schema(self) -> EventSchema:
        """What every batch is made of; may read the file."""

    def batches(self, size: int = 8192) -> Iterator[BatchT]:
        """Read the events in order, in original units.

        A file that turns out to be damaged may have given out its first events by then; drop them
        with the error.

        Args:
            size: Most events in one batch; batches may hold fewer, none is empty.

        Raises:
            InvalidParameterError: size is below 1.
            DeepAidError: The file cannot be read, holds no events, or one that is none; of the
                type `unreadable`, and names the place.
            CancelledError: The user cancelled; what was given out so far should be dropped.
        """
        if size < 1:
            raise InvalidParameterError(
                f"A batch of {size} events is impossible; ask for 1 or more."
            )
        return self._batches(size)

    @abstractmethod
    def _batches(self, size: int) -> Iterator[BatchT]:
        """What `batches` promises, for a size of at least 1."""

    @abstractmethod
    def rows(self, indices: IntArray) -> tuple[IntArray, FloatArray, dict[str, ObjectArray]]:
        """Raw columns of some rows, read again from the file.

        Args:
            indices: Positions in the source, rising.

        Returns:
            Positions of those that exist, (m,); their times, (m,), Unix seconds; and their raw
            columns.
        """

    def around(self, indices: IntArray, entities: ObjectArray) -> RawEvents:
        """Raw events around events of interest, read in one pass.

        Args:
            indices: (n,), positions of the events of interest.
            entities: (n,), whom each is about.
        """
        reach = np.arange(-_SEARCHED_EACH_SIDE, _SEARCHED_EACH_SIDE + 1)
        wanted = np.unique(indices[:, None] + reach)
        positions, times, columns = self.rows(wanted[wanted >= 0])
        near = []
        for index, entity in zip(indices.tolist(), entities.tolist(), strict=True):
            low = np.searchsorted(positions, index - _SEARCHED_EACH_SIDE)
            high = np.searchsorted(positions, index + _SEARCHED_EACH_SIDE, side="right")
            rows = np.arange(low, high)
            involved = np.full(len(rows), not self.entity_columns)
            for column in self.entity_columns:
                if column in columns:
                    involved |= columns[column][rows] == entity
            rows = rows[involved | (positions[rows] == index)]
            at = int(np.searchsorted(positions[rows], index))
            near.append(rows[max(0, at - _EACH_SIDE) : at + _EACH_SIDE + 1])
        return RawEvents(positions, times, columns, tuple(near))
