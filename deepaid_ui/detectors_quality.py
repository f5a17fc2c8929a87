"""How good the interpretations of a detector's findings are."""

import streamlit as st

from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.modality import Modality
from deepaid_core.figures.interpretation_facts import (
    fields_needed,
    fields_table,
    plausibilities,
    plausibility_table,
)
from deepaid_core.figures.numbers import format_count, format_duration, format_share
from deepaid_core.workflow.detector_quality import InterpretationFacts, interpretation_facts
from deepaid_ui import charts, detectors_scores, navigation, panels
from deepaid_ui.views.parts import twin
from deepaid_ui.workspace import workspace

__all__ = ["show"]


@st.cache_data(max_entries=16, show_spinner="Reading the findings")
def _facts(home: str, detector_id: str, at: str, _record: DetectorRecord) -> InterpretationFacts:
    return interpretation_facts(workspace(), _record)


def show(record: DetectorRecord) -> None:
    """Share verified, deviations needed, plausibility, time."""
    facts = _facts(str(workspace().home), record.id, detectors_scores.mark(), record)
    if not facts.findings:
        panels.empty_state(
            "This version has no findings yet",
            "Each finding comes with an interpretation, and how good those are stands here. Detect "
            "anomalies in a file with this version.",
        )
        navigation.link("data", "Go to the Data page", {"detector": record.id})
        return
    _numbers(facts)
    left, right = st.columns(2, gap="medium")
    with left:
        charts.show(
            charts.narrow(fields_needed(facts.needed)),
            key=f"needed-{record.id}",
            alt="Findings by deviations needed",
        )
        with st.popover("In numbers", icon=":material/table:", key="needed-numbers"):
            twin(fields_table(facts.needed), key=f"needed-twin-{record.id}")
    with right:
        charts.show(charts.narrow(plausibilities(facts.plausibility)), key=f"near-{record.id}")
        if facts.plausibility:
            with st.popover("In numbers", icon=":material/table:", key="near-numbers"):
                twin(plausibility_table(facts.plausibility), key=f"near-twin-{record.id}")
    if facts.read < facts.findings:
        st.caption(
            f"Both charts are drawn from {facts.read:,} of "
            f"{format_count(facts.findings, 'finding')}, evenly from the strongest to the weakest."
        )
    if record.modality is Modality.LINK:
        st.caption("A link has two endpoints, so one or two deviations are all there can be.")


def _numbers(facts: InterpretationFacts) -> None:
    rows = (
        (
            "Verified",
            "n/a" if facts.verified_share is None else format_share(facts.verified_share),
            f"{facts.verified:,} of {format_count(facts.findings, 'finding')}: the detector really "
            "accepts the closest normal event that is shown.",
        ),
        (
            "Deviations, median",
            _median(facts.needed),
            "Until the detector accepts; fewer are easier to read.",
        ),
        (
            "Stability",
            "n/a" if facts.stability is None else format_share(facts.stability),
            "How much of what is named a second search names too, on average.",
        ),
        (
            "Time for each",
            "n/a" if facts.seconds_each is None else format_duration(facts.seconds_each),
            "All the time of the latest run over its anomalies: reading and scoring are in it, so "
            "one interpretation takes less.",
        ),
    )
    for place, (title, value, meaning) in zip(st.columns(4, gap="small"), rows, strict=True):
        place.metric(title, value, border=True, help=meaning)


def _median(needed: tuple[int, ...]) -> str:
    # Where none was found, no number is enough.
    ranked = sorted(one if one else 10**9 for one in needed)
    middle = ranked[(len(ranked) - 1) // 2] if ranked else 0
    return "n/a" if not middle else "not found" if middle == 10**9 else f"{middle:,}"
