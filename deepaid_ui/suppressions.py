"""The list of suppressions."""

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from deepaid_core.figures.numbers import format_count
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import suppress
from deepaid_core.workflow.suppress import SuppressionState, SuppressionView
from deepaid_ui import filters, navigation, panels, tables
from deepaid_ui.suppressions_words import STATES, last_hit, moment, takes_out
from deepaid_ui.text import one_line, plain
from deepaid_ui.workspace import workspace

__all__ = ["show"]

_PAGE: Final = 50
_STATE, _SEARCH = "state", "q"
_EVERY: Final = "all"


def show() -> None:
    """All suppressions with what they do now; a click opens one."""
    everything = suppress.listing(workspace())
    if not everything:
        _nothing_yet()
        return
    _summary(everything)
    chosen = _filtered(everything)
    if not chosen:
        panels.empty_state(
            "No suppression matches",
            f"0 of {format_count(len(everything), 'suppression')}; the filter is too narrow.",
        )
        st.button("Clear filters", icon=":material/filter_alt_off:", on_click=_clear)
        return
    # The address's page is known once its widget is drawn, which belongs below the table.
    place = st.container()
    pages = -(-len(chosen) // _PAGE)
    page = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    start = (page - 1) * _PAGE
    shown = chosen[start : start + _PAGE]
    with place:
        selection = _table(shown, key=f"suppressions-{filters.version()}-{start}-{_mark(chosen)}")
    cell = tables.clicked_row(selection)
    if cell and cell[0] < len(shown):
        navigation.go("suppressions", {"s": str(shown[cell[0]].suppression.number)})
    st.caption("Click a row to see what it holds, why it may, and to take it back.")


def _nothing_yet() -> None:
    panels.empty_state(
        "Nothing is suppressed",
        "A suppression takes findings that you know to be harmless out of the open queue, for a "
        "time, and never deletes one. To make one: reject a pattern in three findings (false "
        "positive), open the pattern and press *Suppress…*. It shows what it would reach before "
        "it is saved, is refused where an attack was confirmed, and can be taken back.",
    )
    with st.container(horizontal=True):
        navigation.link("patterns", "Go to the patterns", icon=":material/schema:")
        navigation.link("queue", "Go to the queue", icon=":material/list:")


def _summary(everything: Sequence[SuppressionView]) -> None:
    in_force = [one for one in everything if one.state != "undone"]
    held = sum(one.suppression.suppressed for one in in_force)
    checks = sum(one.suppression.resurfaced for one in in_force)
    words = [
        f"{format_count(len(in_force), 'suppression')} in force "
        f"{'keeps' if len(in_force) == 1 else 'keep'} {format_count(held, 'finding')} out of the "
        "queue"
    ]
    if checks:
        words.append(f"{checks:,} of what they cover stay in it for a check")
    st.caption(f"{'; '.join(words)}. Nothing is deleted, and an attack's pattern is never hidden.")
    # Only what somebody has to do something about stands out.
    ending = [one for one in everything if one.state == "expiring"]
    if ending:
        names = ", ".join(
            f"{one.suppression.id} ({shorten(one.suppression.decision.owner, 40)})"
            for one in ending[:5]
        )
        st.warning(
            plain(
                f"{format_count(len(ending), 'suppression')} "
                f"{'ends' if len(ending) == 1 else 'end'} within seven days: {names}. "
                "Renew what is still true."
            ),
            icon=":material/schedule:",
        )
    disabled = [one for one in everything if one.state == "disabled"]
    if disabled:
        names = ", ".join(one.suppression.id for one in disabled[:5])
        st.warning(
            plain(
                f"{names} {'is' if len(disabled) == 1 else 'are'} disabled: an attack was "
                "confirmed in the scope."
            ),
            icon=":material/shield:",
        )


def _filtered(everything: Sequence[SuppressionView]) -> list[SuppressionView]:
    counts = {state: sum(one.state == state for one in everything) for state in STATES}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input(
            "Search",
            key=_SEARCH,
            placeholder="Search owner, ticket, reason, category, host, pattern",
            label_visibility="collapsed",
            icon=":material/search:",
            max_chars=120,
            bind="query-params",
            width=380,
        )
        state = st.segmented_control(
            "State",
            [_EVERY, *STATES],
            default=_EVERY,
            required=True,
            key=_STATE,
            label_visibility="collapsed",
            bind="query-params",
            help=" ".join(f"{name}: {look.meaning}" for name, look in STATES.items()),
        )
        st.caption(
            " · ".join(f"{STATES[name].symbol} {n:,} {name}" for name, n in counts.items() if n)
        )
    wanted = text.strip().casefold()
    return [
        one
        for one in everything
        if state in (_EVERY, None, one.state) and (not wanted or wanted in _searched(one))
    ]


def _searched(view: SuppressionView) -> str:
    one = view.suppression
    decision, scope = one.decision, one.decision.scope
    return "\n".join(
        (
            one.id,
            decision.category,
            decision.reason,
            decision.owner,
            decision.ticket,
            decision.author,
            scope.detector_name,
            scope.pattern_id or "",
            *scope.entities,
        )
    ).casefold()


def _clear() -> None:
    st.session_state[_SEARCH] = ""
    st.session_state[_STATE] = _EVERY


def _mark(chosen: Sequence[SuppressionView]) -> str:
    # A selection is a position: other rows need another table.
    return str(hash(tuple(one.suppression.number for one in chosen)))


def _table(views: Sequence[SuppressionView], *, key: str) -> Any:
    """Suppressions as a table; returns its selection."""
    return st.dataframe(
        frame(views),
        hide_index=True,
        height="content",
        key=key,
        alt="Suppressions, newest first; a click opens one",
        on_select="rerun",
        selection_mode=["single-cell"],
        column_config={
            "Suppression": st.column_config.TextColumn(width=88, pinned=True),
            "State": st.column_config.MultiselectColumn(
                options=[_chip(state) for state in STATES],
                color=[look.color for look in STATES.values()],
                width=108,
            ),
            "Takes out": st.column_config.TextColumn(width=360),
            "Hits": st.column_config.NumberColumn(
                width=56, help="Findings that fall under it, those left in the queue included."
            ),
            "Out now": st.column_config.NumberColumn(
                width=68, help="Findings that it keeps out of the open queue now."
            ),
            "To check": st.column_config.NumberColumn(
                width=72, help="Findings that it leaves in the queue on purpose, for a check."
            ),
            "Last hit (UTC)": st.column_config.TextColumn(
                width=122, help="Last event of what falls under it."
            ),
            "Owner": st.column_config.TextColumn(width=90),
            "Ticket": st.column_config.TextColumn(width=90),
            "Expires (UTC)": st.column_config.TextColumn(width=122),
        },
    ).selection


def _chip(state: SuppressionState) -> str:
    return f"{STATES[state].symbol} {state}"


def frame(views: Sequence[SuppressionView]) -> pd.DataFrame:
    """Suppressions with what they do now; the first column is the id."""
    every = [view.suppression for view in views]
    return pd.DataFrame(
        {
            "Suppression": [one.id for one in every],
            "State": [[_chip(view.state)] for view in views],
            "Takes out": [takes_out(one) for one in every],
            "Hits": [one.hits for one in every],
            "Out now": [one.suppressed for one in every],
            "To check": [one.resurfaced for one in every],
            "Last hit (UTC)": [last_hit(view) for view in views],
            "Expires (UTC)": [moment(one.decision.expires_time) for one in every],
            "Owner": [_text(one.decision.owner) for one in every],
            "Ticket": [_text(one.decision.ticket) for one in every],
        }
    )


def _text(value: str) -> str:
    return one_line(shorten(value, 80))
