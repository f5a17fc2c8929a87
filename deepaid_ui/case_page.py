"""One case: its head, its tabs and the rail beside them."""

import streamlit as st

from deepaid_core.domain.case import Case, CaseQuery, CaseRow, CaseStatus
from deepaid_core.errors import NotFoundError
from deepaid_core.figures.numbers import format_count, format_time_utc
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import cases
from deepaid_ui import (
    case_findings,
    case_rail,
    case_tabs,
    case_techniques,
    case_texts,
    navigation,
    panels,
    times,
)
from deepaid_ui.case_words import STATUSES, TLP_LOOKS, status_chip, tlp_chip
from deepaid_ui.text import one_line, plain
from deepaid_ui.workspace import workspace

__all__ = ["found", "show"]

_TABS = ("Story", "Findings", "Timeline", "Entities", "Techniques", "Notes and activity")

_TITLE = 110


def found(asked: str) -> Case | None:
    """The case that the address names, as "C-12" or "12"; None where there is none."""
    number = cases.number_of(asked)
    if number is None:
        return None
    try:
        return workspace().store.desk.case(number)
    except NotFoundError:
        return None


def show(case: Case) -> None:
    """One case whole."""
    this = CaseQuery(statuses=tuple(CaseStatus), number=case.number)
    (row,) = workspace().store.desk.cases(this)
    _header(case, row)
    if case.merged_into is not None:
        st.info(
            f"{case.id} was merged into C-{case.merged_into}, which holds its findings now. It "
            "stays as it was; unmerge it to go on with it."
        )
        navigation.link(
            "cases",
            f"Open C-{case.merged_into}",
            {"case": f"C-{case.merged_into}"},
            icon=":material/folder_open:",
        )
    left, right = st.columns([0.74, 0.26], gap="medium")
    with left:
        story, findings, timeline, entities, techniques, notes = st.tabs(
            _TABS, on_change="rerun", key="tab", bind="query-params"
        )
        if story.open:
            with story:
                case_texts.show(case)
        if findings.open:
            with findings:
                case_findings.show(case)
        if timeline.open:
            with timeline:
                case_tabs.timeline(case)
        if entities.open:
            with entities:
                case_tabs.entities(case)
        if techniques.open:
            with techniques:
                case_techniques.show(case)
        if notes.open:
            with notes:
                case_tabs.notes(case)
    with right, st.container(key="rail"):
        case_rail.show(case)


def _header(case: Case, row: CaseRow) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        # A title may be anything that somebody typed or that a host is called.
        title = plain(shorten(case.title, _TITLE))
        st.subheader(f"{case.id} {title}", anchor=False, width="content")
        sign_color = STATUSES[case.status]
        st.badge(status_chip(case.status), color=sign_color[1], help=sign_color[2])
        color, meaning = TLP_LOOKS[case.tlp]
        st.badge(tlp_chip(case.tlp), color=color, help=f"Traffic Light Protocol: {meaning}.")
        if row.max_ratio is not None:
            panels.severity_badge(row.max_ratio)
        st.space("stretch")
        if st.button("All cases", icon=":material/arrow_back:"):
            navigation.go("cases")
    local = None
    facts = [
        format_count(len(case.finding_ids), "finding"),
        f"opened by {one_line(shorten(case.author, 60))} {format_time_utc(case.created_time)}",
    ]
    if row.first_time is not None and row.last_time is not None:
        first, last = row.first_time, row.last_time
        facts.insert(1, f"events {format_time_utc(first)} to {format_time_utc(last)}")
        local = f"First event {times.both(first)}, last event {times.both(last)}."
    st.text(" · ".join(facts), help=local)
