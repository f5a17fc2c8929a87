"""Answers of several interpreters side by side: which fields they name, how the score falls."""

import textwrap
from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go

from deepaid_core.domain.comparison import Answer, Comparison
from deepaid_core.domain.interpretation import Deviation
from deepaid_core.figures.compare_methods import method
from deepaid_core.figures.numbers import format_count, format_score, format_share
from deepaid_core.figures.scores import is_wide, score_axis, threshold_line
from deepaid_core.figures.text import figure_text, shorten, visible
from deepaid_core.figures.theme import (
    BLUE,
    GREEN,
    GREY,
    PURPLE,
    VERMILLION,
    empty_figure,
    finish,
    wrapped,
)

__all__ = ["agreement", "field_titles", "how_many", "none_of", "score_paths", "title_of"]

_LABEL, _NAME, _LEFT = 27, 60, 196
_METHOD, _NARROWEST = ((1, 30), (2, 14)), 10  # letters of a name by number of methods
_LEGEND_ROW = 20
_MOST_FIELDS: Final = 20
_ROW_HEIGHT = 46
# Color, dash and symbol of each method, so that none depends on color alone.
_STYLES: Final = (
    (BLUE, "solid", "circle"),
    (VERMILLION, "dash", "diamond"),
    (GREEN, "dot", "square"),
    (PURPLE, "dashdot", "triangle-up"),
    (GREY, "longdash", "cross"),
    (BLUE, "dot", "star"),
    (VERMILLION, "longdashdot", "hexagon"),
    (GREEN, "longdash", "triangle-down"),
)


def title_of(answer: Answer) -> str:
    """Name of a method, marked where its answer is the one that was stored."""
    title = method(answer.interpreter).title
    return f"{title} (stored)" if answer.is_stored else title


def how_many(count: int) -> str:
    """A number of methods: "both methods", "all 3 methods"."""
    return "both methods" if count == 2 else f"all {count} methods"


def none_of(count: int) -> str:
    """None of some methods, to begin a sentence: "Neither method", "None of the 3 methods"."""
    return "Neither method" if count == 2 else f"None of the {count} methods"


def field_titles(comparison: Comparison) -> dict[str, str]:
    """Fields that any answer names, in an analyst's words; in the order of `named`."""
    titles: dict[str, str] = {}
    for answer in comparison.given:
        for deviation in answer.deviations:
            titles.setdefault(deviation.field, deviation.title)
    return {field: titles[field] for field in comparison.named()}


def agreement(comparison: Comparison) -> go.Figure:
    """Fields against methods: a mark with its rank where a method names a field.

    Fields that most methods name stand on top. A larger mark has a larger share of the effect.
    """
    given = comparison.given
    named = comparison.named()
    if not named:
        return empty_figure(
            "No method names a deviation",
            "None of the chosen methods found a change that brings this event closer to normal.",
        )
    titles = field_titles(comparison)
    fields = list(named)[:_MOST_FIELDS]
    heights = {field: -place for place, field in enumerate(fields)}
    return finish(
        [
            _rows(heights, len(given)),
            *(
                _marks(answer, place, heights, titles, _STYLES[place % len(_STYLES)])
                for place, answer in enumerate(given)
            ),
        ],
        {
            "xaxis": {
                "tickvals": list(range(len(given))),
                "ticktext": [_column_label(answer, len(given)) for answer in given],
                "range": [-0.5, len(given) - 0.5],
                "side": "top",
                "tickangle": 0,
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
            "yaxis": {
                "tickvals": list(heights.values()),
                "ticktext": [_row_label(titles[field], len(named[field])) for field in fields],
                "range": [-len(fields) + 0.4, 0.6],
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
        },
        title=_agreement_title(comparison, len(fields)),
        height=_ROW_HEIGHT * len(fields) + 100,
        left=_LEFT,
    ).update_layout(margin_t=_top(comparison, len(fields)), margin_b=16)


def _agreement_title(comparison: Comparison, drawn: int) -> str:
    given, named = comparison.given, comparison.named()
    rest = f" ({drawn} drawn)" if drawn < len(named) else ""
    if len(given) == 1:
        return f"{title_of(given[0])} names {_deviations(len(named))}{rest}"
    shared, total = len(comparison.shared), len(named)
    if shared == total:
        same = "deviation" if total == 1 else _deviations(total)
        return f"{how_many(len(given)).capitalize()} name the same {same}"
    return (
        f"{shared} of {_deviations(total)} {'is' if shared == 1 else 'are'} named by "
        f"{how_many(len(given))}, {len(comparison.alone)} by one only{rest}"
    )


def _deviations(count: int) -> str:
    return format_count(count, "deviation")


def _top(comparison: Comparison, drawn: int) -> int:
    # Room for the title and, under it, for names of methods of up to three lines.
    lines = len(wrapped(_agreement_title(comparison, drawn), 66, max_lines=3))
    return 26 + 20 * lines + 50


def _rows(heights: dict[str, int], columns: int) -> dict[str, Any]:
    x: list[float | None] = []
    y: list[float | None] = []
    for height in heights.values():
        x += [-0.5, columns - 0.5, None]
        y += [height, height, None]
    return {
        "type": "scatter", "mode": "lines", "x": x, "y": y, "hoverinfo": "skip",
        "line": {"color": GREY, "width": 1, "dash": "dot"}, "opacity": 0.5,
    }  # fmt: skip


def _marks(
    answer: Answer,
    place: int,
    heights: dict[str, int],
    titles: dict[str, str],
    style: tuple[str, str, str],
) -> dict[str, Any]:
    shown = [
        (rank, deviation)
        for rank, deviation in enumerate(answer.deviations, start=1)
        if deviation.field in heights
    ]
    color, _, _ = style
    return {
        "type": "scatter",
        "mode": "markers+text",
        "x": [place] * len(shown),
        "y": [heights[deviation.field] for _, deviation in shown],
        "text": [str(rank) for rank, _ in shown],
        "textposition": "middle right",
        "marker": {
            "color": color,
            "symbol": "circle",
            "size": [8 + 14 * max(0.0, min(1.0, d.weight)) ** 0.5 for _, d in shown],
        },
        "hovertext": [
            _hover(answer, rank, deviation, titles[deviation.field]) for rank, deviation in shown
        ],
        "hoverinfo": "text",
        "cliponaxis": False,
    }


def _hover(answer: Answer, rank: int, deviation: Deviation, title: str) -> str:
    lines = (
        title,
        f"{title_of(answer)}: number {rank} of {len(answer.deviations)}",
        f"Share of the effect: {format_share(deviation.weight)}",
    )
    return "<br>".join(figure_text(line, 300) for line in lines)


def _column_label(answer: Answer, columns: int) -> str:
    letters = next((width for most, width in _METHOD if columns <= most), _NARROWEST)
    lines = wrapped(title_of(answer), letters, max_lines=3)
    return "<br>".join(figure_text(line) for line in lines)


def _row_label(title: str, count: int) -> str:
    name = visible(shorten(title, 4 * _LABEL))
    lines = textwrap.wrap(name, _LABEL, max_lines=3, placeholder=" …") or ["?"]
    often = f"  <b>×{count}</b>" if count > 1 else ""
    return "<br>".join(figure_text(line) for line in lines) + often


def score_paths(comparison: Comparison) -> go.Figure:
    """The score after the first 1, 2, ... deviations of each method, against the threshold."""
    given = comparison.given
    if not given:
        return empty_figure(
            "No score to follow",
            "None of the chosen methods found a change that brings this event closer to normal.",
        )
    threshold = comparison.threshold
    paths = [_path(answer, comparison.score) for answer in given]
    every = [threshold, *(score for path in paths for score in path)]
    log = is_wide(every)
    longest = max(len(path) for path in paths)
    below = _LEGEND_ROW * (len(given) + 1) // 2
    figure = finish(
        [
            _line(answer, path, threshold, _STYLES[place % len(_STYLES)])
            for place, (answer, path) in enumerate(zip(given, paths, strict=True))
        ],
        {
            **threshold_line(threshold, log=log),
            "yaxis": score_axis(log=log),
            "xaxis": {
                "title": {"text": "First deviations that take the closest normal's values"},
                "tickvals": list(range(0, longest, max(1, longest // 10))),
                "zeroline": False,
                "fixedrange": True,
            },
        },
        title=_paths_title(given),
        height=300 + below,
        legend=True,
        left=64,
        right=84,
    )
    # Above the figure, the names of many methods would run into its title.
    figure.update_layout(
        legend={"y": 0, "yref": "container", "yanchor": "bottom"},
        margin={"b": 56 + below, "t": figure.layout.margin.t - 28},
    )
    return figure


def _path(answer: Answer, score: float) -> list[float]:
    assert answer.interpretation is not None  # noqa: S101  given answers have one
    return [score, *answer.interpretation.diagnostics.flip_scores]


def _paths_title(given: Sequence[Answer]) -> str:
    counts = {answer.interpreter: answer.flips_after for answer in given}
    worked = [count for count in counts.values() if count is not None]
    if not worked:
        return (
            f"{title_of(given[0])} does not get under the threshold"
            if len(given) == 1
            else f"{none_of(len(given))} gets under the threshold"
        )
    fewest = min(worked)
    first = [method(name).title for name, count in counts.items() if count == fewest]
    after = _deviations(fewest)
    if len(first) == len(given) > 1:
        return f"{how_many(len(given)).capitalize()} get under the threshold after {after}"
    who = first[0] if len(first) == 1 else f"{', '.join(first[:-1])} and {first[-1]}"
    verb = "gets" if len(first) == 1 else "get"
    fast = f" first, after {after}" if len(given) > 1 else f" after {after}"
    return f"{who} {verb} under the threshold{fast}"


def _line(
    answer: Answer, path: Sequence[float], threshold: float, style: tuple[str, str, str]
) -> dict[str, Any]:
    color, dash, symbol = style
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": figure_text(title_of(answer), _NAME),
        "x": list(range(len(path))),
        "y": list(path),
        "line": {"color": color, "width": 2, "dash": dash},
        "marker": {
            "color": color,
            # Open once the detector accepts, as everywhere.
            "symbol": [f"{symbol}-open" if score <= threshold else symbol for score in path],
            "size": 9,
            "line": {"width": 2, "color": color},
        },
        "hovertext": [
            f"{figure_text(title_of(answer), _NAME)}<br>"
            f"{format_count(step, 'deviation')} replaced<br>score {format_score(score)}<br>"
            f"{'accepted as normal' if score <= threshold else 'still flagged'}"
            for step, score in enumerate(path)
        ],
        "hoverinfo": "text",
    }
