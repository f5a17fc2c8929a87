"""The verdict form: one for a finding, a hand-picked selection and a whole pattern."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import VerdictRefusedError
from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow import triage
from deepaid_core.workflow.distill import Suggestion
from deepaid_ui import problems, session
from deepaid_ui.panels import LABEL_NAMES
from deepaid_ui.workspace import workspace

__all__ = ["Target", "verdict_form"]

_CHOICES = (
    (VerdictLabel.TRUE_POSITIVE, "Accept", "T", "True positive: the detector is right."),
    (VerdictLabel.FALSE_POSITIVE, "Reject", "F", "False positive: normal behavior was flagged."),
    (
        VerdictLabel.BENIGN_POSITIVE,
        "Benign positive",
        "B",
        "Really unusual, but authorized. Teaches the Distiller nothing.",
    ),
    (
        VerdictLabel.UNDETERMINED,
        "Undetermined",
        "U",
        "Cannot be decided. Teaches the Distiller nothing.",
    ),
)
_TEACHES = {VerdictLabel.TRUE_POSITIVE, VerdictLabel.FALSE_POSITIVE}
_SAVED = "_form_saved"


@dataclass(frozen=True, slots=True)
class Target:
    """What a verdict would be given on.

    Attributes:
        key: Prefix of widget keys; changes with the target, so that drafts stay apart.
        finding_ids: Findings to judge; the first is the one that was looked at.
        draft: Reason drafted from the deviations; must be edited or confirmed.
        kind: One finding, a hand-picked selection, or a whole pattern.
        pattern_id: Pattern of a finding, to offer judging all of it, or the pattern itself.
        siblings: Open findings of that pattern.
        reach: What the decision touches, in words of ours.
        suggestion: What the Distiller thinks, where it was asked.
    """

    key: str
    finding_ids: tuple[str, ...]
    draft: str
    kind: Literal["finding", "selection", "pattern"] = "finding"
    pattern_id: str | None = None
    siblings: int = 0
    reach: str = ""
    suggestion: Suggestion | None = None


def _choose(target: Target, label: VerdictLabel) -> None:
    st.session_state[f"{target.key}-label"] = label


def _save(
    target: Target, after: Callable[[], None] | None, saved: Callable[[], None] | None
) -> None:
    state = st.session_state
    label: VerdictLabel = state[f"{target.key}-label"]
    if given := state.get(f"{target.key}-author"):
        session.set_author(given)
    reason = (state.get(f"{target.key}-reason") or "").strip()
    if reason == target.draft.strip() and not state.get(f"{target.key}-sure"):
        raise VerdictRefusedError(
            "The drafted reason was neither changed nor confirmed; edit it, or tick 'The drafted "
            "reason is right'."
        )
    category = (state.get(f"{target.key}-category-{label}") or "").strip()
    whole = target.kind == "pattern" or state.get(f"{target.key}-scope") == "pattern"
    who = session.author() or ""
    if whole and target.pattern_id:
        outcome = triage.give_pattern_verdict(
            workspace(),
            pattern_id=target.pattern_id,
            label=label,
            category=category,
            reason=reason,
            author=who,
            looked_at=target.finding_ids[0] if target.finding_ids else None,
        )
    else:
        outcome = triage.give_verdict(
            workspace(),
            finding_ids=target.finding_ids,
            label=label,
            category=category,
            reason=reason,
            author=who,
            scope="finding" if len(target.finding_ids) == 1 else "selection",
        )
    session.remember_done(session.Done(_told(label, category, outcome), outcome.numbers))
    state[_SAVED] = True
    for step in (after, saved):
        if step:
            step()


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
    if label not in _TEACHES:
        return f"{text} This verdict teaches the Distiller nothing."
    return (
        f"{text} The Distiller now explains {outcome.explained_after:,} open findings, "
        f"{outcome.explained_before:,} before."
    )


def _buttons(target: Target, *, shortcuts: bool) -> VerdictLabel | None:
    chosen: VerdictLabel | None = st.session_state.get(f"{target.key}-label")
    for start in (0, 2):
        places = st.columns(2, gap="small")
        for place, (label, name, letter, help_text) in zip(
            places, _CHOICES[start : start + 2], strict=True
        ):
            place.button(
                name,
                key=f"{target.key}-{letter}",
                type="primary" if chosen == label else "secondary",
                shortcut=letter if shortcuts else None,
                help=help_text,
                width="stretch",
                on_click=_choose,
                args=(target, label),
            )
    return chosen


def _categories(
    label: VerdictLabel, known: Sequence[str], suggestion: Suggestion | None
) -> list[str]:
    first = (
        [suggestion.category]
        if suggestion and suggestion.category and suggestion.label == label
        else []
    )
    return list(dict.fromkeys([*first, *known, *triage.CATEGORIES_BY_LABEL[label]]))


def _details(target: Target, label: VerdictLabel) -> None:
    options = _categories(label, workspace().store.distinct("category"), target.suggestion)
    fits = target.suggestion and target.suggestion.category and target.suggestion.label == label
    st.selectbox(
        "Category",
        options,
        # What the Distiller suggests with this label is at hand; otherwise nothing is assumed.
        index=0 if fits else None,
        key=f"{target.key}-category-{label}",
        placeholder="What it was, e.g. port-scan"
        if label in _TEACHES
        else "What it was (not needed)",
        accept_new_options=True,
        help="Choose one or type a new one.",
    )
    reason = st.text_area(
        "Reason", value=target.draft, key=f"{target.key}-reason", height=140, max_chars=2000
    )
    if (reason or "").strip() == target.draft.strip():
        st.checkbox("The drafted reason is right", key=f"{target.key}-sure")
    if target.kind == "finding" and target.siblings > 1:
        st.radio(
            "Applies to",
            ["finding", "pattern"],
            key=f"{target.key}-scope",
            format_func=lambda scope: (
                "This finding"
                if scope == "finding"
                else f"All {target.siblings:,} open findings of this pattern (one decision)"
            ),
        )
        if st.session_state.get(f"{target.key}-scope") == "pattern" and target.reach:
            st.text(target.reach)
    elif target.reach:
        st.text(target.reach)
    if session.author() is None:
        st.text_input(
            "Your name (asked once)", key=f"{target.key}-author", max_chars=80, placeholder="Name"
        )


@st.fragment
@problems.guarded
def verdict_form(
    target: Target,
    *,
    after: Callable[[], None] | None = None,
    next_label: str | None = None,
    shortcuts: bool = True,
    saved: Callable[[], None] | None = None,
) -> None:
    """Draw the form; saving redraws the whole page.

    Args:
        target: What is judged.
        after: Called once the verdict is stored when the first of two save buttons was used.
        next_label: Label of that button; without one there is only "Save".
        shortcuts: Whether letters choose the label; only one form on a page may have them.
        saved: Called once the verdict is stored, whichever button was used.
    """
    if st.session_state.pop(_SAVED, False):
        st.rerun()
    label = _buttons(target, shortcuts=shortcuts)
    if label is None:
        st.caption("Choose a verdict; nothing is saved before you confirm it.")
        return
    _details(target, label)
    problems.pending()
    save = problems.in_callback(_save)
    with st.container(horizontal=True):
        if next_label:
            st.button(
                next_label,
                key=f"{target.key}-next",
                type="primary",
                shortcut="Ctrl+Enter" if shortcuts else None,
                on_click=save,
                args=(target, after, saved),
            )
        st.button(
            "Save",
            key=f"{target.key}-save",
            type="secondary" if next_label else "primary",
            on_click=save,
            args=(target, None, saved),
        )
