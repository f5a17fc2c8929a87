"""How well a detector tells attacks from normal events: curves, confusion, categories, measures."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from deepaid_core.figures.numbers import format_count, format_score, format_share
from deepaid_core.figures.tables import Table
from deepaid_core.figures.text import figure_text
from deepaid_core.figures.theme import BLUE, GREY, VERMILLION, empty_figure, finish

__all__ = [
    "category_recall",
    "category_table",
    "confusion_table",
    "curve_points_table",
    "measures_table",
    "precision_recall",
    "roc",
]

_MOST: Final = 24
_LONGEST: Final = 40
_LISTED: Final = 40

_Points = Sequence[tuple[float, float]]
Categories = Sequence[tuple[str, int, int]]


def roc(points: _Points, area: float | None, *, at: tuple[float, float] | None = None) -> go.Figure:
    """Share of attacks found against share of normal events flagged, over all thresholds.

    Args:
        points: (share of normal events flagged, share of attacks found), ascending.
        area: Under the curve.
        at: The point of the threshold in force.
    """
    if len(points) < 2:
        return _nothing()
    return _square(
        points,
        at,
        names=("Normal events flagged, %", "Attacks found, %"),
        diagonal=True,
        title="ROC" + (f": area {area:.3f}; a guess has 0.5" if area is not None else ""),
    )


def precision_recall(
    points: _Points,
    average: float | None,
    *,
    base: float,
    at: tuple[float, float] | None = None,
) -> go.Figure:
    """Share of anomalies that are attacks against share of attacks found, over all thresholds.

    Args:
        points: (share of attacks found, share of anomalies that are attacks), ascending.
        average: Average precision.
        base: Share of attacks among all events: what a guess has.
        at: The point of the threshold in force.
    """
    if len(points) < 2:
        return _nothing()
    title = "Precision and recall"
    if average is not None:
        title += f": average precision {average:.3f}; a guess has {base:.3f}"
    return _square(
        points,
        at,
        names=("Attacks found (recall), %", "Anomalies that are attacks (precision), %"),
        diagonal=False,
        title=title,
        base=base,
    )


def curve_points_table(points: _Points, columns: tuple[str, str], title: str) -> Table:
    """A curve in numbers, thinned to what can be read."""
    step = max(1, -(-len(points) // _LISTED))
    kept = [*points[::step]]
    if points and kept[-1] != points[-1]:
        kept.append(points[-1])
    return Table(title, columns, tuple((format_share(x), format_share(y)) for x, y in kept))


def confusion_table(*, found: int, missed: int, false_alarms: int, passed: int) -> Table:
    """Events by what they are and what the detector said.

    Args:
        found: Attacks over the threshold.
        missed: Attacks at or under it.
        false_alarms: Normal events over it.
        passed: Normal events at or under it.
    """

    def part(count: int, of: int) -> str:
        return f"{count:,} ({format_share(count / of)})" if of else "none"

    attacks, normal = found + missed, false_alarms + passed
    return Table(
        "Confusion at this threshold",
        ("Events that are", "Flagged", "Not flagged", "Together"),
        (
            ("attacks", part(found, attacks), part(missed, attacks), f"{attacks:,}"),
            ("normal", part(false_alarms, normal), part(passed, normal), f"{normal:,}"),
        ),
    )


def measures_table(columns: Mapping[str, Mapping[str, float | None]]) -> Table:
    """Measures side by side.

    Args:
        columns: Measures by name, each in a column of its own: "at the threshold", ...
    """
    names = list(dict.fromkeys(name for values in columns.values() for name in values))
    return Table(
        "Measures",
        ("Measure", *columns),
        tuple(
            (name, *(_measure(values.get(name)) for values in columns.values())) for name in names
        ),
    )


def category_recall(categories: Categories) -> go.Figure:
    """Share of events over the threshold by category, the least found first.

    Args:
        categories: (name, events found, events).
    """
    known = [one for one in categories if one[2] > 0]
    if not known:
        return empty_figure(
            "No categories", "The labels name no kinds of attacks, or no verdict has a category."
        )
    ranked = sorted(known, key=lambda one: (one[1] / one[2], -one[2], one[0]))
    drawn = ranked[:_MOST][::-1]
    labels = [figure_text(name, _LONGEST) for name, *_ in drawn]
    missed = sum(1 for _, found, total in known if found * 2 < total)
    title = (
        f"{format_count(missed, 'category', 'categories')} of {len(known):,} found by less than "
        "half"
        if missed
        else "At least half of every category is found"
    )
    if len(ranked) > len(drawn):
        title += f" (the {len(drawn)} least found are drawn)"
    return finish(
        [
            {
                "type": "bar", "orientation": "h",
                "x": [100 * found / total for _, found, total in drawn],
                "y": list(range(len(drawn))),
                "marker": {
                    "color": [BLUE if f * 2 >= t else VERMILLION for _, f, t in drawn],
                    "pattern": {
                        "shape": ["" if f * 2 >= t else "/" for _, f, t in drawn],
                        "fillmode": "overlay",
                    },
                },
                "text": [f"{format_share(f / t)} of {t:,}" for _, f, t in drawn],
                "textposition": "outside", "cliponaxis": False,
                "hovertext": [
                    f"{label}: {found:,} of {format_count(total, 'event')} found"
                    for label, (_, found, total) in zip(labels, drawn, strict=True)
                ],
                "hoverinfo": "text",
            }
        ],
        {
            "xaxis": {"title": {"text": "Events over the threshold, %"}, "range": [0, 118],
                      "tickvals": [0, 25, 50, 75, 100], "fixedrange": True},
            "yaxis": {"tickvals": list(range(len(drawn))), "ticktext": labels, "fixedrange": True},
        },
        title=title,
        height=60 + 24 * len(drawn),
        left=30 + 7 * min(_LONGEST, max(len(label) for label in labels)),
        right=30,
    )  # fmt: skip


def category_table(categories: Categories) -> Table:
    """The same in numbers, the least found first."""
    ranked = sorted(
        (one for one in categories if one[2] > 0),
        key=lambda one: (one[1] / one[2], -one[2], one[0]),
    )
    return Table(
        "Recall by category",
        ("Category", "Events", "Found", "Recall"),
        tuple((name, total, found, format_share(found / total)) for name, found, total in ranked),
    )


def _measure(value: float | None) -> str:
    return "n/a" if value is None else format_score(round(value, 4))


def _nothing() -> go.Figure:
    return empty_figure(
        "Nothing to compare", "A curve needs events of both kinds: attacks and normal ones."
    )


def _square(
    points: _Points,
    at: tuple[float, float] | None,
    *,
    names: tuple[str, str],
    diagonal: bool,
    title: str,
    base: float | None = None,
) -> go.Figure:
    low_name, high_name = (name.removesuffix(", %") for name in names)
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter", "mode": "lines",
            "x": [100 * x for x, _ in points], "y": [100 * y for _, y in points],
            "line": {"color": BLUE, "width": 2.5}, "showlegend": False,
            "hovertext": [
                f"{low_name}: {format_share(x)}<br>{high_name}: {format_share(y)}"
                for x, y in points
            ],
            "hoverinfo": "text",
        }
    ]  # fmt: skip
    guess = ([0, 100], [0, 100]) if diagonal else ([0, 100], [100 * (base or 0.0)] * 2)
    traces.append(
        {
            "type": "scatter", "mode": "lines", "x": guess[0], "y": guess[1], "name": "a guess",
            "line": {"color": GREY, "width": 1.5, "dash": "dot"}, "hoverinfo": "skip",
        }
    )  # fmt: skip
    if at is not None:
        traces.append(
            {
                "type": "scatter", "mode": "markers", "x": [100 * at[0]], "y": [100 * at[1]],
                "name": "threshold in force",
                "marker": {"symbol": "star", "size": 14, "color": VERMILLION},
                "hovertext": [
                    f"threshold in force<br>{low_name}: {format_share(at[0])}<br>"
                    f"{high_name}: {format_share(at[1])}"
                ],
                "hoverinfo": "text", "cliponaxis": False,
            }
        )  # fmt: skip
    axes = {"range": [-1, 102], "fixedrange": True, "tickvals": [0, 25, 50, 75, 100]}
    return finish(
        traces,
        {
            "xaxis": {"title": {"text": names[0]}, **axes},
            "yaxis": {"title": {"text": names[1]}, **axes},
        },
        title=title,
        height=300,
        legend=True,
        left=64,
    )
