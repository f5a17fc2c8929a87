"""The list of patterns: what to judge next, search, filters, and all of them as a table."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import streamlit as st

from deepaid_core.domain.queries import FindingQuery, PatternRow
from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow import distill, steering
from deepaid_core.workflow.distill import Suggestion
from deepaid_ui import filters, navigation, panels, patterns, problems, tables
from deepaid_ui.pattern_frames import next_frame, patterns_frame
from deepaid_ui.text import one_line
from deepaid_ui.workspace import workspace

__all__ = ["PAGE", "STANDINGS", "judge_next", "matching", "show"]

PAGE: Final = 500
"""Patterns that are listed at once."""

_MOST: Final = 100_000
_HEIGHT: Final = 560

_NEW, _DISAGREEING = "new", "disagreeing"
STANDINGS: Final[Mapping[str, tuple[str, Callable[[PatternRow], bool]]]] = {
    _NEW: ("first seen in the latest run, and nothing like it was judged", lambda one: True),
    "unjudged": (
        "open findings and no verdict yet",
        lambda one: one.open_findings > 0 and not patterns.decisions(one),
    ),
    "called false positive": (
        "false or benign positives, no attack",
        lambda one: one.false_positives + one.benign_positives > 0 and not one.true_positives,
    ),
    "attack": ("a confirmed attack, which protects it", lambda one: one.true_positives > 0),
    _DISAGREEING: ("verdicts that contradict each other", lambda one: True),
    "suppressed": (
        "findings that a suppression keeps out of the queue",
        lambda one: one.suppressed_findings > 0,
    ),
}
"""How a pattern can stand: what that means, and whether the counts say so."""


@st.cache_data(max_entries=4, show_spinner=False)
def _words(home: str, at: str) -> dict[str, str]:
    # What can be searched for besides what the store knows: states in words and suggestions.
    everything = workspace().store.patterns()
    offered = patterns.suggestions(everything)
    return {
        one.pattern_id: " ".join(
            (
                one.pattern_id,
                one.detector_name,
                *map(distill.describe, one.states),
                *one.states,
                tables.suggestion_text(offered[one.pattern_id]),
            )
        ).casefold()
        for one in everything
    }


@st.cache_data(max_entries=8, show_spinner=False)
def _special(home: str, at: str, standing: str) -> frozenset[str]:
    # Standings that the counts of a pattern alone do not tell.
    if standing == _NEW:
        return frozenset(one.pattern_id for one in steering.novel(workspace(), limit=_MOST))
    return frozenset(one.pattern.pattern_id for one in steering.disagreements(workspace()))


def matching(
    everything: Sequence[PatternRow],
    *,
    text: str = "",
    detector: str | None = None,
    standing: str | None = None,
) -> list[PatternRow]:
    """Patterns that match, in the order given.

    Args:
        everything: All patterns.
        text: Words of states, an id, a category, an entity or what else findings are searched by.
        detector: Only those of this detector.
        standing: One of `STANDINGS`.
    """
    found = list(everything)
    home, at = str(workspace().home), filters.version()
    if detector:
        found = [one for one in found if one.detector_name == detector]
    if standing in (_NEW, _DISAGREEING):
        ids = _special(home, at, standing)
        found = [one for one in found if one.pattern_id in ids]
    elif standing is not None and standing in STANDINGS:
        found = [one for one in found if STANDINGS[standing][1](one)]
    text = text.strip()
    if text and found:
        words, known = text.casefold().split(), _words(home, at)
        groups = workspace().store.groups(FindingQuery(text=text), "pattern", limit=_MOST)
        by_finding = {group.key for group in groups}
        found = [
            one
            for one in found
            if one.pattern_id in by_finding
            or all(word in known.get(one.pattern_id, "") for word in words)
        ]
    return found


def judge_next() -> None:
    """The patterns on which one verdict is expected to shorten the queue most, with why."""
    best = patterns.judge_next()
    if not best:
        return
    with st.container(border=True, key="judge_next"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**Judge next**")
            st.caption(
                "Where one verdict is expected to shorten the queue most. Click a row for the "
                "pattern, *Look at* for one of its findings.",
                width="stretch",
            )
            first = best[0].pattern
            if st.button(
                f"Open {first.pattern_id}", key="judge_first", icon=":material/play_arrow:",
                type="primary",
            ):  # fmt: skip
                navigation.go("patterns", {"pattern": first.pattern_id})
        st.text(one_line(best[0].reason))
        selection = tables.show(
            next_frame(best),
            key=f"next-{filters.version()}",
            alt="Patterns to judge next, with the reason",
        )
        cell = tables.clicked_row(selection)
        if cell and cell[0] < len(best):
            chosen = best[cell[0]]
            if cell[1] == "Look at":
                navigation.go("finding", {"id": chosen.finding_id})
            navigation.go("patterns", {"pattern": chosen.pattern.pattern_id})


def _clear() -> None:
    st.session_state["q"] = ""
    st.session_state["detector"] = st.session_state["standing"] = None


@st.fragment
@problems.guarded
def show(everything: Sequence[PatternRow]) -> None:
    """Search, filters and the table; a click on a row opens its pattern."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input(
            "Search",
            key="q",
            placeholder="Search words of deviations, id, category, entity",
            label_visibility="collapsed",
            icon=":material/search:",
            max_chars=120,
            bind="query-params",
            width=380,
        )
        detector = st.selectbox(
            "Detector",
            sorted({one.detector_name for one in everything}),
            index=None,
            key="detector",
            placeholder="Detector",
            label_visibility="collapsed",
            bind="query-params",
            width=180,
        )
        standing = st.segmented_control(
            "Standing",
            list(STANDINGS),
            key="standing",
            label_visibility="collapsed",
            bind="query-params",
        )
    found = matching(everything, text=text, detector=detector, standing=standing)
    if not found:
        _nothing(everything, standing)
        return
    pages = -(-len(found) // PAGE)
    page = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    rows = found[(page - 1) * PAGE : page * PAGE]
    st.caption(_told(everything, found, rows, page, standing))
    offered: dict[str, Suggestion] = patterns.suggestions(rows)
    selection = tables.show(
        patterns_frame(rows, offered),
        key=f"patterns-{filters.version()}-{hash((text, detector, standing, page))}",
        alt="Patterns and what was decided on them",
        height=min(_HEIGHT, 38 + 35 * len(rows)),
    )
    cell = tables.clicked_row(selection)
    if cell and cell[0] < len(rows):
        navigation.go("patterns", {"pattern": rows[cell[0]].pattern_id})


def _told(
    everything: Sequence[PatternRow],
    found: Sequence[PatternRow],
    rows: Sequence[PatternRow],
    page: int,
    standing: str | None,
) -> str:
    which = f"{format_count(len(found), 'pattern')}"
    if len(found) < len(everything):
        which = f"{len(found):,} of {which.replace(f'{len(found):,}', f'{len(everything):,}')}"
    if len(rows) < len(found):
        first = (page - 1) * PAGE + 1
        which = f"{first:,} to {first + len(rows) - 1:,} of {which}"
    meaning = f" *{standing}*: {STANDINGS[standing][0]}." if standing else ""
    return (
        f"{which}, most open findings first.{meaning} A pattern is a set of deviations: findings "
        "that were flagged for the same reasons share one. Click a row to open it."
    )


def _nothing(everything: Sequence[PatternRow], standing: str | None) -> None:
    told = {
        _NEW: "The latest run brought no pattern that the verdicts so far say nothing about.",
        _DISAGREEING: "No two verdicts on one pattern contradict each other.",
        "attack": "No attack was confirmed yet. Accept a finding to protect its pattern.",
        "suppressed": "No suppression takes anything out of the queue. Judge a pattern false "
        "positive a few times, then choose *Suppress…* on its page.",
        "called false positive": "No pattern was called false positive yet. Reject a finding, and "
        "its pattern is listed here.",
        "unjudged": "Each pattern with open findings has a verdict already.",
    }
    why = told.get(standing or "", "The filter is too narrow. Loosen it, or clear it to see all.")
    panels.empty_state(f"None of {format_count(len(everything), 'pattern')} matches", why)
    st.button("Clear filters", on_click=_clear, icon=":material/filter_alt_off:")
