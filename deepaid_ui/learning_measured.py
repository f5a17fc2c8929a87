"""How fast verdicts shorten the queue, as the benchmark measured it last."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from deepaid_core.errors import StoredValueError
from deepaid_core.figures.learning import Curve, false_positive_curves
from deepaid_core.figures.numbers import format_count, format_share
from deepaid_core.figures.tables import Table
from deepaid_core.workflow.learning_results import LearningCurve, LearningResults, last_learning
from deepaid_ui import charts, panels, problems
from deepaid_ui.text import one_line, plain
from deepaid_ui.views.parts import twin

__all__ = ["measured"]

_COMMAND: Final = "deepaid bench --only triage"
_AT: Final = (0, 5, 10, 25, 50, 75, 100)
_EVERY: Final = "whole queue"
_ORDERS: Final = {
    "next": "Next best first",
    "pattern": "Most open findings first",
    "score": "Highest score first",
}
_VARIANTS: Final = {
    "suppressing": "",
    "critical": ", critical ones may be suppressed too",
    "taught": ", nothing suppressed",
}


def measured() -> None:
    """The curves of the last run with their caption, or how to make them."""
    st.markdown("**How much verdicts shorten the queue, measured**")
    try:
        last = last_learning()
    except StoredValueError as error:
        problems.show(error)
        return
    if last is None or not last.curves:
        panels.empty_state(
            "Not measured yet",
            "A benchmark judges the findings of the lab's recordings as a scripted analyst would "
            "and counts what is left of the false positives after each verdict, and whether any "
            "attack was ever silenced. Run it in a checkout of the project:",
        )
        st.code(_COMMAND, language=None)
        return
    curves = _chosen(last)
    whole = curves[0].detector_name is None
    figure = false_positive_curves(
        [
            Curve(_name(one), one.open_false, one.open_false_low, one.open_false_high)
            for one in curves
        ],
        target_verdicts=last.target_verdicts if whole else None,
        target_share=last.target_share,
    )
    charts.show(figure, key=f"measured-{curves[0].detector_name}")
    _caption(last, curves)
    with st.expander("The same as a table, and how to measure it again"):
        twin(_table(curves), key=f"measured-table-{curves[0].detector_name}", title=False)
        st.code(_COMMAND, language=None)


def _chosen(last: LearningResults) -> list[LearningCurve]:
    names = list(dict.fromkeys(one.detector_name for one in last.curves))
    name = names[0]
    if len(names) > 1:
        name = st.selectbox(
            "Queue of",
            names,
            format_func=lambda one: _EVERY if one is None else one_line(one),
            key="measured-queue",
            width=220,
        )
    # More lines than looks cannot be told apart; the other orders without suppressing stand in
    # the page of benchmarks.
    curves = [
        one
        for one in last.curves
        if one.detector_name == name and (one.variant != "taught" or one.order == "next")
    ]
    # What the product does as shipped, in its own order, is what the title is about.
    return sorted(curves, key=lambda one: (one.order, one.variant) != ("next", "suppressing"))


def _name(one: LearningCurve) -> str:
    order = _ORDERS.get(one.order, one.order)
    return order + _VARIANTS.get(one.variant, f", {one.variant}")


def _caption(last: LearningResults, curves: Sequence[LearningCurve]) -> None:
    suppressing = [one for one in curves if one.variant != "taught"]
    silenced = sum(one.silenced_ever for one in suppressing)
    runs = sum(one.seeds for one in suppressing)
    st.caption(
        plain(
            f"A scripted analyst on the {last.findings:,} findings of the demo, "
            f"{last.false_positives:,} of them false positives and {last.attacks:,} of attacks; "
            f"median of several runs with other random examples, measured {last.measured[:10]} "
            f"at commit {last.commit[:10]}. In {format_count(runs, 'run')} with suppressions "
            f"{format_count(silenced, 'attack finding')} "
            f"{'was' if silenced == 1 else 'were'} ever silenced, judged or not. Its rules were "
            "chosen on these findings: expect less on others."
        )
    )


def _table(curves: Sequence[LearningCurve]) -> Table:
    rows = []
    for one in curves:
        for verdicts in _AT:
            if verdicts < len(one.open_false):
                start, left = one.open_false[0], one.open_false[verdicts]
                low, high = one.open_false_low[verdicts], one.open_false_high[verdicts]
                rows.append(
                    (
                        _name(one),
                        verdicts,
                        f"{left:,g} ({low:,} to {high:,})",
                        format_share(1 - left / start) if start else "–",
                        one.silenced[verdicts],
                        one.silenced_ever,
                    )
                )
    return Table(
        "Open false positives by verdicts given",
        ("Order", "Verdicts", "Open false positives", "Gone", "Silenced then", "Silenced ever"),
        tuple(rows),
    )
