"""What was decided before: the pattern's way, similar findings with reasons, suppressions."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from deepaid_core.domain.finding import Finding
from deepaid_core.domain.queries import FindingRow, PatternRow
from deepaid_core.domain.suppression import Suppression
from deepaid_core.figures.pattern_path import Outcome, path_figure
from deepaid_core.workflow import distill, suppress
from deepaid_core.workflow.distill import Suggestion
from deepaid_core.workflow.precedent import Precedent, similar, touching
from deepaid_ui import charts, filters, navigation, panels, patterns, tables
from deepaid_ui.pattern_frames import steps_frame
from deepaid_ui.suppressions_words import STATES, hits_words
from deepaid_ui.text import one_line, plain
from deepaid_ui.workspace import workspace

__all__ = ["history"]

_SIMILAR = 20
_SUPPRESSIONS = 10


def history(
    finding: Finding, row: FindingRow, pattern: PatternRow | None, suggestion: Suggestion
) -> None:
    """The pattern, what was decided on it before, and what touches this finding."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Pattern {plain(finding.pattern_id)}**")
        patterns.attack_badge(pattern)
        navigation.link(
            "patterns",
            "Open the pattern",
            {"pattern": finding.pattern_id},
            icon=":material/schema:",
        )
    _way(finding, pattern)
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
    st.text(f"{tables.suggestion_text(suggestion)}. {one_line(suggestion.reason)}")
    _similar(row)
    _suppressions(row)


def _way(finding: Finding, pattern: PatternRow | None) -> None:
    # The way itself as a figure; the table beside it says the same, and who took each step.
    states = [distill.describe(state) for state in finding.path]
    if not states:
        st.caption("The interpretation names no deviation, so there is no way to draw.")
        return
    charts.show(path_figure(states, _outcomes(pattern)), key=f"path-{finding.id}")
    st.caption("The same as a table: how often verdicts took each step, strongest deviation first")
    tables.show(
        steps_frame(distill.distiller(workspace()).explain(finding.detector_name, finding.path)),
        key=f"steps-{finding.id}-{filters.version()}",
        alt="States of the path and how many verdicts took each step",
        clickable=False,
    )


def _outcomes(pattern: PatternRow | None) -> list[Outcome]:
    if pattern is None:
        return []
    counts: dict[tuple[str, str], int] = {}
    for one in workspace().store.verdicts(pattern_id=pattern.pattern_id):
        if one.undone_by is None:
            key = (one.decision.label.value, one.decision.category)
            counts[key] = counts.get(key, 0) + 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(label, category, count) for (label, category), count in ranked]


def _similar(row: FindingRow) -> None:
    st.markdown("**Findings of this pattern that were judged before**")
    found = similar(workspace(), row, limit=_SIMILAR)
    if not found:
        st.caption("None yet. Your verdict is the first that this pattern gets.")
        return
    selection = tables.show(
        _precedents_frame(found),
        key=f"similar-{row.id}-{filters.version()}",
        alt="Findings of the same pattern with their verdicts, reasons and authors",
        height=min(330, 38 + 35 * len(found)),
    )
    cell = tables.clicked_row(selection)
    if cell and cell[0] < len(found):
        navigation.go("finding", {"id": found[cell[0]].row.id})


def _precedents_frame(found: Sequence[Precedent]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Finding": [one.row.id for one in found],
            "Verdict": [tables.verdict_text(one.row.verdict, one.row.category) for one in found],
            "Reason": [tables.cell_text(one.verdict.decision.reason) for one in found],
            "Analyst": [tables.cell_text(one.verdict.decision.author) for one in found],
            "Judged (UTC)": [tables.moment(one.verdict.time) for one in found],
            "Entity": [tables.cell_text(one.row.entity) for one in found],
            "Last event (UTC)": [tables.moment(one.row.last_time) for one in found],
        }
    )


def _suppressions(row: FindingRow) -> None:
    st.markdown("**Suppressions that touch it**")
    found = touching(workspace(), row)
    if not found:
        st.caption("None. No suppression has this finding in its scope.")
        return
    states = {one.suppression.number: one.state for one in suppress.listing(workspace())}
    for one in found[:_SUPPRESSIONS]:
        look, state = STATES[states[one.number]], states[one.number]
        with st.container(border=True, gap="xsmall"):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.badge(f"{look.symbol} {state}", color=look.color, help=look.meaning)
                navigation.link(
                    "suppressions",
                    f"Open suppression {one.id}",
                    {"s": str(one.number)},
                    icon=":material/visibility_off:",
                )
            st.text(_reason(one))
            st.caption(
                f"It holds this finding. {hits_words(one)}"
                if row.suppression_number == one.number
                else f"It does not hold this finding now. {hits_words(one)}"
            )


def _reason(one: Suppression) -> str:
    decision = one.decision
    return one_line(f"{decision.category}: {decision.reason} ({decision.author})")
