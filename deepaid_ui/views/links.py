"""A login in the graph of those in training: which end is unusual, and what would be normal."""

import streamlit as st

from deepaid_core.domain.details import LinkDetails
from deepaid_core.domain.finding import Finding
from deepaid_core.figures.link_layout import group_letters
from deepaid_core.figures.link_words import (
    habit_tables,
    link_details,
    link_title,
    links_table,
    node_table,
)
from deepaid_core.figures.links import neighborhood_view
from deepaid_core.figures.numbers import format_count
from deepaid_core.figures.text import shorten
from deepaid_ui.graph import show_graph
from deepaid_ui.text import one_line, plain
from deepaid_ui.views.parts import headline, twin

__all__ = ["preview", "why"]

_LETTERS = 8


def why(finding: Finding) -> None:
    """The neighborhood as a graph, its links as a table, and what each end normally does."""
    interpretation = finding.interpretation
    details = link_details(interpretation)
    headline(finding)
    view = neighborhood_view(interpretation)
    everything = view.hidden_nodes > 0 and st.toggle(
        f"Show {format_count(view.hidden_nodes, 'more neighbor')}", key="all", bind="query-params"
    )
    if everything:
        view = neighborhood_view(interpretation, everything=True)
    selected = show_graph(
        view.nodes,
        view.edges,
        options=view.options,
        version=view.version,
        key=f"neighbors-{finding.id}",
        alt=link_title(details),
        height=440,
    )
    st.caption(_legend(details, view.hidden_nodes))
    chosen = node_table(details, int(selected)) if selected and selected.isdecimal() else None
    if chosen is not None:
        twin(chosen, key=f"node-{finding.id}-{selected}", height=min(300, 38 + 35 * 8))
    twin(links_table(details), key=f"links-{finding.id}")
    columns = st.columns(max(1, len(details.observed)))
    for place, (column, table) in enumerate(zip(columns, habit_tables(details), strict=False)):
        with column:
            twin(table, key=f"habits-{finding.id}-{place}", empty="It never occurred in training.")


def _legend(details: LinkDetails, hidden: int) -> str:
    letters = group_letters(details)
    groups = "; ".join(
        f"{letter}: {plain(shorten(group, 40))}"
        for group, letter in list(letters.items())[:_LETTERS]
    )
    more = f" and {len(letters) - _LETTERS} more" if len(letters) > _LETTERS else ""
    left_out = f" {format_count(hidden, 'neighbor')} further away not drawn." if hidden else ""
    return (
        "Dots are users, squares hosts. Red lines (▶): this login; blue dashes (○): the closest "
        "normal one; purple: in both; gray: training logins. Percentages are the probability that "
        f"the detector gives a link.{left_out} Click a node to see what it is linked to."
        + (f" Groups: {groups}{more}; ?: never in training." if groups else "")
    )


def preview(finding: Finding) -> None:
    """User, source and destination of the login beside those of the closest normal one."""
    details = link_details(finding.interpretation)
    for role, seen, wanted in zip(details.roles, details.observed, details.reference, strict=False):
        unusual = "" if seen == wanted else f"   ○ normal: {shorten(wanted, 60)}"
        mark = "▶ " if unusual else ""
        st.text(one_line(f"{mark}{role}: {shorten(seen, 60)}{unusual}"))
