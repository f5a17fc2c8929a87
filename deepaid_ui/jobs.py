"""Work that outlives a page: one job after the other, with progress and cancel.

The registry belongs to the server process, so a refresh or another page finds its jobs again.
"""

import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import streamlit as st

from deepaid_core.domain.progress import Cancelled, Progress
from deepaid_core.errors import CancelledError
from deepaid_ui.problems import sentence

__all__ = ["Job", "Registry", "Work", "registry"]

Work: TypeAlias = Callable[[Progress, Cancelled], Any]
"""What a job does; gets where to report to and how to learn that it should stop."""

_logger = logging.getLogger(__name__)
_KEPT = 20


@dataclass(eq=False, slots=True)
class Job:
    """One piece of work; fields are written by its thread only, except `cancel`.

    Attributes:
        title: What it is, in a few words; may quote a file name.
        key: Tells apart jobs of one title; not shown.
        state: "queued", "running", "done", "failed" or "cancelled".
        share: How much is done, 0 to 1.
        message: What it does now, or the sentence of its error.
        result: What the work returned.
        cleanup: Called when it is over, however it ended.
    """

    number: int
    kind: str
    title: str
    key: str = ""
    state: str = "queued"
    share: float = 0.0
    message: str = "Waiting"
    result: Any = None
    finished_time: float | None = None
    cancel: threading.Event = field(default_factory=threading.Event)
    cleanup: Callable[[], None] | None = None

    @property
    def is_active(self) -> bool:
        """Whether it is waiting or running."""
        return self.state in {"queued", "running"}

    def _report(self, share: float, message: str) -> None:
        self.share = min(max(float(share), 0.0), 1.0)
        self.message = message

    def _run(self, work: Work, turn: threading.Lock) -> None:
        with turn:
            if self.cancel.is_set():
                self.message, self.state = "Cancelled; nothing was kept.", "cancelled"
            else:
                self.state, self.message = "running", "Starting"
                try:
                    self.result = work(self._report, self.cancel.is_set)
                except CancelledError as error:
                    self.message, self.state = sentence(error), "cancelled"
                except Exception as error:  # the thread's last line of defense
                    if sentence(error) != str(error):
                        _logger.exception("A job failed.")
                    self.message, self.state = sentence(error), "failed"
                else:
                    self.share, self.state = 1.0, "done"
            self.finished_time = time.time()
            if self.cleanup:
                self.cleanup()


class Registry:
    """The jobs of this process, newest first; they run one at a time."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []
        self._numbers = itertools.count(1)
        self._turn = threading.Lock()
        self._guard = threading.Lock()

    def start(
        self,
        kind: str,
        title: str,
        work: Work,
        *,
        key: str = "",
        cleanup: Callable[[], None] | None = None,
    ) -> Job:
        """Start a job, or return the active one of the same kind, title and key.

        A second click, or a second analyst, must not do the same work twice.

        Args:
            kind: What sort of work it is.
            title: What it is, in a few words.
            work: What to do.
            key: What else tells it apart, such as the content of its file.
            cleanup: Called once in any case, also where nothing is started or done.
        """
        with self._guard:
            for job in self._jobs:
                if job.is_active and (job.kind, job.title, job.key) == (kind, title, key):
                    if cleanup:
                        cleanup()
                    return job
            job = Job(next(self._numbers), kind, title, key, cleanup=cleanup)
            self._jobs = [job, *self._jobs][:_KEPT]
        # A daemon thread: Ctrl-C must not wait for it, and every write is one transaction.
        threading.Thread(target=job._run, args=(work, self._turn), daemon=True).start()
        return job

    def latest(self, *kinds: str, key: str | None = None) -> Job | None:
        """The newest job of these kinds, or of any; only of one key where it is given."""
        return next(
            (
                job
                for job in self._jobs
                if (not kinds or job.kind in kinds) and (key is None or job.key == key)
            ),
            None,
        )

    def dismiss(self, job: Job) -> None:
        """Forget a job that is over."""
        with self._guard:
            self._jobs = [other for other in self._jobs if other is not job or job.is_active]


@st.cache_resource(show_spinner=False)
def registry() -> Registry:
    """The registry of this server process."""
    return Registry()
