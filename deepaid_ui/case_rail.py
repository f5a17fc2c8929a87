"""The rail of a case: where it stands, who works on it, and what can be done with it."""

from typing import Any, Final

import streamlit as st

from deepaid_core.domain.case import OPEN_CASES, TLP, Case, CaseQuery, CaseStatus
from deepaid_core.errors import CaseRefusedError
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import case_merging, cases
from deepaid_ui import problems, report_form, session
from deepaid_ui.case_words import TLP_LOOKS, author_box, done, named, status_chip, tlp_chip
from deepaid_ui.text import one_line
from deepaid_ui.workspace import workspace

__all__ = ["show"]

_NOBODY: Final = "nobody"
_WORKING: Final = (CaseStatus.OPEN, CaseStatus.IN_PROGRESS, CaseStatus.CLOSED)
_LISTED: Final = 100


def show(case: Case) -> None:
    """What is chosen here is saved at once; the banner takes it back."""
    report_form.button(case_number=case.number, key=f"case-{case.number}-report")
    if case.merged_into is not None:
        _unmerge(case)
        return
    if case.status is CaseStatus.DISCARDED:
        st.button(
            "Reopen it",
            key=f"case-{case.number}-reopen",
            type="primary",
            icon=":material/undo:",
            on_click=problems.in_callback(_reopen),
            args=(case.number,),
        )
        return
    with st.container(border=True, gap="small"):
        _choice(case, "status", "Status", [one.value for one in _WORKING], case.status.value)
        _choice(case, "tlp", "May be shown to", list(TLP), case.tlp)
        st.caption(f"{TLP_LOOKS[case.tlp][1].capitalize()}.")
        _assignee(case)
        author_box(_key(case))
    with st.container(gap="small"):
        _merge(case)
        _discard(case)


def _key(case: Case) -> str:
    return f"case-{case.number}-rail"


def _choice(case: Case, field: str, label: str, options: list[str], now: str) -> None:
    # The version belongs into the key: what a colleague or Undo changed must show.
    key = f"case-{case.number}-{field}-{case.version}"
    words = {
        **{one.value: status_chip(one) for one in _WORKING},
        **{one: tlp_chip(one) for one in TLP},
    }
    st.selectbox(
        label,
        options,
        index=options.index(now),
        key=key,
        format_func=lambda option: words.get(option, option),
        on_change=problems.in_callback(_change),
        args=(case, field, key),
    )


def _assignee(case: Case) -> None:
    me = session.author()
    known = workspace().store.desk.assignees()
    names = dict.fromkeys(
        [_NOBODY, *([me] if me else []), *known, *([case.assignee] if case.assignee else [])]
    )
    options = list(names)
    key = f"case-{case.number}-assignee-{case.version}"
    st.selectbox(
        "Assigned to",
        options,
        index=options.index(case.assignee or _NOBODY),
        key=key,
        accept_new_options=True,
        on_change=problems.in_callback(_change),
        args=(case, "assignee", key),
    )
    if me and case.assignee != me:
        st.button(
            "Assign to me",
            key=f"case-{case.number}-me",
            icon=":material/person_add:",
            on_click=problems.in_callback(_set),
            args=(case, "assignee", me),
        )


def _change(case: Case, field: str, key: str) -> None:
    value: Any = st.session_state[key]
    _set(case, field, "" if field == "assignee" and value in (None, _NOBODY) else str(value))


def _set(case: Case, field: str, value: str) -> None:
    who = named(_key(case))
    outcome = cases.change(
        workspace(), case.number, {field: value}, author=who, expected=case.version
    )
    said = {"status": "is", "tlp": "may be shown as", "assignee": "is assigned to"}
    shown = tlp_chip(value) if field == "tlp" else one_line(shorten(value, 80)) or _NOBODY
    done(f"{case.id} {said[field]} {shown} now.", outcome)


def _merge(case: Case) -> None:
    with st.popover("Merge…", icon=":material/merge:", width="stretch"):
        problems.pending()
        rows = [
            row
            for row in workspace().store.desk.cases(CaseQuery(statuses=OPEN_CASES), limit=_LISTED)
            if row.number != case.number
        ]
        if not rows:
            st.caption("There is no other open case to merge it into.")
            return
        titles = {row.number: f"{row.id} {one_line(shorten(row.title, 60))}" for row in rows}
        st.selectbox(
            "Into",
            list(titles),
            key=f"case-{case.number}-into",
            format_func=lambda number: titles[number],
        )
        st.caption(
            "Its findings and techniques go into the other case too, and it is closed. Its texts "
            "and notes stay here. Unmerging restores both."
        )
        st.button(
            "Merge",
            key=f"case-{case.number}-merge",
            type="primary",
            on_click=problems.in_callback(_merge_now),
            args=(case,),
        )


def _merge_now(case: Case) -> None:
    into = st.session_state.get(f"case-{case.number}-into")
    if into is None:
        raise CaseRefusedError("No case is chosen to merge into; choose one.")
    outcome = case_merging.merge(workspace(), case.number, int(into), author=named(_key(case)))
    done(f"Merged {case.id} into C-{into}.", outcome)


def _unmerge(case: Case) -> None:
    st.button(
        f"Unmerge it from C-{case.merged_into}",
        key=f"case-{case.number}-unmerge",
        type="primary",
        icon=":material/call_split:",
        help="It is as before the merge, and the other case too, but for what was added to that "
        "one by hand since.",
        on_click=problems.in_callback(_unmerge_now),
        args=(case,),
    )
    author_box(_key(case))


def _unmerge_now(case: Case) -> None:
    outcome = case_merging.unmerge(workspace(), case.number, author=named(_key(case)))
    done(f"{case.id} stands alone again, as before it was merged.", outcome)


def _discard(case: Case) -> None:
    st.button(
        "Discard",
        key=f"case-{case.number}-discard",
        icon=":material/delete:",
        width="stretch",
        help="Takes it off the lists. Its findings and all that was written stay, and it can be "
        "reopened.",
        on_click=problems.in_callback(_discard_now),
        args=(case,),
    )


def _discard_now(case: Case) -> None:
    outcome = cases.discard(workspace(), case.number, author=named(_key(case)))
    done(f"Discarded {case.id}; its findings stay in the queue.", outcome)


def _reopen(number: int) -> None:
    outcome = cases.reopen(workspace(), number, author=named(f"case-{number}-rail"))
    done(f"Reopened {outcome.id}.", outcome)
