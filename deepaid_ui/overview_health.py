"""What else needs somebody, and whether the detectors are well."""

import time
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from deepaid_core.domain.queries import Overview
from deepaid_core.domain.suppression import Suppression
from deepaid_core.figures.numbers import format_age, format_count, format_share
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import standing
from deepaid_core.workflow.standing import DetectorStanding, Health
from deepaid_ui import navigation, session, tables
from deepaid_ui.text import plain
from deepaid_ui.workspace import workspace

__all__ = ["attention", "detectors", "freshness", "health", "problems"]


def health(overview: Overview) -> Health:
    """How detectors and suppressions are; read anew each time, for files change unseen."""
    return standing.health(workspace(), overview, now=time.time())


def freshness(state: Health) -> None:
    """How old the newest event is: nothing on the page is newer."""
    if state.last_event is None:
        return
    age = format_age(time.time() - state.last_event)
    st.caption(
        plain(
            f"Last event {age}; {format_count(state.runs, 'run')} of "
            f"{format_count(len(state.detectors), 'detector')}."
        ),
        help="The time of the last event that any detector has read. Nothing here is newer: where "
        "this is long ago, read newer data under Data.",
    )


def problems(state: Health) -> None:
    """Detectors that cannot be used, each with what to do."""
    for one in state.detectors:
        if one.problem:
            st.warning(plain(one.problem), icon=":material/error:")


def attention(overview: Overview, state: Health) -> None:
    """What else waits, each with the way to it."""
    st.markdown("**Needs you**")
    waits = [_yours(), _to_check(overview), _disabled(state.disabled)]
    if state.expiring:
        soonest = state.expiring[0]
        left = _left(soonest)
        st.text(
            f"{format_count(len(state.expiring), 'suppression')} "
            f"{'ends' if len(state.expiring) == 1 else 'end'} within 7 days, S-{soonest.number} "
            f"in {left}."
        )
        if st.button("Review expiring suppressions", icon=":material/schedule:"):
            navigation.go("suppressions", {"state": "expiring"})
    elif not any(waits):
        st.text(
            "Nothing else: nothing is assigned to you, no suppression ends within 7 days, nothing "
            "waits for a check."
        )


def _left(one: Suppression) -> str:
    days = int((one.decision.expires_time - time.time()) // 86_400)
    return format_count(days, "day") if days else "less than a day"


def _yours() -> bool:
    mine = standing.yours(workspace(), session.author())
    if mine.findings:
        navigation.link(
            "queue",
            f"Your open findings: {mine.findings:,}",
            {"assignee": "mine"},
            icon=":material/person:",
        )
    if mine.cases:
        navigation.link(
            "cases",
            f"Your open cases: {mine.cases:,}",
            {"mine": "true"},
            icon=":material/folder_open:",
        )
    return bool(mine.findings or mine.cases)


def _to_check(overview: Overview) -> bool:
    if overview.to_check:
        navigation.link(
            "queue",
            f"Re-surfaced to check: {overview.to_check:,}",
            {"resurfaced": "yes"},
            icon=":material/autorenew:",
        )
    return overview.to_check > 0


def _disabled(disabled: Sequence[Suppression]) -> bool:
    if disabled:
        navigation.link(
            "suppressions",
            f"Disabled by an attack: {len(disabled):,}",
            {"state": "disabled"},
            icon=":material/shield:",
        )
    return bool(disabled)


def detectors(overview: Overview, state: Health) -> None:
    """Each detector: whether it can be used, how old its data is, how sure its interpretations."""
    st.markdown("**Detectors**")
    tables.show(
        frame(state.detectors),
        key="detector-health",
        alt="Detectors with their last event, share of unverified interpretations and last run",
        clickable=False,
    )
    if overview.unverified:
        share = format_share(overview.unverified / overview.findings)
        navigation.link(
            "queue",
            f"{format_count(overview.unverified, 'finding')} not verified ({share} of all)",
            {"proof": "not verified", "status": "all"},
            icon=":material/gpp_maybe:",
        )


def frame(rows: Sequence[DetectorStanding]) -> pd.DataFrame:
    """Detectors as a table."""
    now = time.time()

    def age(moment: float | None) -> str:
        return "–" if moment is None else format_age(now - moment)

    return pd.DataFrame(
        {
            "Detector": [tables.cell_text(shorten(one.name, 60)) for one in rows],
            "State": [_state(one) for one in rows],
            "Last event": [age(one.last_event) for one in rows],
            "Last run": [age(one.last_run) for one in rows],
            "Runs": [one.runs for one in rows],
            "Open": [one.open_findings for one in rows],
            "Findings": [one.findings for one in rows],
            "Not verified": [
                "–" if one.unverified_share is None
                else f"{one.unverified:,} ({format_share(one.unverified_share)})"
                for one in rows
            ],
            "Version": [one.version or "–" for one in rows],
        }
    )  # fmt: skip


def _state(one: DetectorStanding) -> str:
    if one.problem:
        return "✕ cannot be used"
    return "✓ ready" if one.version else "– not here"
