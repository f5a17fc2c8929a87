"""The parts of a finding's page."""

import streamlit as st

from deepaid_core.domain.finding import Finding, Status
from deepaid_core.domain.queries import FindingQuery, FindingRow, PatternRow
from deepaid_core.figures.numbers import (
    format_count,
    format_duration,
    format_excess,
    format_score,
    format_time_utc,
)
from deepaid_core.figures.scores import flip_curve, members_timeline, score_strip
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import distill, suppress, triage
from deepaid_core.workflow.distill import Suggestion
from deepaid_ui import (
    charts,
    filters,
    firmness,
    forms,
    navigation,
    panels,
    patterns,
    problems,
    reporting,
    session,
    suppress_form,
    tables,
)
from deepaid_ui.session import QueueView
from deepaid_ui.text import one_line, plain
from deepaid_ui.views import kinds
from deepaid_ui.workspace import workspace

__all__ = ["evidence", "header", "history", "proof", "rail", "why"]

_SIMILAR = 20
_NAME = 120


def _step(finding_id: str) -> None:
    session.set_param("id", finding_id)
    session.forget_done()


def header(finding: Finding, row: FindingRow, view: QueueView) -> None:
    """Id, badges, ways on, and what it is about."""
    diagnostics = finding.interpretation.diagnostics
    asking = suppress_form.asking()
    before, after = workspace().store.neighbours(view.query(filters.paths_for(view)), finding.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(finding.id, anchor=False, width="content")
        panels.severity_badge(row.ratio)
        panels.proof_badge(
            verified=diagnostics.verified,
            reference_score=diagnostics.reference_score,
            threshold=diagnostics.threshold,
        )
        panels.standing_badge(row)
        st.space("stretch")
        if st.button("Queue", icon=":material/list:", help="Back to the queue as it was left"):
            navigation.go("queue", view.to_params())
        st.button(
            "Previous",
            shortcut=None if asking else "K",
            disabled=before is None,
            on_click=_step,
            args=(before,),
            help="The one before in the queue's order",
        )
        st.button(
            "Next",
            shortcut=None if asking else "J",
            disabled=after is None,
            on_click=_step,
            args=(after,),
            help="The one after in the queue's order",
        )
        st.download_button(
            "Report (HTML)",
            data=lambda: reporting.html_report([finding.id]),
            file_name=f"deepaid-{finding.id}.html",
            mime="text/html",
            on_click="ignore",
            icon=":material/download:",
        )
    panels.facts(
        (
            ("Entity", shorten(finding.entity, _NAME)),
            ("Score", _score(row)),
            ("Detector", f"{finding.detector_name} ({finding.detector_id})"),
            ("Events", _events(finding)),
            ("First event", format_time_utc(finding.first_time)),
            ("Last event", format_time_utc(finding.last_time)),
            ("Source", shorten(finding.source_name, _NAME)),
            (
                "Closest normal",
                f"scores {format_score(diagnostics.reference_score)}, "
                f"threshold {format_score(diagnostics.threshold)}",
            ),
        )
    )


def _score(row: FindingRow) -> str:
    excess = format_excess(row.max_score, row.threshold, row.ratio)
    return excess if excess.startswith("score") else f"{format_score(row.max_score)}, {excess}"


def _events(finding: Finding) -> str:
    if finding.event_count == 1:
        return "1"
    return f"{finding.event_count:,} in {format_duration(finding.last_time - finding.first_time)}"


def why(finding: Finding) -> None:
    """What is unusual and what would be normal, as its kind of data shows it."""
    interpretation = finding.interpretation
    diagnostics = interpretation.diagnostics
    if not diagnostics.verified:
        needed = (
            f" The fewest that work are {diagnostics.deviations_needed}."
            if diagnostics.deviations_needed
            else ""
        )
        st.warning(
            plain(
                f"Not verified: with up to {diagnostics.max_deviations} deviations no event was "
                f"found that the detector accepts.{needed} What follows is the nearest attempt; "
                f"it scores {format_score(diagnostics.reference_score)}, the threshold is "
                f"{format_score(diagnostics.threshold)}."
            ),
            icon=":material/warning:",
        )
    kinds.why(finding)


def proof(finding: Finding) -> None:
    """Why the closest normal event counts as normal, and how firm the interpretation is."""
    diagnostics = finding.interpretation.diagnostics
    left, right = st.columns(2, gap="medium")
    with left:
        charts.show(
            charts.narrow(
                score_strip(
                    diagnostics.score,
                    diagnostics.threshold,
                    diagnostics.reference_score,
                    ratio=finding.ratio,
                )
            ),
            key=f"strip-{finding.id}",
        )
        if diagnostics.plausibility is not None:
            st.caption(
                f"Its distance to the nearest training event is at or above "
                f"{diagnostics.plausibility:.3g} % of such distances between training events; "
                "the lower, the more it looks like what was seen in training."
            )
    with right:
        charts.show(charts.narrow(flip_curve(diagnostics)), key=f"flip-{finding.id}")
    firmness.show(finding)
    navigation.link(
        "compare",
        "Compare with other methods",
        {"finding": finding.id, **session.QueueView.carried().packed()},
        icon=":material/balance:",
    )


def evidence(finding: Finding) -> None:
    """Events over time, raw rows around the interpreted one, counterparts."""
    charts.show(
        members_timeline(
            finding.member_times,
            finding.member_scores,
            finding.threshold,
            finding.event_time,
            ratio=finding.ratio,
        ),
        key=f"members-{finding.id}",
    )
    if finding.peers:
        st.markdown("**Counterparts**")
        tables.show(
            tables.peers_frame(finding.peers),
            key=f"peers-{finding.id}",
            alt="Counterparts and how many events each",
            clickable=False,
        )
    st.markdown("**Raw events around the interpreted one**")
    if not finding.evidence:
        st.caption("The source kept no raw events for this finding.")
        return
    tables.show(
        tables.evidence_frame(finding),
        key=f"evidence-{finding.id}",
        alt="Raw events around the interpreted one",
        clickable=False,
    )


def history(
    finding: Finding, row: FindingRow, pattern: PatternRow | None, suggestion: Suggestion
) -> None:
    """The pattern, what was decided on it before, and on this finding."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Pattern {plain(finding.pattern_id)}**")
        patterns.attack_badge(pattern)
        navigation.link(
            "patterns",
            "Open the pattern",
            {"pattern": finding.pattern_id},
            icon=":material/schema:",
        )
    for position, state in enumerate(finding.path, start=1):
        st.text(f"{position}. {distill.describe(state)}")
    if pattern is not None:
        panels.facts(
            (
                ("Findings", patterns.summary(pattern)),
                ("Entities", f"{pattern.entities:,}"),
                ("True / false positive", f"{pattern.true_positives} / {pattern.false_positives}"),
                (
                    "Benign / undetermined",
                    f"{pattern.benign_positives} / {pattern.undetermined}",
                ),
            )
        )
    st.markdown("**What the Distiller makes of it**")
    st.text(f"{tables.suggestion_text(suggestion)}. {suggestion.reason}")
    st.markdown("**Findings of this pattern that were judged before**")
    judged = workspace().store.page(
        FindingQuery(status=Status.CLOSED, pattern_id=finding.pattern_id, sort="newest"),
        limit=_SIMILAR + 1,
    )
    similar = [other for other in judged if other.id != finding.id][:_SIMILAR]
    if similar:
        selection = tables.show(
            tables.findings_frame(similar, {})[
                ["Finding", "Verdict", "Entity", "Severity", "Last event (UTC)"]
            ],
            key=f"similar-{finding.id}-{filters.version()}",
            alt="Findings of the same pattern with their verdicts",
        )
        cell = tables.clicked_row(selection)
        if cell and cell[0] < len(similar):
            navigation.go("finding", {"id": similar[cell[0]].id})
    else:
        st.caption("None yet.")
    st.markdown("**Verdicts on this finding**")
    verdicts = workspace().store.verdicts(finding_id=finding.id)
    if verdicts:
        tables.show(
            tables.verdicts_frame(verdicts),
            key=f"history-{finding.id}-{filters.version()}",
            alt="Verdicts on this finding",
            clickable=False,
        )
    else:
        st.caption("None yet.")


def _under(row: FindingRow, number: int) -> None:
    with st.container(border=True):
        st.caption(
            "Left in the queue as a check of a suppression: is it still right?"
            if row.resurfaced
            else "Kept out of the open queue by a suppression"
        )
        for one in workspace().store.suppressions(number=number):
            decision = one.decision
            st.text(f"{one_line(shorten(decision.category, 80))}: {decision.reason}")
        navigation.link(
            "suppressions",
            f"Open suppression S-{number}",
            {"s": str(number)},
            icon=":material/visibility_off:",
        )


def rail(
    finding: Finding,
    row: FindingRow,
    view: QueueView,
    *,
    pattern: PatternRow | None,
    suggestion: Suggestion,
) -> None:
    """What the Distiller suggests and the verdict form."""
    with st.container(border=True):
        st.caption("The Distiller suggests")
        st.text(tables.suggestion_text(suggestion))
        st.caption(plain(suggestion.reason))
    if row.verdict_number is not None:
        with st.container(border=True):
            st.caption(f"Verdict {row.verdict_number} is in force")
            st.text(tables.verdict_text(row.verdict, row.category))
            st.button(
                "Take it back",
                key=f"undo-{row.verdict_number}",
                icon=":material/undo:",
                on_click=problems.in_callback(panels.undo),
                args=((row.verdict_number,),),
            )
            if suppress_form.is_burst([row]):
                ids = suppress.false_positives_of_burst(workspace(), row)
                suppress_form.burst_button(ids, key="burst_suppress")
    elif row.suppression_number is not None:
        _under(row, row.suppression_number)
    with st.container(border=True):
        st.caption("Judge anew" if row.verdict_number is not None else "Your verdict")
        siblings = pattern.open_findings if pattern else 0

        def go_on() -> None:
            _, after = workspace().store.neighbours(view.query(filters.paths_for(view)), finding.id)
            if after is not None:
                session.set_param("id", after)

        forms.verdict_form(
            forms.Target(
                key=f"judge-{finding.id}-{row.verdict_number or 0}",
                finding_ids=(finding.id,),
                draft=triage.drafted_reason(finding),
                pattern_id=finding.pattern_id,
                siblings=siblings,
                reach=(
                    f"Reaches {format_count(siblings, 'open finding')} of this pattern; it has "
                    f"{format_count(pattern.findings, 'finding')} on "
                    f"{format_count(pattern.entities, 'entity', 'entities')}."
                )
                if pattern
                else "",
                suggestion=suggestion,
            ),
            after=go_on,
            next_label="Save & next",
            shortcuts=not suppress_form.asking(),
        )
