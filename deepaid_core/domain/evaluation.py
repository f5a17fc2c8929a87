"""How well a detector tells labelled events apart."""

from dataclasses import dataclass

__all__ = ["AtThreshold", "CategoryShare", "Curve", "Evaluation", "Histogram", "Measures"]


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """Counts and rates at one bound.

    Attributes:
        threshold: An event over it is flagged.
        true_positives: Flagged events that were to be found.
        false_positives: Flagged events that were not.
        true_negatives: Other events that were not to be found.
        false_negatives: Events that were missed.
    """

    threshold: float
    true_positives: int
    false_positives: int
    true_negatives: int
    false_negatives: int
    precision: float
    recall: float
    f1: float
    f2: float
    accuracy: float
    false_positive_rate: float


@dataclass(frozen=True, slots=True)
class CategoryShare:
    """How much of one category is flagged.

    Attributes:
        category: Its name as it stands in the labels.
        wanted: Whether it is to be found; the share is then its recall, else it is false alarms.
        events: Events of it.
        flagged: How many of them are over the bound.
        best: How many are over the bound with the best accuracy; 0 where there is none.
    """

    category: str
    wanted: bool
    events: int
    flagged: int
    best: int = 0

    @property
    def share(self) -> float:
        """Flagged events among all of the category."""
        return self.flagged / self.events if self.events else 0.0


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a curve, thinned for drawing.

    Attributes:
        x: False-positive rate (ROC) or recall (precision-recall).
        y: True-positive rate or precision.
        thresholds: Events with at least this score are flagged at the point.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    thresholds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Scores of both kinds of events in the same bins.

    Attributes:
        edges: Of the bins, rising, one more than there are bins.
        normal: Events that were not to be found, per bin.
        wanted: Events that were, per bin.
    """

    edges: tuple[float, ...]
    normal: tuple[int, ...]
    wanted: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Measures:
    """What scores and labels say together.

    Attributes:
        events: Labelled events.
        wanted: Those that were to be found.
        roc_auc: Area under the ROC; None where the labels are all of one kind.
        average_precision: None where nothing was to be found.
        at_threshold: At the detector's own bound.
        at_best_accuracy: At the bound with the best accuracy on these labels; it saw them.
        at_best_f1: At the bound with the best F1 on these labels; it saw them.
        categories: What was to be found first, most events first.
        roc: Receiver operating characteristic.
        precision_recall: Precision against recall.
        histogram: Of the scores.
    """

    events: int
    wanted: int
    roc_auc: float | None
    average_precision: float | None
    at_threshold: AtThreshold
    at_best_accuracy: AtThreshold | None
    at_best_f1: AtThreshold | None
    categories: tuple[CategoryShare, ...]
    roc: Curve
    precision_recall: Curve
    histogram: Histogram


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A detector version against labels.

    Attributes:
        id: "E-" and ten hexadecimal digits; the same detector, file and labels give the same id.
        detector_id: "D-...".
        detector_name: What analysts call it.
        source_name: File with the events, or "verdicts".
        source_sha256: Digest of its content; empty for verdicts.
        labels_from: Where the labels come from, in words.
        labels_sha256: Digest of what says so.
        unit: What is counted: "events", "sessions" or "findings".
        measures: The result.
        notes: What to know before trusting it, a sentence each.
        created_time: Unix seconds, UTC.
        author: Who asked for it; may be empty.
    """

    id: str
    detector_id: str
    detector_name: str
    source_name: str
    source_sha256: str
    labels_from: str
    labels_sha256: str
    unit: str
    measures: Measures
    notes: tuple[str, ...]
    created_time: float
    author: str
