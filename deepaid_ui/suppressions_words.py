"""Suppressions in an analyst's words; what quotes anybody is plain text, never Markdown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import streamlit as st

from deepaid_core.domain.suppression import Suppression, SuppressionScope
from deepaid_core.errors import NotFoundError
from deepaid_core.figures.numbers import format_count, format_time_utc
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import distill
from deepaid_core.workflow.suppress import SuppressionState, SuppressionView
from deepaid_ui.panels import Color
from deepaid_ui.text import one_line
from deepaid_ui.workspace import workspace

__all__ = ["STATES", "StateLook", "hits_words", "last_hit", "moment", "scope_lines", "takes_out"]

_NAMED: Final = 3
_LONGEST: Final = 120


@dataclass(frozen=True, slots=True)
class StateLook:
    """How a state is shown: never by its color alone.

    Attributes:
        symbol: Before its name.
        color: Of its badge.
        meaning: A sentence.
    """

    symbol: str
    color: Color
    meaning: str


STATES: Final[Mapping[SuppressionState, StateLook]] = {
    "active": StateLook("●", "green", "It keeps what falls under it out of the open queue."),
    "expiring": StateLook(
        "◐",
        "orange",
        "It ends within seven days: findings that are added afterwards stay in the queue.",
    ),
    "expired": StateLook(
        "○",
        "gray",
        "It has ended: findings that were added since stay in the queue, earlier ones stay out.",
    ),
    "disabled": StateLook(
        "✕",
        "red",
        "A confirmed attack lies in its scope, so it takes nothing out of the queue.",
    ),
    "undone": StateLook("↩", "violet", "It was taken back: what it held is in the queue again."),
}
"""Each state with how it looks, in the order in which filters offer them."""


def moment(time: float) -> str:
    """A moment to the minute without its zone, for columns whose head names it."""
    return format_time_utc(time)[:16]


def takes_out(suppression: Suppression) -> str:
    """What a suppression takes out of the queue, in one line."""
    scope = suppression.decision.scope
    parts = [f"{suppression.decision.category} ({scope.detector_name})"]
    if scope.entities:
        parts.append(_entities(scope.entities))
    if times := _times(scope):
        parts.append(times)
    said = ", ".join(shorten(one, _LONGEST) for one in parts)
    deviates = "any deviation"
    if scope.pattern_id is not None:
        opened = workspace()
        deviates = _summary(str(opened.home), opened.store.version()[1], scope.pattern_id)
    return one_line(f"{said}: {shorten(deviates, _LONGEST)}")


def last_hit(view: SuppressionView) -> str:
    """When something last fell under it; what is not in use hits nothing, whatever it did."""
    if view.suppression.last_hit is not None:
        return moment(view.suppression.last_hit)
    return "–" if view.state in {"undone", "disabled"} else "never hit"


@st.cache_data(max_entries=1024, show_spinner=False)
def _summary(home: str, findings: int, pattern_id: str) -> str:
    # A list asks for many patterns; what one is changes with the findings only.
    try:
        return workspace().store.pattern(pattern_id).example_summary
    except NotFoundError:
        return f"pattern {pattern_id}"


def scope_lines(scope: SuppressionScope) -> tuple[str, ...]:
    """What must hold for a finding to fall under a scope, a line each."""
    return (
        f"flagged by the detector {one_line(shorten(scope.detector_name, _LONGEST))}",
        _reasons(scope.pattern_id),
        _entities(scope.entities, every=True) if scope.entities else "about any host or user",
        _times(scope) or "at any time",
    )


def _reasons(pattern_id: str | None) -> str:
    if pattern_id is None:
        return "for any reasons that no confirmed attack shares"
    try:
        states = workspace().store.pattern(pattern_id).example_path
    except NotFoundError:
        return f"for the reasons of pattern {pattern_id}, of which there is no finding"
    words = "; ".join(shorten(distill.describe(state), _LONGEST) for state in states)
    return one_line(f"for these reasons (pattern {pattern_id}): {words}")


def _entities(entities: tuple[str, ...], *, every: bool = False) -> str:
    named = entities if every else entities[:_NAMED]
    more = len(entities) - len(named)
    rest = f" and {more:,} more" if more else ""
    return one_line(f"about {', '.join(shorten(one, 80) for one in named)}{rest}")


def _times(scope: SuppressionScope) -> str:
    since, until = scope.since, scope.until
    if since is not None and until is not None:
        return f"from {format_time_utc(since)} to {format_time_utc(until)}"
    if since is not None:
        return f"from {format_time_utc(since)} on"
    return f"until {format_time_utc(until)}" if until is not None else ""


def hits_words(suppression: Suppression) -> str:
    """What a suppression does now, in a sentence."""
    if not suppression.hits:
        return "No finding falls under it."
    checked = (
        f" and leaves {suppression.resurfaced:,} in it for a check"
        if suppression.resurfaced
        else ""
    )
    return f"It keeps {format_count(suppression.suppressed, 'finding')} out of the queue{checked}."
