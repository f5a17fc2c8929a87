"""Values of the core as tables for `st.dataframe`, which shows any text as it is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import pandas as pd
import streamlit as st

from deepaid_core.domain.detector_record import DetectorRecord, RunRecord
from deepaid_core.domain.finding import EvidenceRow, Finding
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.domain.queries import FindingRow, GroupRow
from deepaid_core.domain.verdict import Verdict
from deepaid_core.figures.deviations import deviation_table
from deepaid_core.figures.numbers import (
    format_duration,
    format_percentile,
    format_ratio,
    format_score,
    format_share,
    format_time_utc,
)
from deepaid_core.figures.text import shorten
from deepaid_core.figures.twins import raw_columns
from deepaid_core.workflow.distill import Suggestion
from deepaid_ui.panels import BANDS, LABEL_NAMES, SEVERITY_COLORS, severity_word
from deepaid_ui.text import one_line

__all__ = [
    "cell_text",
    "clicked_row",
    "detectors_frame",
    "deviations_frame",
    "evidence_frame",
    "findings_frame",
    "groups_frame",
    "moment",
    "peers_frame",
    "runs_frame",
    "severity_chip",
    "show",
    "suggestion_text",
    "verdict_text",
    "verdicts_frame",
]

_LONGEST, _LONGEST_RAW = 160, 400
_LINE, _PROCESS = "line", "process"
_INTERPRETED, _MEMBER, _ELSEWHERE = "▶ interpreted", "● this finding", "○ another finding"


def cell_text(value: str) -> str:
    """Any text in one short line."""
    return shorten(one_line(value), _LONGEST)


def suggestion_text(suggestion: Suggestion | None) -> str:
    """What the Distiller suggests, with its confidence: "backup-job 92 %" or "unknown"."""
    if suggestion is None or not suggestion.known or suggestion.category is None:
        return "unknown"
    return f"{cell_text(suggestion.category)} {suggestion.confidence:.0%}".replace("%", " %")


def verdict_text(label: str | None, category: str | None) -> str:
    """A verdict in force as one cell; empty while there is none."""
    if label is None:
        return ""
    name = LABEL_NAMES.get(label, label)
    return f"{name}: {cell_text(category)}" if category else name


def _held(row: FindingRow) -> str:
    if row.suppression_number is None:
        return ""
    return f"{'⟳ check' if row.resurfaced else '⊘'} S-{row.suppression_number}"


def severity_chip(ratio: float) -> str:
    """Severity as a chip of the column "Severity": its letter and the number."""
    # A bare number: not every detector's score is a multiple of its threshold.
    return f"{severity_word(ratio)[0]} {format_ratio(ratio)}"


def _severity_column(cells: "pd.Series[Any]") -> Any:
    # Chips take their color from the option they show, so each value is an option.
    colors = {band[0].upper(): color for band, color in SEVERITY_COLORS.items()}
    shown = list(dict.fromkeys(chip for chips in cells for chip in chips))
    return st.column_config.MultiselectColumn(
        options=shown,
        color=[colors[chip[0]] for chip in shown],
        width=84,
        help=f"How far the highest score is over the threshold, on one scale for all detectors: "
        f"1 is the threshold itself. {BANDS}.",
    )


def moment(time: float) -> str:
    """A time for a column whose title says UTC."""
    return format_time_utc(time).removesuffix(" UTC")


def _proof(verified: bool) -> str:
    return "✓ yes" if verified else "✗ no"


def findings_frame(
    rows: Sequence[FindingRow], suggestions: Mapping[str, Suggestion]
) -> pd.DataFrame:
    """Lines of the queue; the first column is the id."""
    held = any(row.suppression_number is not None for row in rows)
    return pd.DataFrame(
        {
            "Finding": [row.id for row in rows],
            "Severity": [[severity_chip(row.ratio)] for row in rows],
            **({"Suppression": [_held(row) for row in rows]} if held else {}),
            "Entity": [cell_text(row.entity) for row in rows],
            "Detector": [cell_text(row.detector_name) for row in rows],
            "What deviates": [cell_text(row.summary) for row in rows],
            "Suggestion": [suggestion_text(suggestions.get(row.id)) for row in rows],
            "Verified": [_proof(row.verified) for row in rows],
            "Verdict": [verdict_text(row.verdict, row.category) for row in rows],
            "Events": [row.event_count for row in rows],
            "Last event (UTC)": [moment(row.last_time) for row in rows],
            "Pattern": [row.pattern_id for row in rows],
        }
    )


def groups_frame(rows: Sequence[GroupRow], name: str) -> pd.DataFrame:
    """Groups of findings; the first column is what they share."""
    return pd.DataFrame(
        {
            name: [cell_text(row.key) for row in rows],
            "Open": [row.open_findings for row in rows],
            "Findings": [row.findings for row in rows],
            "Severity": [[severity_chip(row.max_ratio)] for row in rows],
            "Strongest example": [cell_text(row.example_summary) for row in rows],
            "Entities": [row.entities for row in rows],
            "Events": [row.events for row in rows],
            "Last event (UTC)": [moment(row.last_time) for row in rows],
        }
    )


def verdicts_frame(rows: Sequence[Verdict]) -> pd.DataFrame:
    """Decisions, undone ones included; the first column is the number."""
    return pd.DataFrame(
        {
            "Number": [row.number for row in rows],
            "Time (UTC)": [moment(row.time) for row in rows],
            "Analyst": [cell_text(row.decision.author) for row in rows],
            "Verdict": [verdict_text(row.decision.label, row.decision.category) for row in rows],
            "Findings": [len(row.decision.finding_ids) for row in rows],
            "Scope": [row.decision.scope for row in rows],
            "In force": [
                "yes" if row.undone_by is None else f"undone by {row.undone_by}" for row in rows
            ],
            "Reason": [cell_text(row.decision.reason) for row in rows],
            "Pattern": [row.decision.pattern_id for row in rows],
        }
    )


def deviations_frame(interpretation: Interpretation, *, all_columns: bool) -> pd.DataFrame:
    """The table beside the deviation chart."""
    rows = [row for row in deviation_table(interpretation) if all_columns or row.strongest]
    return pd.DataFrame(
        {
            "Rank": [row.rank for row in rows],
            "What": [cell_text(row.field) for row in rows],
            "Column": [cell_text(row.column) for row in rows],
            "Observed": [row.observed for row in rows],
            "Closest normal": [row.closest_normal for row in rows],
            "Difference": [row.factor for row in rows],
            "Normal range (1 % to 99 %)": [row.normal_range for row in rows],
            "Observed value is": [format_percentile(row.percentile) for row in rows],
            "Share of the effect": [format_share(row.weight) for row in rows],
        }
    )


def evidence_frame(finding: Finding) -> pd.DataFrame:
    """Raw events around the interpreted one; anomalies are marked."""
    rows = finding.evidence
    frame: dict[str, list[Any]] = {
        "Mark": [_mark(row, finding) for row in rows],
        "Event": [row.index for row in rows],
        "Time (UTC)": [
            format_time_utc(row.time, milliseconds=True).removesuffix(" UTC") for row in rows
        ],
        "Score": ["" if row.score is None else format_score(row.score) for row in rows],
    }
    for position in raw_columns(finding):
        title = one_line(finding.evidence_columns[position]).replace("_", " ")
        frame[title if title not in frame else f"{title} (raw)"] = [
            one_line(shorten(_raw(finding, row, position), _LONGEST_RAW)) for row in rows
        ]
    # A log line needs all the room there is.
    first = ["Mark", "Time (UTC)", _LINE] if _LINE in frame else []
    return pd.DataFrame({name: frame[name] for name in dict.fromkeys([*first, *frame])})


def _raw(finding: Finding, row: EvidenceRow, position: int) -> str:
    names, values = finding.evidence_columns, row.values
    value = values[position] if position < len(values) else ""
    if names[position] != _LINE or _PROCESS not in names:
        return value
    # Time and host stand before the process, and elsewhere on the page.
    place = names.index(_PROCESS)
    process = values[place] if place < len(values) else ""
    return value[max(0, value.find(process)) :]


def _mark(row: EvidenceRow, finding: Finding) -> str:
    if row.index == finding.event_index:
        return _INTERPRETED
    if row.flagged:
        return _MEMBER
    # Only anomalies carry a score: this one was flagged for other reasons.
    return "" if row.score is None else _ELSEWHERE


def peers_frame(peers: Mapping[str, int]) -> pd.DataFrame:
    """Counterparts, most events first."""
    ranked = sorted(peers.items(), key=lambda item: (-item[1], item[0]))
    return pd.DataFrame(
        {
            "Counterpart": [cell_text(name) for name, _ in ranked],
            "Events": [count for _, count in ranked],
        }
    )


def detectors_frame(rows: Sequence[DetectorRecord]) -> pd.DataFrame:
    """Detector versions."""
    return pd.DataFrame(
        {
            "Detector": [cell_text(row.name) for row in rows],
            "Version": [row.id for row in rows],
            "Kind": [row.kind for row in rows],
            "Threshold": [format_score(row.threshold) for row in rows],
            "How the threshold was chosen": [cell_text(row.threshold_method) for row in rows],
            "Trained on": [cell_text(row.trained_on) for row in rows],
            "Training events": [row.training_events for row in rows],
            "Created (UTC)": [moment(row.created_time) for row in rows],
            "SHA-256": [row.sha256 for row in rows],
        }
    )


def runs_frame(rows: Sequence[RunRecord]) -> pd.DataFrame:
    """Detection runs."""
    return pd.DataFrame(
        {
            "File": [cell_text(row.source_name) for row in rows],
            "Finished (UTC)": [moment(row.finished_time) for row in rows],
            "Events": [row.events for row in rows],
            "Anomalies": [row.anomalies for row in rows],
            "Verified anomalies": [row.verified for row in rows],
            "Findings": [row.findings for row in rows],
            "Not used": [row.skipped for row in rows],
            "Took": [format_duration(row.elapsed_s) for row in rows],
            "From (UTC)": [moment(row.first_time) for row in rows],
            "To (UTC)": [moment(row.last_time) for row in rows],
            "Detector": [row.detector_id for row in rows],
            "SHA-256": [row.source_sha256 for row in rows],
        }
    )


_VERDICTS_HELP = (
    "Decisions in force on the pattern; one on many findings counts once. TP true positive, FP "
    "false positive, BP benign positive, ? undetermined."
)
_CONFIG: dict[str, Any] = {
    "Finding": st.column_config.TextColumn(width=112, pinned=True),
    "Pattern": st.column_config.TextColumn(width=118),
    "Entity": st.column_config.TextColumn(width=108),
    "Detector": st.column_config.TextColumn(width=92),
    "What deviates": st.column_config.TextColumn(width=290),
    "What": st.column_config.TextColumn(width=260),
    "Mark": st.column_config.TextColumn(width=112),
    _LINE: st.column_config.TextColumn(width=620),
    "State or category": st.column_config.TextColumn(width=620),
    "Kind": st.column_config.TextColumn(width=95),
    "Suppression": st.column_config.TextColumn(
        width=100,
        help="⊘ a suppression keeps it out of the queue; ⟳ one covers it, but leaves it in the "
        "queue for somebody to check.",
    ),
    "What happened": st.column_config.TextColumn(width=330),
    "Reason or note": st.column_config.TextColumn(width=200),
    "Reason": st.column_config.TextColumn(width=220),
    "Look at": st.column_config.TextColumn(width=112),
    "Step": st.column_config.TextColumn(width=220),
    "Why": st.column_config.TextColumn(width=380),
    "Expected to leave": st.column_config.NumberColumn(
        width=120,
        format="%.1f",
        help="Open findings that one verdict on the pattern is expected to take out of the queue.",
    ),
    "Strongest example": st.column_config.TextColumn(width="large"),
    "Suggestion": st.column_config.TextColumn(
        width=100, help="What the Distiller makes of earlier verdicts, and how sure it is."
    ),
    "Verified": st.column_config.TextColumn(
        width=66, help="Whether the detector really accepts the closest normal event."
    ),
    "Last event (UTC)": st.column_config.TextColumn(width=150),
    "Events": st.column_config.NumberColumn(width=70, format="localized"),
    "Anomalies": st.column_config.NumberColumn(format="localized"),
    "Verified anomalies": st.column_config.NumberColumn(format="localized"),
    "Training events": st.column_config.NumberColumn(format="localized"),
}


def show(
    frame: pd.DataFrame,
    *,
    key: str,
    alt: str,
    multi: bool = False,
    clickable: bool = True,
    height: int | str = "content",
    on_click: Callable[[], None] | None = None,
    widths: Mapping[str, Any] | None = None,
) -> Any:
    """Show a table; returns its selection.

    Args:
        frame: What to show.
        key: Must change with the data: a browser keeps selections by position.
        alt: What the table holds, for who cannot see it.
        multi: Whether rows can be ticked.
        clickable: Whether a click on a cell counts.
        height: Pixels, or "content".
        on_click: Called before the page is drawn again; the selection is in the session's state.
        widths: Settings of columns that differ from those of other tables.
    """
    known = {**_CONFIG, **(widths or {})}
    config = {name: known[name] for name in frame.columns if name in known}
    if "Severity" in frame.columns:
        config["Severity"] = {
            **_severity_column(frame["Severity"]),
            **(widths or {}).get("Severity", {}),
        }
    if frame.columns[0] == "Pattern":
        config["What deviates"] = st.column_config.TextColumn(width=380)
        config["Verdicts"] = st.column_config.TextColumn(width=150, help=_VERDICTS_HELP)
        config["Pattern"] = st.column_config.TextColumn(width=118, pinned=True)
    modes: list[Literal["multi-row", "single-cell"]] = []
    if multi:
        modes.append("multi-row")
    if clickable:
        modes.append("single-cell")
    shared: dict[str, Any] = {
        "hide_index": True,
        "height": height,
        "column_config": config,
        "key": key,
        "alt": alt,
    }
    if not modes:
        st.dataframe(frame, **shared)
        return None
    return st.dataframe(
        frame, on_select=on_click or "rerun", selection_mode=modes, **shared
    ).selection


def clicked_row(selection: Any) -> tuple[int, str] | None:
    """Row and column name of the cell that is selected."""
    cells = selection["cells"] if selection else []
    return (int(cells[0][0]), str(cells[0][1])) if cells else None
