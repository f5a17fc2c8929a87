"""Files of log keys as events: numbers separated by spaces, one session per line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple, Self

import numpy as np

from deepaid_core.domain.batches import (
    PADDING,
    FloatArray,
    IntArray,
    ObjectArray,
    SequenceBatch,
)
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.domain.schema import EventSchema, Vocabulary
from deepaid_core.domain.settings import KeyFileSettings, Period, SourceSettings
from deepaid_core.errors import CancelledError, InvalidEventsError
from deepaid_core.sources.base import RawEvents, Source, SourceReport
from deepaid_core.sources.log_lines import LONGEST_LINE, read_lines
from deepaid_core.sources.opening import at_least_one, known_as, settings_as

__all__ = ["KeyFileSource"]

_SHOWN_EACH_SIDE: Final = 100
_LARGEST: Final = 1_000_000
_LONGEST: Final = 256 * LONGEST_LINE  # a session may be longer than any line of text


class _Part(NamedTuple):
    """One session: the position of its first key in the file, its number, its keys."""

    first: int
    number: int
    numbers: IntArray


class KeyFileSource(Source[SequenceBatch]):
    """Keys as numbers, as in the public HDFS sessions; -1 is padding and is left out.

    An event is a key with the h keys before it in its session; its position counts all keys of
    the file, its time is its position in seconds. The entity is "session n", n being the line.
    A key's text is its number. Context columns: "position" in the session from 1, and "key".

    Args:
        path: The file, plain or gzip.
        settings: How to read it.
        known: Vocabulary of a trained detector; None to take the numbers that occur.
        progress: Told the share read.
        cancelled: Asked every thousand sessions.

    Raises:
        InvalidParameterError: The history is shorter than 1.
    """

    modality = Modality.SEQUENCE

    def __init__(
        self,
        path: Path | str,
        settings: KeyFileSettings,
        *,
        known: Vocabulary | None = None,
        progress: Progress = silent,
        cancelled: Cancelled = never,
    ) -> None:
        super().__init__(path, progress=progress, cancelled=cancelled)
        at_least_one(settings.history, "keys")
        self.settings, self._vocabulary = settings, known

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
        """A file of keys, read with `KeyFileSettings`; its sessions have no time to choose by."""
        return cls(
            path,
            settings_as(KeyFileSettings, settings, "a file of log keys"),
            known=known_as(Vocabulary, known, "log keys"),
            progress=progress,
            cancelled=cancelled,
        )

    def schema(self) -> Vocabulary:
        """The numbers that occur, as texts; read from the file where no detector brought its own.

        Raises:
            InvalidEventsError: The file cannot be read; names the line.
        """
        if self._vocabulary is None:
            found: set[int] = set()
            for part in self._parts():
                found.update(np.unique(part.numbers).tolist())
            self._vocabulary = Vocabulary(self.name, tuple(str(one) for one in sorted(found)))
        return self._vocabulary

    def _batches(self, size: int) -> Iterator[SequenceBatch]:
        waiting: list[SequenceBatch] = []
        count = 0
        for part in self._parts():
            waiting.append(self._batch(part))
            count += len(part.numbers)
            if count >= size:
                yield from _cut(SequenceBatch.concatenate(waiting), size)
                waiting, count = [], 0
        if waiting:
            yield SequenceBatch.concatenate(waiting)

    def rows(self, indices: IntArray) -> tuple[IntArray, FloatArray, dict[str, ObjectArray]]:
        """Raw columns of some keys, read again from the file.

        Args:
            indices: Positions of keys in the file, rising.
        """
        found = [
            batch.take(chosen)
            for batch in self._batches(8192)
            if (chosen := np.isin(batch.indices, indices)).any()
        ]
        if not found:
            return np.zeros(0, dtype=np.int64), np.zeros(0), {}
        batch = SequenceBatch.concatenate(found)
        return batch.indices, batch.times, dict(batch.context)

    def around(self, indices: IntArray, entities: ObjectArray) -> RawEvents:
        """The sessions of some events: up to 100 keys before and 100 after each."""
        wanted: dict[str, list[int]] = {}
        for index, entity in zip(indices.tolist(), entities.tolist(), strict=True):
            wanted.setdefault(entity, []).append(index)
        shown: list[IntArray] = []
        of_event: dict[int, IntArray] = {}
        for part in self._parts():
            for index in wanted.get(_title(part), ()):
                places = part.first + np.arange(len(part.numbers))
                near = places[np.abs(places - index) <= _SHOWN_EACH_SIDE]
                of_event[index] = near
                shown.append(near)
        every = np.unique(np.concatenate(shown)) if shown else np.zeros(0, dtype=np.int64)
        positions, times, columns = self.rows(every)
        none = np.zeros(0, dtype=np.int64)
        near_rows = tuple(
            np.searchsorted(positions, of_event.get(index, none)) for index in indices.tolist()
        )
        return RawEvents(positions, times, columns, near_rows)

    def _parts(self) -> Iterator[_Part]:
        first = seen = 0
        for place, text, share in read_lines(self.path, _LONGEST):
            if place % 1024 == 0:
                if self.cancelled():
                    raise CancelledError(
                        f"Reading '{self.name}' was cancelled after {place:,} sessions; nothing "
                        "of it was kept."
                    )
                self.progress(share, f"{place:,} sessions of {self.name}")
            seen = place + 1
            numbers = self._numbers(place, text)
            if len(numbers):
                yield _Part(first, seen, numbers)
                first += len(numbers)
        self._report = SourceReport(
            self.name,
            events=first,
            seen=first,
            first_time=0.0 if first else None,
            last_time=float(first - 1) if first else None,
        )
        if not first:
            raise InvalidEventsError(
                f"'{self.name}' holds no key; give it numbers separated by spaces, one session "
                "per line."
            )

    def _numbers(self, place: int, text: str) -> IntArray:
        words = text.split()
        try:
            numbers = np.array([int(word) for word in words], dtype=np.int64)
        except (ValueError, OverflowError):
            numbers = np.array([-2])
        kept = numbers[numbers != PADDING]
        if ((kept < 0) | (kept > _LARGEST)).any():
            wrong = next((word for word in words if not _is_key(word)), "")
            raise InvalidEventsError(
                f"Line {place + 1:,} of '{self.name}' holds '{wrong[:60]}', which is no key; use "
                f"whole numbers from 0 to {_LARGEST:,} separated by spaces."
            )
        shifted: IntArray = kept + self.settings.shift
        return shifted

    def _batch(self, part: _Part) -> SequenceBatch:
        schema, h, n = self.schema(), self.settings.history, len(part.numbers)
        key_of = {text: key for key, text in enumerate(schema.texts)}
        texts = [str(number) for number in part.numbers.tolist()]
        keys = [key_of.get(text, schema.unknown) for text in texts]
        padded = np.array([PADDING] * h + keys, dtype=np.int64)
        shown = np.empty(n, dtype=object)
        shown[:] = texts
        positions = part.first + np.arange(n)
        return SequenceBatch(
            schema=schema,
            keys=np.lib.stride_tricks.sliding_window_view(padded, h + 1),
            times=positions.astype(np.float64),
            entities=np.full(n, _title(part), dtype=object),
            indices=positions,
            context={"position": np.arange(1, n + 1), "key": shown},
        )


def _title(part: _Part) -> str:
    return f"session {part.number}"


def _is_key(word: str) -> bool:
    return word == str(PADDING) or (word.isascii() and word.isdigit() and int(word) <= _LARGEST)


def _cut(batch: SequenceBatch, size: int) -> Iterator[SequenceBatch]:
    for start in range(0, len(batch), size):
        yield batch.take(np.arange(start, min(start + size, len(batch))))
