"""One pattern: its deviations, what the Distiller makes of it and why, decisions on all of it."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery, PatternRow
from deepaid_core.domain.verdict import Verdict
from deepaid_core.figures.numbers import format_count, format_share, format_time_utc
from deepaid_core.workflow import distill, triage, versions
from deepaid_core.workflow.distill import Suggestion
from deepaid_core.workflow.reach import Neighbour, neighbours_of, pattern_reach
from deepaid_ui import (
    filters,
    forms,
    navigation,
    panels,
    patterns,
    problems,
    reach,
    report_form,
    session,
    suppress_form,
    tables,
)
from deepaid_ui.pattern_frames import mix_words, neighbours_frame, steps_frame
from deepaid_ui.text import one_line, plain
from deepaid_ui.workspace import workspace

__all__ = ["show"]

_EXAMPLES: Final = 5
_CITED: Final = 10
_ACT, _LABEL, _SUPPRESS = "act", "label", "suppress"
_SURE: Final = ((0.8, "quite sure"), (0.6, "fairly sure"), (0.0, "not sure"))
"""Confidence from which on the Distiller is called so."""


def show(pattern: PatternRow) -> None:
    """The whole page of a pattern; what it asks to be done first stands in the address."""
    suggestion = patterns.suggestions([pattern])[pattern.pattern_id]
    act = session.param(_ACT)
    if act == _LABEL and pattern.open_findings:
        _label(pattern, suggestion)
    elif act == _SUPPRESS:
        suppress_form.pattern_dialog(pattern, closed=_close)
    _header(pattern)
    left, right = st.columns([0.55, 0.45], gap="medium")
    with left:
        st.markdown("**Why its findings were flagged**")
        st.caption("Deviations from normal, strongest first in the example")
        for place, state in enumerate(pattern.example_path, start=1):
            st.text(f"{place}. {one_line(distill.describe(state))}")
        _facts(pattern)
    with right, st.container(border=True):
        _suggested(pattern, suggestion)
    _findings(pattern)
    _verdicts(workspace().store.verdicts(pattern_id=pattern.pattern_id))
    _near(neighbours_of(workspace(), pattern))


def _ask(what: str) -> None:
    session.set_param(_ACT, what)


def _close() -> None:
    session.set_param(_ACT, None)


def _header(pattern: PatternRow) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(pattern.pattern_id, anchor=False, width="content")
        panels.severity_badge(pattern.max_ratio)
        patterns.attack_badge(pattern)
        st.space("stretch")
        if st.button("All patterns", icon=":material/arrow_back:"):
            navigation.go("patterns")
        if st.button(f"Its {format_count(pattern.findings, 'finding')}", icon=":material/list:"):
            navigation.go("queue", {"pattern": pattern.pattern_id, "status": "all"})
        st.button(
            "Suppress…",
            icon=":material/visibility_off:",
            on_click=_ask,
            args=(_SUPPRESS,),
            help="Take its findings out of the queue for a time, once enough verdicts agree. You "
            "see first what that does and whether it may be done.",
        )
        report_form.button(pattern_id=pattern.pattern_id)
        count = pattern.open_findings
        st.button(
            f"Label all {count:,} open findings…" if count > 1 else "Label the open finding…",
            type="primary",
            icon=":material/gavel:",
            disabled=not count,
            on_click=_ask,
            args=(_LABEL,),
            help="One decision on all of them. You see first what it reaches."
            if count
            else "No finding of this pattern is open. Judge one of its findings anew instead.",
        )
    _held(pattern)


def _held(pattern: PatternRow) -> None:
    active = workspace().store.suppressions(in_force=True) if pattern.suppressed_findings else ()
    own = [one for one in active if one.decision.scope.pattern_id == pattern.pattern_id]
    if not pattern.suppressed_findings:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(
            f"{pattern.suppressed_findings:,} suppressed",
            icon=":material/visibility_off:",
            color="gray",
        )
        for one in own[:_CITED]:
            navigation.link("suppressions", one.id, {"s": str(one.number)})
        if not own:
            st.caption("by suppressions that are not about this pattern alone")


def _facts(pattern: PatternRow) -> None:
    panels.facts(
        (
            ("Findings", patterns.summary(pattern)),
            ("Verdicts", mix_words(pattern) or "none yet"),
            ("Entities", f"{pattern.entities:,}"),
            ("Events", f"{pattern.events:,}"),
            ("Detector", pattern.detector_name),
            ("First event", format_time_utc(pattern.first_time)),
            ("Last event", format_time_utc(pattern.last_time)),
        )
    )


def _sure(confidence: float) -> str:
    return next(word for least, word in _SURE if confidence >= least)


def _suggested(pattern: PatternRow, suggestion: Suggestion) -> None:
    st.markdown("**What the Distiller suggests, and why**")
    if not suggestion.known or suggestion.category is None:
        st.text("Unknown: it says nothing rather than guess.")
        st.caption(plain(f"{suggestion.reason}."))
        return
    st.text(
        f"{tables.verdict_text(suggestion.label, suggestion.category)}. It is "
        f"{_sure(suggestion.confidence)} ({format_share(suggestion.confidence)})."
    )
    st.caption(plain(f"{suggestion.reason}."))
    if len(suggestion.alternatives) > 1:
        shares = ", ".join(
            f"{name} {format_share(share)}" for name, share in suggestion.alternatives[:4]
        )
        st.caption(plain(f"Weighed against each other: {shares}."))
    explained = distill.distiller(workspace()).explain(pattern.detector_name, pattern.example_path)
    st.caption("How often verdicts took each step of its way, from the strongest deviation on")
    tables.show(
        steps_frame(explained),
        key=f"steps-{pattern.pattern_id}-{filters.version()}",
        alt="Steps of the path and how many verdicts took them",
        clickable=False,
    )
    _behind(suggestion)


def _behind(suggestion: Suggestion) -> None:
    numbers = suggestion.verdict_numbers
    if not numbers:
        return
    st.caption(
        "The verdicts behind it, newest first"
        + (f" ({_CITED} of {len(numbers):,})" if len(numbers) > _CITED else "")
    )
    for number in numbers[:_CITED]:
        for row in versions.history(workspace(), limit=1, before=number + 1):
            navigation.link(
                "versions",
                plain(f"{row.number}: {row.title} ({row.author})"),
                {"entry": str(row.number)},
            )


def _findings(pattern: PatternRow) -> None:
    best = workspace().store.page(FindingQuery(pattern_id=pattern.pattern_id), limit=_EXAMPLES)
    st.markdown("**Highest scoring findings**")
    selection = tables.show(
        tables.findings_frame(best, distill.suggestions(workspace(), best)),
        key=f"examples-{pattern.pattern_id}-{filters.version()}",
        alt="Highest scoring findings of the pattern",
    )
    cell = tables.clicked_row(selection)
    if cell and cell[0] < len(best):
        view = session.QueueView(pattern=pattern.pattern_id, status="all")
        navigation.go("finding", {"id": best[cell[0]].id, **view.packed()})


def _verdicts(verdicts: Sequence[Verdict]) -> None:
    st.markdown("**Verdicts on it**")
    if not verdicts:
        st.caption("None yet. Label its findings, or open one of them and judge it.")
        return
    selection = tables.show(
        tables.verdicts_frame(verdicts),
        key=f"pattern-log-{filters.version()}",
        alt="Verdicts on the pattern, newest first",
        height=min(300, 38 + 35 * len(verdicts)),
    )
    cell = tables.clicked_row(selection)
    if cell and cell[0] < len(verdicts):
        navigation.go("versions", {"entry": str(verdicts[cell[0]].number)})
    st.caption("Click a verdict to see what it changed, and to take it back.")


def _near(neighbours: Sequence[Neighbour]) -> None:
    st.markdown("**Patterns one state away**")
    if not neighbours:
        st.caption("No other pattern shares all of its deviations but one.")
        return
    st.caption(
        "They share all deviations but one, so a verdict on one says something about the others."
    )
    selection = tables.show(
        neighbours_frame(neighbours),
        key=f"near-{filters.version()}",
        alt="Patterns one state away with their verdicts",
        height=min(300, 38 + 35 * len(neighbours)),
    )
    cell = tables.clicked_row(selection)
    if cell and cell[0] < len(neighbours):
        navigation.go("patterns", {"pattern": neighbours[cell[0]].pattern.pattern_id})


def _label(pattern: PatternRow, suggestion: Suggestion) -> None:
    @st.dialog(
        f"Label all open findings of {pattern.pattern_id}",
        width="large",
        icon=":material/gavel:",
        on_dismiss=_close,
    )
    def ask() -> None:
        with problems.shown():
            _label_form(pattern.pattern_id, suggestion)

    ask()


def _label_form(pattern_id: str, suggestion: Suggestion) -> None:
    key = f"reach-{pattern_id}"
    found = pattern_reach(workspace(), pattern_id, seed=reach.seed_of(key))
    left, right = st.columns([0.64, 0.36], gap="medium")
    with left:
        st.markdown("**What it reaches**")
        reach.before_verdict(found, key=key)
    best = workspace().store.page(FindingQuery(status=Status.OPEN, pattern_id=pattern_id), limit=1)
    if not best:
        right.caption("No finding of this pattern is open any more.")
        return
    count = found.reach.open_findings
    with right, st.container(border=True):
        st.markdown("**Your verdict**")
        forms.verdict_form(
            forms.Target(
                key=f"pattern-{pattern_id}",
                finding_ids=(best[0].id,),
                draft=triage.drafted_reason(workspace().store.finding(best[0].id)),
                kind="pattern",
                pattern_id=pattern_id,
                siblings=count,
                reach=f"One decision on {format_count(count, 'open finding')}.",
                suggestion=suggestion,
            ),
            saved=_close,
        )
