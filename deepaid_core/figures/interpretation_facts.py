"""How good the interpretations of one detector are: how many fields they need, how plausible."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import plotly.graph_objects as go

from deepaid_core.figures.numbers import format_count, format_share
from deepaid_core.figures.tables import Table
from deepaid_core.figures.theme import BLUE, GREY, empty_figure, finish

__all__ = ["fields_needed", "fields_table", "plausibilities", "plausibility_table"]

_MOST: Final = 12
# Finer where it matters: most references lie at the edge of what is normal.
_BOUNDS: Final = (0, 50, 75, 90, 95, 99, 100)


def fields_needed(needed: Sequence[int]) -> go.Figure:
    """Findings by the number of deviations that it takes until the detector accepts.

    Args:
        needed: Of each finding; 0 where no change was found that it accepts.
    """
    if not needed:
        return _nothing()
    rows = _by_number(needed)
    few = sum(1 for count in needed if 0 < count <= 3)
    return _bars(
        [label for label, _ in rows],
        [count for _, count in rows],
        title=f"{format_share(few / len(needed))} of "
        f"{format_count(len(needed), 'finding')} need three deviations or fewer",
        axis="Deviations until the detector accepts",
        color=BLUE,
    )


def fields_table(needed: Sequence[int]) -> Table:
    """The same in numbers."""
    return Table(
        "Deviations needed",
        ("Deviations", "Findings", "Share"),
        tuple(
            (label, count, format_share(count / len(needed))) for label, count in _by_number(needed)
        )
        if needed
        else (),
    )


def plausibilities(percentiles: Sequence[float]) -> go.Figure:
    """Findings by how far the closest normal event is from training events.

    Args:
        percentiles: 0 to 100 of each; lower is closer to what was seen in training.
    """
    if not percentiles:
        return empty_figure(
            "Plausibility is not known", "This kind of data has no distance between its events."
        )
    rows = _by_percentile(percentiles)
    usual = sum(1 for one in percentiles if one <= 95)
    return _bars(
        [label for label, _ in rows],
        [count for _, count in rows],
        title=f"{format_share(usual / len(percentiles))} of the closest normal events lie as near "
        "to training as 95 % of training itself",
        axis="Percentile of the distance to training, %",
        color=GREY,
    )


def plausibility_table(percentiles: Sequence[float]) -> Table:
    """The same in numbers."""
    return Table(
        "Distance of the closest normal event to training",
        ("Percentile", "Findings", "Share"),
        tuple(
            (label, count, format_share(count / len(percentiles)))
            for label, count in _by_percentile(percentiles)
        )
        if percentiles
        else (),
    )


def _by_number(needed: Sequence[int]) -> list[tuple[str, int]]:
    counts = Counter(min(one, _MOST) if one > 0 else 0 for one in needed)
    top = max(counts)
    rows = [
        (f"{number} and more" if number == _MOST else str(number), counts[number])
        for number in range(1, top + 1)
    ]
    return [*rows, ("not found", counts[0])] if counts[0] else rows


def _by_percentile(percentiles: Sequence[float]) -> list[tuple[str, int]]:
    counts = Counter(bisect_left(_BOUNDS[1:-1], one) for one in percentiles)
    return [(f"{low} to {high}", counts[at]) for at, (low, high) in enumerate(pairwise(_BOUNDS))]


def _nothing() -> go.Figure:
    return empty_figure(
        "No finding yet", "Run the detector on a file; each finding comes with its interpretation."
    )


def _bars(
    labels: Sequence[str], counts: Sequence[int], *, title: str, axis: str, color: str
) -> go.Figure:
    return finish(
        [
            {
                "type": "bar", "x": list(labels), "y": list(counts), "marker": {"color": color},
                "text": [f"{count:,}" if count else "" for count in counts],
                "textposition": "outside", "cliponaxis": False,
                "hovertext": [
                    f"{label}: {format_count(count, 'finding')}"
                    for label, count in zip(labels, counts, strict=True)
                ],
                "hoverinfo": "text",
            }
        ],
        {
            "xaxis": {"title": {"text": axis}, "type": "category", "fixedrange": True},
            "yaxis": {
                "title": {"text": "Findings"}, "rangemode": "tozero", "fixedrange": True,
                "range": [0, 1.15 * max([*counts, 1])],
            },
        },
        title=title,
        height=230,
        left=64,
    )  # fmt: skip
