"""What each finding of the lab's recordings really is, and what a perfect analyst would say.

Ground truth for benchmarks and tests only: nothing that detects or suggests reads it. The verdict
per kind of event is fixed here, before any figure is measured: attacks are true positives, the
authorized scan (`admin_health_sweep`) is a benign positive, everything else is a false positive.
"""

import csv
import gzip
import io
import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from deepaid_core.domain.finding import Finding
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import NotFoundError

__all__ = ["BACKGROUND", "Truth", "packet_truth", "truth_of"]

SAMPLES = Path(__file__).parents[1] / "sample_data"
BACKGROUND = "background"
AUTHORIZED = "admin_health_sweep"


@dataclass(frozen=True, slots=True)
class Truth:
    """What a finding is.

    Attributes:
        label: A true positive as soon as one of its events belongs to an attack.
        category: What most of the events that decide the label are.
        events: How many of its events are of each kind.
    """

    label: VerdictLabel
    category: str
    events: tuple[tuple[str, int], ...]

    @property
    def is_attack(self) -> bool:
        """Whether any of its events belongs to an attack."""
        return self.label is VerdictLabel.TRUE_POSITIVE


def truth_of(finding: Finding) -> Truth:
    """What a finding of one of the four demo detectors is.

    Raises:
        NotFoundError: The detector read none of the lab's recordings.
    """
    if finding.detector_name not in _KINDS:
        raise NotFoundError(
            f"There is no ground truth for detector '{finding.detector_name}'; use one of "
            f"{', '.join(_KINDS)}."
        )
    kinds = _KINDS[finding.detector_name]()
    counted = Counter(kinds[index] for index in finding.member_indices)
    attacks = Counter({kind: n for (kind, attack), n in counted.items() if attack})
    others = Counter({kind: n for (kind, attack), n in counted.items() if not attack})
    events = tuple(sorted((attacks + others).items()))
    if attacks:
        return Truth(VerdictLabel.TRUE_POSITIVE, _most(attacks), events)
    if set(others) & {AUTHORIZED}:
        # Whoever sees one of its packets knows the whole finding for the authorized scan.
        return Truth(VerdictLabel.BENIGN_POSITIVE, AUTHORIZED, events)
    named = Counter({kind: n for kind, n in others.items() if kind != BACKGROUND})
    return Truth(VerdictLabel.FALSE_POSITIVE, _most(named or others), events)


def packet_truth(index: int) -> Truth:
    """What one packet of the evaluation capture is; an authorized scan is a benign positive."""
    kind, attack = _packets()[index]
    if attack:
        label = VerdictLabel.TRUE_POSITIVE
    elif kind == AUTHORIZED:
        label = VerdictLabel.BENIGN_POSITIVE
    else:
        label = VerdictLabel.FALSE_POSITIVE
    return Truth(label, kind, ((kind, 1),))


def _most(counted: Counter[str]) -> str:
    return min(counted, key=lambda kind: (-counted[kind], kind))


@cache
def _packets() -> list[tuple[str, bool]]:
    events = {row["event_id"]: row for row in _rows("network/labels.csv")}
    count = json.loads((SAMPLES / "verification.json").read_text())["network/eval"]["packets"]
    kinds = [(BACKGROUND, False)] * count
    for row in _rows("network/eval_packet_labels.csv.gz"):
        event = events[row["event_id"]]
        kinds[int(row["packet"])] = (event["type"], event["is_attack"] == "1")
    return kinds


@cache
def _seconds() -> list[tuple[str, bool]]:
    return [(row["event_type"], row["is_attack"] == "1") for row in _rows("timeseries/eval.csv.gz")]


@cache
def _lines() -> list[tuple[str, bool]]:
    sessions = {row["session_id"]: row for row in _rows("logs/sessions.csv")}
    kinds = {name: (row["kind"], row["is_anomaly"] == "1") for name, row in sessions.items()}
    return [
        kinds.get(row["session_id"], (BACKGROUND, False)) for row in _rows("logs/events.csv.gz")
    ]


@cache
def _logins() -> list[tuple[str, bool]]:
    return [
        (row["note"].partition(":")[0] or BACKGROUND, row["label"] == "1")
        for row in _rows("auth_graph/auth_events.csv")
    ]


_KINDS = {
    "packets": _packets,
    "host-rates": _seconds,
    "ssh-sessions": _lines,
    "logins": _logins,
}


def _rows(name: str) -> list[dict[str, str]]:
    path = SAMPLES / name
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))
