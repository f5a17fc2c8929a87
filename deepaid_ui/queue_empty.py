"""Why the queue shows nothing, and what to do next."""

import streamlit as st

from deepaid_core.figures.numbers import format_count
from deepaid_ui import filters, navigation, panels, session
from deepaid_ui.session import QueueView
from deepaid_ui.workspace import workspace

__all__ = ["show"]


def show(view: QueueView) -> None:
    """Nothing there yet, a filter too narrow, nothing of yours, or a queue that is done."""
    everything = workspace().store.count(QueueView(status="all").query())
    if everything == 0:
        panels.empty_state(
            "No findings yet",
            "Load the demo data on the Overview, or detect anomalies in a capture under Data.",
        )
        navigation.link("data", "Add a file", icon=":material/database:")
    elif view.assignee == "mine" and session.author() is None:
        panels.empty_state(
            "Nobody knows who you are",
            "Type your name in the sidebar, and the findings assigned to you show here.",
        )
    elif view == QueueView(assignee="mine", sort=view.sort, group=view.group):
        _nothing_of_yours()
    elif view.is_filtered:
        panels.empty_state(
            f"None of {format_count(everything, 'finding')} matches this filter",
            "The filter is too narrow. Loosen it, or clear it to see all open findings.",
        )
        _clear("Clear filters")
    elif view.status == "open":
        _all_clear(everything)
    else:
        panels.empty_state(
            f"No finding is {view.status}",
            "Nothing was decided yet: a verdict closes a finding."
            if view.status == "closed"
            else "No suppression keeps anything out of the queue.",
        )
        _clear("Show the open findings")


def _nothing_of_yours() -> None:
    free = workspace().store.count(QueueView(assignee="unassigned").query())
    panels.empty_state(
        "Nothing is assigned to you",
        f"{format_count(free, 'open finding')} "
        f"{'waits' if free == 1 else 'wait'} for somebody. Press A on one to take it.",
    )
    st.button(
        "Show what is unassigned",
        icon=":material/person_add:",
        on_click=filters.open_view,
        args=(QueueView(assignee="unassigned"),),
    )


def _all_clear(everything: int) -> None:
    held = workspace().store.count(QueueView(status="suppressed").query())
    out = f" or is suppressed ({held:,})" if held else ""
    panels.empty_state(
        "All clear",
        f"Each of {format_count(everything, 'finding')} has a verdict{out}; nothing is left to "
        "judge. Choose *closed* to look at what was decided"
        + (", *suppressed* to look at what is kept out of the queue." if held else "."),
    )


def _clear(label: str) -> None:
    st.button(label, on_click=filters.clear, icon=":material/filter_alt_off:")
