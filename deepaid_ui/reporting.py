"""Reports on their way from the store to a download button."""

import time
from collections.abc import Sequence

from deepaid_core import __version__
from deepaid_core.domain.queries import FindingRow
from deepaid_core.reports import html
from deepaid_core.reports.document import ReportDocument
from deepaid_core.workflow import distill
from deepaid_ui import session
from deepaid_ui.workspace import workspace

__all__ = ["html_report"]


def _suggestion(row: FindingRow) -> str:
    suggestion = distill.suggestions(workspace(), [row])[row.id]
    if not suggestion.known or suggestion.category is None:
        return "unknown: " + suggestion.reason
    return f"{suggestion.category} ({suggestion.confidence:.0%}): {suggestion.reason}"


def html_report(finding_ids: Sequence[str], *, filters: str = "") -> bytes:
    """One self-contained HTML file on the given findings."""
    document = ReportDocument.build(
        workspace().store,
        finding_ids,
        generated_time=time.time(),
        version=__version__,
        author=session.author() or "",
        filters=filters,
        suggest=_suggestion,
        describe_state=distill.describe,
    )
    return html.render(document).encode("utf-8")
