"""What can be done with findings of the queue beside judging them."""

from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow.assign import assign
from deepaid_ui import case_form, problems, session
from deepaid_ui.workspace import workspace

__all__ = ["assign_box", "buttons", "give_to", "page_again", "wanted_again"]

_AGAIN: Final = "_queue_again"


def page_again() -> None:
    """Have the whole page drawn again, banner and dialogs included; for use in callbacks."""
    st.session_state[_AGAIN] = True


def wanted_again() -> bool:
    """Whether a callback asked for that; asks once."""
    return bool(st.session_state.pop(_AGAIN, False))


def give_to(
    finding_ids: Sequence[str], assignee: str, after: Callable[[], None] | None = None
) -> None:
    """Assign findings, or to nobody, and say so in the banner; for use in callbacks.

    Args:
        finding_ids: At least one.
        assignee: A name, or nothing.
        after: Called once that was done.
    """
    page_again()
    outcome = assign(workspace(), finding_ids, assignee, author=session.author() or "")
    many = format_count(outcome.findings, "finding")
    if not outcome.numbers:
        text = "Nothing to change: it was so already."
    elif assignee:
        text = f"Assigned {many} to {' '.join(assignee.split())}."
    else:
        text = f"Nobody looks at {many} any more."
    session.remember_done(session.Done(text, (), outcome.numbers))
    if after:
        after()


def _add_to_case(finding_ids: Sequence[str]) -> None:
    page_again()
    case_form.open_dialog(finding_ids)


def buttons(
    finding_ids: Sequence[str], *, key: str, keys: bool, assignees: Sequence[str | None]
) -> None:
    """Assign to me, give back, add to a case.

    Args:
        finding_ids: What they act on.
        key: Prefix of widget keys.
        keys: Whether A and E press them.
        assignees: Who looks at the findings now.
    """
    me = session.author()
    give = problems.in_callback(give_to)
    if me is not None and all(name == me for name in assignees):
        st.button(
            "Give back",
            key=f"{key}-back",
            help="Nobody looks at it then.",
            on_click=give,
            args=(finding_ids, ""),
        )
    else:
        st.button(
            "Assign to me",
            key=f"{key}-mine",
            help="You look at it from now on",
            shortcut="A" if keys else None,
            on_click=give,
            args=(finding_ids, me or ""),
        )
    st.button(
        "Add to case",
        key=f"{key}-case",
        help="Into a new case or one that there is",
        shortcut="E" if keys else None,
        on_click=problems.in_callback(_add_to_case),
        args=(finding_ids,),
    )


def assign_box(
    finding_ids: Sequence[str], *, key: str, after: Callable[[], None] | None = None
) -> None:
    """Assign to anybody, or to nobody.

    Args:
        finding_ids: What is assigned.
        key: Prefix of widget keys.
        after: Called once that was done.
    """
    st.selectbox(
        "Assign to",
        workspace().store.desk.assignees(),
        index=None,
        key=f"{key}-name",
        placeholder="A name, also a new one",
        accept_new_options=True,
    )
    with st.container(horizontal=True):
        name = st.session_state.get(f"{key}-name")
        give = problems.in_callback(give_to)
        st.button(
            f"Assign {format_count(len(finding_ids), 'finding')}",
            key=f"{key}-give",
            disabled=not name,
            on_click=give,
            args=(finding_ids, name or "", after),
        )
        st.button("To nobody", key=f"{key}-nobody", on_click=give, args=(finding_ids, "", after))
