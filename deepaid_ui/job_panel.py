"""A job on a page: progress and cancel while it runs, its outcome afterwards."""

from collections.abc import Callable

import streamlit as st

from deepaid_ui.jobs import Job, registry
from deepaid_ui.text import plain

__all__ = ["job_panel", "once", "started_with", "was_started_with"]

_EVERY_S = 0.5
_STARTED = "_started_with"


def _live(
    job: Job,
    was_active: bool,
    finished: Callable[[Job], None] | None,
    running: Callable[[Job], None] | None,
) -> None:
    with st.container(border=True, key=f"job-{job.number}"):
        st.text(job.title)
        if job.is_active:
            st.progress(job.share, text=plain(job.message))
            stopping = job.cancel.is_set()
            st.button(
                "Stopping after this step" if stopping else "Cancel",
                key=f"cancel-{job.number}",
                on_click=job.cancel.set,
                disabled=stopping,
            )
            if running:
                running(job)
            return
        if was_active:
            # One run of the whole page, in which nothing repeats any more.
            st.rerun()
        if job.state == "failed":
            st.error(plain(job.message), icon=":material/error:")
        elif job.state == "cancelled":
            st.info(plain(job.message))
        elif finished:
            finished(job)
        st.button(
            "Close",
            key=f"dismiss-{job.number}",
            type="tertiary",
            on_click=registry().dismiss,
            args=(job,),
        )


def once(draw: Callable[[], None]) -> Callable[[], None]:
    """Something that is drawn where it is called first, and nowhere else.

    What was started at the end of a long form belongs there, and all else on top of the page.
    """
    is_drawn = False

    def draw_first() -> None:
        nonlocal is_drawn
        if not is_drawn:
            is_drawn = True
            draw()

    return draw_first


def started_with(number: int) -> None:
    """Remember that a job was started with the file of this number."""
    st.session_state[_STARTED] = number


def was_started_with(number: int) -> bool:
    """Whether it was this file; with another one, what is shown must not move into its form."""
    return bool(st.session_state.get(_STARTED) == number)


def job_panel(
    job: Job | None,
    *,
    finished: Callable[[Job], None] | None = None,
    running: Callable[[Job], None] | None = None,
    every_s: float = _EVERY_S,
) -> None:
    """Show a job and keep it up to date.

    Args:
        job: What to show; None shows nothing.
        finished: Draws the outcome of a job that is done.
        running: Draws what can be seen of one that is not.
        every_s: How often to look while it is not.
    """
    if job is None:
        return
    was_active = job.is_active
    st.fragment(_live, run_every=every_s if was_active else None)(
        job, was_active, finished, running
    )
