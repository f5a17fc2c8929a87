"""What differs between two versions, for who never heard of a state machine."""

from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow.versions import ReadDifferently, VersionDiff
from deepaid_ui import filters, navigation, tables
from deepaid_ui.text import plain
from deepaid_ui.versions_frames import differently_frame, transitions_frame
from deepaid_ui.what_if_words import SETTINGS, value_words

__all__ = ["differences", "read_differently"]

_LISTED: Final = 500
_TALLEST: Final = 360
_LINKED: Final = 8


def differences(diff: VersionDiff) -> None:
    """What differs, most important first; says so where nothing does."""
    if not (
        diff.transitions
        or diff.settings
        or diff.suppressions_added
        or diff.suppressions_removed
        or diff.differing
    ):
        st.caption(
            "Nothing differs: what the Distiller learned, the settings and the suppressions are "
            "the same."
        )
        return
    _settings(diff)
    _suppressions(diff)
    read_differently(
        diff.findings, diff.differing, key=f"differ-{diff.before}-{diff.after}-{filters.version()}"
    )
    _learned(diff)


def read_differently(findings: Sequence[ReadDifferently], differing: int, *, key: str) -> None:
    """Open findings that read differently; a click opens their pattern."""
    if not differing:
        st.caption("The suggestion for each of today's open findings is the same.")
        return
    st.markdown(
        f"**{format_count(differing, 'open finding')} of today "
        f"{'reads' if differing == 1 else 'read'} differently**"
    )
    selection = tables.show(
        differently_frame(findings),
        key=key,
        alt="Open findings that read differently, by path; a click opens their pattern",
        height=_height(len(findings)),
    )
    listed = sum(one.open_findings for one in findings)
    if listed < differing:
        st.caption(f"The paths of {listed:,} of them are listed.")
    cell = tables.clicked_row(selection)
    if cell and cell[0] < len(findings):
        navigation.go("patterns", {"pattern": findings[cell[0]].pattern_id})


def _settings(diff: VersionDiff) -> None:
    for name, before, after in diff.settings:
        known = SETTINGS.get(name)
        title = known.title if known else name
        st.markdown(
            f"**{plain(title)}**: {plain(value_words(name, before))} → "
            f"{plain(value_words(name, after))}"
        )


def _suppressions(diff: VersionDiff) -> None:
    for title, numbers in (
        ("In force only afterwards", diff.suppressions_added),
        ("In force only before", diff.suppressions_removed),
    ):
        if not numbers:
            continue
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.markdown(f"**{title}**")
            for number in numbers[:_LINKED]:
                navigation.link(
                    "suppressions",
                    f"S-{number}",
                    {"s": str(number)},
                    icon=":material/visibility_off:",
                )
            more = len(numbers) - _LINKED
            if more > 0:
                st.caption(f"and {format_count(more, 'more suppression')}")


def _learned(diff: VersionDiff) -> None:
    if not diff.transitions:
        st.caption("What the Distiller learned is the same.")
        return
    rows = diff.transitions[:_LISTED]
    st.markdown("**What the Distiller counts differently**")
    st.caption(
        "Each finding is a path from its strongest deviation to the next ones and on to the "
        "category that an analyst gave it. Listed is each step that was taken more or less often."
        + (
            f" The first {_LISTED:,} of {len(diff.transitions):,} steps."
            if len(diff.transitions) > _LISTED
            else ""
        )
    )
    st.dataframe(
        transitions_frame(rows),
        hide_index=True,
        key=f"steps-{diff.before}-{diff.after}",
        alt="Steps and how often they were taken before and after",
        height=_height(len(rows)),
        column_config={
            "Verdict": st.column_config.TextColumn(width=170),
            "From": st.column_config.TextColumn(width=320),
            "To": st.column_config.TextColumn(width=320),
            "Before": st.column_config.NumberColumn(width=64),
            "After": st.column_config.NumberColumn(width=64),
        },
    )


def _height(rows: int) -> Any:
    return min(_TALLEST, 38 + 35 * rows)
