"""The verdict form: one for a finding, a hand-picked selection and a whole pattern."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.workflow import triage
from deepaid_core.workflow.distill import Suggestion
from deepaid_ui import live_text, problems, session
from deepaid_ui.forms_save import SAVED, TEACHES, ask_which, save
from deepaid_ui.forms_target import Target, begin, keep, keep_reason, overtaken
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


def _choose(target: Target, label: VerdictLabel) -> None:
    st.session_state[target.field("label")] = label
    begin(target)
    keep(target)


def _buttons(target: Target, *, shortcuts: bool) -> VerdictLabel | None:
    chosen: VerdictLabel | None = st.session_state.get(target.field("label"))
    for start in (0, 2):
        # Not in columns: where two do not fit side by side, one stands below the other.
        with st.container(horizontal=True, gap="small"):
            for label, name, letter, help_text in _CHOICES[start : start + 2]:
                st.button(
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
    if (typed := st.session_state.get(target.field("category"))) and typed not in options:
        options.append(typed)
    kept = problems.in_callback(keep)
    st.selectbox(
        "Category",
        options,
        index=None,
        key=target.field("category"),
        placeholder="What it was, e.g. port-scan"
        if label in TEACHES
        else "What it was (not needed)",
        accept_new_options=True,
        help="Choose one or type a new one.",
        on_change=kept,
        args=(target,),
    )
    reason = st.text_area(
        "Reason",
        key=target.field("reason"),
        height=140,
        max_chars=2000,
        on_change=kept,
        args=(target,),
    )
    if target.subject:
        live_text.watch(target.field("reason"), partial(keep_reason, target))
    if (reason or "").strip() == target.draft.strip():
        st.checkbox(
            "The drafted reason is right", key=target.field("sure"), on_change=kept, args=(target,)
        )
    if target.kind == "finding" and target.siblings > 1:
        st.radio(
            "Applies to",
            ["finding", "pattern"],
            key=target.field("scope"),
            format_func=lambda scope: (
                "This finding"
                if scope == "finding"
                else f"All {target.siblings:,} open findings of this pattern (one decision)"
            ),
            on_change=kept,
            args=(target,),
        )
        if st.session_state.get(target.field("scope")) == "pattern" and target.reach:
            st.text(target.reach)
    elif target.reach:
        st.text(target.reach)
    if session.author() is None:
        st.text_input(
            "Your name (asked once)", key=target.field("author"), max_chars=80, placeholder="Name"
        )


@st.fragment
@problems.guarded
def verdict_form(
    target: Target,
    *,
    after: Callable[[], None] | None = None,
    next_label: str | None = None,
    shortcuts: bool = True,
    save_key: bool = True,
    saved: Callable[[], None] | None = None,
) -> None:
    """Draw the form; saving redraws the whole page.

    Args:
        target: What is judged.
        after: Called once the verdict is stored when the first of two save buttons was used.
        next_label: Label of that button; without one there is only "Save".
        shortcuts: Whether letters choose the label; only one form on a page may have them.
        save_key: Whether Ctrl+Enter saves and goes on, where letters choose the label.
        saved: Called once the verdict is stored, whichever button was used.
    """
    if st.session_state.pop(SAVED, False):
        st.rerun()
    begin(target)
    label = _buttons(target, shortcuts=shortcuts)
    if label is None:
        st.caption("Choose a verdict; nothing is saved before you confirm it.")
        return
    _details(target, label)
    problems.pending()
    if standing := overtaken(target):
        ask_which(target, standing, after=after if next_label else None, saved=saved)
        return
    saving = problems.in_callback(save)
    with st.container(horizontal=True):
        if next_label:
            st.button(
                next_label,
                key=f"{target.key}-next",
                type="primary",
                shortcut="Ctrl+Enter" if shortcuts and save_key else None,
                on_click=saving,
                args=(target, after, saved),
            )
        st.button(
            "Save",
            key=f"{target.key}-save",
            type="secondary" if next_label else "primary",
            on_click=saving,
            args=(target, None, saved),
        )
