"""Which findings of the queue are ticked: by id, so that neither a page nor a colleague moves them.

The browser keeps ticks by position and forgets them whenever its table changes. These stay while
pages are turned and lines are sorted, and tell when somebody judged one of them meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import streamlit as st

from deepaid_core.domain.queries import FindingRow
from deepaid_ui.session import QueueView
from deepaid_ui.workspace import workspace

__all__ = ["clear", "grid", "remember", "ticked"]

_TICKS: Final = "_queue_ticks"
_DRAWN: Final = "_queue_drawn"
_PLACE: Final = "Severity"
"""Column that a picked line is marked in; a click on the first one would open the finding."""


@dataclass(slots=True)
class _Ticks:
    # The view they were made in, the findings as they were then, and how often all were dropped.
    view: QueueView | None = None
    rows: dict[str, FindingRow] = field(default_factory=dict)
    log: int = 0
    generation: int = 0


def _ticks() -> _Ticks:
    found: _Ticks = st.session_state.setdefault(_TICKS, _Ticks())
    return found


def clear() -> None:
    """Untick everything; for use in callbacks."""
    ticks = _ticks()
    ticks.rows.clear()
    ticks.generation += 1


def ticked(view: QueueView) -> tuple[tuple[FindingRow, ...], tuple[FindingRow, ...]]:
    """What is ticked in this view, and what no longer is because somebody judged it meanwhile.

    A view with other filters starts with nothing ticked; another page or order does not.
    """
    ticks = _ticks()
    scope = replace(view, page=1, sort="score", group="none")
    if ticks.view != scope:
        if ticks.rows:
            ticks.generation += 1
        ticks.view, ticks.rows = scope, {}
    number, _ = workspace().store.version()
    if not ticks.rows or number == ticks.log:
        ticks.log = number
        return tuple(ticks.rows.values()), ()
    ticks.log = number
    now = {row.id: row for row in workspace().store.rows(tuple(ticks.rows))}
    gone = tuple(
        now[row.id]
        for row in ticks.rows.values()
        if (row.status, row.verdict_number) != (now[row.id].status, now[row.id].verdict_number)
    )
    for row in gone:
        del ticks.rows[row.id]
    if gone:
        ticks.generation += 1  # a table that was drawn in between must not tick them again
    return tuple(ticks.rows.values()), gone


def grid(key: str, rows: Sequence[FindingRow], picked: str | None) -> str:
    """Key of the table of a page, which starts with its ticks and the picked line in it."""
    ticks = _ticks()
    key = f"{key}-{ticks.generation}"
    if st.session_state.get(_DRAWN) != key or key not in st.session_state:
        st.session_state[_DRAWN] = key
        st.session_state[key] = selection(rows, picked)
    return key


def selection(rows: Sequence[FindingRow], picked: str | None) -> dict[str, Any]:
    """A state of the table: ticks, and the picked line."""
    ticks = _ticks()
    places = {row.id: place for place, row in enumerate(rows)}
    return {
        "selection": {
            "rows": [place for one, place in places.items() if one in ticks.rows],
            "columns": [],
            "cells": [(places[picked], _PLACE)] if picked in places else [],
        }
    }


def remember(rows: Sequence[FindingRow], state: Mapping[str, Any]) -> tuple[FindingRow, ...]:
    """Take over the ticks of the page that is shown; returns all, of other pages too."""
    ticks = _ticks()
    chosen = {rows[place].id: rows[place] for place in state["rows"] if place < len(rows)}
    for row in rows:
        if row.id not in chosen:
            ticks.rows.pop(row.id, None)
    # A finding keeps what it was when it was ticked.
    ticks.rows = {**chosen, **ticks.rows}
    return tuple(ticks.rows.values())
