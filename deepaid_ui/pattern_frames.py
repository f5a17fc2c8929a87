"""Patterns and the states they consist of as tables."""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from deepaid_core.distiller.explanation import PathExplanation
from deepaid_core.domain.graph import StateGraph
from deepaid_core.domain.queries import PatternRow
from deepaid_core.workflow.distill import Suggestion, describe
from deepaid_core.workflow.reach import Neighbour
from deepaid_core.workflow.steering import NextBest
from deepaid_ui.tables import cell_text, moment, severity_chip, suggestion_text

__all__ = ["mix", "neighbours_frame", "next_frame", "nodes_frame", "patterns_frame", "steps_frame"]


def mix(pattern: PatternRow) -> str:
    """Decisions in force on a pattern in one cell: "2 TP, 1 FP"; empty where there is none."""
    counts = (
        (pattern.true_positives, "TP"),
        (pattern.false_positives, "FP"),
        (pattern.benign_positives, "BP"),
        (pattern.undetermined, "?"),
    )
    return ", ".join(f"{count} {name}" for count, name in counts if count)


def mix_words(pattern: PatternRow) -> str:
    """Decisions in force on a pattern in words: "2 true positive, 1 false positive"."""
    counts = (
        (pattern.true_positives, "true positive"),
        (pattern.false_positives, "false positive"),
        (pattern.benign_positives, "benign positive"),
        (pattern.undetermined, "undetermined"),
    )
    return ", ".join(f"{count:,} {name}" for count, name in counts if count)


def patterns_frame(
    rows: Sequence[PatternRow], suggestions: Mapping[str, Suggestion]
) -> pd.DataFrame:
    """Patterns with what was decided on them; the first column is the id."""
    return pd.DataFrame(
        {
            "Pattern": [row.pattern_id for row in rows],
            "Open": [row.open_findings for row in rows],
            "Suppressed": [row.suppressed_findings for row in rows],
            "Findings": [row.findings for row in rows],
            "What deviates": [cell_text(row.example_summary) for row in rows],
            "Verdicts": [mix(row) for row in rows],
            "Suggestion": [suggestion_text(suggestions.get(row.pattern_id)) for row in rows],
            "Severity": [[severity_chip(row.max_ratio)] for row in rows],
            "Entities": [row.entities for row in rows],
            "First event (UTC)": [moment(row.first_time) for row in rows],
            "Last event (UTC)": [moment(row.last_time) for row in rows],
            "Detector": [cell_text(row.detector_name) for row in rows],
        }
    )


def nodes_frame(
    graph: StateGraph, selected: str | None, found: Collection[str] | None = None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """States and categories of the machine, those beside the selected one first, and their ids.

    Args:
        graph: Whose nodes.
        selected: Id of a node, or None.
        found: Ids of the nodes that a search found, which are marked and stand first; None while
            nothing is searched for.
    """
    near: dict[str, str] = {}
    for edge in graph.edges:
        if edge.source == selected:
            near[edge.target] = "follows"
        if edge.target == selected:
            near.setdefault(edge.source, "precedes")
    if selected is not None:
        near[selected] = "selected"
    nodes = sorted(
        graph.nodes,
        key=lambda node: (
            node.id != selected,
            found is not None and node.id not in found,
            node.id not in near,
        ),
    )
    frame = pd.DataFrame(
        {
            **({"": [near.get(node.id, "") for node in nodes]} if selected else {}),
            **(
                {"Found": ["▶" if node.id in found else "" for node in nodes]}
                if found is not None
                else {}
            ),
            "State or category": [cell_text(node.title) for node in nodes],
            "Kind": ["category" if node.is_category else "state" for node in nodes],
            "Decisions": [node.support for node in nodes],
            "True positive": [node.true_positives for node in nodes],
            "False positive": [node.false_positives for node in nodes],
        }
    )
    return frame, tuple(node.id for node in nodes)


def next_frame(rows: Sequence[NextBest]) -> pd.DataFrame:
    """Patterns to judge next; the first column is the id."""
    return pd.DataFrame(
        {
            "Pattern": [row.pattern.pattern_id for row in rows],
            "Look at": [row.finding_id for row in rows],
            "Open": [row.pattern.open_findings for row in rows],
            "Expected to leave": [row.expected for row in rows],
            "Why": [cell_text(row.reason) for row in rows],
            "What deviates": [cell_text(row.pattern.example_summary) for row in rows],
            "Detector": [cell_text(row.pattern.detector_name) for row in rows],
        }
    )


def steps_frame(explanation: PathExplanation) -> pd.DataFrame:
    """The way of a path through the machine: how often verdicts took each step, by category."""
    return pd.DataFrame(
        {
            "Step": [
                "then the category"
                if step.target is None
                else cell_text(f"{place}. {describe(step.target)}")
                for place, step in enumerate(explanation.steps, start=1)
            ],
            "Taken by verdicts": [
                cell_text(", ".join(f"{count:,} × {outcome}" for outcome, count in step.counts))
                or "none"
                for step in explanation.steps
            ],
        }
    )


def neighbours_frame(rows: Sequence[Neighbour]) -> pd.DataFrame:
    """Patterns one state away; the first column is the id."""
    patterns = [row.pattern for row in rows]
    return pd.DataFrame(
        {
            "Pattern": [one.pattern_id for one in patterns],
            "Verdicts": [mix(one) for one in patterns],
            "Attack": ["⚑ confirmed" if one.true_positives else "" for one in patterns],
            "What is different": [_others(row) for row in rows],
            "Open": [one.open_findings for one in patterns],
            "Findings": [one.findings for one in patterns],
            "Last event (UTC)": [moment(one.last_time) for one in patterns],
        }
    )


def _others(row: Neighbour) -> str:
    others = [state for state in row.pattern.states if state not in row.shared]
    return cell_text("; ".join(map(describe, others)))
