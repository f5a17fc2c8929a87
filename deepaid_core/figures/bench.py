"""What a detector says of an edited event: in words, as a figure, and as a table."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from deepaid_core.figures.numbers import format_score, format_value, is_multiple
from deepaid_core.figures.scores import is_wide
from deepaid_core.figures.tables import Table
from deepaid_core.figures.theme import BAND, BLUE, GREEN, GREY, VERMILLION, empty_figure, finish

__all__ = ["Edit", "edits_table", "score_rows", "standing"]

_NOW, _NORMAL, _ANOMALY = "as edited", "closest normal", "this event"


@dataclass(frozen=True, slots=True)
class Edit:
    """One edited value as the table shows it.

    Attributes:
        title: What was edited; may quote event text.
        unit: Of the values.
        before: Value of the anomaly, a choice in words.
        after: Value that it was given.
        reference: Value of the closest normal event.
        alone: Score with the edits of its group only; None where another row of the group has it.
        without: Score with all edits but those; likewise.
    """

    title: str
    unit: str
    before: float | str
    after: float | str
    reference: float | str
    alone: float | None
    without: float | None


def standing(score: float, threshold: float, *, anomaly: float, ratio: float | None) -> str:
    """Whether the detector would accept an event, in a few words.

    Args:
        score: Of the event as edited.
        threshold: The detector's.
        anomaly: Score of the anomaly that it was made of.
        ratio: Place of the anomaly on the severity scale; tells whether "times the threshold"
            says something.
    """
    if score <= threshold:
        return f"The detector would accept this: score {_beside(score, threshold)}"
    if is_multiple(anomaly, threshold, ratio):
        times = score / threshold
        # Just over the threshold, two digits would say that it is at it.
        text = f"{times:,.0f}" if times >= 100 else f"{times:.3g}" if times >= 1.05 else "just over"
        over = f"{text}× the threshold" if text != "just over" else "just over the threshold"
        return f"Still abnormal: {over}, score {_beside(score, threshold)}"
    return f"Still abnormal: score {_beside(score, threshold)}"


def _beside(score: float, threshold: float) -> str:
    return f"{format_score(score)}, threshold {format_score(threshold)}"


def score_rows(score: float, threshold: float, *, anomaly: float, reference: float) -> go.Figure:
    """The scores of the anomaly, of it as edited and of the closest normal, a line each.

    Args:
        score: Of the event as edited.
        threshold: The detector's.
        anomaly: Score of the anomaly.
        reference: Score of the closest normal event.
    """
    values = (reference, score, anomaly)
    if not all(math.isfinite(value) for value in (*values, threshold)):
        return empty_figure("The score cannot be drawn", "One of the scores is not finite.")
    log = is_wide((*values, threshold))
    spots = [math.log10(value) if log else value for value in values]
    line = math.log10(threshold) if log else threshold
    low, high = min(*spots, line), max(*spots, line)
    room = high - low or max(abs(high), 1.0)
    left, right = low - 0.3 * room, high + 0.25 * room
    accepted = score <= threshold
    marks = (
        (_NORMAL, "circle-open", BLUE),
        (_NOW, "star" if accepted else "x", GREEN if accepted else VERMILLION),
        (_ANOMALY, "diamond", VERMILLION),
    )
    return finish(
        [
            {
                "type": "scatter", "mode": "lines+markers+text", "x": [line, spot], "y": [at, at],
                "line": {"color": color, "width": 4 if name == _NOW else 2},
                "marker": {
                    "symbol": ["line-ns", symbol], "color": color, "size": [0, 14], "opacity": 1,
                    "line": {"width": [0, 2.5 if symbol == "circle-open" else 0]},
                },
                "text": ["", format_score(value)],
                # Beside the mark, away from the threshold's line.
                "textposition": "middle right" if spot >= line else "middle left",
                "hovertext": ["", f"{name}: {format_score(value)}"], "hoverinfo": "text",
            }
            for at, (name, symbol, color), spot, value in zip(
                range(3), marks, spots, values, strict=True
            )
        ],
        {
            "xaxis": {
                "range": [left, right], "visible": False, "fixedrange": True, "zeroline": False,
            },
            "yaxis": {
                "tickvals": [0, 1, 2], "ticktext": [name for name, _, _ in marks],
                "range": [-0.6, 2.6], "fixedrange": True, "zeroline": False, "showgrid": False,
            },
            "shapes": [
                {
                    "type": "rect", "x0": left, "x1": line, "y0": 0, "y1": 1, "yref": "paper",
                    "fillcolor": BAND, "line": {"width": 0}, "layer": "below",
                },
                {
                    "type": "line", "x0": line, "x1": line, "y0": 0, "y1": 1, "yref": "paper",
                    "line": {"color": GREY, "width": 2, "dash": "dash"},
                },
            ],
            "annotations": [
                {
                    "x": line, "y": 0, "yref": "paper", "yanchor": "top", "showarrow": False,
                    # Towards the wider side, where a narrow page has room for it.
                    "xanchor": "right" if line - left > right - line else "left",
                    "text": f"threshold {format_score(threshold)}; shaded: accepted",
                }
            ],
        },
        title="Scores" + (", logarithmic" if log else ""),
        height=150,
        left=110,
    )  # fmt: skip


def edits_table(edits: Sequence[Edit]) -> Table:
    """All that was edited, before and after, and what the edits of each group do to the score."""
    return Table(
        "What was edited",
        ("Edited", "This event", "As edited", "Alone", "Without", "Closest normal"),
        tuple(
            (
                one.title,
                format_value(one.before, one.unit),
                format_value(one.after, one.unit),
                "" if one.alone is None else format_score(one.alone),
                "" if one.without is None else format_score(one.without),
                format_value(one.reference, one.unit),
            )
            for one in edits
        ),
    )  # fmt: skip
