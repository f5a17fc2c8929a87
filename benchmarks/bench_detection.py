"""How well the shipped packet detector tells attacks from background.

Run with `python -m benchmarks.bench_detection`.
"""

import csv
import gzip
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from deepaid_core.detectors.artifacts import load_trained
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.sources.captures import CaptureSource

__all__ = ["Detection", "EventRow", "measure", "packet_events"]

SAMPLES = Path(__file__).parents[1] / "sample_data"
FOUND = 0.01  # share of its packets that must be flagged for an event to count as found


@dataclass(frozen=True)
class EventRow:
    """One recorded event: its packets, the share flagged, and its AUC against background."""

    event: str
    attack: bool
    packets: int
    flagged: float
    auc: float

    @property
    def found(self) -> bool:
        """Whether enough of its packets are flagged."""
        return self.flagged >= FOUND


@dataclass(frozen=True)
class Detection:
    """Figures per packet, attack against background; benign events are left out of them."""

    threshold: float
    threshold_method: str
    packets: int
    background: int
    anomalies: int
    auc: float
    average_precision: float
    false_alarm_rate: float
    recall: float
    scored_per_s: float
    events: tuple[EventRow, ...]


def packet_events(indices: np.ndarray) -> np.ndarray:
    """Event number of each packet of the evaluation capture, 0 for background."""
    events = np.zeros(int(indices.max()) + 1, dtype=int)
    with gzip.open(SAMPLES / "network/eval_packet_labels.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            events[int(row["packet"])] = int(row["event_id"])
    return events[indices]


def measure() -> Detection:
    """Score the evaluation capture with the shipped detector."""
    trained = load_trained(SAMPLES / "detectors/packets")
    capture = TabularBatch.concatenate(
        list(CaptureSource(SAMPLES / "network/eval.pcap.gz").batches())
    )
    trained.detector.score(capture)  # warm-up
    started = time.perf_counter()
    scores = trained.detector.score(capture)
    elapsed = time.perf_counter() - started
    flagged = trained.threshold.flag(scores)
    number = packet_events(capture.indices)
    with (SAMPLES / "network/labels.csv").open() as file:
        labels = list(csv.DictReader(file))
    attacks = [int(row["event_id"]) for row in labels if row["is_attack"] == "1"]
    background, attack = number == 0, np.isin(number, attacks)
    judged = background | attack
    rows = []
    for row in labels:
        mine = number == int(row["event_id"])
        either = background | mine
        rows.append(
            EventRow(
                row["type"],
                row["is_attack"] == "1",
                int(mine.sum()),
                float(flagged[mine].mean()),
                float(roc_auc_score(mine[either], scores[either])),
            )
        )
    return Detection(
        threshold=trained.threshold.value,
        threshold_method=trained.threshold.method,
        packets=len(scores),
        background=int(background.sum()),
        anomalies=int(flagged.sum()),
        auc=float(roc_auc_score(attack[judged], scores[judged])),
        average_precision=float(average_precision_score(attack[judged], scores[judged])),
        false_alarm_rate=float(flagged[background].mean()),
        recall=float(flagged[attack].mean()),
        scored_per_s=len(scores) / elapsed,
        events=tuple(rows),
    )


if __name__ == "__main__":
    print(json.dumps(asdict(measure()), indent=1))
