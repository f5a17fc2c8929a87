"""The top of a finding's page: what it is about, where it stands, and what can be done with it."""

from urllib.parse import quote

import streamlit as st

from deepaid_core.domain.finding import Finding
from deepaid_core.domain.queries import FindingRow
from deepaid_core.figures.gauge import gauge_sentence, score_gauge
from deepaid_core.figures.numbers import format_duration, format_excess, format_score
from deepaid_core.figures.text import shorten
from deepaid_core.workflow.assign import assign
from deepaid_ui import (
    case_form,
    charts,
    filters,
    investigate_keys,
    navigation,
    panels,
    problems,
    report_form,
    session,
    times,
)
from deepaid_ui.session import QueueView
from deepaid_ui.text import one_line
from deepaid_ui.workspace import workspace

__all__ = ["header"]

_NAME = 120
_NOBODY = "nobody"
_CASES = 4
_LASTING_S = 60.0
"""From here on the last event has a time of its own; before, the first one and the span say it."""


def _step(finding_id: str) -> None:
    session.set_param("id", finding_id)
    session.forget_done()


def header(finding: Finding, row: FindingRow, view: QueueView) -> None:
    """Id, badges, ways on, and what it is about."""
    _standing(finding, row, view)
    left, right = st.columns([0.4, 0.6], gap="medium", vertical_alignment="center")
    with left:
        _gauge(finding)
    with right:
        _actions(finding, row)
    _facts(finding, row)


def _standing(finding: Finding, row: FindingRow, view: QueueView) -> None:
    diagnostics = finding.interpretation.diagnostics
    keys = not investigate_keys.asking()
    before, after = workspace().store.neighbours(view.query(filters.paths_for(view)), finding.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(finding.id, anchor=False, width="content")
        panels.severity_badge(row.ratio)
        panels.proof_badge(
            verified=diagnostics.verified,
            reference_score=diagnostics.reference_score,
            threshold=diagnostics.threshold,
            in_full=True,
        )
        panels.standing_badge(row)
        panels.assignee_badge(row.assignee)
        _cases(finding.id)
        st.space("stretch")
        investigate_keys.show()
        if st.button("Queue", icon=":material/list:", help="Back to the queue as it was left"):
            navigation.go("queue", view.to_params())
        st.button(
            "Previous",
            shortcut="K" if keys else None,
            disabled=before is None,
            on_click=_step,
            args=(before,),
            help="The one before in the queue's order",
        )
        st.button(
            "Next",
            shortcut="J" if keys else None,
            disabled=after is None,
            on_click=_step,
            args=(after,),
            help="The one after in the queue's order",
        )


def _cases(finding_id: str) -> None:
    numbers = workspace().store.desk.cases_of([finding_id]).get(finding_id, ())
    for number in numbers[:_CASES]:
        navigation.link(
            "cases", f"C-{number}", {"case": f"C-{number}"}, icon=":material/folder_open:"
        )
    if len(numbers) > _CASES:
        st.caption(f"and {len(numbers) - _CASES} more cases")


def _gauge(finding: Finding) -> None:
    proof = finding.interpretation.diagnostics
    values = (proof.score, proof.threshold, proof.reference_score)
    said = gauge_sentence(*values)
    figure = score_gauge(*values)
    if figure is None:
        st.text(said)
    else:
        charts.still(figure, key=f"gauge-{finding.id}", alt=said)


def _actions(finding: Finding, row: FindingRow) -> None:
    keys = not investigate_keys.asking()
    me = session.author()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Assign to me",
            key="assign_me",
            icon=":material/person_add:",
            shortcut="A" if keys else None,
            disabled=me is not None and row.assignee == me,
            on_click=problems.in_callback(_assign),
            args=(finding.id, None),
            help="You look at it from now on",
        )
        _assignee(finding.id, row)
        st.button(
            "Add to case",
            key="add_to_case",
            icon=":material/create_new_folder:",
            shortcut="E" if keys else None,
            on_click=case_form.open_dialog,
            args=((finding.id,),),
            help="Into a new case or one that there is",
        )
        report_form.button(finding_ids=[finding.id])
        _link(finding.id)


def _assignee(finding_id: str, row: FindingRow) -> None:
    with st.popover("Assign", icon=":material/group:", help="To a colleague, or to nobody"):
        known = [_NOBODY, *workspace().store.desk.assignees()]
        chosen = st.selectbox(
            "Who looks at it",
            known,
            index=None,
            key=f"assignee-{finding_id}-{row.assignee or ''}",
            placeholder=one_line(shorten(row.assignee, _NAME)) if row.assignee else _NOBODY,
            accept_new_options=True,
            help="Choose a name or type a new one.",
        )
        st.button(
            "Assign",
            key=f"assign-{finding_id}",
            type="primary",
            disabled=chosen is None,
            on_click=problems.in_callback(_assign),
            args=(finding_id, "" if chosen == _NOBODY else chosen or ""),
        )


def _assign(finding_id: str, name: str | None) -> None:
    me = session.author() or ""
    chosen = me if name is None else name
    outcome = assign(workspace(), [finding_id], chosen, author=me)
    who = one_line(shorten(chosen, _NAME)) or _NOBODY
    text = f"Assigned {finding_id} to {who}." if outcome.numbers else f"It is {who}'s already."
    session.remember_done(session.Done(text, actions=outcome.numbers))


def _link(finding_id: str) -> None:
    with st.popover("Link", icon=":material/link:", help="The address of this page, to copy"):
        address = str(st.context.url or "").partition("?")[0]
        st.code(f"{address}?id={quote(finding_id)}", language=None, wrap_lines=True)
        st.caption("Whoever opens it needs access to this server.")


def _facts(finding: Finding, row: FindingRow) -> None:
    lasting = finding.last_time - finding.first_time >= _LASTING_S
    panels.facts_in_line(
        (
            ("Entity", shorten(finding.entity, _NAME)),
            ("Score", _score(row)),
            ("Events", _events(finding)),
            ("First event", times.both(finding.first_time)),
            *([("Last event", times.both(finding.last_time))] if lasting else []),
            ("Detector", f"{finding.detector_name} ({finding.detector_id})"),
            ("Source", shorten(finding.source_name, _NAME)),
        )
    )


def _score(row: FindingRow) -> str:
    excess = format_excess(row.max_score, row.threshold, row.ratio)
    if excess.startswith("score"):
        return excess.removeprefix("score ")
    return f"{format_score(row.max_score)}, {excess}"


def _events(finding: Finding) -> str:
    if finding.event_count == 1:
        return "1"
    return f"{finding.event_count:,} in {format_duration(finding.last_time - finding.first_time)}"
