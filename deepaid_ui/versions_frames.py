"""The log and what differs between two of its versions, as tables."""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from deepaid_core.figures.numbers import format_time_utc
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import distill
from deepaid_core.workflow.versions import ReadDifferently, TransitionChange, VersionRow
from deepaid_ui import tables
from deepaid_ui.text import one_line

__all__ = ["KINDS", "differently_frame", "rows_frame", "transitions_frame"]

_LONGEST: Final = 160

KINDS: Final[Mapping[str, str]] = {
    "verdict": "✎ verdict",
    "suppression": "⊘ suppression",
    "setting": "⚙ setting",
    "import": "⇩ import",
    "undo": "↩ undo",
    "restore": "↪ restore",
}
"""Each kind of entry with its symbol."""


def rows_frame(rows: Sequence[VersionRow]) -> pd.DataFrame:
    """Entries of the log; the first column is the version after each."""
    return pd.DataFrame(
        {
            "Version": [f"M-{row.number}" for row in rows],
            "Time (UTC)": [format_time_utc(row.time).removesuffix(" UTC") for row in rows],
            "Who": [_text(row.author) for row in rows],
            "Kind": [KINDS.get(row.kind, row.kind) for row in rows],
            "What was decided": [_text(row.title) for row in rows],
            "In force": [
                "✓ yes" if row.in_force else f"✗ no, since {row.undone_by}" for row in rows
            ],
            "Why": [_text(row.reason) for row in rows],
        }
    )


def transitions_frame(rows: Sequence[TransitionChange]) -> pd.DataFrame:
    """Steps that the machine counts, with their counts in both versions."""
    return pd.DataFrame(
        {
            "Verdict": [tables.verdict_text(one.label, one.category) for one in rows],
            "From": ["start" if one.source is None else _state(one.source) for one in rows],
            "To": [
                f"[{_text(one.category)}]" if one.target is None else _state(one.target)
                for one in rows
            ],
            "Before": [one.before for one in rows],
            "After": [one.after for one in rows],
            "Detector": [_text(one.detector_name) for one in rows],
        }
    )


def differently_frame(rows: Sequence[ReadDifferently]) -> pd.DataFrame:
    """Open findings that read differently, a line for each path."""
    return pd.DataFrame(
        {
            "Pattern": [row.pattern_id for row in rows],
            "Open findings": [row.open_findings for row in rows],
            "Suggestion before": [tables.suggestion_text(row.before) for row in rows],
            "Suggestion after": [tables.suggestion_text(row.after) for row in rows],
            "States, strongest first": [
                _text("; ".join(distill.describe(state) for state in row.path)) for row in rows
            ],
            "Detector": [_text(row.detector_name) for row in rows],
        }
    )


def _state(state: str) -> str:
    return _text(distill.describe(state))


def _text(value: str) -> str:
    return shorten(one_line(value), _LONGEST)
