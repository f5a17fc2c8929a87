"""When a search has to give what it has."""

import time
from dataclasses import dataclass
from typing import Self

__all__ = ["Deadline"]


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock; None for never."""

    at: float | None

    @classmethod
    def after(cls, budget_ms: float | None) -> Self:
        """So many milliseconds from now; None for never."""
        return cls(None if budget_ms is None else time.monotonic() + budget_ms / 1000.0)

    @property
    def passed(self) -> bool:
        """Whether it is over."""
        return self.at is not None and time.monotonic() >= self.at
