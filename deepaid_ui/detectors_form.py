"""A form for the hyperparameters of a detector, made from how they describe themselves."""

import inspect
from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from deepaid_core.domain.params import Param, Value, params_of

__all__ = ["form", "telling"]

_FIRST: Final = ("epochs",)
_MOST_TELLING: Final = 4


def telling(cls: type[Any]) -> tuple[tuple[Param, ...], tuple[Param, ...]]:
    """The hyperparameters that make this detector what it is, and all others.

    The first are those that its own class adds, and how long it learns.
    """
    every = params_of(cls)
    own = set(inspect.get_annotations(cls))
    names = [one.name for one in every if one.name in own or one.name in _FIRST]
    # How long it learns comes last of what the bases have, so it leads here.
    chosen = sorted(names, key=lambda name: name not in _FIRST)[:_MOST_TELLING]
    by_name = {one.name: one for one in every}
    return tuple(by_name[name] for name in chosen), tuple(
        one for one in every if one.name not in chosen
    )


def form(cls: type[Any], *, key: str) -> dict[str, Value]:
    """Draw the form; returns the values that differ from the defaults.

    Args:
        cls: Class of the detector.
        key: Must change with the class.
    """
    first, rest = telling(cls)
    given = _fields(first, key=key)
    with st.expander(f"Advanced ({len(rest)})"):
        given |= _fields(rest, key=key)
    known = {one.name: one.default for one in (*first, *rest)}
    return {name: value for name, value in given.items() if value != known[name]}


def _fields(params: Sequence[Param], *, key: str) -> dict[str, Value]:
    given: dict[str, Value] = {}
    for begin in range(0, len(params), 2):
        places = st.columns(2, gap="large")
        for place, one in zip(places, params[begin : begin + 2], strict=False):
            with place:
                given[one.name] = _field(one, f"{key}-{one.name}")
    return given


def _field(one: Param, key: str) -> Value:
    shown: dict[str, Any] = {
        "label": one.title,
        "key": key,
        "help": f"{one.help} {one.range_text.capitalize()}.",
    }
    default = one.default
    if one.choices:
        choices = list(one.choices)
        picked: Value = st.selectbox(options=choices, index=choices.index(default), **shown)
        return picked
    if isinstance(default, bool):
        return bool(st.toggle(value=default, **shown))
    if isinstance(default, int):
        return int(
            st.number_input(
                value=default,
                min_value=None if one.low is None else int(one.low),
                max_value=None if one.high is None else int(one.high),
                step=1,
                **shown,
            )
        )
    if isinstance(default, float):
        return float(
            st.number_input(
                value=default,
                min_value=one.low,
                max_value=one.high,
                step=_step(default),
                format="%.6g",
                **shown,
            )
        )
    return str(st.text_input(value=default, max_chars=200, **shown))


def _step(default: float) -> float:
    """A step that changes the first digit of a value: 0.001 of 0.003."""
    size = abs(default) or 0.1
    step = 10.0
    while step > size:
        step /= 10
    return step
