"""Work on a log that others write to meanwhile."""

from collections.abc import Callable
from typing import Final, TypeVar

from deepaid_core.errors import StaleWriteError

__all__ = ["steadily"]

T = TypeVar("T")
_TRIES: Final = 5


def steadily(attempt: Callable[[], T]) -> T:
    """What an attempt returns, made anew where the log went on under it.

    Raises:
        StaleWriteError: It went on five times in a row.
    """
    for _ in range(_TRIES - 1):
        try:
            return attempt()
        except StaleWriteError:
            continue
    return attempt()
