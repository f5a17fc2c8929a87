"""The guards of a suppression as a list: what was checked, what was found, and where to look."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow.suppress import Check
from deepaid_ui import navigation
from deepaid_ui.text import plain

__all__ = ["show_checks"]

_LINKED: Final = 4
_PASSED, _FAILED, _WARNED = "✓", "✗", "!"


def show_checks(checks: Sequence[Check]) -> None:
    """What fails first, then warnings, then what passed; findings that speak against it linked."""
    failed = [one for one in checks if one.blocking and not one.passed]
    warned = [one for one in checks if not one.blocking and not one.passed]
    passed = [one for one in checks if one.passed]
    for mark, group in ((_FAILED, failed), (_WARNED, warned)):
        for one in group:
            _stands_out(mark, one)
    if passed:
        # One element for many lines: each element of its own costs the browser.
        st.markdown("  \n".join(f"{_PASSED} {_line(one)}" for one in passed))


def _stands_out(mark: str, check: Check) -> None:
    show = st.error if mark == _FAILED else st.warning
    show(f"{mark} {_line(check)}")
    if check.finding_ids:
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            for finding_id in check.finding_ids[:_LINKED]:
                navigation.link("finding", finding_id, {"id": finding_id}, icon=":material/search:")
            more = len(check.finding_ids) - _LINKED
            if more > 0:
                st.caption(f"and {format_count(more, 'more finding')}")


def _line(check: Check) -> str:
    name = check.name[:1].upper() + check.name[1:]
    return f"**{plain(name)}.** {plain(check.sentence)}"
