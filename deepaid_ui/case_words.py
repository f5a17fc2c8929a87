"""Words and looks of cases that the list, the case itself and the dialog share."""

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

import streamlit as st

from deepaid_core.domain.case import CaseStatus
from deepaid_core.errors import VerdictRefusedError
from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow.cases import CaseOutcome
from deepaid_ui import live_text, session

__all__ = [
    "OPEN",
    "STATUSES",
    "TLP_LOOKS",
    "author_box",
    "done",
    "hear",
    "left",
    "moved",
    "named",
    "show_text",
    "status_chip",
    "tlp_chip",
]

Color: TypeAlias = Literal["red", "orange", "yellow", "blue", "green", "violet", "gray"]

STATUSES: Final[Mapping[CaseStatus, tuple[str, Color, str]]] = {
    CaseStatus.OPEN: ("○", "blue", "Nobody has begun yet."),
    CaseStatus.IN_PROGRESS: ("◐", "violet", "Somebody works on it."),
    CaseStatus.CLOSED: ("●", "gray", "The work on it is done."),
    CaseStatus.DISCARDED: ("✕", "gray", "It was given up; its findings stay."),
}
"""Sign, color and meaning of each status."""

OPEN: Final = "open or in progress"
"""The filter that the list begins with."""

TLP_LOOKS: Final[Mapping[str, tuple[Color, str]]] = {
    "clear": ("gray", "may be shown to everybody"),
    "green": ("green", "may be shown within the community"),
    "amber": ("orange", "for the organization and its clients, where they need to know"),
    "amber+strict": ("orange", "for the organization only, where they need to know"),
    "red": ("red", "for the people who were told, nobody else"),
}
"""Color and meaning of each marking of the Traffic Light Protocol 2.0."""


def status_chip(status: CaseStatus) -> str:
    """A status with its sign: "◐ in progress"."""
    return f"{STATUSES[status][0]} {status.value}"


def tlp_chip(tlp: str) -> str:
    """A marking as the protocol writes it: "TLP:AMBER+STRICT"."""
    return f"TLP:{tlp.upper()}"


def named(key: str) -> str:
    """Who acts: the analyst, else the name given in the field `author_box` drew.

    Raises:
        VerdictRefusedError: Nobody is named.
    """
    known = session.author()
    if known:
        return known
    given = str(st.session_state.get(f"{key}-author") or "").strip()
    if not given:
        raise VerdictRefusedError("Nobody is named as the author of this change; give your name.")
    session.set_author(given)
    return given


def author_box(key: str) -> None:
    """Ask for the analyst's name where nobody is named."""
    if session.author() is None:
        st.text_input(
            "Your name (asked once)", key=f"{key}-author", max_chars=80, placeholder="Name"
        )


def done(text: str, outcome: CaseOutcome) -> None:
    """Say what was written, with Undo; or that there was nothing to write."""
    if outcome.numbers:
        session.remember_done(session.Done(text, actions=outcome.numbers))
    else:
        session.remember_done(session.Done(f"{outcome.id} says so already; nothing was written."))


def show_text(key: str, text: str) -> None:
    """Have a field show a text that a colleague, another tab or a button may have changed.

    What is being typed there is left alone: it is in the draft already, while the field's own
    value is that of when it was last left.
    """
    state = st.session_state
    if text not in (state.get(key), state.get(f"{key}-heard")):
        state[key] = text
        state.pop(f"{key}-heard", None)
    elif key not in state:
        state[key] = text


def left(key: str) -> str:
    """What a field holds that was just left; from here on it speaks for itself."""
    st.session_state.pop(f"{key}-heard", None)
    return str(st.session_state[key] or "")


def hear(key: str, keep: Callable[[str], None]) -> None:
    """Have a draft kept whenever typing in a text area pauses, before the field is left."""

    def heard(text: str) -> None:
        st.session_state[f"{key}-heard"] = text
        keep(text)

    live_text.watch(key, heard)


def moved(outcome: CaseOutcome, wanted: int) -> str:
    """What putting findings into a case did: "2 findings are in C-4; 1 was in it already"."""
    known = wanted - outcome.findings
    verb = "is" if outcome.findings == 1 else "are"
    text = f"{format_count(outcome.findings, 'finding')} {verb} in {outcome.id} now"
    return text + (f"; {known:,} {'was' if known == 1 else 'were'} already." if known else ".")
