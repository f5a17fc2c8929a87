"""A window of metrics: which leave their normal course, at which step, and what would be normal."""

import streamlit as st

from deepaid_core.domain.finding import Finding
from deepaid_core.figures.series import MOST_ROWS, courses, deviation_map
from deepaid_core.figures.series_window import (
    MOST_PANELS,
    deviating_table,
    ranking_table,
    series_window,
    steps_table,
)
from deepaid_ui import charts
from deepaid_ui.views.parts import headline, twin

__all__ = ["preview", "why"]

_ALL_PANELS = 10


def why(finding: Finding) -> None:
    """Deviations as a map of metric and step, then the course of the strongest metrics."""
    interpretation = finding.interpretation
    window = series_window(interpretation)
    headline(finding)
    everything = False
    if window is not None and len(window.order) > MOST_PANELS:
        everything = st.toggle(
            f"Show all {len(window.order)} metrics that deviate",
            key="all",
            bind="query-params",
            help=f"Otherwise the {MOST_ROWS} strongest are mapped and the {MOST_PANELS} strongest "
            "drawn step by step.",
        )
    panels = _ALL_PANELS if everything else MOST_PANELS
    charts.show(deviation_map(interpretation, everything=everything), key=f"map-{finding.id}")
    charts.show(courses(interpretation, most=panels), key=f"courses-{finding.id}")
    twin(
        deviating_table(interpretation),
        key=f"why-table-{finding.id}",
        empty="No value was found that would have to differ.",
    )
    with st.expander("Every step of the metrics drawn"):
        twin(
            steps_table(interpretation, most=panels), key=f"steps-{finding.id}-{panels}", height=420
        )
    if window is not None:
        with st.expander(f"All {len(window.details.columns)} metrics by their effect on the score"):
            st.caption(
                "How much the score falls when one metric alone takes the closest normal's values; "
                "the higher a metric stands, the likelier it is the cause."
            )
            twin(
                ranking_table(window.details),
                key=f"ranking-{finding.id}",
                title=False,
                height=420,
            )


def preview(finding: Finding) -> None:
    """The course of the strongest metric."""
    figure = courses(finding.interpretation, most=1)
    figure.update_layout(title=None, height=230, margin={"l": 48, "r": 8, "t": 66, "b": 40})
    charts.show(figure, key=f"peek-chart-{finding.id}")
