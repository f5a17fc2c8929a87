"""How the losses of a training went down: on what it learns from, and on what was held back."""

import math
from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go

from deepaid_core.figures.numbers import format_count, format_score
from deepaid_core.figures.tables import Table
from deepaid_core.figures.theme import BLUE, VERMILLION, empty_figure, finish

__all__ = ["best_epoch", "curve_table", "loss_curve"]

_LOG_FROM: Final = 20.0
_MARKED: Final = 60  # epochs up to which each is a mark

_Curve = Sequence[tuple[float, float]]


def best_epoch(curve: _Curve) -> int:
    """The epoch, from 1, whose held-back loss is lowest; 0 where there is none."""
    usable = [(held, epoch) for epoch, (_, held) in enumerate(curve, 1) if math.isfinite(held)]
    return min(usable)[1] if usable else 0


def loss_curve(curve: _Curve, *, name: str = "") -> go.Figure:
    """Both losses by epoch; the best epoch is marked.

    Args:
        curve: (training loss, held-back loss) of each epoch.
        name: Of the part of the detector that learns, where it has several.
    """
    best = best_epoch(curve)
    if not best:
        return empty_figure(
            "No epoch is done yet", "The curve begins with the first pass over the events."
        )
    epochs = list(range(1, len(curve) + 1))
    parts = (
        ("held-back events", [held for _, held in curve], VERMILLION, "solid", "diamond"),
        ("training events", [loss for loss, _ in curve], BLUE, "dash", "circle-open"),
    )
    values = [value for _, losses, *_ in parts for value in losses if math.isfinite(value)]
    log = min(values) > 0 and max(values) / min(values) > _LOG_FROM
    held = curve[best - 1][1]
    return finish(
        [
            {
                "type": "scatter",
                "mode": "lines+markers" if len(curve) <= _MARKED else "lines",
                "x": epochs,
                "y": [value if math.isfinite(value) else None for value in losses],
                "name": title,
                "line": {"color": color, "dash": dash, "width": 2},
                "marker": {"symbol": symbol, "size": 7},
                "hovertext": [
                    f"epoch {epoch}: {format_score(value)} on {title}"
                    for epoch, value in zip(epochs, losses, strict=True)
                ],
                "hoverinfo": "text",
            }
            for title, losses, color, dash, symbol in parts
        ]
        + [
            {
                "type": "scatter", "mode": "markers", "x": [best], "y": [held],
                "name": "best so far", "hoverinfo": "skip",
                "marker": {"symbol": "star", "size": 14, "color": VERMILLION},
            }
        ],
        {
            "xaxis": {"title": {"text": "Epoch"}, "rangemode": "tozero"},
            "yaxis": {
                "title": {"text": "Loss" + (", logarithmic" if log else "")},
                "type": "log" if log else "linear",
                "exponentformat": "power",
            },
        },
        title=(
            (f"{name}: " if name else "")
            + f"{format_count(len(curve), 'epoch')} done, best on held-back events is epoch {best} "
            f"({format_score(held)})"
        ),
        height=230,
        legend=True,
        left=76,
    )  # fmt: skip


def curve_table(curve: _Curve) -> Table:
    """The same in numbers, newest epoch first."""
    best = best_epoch(curve)
    rows = tuple(
        (epoch, format_score(loss), format_score(held), "best" if epoch == best else "")
        for epoch, (loss, held) in reversed(list(enumerate(curve, 1)))
    )
    return Table("Loss by epoch", ("Epoch", "Training events", "Held-back events", ""), rows)
