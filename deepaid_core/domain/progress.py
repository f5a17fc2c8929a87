"""How long work reports where it is and learns that it should stop."""

from collections.abc import Callable
from typing import TypeAlias

from deepaid_core.errors import CancelledError

__all__ = ["Cancelled", "Progress", "never", "silent", "stop_if"]

Progress: TypeAlias = Callable[[float, str], None]
"""Called with the share done, 0 to 1, and a short sentence."""

Cancelled: TypeAlias = Callable[[], bool]
"""Asked between steps; true means stop now and keep nothing."""


def silent(share: float, message: str) -> None:
    """Report to nobody."""


def never() -> bool:
    """Never cancel."""
    return False


def stop_if(cancelled: Cancelled) -> None:
    """Stop here when asked to.

    Raises:
        CancelledError: It was asked to.
    """
    if cancelled():
        raise CancelledError("Cancelled; nothing was kept.")
