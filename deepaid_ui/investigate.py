"""The parts of a finding's page that decide: why it was flagged, and the verdict beside it."""

import streamlit as st

from deepaid_core.domain.finding import Finding
from deepaid_core.domain.queries import FindingRow, PatternRow
from deepaid_core.figures.gauge import gauge_sentence
from deepaid_core.figures.numbers import format_count
from deepaid_core.figures.scores import flip_curve
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import suppress, triage
from deepaid_core.workflow.distill import Suggestion
from deepaid_ui import (
    charts,
    filters,
    firmness,
    forms,
    investigate_keys,
    investigate_notices,
    navigation,
    panels,
    problems,
    session,
    suppress_form,
    tables,
)
from deepaid_ui.session import QueueView
from deepaid_ui.text import as_written, one_line, plain
from deepaid_ui.views import kinds
from deepaid_ui.workspace import workspace

__all__ = ["deviations", "rail"]


def deviations(finding: Finding) -> None:
    """What is unusual and what would be normal, then how far that is proven."""
    investigate_notices.of_interpretation(finding)
    kinds.why(finding)
    st.divider()
    _proof(finding)


def _proof(finding: Finding) -> None:
    """Why the closest normal event counts as normal, and how firm the interpretation is."""
    diagnostics = finding.interpretation.diagnostics
    st.markdown("**Proof: how far to trust this**")
    with st.container(key="unsqueezed_proof"):
        left, right = st.columns(2, gap="medium")
    with left:
        charts.show(charts.narrow(flip_curve(diagnostics)), key=f"flip-{finding.id}")
    with right:
        st.text(
            gauge_sentence(diagnostics.score, diagnostics.threshold, diagnostics.reference_score)
        )
        if diagnostics.plausibility is not None:
            st.caption(
                "The closest normal event is at least as far from its nearest training event as "
                f"{diagnostics.plausibility:.3g} % of training events are from theirs; the lower, "
                "the more it looks like what was seen in training."
            )
        navigation.link(
            "compare",
            "Compare with other methods",
            {"finding": finding.id, **session.QueueView.carried().packed()},
            icon=":material/balance:",
        )
    firmness.show(finding)


def _under(row: FindingRow, number: int) -> None:
    with st.container(border=True):
        st.caption(
            "Left in the queue as a check of a suppression: is it still right?"
            if row.resurfaced
            else "Kept out of the open queue by a suppression"
        )
        for one in workspace().store.suppressions(number=number):
            decision = one.decision
            category = one_line(shorten(decision.category, 80))
            st.text(f"{category}: {as_written(decision.reason)}")
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
    save_key: bool,
) -> None:
    """What the Distiller suggests and the verdict form.

    Args:
        finding: Which.
        row: The same as a line of the queue.
        view: Whose next finding "Save & next" opens.
        pattern: Of the finding, if it is known.
        suggestion: What the Distiller makes of it.
        save_key: Whether Ctrl+Enter saves; in a note it adds the note instead.
    """
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
                seen={finding.id: row.verdict_number},
            ),
            after=go_on,
            next_label="Save & next",
            shortcuts=not investigate_keys.asking(),
            save_key=save_key,
        )
