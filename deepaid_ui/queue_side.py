"""Beside the queue: the finding that is picked, or what to do with those that are ticked."""

from collections.abc import Sequence

import streamlit as st

from deepaid_core.domain.finding import Finding
from deepaid_core.domain.queries import FindingRow
from deepaid_core.figures.numbers import format_count, format_excess, format_time_utc
from deepaid_core.figures.text import shorten
from deepaid_core.reports.document import MAX_FINDINGS
from deepaid_core.workflow import distill, triage
from deepaid_ui import (
    export,
    forms,
    navigation,
    panels,
    queue_actions,
    queue_ticks,
    report_form,
    session,
    suppress_form,
)
from deepaid_ui.session import QueueView
from deepaid_ui.text import one_line
from deepaid_ui.views import kinds
from deepaid_ui.workspace import workspace

__all__ = ["preview", "selection"]


def selection(rows: Sequence[FindingRow], *, elsewhere: int, keys: bool) -> None:
    """What can be done with the ticked findings, with its scope said first.

    Args:
        rows: All that are ticked.
        elsewhere: How many of them are on other pages.
        keys: Whether keys press the buttons.
    """
    ids = tuple(row.id for row in rows)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{format_count(len(rows), 'finding')} ticked**")
        st.button("Untick all", key="untick", type="tertiary", on_click=queue_ticks.clear)
    if elsewhere:
        st.caption(f"{elsewhere:,} of them on other pages.")
    with st.container(horizontal=True):
        queue_actions.buttons(
            ids, key="ticked", keys=keys, assignees=[row.assignee for row in rows]
        )
        with st.popover("Assign…", icon=":material/group_add:", key="ticked_assign"):
            queue_actions.assign_box(ids, key="ticked")
    patterns = {row.pattern_id for row in rows}
    entities = {row.entity for row in rows}
    reach = (
        f"Applies to the {format_count(len(rows), 'finding')} you ticked, of "
        f"{format_count(len(patterns), 'pattern')} and "
        f"{format_count(len(entities), 'entity', 'entities')}"
        + (": one decision per pattern." if len(patterns) > 1 else ": one decision.")
    )
    with st.container(border=True):
        st.caption("Your verdict on what is ticked")
        forms.verdict_form(
            forms.Target(
                key=f"bulk-{hash(ids)}",
                finding_ids=ids,
                draft=triage.drafted_reason(workspace().store.finding(ids[0])),
                kind="selection" if len(ids) > 1 else "finding",
                reach=reach,
                suggestion=next(iter(distill.suggestions(workspace(), rows[:1]).values()), None)
                if len(patterns) == 1
                else None,
                seen={row.id: row.verdict_number for row in rows},
            ),
            shortcuts=keys,
            saved=queue_ticks.clear,
        )
    if suppress_form.is_burst(rows):
        suppress_form.burst_button(ids, key="bulk_suppress")
    with st.container(horizontal=True):
        report_form.button(
            finding_ids=ids,
            filters="a hand-picked selection",
            key="report-ticked",
            disabled=len(ids) > MAX_FINDINGS,
        )
        st.download_button(
            "CSV",
            data=lambda: export.findings_csv(workspace(), ids, filters="a hand-picked selection"),
            file_name="deepaid-findings.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/download:",
        )


def preview(view: QueueView, finding_id: str, *, after: str | None, keys: bool) -> None:
    """The finding that is picked: what it is, what deviates, and the verdict form.

    Args:
        view: What the queue shows, to come back to.
        finding_id: Which.
        after: Id of the one to go on with.
        keys: Whether keys press the buttons.
    """
    finding, row = workspace().store.finding(finding_id), workspace().store.row(finding_id)
    _head(finding, row)
    with st.container(horizontal=True, gap="xsmall"):
        if st.button(
            "Investigate",
            type="primary",
            shortcut="O" if keys else None,
            key="peek_open",
            icon=":material/search:",
        ):
            navigation.go("finding", {"id": finding.id, **view.packed()})
        queue_actions.buttons((finding.id,), key="peek", keys=keys, assignees=[row.assignee])
    st.text(_facts(finding, row))
    st.text(triage.drafted_reason(finding))
    with st.container(border=True):
        st.caption("Judge anew" if row.verdict_number is not None else "Your verdict")
        forms.verdict_form(
            forms.Target(
                key=f"peek-{finding.id}-{row.verdict_number or 0}",
                finding_ids=(finding.id,),
                draft=triage.drafted_reason(finding),
                pattern_id=finding.pattern_id,
                suggestion=distill.suggestions(workspace(), [row])[row.id],
                seen={finding.id: row.verdict_number},
            ),
            after=lambda: session.set_param("peek", after),
            next_label="Save & next",
            shortcuts=keys,
        )
    kinds.preview(finding)


def _head(finding: Finding, row: FindingRow) -> None:
    diagnostics = finding.interpretation.diagnostics
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{finding.id}**")
        if row.verdict is not None or row.suppression_number is not None:
            panels.standing_badge(row)
        panels.severity_badge(finding.ratio)
        panels.proof_badge(
            verified=diagnostics.verified,
            reference_score=diagnostics.reference_score,
            threshold=diagnostics.threshold,
        )


def _facts(finding: Finding, row: FindingRow) -> str:
    held = workspace().store.desk.cases_of([finding.id]).get(finding.id, ())
    events = format_count(finding.event_count, "event")
    excess = format_excess(finding.max_score, finding.threshold, finding.ratio)
    detector = one_line(shorten(finding.detector_name, 60))
    lines = [
        f"{one_line(shorten(finding.entity, 120))} · {events} · {excess}",
        f"Last event {format_time_utc(finding.last_time)}",
        f"{finding.pattern_id} · {detector}",
        f"Looked at by {one_line(shorten(row.assignee, 80))}" if row.assignee else "Unassigned",
    ]
    if held:
        lines.append("In case " + ", ".join(f"C-{number}" for number in held))
    return "\n".join(lines)
