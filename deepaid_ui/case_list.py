"""The list of cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import streamlit as st

from deepaid_core.domain.case import OPEN_CASES, CaseQuery, CaseRow, CaseStatus
from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow import cases
from deepaid_core.workflow.navigator import navigator_layer
from deepaid_ui import filters, navigation, panels, problems, session, tables
from deepaid_ui.case_words import (
    OPEN,
    STATUSES,
    author_box,
    done,
    named,
    status_chip,
    tlp_chip,
)
from deepaid_ui.workspace import workspace

__all__ = ["frame", "show"]

_PAGE: Final = 50
_STATE, _MINE, _SEARCH = "status", "mine", "q"
_ALL: Final = "all"
_STATES: Final = (OPEN, CaseStatus.CLOSED.value, CaseStatus.DISCARDED.value, _ALL)
_NEW: Final = "new-case"


@dataclass(frozen=True, slots=True)
class _View:
    """What the filters ask for."""

    state: str
    mine: bool
    text: str

    def query(self) -> CaseQuery:
        """The question to the store."""
        statuses = {OPEN: OPEN_CASES, _ALL: tuple(CaseStatus)}
        chosen = statuses.get(self.state) or (CaseStatus(self.state),)
        who = session.author() if self.mine else None
        return CaseQuery(statuses=chosen, assignee=who, text=self.text)


@st.fragment
@problems.guarded
def show() -> None:
    """Cases with where they stand; a click opens one."""
    if st.session_state.pop(f"{_NEW}-saved", False):
        st.rerun()
    desk = workspace().store.desk
    everything = desk.count_cases(CaseQuery(statuses=tuple(CaseStatus)))
    if not everything:
        _nothing_yet()
        return
    view = _filters()
    query = view.query()
    total = desk.count_cases(query)
    if not total:
        _none_match(view, everything)
        return
    # The address's page is known once its widget is drawn, which belongs below the table.
    place = st.container()
    pages = -(-total // _PAGE)
    page = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    start = (page - 1) * _PAGE
    rows = desk.cases(query, limit=_PAGE, offset=start)
    with place:
        selection = _table(rows, key=f"cases-{filters.version()}-{start}-{hash(view)}")
    cell = tables.clicked_row(selection)
    if cell and cell[0] < len(rows):
        navigation.go("cases", {"case": rows[cell[0]].id})
    st.caption(
        f"{start + 1:,} to {start + len(rows):,} of {format_count(total, 'case')}, the last "
        "changed first. Click a row to open it."
    )
    _layer()


def _nothing_yet() -> None:
    panels.empty_state(
        "No case yet",
        "A case collects findings that belong together, with notes, a timeline and a report. "
        "Select findings in the Queue and press *E*, or press *E* on a finding.",
    )
    with st.container(horizontal=True):
        navigation.link("queue", "Go to the queue", icon=":material/list:")
        _new_case()


def _none_match(view: _View, everything: int) -> None:
    if view == _View(OPEN, mine=False, text=""):
        panels.empty_state(
            "No open case",
            f"Each of {format_count(everything, 'case')} is closed or discarded. Choose *closed* "
            "to look at them, or select findings in the Queue and press *E* to open a new one.",
        )
        with st.container(horizontal=True):
            navigation.link("queue", "Go to the queue", icon=":material/list:")
            _new_case()
        return
    panels.empty_state(
        "No case matches",
        f"0 of {format_count(everything, 'case')}; the filter is too narrow.",
    )
    st.button("Clear filters", icon=":material/filter_alt_off:", on_click=_clear)


def _filters() -> _View:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        text = st.text_input(
            "Search",
            key=_SEARCH,
            placeholder="Search id, title, summary",
            label_visibility="collapsed",
            icon=":material/search:",
            max_chars=120,
            bind="query-params",
            width=300,
        )
        state = st.segmented_control(
            "Status",
            _STATES,
            default=OPEN,
            required=True,
            key=_STATE,
            label_visibility="collapsed",
            bind="query-params",
            help=" ".join(f"{status.value}: {look[2]}" for status, look in STATUSES.items()),
        )
        mine = st.toggle(
            "Mine",
            key=_MINE,
            bind="query-params",
            disabled=session.author() is None,
            help="Only cases that you are assigned to."
            if session.author()
            else "Give your name in the sidebar to see your own cases.",
        )
        st.space("stretch")
        _new_case()
    return _View(state or OPEN, mine, text.strip())


def _clear() -> None:
    st.session_state[_SEARCH] = ""
    st.session_state[_STATE] = OPEN
    st.session_state[_MINE] = False


def _new_case() -> None:
    with st.popover("New case", icon=":material/create_new_folder:"):
        problems.pending()
        st.text_input(
            "Title",
            key=f"{_NEW}-title",
            max_chars=cases.LONGEST_TITLE,
            placeholder="What it is about, in a few words",
        )
        author_box(_NEW)
        st.button(
            "Open it",
            key=f"{_NEW}-save",
            type="primary",
            help="An empty case; findings are added from the queue or a finding with E.",
            on_click=problems.in_callback(_open),
        )


def _open() -> None:
    title = str(st.session_state.get(f"{_NEW}-title") or "")
    outcome = cases.open_case(workspace(), title=title, author=named(_NEW))
    done(f"Opened {outcome.id}, which holds no finding yet.", outcome)
    st.session_state[f"{_NEW}-title"] = ""
    st.session_state[f"{_NEW}-saved"] = True


def _table(rows: Sequence[CaseRow], *, key: str) -> Any:
    table = frame(rows)
    chips = list(dict.fromkeys(chip for cell in table["Severity"] for chip in cell))
    letters = {band[0].upper(): color for band, color in panels.SEVERITY_COLORS.items()}
    return st.dataframe(
        table,
        hide_index=True,
        height="content",
        key=key,
        alt="Cases, the last changed first; a click opens one",
        on_select="rerun",
        selection_mode=["single-cell"],
        column_config={
            "Case": st.column_config.TextColumn(width=70, pinned=True),
            "Title": st.column_config.TextColumn(width=280),
            "Status": st.column_config.MultiselectColumn(
                options=[status_chip(status) for status in STATUSES],
                color=[look[1] for look in STATUSES.values()],
                width=112,
            ),
            "Severity": st.column_config.MultiselectColumn(
                options=chips,
                color=[letters[chip[0]] for chip in chips],
                width=84,
                help=f"The highest of its findings: {panels.BANDS}.",
            ),
            "Findings": st.column_config.NumberColumn(width=78),
            "To judge": st.column_config.NumberColumn(
                width=78, help="Findings of the case without a verdict."
            ),
            "TLP": st.column_config.TextColumn(width=110),
            "Assignee": st.column_config.TextColumn(width=90),
            "First event (UTC)": st.column_config.TextColumn(width=150),
            "Last change (UTC)": st.column_config.TextColumn(width=150),
        },
    ).selection


def frame(rows: Sequence[CaseRow]) -> pd.DataFrame:
    """Cases as a table; the first column is the id."""
    return pd.DataFrame(
        {
            "Case": [row.id for row in rows],
            "Title": [_title(row) for row in rows],
            "Status": [[status_chip(row.status)] for row in rows],
            "Severity": [
                [] if row.max_ratio is None else [tables.severity_chip(row.max_ratio)]
                for row in rows
            ],
            "Findings": [row.findings for row in rows],
            "To judge": [row.open_findings for row in rows],
            "Assignee": [tables.cell_text(row.assignee) for row in rows],
            "TLP": [tlp_chip(row.tlp) for row in rows],
            "Last change (UTC)": [tables.moment(row.changed_time) for row in rows],
            "First event (UTC)": [
                "" if row.first_time is None else tables.moment(row.first_time) for row in rows
            ],
        }
    )


def _title(row: CaseRow) -> str:
    merged = f" → merged into C-{row.merged_into}" if row.merged_into is not None else ""
    return f"{tables.cell_text(row.title)}{merged}"


def _layer() -> None:
    st.download_button(
        "ATT&CK layer of all cases",
        data=lambda: navigator_layer(workspace()),
        file_name="deepaid-attack-layer.json",
        mime="application/json",
        on_click="ignore",
        icon=":material/download:",
        help="The techniques noted on all cases that were not discarded, for the ATT&CK "
        "Navigator; the score counts confirmed findings.",
    )
