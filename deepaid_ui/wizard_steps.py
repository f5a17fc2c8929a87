"""Steps that pages which read a file have in common: what it is, and which part of it is meant."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from deepaid_core.domain.settings import CaptureSettings, KeyFileSettings, Period, SourceSettings
from deepaid_core.workflow.inspection import KINDS, offered
from deepaid_core.workflow.previews import Preview, preview
from deepaid_core.workflow.sniffing import sniff
from deepaid_ui.chosen_file import ChosenFile
from deepaid_ui.text import plain
from deepaid_ui.wizard_columns import show_preview

__all__ = ["kind_of", "period_of", "step"]


@contextmanager
def step(number: int, title: str) -> Iterator[None]:
    """A numbered box of a page."""
    with st.container(border=True, key=f"step-{number}"):
        st.markdown(f"**{number} · {title}**")
        yield


def kind_of(file: ChosenFile) -> str:
    """Let the kind of a file be chosen, its content's first, and show its beginning."""
    kinds = offered()
    sniffed = _sniffed(file.version)
    left, right = st.columns((2, 3), vertical_alignment="bottom")
    with left:
        kind: str = st.selectbox(
            "Kind of data",
            kinds,
            index=kinds.index(sniffed) if sniffed in kinds else 0,
            format_func=lambda name: KINDS[name],
            key=f"kind-{file.number}",
        )
    with right:
        st.caption(
            "Told by the content of the file."
            if kind == sniffed
            else plain(f"By its content it looks like: {KINDS[sniffed]}.")
        )
    show_preview(
        _preview(file.version, kind),
        key=f"preview-{file.number}-{kind}",
        alt="The beginning of the file",
    )
    return kind


def period_of(settings: SourceSettings, key: str) -> Period:
    """Which part of the file is meant; the whole one where it says no time."""
    timeless = isinstance(settings, KeyFileSettings) or (
        not isinstance(settings, CaptureSettings) and not getattr(settings, "time", "log")
    )
    if timeless:
        st.caption("The file says no time, so it is taken whole.")
        return Period()
    since = st.datetime_input("From (UTC)", value=None, key=f"{key}-since")
    until = st.datetime_input("Until, not included (UTC)", value=None, key=f"{key}-until")
    return Period(_seconds(since), _seconds(until))


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.replace(tzinfo=UTC).timestamp()


@st.cache_data(max_entries=32, show_spinner=False)
def _sniffed(version: tuple[str, int, int]) -> str:
    return sniff(Path(version[0]))


@st.cache_data(max_entries=32, show_spinner=False)
def _preview(version: tuple[str, int, int], kind: str) -> Preview:
    return preview(Path(version[0]), kind)
