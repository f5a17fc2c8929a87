"""How far another process is with filling a workspace, told by a small file in it."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deepaid_core.domain.progress import Progress

__all__ = ["Preparation", "announced", "preparation"]

_FILE: Final = "preparing.json"
_EVERY_S: Final = 0.25
_STALE_S: Final = 20.0  # the longest step without news, and some more for a busy machine


@dataclass(frozen=True, slots=True)
class Preparation:
    """What the other process last said.

    Attributes:
        share: How much is done, 0 to 1.
        text: What it does now, plain text.
    """

    share: float
    text: str


@contextmanager
def announced(home: Path, progress: Progress) -> Iterator[Progress]:
    """Report progress to whoever looks at the workspace too, as long as the context lasts."""
    last = 0.0

    def report(share: float, text: str) -> None:
        nonlocal last
        progress(share, text)
        if time.monotonic() - last >= _EVERY_S:
            last = time.monotonic()
            _write(home, Preparation(share, text))

    _write(home, Preparation(0.0, "Starting"))
    try:
        yield report
    finally:
        (home / _FILE).unlink(missing_ok=True)


def preparation(home: Path) -> Preparation | None:
    """What another process is doing to the workspace, or None where none is at work.

    A process that was killed leaves its last word behind, which counts for a few seconds only.
    """
    path = home / _FILE
    try:
        if time.time() - path.stat().st_mtime > _STALE_S:
            return None
        said = json.loads(path.read_text(encoding="utf-8"))
        return Preparation(float(said["share"]), str(said["text"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _write(home: Path, what: Preparation) -> None:
    unfinished = home / f"{_FILE}.{os.getpid()}"
    try:
        unfinished.write_text(json.dumps({"share": what.share, "text": what.text}), "utf-8")
        unfinished.replace(home / _FILE)
    except OSError:
        # Nobody is told, the work itself goes on.
        unfinished.unlink(missing_ok=True)
