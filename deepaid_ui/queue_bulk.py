"""One decision on everything that matches the filter, once somebody confirmed how much that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import streamlit as st

from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow import triage
from deepaid_ui import case_form, forms, problems, queue_actions, queue_ticks, session
from deepaid_ui.queue_matches import Matches
from deepaid_ui.session import QueueView
from deepaid_ui.workspace import workspace

__all__ = ["MOST", "asking", "button", "dialog", "words"]

MOST: Final = 20_000
"""Findings that one step may touch: more would keep the others waiting."""

_ASKED: Final = "_queue_bulk"
_SURE: Final = "bulk_sure"
_WHAT: Final = "bulk_what"
_VERDICT, _ASSIGN, _CASE = "Verdict", "Assign", "Add to case"


@dataclass(frozen=True, slots=True)
class _Asked:
    # What matched when the dialog was opened, so that it acts on what it says and on nothing else.
    seen: Mapping[str, int | None]
    patterns: int
    entities: int
    best: str
    filters: str

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self.seen)


def button(view: QueueView, found: Matches) -> None:
    """Offer to act on all that matches; redraws the whole page."""
    st.button(
        f"Act on all {found.total:,}…",
        key="bulk_open",
        icon=":material/done_all:",
        disabled=found.total > MOST,
        help=f"Verdict, assignee or case for all that match, on all pages. At most {MOST:,}: "
        "narrow the filter where there are more.",
        on_click=problems.in_callback(_ask),
        args=(view, found),
    )


def _ask(view: QueueView, found: Matches) -> None:
    queue_actions.page_again()
    rows = workspace().store.rows(found.all()[:MOST])
    if rows:
        st.session_state[_ASKED] = _Asked(
            seen={row.id: row.verdict_number for row in rows},
            patterns=len({row.pattern_id for row in rows}),
            entities=len({row.entity for row in rows}),
            best=rows[0].id,
            filters=words(view),
        )


def words(view: QueueView) -> str:
    """The filters in words, e.g. for a report."""
    skipped = {"page", "group", "sort"}
    said = {"status": view.status, **view.to_params()}
    return ", ".join(f"{name}: {value}" for name, value in said.items() if name not in skipped)


def asking() -> bool:
    """Whether the dialog is open: keys would reach the page behind it."""
    return _ASKED in st.session_state


def _forget() -> None:
    for name in (_ASKED, _SURE, _WHAT):
        st.session_state.pop(name, None)


def dialog() -> None:
    """Ask what to do with all that matched, where that was wanted."""
    asked: _Asked | None = st.session_state.get(_ASKED)
    if asked is None:
        return

    @st.dialog(
        f"Act on all {format_count(len(asked.seen), 'finding')}",
        icon=":material/done_all:",
        on_dismiss=_forget,
    )
    def ask() -> None:
        with problems.shown():
            _form(asked)

    ask()


def _form(asked: _Asked) -> None:
    if queue_actions.wanted_again():
        st.rerun()
    problems.pending()
    many = format_count(len(asked.seen), "finding")
    st.text(
        f"All {many} that matched when this was opened, on all pages: "
        f"{format_count(asked.patterns, 'pattern')}, "
        f"{format_count(asked.entities, 'entity', 'entities')}.\nFilter: {asked.filters}"
    )
    what = st.segmented_control(
        "What to do", [_VERDICT, _ASSIGN, _CASE], default=_VERDICT, required=True, key=_WHAT
    )
    if what == _CASE:
        st.button(
            f"Add all {many} to a case…",
            key="bulk_case",
            type="primary",
            on_click=problems.in_callback(_to_case),
            args=(asked,),
        )
        return
    # Only what was ticked by hand is acted on without asking twice.
    if not st.checkbox(f"Yes, all {many}, also those on pages that I have not seen", key=_SURE):
        st.caption("Tick this to go on; nothing is saved before you press a button below it.")
        return
    if what == _ASSIGN:
        _assign(asked)
    else:
        _judge(asked)


def _to_case(asked: _Asked) -> None:
    _forget()
    queue_actions.page_again()
    case_form.open_dialog(asked.ids)


def _assign(asked: _Asked) -> None:
    me = session.author()
    if me:
        st.button(
            "Assign all to me",
            key="bulk_mine",
            type="primary",
            on_click=problems.in_callback(queue_actions.give_to),
            args=(asked.ids, me, _forget),
        )
    queue_actions.assign_box(asked.ids, key="bulk", after=_forget)


def _judge(asked: _Asked) -> None:
    decisions = (
        "one decision"
        if asked.patterns == 1
        else f"{format_count(asked.patterns, 'decision')}, one per pattern"
    )
    forms.verdict_form(
        forms.Target(
            key=f"bulk-all-{hash(asked.ids)}",
            finding_ids=asked.ids,
            draft=triage.drafted_reason(workspace().store.finding(asked.best)),
            kind="selection",
            reach=f"Applies to all {format_count(len(asked.seen), 'finding')}: {decisions}.",
            seen=asked.seen,
        ),
        shortcuts=False,
        saved=_saved,
    )


def _saved() -> None:
    _forget()
    queue_ticks.clear()
