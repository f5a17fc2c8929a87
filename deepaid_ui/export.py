"""Findings as a CSV file."""

import csv
import io
from typing import Final

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.figures.numbers import format_time_utc
from deepaid_core.store.base import Store
from deepaid_ui.text import spreadsheet_cell

__all__ = ["findings_csv"]

_BATCH: Final = 1000


def findings_csv(store: Store, query: FindingQuery) -> bytes:
    """All findings of a query as CSV that no spreadsheet runs formulas from."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        ["finding", "detector", "entity", "pattern", "first_event", "last_event", "events",
         "score", "threshold", "verified", "status", "verdict", "category", "summary", "source"]
    )  # fmt: skip
    offset = 0
    while rows := store.page(query, limit=_BATCH, offset=offset):
        offset += len(rows)
        for row in rows:
            first, last = format_time_utc(row.first_time), format_time_utc(row.last_time)
            cells = (
                row.id, row.detector_name, row.entity, row.pattern_id, first, last,
                str(row.event_count), repr(row.max_score),
                repr(row.threshold), str(row.verified).lower(), str(row.status),
                row.verdict or "", row.category or "", row.summary, row.source_name,
            )  # fmt: skip
            writer.writerow([spreadsheet_cell(cell) for cell in cells])
    return out.getvalue().encode("utf-8")
