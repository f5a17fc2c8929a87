"""Rolling back to an earlier version: what it would do, and doing it."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from deepaid_core.errors import ChangeRefusedError, NotFoundError
from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow import versions
from deepaid_core.workflow.versions import RollBackPreview, VersionRow
from deepaid_ui import filters, navigation, problems, session, tables
from deepaid_ui.text import plain
from deepaid_ui.versions_frames import rows_frame
from deepaid_ui.workspace import workspace

__all__ = ["roll_back"]

_LINKED: Final = 8
_LONGEST: Final = 2000
_REASON, _SURE, _NAME = "roll-back-reason", "roll-back-sure", "roll-back-author"


def roll_back(to: int) -> None:
    """The preview of a roll-back, with its confirmation."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"Roll back to M-{to}", anchor=False, width="content")
        st.space("stretch")
        st.button(
            "Back to the log", icon=":material/arrow_back:", on_click=session.set_param,
            args=("to", None),
        )  # fmt: skip
    try:
        found = versions.roll_back_preview(workspace(), to)
    except (NotFoundError, ChangeRefusedError) as error:
        problems.show(error)
        return
    _told(found)
    _lost(found)
    mark = f"{to}-{filters.version()}"
    _listed("Would be taken back", found.undone, key=f"undone-{mark}")
    _listed("Would be in force again", found.restored, key=f"restored-{mark}")
    _confirm(to, found, mark)


def _told(found: RollBackPreview) -> None:
    steps = []
    if found.undone:
        steps.append(f"takes back {format_count(len(found.undone), 'decision')}")
    if found.restored:
        steps.append(f"puts {format_count(len(found.restored), 'decision')} in force again")
    st.markdown(
        f"It {' and '.join(steps)}, as new entries of the log. Nothing is deleted, so this can be "
        "rolled back too."
    )
    places = st.columns(4, gap="small")
    for place, (title, value, meaning) in zip(
        places,
        (
            ("Read differently", found.differing, "Open findings with another suggestion."),
            ("Back in the queue", found.reopened, "Findings that are suppressed now."),
            ("Out of the queue", found.newly_suppressed, "Findings that would be suppressed."),
            (
                "Patterns unprotected",
                len(found.protected_lost),
                "Patterns that a confirmed attack protects now, and would not any more.",
            ),
        ),
        strict=True,
    ):
        place.metric(title, f"{value:,}", border=True, help=meaning)


def _lost(found: RollBackPreview) -> None:
    if found.attacks_silenced:
        st.error(
            f"{format_count(len(found.attacks_silenced), 'finding')} that was confirmed as an "
            "attack would be hidden: its verdict would be taken back, and a suppression covers it."
            if len(found.attacks_silenced) == 1
            else f"{len(found.attacks_silenced):,} findings that were confirmed as attacks would "
            "be hidden: their verdicts would be taken back, and suppressions cover them.",
            icon=":material/shield:",
        )
        _links("finding", "id", found.attacks_silenced, ":material/search:")
    if found.protected_lost:
        st.warning(
            f"{format_count(len(found.protected_lost), 'pattern')} would lose the protection of "
            "a confirmed attack: suppressions could cover what shares it.",
            icon=":material/shield:",
        )
        _links("patterns", "pattern", found.protected_lost, ":material/schema:")


def _links(page: str, name: str, ids: Sequence[str], icon: str) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for one in ids[:_LINKED]:
            navigation.link(page, plain(one), {name: one}, icon=icon)
        if len(ids) > _LINKED:
            st.caption(f"and {len(ids) - _LINKED:,} more")


def _listed(title: str, rows: Sequence[VersionRow], *, key: str) -> None:
    if not rows:
        return
    st.markdown(f"**{title}**")
    tables.show(
        rows_frame(rows).drop(columns=["In force"]),
        key=key,
        alt=title,
        clickable=False,
        height=min(300, 38 + 35 * len(rows)),
    )


def _confirm(to: int, found: RollBackPreview, mark: str) -> None:
    with st.container(border=True):
        st.text_area(
            "Why", key=f"{_REASON}-{to}", max_chars=_LONGEST, height=80,
            placeholder="What was wrong with what was decided since",
        )  # fmt: skip
        if session.author() is None:
            st.text_input("Your name (asked once)", key=_NAME, max_chars=80, placeholder="Name")
        risky = bool(found.protected_lost or found.attacks_silenced)
        sure = not risky or st.checkbox(
            "I have looked at the attacks that would no longer be protected",
            key=f"{_SURE}-{mark}",
        )
        st.button(
            f"Roll back to M-{to}",
            type="primary",
            key=f"roll-back-{mark}",
            icon=":material/settings_backup_restore:",
            disabled=not sure,
            help=None if sure else "Confirm first that you have looked at the attacks.",
            on_click=problems.in_callback(_save),
            args=(to, found.version),
        )


def _save(to: int, expected: int) -> None:
    # Read here: what is typed last is newer than the page that the button was drawn on.
    reason = st.session_state.get(f"{_REASON}-{to}") or ""
    if session.author() is None and (given := st.session_state.get(_NAME)):
        session.set_author(given)
    done = versions.roll_back(
        workspace(), to=to, author=session.author() or "", reason=reason, expected=expected
    )
    session.set_param("to", None)
    lost = (
        f" {format_count(len(done.protected_lost), 'pattern')} lost the protection of an attack."
        if done.protected_lost
        else ""
    )
    session.remember_done(
        session.Done(
            f"Rolled back to M-{to}: {format_count(done.undone, 'decision')} taken back, "
            f"{done.restored:,} in force again.{lost} M-{expected} is how it stood before."
        )
    )
