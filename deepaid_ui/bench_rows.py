"""The rows of the bench: each a part of the event with its widgets, controlled by the draft."""

import math
from typing import Any, Final

import streamlit as st

from deepaid_core.domain.finding import Finding
from deepaid_core.figures.numbers import format_count, format_value
from deepaid_core.figures.text import shorten
from deepaid_core.workflow.bench import Bench, Part, Value, way_done, way_to
from deepaid_ui import problems
from deepaid_ui.bench_state import OnBench, keep, kept
from deepaid_ui.text import one_line, plain

__all__ = ["offer_of", "row"]

_CHOICE = 160
_TITLE = 160
_STEPS: Final = 20  # clicks of a number's buttons from the anomaly to the closest normal


def title_of(part: Part) -> str:
    """A part in one line."""
    alone = " (this column alone)" if part.alone else ""
    return f"{one_line(shorten(part.title, _TITLE))}{alone}"


def offer_of(part: Part) -> str:
    """A part in one line among others to choose from, with what it holds where that is a text."""
    held = f": {one_line(shorten(part.observed_text, _TITLE))}" if part.kind == "choice" else ""
    return f"{title_of(part)}{held}"


def row(finding: Finding, bench: Bench, at: int, state: OnBench) -> None:
    """One part: what it holds, what it would be in the closest normal event, and its widgets.

    Args:
        finding: On the bench.
        bench: Its bench.
        at: Position of the part.
        state: What is on the bench now.
    """
    part = bench.parts[at]
    locked = part.fixed or part.group in state.locked
    changed = any(cell in state.edits for cell in part.cells)
    with st.container(border=True, gap="xsmall"):
        # Where the name leaves no room beside it, its controls go below it as one.
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            st.text(f"{'✎ ' if changed else ''}{title_of(part)}", width="content")
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                _lock(finding, bench, at, state)
                if part.reference != part.observed:
                    st.button(
                        "Closest normal",
                        key=_key(finding, at, "take"),
                        type="tertiary",
                        help="Take the closest normal event's value",
                        disabled=locked,
                        on_click=problems.in_callback(_take),
                        args=(finding, bench, at),
                    )
                st.button(
                    "This event",
                    key=_key(finding, at, "back"),
                    type="tertiary",
                    help="Put the event's own value back",
                    disabled=locked or not changed,
                    on_click=problems.in_callback(_put_back),
                    args=(finding, bench, at),
                )
                if at in state.extra:
                    st.button(
                        "Hide",
                        key=_key(finding, at, "hide"),
                        type="tertiary",
                        help="Take the row off; what is not locked gets the event's value back",
                        on_click=problems.in_callback(_hide),
                        args=(finding, bench, at),
                    )
        if part.kind == "choice":
            _choice(finding, bench, at, state, locked)
        else:
            _number(finding, bench, at, state, locked)
        st.caption(plain(_facts(bench, part)))


def _key(finding: Finding, at: int, what: str) -> str:
    return f"bench-{finding.id}-{at}-{what}"


def _put(key: str, value: Any) -> None:
    # The draft says what a widget shows; touching a widget that shows it already would reset it.
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def _facts(bench: Bench, part: Part) -> str:
    if part.kind == "choice":
        seen, wanted = (shorten(one, _CHOICE) for one in (part.observed_text, part.reference_text))
        same = part.observed == part.reference
        return f"◆ this event: {seen} · ○ closest normal: {'the same' if same else wanted}"
    said = [f"◆ this event {format_value(part.observed, part.unit)}"]
    same = part.reference == part.observed
    said.append(
        f"○ closest normal {'the same' if same else format_value(part.reference, part.unit)}"
    )
    if part.normal_low is not None and part.normal_high is not None:
        low, high = (format_value(one, part.unit) for one in (part.normal_low, part.normal_high))
        said.append(f"98 % of training: {low}" + (f" to {high}" if low != high else ""))
    if len(part.cells) > 1:
        others = format_count(len(part.cells) - 1, "other column")
        said.append(f"{others} of this statistic move{'s' * (len(part.cells) == 2)} along")
    return " · ".join(said)


def _lock(finding: Finding, bench: Bench, at: int, state: OnBench) -> None:
    part = bench.parts[at]
    key = _key(finding, at, "lock")
    _put(key, part.fixed or part.group in state.locked)
    st.toggle(
        "Lock",
        key=key,
        disabled=part.fixed,
        help="The detector's schema says that this cannot differ." if part.fixed else None,
        on_change=problems.in_callback(_set_lock),
        args=(finding, bench, at),
    )


def _number(finding: Finding, bench: Bench, at: int, state: OnBench, locked: bool) -> None:
    part = bench.parts[at]
    value = float(bench.value(part, state.edits))
    left, right = st.columns([0.55, 0.45], gap="medium", vertical_alignment="bottom")
    if part.reference != part.observed:
        key = _key(finding, at, "way")
        _put(key, round(100 * way_done(part, value)))
        left.slider(
            f"From this event to the closest normal: {plain(title_of(part))}",
            0,
            100,
            key=key,
            format="%d %%",
            label_visibility="collapsed",
            disabled=locked,
            on_change=problems.in_callback(_slide),
            args=(finding, bench, at),
        )
    else:
        left.caption("The closest normal event does not differ here.")
    key = _key(finding, at, "number")
    _put(key, value)
    low, high = _bounds(part)
    right.number_input(
        plain(f"{title_of(part)}{f', {part.unit}' if part.unit else ''}"),
        min_value=low,
        max_value=high,
        step=_step(part),
        format="%.0f" if part.kind == "integer" else "%.6g",
        key=key,
        label_visibility="collapsed",
        disabled=locked,
        on_change=problems.in_callback(_type),
        args=(finding, bench, at, "number"),
    )


def _bounds(part: Part) -> tuple[float | None, float | None]:
    # An event may lie outside of what its schema holds possible; it is shown all the same.
    values = (float(part.observed), float(part.reference))
    return (
        None if part.low is None else min(part.low, *values),
        None if part.high is None else max(part.high, *values),
    )


def _step(part: Part) -> float:
    """A round number, about a twentieth of the way there is to go."""
    way = abs(float(part.observed) - float(part.reference))
    if not way and part.normal_low is not None and part.normal_high is not None:
        way = part.normal_high - part.normal_low
    size = (way or abs(float(part.observed)) or 1.0) / _STEPS
    power = 10.0 ** math.floor(math.log10(size))
    step = power * min((1, 2, 5, 10), key=lambda factor: abs(factor - size / power))
    return max(1.0, float(round(step))) if part.kind == "integer" else step


def _choice(finding: Finding, bench: Bench, at: int, state: OnBench, locked: bool) -> None:
    part = bench.parts[at]
    choices = {one.value: one for one in bench.choices(part)}
    value = str(bench.value(part, state.edits))
    options = list(choices) if value in choices else [value, *choices]
    key = _key(finding, at, "choice")
    _put(key, value)

    def worded(one: str) -> str:
        known = choices.get(one)
        accepted = "✓ " if known is not None and known.score <= bench.threshold else ""
        where = " ◆ this event" if one == part.observed else ""
        where += " ○ closest normal" if one == part.reference != part.observed else ""
        return one_line(f"{accepted}{shorten(known.text if known else one, _CHOICE)}{where}")

    st.selectbox(
        plain(title_of(part)),
        options,
        key=key,
        format_func=worded,
        label_visibility="collapsed",
        disabled=locked,
        accept_new_options=part.group in {"user", "source", "destination"},
        help="The likeliest first; ✓: with this one alone, the detector accepts the event.",
        on_change=problems.in_callback(_type),
        args=(finding, bench, at, "choice"),
    )


def _turn(finding: Finding, bench: Bench, at: int, value: Value) -> None:
    state = kept(finding, bench)
    keep(finding, state.with_edits(bench.turn(bench.parts[at], value, state.edits)))


def _type(finding: Finding, bench: Bench, at: int, what: str) -> None:
    value = st.session_state[_key(finding, at, what)]
    if value is not None:
        _turn(finding, bench, at, value)


def _slide(finding: Finding, bench: Bench, at: int) -> None:
    part, share = bench.parts[at], st.session_state[_key(finding, at, "way")] / 100
    if share == 1.0:
        _take(finding, bench, at)
    else:
        _turn(finding, bench, at, way_to(part, share))


def _take(finding: Finding, bench: Bench, at: int) -> None:
    state = kept(finding, bench)
    keep(finding, state.with_edits(bench.take_reference(bench.parts[at], state.edits)))


def _put_back(finding: Finding, bench: Bench, at: int) -> None:
    state = kept(finding, bench)
    keep(finding, state.with_edits(bench.put_back(bench.parts[at], state.edits)))


def _hide(finding: Finding, bench: Bench, at: int) -> None:
    state, part = kept(finding, bench), bench.parts[at]
    edits = state.edits if part.group in state.locked else bench.put_back(part, state.edits)
    extra = tuple(one for one in state.extra if one != at)
    keep(finding, OnBench(edits, state.locked, extra))


def _set_lock(finding: Finding, bench: Bench, at: int) -> None:
    state, group = kept(finding, bench), bench.parts[at].group
    on = bool(st.session_state[_key(finding, at, "lock")])
    locked = state.locked | {group} if on else state.locked - {group}
    keep(finding, OnBench(state.edits, frozenset(locked), state.extra))
