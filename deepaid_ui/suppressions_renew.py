"""Writing a suppression again with a new expiry, through the same guards."""

import time
from dataclasses import replace
from typing import Final

import streamlit as st

from deepaid_core.domain.suppression import NewSuppression, Suppression
from deepaid_core.errors import NotFoundError
from deepaid_core.figures.numbers import format_count, format_time_utc
from deepaid_core.workflow import suppress
from deepaid_core.workflow.suppress import SuppressionView
from deepaid_ui import problems, session
from deepaid_ui.guard_list import show_checks
from deepaid_ui.workspace import workspace

__all__ = ["offer"]

_LONGEST_TEXT, _LONGEST_LINE = 2000, 120
_TYPED: Final = {"reason", "owner", "author", "category", "ticket"}
_OTHERS: Final = "no other suppression"


def offer(view: SuppressionView) -> None:
    """A button that opens the form, and the form."""
    one = view.suppression
    key = f"renew-{one.number}"
    if not st.session_state.get(f"{key}-open"):
        st.button(
            "Write it again…" if view.state in {"undone", "disabled"} else "Renew…",
            key=key,
            icon=":material/event_repeat:",
            help="The same scope with a new expiry; all guards are checked again.",
            on_click=_open,
            args=(key, True),
        )
        return
    with st.container(border=True):
        _form(view, key)


def _open(key: str, wanted: bool) -> None:
    st.session_state[f"{key}-open"] = wanted


def _form(view: SuppressionView, key: str) -> None:
    one, old = view.suppression, view.suppression.decision
    st.markdown(f"**{one.id} again, with a new expiry**")
    st.number_input(
        "Days from now",
        min_value=1,
        max_value=suppress.LONGEST_DAYS,
        value=suppress.DEFAULT_DAYS,
        key=f"{key}-days",
    )
    st.text_area(
        "Why it may still be hidden",
        value=old.reason,
        key=f"{key}-reason",
        max_chars=_LONGEST_TEXT,
        height=90,
    )
    left, right = st.columns(2, gap="small")
    left.text_input("Owner", value=old.owner, key=f"{key}-owner", max_chars=_LONGEST_LINE)
    right.text_input(
        "Ticket (may be empty)", value=old.ticket, key=f"{key}-ticket", max_chars=_LONGEST_LINE
    )
    if session.author() is None:
        st.text_input(
            "Your name (asked once)", key=f"{key}-author", max_chars=80, placeholder="Name"
        )
    decision = _written(one, key)
    try:
        found = suppress.preview(workspace(), decision)
    except NotFoundError as error:
        problems.show(error)
        return
    st.caption(
        f"It would end {format_time_utc(decision.expires_time)} and take "
        f"{format_count(found.covered, 'more open finding')} of today out of the queue"
        + (f", {found.resurfaced:,} of them left in it for a check." if found.resurfaced else ".")
    )
    # Those that hold are listed with the suppression itself.
    against = tuple(
        check
        for check in found.checks
        if not check.passed
        # That the old one covers the same is what renewing is for.
        and not (check.name == _OTHERS and view.state in {"active", "expiring"})
    )
    if against:
        show_checks(against)
    else:
        st.caption("✓ All checks passed.")
    with st.container(horizontal=True):
        st.button(
            "Save the new suppression",
            key=f"{key}-save",
            type="primary",
            # What is still being typed is answered when it is saved.
            disabled=any(one.blocking and one.name not in _TYPED for one in against),
            on_click=problems.in_callback(_save),
            args=(one, key),
        )
        st.button("Cancel", key=f"{key}-cancel", on_click=_open, args=(key, False))


def _written(one: Suppression, key: str) -> NewSuppression:
    """The suppression as the form says now, which a callback cannot be told beforehand."""
    state = st.session_state
    return replace(
        one.decision,
        reason=state[f"{key}-reason"] or "",
        owner=state[f"{key}-owner"] or "",
        ticket=state[f"{key}-ticket"] or "",
        author=session.author() or state.get(f"{key}-author") or "",
        expires_time=time.time() + float(state[f"{key}-days"]) * suppress.DAY_S,
    )


def _save(one: Suppression, key: str) -> None:
    decision = _written(one, key)
    outcome = suppress.suppress(workspace(), decision)
    if session.author() is None:
        session.set_author(decision.author)
    _open(key, False)
    session.set_param("s", str(outcome.number))
    session.remember_done(
        session.Done(
            f"S-{outcome.number} continues {one.id}: it took "
            f"{format_count(outcome.suppressed, 'more finding')} out of the queue.",
            (outcome.number,),
        )
    )
