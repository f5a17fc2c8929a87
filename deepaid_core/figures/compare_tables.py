"""Answers of several interpreters side by side, as tables and sentences."""

import math
from collections.abc import Mapping

from deepaid_core.domain.comparison import Answer, Comparison
from deepaid_core.domain.interpretation import Cell, Deviation
from deepaid_core.domain.quality import Kept, Quality
from deepaid_core.figures.compare import field_titles, how_many, none_of, title_of
from deepaid_core.figures.compare_methods import method
from deepaid_core.figures.deviations import column_title
from deepaid_core.figures.numbers import (
    format_count,
    format_duration,
    format_score,
    format_share,
    format_value,
)
from deepaid_core.figures.tables import Table, Value
from deepaid_core.figures.text import shorten

__all__ = [
    "agreement_table",
    "answer_table",
    "comparison_sentences",
    "firmness_table",
    "flip_words",
    "paths_table",
    "summary_table",
    "time_words",
]

_NONE = "–"
_NAME = 100


def flip_words(answer: Answer) -> str:
    """Whether an answer flips the label: "yes, after 2 of 3 deviations", "no"."""
    if answer.interpretation is None:
        return "no answer"
    if not answer.deviations:
        return "no deviation found"
    if not answer.flips:
        return "no"
    total = len(answer.deviations)
    after = answer.flips_after
    if after is None or after == total:
        return f"yes, after {format_count(total, 'deviation')}"
    return f"yes, after {after} of {format_count(total, 'deviation')}"


def time_words(answer: Answer) -> str:
    """How long one event took."""
    if answer.elapsed_ms is None or not math.isfinite(answer.elapsed_ms):
        return "stored" if answer.is_stored else _NONE
    return format_duration(answer.elapsed_ms / 1000)


def summary_table(comparison: Comparison) -> Table:
    """One line per method: whether its answer holds, how short it is, and what it took."""
    return Table(
        "The methods in numbers",
        (
            "Method",
            "Flips the label",
            "Score of its closest normal",
            "Threshold",
            "Deviations",
            "Farther from training than",
            "Time for this event",
        ),
        tuple(
            (
                title_of(answer),
                flip_words(answer),
                _NONE if answer.reference_score is None else format_score(answer.reference_score),
                format_score(comparison.threshold),
                len(answer.deviations),
                _closeness(answer),
                time_words(answer),
            )
            for answer in comparison.answers
        ),
        tuple(place for place, answer in enumerate(comparison.answers) if answer.flips),
    )


def _closeness(answer: Answer) -> str:
    percentile = answer.interpretation and answer.interpretation.diagnostics.plausibility
    return _NONE if percentile is None else f"{percentile:.3g} % of normal events"


def agreement_table(comparison: Comparison) -> Table:
    """Every field any method names, with the value that each method would have it take."""
    given = comparison.given
    by_method = [{one.field: (rank, one) for rank, one in _ranked(answer)} for answer in given]
    rows: list[tuple[Value, ...]] = []
    for field, title in field_titles(comparison).items():
        first = next(found[field][1] for found in by_method if field in found)
        cell = first.cells[0] if first.cells else None
        where = column_title(first, cell) if cell else ""
        rows.append(
            (
                f"{title} ({where})" if where else title,
                format_value(cell.observed, cell.unit) if cell else _NONE,
                *(_choice(found.get(field), cell) for found in by_method),
            )
        )
    return Table(
        "What each method would have instead",
        ("What", "Observed", *(title_of(answer) for answer in given)),
        tuple(rows),
        tuple(
            place for place, field in enumerate(comparison.named()) if field in comparison.shared
        ),
    )


def _ranked(answer: Answer) -> list[tuple[int, Deviation]]:
    return list(enumerate(answer.deviations, start=1))


def _choice(found: tuple[int, Deviation] | None, cell: Cell | None) -> str:
    if found is None:
        return _NONE
    rank, deviation = found
    own = next((one for one in deviation.cells if cell and one.name == cell.name), None)
    if own is not None:
        return f"{rank}. {format_value(own.reference, own.unit)}"
    if not deviation.cells:
        return f"{rank}."
    # Another column of the field, e.g. another step of the same metric.
    strongest = deviation.cells[0]
    where = column_title(deviation, strongest)
    return f"{rank}. {where}: {format_value(strongest.reference, strongest.unit)}"


def paths_table(comparison: Comparison) -> Table:
    """The score after the first deviations of each method."""
    given = comparison.given
    longest = max((len(_flips(answer)) for answer in given), default=0)
    return Table(
        "Score after the first deviations take the closest normal's values",
        ("Deviations", *(title_of(answer) for answer in given)),
        tuple(
            (
                count,
                *(
                    _NONE
                    if count > len(_flips(answer))
                    else _score(_flips(answer)[count - 1], comparison.threshold)
                    for answer in given
                ),
            )
            for count in range(1, longest + 1)
        ),
    )


def _flips(answer: Answer) -> tuple[float, ...]:
    return answer.interpretation.diagnostics.flip_scores if answer.interpretation else ()


def _score(score: float, threshold: float) -> str:
    return f"{format_score(score)}{' accepted' if score <= threshold else ''}"


def answer_table(answer: Answer) -> Table:
    """The deviations of one method."""
    return Table(
        f"Deviations by {method(answer.interpreter).title}",
        ("What", "Observed", "Closest normal", "Share"),
        tuple(
            (
                _what(deviation),
                format_value(deviation.cells[0].observed, deviation.cells[0].unit)
                if deviation.cells
                else _NONE,
                format_value(deviation.cells[0].reference, deviation.cells[0].unit)
                if deviation.cells
                else _NONE,
                format_share(deviation.weight),
            )
            for deviation in answer.deviations
        ),
    )


def _what(deviation: Deviation) -> str:
    where = column_title(deviation, deviation.cells[0]) if deviation.cells else ""
    return f"{deviation.title} ({where})" if where else deviation.title


def firmness_table(measured: Mapping[str, Quality | None]) -> Table:
    """How much of what each method names stays: asked again, and of a slightly changed event.

    Args:
        measured: By registry name; None where the method has no answer.
    """
    return Table(
        "How much of what each method names stays",
        (
            "Method",
            "Asked again",
            "Random changes: shown",
            "Random changes: ranking",
            "Attack: shown",
            "Attack: ranking",
        ),
        tuple((method(name).title, *_firmness(quality)) for name, quality in measured.items()),
    )


def _firmness(quality: Quality | None) -> tuple[str, ...]:
    if quality is None:
        return (_NONE,) * 5
    return (
        format_share(quality.stability),
        *_kept(quality.noise),
        *_kept(quality.attack),
    )


def _kept(kept: Kept | None) -> tuple[str, str]:
    if kept is None:
        return ("does not apply", "does not apply")
    if kept.shown is None:
        return ("no longer flagged", "no longer flagged")
    return (format_share(kept.shown), _NONE if kept.ranking is None else format_share(kept.ranking))


def comparison_sentences(comparison: Comparison) -> tuple[str, ...]:
    """What the comparison comes to, most important first; event text in it is not escaped."""
    given = comparison.given
    if not given:
        return ("No method names a deviation: nothing they tried brings this event to normal.",)
    holds = [answer for answer in given if answer.flips]
    if len(given) == 1:
        only = method(given[0].interpreter).title
        if len(comparison.answers) > 1:
            only = f"Only {only} has an answer; it"
        if not given[0].flips:
            return (f"{only} does not flip the label: what it names is only an attempt.",)
        return (f"{only} flips the label {flip_words(given[0]).removeprefix('yes, ')}.",)
    said = [_who_holds(len(given), holds)]
    titles = field_titles(comparison)
    if comparison.shared:
        names = [shorten(titles[field], _NAME) for field in comparison.shared[:3]]
        more = len(comparison.shared) - len(names)
        them = "Both" if len(given) == 2 else "All of them"
        said.append(
            f"{them} name {_listed(names)}{f' and {more} more' if more else ''}. The "
            "more methods agree on a deviation, the less it depends on how one of them searches."
        )
    else:
        said.append(
            f"No deviation is named by {how_many(len(given))}: there is more than one way back to "
            "normal, so read the deviations as one of several answers."
        )
    return tuple(said)


def _who_holds(total: int, holds: list[Answer]) -> str:
    if not holds:
        return f"{none_of(total)} flips the label; every answer is only an attempt."
    best = min(holds, key=lambda one: len(one.deviations))
    shortest = [
        method(one.interpreter).title
        for one in holds
        if len(one.deviations) == len(best.deviations)
    ]
    need = format_count(len(best.deviations), "deviation")
    if len(shortest) == total:
        return f"{how_many(total).capitalize()} flip the label, each with {need}."
    if len(holds) == 1:
        return f"Only {shortest[0]} flips the label, with {need}; the others are only attempts."
    who = (
        how_many(total).capitalize() if len(holds) == total else f"{len(holds)} of {total} methods"
    )
    return f"{who} flip the label; the shortest answer is that of {_listed(shortest)}, {need}."


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
