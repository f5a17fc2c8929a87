"""What a verdict form is about, and what was half-typed into it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import streamlit as st

from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.workflow.distill import Suggestion
from deepaid_ui import drafts

__all__ = ["Target", "begin", "forget", "keep", "keep_reason", "overtaken", "seen", "set_overtaken"]

_OVERTAKEN = "_overtaken"


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
        seen: Number of the verdict in force, or None, that the page shows of each finding; what a
            colleague judged since is not replaced unasked.
    """

    key: str
    finding_ids: tuple[str, ...]
    draft: str
    kind: Literal["finding", "selection", "pattern"] = "finding"
    pattern_id: str | None = None
    siblings: int = 0
    reach: str = ""
    suggestion: Suggestion | None = None
    seen: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """What its draft is kept under; empty for selections, which nobody makes twice."""
        if self.kind == "pattern":
            return f"verdict {self.pattern_id}"
        return f"verdict {self.finding_ids[0]}" if self.kind == "finding" else ""

    def field(self, name: str) -> str:
        """Key of a widget, or of the chosen label, in the session's state."""
        if name == "category":
            # A category belongs to its label: another label brings its own back.
            name = f"category-{st.session_state.get(f'{self.key}-label')}"
        return f"{self.key}-{name}"


def begin(target: Target) -> None:
    """Fill in what this browser has half-typed, wherever the page was left meanwhile."""
    state = st.session_state
    if target.field("label") in state and target.field("reason") in state:
        return
    kept = drafts.draft(target.subject) if target.subject else {}
    if target.field("label") not in state and kept.get("label") in set(VerdictLabel):
        state[target.field("label")] = VerdictLabel(kept["label"])
    if state.get(target.field("label")) is None:
        return
    label, suggestion = state[target.field("label")], target.suggestion
    # What the Distiller suggests with this label is at hand; otherwise nothing is assumed.
    suggested = suggestion.category if suggestion and suggestion.label == label else None
    state.setdefault(target.field("category"), kept.get(f"category {label}") or suggested)
    state.setdefault(target.field("reason"), kept.get("reason", target.draft))
    state.setdefault(target.field("sure"), kept.get("sure") == "yes")
    if target.kind == "finding" and target.siblings > 1:
        whole = kept.get("scope") == "pattern"
        state.setdefault(target.field("scope"), "pattern" if whole else "finding")


def keep(target: Target) -> None:
    """Remember what is half-typed; for use in callbacks of the form's widgets."""
    if not target.subject:
        return
    state = st.session_state
    label = state.get(target.field("label"))
    typed = {
        "label": label,
        f"category {label}": state.get(target.field("category")),
        "reason": state.get(target.field("reason")),
        "sure": "yes" if state.get(target.field("sure")) else "",
        "scope": state.get(target.field("scope")),
    }
    kept = drafts.draft(target.subject)
    # What was seen first counts: a colleague who judges later overtakes what is typed here.
    first = {"seen": json.dumps(dict(target.seen))}
    values = {name: str(value) for name, value in typed.items() if value is not None}
    drafts.keep(target.subject, {**first, **kept, **values})


def keep_reason(target: Target, text: str) -> None:
    """Remember the reason as far as it is typed, while the field still has the focus."""
    if target.subject and st.session_state.get(target.field("label")) is not None:
        keep(target)
        drafts.keep(target.subject, {**drafts.draft(target.subject), "reason": text})


def forget(target: Target) -> None:
    """Drop what was half-typed, once it was saved or given up."""
    if target.subject:
        drafts.drop(target.subject)
    for name in ("category", "label"):
        st.session_state.pop(target.field(name), None)
    set_overtaken(target, {})


def seen(target: Target) -> dict[str, int | None]:
    """The verdicts that were in force when typing began, else those that the page shows."""
    kept = drafts.draft(target.subject).get("seen") if target.subject else None
    try:
        first = json.loads(kept) if kept else {}
    except ValueError:
        first = {}
    return {
        finding_id: first.get(finding_id, now)
        if isinstance(first.get(finding_id), int | None)
        else now
        for finding_id, now in target.seen.items()
    }


def overtaken(target: Target) -> dict[str, int | None]:
    """Findings that a colleague judged since typing began, with the verdict in force now."""
    refused: dict[str, int | None] | None = st.session_state.get(f"{target.key}{_OVERTAKEN}")
    if refused:
        return refused
    if st.session_state.get(target.field("label")) is None:
        return {}
    first = seen(target)
    return {one: now for one, now in target.seen.items() if first[one] != now}


def set_overtaken(target: Target, standing: Mapping[str, int | None]) -> None:
    """Remember, until the form is saved or given up, that saving was refused."""
    st.session_state[f"{target.key}{_OVERTAKEN}"] = dict(standing)
