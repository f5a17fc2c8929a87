"""Suppressing: scope, reasons, guards one by one and reach, all before anything is saved."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import streamlit as st

from deepaid_core.domain.queries import FindingRow, PatternRow
from deepaid_core.domain.suppression import NewSuppression
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import DeepAidError
from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow import suppress, triage
from deepaid_core.workflow.suppress import DAY_S, LONGEST_DAYS, Check, SuppressionPreview
from deepaid_ui import problems, reach, session
from deepaid_ui.guard_list import show_checks
from deepaid_ui.suppress_scope import read_scope, scope_fields
from deepaid_ui.text import plain
from deepaid_ui.workspace import workspace

__all__ = ["ask_for_burst", "asking", "burst_button", "burst_dialog", "is_burst", "pattern_dialog"]

_BURST: Final = "_suppress_burst"
_FALSE, _BENIGN = VerdictLabel.FALSE_POSITIVE, VerdictLabel.BENIGN_POSITIVE
_BASES: Final = {
    _FALSE: "False positive: normal behavior was flagged",
    _BENIGN: "Benign positive: really unusual, but authorized",
}
_TYPED: Final = frozenset({"reason", "owner", "author", "category", "ticket", "expiry"})
"""Checks of what is still being typed: they never grey the button out, they answer when saved."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """A suppression that is being written.

    Attributes:
        key: Prefix of widget keys.
        proposed: What the fields start with.
        closed: Called once it is saved.
    """

    key: str
    proposed: NewSuppression
    closed: Callable[[], None]


def pattern_dialog(pattern: PatternRow, *, closed: Callable[[], None]) -> None:
    """Ask for a suppression of a pattern.

    Args:
        pattern: Which.
        closed: Called when the dialog is left or the suppression is saved; stops asking.
    """

    def draft() -> _Draft:
        who = session.author() or ""
        proposed = suppress.proposal(workspace(), pattern.pattern_id, author=who)
        return _Draft(f"suppress-{pattern.pattern_id}", proposed, closed)

    _dialog(f"Suppress pattern {pattern.pattern_id}", draft, closed)


def ask_for_burst(finding_ids: Sequence[str]) -> None:
    """Have `burst_dialog` ask on the next run; for use in callbacks."""
    st.session_state[_BURST] = tuple(finding_ids)


def burst_button(finding_ids: Sequence[str], *, key: str) -> None:
    """Offer to suppress the burst that judged false positives form; redraws the whole page."""
    if st.button(
        "Suppress this burst…",
        key=key,
        icon=":material/visibility_off:",
        help="Everything that this detector flags about the same entities in the same seconds, "
        "whatever the reason, except what a confirmed attack protects. You see first what that "
        "does and whether it may be done.",
        on_click=ask_for_burst,
        args=(finding_ids,),
    ):
        st.rerun()


def asking() -> bool:
    """Whether `burst_dialog` is open: keys would reach the page behind it."""
    return bool(st.session_state.get(_BURST))


def _forget_burst() -> None:
    st.session_state.pop(_BURST, None)


def burst_dialog() -> None:
    """Ask for a suppression of the burst that judged false positives form, where one was wanted."""
    ids: tuple[str, ...] | None = st.session_state.get(_BURST)
    if not ids:
        return

    def draft() -> _Draft:
        who = session.author() or ""
        proposed = suppress.burst_proposal(workspace(), ids, author=who)
        return _Draft(f"suppress-{hash(ids)}", proposed, _forget_burst)

    _dialog("Suppress this burst", draft, _forget_burst)


def _dialog(title: str, draft: Callable[[], _Draft], closed: Callable[[], None]) -> None:
    @st.dialog(title, width="large", icon=":material/visibility_off:", on_dismiss=closed)
    def ask() -> None:
        with problems.shown():
            _form(draft())

    ask()


def _form(draft: _Draft) -> None:
    if st.session_state.pop(_saved(draft), False):
        st.rerun()
    problems.pending()
    st.caption(
        "A suppression takes findings out of the open queue for a time. Nothing is deleted: they "
        "stay searchable, a few stay in the queue as a check, and it can be undone."
    )
    left, right = st.columns([0.46, 0.54], gap="medium")
    with left:
        _fields(draft)
    try:
        decision = _written(draft)
    except DeepAidError as error:
        with right:
            problems.show(error)
        return
    found = suppress.preview(workspace(), decision)
    with right:
        _checks(found.checks)
    _reach(found, key=draft.key)
    _buttons(draft, found)


def _saved(draft: _Draft) -> str:
    return f"{draft.key}-saved"


def _fields(draft: _Draft) -> None:
    proposed, key = draft.proposed, draft.key
    st.markdown("**What**")
    scope_fields(proposed.scope, key=key)
    basis = proposed.basis
    if proposed.scope.pattern_id is not None:
        basis = st.radio(
            "These findings are",
            list(_BASES),
            index=list(_BASES).index(basis) if basis in _BASES else 0,
            format_func=_BASES.__getitem__,
            key=f"{key}-basis",
        )
    st.markdown("**Why, and until when**")
    options = [
        *([proposed.category] if proposed.category else []),
        *workspace().store.distinct("category"),
        *triage.CATEGORIES_BY_LABEL[basis],
    ]
    st.selectbox(
        "Category",
        list(dict.fromkeys(options)),
        index=0 if proposed.category else None,
        key=f"{key}-category",
        placeholder="What it is, e.g. backup-job",
        accept_new_options=True,
    )
    st.text_area(
        "Reason",
        value=proposed.reason,
        key=f"{key}-reason",
        height=100,
        max_chars=2000,
        help="Why these findings may leave the queue, for whoever reads it in a month.",
    )
    with st.container(horizontal=True):
        st.text_input(
            "Owner",
            value=proposed.owner,
            key=f"{key}-owner",
            max_chars=200,
            help="Who answers for it and is asked when it expires.",
        )
        st.text_input("Ticket (optional)", key=f"{key}-ticket", max_chars=200)
        st.number_input(
            "Expires after (days)", 1, LONGEST_DAYS, suppress.DEFAULT_DAYS, key=f"{key}-days"
        )
    if not proposed.author:
        st.text_input("Your name (asked once)", key=f"{key}-author", max_chars=80)


def _written(draft: _Draft) -> NewSuppression:
    """What the fields say now; in a callback that is newer than what was drawn."""
    proposed, state = draft.proposed, st.session_state

    def text(name: str) -> str:
        return str(state.get(f"{draft.key}-{name}") or "")

    days = float(state.get(f"{draft.key}-days") or 0)
    return replace(
        proposed,
        scope=read_scope(proposed.scope, key=draft.key),
        basis=state.get(f"{draft.key}-basis", proposed.basis),
        category=text("category"),
        reason=text("reason"),
        author=proposed.author or text("author").strip(),
        owner=text("owner"),
        ticket=text("ticket"),
        expires_time=time.time() + days * DAY_S,
    )


def _checks(checks: Sequence[Check]) -> None:
    blocking = sum(one.blocking and not one.passed for one in checks)
    warnings = sum(not one.blocking and not one.passed for one in checks)
    st.markdown("**What is checked**")
    st.caption(
        f"✓ holds, ✗ does not hold and keeps it from being saved ({blocking}), ! a warning "
        f"({warnings})"
    )
    show_checks(checks, typed=_TYPED)


def _reach(found: SuppressionPreview, *, key: str) -> None:
    with st.container(border=True):
        st.markdown("**What it reaches**")
        leaving = found.covered - found.resurfaced
        st.text(
            f"Takes {format_count(leaving, 'open finding')} out of the queue"
            + (f"; {found.resurfaced:,} more stay in it as a check" if found.resurfaced else "")
            + f". In its scope: {reach.sentence(found.reach)}"
        )
        reach.spread(found.reach, key=key)
        reach.examples(found.examples, key=key)


def _buttons(draft: _Draft, found: SuppressionPreview) -> None:
    refused = [
        one for one in found.checks if one.blocking and not one.passed and one.name not in _TYPED
    ]
    leaving = found.covered - found.resurfaced
    st.button(
        f"Suppress {format_count(leaving, 'finding')}" if leaving else "Suppress",
        key=f"{draft.key}-save",
        type="primary",
        icon=":material/visibility_off:",
        disabled=bool(refused),
        on_click=problems.in_callback(_save),
        args=(draft,),
    )
    if refused:
        st.caption(
            plain(
                "It cannot be saved while a check above does not hold: "
                + "; ".join(one.name for one in refused)
                + "."
            )
        )


def _save(draft: _Draft) -> None:
    decision = _written(draft)
    outcome = suppress.suppress(workspace(), decision)
    if decision.author and session.author() is None:
        session.set_author(decision.author)
    session.remember_done(session.Done(_told(outcome), (outcome.number,)))
    st.session_state[_saved(draft)] = True
    draft.closed()


def _told(outcome: suppress.SuppressionOutcome) -> str:
    kept = outcome.resurfaced
    return (
        f"S-{outcome.number}: {format_count(outcome.suppressed, 'finding')} left the queue"
        + (f", {kept:,} stay in it as a check" if kept else "")
        + "."
    )


def is_burst(rows: Sequence[FindingRow]) -> bool:
    """Whether a burst can be suppressed from these findings: false positives of one detector."""
    return (
        bool(rows)
        and all(row.verdict == _FALSE for row in rows)
        and len({row.detector_name for row in rows}) == 1
    )
