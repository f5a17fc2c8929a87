"""Anomaly against closest normal, deviation by deviation, as a figure, a table and sentences."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from deepaid_core.domain.interpretation import Cell, Deviation, Interpretation
from deepaid_core.figures.numbers import (
    format_count,
    format_factor,
    format_percentile,
    format_value,
)
from deepaid_core.figures.text import figure_text, shorten, visible
from deepaid_core.figures.theme import BAND, BLUE, GREY, VERMILLION, empty_figure, finish

__all__ = [
    "DeviationRow",
    "column_title",
    "deviation_sentence",
    "deviation_table",
    "deviations",
    "range_position",
]

_LABEL_LINE, _LABEL_LINES = 34, 2
_FAR = 15.0  # decades; further away than this is drawn here
_OTHER_CATEGORY = 1.3  # outside the normal range, and no further than that
_ROW_HEIGHT = 48
_LEFT, _RIGHT = 250, 150
_BAND_SHAPE = {
    "type": "rect", "x0": 0, "x1": 1, "y0": 0, "y1": 1, "yref": "paper",
    "fillcolor": BAND, "line": {"width": 0}, "layer": "below",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeviationRow:
    """One column of one deviation as plain values, for a table beside the figure.

    Attributes:
        rank: Place of the deviation, 1 for the strongest.
        field: The field in an analyst's words.
        column: Which column of the field, e.g. its time window; may be empty.
        observed: Value of the anomaly with its unit.
        closest_normal: Value of the reference with its unit.
        unit: Unit of the column; may be empty.
        factor: How far the two are apart, in words.
        normal_range: 1 % to 99 % of the training events, with unit; empty where not known.
        percentile: Share of training events at or below the observed value, 0 to 100.
        weight: Share of the deviation in getting the score under the threshold, 0 to 1.
        strongest: Whether this column moved most of its deviation.
    """

    rank: int
    field: str
    column: str
    observed: str
    closest_normal: str
    unit: str
    factor: str
    normal_range: str
    percentile: float | None
    weight: float
    strongest: bool


def column_title(deviation: Deviation, cell: Cell) -> str:
    """A column's title without the words that its field's title says already."""
    if not cell.title.startswith(deviation.title):
        return cell.title
    rest = cell.title[len(deviation.title) :].strip(" ,:;·-–")
    return rest[1:-1] if rest.startswith("(") and rest.endswith(")") else rest


def deviation_table(interpretation: Interpretation) -> list[DeviationRow]:
    """All columns of all deviations, strongest deviation first, strongest column first."""
    return [
        DeviationRow(
            rank=rank,
            field=deviation.title,
            column=column_title(deviation, cell),
            observed=format_value(cell.observed, cell.unit),
            closest_normal=format_value(cell.reference, cell.unit),
            unit=cell.unit,
            factor=format_factor(cell.observed, cell.reference),
            normal_range=_normal_range(cell),
            percentile=cell.percentile,
            weight=deviation.weight,
            strongest=position == 0,
        )
        for rank, deviation in enumerate(interpretation.deviations, start=1)
        for position, cell in enumerate(deviation.cells)
    ]


def deviation_sentence(deviation: Deviation) -> str:
    """One plain sentence on the column of a deviation that moved most."""
    if not deviation.cells:
        return f"{deviation.title} differs from the closest normal event."
    cell = deviation.cells[0]
    if _is_text(cell):
        observed, reference = (format_value(value) for value in (cell.observed, cell.reference))
        return (
            f'{deviation.title} was "{observed}" where the closest normal event has "{reference}".'
        )
    where = column_title(deviation, cell)
    name = f"{deviation.title} ({where})" if where else deviation.title
    factor = format_factor(cell.observed, cell.reference)
    apart = f": {factor}" if "×" in factor or "%" in factor else ""
    text = (
        f"{name} was {format_value(cell.observed, cell.unit)} where the closest normal event has "
        f"{format_value(cell.reference, cell.unit)}{apart}."
    )
    if cell.percentile is not None:
        text += f" The observed value is {format_percentile(cell.percentile)}."
    return text


def range_position(value: float, low: float, high: float) -> float:
    """Where a value lies against its normal range, on a scale for many orders of magnitude.

    0 to 1 is inside the range, linear. Outside, the distance to the nearer edge is counted in
    widths of the range on a logarithmic scale: 1 + log10(1 + distance) above, its mirror below.
    """
    width = high - low
    if width <= 0:
        # A column that never moved has no width of its own; its size is the nearest natural one.
        width = abs(high) if abs(high) > 1e-12 else 1.0
    if value > high:
        return 1.0 + min(_FAR, math.log10(1.0 + (value - high) / width))
    if value < low:
        return -min(_FAR, math.log10(1.0 + (low - value) / width))
    return 0.5 if high <= low else (value - low) / width


def deviations(interpretation: Interpretation, *, all_columns: bool = False) -> go.Figure:
    """Each deviation as a line from the anomaly to the closest normal, strongest on top.

    Positions are distances from the normal range of each column's training values, so that
    columns with different units share one axis; labels and hover text are in original units.

    Args:
        interpretation: What to draw.
        all_columns: Draw every column of each field instead of the one that moved most.
    """
    rows = [
        (deviation, cell, position == 0)
        for deviation in interpretation.deviations
        for position, cell in enumerate(deviation.cells if all_columns else deviation.cells[:1])
    ]
    if not rows:
        return empty_figure(
            "No deviation was found",
            "The search found no change that brings this event closer to normal, so there is "
            "nothing to compare. Read the score and the raw events instead.",
        )
    spots = [_spots(cell) for _, cell, _ in rows]
    heights = [-float(row) for row in range(len(rows))]
    ends = [end for spot in spots for end in spot]
    low, high = min(0.0, *ends), max(1.0, *ends)
    low, high = low - 0.08 * (high - low), high + 0.08 * (high - low)
    # Between categories there is no distance, so an axis of distances would say too much.
    only_text = all(_is_text(cell) for _, cell, _ in rows)
    ticks = [(0.5, "normal"), (_OTHER_CATEGORY, "observed")] if only_text else _ticks(low, high)
    return finish(
        _traces(rows, spots, heights),
        {
            "xaxis": {
                "title": {
                    "text": "Categories: another one, at no distance"
                    if only_text
                    else "Widths of the normal range (1 % to 99 % of training) outside, log"
                },
                "range": [low, high],
                "tickangle": 0,
                "tickvals": [at for at, _ in ticks],
                "ticktext": [text for _, text in ticks],
                "zeroline": False,
                "fixedrange": True,
            },
            "yaxis": {
                "tickvals": heights,
                "ticktext": [_row_label(*row) for row in rows],
                "range": [heights[-1] - 0.6, 0.6],
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
            "annotations": [
                _values(cell, height) for (_, cell, _), height in zip(rows, heights, strict=True)
            ],
            "shapes": [
                _BAND_SHAPE,
                *(
                    _rule(height + 0.5)
                    for (_, _, first), height in zip(rows, heights, strict=True)
                    if all_columns and first and height < 0
                ),
            ],
        },
        title=_title(interpretation),
        height=_ROW_HEIGHT * len(rows) + 80,
        legend=True,
        left=_LEFT,
        right=_RIGHT,
    )


def _title(interpretation: Interpretation) -> str:
    strongest = interpretation.deviations[0]
    count = format_count(len(interpretation.deviations), "deviation")
    if strongest.cells and _is_text(strongest.cells[0]):
        return f"{count}: {shorten(deviation_sentence(strongest)[:-1], 120)}"
    name = shorten(visible(strongest.title), 60)
    if not strongest.cells:
        return f"{count}; the strongest is {name}"
    factor = format_factor(strongest.cells[0].observed, strongest.cells[0].reference)
    if "×" in factor or "%" in factor:
        return f"{count}: {name} is {factor} than in the closest normal event"
    return f"{count}; the strongest is {name} ({factor})"


def _is_text(cell: Cell) -> bool:
    return isinstance(cell.observed, str) or isinstance(cell.reference, str)


def _spots(cell: Cell) -> tuple[float, float]:
    # Positions of anomaly and reference.
    observed, reference = cell.observed, cell.reference
    if isinstance(observed, str) or isinstance(reference, str):
        return (0.5 if observed == reference else _OTHER_CATEGORY, 0.5)
    low = reference if cell.normal_low is None else cell.normal_low
    high = reference if cell.normal_high is None else cell.normal_high
    return range_position(observed, low, high), range_position(reference, low, high)


def _normal_range(cell: Cell) -> str:
    if cell.normal_low is None or cell.normal_high is None:
        return ""
    low, high = (format_value(edge, cell.unit) for edge in (cell.normal_low, cell.normal_high))
    return low if low == high else f"{low} to {high}"


def _traces(
    rows: Sequence[tuple[Deviation, Cell, bool]],
    spots: Sequence[tuple[float, float]],
    heights: Sequence[float],
) -> list[dict[str, Any]]:
    line_x: list[float | None] = []
    line_y: list[float | None] = []
    for (observed, reference), height in zip(spots, heights, strict=True):
        line_x += [observed, reference, None]
        line_y += [height, height, None]
    markers = {
        "type": "scatter",
        "mode": "markers",
        "y": heights,
        "hovertext": [_hover(deviation, cell) for deviation, cell, _ in rows],
        "hoverinfo": "text",
    }
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": line_x,
            "y": line_y,
            "line": {"color": GREY, "width": 2},
            "hoverinfo": "skip",
            "showlegend": False,
        },
        {
            **markers,
            "name": "anomaly",
            "x": [observed for observed, _ in spots],
            "marker": {"color": VERMILLION, "symbol": "diamond", "size": 12},
        },
        {
            **markers,
            "name": "closest normal",
            "x": [reference for _, reference in spots],
            "marker": {"color": BLUE, "symbol": "circle-open", "size": 12, "line": {"width": 2.5}},
        },
        {
            "type": "scatter",
            "mode": "markers",
            "name": "normal range",
            "x": [None],
            "y": [None],
            "marker": {"color": BAND, "symbol": "square", "size": 14},
            "hoverinfo": "skip",
        },
    ]


def _hover(deviation: Deviation, cell: Cell) -> str:
    lines = [deviation.title]
    if where := column_title(deviation, cell):
        lines.append(where)
    lines.append(f"Observed: {format_value(cell.observed, cell.unit)}")
    lines.append(f"Closest normal: {format_value(cell.reference, cell.unit)}")
    lines.append(f"Difference: {format_factor(cell.observed, cell.reference)}")
    if normal := _normal_range(cell):
        lines.append(f"Normal range (1 % to 99 %): {normal}")
    if cell.percentile is not None:
        lines.append(f"Observed value: {format_percentile(cell.percentile)}")
    lines.append(f"Column: {cell.name}")
    return "<br>".join(figure_text(line, 300) for line in lines)


def _row_label(deviation: Deviation, cell: Cell, first: bool) -> str:
    lines = [f"<b>{figure_text(line)}</b>" for line in _name_lines(deviation) if first]
    if where := "category" if _is_text(cell) else column_title(deviation, cell):
        lines.append(figure_text(where, _LABEL_LINE))
    return "<br>".join(lines)


def _values(cell: Cell, height: float) -> dict[str, Any]:
    observed = figure_text(format_value(cell.observed, cell.unit), 20)
    reference = figure_text(format_value(cell.reference, cell.unit), 20)
    return {
        "x": 1.0, "xref": "paper", "xanchor": "left", "xshift": 8, "y": height,
        "showarrow": False, "align": "left", "font": {"size": 12},
        "text": f"<b>{observed}</b><br>normal {reference}",
    }  # fmt: skip


def _rule(height: float) -> dict[str, Any]:
    return {
        "type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": height, "y1": height,
        "line": {"color": GREY, "width": 1, "dash": "dot"},
    }  # fmt: skip


def _name_lines(deviation: Deviation) -> list[str]:
    name = visible(shorten(deviation.title, 4 * _LABEL_LINE))
    return textwrap.wrap(name, _LABEL_LINE, max_lines=_LABEL_LINES, placeholder=" …") or ["?"]


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    ticks = [(0.5, "normal")]
    room = 0.17 * (high - low)  # so that labels of 6 characters stand apart on half a page
    for sign, reach in ((1, high - 1), (-1, -low)):
        last = 0.5
        for exponent in range(math.ceil(reach) + 1):
            beyond = math.log10(1 + 10.0**exponent)
            at = 1 + beyond if sign > 0 else -beyond
            if beyond <= reach and abs(at - last) >= room:
                ticks.append((at, f"{'+' if sign > 0 else '−'}{_power(exponent)}"))
                last = at
    return sorted(ticks)


def _power(exponent: int) -> str:
    return f"{10**exponent:,}×" if exponent < 4 else f"10<sup>{exponent}</sup>×"
