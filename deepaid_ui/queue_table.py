"""The lines of the queue: what an analyst decides the order by, within one screen's width."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from deepaid_core.domain.queries import FindingRow
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.workflow.distill import Suggestion
from deepaid_ui import tables

__all__ = ["CONFIG", "frame"]

_SHORT: Mapping[str, str] = {
    VerdictLabel.TRUE_POSITIVE: "TP",
    VerdictLabel.FALSE_POSITIVE: "FP",
    VerdictLabel.BENIGN_POSITIVE: "BP",
    VerdictLabel.UNDETERMINED: "?",
}

CONFIG: Mapping[str, Any] = {
    "Finding": st.column_config.TextColumn(width=98, pinned=True, help="Click an id to open it."),
    "Severity": {"width": 68},
    "Entity": st.column_config.TextColumn(width=98),
    "What deviates": st.column_config.TextColumn(
        width=270, help="The strongest deviations from the closest normal event."
    ),
    "Suggestion": st.column_config.TextColumn(
        width=104, help="What the Distiller makes of earlier verdicts, and how sure it is."
    ),
    "Verified": st.column_config.TextColumn(
        "Proof",
        width=44,
        help="✓ the detector accepts the closest normal event, ✗ it does not: read the deviations "
        "with care.",
    ),
    "Verdict": st.column_config.TextColumn(
        width=96,
        help="TP true positive, FP false positive, BP benign positive, ? undetermined; and what "
        "it was.",
    ),
    "Assignee": st.column_config.TextColumn(width=62, help="Who looks at it."),
    "Suppression": st.column_config.TextColumn(
        width=76,
        help="⊘ a suppression keeps it out of the queue; ⟳ one covers it, but leaves it in the "
        "queue for somebody to check.",
    ),
    "Case": st.column_config.TextColumn(width=60, help="Cases that hold it."),
    "Last event (UTC)": st.column_config.TextColumn(width=118),
    "Detector": st.column_config.TextColumn(width=90),
}
"""Widths with which the columns up to "Proof" stand beside the preview at 1440 pixels."""


def frame(
    rows: Sequence[FindingRow],
    suggestions: Mapping[str, Suggestion],
    cases: Mapping[str, Sequence[int]],
) -> pd.DataFrame:
    """Lines of the queue; the first column is the id.

    Columns that are empty in every line are left out, but for those that always matter.
    """
    judged = [row.verdict is not None for row in rows]
    held = [row.suppression_number is not None for row in rows]
    columns: dict[str, list[Any]] = {
        "Finding": [row.id for row in rows],
        "Severity": [[tables.severity_chip(row.ratio)] for row in rows],
        "Entity": [tables.cell_text(row.entity) for row in rows],
        "What deviates": [tables.cell_text(row.summary) for row in rows],
    }
    if not all(judged):
        columns["Suggestion"] = [tables.suggestion_text(suggestions.get(row.id)) for row in rows]
    columns["Verified"] = ["✓" if row.verified else "✗" for row in rows]
    if any(judged):
        columns["Verdict"] = [_verdict(row) for row in rows]
    if any(held):
        columns["Suppression"] = [_held(row) for row in rows]
    if cases:
        columns["Case"] = [
            " ".join(f"C-{number}" for number in cases.get(row.id, ())) for row in rows
        ]
    if any(row.assignee for row in rows):
        columns["Assignee"] = [tables.cell_text(row.assignee or "") for row in rows]
    columns["Last event (UTC)"] = [tables.moment(row.last_time)[:16] for row in rows]
    # Last: what deviates says as much, and the preview names it.
    columns["Detector"] = [tables.cell_text(row.detector_name) for row in rows]
    return pd.DataFrame(columns)


def _verdict(row: FindingRow) -> str:
    if row.verdict is None:
        return ""
    return f"{_SHORT.get(row.verdict, row.verdict)} {tables.cell_text(row.category or '')}".strip()


def _held(row: FindingRow) -> str:
    if row.suppression_number is None:
        return ""
    return f"{'⟳' if row.resurfaced else '⊘'} S-{row.suppression_number}"
