"""One process at a time: a lock that the operating system takes back when its holder dies."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

__all__ = ["held", "is_held"]

_PATIENCE_S: Final = 0.3  # whoever only looks whether it is held, holds it for a moment
_PLACE: Final = 1 << 30  # Windows locks bytes, and nobody could read the number at the beginning


@contextmanager
def held(path: Path) -> Iterator[int | None]:
    """Hold the lock of a file, made where it does not exist, as long as this lasts.

    The file stays: another one of its name would be another lock. Two threads of one process
    exclude each other as two processes do.

    Yields:
        None where it is ours now, else the number of the process that holds it; 0 where that is
        not known.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        until = time.monotonic() + _PATIENCE_S
        while not (ours := _lock(descriptor)) and time.monotonic() < until:
            time.sleep(0.02)
        if ours:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
        yield None if ours else _holder(descriptor)
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock of a file at this moment."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDWR)
        try:
            return not _lock(descriptor)
        finally:
            os.close(descriptor)
    return False


def _holder(descriptor: int) -> int:
    os.lseek(descriptor, 0, os.SEEK_SET)
    digits = os.read(descriptor, 20)
    return int(digits) if digits.isdigit() else 0


def _lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, _PLACE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
