"""The events behind a finding: over time, raw around the interpreted one, and as a file."""

import csv
import hashlib
import io

import streamlit as st

from deepaid_core.domain.actions import NewRecord
from deepaid_core.domain.finding import EvidenceRow, Finding
from deepaid_core.figures.numbers import format_time_utc
from deepaid_core.figures.scores import members_timeline
from deepaid_ui import charts, session, tables, times
from deepaid_ui.text import spreadsheet_cell
from deepaid_ui.workspace import workspace

__all__ = ["evidence", "evidence_csv"]


def evidence(finding: Finding) -> None:
    """Events over time, raw rows around the interpreted one, counterparts."""
    st.caption(f"The interpreted event happened at {times.both(finding.event_time)}.")
    charts.show(
        members_timeline(
            finding.member_times,
            finding.member_scores,
            finding.threshold,
            finding.event_time,
            ratio=finding.ratio,
        ),
        key=f"members-{finding.id}",
    )
    if finding.peers:
        st.markdown("**Counterparts**")
        tables.show(
            tables.peers_frame(finding.peers),
            key=f"peers-{finding.id}",
            alt="Counterparts and how many events each",
            clickable=False,
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Raw events around the interpreted one**")
        if finding.evidence:
            st.download_button(
                "CSV",
                data=lambda: _exported(finding),
                file_name=f"deepaid-{finding.id}-evidence.csv",
                mime="text/csv",
                on_click="ignore",
                icon=":material/download:",
                help="Every column as it was recorded; no spreadsheet takes a cell for a formula.",
            )
    if not finding.evidence:
        st.caption("The source kept no raw events for this finding.")
        return
    tables.show(
        tables.evidence_frame(finding),
        key=f"evidence-{finding.id}",
        alt="Raw events around the interpreted one",
        clickable=False,
    )


def _exported(finding: Finding) -> bytes:
    data = evidence_csv(finding)
    facts = {
        "format": "csv",
        "rows": str(len(finding.evidence)),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    record = NewRecord("export", finding.id, facts, session.author() or "")
    workspace().store.desk.act([record])
    return data


def evidence_csv(finding: Finding) -> bytes:
    """The raw events as CSV that no spreadsheet runs formulas from."""
    out = io.StringIO()
    writer = csv.writer(out)
    names = [spreadsheet_cell(name) for name in finding.evidence_columns]
    writer.writerow(["event", "time", "score", "of_this_finding", "interpreted", *names])
    for row in finding.evidence:
        writer.writerow([*_known(row, finding), *map(spreadsheet_cell, row.values)])
    # Text of an attacker may hold half of a character.
    return out.getvalue().encode("utf-8", "backslashreplace")


def _known(row: EvidenceRow, finding: Finding) -> tuple[str, ...]:
    return (
        str(row.index),
        format_time_utc(row.time, milliseconds=True),
        "" if row.score is None else repr(row.score),
        "yes" if row.flagged else "no",
        "yes" if row.index == finding.event_index else "no",
    )
