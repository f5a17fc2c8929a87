"""Findings as a CSV file."""

import csv
import hashlib
import io
from collections.abc import Sequence
from typing import Final

from deepaid_core.domain.actions import NewRecord
from deepaid_core.figures.numbers import format_time_utc
from deepaid_core.workspace import Workspace
from deepaid_ui import session
from deepaid_ui.text import spreadsheet_cell

__all__ = ["findings_csv"]

_BATCH: Final = 1000


def findings_csv(workspace: Workspace, finding_ids: Sequence[str], *, filters: str) -> bytes:
    """Findings as CSV that no spreadsheet runs formulas from; the export is written to the log.

    Args:
        workspace: Where.
        finding_ids: In this order.
        filters: How they were chosen, in words.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        ["finding", "detector", "entity", "pattern", "first_event", "last_event", "events",
         "score", "threshold", "verified", "status", "verdict", "category", "assignee", "summary",
         "source"]
    )  # fmt: skip
    for start in range(0, len(finding_ids), _BATCH):
        for row in workspace.store.rows(finding_ids[start : start + _BATCH]):
            first, last = format_time_utc(row.first_time), format_time_utc(row.last_time)
            cells = (
                row.id, row.detector_name, row.entity, row.pattern_id, first, last,
                str(row.event_count), repr(row.max_score),
                repr(row.threshold), str(row.verified).lower(), str(row.status),
                row.verdict or "", row.category or "", row.assignee or "", row.summary,
                row.source_name,
            )  # fmt: skip
            writer.writerow([spreadsheet_cell(cell) for cell in cells])
    data = out.getvalue().encode("utf-8")
    facts = {
        "format": "csv",
        "findings": str(len(finding_ids)),
        "filters": filters,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    record = NewRecord("export", "deepaid-findings.csv", facts, session.author() or "")
    workspace.store.desk.act([record])
    return data
