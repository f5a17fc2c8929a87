"""What a new case starts with: a title made of its findings, for the analyst to change."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from deepaid_core.domain.queries import FindingRow
from deepaid_core.figures.numbers import format_count
from deepaid_core.figures.text import shorten, visible
from deepaid_core.workflow.cases import LONGEST_TITLE
from deepaid_core.workspace import Workspace

__all__ = ["drafted_title"]

_READ: Final = 200
_LONGEST: Final = 60


def drafted_title(workspace: Workspace, finding_ids: Sequence[str]) -> str:
    """Who it is about and what was judged or deviates; names values, never a cause.

    Raises:
        NotFoundError: A finding is unknown.
    """
    rows = workspace.store.rows(finding_ids[:_READ])
    if not rows:
        return ""
    return shorten(f"{_what(rows)} {_whom(rows)}", LONGEST_TITLE)


def _what(rows: Sequence[FindingRow]) -> str:
    categories = Counter(row.category for row in rows if row.category)
    if categories:
        return _cut(categories.most_common(1)[0][0]).capitalize()
    detectors = Counter(row.detector_name for row in rows)
    name = _cut(detectors.most_common(1)[0][0])
    more = f" and {len(detectors) - 1} more" if len(detectors) > 1 else ""
    return f"Unusual {name}{more}"


def _whom(rows: Sequence[FindingRow]) -> str:
    entities = Counter(row.entity for row in rows)
    if len(entities) == 1:
        return f"of {_cut(next(iter(entities)))}"
    first = _cut(entities.most_common(1)[0][0])
    return f"of {first} and {format_count(len(entities) - 1, 'other')}"


def _cut(text: str) -> str:
    return visible(shorten(text, _LONGEST))
