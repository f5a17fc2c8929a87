"""A window of a multivariate series and its reference, in sentences and tables."""

import math
from dataclasses import dataclass

import numpy as np

from deepaid_core.domain.batches import FloatArray
from deepaid_core.domain.details import SeriesColumn, SeriesDetails
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.figures.numbers import (
    format_count,
    format_factor,
    format_share,
    format_time_utc,
    format_value,
)
from deepaid_core.figures.tables import Table, Value
from deepaid_core.figures.text import shorten

__all__ = [
    "MOST_PANELS",
    "SeriesWindow",
    "deviating_table",
    "moment",
    "ranked_columns",
    "ranking_table",
    "series_sentences",
    "series_window",
    "step_offsets",
    "step_words",
    "steps_table",
]

MOST_PANELS = 4
"""Metrics whose course is drawn step by step."""


@dataclass(frozen=True, eq=False, slots=True)
class SeriesWindow:
    """A window and its reference as arrays.

    Attributes:
        details: Steps and columns.
        observed: (steps, d), original units.
        reference: (steps, d).
        order: Columns that deviate, strongest deviation first.
    """

    details: SeriesDetails
    observed: FloatArray
    reference: FloatArray
    order: tuple[int, ...]

    @property
    def shown(self) -> tuple[int, ...]:
        """Columns worth drawing: those that deviate, else those with the largest effect."""
        return self.order or tuple(ranked_columns(self.details)[:1])


def series_window(interpretation: Interpretation) -> SeriesWindow | None:
    """The window that was scored; None where what was stored does not make one."""
    details = interpretation.details
    if not isinstance(details, SeriesDetails):
        return None
    shape = (details.steps, len(details.columns))
    size = math.prod(shape)
    if not size or len(interpretation.observed) != size or len(interpretation.reference) != size:
        return None
    observed = np.asarray(interpretation.observed, dtype=np.float64).reshape(shape)
    reference = np.asarray(interpretation.reference, dtype=np.float64).reshape(shape)
    rank = {one.field: place for place, one in enumerate(interpretation.deviations)}
    changed = np.flatnonzero((observed != reference).any(axis=0)).tolist()
    order = sorted(changed, key=lambda at: (rank.get(details.columns[at].name, len(rank)), at))
    return SeriesWindow(details, observed, reference, tuple(order))


def step_words(step: int) -> str:
    """A step by its place: "scored step", "1 step before", "3 steps before"."""
    return f"{format_count(-step, 'step')} before" if step else "scored step"


def ranked_columns(details: SeriesDetails) -> list[int]:
    """Positions of all columns, largest effect first."""
    columns = details.columns
    return sorted(range(len(columns)), key=lambda at: (-columns[at].effect, at))


def step_offsets(details: SeriesDetails) -> list[int]:
    """Places of the steps: 0 for the scored one, negative before it."""
    return list(range(1 - details.steps, 1))


def moment(details: SeriesDetails, place: int) -> str:
    """Time of a step, by its position from 0."""
    if place >= len(details.step_times):
        return "time not known"
    return format_time_utc(details.step_times[place])


def series_sentences(interpretation: Interpretation) -> tuple[str, ...]:
    """What is unusual about a window, and what would be normal, strongest metric first."""
    window = series_window(interpretation)
    if window is None or not window.order:
        return ("No change of a few values makes this window normal.",)
    details = window.details
    said = []
    for at in window.order[:2]:
        column = details.columns[at]
        moved = np.flatnonzero(window.observed[:, at] != window.reference[:, at])
        sizes = np.abs(window.observed[moved, at] - window.reference[moved, at])
        place = int(moved[int(sizes.argmax())])
        seen, wanted = float(window.observed[place, at]), float(window.reference[place, at])
        offset = place - details.steps + 1
        where = f"{step_words(offset)} the scored one" if offset else "in the scored step"
        more = f" ({len(moved)} of {details.steps} steps deviate)" if len(moved) > 1 else ""
        # Beside a zero no factor says anything.
        factor = f": {format_factor(seen, wanted)}" if seen and wanted else ""
        said.append(
            f"{shorten(column.title, 80)} was {format_value(seen, column.unit)} {where}"
            f"{_beyond(column, seen)}; {format_value(wanted, column.unit)} would be normal"
            f"{factor}{more}."
        )
    rest = len(window.order) - 2
    if rest > 0:
        said.append(f"{format_count(rest, 'further metric')} would have to differ too.")
    return tuple(said)


def _beyond(column: SeriesColumn, value: float) -> str:
    low, high = column.normal_low, column.normal_high
    if low <= value <= high:
        return ", inside its normal range"
    edges = [format_value(edge, column.unit) for edge in (low, high)]
    normally = edges[0] if edges[0] == edges[1] else f"{edges[0]} to {edges[1]}"
    return f" (normally {normally})"


def deviating_table(interpretation: Interpretation) -> Table:
    """All values that would have to differ, strongest metric first."""
    window = series_window(interpretation)
    share = {one.field: one.weight for one in interpretation.deviations}
    rows: list[tuple[Value, ...]] = []
    for rank, at in enumerate(window.order if window else (), start=1):
        assert window is not None  # the columns are its  # noqa: S101
        column = window.details.columns[at]
        moved = np.flatnonzero(window.observed[:, at] != window.reference[:, at])
        for place in moved[::-1].tolist():
            seen, wanted = float(window.observed[place, at]), float(window.reference[place, at])
            rows.append(
                (
                    rank,
                    column.title,
                    step_words(place - window.details.steps + 1),
                    format_value(seen, column.unit),
                    format_value(wanted, column.unit),
                    format_factor(seen, wanted),
                    _range(column),
                    format_share(share[column.name]) if column.name in share else "",
                )
            )
    return Table(
        "Values that would have to differ",
        ("Rank", "Metric", "Step", "Observed", "Closest normal", "Difference",
         "Normally (1 % to 99 %)", "Share of the effect"),
        tuple(rows),
    )  # fmt: skip


def steps_table(interpretation: Interpretation, *, most: int = MOST_PANELS) -> Table:
    """The drawn metrics step by step; values that deviate are marked."""
    window = series_window(interpretation)
    columns = window.shown[:most] if window else ()
    rows: list[tuple[Value, ...]] = []
    marked: list[int] = []
    for at in columns:
        assert window is not None  # columns are its  # noqa: S101
        column = window.details.columns[at]
        for place, step in enumerate(step_offsets(window.details)):
            seen, wanted = float(window.observed[place, at]), float(window.reference[place, at])
            if seen != wanted:
                marked.append(len(rows))
            rows.append(
                (
                    "◆ deviates" if seen != wanted else "",
                    column.title,
                    step,
                    moment(window.details, place),
                    format_value(seen, column.unit),
                    format_value(wanted, column.unit),
                    format_factor(seen, wanted),
                    _range(column),
                )
            )
    return Table(
        "The strongest metrics step by step; 0 is the scored step",
        ("Mark", "Metric", "Step", "Time", "Observed", "Closest normal", "Difference",
         "Normally (1 % to 99 %)"),
        tuple(rows),
        tuple(marked),
    )  # fmt: skip


def _range(column: SeriesColumn) -> str:
    low, high = (
        format_value(edge, column.unit) for edge in (column.normal_low, column.normal_high)
    )
    return low if low == high else f"{low} to {high}"


def ranking_table(details: SeriesDetails, *, most: int | None = None) -> Table:
    """Metrics by how much the score falls when each alone takes the reference's values.

    Args:
        details: Of an interpretation.
        most: Keep only so many; None for all.
    """
    total = len(details.columns)
    shown = f"The {most} of {total}" if most is not None and most < total else f"All {total}"
    return Table(
        f"{shown} metrics with the largest effect on the score"
        if shown.startswith("The")
        else "All metrics by their effect on the score",
        ("Rank", "Metric", "The score falls by", "Normally (1 % to 99 %)"),
        tuple(
            (
                rank,
                details.columns[at].title,
                f"{details.columns[at].effect:.4g}",
                _range(details.columns[at]),
            )
            for rank, at in enumerate(ranked_columns(details)[:most], start=1)
        ),
    )
