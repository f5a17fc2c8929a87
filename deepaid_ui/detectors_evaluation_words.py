"""Evaluations in words and numbers, for their tab and for the comparison of versions."""

from deepaid_core.domain.evaluation import AtThreshold, Evaluation
from deepaid_core.figures.numbers import format_score, format_time_utc
from deepaid_core.figures.text import shorten
from deepaid_ui.text import one_line

__all__ = ["at_threshold", "label_of", "measures"]


def label_of(one: Evaluation) -> str:
    """An evaluation as an option: on what, by what, when."""
    return (
        f"{shorten(one_line(one.source_name), 60)}, labels from "
        f"{shorten(one_line(one.labels_from), 60)}, {format_time_utc(one.created_time)}"
    )


def at_threshold(one: AtThreshold) -> dict[str, float | None]:
    """Its measures by name."""
    return {
        "Threshold": one.threshold,
        "Recall": one.recall,
        "Precision": one.precision,
        "F1": one.f1,
        "F2": one.f2,
        "Accuracy": one.accuracy,
        "False-positive rate": one.false_positive_rate,
    }


def measures(one: Evaluation) -> dict[str, str]:
    """The measures that tell two versions apart, as cells."""
    found = one.measures
    values = {
        "ROC area": found.roc_auc,
        "Average precision": found.average_precision,
        "Recall": found.at_threshold.recall,
        "Precision": found.at_threshold.precision,
        "F1": found.at_threshold.f1,
        "F2": found.at_threshold.f2,
    }
    return {
        name: "n/a" if value is None else format_score(round(value, 4))
        for name, value in values.items()
    }
