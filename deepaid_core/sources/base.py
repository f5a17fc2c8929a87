"""What every source of events promises."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from deepaid_core.domain.schema import Schema
from deepaid_core.errors import DeepAidError, InvalidEventsError

__all__ = ["Source", "SourceReport", "file_sha256"]

BatchT = TypeVar("BatchT", covariant=True)


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

    unreadable: ClassVar[type[DeepAidError]] = InvalidEventsError
    """Raised where the file cannot be read."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
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

    @abstractmethod
    def schema(self) -> Schema:
        """The columns of every batch; known without reading the file."""

    @abstractmethod
    def batches(self, size: int = 8192) -> Iterator[BatchT]:
        """Read the events in order, in original units.

        Args:
            size: Most events in one batch; batches may hold fewer, none is empty.

        Raises:
            InvalidParameterError: size is below 1.
            CancelledError: The user cancelled; what was given out so far should be dropped.
        """
