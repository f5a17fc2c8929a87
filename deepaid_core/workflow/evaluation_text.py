"""An evaluation as a page of Markdown."""

from collections.abc import Iterator, Sequence

from deepaid_core.domain.evaluation import AtThreshold, Evaluation
from deepaid_core.figures.numbers import format_score, format_share, format_time_utc
from deepaid_core.figures.text import shorten, visible
from deepaid_core.reports.markdown import escaped

__all__ = ["bounds_of", "markdown_of", "measure_text"]

_LONGEST = 300
_BOUND_COLUMNS = ("Bound", "Threshold", "Precision", "Recall", "F1", "F2", "Accuracy",
                  "False-positive rate", "Found", "False alarms", "Missed", "Passed")  # fmt: skip


def markdown_of(evaluation: Evaluation) -> str:
    """A page for people: what was compared, the measures, the categories, what to know."""
    return "\n".join(_lines(evaluation)) + "\n"


def bounds_of(evaluation: Evaluation) -> tuple[tuple[str, AtThreshold], ...]:
    """The bounds that an evaluation speaks of, each with what it is."""
    measures = evaluation.measures
    bounds = (
        ("the detector's own", measures.at_threshold),
        ("best accuracy", measures.at_best_accuracy),
        ("best F1", measures.at_best_f1),
    )
    return tuple((name, bound) for name, bound in bounds if bound is not None)


def measure_text(value: float | None) -> str:
    """A measure between 0 and 1 in three decimals."""
    return "not known" if value is None else f"{value:.3f}"


def _lines(evaluation: Evaluation) -> Iterator[str]:
    measures = evaluation.measures
    yield f"# Evaluation {_text(evaluation.id)}"
    yield ""
    yield (
        f"Detector {_text(evaluation.detector_id)} ({_text(evaluation.detector_name)}) on "
        f"{_text(evaluation.source_name)}, labels from {_text(evaluation.labels_from)}: "
        f"{measures.events:,} {evaluation.unit}, {measures.wanted:,} of them to be found."
    )
    yield ""
    yield from _table(
        ("Measure", "Value"),
        (
            ("ROC AUC", measure_text(measures.roc_auc)),
            ("Average precision", measure_text(measures.average_precision)),
        ),
    )
    yield ""
    yield from _table(
        _BOUND_COLUMNS, [(name, *_at(bound)) for name, bound in bounds_of(evaluation)]
    )
    if measures.categories:
        yield ""
        yield from _table(
            ("Category", "To be found", evaluation.unit.capitalize(), "Flagged", "Share"),
            [
                (one.category, "yes" if one.wanted else "no", f"{one.events:,}",
                 f"{one.flagged:,}", format_share(one.share))
                for one in measures.categories
            ],
        )  # fmt: skip
    if evaluation.notes:
        yield ""
        yield from (f"- {_text(note)}" for note in evaluation.notes)
    yield ""
    yield f"Made {format_time_utc(evaluation.created_time)}" + (
        f" by {_text(evaluation.author)}." if evaluation.author else "."
    )


def _at(bound: AtThreshold) -> tuple[str, ...]:
    rates = (bound.precision, bound.recall, bound.f1, bound.f2, bound.accuracy,
             bound.false_positive_rate)  # fmt: skip
    counts = (bound.true_positives, bound.false_positives, bound.false_negatives,
              bound.true_negatives)  # fmt: skip
    return (
        format_score(bound.threshold),
        *(f"{rate:.3f}" for rate in rates),
        *(f"{count:,}" for count in counts),
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(map(_text, columns))} |"
    yield f"|{'|'.join('---' for _ in columns)}|"
    for row in rows:
        yield f"| {' | '.join(map(_text, row))} |"


def _text(text: str) -> str:
    return escaped(visible(shorten(text, _LONGEST)))
