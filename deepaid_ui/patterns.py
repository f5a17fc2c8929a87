"""What several pages show of patterns."""

from collections.abc import Sequence

import streamlit as st

from deepaid_core.domain.queries import PatternRow
from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow import distill, steering
from deepaid_core.workflow.distill import Suggestion
from deepaid_core.workflow.steering import NextBest
from deepaid_ui import filters, navigation, tables
from deepaid_ui.pattern_frames import patterns_frame
from deepaid_ui.workspace import workspace

__all__ = ["attack_badge", "clickable", "decisions", "judge_next", "suggestions", "summary"]

_NEXT = 5


def suggestions(patterns: Sequence[PatternRow]) -> dict[str, Suggestion]:
    """What the Distiller makes of the strongest example of each pattern."""
    reader = distill.distiller(workspace())
    return {one.pattern_id: reader.suggest(one.detector_name, one.example_path) for one in patterns}


@st.cache_data(max_entries=4, show_spinner=False)
def _best(home: str, at: str) -> tuple[NextBest, ...]:
    return steering.next_best(workspace(), limit=_NEXT)


def judge_next() -> tuple[NextBest, ...]:
    """The patterns on which one verdict is expected to shorten the queue most, best first."""
    return _best(str(workspace().home), filters.version())


def decisions(pattern: PatternRow) -> int:
    """Verdicts in force on a pattern."""
    return (
        pattern.true_positives
        + pattern.false_positives
        + pattern.benign_positives
        + pattern.undetermined
    )


def summary(pattern: PatternRow) -> str:
    """Where its findings stand: "12 open, 3 judged, 40 suppressed"."""
    judged = pattern.findings - pattern.open_findings - pattern.suppressed_findings
    parts = (
        (pattern.open_findings, "open"),
        (judged, "judged"),
        (pattern.suppressed_findings, "suppressed"),
    )
    return ", ".join(f"{count:,} {word}" for count, word in parts if count)


def attack_badge(pattern: PatternRow | None) -> None:
    """That an attack was confirmed on the pattern, which protects it; nothing where none was."""
    if pattern is None or not pattern.true_positives:
        return
    st.badge(
        "Confirmed attack: protected",
        icon=":material/shield:",
        color="violet",
        help=f"{format_count(pattern.true_positives, 'true positive')} on this pattern. No "
        "suppression may take its findings out of the queue.",
    )


def clickable(
    rows: Sequence[PatternRow], *, key: str, alt: str, height: int | str = "content"
) -> None:
    """Patterns as a table; a click on a row opens its page."""
    selection = tables.show(
        patterns_frame(rows, suggestions(rows)),
        key=f"{key}-{filters.version()}",
        alt=alt,
        height=height,
    )
    cell = tables.clicked_row(selection)
    if cell and cell[0] < len(rows):
        navigation.go("patterns", {"pattern": rows[cell[0]].pattern_id})
