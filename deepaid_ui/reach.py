"""What a decision reaches, shown before it is made."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from deepaid_core.domain.queries import FindingRow, Reach
from deepaid_core.figures.numbers import format_count, format_time_utc
from deepaid_core.figures.volume import findings_by_hour
from deepaid_core.workflow import distill
from deepaid_core.workflow.reach import PatternReach
from deepaid_ui import charts, filters, tables
from deepaid_ui.pattern_frames import mix, mix_words, neighbours_frame
from deepaid_ui.tables import cell_text, moment
from deepaid_ui.workspace import workspace

__all__ = ["before_verdict", "examples", "seed_of", "sentence", "spread"]


def seed_of(key: str) -> int:
    """Which random examples are shown."""
    seed: int = st.session_state.get(f"{key}-seed", 0)
    return seed


def _reseed(key: str) -> None:
    st.session_state[f"{key}-seed"] = seed_of(key) + 1


def sentence(reach: Reach) -> str:
    """Open and past findings, and where and when they are."""
    if not reach.findings:
        return "It reaches no finding."
    first, last = reach.first_time or 0.0, reach.last_time or 0.0
    past = [
        f"{count:,} {word}"
        for count, word in ((reach.closed, "judged before"), (reach.suppressed, "suppressed"))
        if count
    ]
    return (
        f"{format_count(reach.open_findings, 'open finding')}"
        + (f" ({', '.join(past)})" if past else "")
        + f" on {format_count(reach.entities, 'entity', 'entities')}, "
        f"{format_time_utc(first)} to {format_time_utc(last)}."
    )


def spread(reach: Reach, *, key: str) -> None:
    """Where and when: a table by entity, a chart by hour and the same as a table."""
    if not reach.findings:
        return
    left, right = st.columns(2, gap="medium")
    with left:
        st.caption("By entity" + (" (the 20 with most)" if reach.entities > 20 else ""))
        tables.show(
            pd.DataFrame(
                {
                    "Entity": [cell_text(name) for name, _, _ in reach.top_entities],
                    "Open": [still for _, still, _ in reach.top_entities],
                    "Findings": [total for _, _, total in reach.top_entities],
                }
            ),
            key=f"{key}-entities",
            alt="Findings by entity",
            clickable=False,
            height=min(240, 38 + 35 * len(reach.top_entities)),
        )
    with right:
        if len(reach.hours) == 1:
            st.caption(f"By hour: all from {format_time_utc(reach.hours[0][0])} on")
            _hours(reach, key=key)
            return
        charts.show(
            charts.narrow(findings_by_hour([("", *hour) for hour in reach.hours])),
            key=f"{key}-hours",
        )
        with st.expander("The same as a table"):
            _hours(reach, key=key)


def _hours(reach: Reach, *, key: str) -> None:
    tables.show(
        pd.DataFrame(
            {
                "Hour from (UTC)": [moment(start) for start, _, _ in reach.hours],
                "Open": [still for _, still, _ in reach.hours],
                "Findings": [total for _, _, total in reach.hours],
            }
        ),
        key=f"{key}-hours-table",
        alt="Findings by hour",
        clickable=False,
        height=min(240, 38 + 35 * len(reach.hours)),
    )


def examples(rows: Sequence[FindingRow], *, key: str, more: bool = False) -> None:
    """Findings drawn at random; a link of each is its id.

    Args:
        rows: The findings.
        key: Of the widgets.
        more: Whether others can be drawn.
    """
    if not rows:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{format_count(len(rows), 'example')} drawn at random", width="stretch")
        if more:
            st.button(
                "Show other examples",
                key=f"{key}-more",
                icon=":material/casino:",
                on_click=_reseed,
                args=(key,),
            )
    frame = tables.findings_frame(rows, distill.suggestions(workspace(), rows))
    tables.show(
        frame[["Finding", "Severity", "Entity", "What deviates", "Verified", "Last event (UTC)"]],
        key=f"{key}-examples-{seed_of(key)}-{filters.version()}",
        alt="Examples drawn at random",
        clickable=False,
    )


def before_verdict(found: PatternReach, *, key: str) -> None:
    """All that a verdict on the pattern reaches and what is known near it."""
    st.text(f"Reaches {sentence(found.reach)} Those judged before keep their verdict.")
    _cautions(found)
    spread(found.reach, key=key)
    examples(found.examples, key=key, more=found.reach.open_findings > len(found.examples))
    said = mix_words(found.pattern)
    st.caption(f"Verdicts on it so far: {said}." if said else "No verdict on it so far.")
    if found.verdicts:
        with st.expander(f"The {format_count(len(found.verdicts), 'verdict')}"):
            tables.show(
                tables.verdicts_frame(found.verdicts),
                key=f"{key}-verdicts",
                alt="Verdicts on the pattern",
                clickable=False,
                height=min(240, 38 + 35 * len(found.verdicts)),
            )
    judged = [one for one in found.neighbours if mix(one.pattern)]
    if judged:
        st.caption("Judged patterns one state away (all states but one in common)")
        tables.show(
            neighbours_frame(judged),
            key=f"{key}-near",
            alt="Judged patterns one state away",
            clickable=False,
            height=min(200, 38 + 35 * len(judged)),
        )
    elif found.neighbours:
        st.caption(
            f"{format_count(len(found.neighbours), 'pattern')} one state away, none judged yet."
        )
    else:
        st.caption("No other pattern is one state away.")


def _cautions(found: PatternReach) -> None:
    near = sum(bool(one.pattern.true_positives) for one in found.neighbours)
    if found.pattern.true_positives:
        st.warning("An attack was confirmed on this very pattern.", icon=":material/shield:")
    elif near:
        st.warning(
            f"An attack was confirmed on {format_count(near, 'pattern')} one state away: look at "
            "the difference before you call this harmless.",
            icon=":material/shield:",
        )
    unverified = found.reach.unverified
    if unverified:
        st.caption(
            f"The interpretation of {format_count(unverified, 'open finding')} is not verified."
        )
