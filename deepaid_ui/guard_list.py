"""The guards of a suppression as a list: what was checked, what was found, and where to look."""

from collections.abc import Collection, Sequence
from typing import Final

import streamlit as st

from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow.suppress import Check
from deepaid_ui import navigation
from deepaid_ui.text import plain

__all__ = ["show_checks"]

_LINKED: Final = 5


def show_checks(checks: Sequence[Check], *, typed: Collection[str] = ()) -> None:
    """What fails first, then warnings, then what passed; findings that speak against it linked.

    Args:
        checks: All of them.
        typed: Names of checks of what is being typed; those that pass share one line.
    """
    # What speaks against it comes first.
    for one in sorted(checks, key=lambda one: not one.blocking):
        if one.passed:
            continue
        st.markdown(f"{':red[✗]' if one.blocking else ':orange[!]'} {_line(one)}")
        if one.finding_ids:
            _linked(one.finding_ids)
    lines = [f":green[✓] {_line(one)}" for one in checks if one.passed and one.name not in typed]
    if fine := [one.name for one in checks if one.passed and one.name in typed]:
        lines.append(f":green[✓] **{plain(', '.join(fine))}**: as they should be.")
    if lines:
        # One element for many lines: each element of its own costs the browser.
        st.markdown("  \n".join(lines))


def _linked(finding_ids: Sequence[str]) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for finding_id in finding_ids[:_LINKED]:
            navigation.link(
                "finding", plain(finding_id), {"id": finding_id}, icon=":material/search:"
            )
        if len(finding_ids) > _LINKED:
            st.caption(f"and {format_count(len(finding_ids) - _LINKED, 'more finding')}")


def _line(check: Check) -> str:
    return f"**{plain(check.name)}**: {plain(check.sentence)}"
