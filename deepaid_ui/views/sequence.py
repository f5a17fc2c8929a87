"""A session of log lines: which line is flagged, what was expected, what would be normal."""

import streamlit as st

from deepaid_core.domain.details import UNKNOWN_TEXT
from deepaid_core.domain.finding import Finding
from deepaid_core.figures.numbers import format_count, format_share
from deepaid_core.figures.ribbon import LineKind, RibbonRow, lines_table, ribbon
from deepaid_core.figures.sequence import (
    expected_keys,
    expected_table,
    sequence_details,
)
from deepaid_core.figures.text import shorten
from deepaid_ui import charts
from deepaid_ui.text import one_line
from deepaid_ui.views.parts import headline, twin
from deepaid_ui.views.ribbon import show_ribbon

__all__ = ["preview", "why"]

_PREVIEW = 3


def why(finding: Finding) -> None:
    """The session as a ribbon of lines, beside what the detector expected next."""
    details = sequence_details(finding.interpretation)
    headline(finding)
    with st.container(key="unsqueezed_window"):
        left, right = st.columns([0.62, 0.38], gap="medium")
    with left:
        show_ribbon(
            ribbon(finding),
            key=f"ribbon-{finding.id}",
            alt="Lines of the session; the flagged one and those that would differ are marked",
        )
        st.caption(_caption(finding))
    with right:
        charts.show(charts.narrow(expected_keys(details), letters=34), key=f"expected-{finding.id}")
        accepted = (
            f" The last line of the closest normal window is, with "
            f"{format_share(details.reference_probability)}."
            if finding.interpretation.diagnostics.verified
            else ""
        )
        st.caption(
            f"The detector accepts a line that is among the {details.top} likeliest after those "
            f"before it. The flagged line, with {format_share(details.observed_probability)}, is "
            f"not.{accepted}"
        )
    with st.expander("The same as tables"):
        twin(lines_table(finding), key=f"lines-{finding.id}", height=420)
        twin(expected_table(details), key=f"expected-table-{finding.id}")


def _caption(finding: Finding) -> str:
    others = finding.event_count - 1
    also = (
        f" {format_count(others, 'other line')} of this session "
        f"{'is' if others == 1 else 'are'} flagged as well."
        if others > 0
        else ""
    )
    return f"Dotted words are the parameters of a line.{also}"


def preview(finding: Finding) -> None:
    """The flagged line, the lines before it, and those that would differ."""
    rows = ribbon(finding)
    near = [row for row in rows if -_PREVIEW < row.offset <= 0 or row.kind is LineKind.CHANGED]
    if near:
        show_ribbon(
            [_shortened(row) for row in near],
            key=f"peek-ribbon-{finding.id}",
            alt="The flagged line and those before it",
            height=360,
            narrow=True,
        )
    else:
        st.text(one_line(finding.summary))


def _shortened(row: RibbonRow) -> RibbonRow:
    # A narrow panel has room for the template alone; the line itself is on the finding's page.
    template = (
        "".join(text for text, _ in row.parts) if row.template == UNKNOWN_TEXT else row.template
    )
    return RibbonRow(
        row.offset, row.kind, shorten(template, 120), reference=shorten(row.reference, 120)
    )
