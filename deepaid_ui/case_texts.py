"""What analysts write about a case, kept as a draft until it is saved.

A draft remembers what it was begun from: where a colleague changed the same text meanwhile, both
versions are shown and nothing is lost.
"""

import time
from collections.abc import Mapping
from functools import partial
from typing import Final

import streamlit as st

from deepaid_core.domain.actions import ActionLine, NewCaseChange
from deepaid_core.domain.case import Case
from deepaid_core.errors import CaseRefusedError
from deepaid_core.figures.numbers import format_duration
from deepaid_core.figures.text import shorten, visible
from deepaid_core.workflow import cases
from deepaid_ui import drafts, problems
from deepaid_ui.case_words import author_box, done, hear, left, named, show_text
from deepaid_ui.text import one_line, plain
from deepaid_ui.workspace import workspace

__all__ = ["show"]

_FIELDS: Final[Mapping[str, tuple[str, str, int]]] = {
    "title": ("Title", "What it is about, in a few words.", 0),
    "summary": ("Summary", "What happened, to whom, and how sure you are.", 130),
    "impact": ("Impact", "What it means for the organization.", 90),
    "actions_taken": ("Actions taken", "What was done about it.", 90),
    "recommendations": ("Recommendations", "What should be done next.", 90),
}
_BASE: Final = ".base"
_SEPARATOR: Final = "\n\n"


def show(case: Case) -> None:
    """The texts of the report, to read and to change."""
    if case.merged_into is not None:
        _read_only(case)
        return
    mine = _mine(case)
    _buttons(case, mine)
    for name, (label, help_text, height) in _FIELDS.items():
        key = _key(case.number, name)
        show_text(key, mine.get(name, getattr(case, name)))
        keep = problems.in_callback(_keep)
        if height:
            st.text_area(
                label,
                key=key,
                height=height,
                max_chars=cases.LONGEST_TEXT,
                placeholder=help_text,
                on_change=keep,
                args=(case, name),
            )
            hear(key, partial(_keep_text, case, name))
        else:
            st.text_input(
                label,
                key=key,
                max_chars=cases.LONGEST_TITLE,
                placeholder=help_text,
                on_change=keep,
                args=(case, name),
            )
        if _in_conflict(case, mine, name):
            _conflict(case, name, mine[name])


def _read_only(case: Case) -> None:
    for name, (label, _, _) in _FIELDS.items():
        st.caption(label)
        st.text(visible(getattr(case, name), keep_lines=True) or "(empty)")


def _buttons(case: Case, mine: Mapping[str, str]) -> None:
    changed = [name for name in _FIELDS if name in mine]
    names = ", ".join(_FIELDS[name][0].lower() for name in changed)
    st.caption(
        plain(f"Not saved yet, kept as your draft: {names}.")
        if changed
        else "What you type is kept for you as a draft until you save it; then it stands in the "
        "report and for your colleagues."
    )
    author_box(f"case-{case.number}-texts")
    # Always there: fields that moved down with the first word would be missed by the next click.
    with st.container(horizontal=True):
        st.button(
            "Save",
            key=f"case-{case.number}-save",
            type="primary",
            icon=":material/save:",
            shortcut="Ctrl+Enter",
            on_click=problems.in_callback(_save),
            args=(case.number,),
        )
        st.button(
            "Drop my changes",
            key=f"case-{case.number}-drop",
            icon=":material/undo:",
            help="Forget the draft; what is saved stays.",
            on_click=drafts.drop,
            args=(_subject(case.number),),
        )


def _conflict(case: Case, name: str, mine: str) -> None:
    label = _FIELDS[name][0].lower()
    with st.container(border=True):
        st.warning(plain(f"{_changed(case, name, label)} Saved now:"))
        st.text(visible(getattr(case, name), keep_lines=True) or "(empty)")
        with st.container(horizontal=True):
            for text, help_text, act in (
                ("Save mine", "Yours replaces theirs; the activity keeps both.", _save_mine),
                ("Take theirs", "Forgets your draft of this text.", _take_theirs),
                ("Put both together", "Theirs, then yours, for you to edit.", _put_together),
            ):
                st.button(
                    text,
                    key=f"case-{case.number}-{name}-{act.__name__}",
                    help=help_text,
                    disabled=name == "title" and act is _put_together,
                    on_click=problems.in_callback(act),
                    args=(case.number, name, mine),
                )


def _changed(case: Case, name: str, label: str) -> str:
    line = _last_change(case.number, name)
    if line is None:
        return f"Somebody changed the {label} meanwhile."
    who = one_line(shorten(line.action.author, 60))
    ago = format_duration(max(0, round(time.time() - line.time)))
    return f"{who} changed the {label} {ago} ago."


def _last_change(number: int, name: str) -> ActionLine | None:
    for line in workspace().store.desk.actions(case_number=number):
        if isinstance(line.action, NewCaseChange) and name in line.action.changes:
            return line
    return None


def _subject(number: int) -> str:
    return f"case {number}"


def _key(number: int, name: str) -> str:
    return f"case-{number}-{name}"


def _mine(case: Case) -> dict[str, str]:
    """The draft, less what says the same as what is saved."""
    draft = drafts.draft(_subject(case.number))
    same = [name for name in _FIELDS if draft.get(name) == getattr(case, name)]
    return {
        name: text
        for name, text in draft.items()
        if name.removesuffix(_BASE) in _FIELDS and name.removesuffix(_BASE) not in same
    }


def _in_conflict(case: Case, mine: Mapping[str, str], name: str) -> bool:
    return name in mine and mine.get(name + _BASE, "") != getattr(case, name)


def _keep(case: Case, name: str) -> None:
    _keep_text(case, name, left(_key(case.number, name)))


def _keep_text(case: Case, name: str, text: str) -> None:
    draft = drafts.draft(_subject(case.number))
    draft[name] = text
    # What this was begun from: what the page showed, unless the draft is older.
    draft.setdefault(name + _BASE, getattr(case, name))
    if draft[name] == draft[name + _BASE]:
        del draft[name], draft[name + _BASE]
    _put(case.number, draft)


def _put(number: int, draft: Mapping[str, str]) -> None:
    if draft:
        drafts.keep(_subject(number), draft)
    else:
        drafts.drop(_subject(number))


def _without(number: int, *names: str) -> None:
    gone = {key for name in names for key in (name, name + _BASE)}
    draft = drafts.draft(_subject(number))
    _put(number, {name: text for name, text in draft.items() if name not in gone})


def _save(number: int) -> None:
    case = workspace().store.desk.case(number)
    mine = _mine(case)
    ready = {
        name: mine[name] for name in _FIELDS if name in mine and not _in_conflict(case, mine, name)
    }
    if not ready:
        raise CaseRefusedError(
            f"There is nothing new to save on {case.id}; choose between your text and your "
            "colleague's where both are shown."
            if mine
            else f"There is nothing new to save on {case.id}; change a text first."
        )
    _write(case, ready)


def _save_mine(number: int, name: str, mine: str) -> None:
    _write(workspace().store.desk.case(number), {name: mine})


def _write(case: Case, changes: Mapping[str, str]) -> None:
    who = named(f"case-{case.number}-texts")
    outcome = cases.change(workspace(), case.number, changes, author=who, expected=case.version)
    _without(case.number, *changes)
    names = ", ".join(_FIELDS[name][0].lower() for name in changes)
    done(f"Saved the {names} of {case.id}.", outcome)


def _take_theirs(number: int, name: str, _mine_text: str) -> None:
    _without(number, name)


def _put_together(number: int, name: str, mine: str) -> None:
    theirs = getattr(workspace().store.desk.case(number), name)
    draft = drafts.draft(_subject(number))
    draft |= {name: f"{theirs}{_SEPARATOR}{mine}", name + _BASE: theirs}
    _put(number, draft)
