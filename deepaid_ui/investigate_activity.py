"""Notes on a finding, and everything that happened to it."""

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from deepaid_core.domain.actions import Note
from deepaid_core.domain.finding import Finding
from deepaid_core.figures.text import shorten, visible
from deepaid_core.workflow import activity, notes
from deepaid_core.workflow.activity import ActivityLine
from deepaid_ui import drafts, filters, live_text, problems, session, tables, times
from deepaid_ui.text import one_line
from deepaid_ui.workspace import workspace

__all__ = ["show"]

_NAME = 80
_ADDED = "_note_added"


def show(finding: Finding, *, shortcuts: bool) -> None:
    """Notes to write and withdraw, then both logs as far as they are about the finding.

    Args:
        finding: Which.
        shortcuts: Whether Ctrl+Enter adds the note; no key works behind an open dialog.
    """
    st.markdown("**Notes**")
    for note in workspace().store.desk.notes(finding.id):
        _note(finding.id, note)
    _write(finding.id, shortcuts=shortcuts)
    st.markdown("**What happened to it**")
    lines = activity.of_finding(workspace(), finding.id)
    if not lines:
        st.caption("Nothing yet.")
        return
    tables.show(
        _frame(lines),
        key=f"activity-{finding.id}-{filters.version()}",
        alt="Verdicts, assignments, notes, cases and reports of this finding, newest first",
        clickable=False,
    )
    st.caption("Newest first; what was taken back or withdrawn stays in the log.")


def _note(finding_id: str, note: Note) -> None:
    with (
        st.container(border=True, gap="xsmall"),
        st.container(horizontal=True, vertical_alignment="center"),
    ):
        with st.container(gap="xsmall"):
            st.caption(f"Note {note.number}, {times.both(note.time)}")
            st.text(
                f"{one_line(shorten(note.author, _NAME))}: {visible(note.text, keep_lines=True)}"
            )
        st.button(
            "Withdraw",
            key=f"withdraw-{note.number}",
            type="tertiary",
            on_click=problems.in_callback(_withdraw),
            args=(finding_id, note.number),
            help=f"Takes note {note.number} off the page; the log keeps it",
        )


def _subject(finding_id: str) -> str:
    return f"note {finding_id}"


def _box(finding_id: str) -> str:
    return f"note-{finding_id}"


def _keep(finding_id: str) -> None:
    _keep_text(finding_id, str(st.session_state[_box(finding_id)] or ""))


def _keep_text(finding_id: str, text: str) -> None:
    drafts.keep(_subject(finding_id), {"text": text})


@st.fragment
@problems.guarded
def _write(finding_id: str, *, shortcuts: bool) -> None:
    # A fragment: what is typed is heard of often, and the rest of the page need not follow.
    if st.session_state.pop(_ADDED, False):
        st.rerun()
    problems.pending()
    box = _box(finding_id)
    if box not in st.session_state:
        st.session_state[box] = drafts.draft(_subject(finding_id)).get("text", "")
    st.text_area(
        "New note",
        key=box,
        height=90,
        max_chars=notes.LONGEST_NOTE,
        placeholder="What a colleague should know",
        on_change=_keep,
        args=(finding_id,),
    )
    live_text.watch(box, partial(_keep_text, finding_id))
    st.button(
        "Add note",
        key="add_note",
        icon=":material/add_comment:",
        shortcut="Ctrl+Enter" if shortcuts else None,
        on_click=problems.in_callback(_add),
        args=(finding_id,),
    )


def _add(finding_id: str) -> None:
    text = str(st.session_state.get(_box(finding_id)) or "")
    number = notes.take(workspace(), finding_id, text, author=session.author() or "")
    st.session_state[_box(finding_id)] = ""
    drafts.drop(_subject(finding_id))
    st.session_state[_ADDED] = True
    session.remember_done(session.Done(f"Note {number} on {finding_id}.", actions=(number,)))


def _withdraw(finding_id: str, note: int) -> None:
    number = notes.withdraw(workspace(), finding_id, note, author=session.author() or "")
    session.remember_done(session.Done(f"Withdrew note {note}.", actions=(number,)))


def _frame(lines: Sequence[ActivityLine]) -> pd.DataFrame:
    newest = tuple(reversed(lines))
    return pd.DataFrame(
        {
            "Time (UTC)": [tables.moment(line.time) for line in newest],
            "Who": [tables.cell_text(line.author) or "the program" for line in newest],
            "What happened": [tables.cell_text(f"{line.text}{_undone(line)}") for line in newest],
            "Reason or note": [tables.cell_text(line.words) for line in newest],
            "Before": [tables.cell_text(line.before) for line in newest],
            "After": [tables.cell_text(line.after) for line in newest],
        }
    )


def _undone(line: ActivityLine) -> str:
    if line.undone_by is None:
        return ""
    if line.kind == "note":
        return f" (withdrawn by action {line.undone_by})"
    return f" (taken back by entry {line.undone_by})"
