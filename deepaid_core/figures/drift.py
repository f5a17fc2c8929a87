"""How far what a detector reads now has moved from what it was trained on."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import plotly.graph_objects as go

from deepaid_core.domain.drift import FeatureDrift, ScoreDrift
from deepaid_core.figures.numbers import format_score, format_share, format_value
from deepaid_core.figures.tables import Table
from deepaid_core.figures.text import figure_text, shorten, visible
from deepaid_core.figures.theme import BLUE, GREY, VERMILLION, empty_figure, finish, wrapped

__all__ = [
    "STRONG",
    "WEAK",
    "drift_words",
    "feature_shifts",
    "score_shift",
    "scores_table",
    "shifts_table",
]

WEAK: Final = 0.1
STRONG: Final = 0.25
_DRAWN: Final = 15
_LETTERS: Final = 38  # of a line of a label
_MEDIAN: Final = 2


def drift_words(distance: float) -> str:
    """How strong a shift is: the usual reading of a stability index, and of a distance 0 to 1."""
    return "strong" if distance >= STRONG else "moderate" if distance >= WEAK else "slight"


def score_shift(drift: ScoreDrift | None) -> go.Figure:
    """Scores of the latest run against those of normal events, as shares of both."""
    if drift is None:
        return empty_figure(
            "Scores cannot be compared",
            "Either the normal scores of this detector are not known, or no run kept its scores.",
        )
    edges = [format_score(edge) for edge in drift.edges]
    spans = [f"{low} to {high}" for low, high in pairwise(edges)]
    places = list(range(len(spans)))
    parts = (("normal events", drift.normal), ("latest run", drift.recent))
    looks: tuple[dict[str, Any], ...] = (
        {"type": "bar", "marker": {"color": BLUE, "opacity": 0.55}},
        {
            "type": "scatter", "mode": "lines",
            "line": {"color": VERMILLION, "shape": "hvh", "width": 2},
        },
    )  # fmt: skip
    step = max(1, len(edges) // 7)
    return finish(
        [
            {
                **look, "x": places, "y": [100 * share for share in shares], "name": name,
                "hovertext": [
                    f"score {span}<br>{name}: {format_share(share)}"
                    for span, share in zip(spans, shares, strict=True)
                ],
                "hoverinfo": "text",
            }
            for (name, shares), look in zip(parts, looks, strict=True)
        ],
        {
            "barmode": "overlay", "bargap": 0,
            "xaxis": {
                "title": {"text": "Score"}, "fixedrange": True,
                "tickvals": [at - 0.5 for at in range(0, len(edges), step)],
                "ticktext": edges[::step],
            },
            "yaxis": {"title": {"text": "Share of events, %"}, "rangemode": "tozero",
                      "fixedrange": True},
        },
        title=f"Shift of the scores: {drift_words(drift.psi)} (stability index "
        f"{drift.psi:.2f}); median {format_score(drift.normal_median)} then, "
        f"{format_score(drift.recent_median)} now",
        height=240,
        legend=True,
        left=64,
    )  # fmt: skip


def scores_table(drift: ScoreDrift | None) -> Table:
    """The same in numbers."""
    rows: tuple[tuple[str, str, str], ...] = ()
    if drift is not None:
        edges = [format_score(edge) for edge in drift.edges]
        rows = tuple(
            (f"{low} to {high}", format_share(normal), format_share(recent))
            for (low, high), normal, recent in zip(
                pairwise(edges), drift.normal, drift.recent, strict=True
            )
        )
    return Table("Scores then and now", ("Score", "Normal events", "Latest run"), rows)


def feature_shifts(features: Sequence[FeatureDrift]) -> go.Figure:
    """The columns that moved most, as bars against the bounds of a moderate and a strong shift."""
    ranked = _ranked(features)
    if not ranked:
        return empty_figure(
            "Columns cannot be compared",
            "The latest run kept no columns, or this kind of data has none.",
        )
    strong = sum(1 for one in ranked if one.distance >= STRONG)
    drawn = ranked[:_DRAWN][::-1]
    named = [visible(shorten(one.title or one.name, 2 * _LETTERS)) for one in drawn]
    labels = [
        "<br>".join(figure_text(line) for line in wrapped(name, _LETTERS, max_lines=2))
        for name in named
    ]
    return finish(
        [
            {
                "type": "bar", "orientation": "h", "x": [one.distance for one in drawn],
                "y": list(range(len(drawn))),
                "marker": {
                    "color": [VERMILLION if one.distance >= STRONG else BLUE for one in drawn],
                    "pattern": {
                        "shape": ["/" if one.distance >= STRONG else "" for one in drawn],
                        "fillmode": "overlay",
                    },
                },
                "hovertext": [
                    f"{label}<br>{one.distance:.2f}, {drift_words(one.distance)}<br>"
                    + figure_text(
                        f"median {_median(one, one.training)} in training, "
                        f"{_median(one, one.recent)} now; "
                        f"{format_share(one.outside)} outside the training range"
                    )
                    for label, one in zip(labels, drawn, strict=True)
                ],
                "hoverinfo": "text",
            }
        ],
        {
            "xaxis": {
                "title": {"text": "Distance of both distributions, 0 to 1"}, "range": [0, 1.02],
                "fixedrange": True,
            },
            "yaxis": {"tickvals": list(range(len(drawn))), "ticktext": labels, "fixedrange": True},
            "shapes": [
                {
                    "type": "line", "x0": bound, "x1": bound, "y0": 0, "y1": 1, "yref": "paper",
                    "line": {"color": GREY, "dash": dash, "width": 1.5},
                }
                for bound, dash in ((WEAK, "dot"), (STRONG, "dash"))
            ],
        },
        title=(f"{strong:,}" if strong else "None")
        + f" of {len(ranked):,} columns moved strongly against training"
        + (f"; the {len(drawn)} that moved most" if len(ranked) > len(drawn) else ""),
        height=60 + 36 * len(drawn),
        left=30 + 7 * min(_LETTERS, max(len(name) for name in named)),
    )  # fmt: skip


def shifts_table(features: Sequence[FeatureDrift]) -> Table:
    """All columns in numbers, what moved most first."""
    return Table(
        "Columns then and now",
        (
            "Column",
            "Distance",
            "Shift",
            "Median in training",
            "Median now",
            "Outside the training range",
        ),
        tuple(
            (
                one.title or one.name,
                f"{one.distance:.2f}",
                drift_words(one.distance),
                _median(one, one.training),
                _median(one, one.recent),
                format_share(one.outside),
            )
            for one in _ranked(features)
        ),
    )


def _ranked(features: Sequence[FeatureDrift]) -> list[FeatureDrift]:
    return sorted(features, key=lambda one: (-one.distance, one.name))


def _median(one: FeatureDrift, quantiles: Sequence[float]) -> str:
    return format_value(quantiles[_MEDIAN], one.unit)
