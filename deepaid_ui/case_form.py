"""The dialog "Add to case": findings go into a case that there is, or into a new one."""

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from deepaid_core.domain.case import OPEN_CASES, CaseQuery, CaseRow
from deepaid_core.errors import CaseRefusedError
from deepaid_core.figures.numbers import format_count
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import cases
from deepaid_core.workflow.case_drafts import drafted_title
from deepaid_ui import problems
from deepaid_ui.case_words import author_box, done, moved, named, status_chip
from deepaid_ui.text import one_line, plain
from deepaid_ui.workspace import workspace

__all__ = ["asking", "dialog", "open_dialog"]

_ASKED: Final = "_case_findings"
_SAVED: Final = "_case_saved"
_WHERE, _SEARCH, _CHOSEN = "case-form-where", "case-form-search", "case-form-chosen"
_TITLE, _SUMMARY, _KEY = "case-form-title", "case-form-summary", "case-form"
_NEW, _KNOWN = "New case", "Existing case"
_LISTED: Final = 50


def open_dialog(finding_ids: Sequence[str]) -> None:
    """Have `dialog` ask on the next run; for use in callbacks."""
    st.session_state[_ASKED] = tuple(finding_ids)


def asking() -> bool:
    """Whether the dialog is open: keys would reach the page behind it."""
    return bool(st.session_state.get(_ASKED))


def dialog() -> None:
    """Ask which case findings belong to, where `open_dialog` wanted that."""
    ids: tuple[str, ...] = st.session_state.get(_ASKED, ())
    if not ids:
        return

    @st.dialog("Add to case", width="medium", icon=":material/folder_open:", on_dismiss=_forget)
    def ask() -> None:
        with problems.shown():
            _form(ids)

    ask()


def _forget() -> None:
    for name in (_ASKED, _SEARCH, _CHOSEN, _TITLE, _SUMMARY):
        st.session_state.pop(name, None)


def _form(ids: tuple[str, ...]) -> None:
    if st.session_state.pop(_SAVED, False):
        st.rerun()
    problems.pending()
    desk = workspace().store.desk
    st.text(f"{format_count(len(ids), 'finding')}: {_some(ids)}")
    _already(desk.cases_of(ids))
    open_cases = desk.count_cases(CaseQuery(statuses=OPEN_CASES))
    where = _NEW
    if open_cases:
        where = st.segmented_control(
            "Where they go", [_KNOWN, _NEW], default=_KNOWN, required=True, key=_WHERE
        )
    if where == _KNOWN:
        _choose(open_cases)
    else:
        _describe(ids)
    author_box(_KEY)
    st.button(
        "Add to the case" if where == _KNOWN else "Open the case",
        key=f"{_KEY}-save",
        type="primary",
        icon=":material/create_new_folder:" if where == _NEW else ":material/add:",
        shortcut="Ctrl+Enter",
        on_click=problems.in_callback(_save),
        args=(ids, where == _NEW),
    )


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids[:5]) + (f" and {len(ids) - 5:,} more" if len(ids) > 5 else "")


def _already(known: Mapping[str, tuple[int, ...]]) -> None:
    if not known:
        return
    numbers = sorted({number for held in known.values() for number in held})
    names = ", ".join(f"C-{number}" for number in numbers[:8])
    st.caption(
        plain(
            f"{format_count(len(known), 'finding')} of these "
            f"{'is' if len(known) == 1 else 'are'} in a case already: {names}."
        )
    )


def _choose(total: int) -> None:
    text = st.text_input(
        "Search cases",
        key=_SEARCH,
        placeholder="Part of an id, title or summary",
        icon=":material/search:",
        max_chars=120,
    )
    query = CaseQuery(statuses=OPEN_CASES, text=(text or "").strip())
    rows = workspace().store.desk.cases(query, limit=_LISTED)
    if not rows:
        st.caption("No open case has this text; search for another one, or open a new case.")
        return
    named_rows = {row.number: _line(row) for row in rows}
    if st.session_state.get(_CHOSEN) not in named_rows:
        st.session_state[_CHOSEN] = rows[0].number
    st.selectbox(
        "Case",
        list(named_rows),
        key=_CHOSEN,
        format_func=lambda number: named_rows[number],
        help="Open cases, the last changed first.",
    )
    if total > len(rows) == _LISTED:
        st.caption(f"The {_LISTED} last changed of {total:,} open cases; search for others.")


def _line(row: CaseRow) -> str:
    title = one_line(shorten(row.title, 70))
    return f"{row.id} {title} · {status_chip(row.status)} · {format_count(row.findings, 'finding')}"


def _describe(ids: Sequence[str]) -> None:
    if _TITLE not in st.session_state:
        st.session_state[_TITLE] = drafted_title(workspace(), ids)
    st.text_input(
        "Title",
        key=_TITLE,
        max_chars=cases.LONGEST_TITLE,
        help="Drafted from the findings; say in a few words what the case is about.",
    )
    st.text_area(
        "What is known so far (optional)", key=_SUMMARY, height=90, max_chars=cases.LONGEST_TEXT
    )


def _save(ids: tuple[str, ...], is_new: bool) -> None:
    state, who = st.session_state, named(_KEY)
    if is_new:
        outcome = cases.open_case(
            workspace(),
            title=str(state.get(_TITLE) or ""),
            finding_ids=ids,
            author=who,
            summary=str(state.get(_SUMMARY) or ""),
        )
        done(f"Opened {outcome.id} with {format_count(len(ids), 'finding')}.", outcome)
    else:
        number = state.get(_CHOSEN)
        if number is None:
            raise CaseRefusedError("No case is chosen; choose one, or open a new case.")
        outcome = cases.add_findings(workspace(), int(number), ids, author=who)
        done(moved(outcome, len(ids)), outcome)
    state[_SAVED] = True
    _forget()
