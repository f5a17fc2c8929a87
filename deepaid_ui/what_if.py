"""What if: other settings, or decisions that had never been made; nothing is written by asking."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import streamlit as st

from deepaid_core.domain.distiller_settings import READINGS, DistillerSettings
from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow import versions
from deepaid_core.workflow.what_if import WhatIf, what_if
from deepaid_ui import filters, navigation, problems, session
from deepaid_ui.text import one_line, plain
from deepaid_ui.versions_differences import read_differently
from deepaid_ui.versions_frames import KINDS
from deepaid_ui.what_if_words import READING_WORDS, SETTINGS, value_words
from deepaid_ui.workspace import workspace

__all__ = ["show"]

_OFFERED: Final = 200
_LINKED: Final = 8
_ASKED: Final = "_what_if"
_WITHOUT: Final = "without"
_REASON, _NAME = "what-if-reason", "what-if-author"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked last, and the answer.

    Attributes:
        at: Version of the store that the answer is about.
        answer: What would follow.
    """

    without: tuple[int, ...]
    settings: DistillerSettings
    at: str
    answer: WhatIf


def show() -> None:
    """The settings, what to leave out, and what would follow."""
    now = workspace().store.settings()
    st.caption(
        "Choose other settings, or decisions to leave out, and see what would follow. Asking "
        "writes nothing; settings are changed only after you have seen what they do."
    )
    left, right = st.columns([0.42, 0.58], gap="medium")
    with left, st.container(border=True):
        _settings(now)
        _left_out()
        settings, without = _chosen(now)
        st.button(
            "See what would follow",
            type="primary",
            icon=":material/science:",
            on_click=problems.in_callback(_ask),
            args=(now,),
        )
    with right:
        asked: _Asked | None = st.session_state.get(_ASKED)
        if asked is None:
            st.caption("Nothing was asked yet.")
        elif (asked.settings, asked.without, asked.at) != (settings, without, filters.version()):
            st.caption("Something changed since it was asked; ask again.")
        else:
            _answer(asked, now)


def _key(name: str, now: DistillerSettings) -> str:
    # A change of the settings elsewhere starts these widgets anew.
    return f"{name}-{'-'.join(now.texts().values())}"


def _settings(now: DistillerSettings) -> None:
    st.markdown("**Settings**")
    st.radio(
        SETTINGS["reading"].title,
        READINGS,
        index=READINGS.index(now.reading),
        format_func=lambda one: READING_WORDS[one],
        help=SETTINGS["reading"].meaning,
        key=_key("reading", now),
        horizontal=True,
    )
    st.number_input(
        SETTINGS["least_verdicts"].title,
        min_value=1,
        max_value=1000,
        value=now.least_verdicts,
        help=SETTINGS["least_verdicts"].meaning,
        key=_key("least", now),
    )
    st.number_input(
        f"{SETTINGS['resurfaced_share'].title} (percent)",
        min_value=0.0,
        max_value=100.0,
        value=round(now.resurfaced_share * 100, 6),
        step=0.5,
        format="%.4g",
        help=SETTINGS["resurfaced_share"].meaning,
        key=_key("share", now),
    )
    st.checkbox(
        SETTINGS["suppress_critical"].title,
        value=now.suppress_critical,
        help=SETTINGS["suppress_critical"].meaning,
        key=_key("critical", now),
    )


def _chosen(now: DistillerSettings) -> tuple[DistillerSettings, tuple[int, ...]]:
    """What the widgets say now, which a callback cannot be told beforehand."""
    state = st.session_state
    share = round(float(state[_key("share", now)]) / 100, 8)
    settings = DistillerSettings(
        reading=state[_key("reading", now)],
        least_verdicts=int(state[_key("least", now)]),
        # Percents are rounded; what was not touched stays what it is.
        resurfaced_share=now.resurfaced_share
        if abs(share - now.resurfaced_share) < 1e-7
        else share,
        suppress_critical=bool(state[_key("critical", now)]),
    )
    return settings, tuple(sorted(state.get(_without_key()) or ()))


def _without_key() -> str:
    return f"{_WITHOUT}-{filters.version()}"


def _left_out() -> None:
    rows = [
        row
        for row in versions.history(workspace(), limit=_OFFERED)
        if row.in_force and row.kind not in {"undo", "restore"}
    ]
    titles: Mapping[int, str] = {
        row.number: one_line(f"{row.number} {KINDS[row.kind][:1]} {row.title}") for row in rows
    }
    st.markdown("**Decisions to leave out**")
    if not rows:
        st.caption("Nothing was decided yet.")
        return
    st.multiselect(
        "As if they had never been made",
        list(titles),
        format_func=lambda number: titles[number],
        key=_without_key(),
        placeholder="Choose verdicts, suppressions, imports",
        help=f"Those in force among the newest {_OFFERED} entries of the log.",
    )


def _ask(now: DistillerSettings) -> None:
    settings, without = _chosen(now)
    at = filters.version()
    answer = what_if(workspace(), without=without, settings=settings)
    st.session_state[_ASKED] = _Asked(without, settings, at, answer)


def _changed(settings: DistillerSettings, now: DistillerSettings) -> dict[str, tuple[str, str]]:
    new, old = settings.texts(), now.texts()
    return {name: (old[name], new[name]) for name in SETTINGS if old[name] != new[name]}


def _answer(asked: _Asked, now: DistillerSettings) -> None:
    found = asked.answer
    places = st.columns(3, gap="small")
    for place, (title, value, meaning) in zip(
        places,
        (
            ("Would read differently", found.differing, "Open findings with another suggestion."),
            ("Back in the queue", found.reopened, "Findings that are suppressed now."),
            ("Out of the queue", found.newly_suppressed, "Findings that would be suppressed."),
        ),
        strict=True,
    ):
        place.metric(title, f"{value:,}", border=True, help=meaning)
    _replay(found)
    read_differently(
        found.findings, found.differing, key=f"what-if-{hash((asked.without, asked.settings))}"
    )
    changes = _changed(asked.settings, now)
    if changes and asked.without:
        st.caption("To change the settings, ask once more without leaving decisions out.")
    elif changes:
        _apply(changes, found)
    elif asked.without:
        st.caption("To make it so, undo these entries in the timeline; that can be undone too.")


def _replay(found: WhatIf) -> None:
    attacks = format_count(found.attacks, "confirmed attack")
    if not found.attacks:
        st.caption("No attack is confirmed yet, so none was replayed.")
    elif not found.attacks_silenced:
        st.success(f"{attacks} replayed: none would be hidden.", icon=":material/shield:")
    else:
        st.error(
            f"{attacks} replayed: {len(found.attacks_silenced):,} would be hidden.",
            icon=":material/shield:",
        )
        with st.container(horizontal=True, gap="small"):
            for one in found.attacks_silenced[:_LINKED]:
                navigation.link("finding", one, {"id": one}, icon=":material/search:")


def _apply(changes: Mapping[str, tuple[str, str]], found: WhatIf) -> None:
    with st.container(border=True):
        for name, (old, new) in changes.items():
            st.markdown(
                f"**{SETTINGS[name].title}**: {plain(value_words(name, old))} → "
                f"{plain(value_words(name, new))}"
            )
        st.text_input("Why", key=_REASON, max_chars=500, placeholder="May be empty")
        if session.author() is None:
            st.text_input("Your name (asked once)", key=_NAME, max_chars=80, placeholder="Name")
        refused = bool(found.attacks_silenced)
        st.button(
            "Change the settings",
            type="primary",
            icon=":material/check:",
            disabled=refused,
            help="A confirmed attack would be hidden." if refused else None,
            on_click=problems.in_callback(_change),
            args=({name: new for name, (_, new) in changes.items()},),
        )


def _change(values: Mapping[str, str]) -> None:
    reason = st.session_state.get(_REASON) or ""
    if session.author() is None and (given := st.session_state.get(_NAME)):
        session.set_author(given)
    numbers = []
    for name, value in values.items():
        numbers.append(
            versions.change_setting(
                workspace(), name=name, value=value, author=session.author() or "", reason=reason
            )
        )
        # Said after each: if a later one is refused, what was changed can still be taken back.
        session.remember_done(
            session.Done(
                "Changed: "
                + "; ".join(
                    f"{SETTINGS[one].title.lower()} is {value_words(one, values[one])}"
                    for one in list(values)[: len(numbers)]
                )
                + ".",
                tuple(numbers),
            )
        )
    st.session_state.pop(_ASKED, None)
