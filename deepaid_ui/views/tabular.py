"""Deviations of a row of a table: as lines from the event to the closest normal one."""

import streamlit as st

from deepaid_core.domain.finding import Finding
from deepaid_core.figures.deviations import deviations
from deepaid_ui import charts, glossary, tables

__all__ = ["preview", "why"]


def why(finding: Finding) -> None:
    """Deviations as chart and table."""
    interpretation = finding.interpretation
    everything = st.toggle(
        "Show all columns of each deviation",
        key="all",
        bind="query-params",
        help="A deviation is a field; its columns are the same statistic over several time "
        "windows and move together.",
    )
    charts.show(deviations(interpretation, all_columns=everything), key=f"why-{finding.id}")
    tables.show(
        tables.deviations_frame(interpretation, all_columns=everything),
        key=f"why-table-{finding.id}-{everything}",
        alt="Deviations: observed values and the closest normal ones",
        clickable=False,
    )
    glossary.columns_of(interpretation)


def preview(finding: Finding) -> None:
    """Deviations as a small chart."""
    charts.show(charts.compact(deviations(finding.interpretation)), key=f"peek-chart-{finding.id}")
