"""Saving what a verdict form says, and what happens when a colleague was faster."""

import time
from collections.abc import Callable, Mapping

import streamlit as st

from deepaid_core.domain.verdict import Verdict, VerdictLabel
from deepaid_core.errors import VerdictOvertakenError, VerdictRefusedError
from deepaid_core.figures.numbers import format_count, format_duration
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import triage
from deepaid_ui import problems, session
from deepaid_ui.forms_target import Target, forget, seen, set_overtaken
from deepaid_ui.panels import LABEL_NAMES
from deepaid_ui.text import one_line
from deepaid_ui.workspace import workspace

__all__ = ["SAVED", "TEACHES", "ask_which", "save"]

SAVED = "_form_saved"
"""Tells the form, on the run that follows, that the whole page is to be drawn again."""
TEACHES = frozenset({VerdictLabel.TRUE_POSITIVE, VerdictLabel.FALSE_POSITIVE})
"""Labels that the Distiller learns from."""
_NAMED = 3


def save(
    target: Target,
    after: Callable[[], None] | None,
    saved: Callable[[], None] | None,
    standing: Mapping[str, int | None] | None = None,
) -> None:
    """Give the verdict that the form says; for use in callbacks.

    Args:
        target: What is judged.
        after: Called once it is stored.
        saved: Called then, too.
        standing: Verdicts of colleagues that the analyst has been told of and replaces.

    Raises:
        VerdictRefusedError: The drafted reason was not touched, or a text cannot be kept.
    """
    state = st.session_state
    label: VerdictLabel = state[target.field("label")]
    if given := state.get(target.field("author")):
        session.set_author(given)
    reason = (state.get(target.field("reason")) or "").strip()
    if reason == target.draft.strip() and not state.get(target.field("sure")):
        raise VerdictRefusedError(
            "The drafted reason was neither changed nor confirmed; edit it, or tick 'The drafted "
            "reason is right'."
        )
    category = (state.get(target.field("category")) or "").strip()
    try:
        outcome = _given(target, label, category, reason, {**seen(target), **(standing or {})})
    except VerdictOvertakenError as error:
        set_overtaken(target, error.standing)
        return
    session.remember_done(session.Done(_told(label, category, outcome), outcome.numbers))
    forget(target)
    state[SAVED] = True
    for step in (after, saved):
        if step:
            step()


def _given(
    target: Target,
    label: VerdictLabel,
    category: str,
    reason: str,
    known: Mapping[str, int | None],
) -> triage.VerdictOutcome:
    who = session.author() or ""
    whole = target.kind == "pattern" or st.session_state.get(target.field("scope")) == "pattern"
    if whole and target.pattern_id:
        return triage.give_pattern_verdict(
            workspace(),
            pattern_id=target.pattern_id,
            label=label,
            category=category,
            reason=reason,
            author=who,
            looked_at=target.finding_ids[0] if target.finding_ids else None,
            seen=known,
        )
    return triage.give_verdict(
        workspace(),
        finding_ids=target.finding_ids,
        label=label,
        category=category,
        reason=reason,
        author=who,
        scope="finding" if len(target.finding_ids) == 1 else "selection",
        seen=known,
    )


def _told(label: VerdictLabel, category: str, outcome: triage.VerdictOutcome) -> str:
    name = f"{LABEL_NAMES[label]}, {category}" if category else LABEL_NAMES[label]
    decisions = (
        f" as {len(outcome.numbers)} decisions, one per pattern" if len(outcome.numbers) > 1 else ""
    )
    text = f"{name}: {format_count(outcome.findings, 'finding')}{decisions}."
    if outcome.disabled:
        ids = ", ".join(f"S-{number}" for number in outcome.disabled)
        text += f" It disabled {ids}, which would have hidden this attack."
    if outcome.reopened:
        text += f" {format_count(outcome.reopened, 'suppressed finding')} came back to the queue."
    if label not in TEACHES:
        return f"{text} This verdict teaches the Distiller nothing."
    return (
        f"{text} The Distiller now explains {outcome.explained_after:,} open findings, "
        f"{outcome.explained_before:,} before."
    )


def ask_which(
    target: Target,
    standing: Mapping[str, int | None],
    *,
    after: Callable[[], None] | None,
    saved: Callable[[], None] | None,
) -> None:
    """Say who judged meanwhile, and let the analyst choose whose verdict stands."""
    with st.container(border=True, key=f"{target.key}-overtaken"):
        st.badge("Judged meanwhile", icon=":material/group:", color="orange")
        for finding_id, number in list(standing.items())[:_NAMED]:
            st.text(_who(finding_id, number))
        if len(standing) > _NAMED:
            st.text(f"And {len(standing) - _NAMED:,} more.")
        st.caption("Nothing was saved. What you typed is still here.")
        with st.container(horizontal=True):
            st.button(
                "Keep theirs",
                key=f"{target.key}-theirs",
                on_click=problems.in_callback(_give_up),
                args=(target,),
                help="Drops what you typed.",
            )
            st.button(
                "Save mine anyway",
                key=f"{target.key}-mine",
                type="primary",
                on_click=problems.in_callback(save),
                args=(target, after, saved, dict(standing)),
                help="Your verdict is in force from then on; the log keeps both.",
            )


def _give_up(target: Target) -> None:
    forget(target)
    st.session_state[SAVED] = True


def _who(finding_id: str, number: int | None) -> str:
    if number is None:
        return f"The verdict on {finding_id} was taken back."
    verdicts = workspace().store.verdicts(finding_id=finding_id)
    found: Verdict | None = next((one for one in verdicts if one.number == number), None)
    if found is None:
        return f"{finding_id} has another verdict now."
    decision = found.decision
    name = LABEL_NAMES[decision.label].lower()
    said = f"{name}: {decision.category}" if decision.category else name
    ago = format_duration(max(0.0, round(time.time() - found.time)))
    who = one_line(shorten(decision.author, 80))
    return one_line(f"{who} set {finding_id} to {said} {ago} ago.")
