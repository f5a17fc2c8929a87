"""What the Distiller learned as a file, and lessons of others from one."""

from typing import Final

import pandas as pd
import streamlit as st

from deepaid_core.errors import ExchangeError
from deepaid_core.figures.numbers import format_count
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import distill, exchange
from deepaid_core.workflow.exchange import ImportPreview
from deepaid_ui import navigation, panels, problems, session, tables
from deepaid_ui.text import one_line, plain
from deepaid_ui.versions import last_number
from deepaid_ui.workspace import workspace

__all__ = ["show"]

_MOST_MB: Final = 50
_LONGEST: Final = 160
_TURN: Final = "_import_turn"
_REASON, _NAME, _VERSION = "import-reason", "import-author", "export-version"


def show() -> None:
    """Export of any version, and import with a preview."""
    left, right = st.columns([0.36, 0.64], gap="medium")
    with left, st.container(border=True):
        _export()
    with right, st.container(border=True):
        _import()


def _export() -> None:
    st.markdown("**Export what was learned**")
    last = last_number()
    if not last:
        st.caption("Nothing was decided yet, so there is nothing to export.")
        return
    version = int(
        st.number_input(
            "Version M-", min_value=0, max_value=last, value=last, key=_VERSION,
            help="Any version of the log; the newest is in use.",
        )
    )  # fmt: skip
    lessons = distill.machine(workspace(), version).verdicts
    st.caption(
        f"M-{version} holds {format_count(lessons, 'lesson')}: paths of states with their verdict "
        "and category, no reasons and no names of analysts. States of logs quote log lines: look "
        "at the file before you give it away."
    )
    opened, who = workspace(), session.author() or ""
    with st.container(horizontal=True):
        st.download_button(
            "JSON",
            lambda: exchange.export(opened, "json", version, author=who),
            file_name=f"deepaid-M-{version}.json",
            mime="application/json",
            icon=":material/download:",
            help="To import into another workspace.",
            on_click="ignore",
            disabled=not lessons,
        )
        st.download_button(
            "GraphML",
            lambda: exchange.export(opened, "graphml", version, author=who),
            file_name=f"deepaid-M-{version}.graphml",
            mime="application/graphml+xml",
            icon=":material/download:",
            help="To draw in a graph program; can be imported too.",
            on_click="ignore",
            disabled=not lessons,
        )


def _import() -> None:
    st.markdown("**Import lessons**")
    st.caption(
        "What another workspace exported teaches the Distiller here, as one entry of the log that "
        "can be undone. Its attacks protect their patterns here; no suppression rests on it."
    )
    turn = st.session_state.get(_TURN, 0)
    upload = st.file_uploader(
        "A file of lessons (JSON or GraphML)",
        key=f"import-{turn}",
        max_upload_size=_MOST_MB,
        help="Its content decides what it is, not its name.",
    )
    if upload is None:
        return
    content, name = upload.getvalue(), upload.name
    try:
        found = exchange.import_preview(workspace(), content, name)
    except ExchangeError as error:
        problems.show(error)
        return
    _preview(found)
    _conflicts(found)
    if found.imported_as is not None:
        st.warning(
            f"The same content was imported as entry {found.imported_as}, which is in force. Undo "
            "that first to import it again.",
            icon=":material/block:",
        )
        navigation.link(
            "versions",
            f"Entry {found.imported_as}",
            {"entry": str(found.imported_as)},
            icon=":material/history:",
        )
        return
    st.text_input("Why", key=_REASON, max_chars=500, placeholder="Where it comes from")
    if session.author() is None:
        st.text_input("Your name (asked once)", key=_NAME, max_chars=80, placeholder="Name")
    st.button(
        "Import",
        type="primary",
        icon=":material/upload:",
        disabled=not found.allowed,
        on_click=problems.in_callback(_save),
        args=(content, name, found.lessons),
    )


def _preview(found: ImportPreview) -> None:
    panels.facts(
        (
            ("File", shorten(found.name, _LONGEST)),
            ("Lessons", f"{found.lessons:,} on {format_count(found.paths, 'path')}"),
            ("Of attacks", f"{found.attacks:,}"),
            ("Would read differently", format_count(found.differing, "open finding")),
            ("Detectors known here", ", ".join(found.detectors_known) or "none"),
            ("Unknown here", ", ".join(found.detectors_unknown) or "none"),
            ("Newly protected", format_count(len(found.protects), "pattern")),
            ("Its attacks protect", f"{format_count(found.protected_findings, 'finding')} here"),
            ("Back in the queue", format_count(found.reopened, "suppressed finding")),
        )
    )
    if found.detectors_unknown:
        st.caption(
            plain(
                "Lessons of detectors that are unknown here wait for one of that name: "
                f"{shorten(', '.join(found.detectors_unknown), _LONGEST)}."
            )
        )


def _conflicts(found: ImportPreview) -> None:
    if not found.conflicting:
        st.caption("✓ It contradicts nothing that was taught here.")
        return
    st.warning(
        f"On {format_count(found.conflicting, 'pattern')} it says something else than was taught "
        "here. Both count; where they are even, the attack wins.",
        icon=":material/balance:",
    )
    tables.show(
        pd.DataFrame(
            {
                "Pattern": [one.pattern_id for one in found.conflicts],
                "Taught here": [_said(one.here) for one in found.conflicts],
                "In the file": [_said(one.there) for one in found.conflicts],
                "States": [
                    one_line(shorten("; ".join(map(distill.describe, one.pattern)), _LONGEST))
                    for one in found.conflicts
                ],
                "Detector": [one_line(shorten(one.detector_name, 80)) for one in found.conflicts],
            }
        ),
        key=f"conflicts-{found.sha256[:12]}",
        alt="Patterns on which the file contradicts what was taught here",
        clickable=False,
        height=min(300, 38 + 35 * len(found.conflicts)),
    )


def _said(outcomes: tuple[tuple[str, int], ...]) -> str:
    return one_line(shorten(", ".join(f"{name} ({n:,})" for name, n in outcomes), _LONGEST))


def _save(content: bytes, name: str, lessons: int) -> None:
    reason = st.session_state.get(_REASON) or ""
    if session.author() is None and (given := st.session_state.get(_NAME)):
        session.set_author(given)
    number = exchange.import_lessons(
        workspace(), content, name=name, author=session.author() or "", reason=reason
    )
    # Another key drops the upload, which would stay in memory until the session ends.
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    session.remember_done(
        session.Done(
            f"Imported {format_count(lessons, 'lesson')} as entry {number}; Undo takes all of "
            "them back.",
            (number,),
        )
    )
