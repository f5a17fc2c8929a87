"""What a suppression is about, as widgets; times are text, since a burst is a matter of seconds."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import streamlit as st

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.suppression import SuppressionScope
from deepaid_core.errors import SuppressionRefusedError
from deepaid_core.figures.text import shorten
from deepaid_ui import filters
from deepaid_ui.text import one_line
from deepaid_ui.workspace import workspace

__all__ = ["read_scope", "read_time", "scope_fields", "shown_time"]

_FORM: Final = "%Y-%m-%d %H:%M:%S"
_MOST_ENTITIES: Final = 1000


def shown_time(time: float) -> str:
    """A time to the second, as it can be typed."""
    return datetime.fromtimestamp(time, UTC).strftime(_FORM)


def read_time(text: str) -> float | None:
    """Unix seconds of what was typed; None where nothing was.

    Raises:
        SuppressionRefusedError: It is no time.
    """
    text = text.strip().removesuffix("UTC").strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise SuppressionRefusedError(
            f"'{shorten(text, 60)}' is no time; write it like 2025-10-09 08:53:20 (UTC)."
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


@st.cache_data(max_entries=16, show_spinner=False)
def _entities(home: str, at: str, detector_name: str, pattern_id: str | None) -> tuple[str, ...]:
    query = FindingQuery(detector_name=detector_name, pattern_id=pattern_id)
    groups = workspace().store.groups(query, "entity", limit=_MOST_ENTITIES)
    return tuple(group.key for group in groups)


def scope_fields(scope: SuppressionScope, *, key: str) -> None:
    """Draw the fields, filled in with the scope that is proposed; `read_scope` reads them."""
    burst = scope.pattern_id is None
    st.text(
        f"Findings of {one_line(shorten(scope.detector_name, 80))}, "
        + (
            "for any reason that no confirmed attack shares"
            if burst
            else f"of pattern {scope.pattern_id}"
        )
    )
    home, at = str(workspace().home), filters.version()
    known = _entities(home, at, scope.detector_name, scope.pattern_id)
    st.multiselect(
        "About",
        list(dict.fromkeys([*scope.entities, *known])),
        default=list(scope.entities),
        key=f"{key}-entities",
        placeholder="Choose at least one" if burst else "Any entity",
        help="Only findings about these hosts, users or sessions. Naming them keeps the same "
        "behavior of anybody else in the queue.",
        max_selections=_MOST_ENTITIES,
    )
    first, last = _proposed(scope)
    with st.container(horizontal=True):
        st.text_input(
            "From (UTC)",
            value=first,
            key=f"{key}-since",
            max_chars=40,
            placeholder="any time",
            help="Only findings whose first event is not before; like 2025-10-09 08:53:20.",
        )
        st.text_input(
            "To (UTC)",
            value=last,
            key=f"{key}-until",
            max_chars=40,
            placeholder="any time",
            help="Only findings whose last event is not after.",
        )


def read_scope(scope: SuppressionScope, *, key: str) -> SuppressionScope:
    """The scope that the fields say now, also in a callback.

    Raises:
        SuppressionRefusedError: A time cannot be read.
    """
    state = st.session_state
    return replace(
        scope,
        entities=tuple(state.get(f"{key}-entities") or ()),
        since=read_time(state.get(f"{key}-since") or ""),
        until=read_time(state.get(f"{key}-until") or ""),
    )


def _proposed(scope: SuppressionScope) -> tuple[str, str]:
    # Outwards to whole seconds, so that what is shown is what is meant.
    return (
        "" if scope.since is None else shown_time(math.floor(scope.since)),
        "" if scope.until is None else shown_time(math.ceil(scope.until)),
    )
