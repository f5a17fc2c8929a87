"""The file that this session works on: uploaded, or named by its path on the server."""

import re
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Final

import streamlit as st

from deepaid_core.errors import InvalidEventsError, InvalidParameterError
from deepaid_core.figures.numbers import format_value
from deepaid_core.figures.text import shorten
from deepaid_ui import problems
from deepaid_ui.jobs import registry
from deepaid_ui.text import one_line
from deepaid_ui.workspace import workspace

__all__ = ["ChosenFile", "chosen", "copy_of", "pick"]

_CHUNK: Final = 1 << 20
_HARMLESS: Final = re.compile(r"[^A-Za-z0-9._-]")
_KEPT_S: Final = 24 * 3600.0
_FILE, _TURN = "_file", "_file_turn"
_UPLOADS: Final = "upload-"


@dataclass(frozen=True, slots=True)
class ChosenFile:
    """A file that was chosen.

    Attributes:
        path: Where it lies.
        name: What to call it; not Markdown.
        number: Counts the files of this session, for keys of widgets.
        copied: Whether it is a copy of an upload.
    """

    path: Path
    name: str
    number: int
    copied: bool

    @property
    def version(self) -> tuple[str, int, int]:
        """Changes when the content may have changed."""
        facts = self.path.stat()
        return str(self.path), facts.st_size, facts.st_mtime_ns


def chosen() -> ChosenFile | None:
    """The file of this session, if it is still there."""
    file: ChosenFile | None = st.session_state.get(_FILE)
    if file is not None and not file.path.is_file():
        st.info(
            "The file that was chosen here is gone; choose it again.", icon=":material/folder_off:"
        )
        _let_go()
        return None
    return file


def pick() -> ChosenFile | None:
    """Draw the chosen file with the way to another one, or the ways to give one."""
    file = chosen()
    if file is None:
        _choose()
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(_facts(file), width="stretch")
        st.button(
            "Take another file",
            icon=":material/swap_horiz:",
            on_click=problems.in_callback(_let_go),
        )
    return file


def _choose() -> None:
    turn = st.session_state.get(_TURN, 0)
    upload, path = st.columns(2, gap="large")
    with upload:
        st.file_uploader(
            "A file from this computer",
            key=f"upload-{turn}",
            on_change=problems.in_callback(_take_upload),
            args=(turn,),
            help="Packet captures, CSV or Parquet tables, text logs; gzip too. Its content "
            "decides what it is, not its name.",
        )
    with path:
        st.text_input(
            "Or the path of one on the server",
            key=f"path-{turn}",
            placeholder="/data/monday.csv.gz",
            on_change=problems.in_callback(_take_path),
            args=(turn,),
            help="Better for large files: nothing is copied.",
        )
        st.button("Use this file", on_click=problems.in_callback(_take_path), args=(turn,))


def _let_go() -> None:
    """Choose another file; the copy of an upload is removed unless a job may still read it."""
    file: ChosenFile | None = st.session_state.pop(_FILE, None)
    job = registry().latest()
    if file is not None and file.copied and not (job and job.is_active):
        shutil.rmtree(file.path.parent, ignore_errors=True)


def _keep(path: Path, name: str, *, copied: bool) -> None:
    # Another key drops the upload, which would stay in memory until the session ends.
    turn = st.session_state.get(_TURN, 0) + 1
    st.session_state[_TURN] = turn
    st.session_state[_FILE] = ChosenFile(path, name, turn, copied)


def _take_upload(turn: int) -> None:
    upload = st.session_state.get(f"upload-{turn}")
    if upload is not None:
        name = shorten(one_line(PurePath(upload.name).name), 120)
        _keep(copy_of(upload), name, copied=True)


def copy_of(upload: Any) -> Path:
    """A copy of what was uploaded, in a folder of its own that goes after a day."""
    _remove_forgotten()
    # The name is a stranger's: the copy keeps what is harmless of it.
    harmless = _HARMLESS.sub("_", upload.name)[-60:].lstrip(".") or "file"
    copy = Path(tempfile.mkdtemp(prefix=_UPLOADS, dir=workspace().home)) / harmless
    upload.seek(0)
    with copy.open("wb") as target:
        while chunk := upload.read(_CHUNK):
            target.write(chunk)
    return copy


def _take_path(turn: int) -> None:
    typed = (st.session_state.get(f"path-{turn}") or "").strip()
    if st.session_state.get(_FILE) is not None:
        return
    if not typed:
        raise InvalidParameterError(
            "No file is chosen; upload one or give the path of one on the server."
        )
    path = Path(typed).expanduser()
    if not path.is_file():
        raise InvalidEventsError(
            f"There is no file '{shorten(one_line(typed), 200)}'; check the path."
        )
    _keep(path, shorten(one_line(path.name), 120), copied=False)


def _remove_forgotten() -> None:
    """Copies that sessions of yesterday left behind."""
    for folder in workspace().home.glob(f"{_UPLOADS}*"):
        if folder.is_dir() and time.time() - folder.stat().st_mtime > _KEPT_S:
            shutil.rmtree(folder, ignore_errors=True)


def _facts(file: ChosenFile) -> str:
    """Name and size in a line of plain text."""
    return f"{file.name}, {format_value(float(file.path.stat().st_size), 'bytes')}"
