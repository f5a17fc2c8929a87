"""How things stand: what waits for an analyst, how fast it is judged, whether detectors work."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from deepaid_core.detectors.artifacts import artifact_digest
from deepaid_core.domain.case import OPEN_CASES, CaseQuery
from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import DetectorCount, FindingQuery, Overview, RunCount
from deepaid_core.domain.suppression import Suppression
from deepaid_core.errors import ArtifactError
from deepaid_core.figures.text import shorten
from deepaid_core.workflow.suppress import EXPIRING_S
from deepaid_core.workspace import Workspace

__all__ = [
    "JUDGED_S",
    "DetectorStanding",
    "Health",
    "Numbers",
    "Yours",
    "health",
    "numbers",
    "yours",
]

JUDGED_S: Final = 30 * 86_400.0
"""The time to judge is of findings that were first judged within this time."""

_OPEN: Final = Status.OPEN


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is counted for the first page.

    Attributes:
        overview: Counts of findings.
        judged: Findings whose first verdict in force was given within `JUDGED_S`.
        median_s: Of these, the median time from when one was added to that verdict, seconds; None
            where there is none.
    """

    overview: Overview
    judged: int
    median_s: float | None


@dataclass(frozen=True, slots=True)
class DetectorStanding:
    """A detector by name: all its versions together, but for what is said of the newest.

    Attributes:
        name: What analysts call it.
        version: Id of its newest version; None where findings name a detector that is not here.
        findings: How many it has.
        open_findings: Those that wait for a verdict.
        unverified: Those whose reference the detector does not accept.
        runs: How many there were.
        last_event: Time of the last event that a run read, Unix seconds, UTC; None without runs.
        last_run: When the last run ended.
        problem: Why its newest version cannot be used, and what to do; empty where it can.
    """

    name: str
    version: str | None
    findings: int
    open_findings: int
    unverified: int
    runs: int
    last_event: float | None
    last_run: float | None
    problem: str

    @property
    def unverified_share(self) -> float | None:
        """Of its findings; None without findings."""
        return self.unverified / self.findings if self.findings else None


@dataclass(frozen=True, slots=True)
class Health:
    """What keeps the queue honest.

    Attributes:
        detectors: By name.
        expiring: Suppressions that end within `EXPIRING_S`, the first to end first.
        disabled: Those that an attack in their scope disabled, newest first.
    """

    detectors: tuple[DetectorStanding, ...]
    expiring: tuple[Suppression, ...]
    disabled: tuple[Suppression, ...]

    @property
    def last_event(self) -> float | None:
        """Time of the last event that any detector read; None without runs."""
        return max((d.last_event for d in self.detectors if d.last_event is not None), default=None)

    @property
    def runs(self) -> int:
        """Runs of all detectors."""
        return sum(one.runs for one in self.detectors)


@dataclass(frozen=True, slots=True)
class Yours:
    """Open findings and open cases that an analyst looks at."""

    findings: int
    cases: int


def numbers(workspace: Workspace, *, now: float) -> Numbers:
    """What is open, new, suppressed, and how fast findings are judged.

    Args:
        workspace: Where.
        now: Unix seconds, UTC.
    """
    times = workspace.store.times_to_judge(since=now - JUDGED_S)
    return Numbers(
        overview=workspace.store.overview(),
        judged=len(times),
        # A clock that was set back may have judged before it added.
        median_s=max(0.0, statistics.median(times)) if times else None,
    )


def health(workspace: Workspace, overview: Overview, *, now: float) -> Health:
    """Whether detectors can be used and suppressions are still looked after.

    Args:
        workspace: Where.
        overview: As `numbers` counted it.
        now: Unix seconds, UTC.
    """
    store = workspace.store
    standing = store.suppressions(in_force=True)
    working = [one for one in standing if one.disabled_by is None]
    return Health(
        detectors=_detectors(
            store.detectors(), overview.detectors, store.run_counts(), workspace.artifacts
        ),
        expiring=tuple(
            sorted(
                (one for one in working if 0 < one.decision.expires_time - now <= EXPIRING_S),
                key=lambda one: one.decision.expires_time,
            )
        ),
        disabled=tuple(one for one in standing if one.disabled_by is not None),
    )


def yours(workspace: Workspace, analyst: str | None) -> Yours:
    """What an analyst still has on the desk; nothing for nobody."""
    if not analyst:
        return Yours(0, 0)
    return Yours(
        workspace.store.count(FindingQuery(status=_OPEN, assignees=(analyst,))),
        workspace.store.desk.count_cases(CaseQuery(statuses=OPEN_CASES, assignee=analyst)),
    )


def _detectors(
    records: Iterable[DetectorRecord],
    counts: Iterable[DetectorCount],
    runs: Iterable[RunCount],
    artifacts: Path,
) -> tuple[DetectorStanding, ...]:
    newest: dict[str, DetectorRecord] = {}
    names: dict[str, str] = {}
    for record in records:  # newest first
        newest.setdefault(record.name, record)
        names[record.id] = record.name
    counted = {one.name: one for one in counts}
    ran: dict[str, list[RunCount]] = {}
    for one in runs:
        if one.detector_id in names:
            ran.setdefault(names[one.detector_id], []).append(one)
    return tuple(
        _standing(name, newest.get(name), counted.get(name), ran.get(name, []), artifacts)
        for name in sorted(newest.keys() | counted.keys())
    )


def _standing(
    name: str,
    record: DetectorRecord | None,
    count: DetectorCount | None,
    runs: list[RunCount],
    artifacts: Path,
) -> DetectorStanding:
    return DetectorStanding(
        name=name,
        version=record.id if record else None,
        findings=count.findings if count else 0,
        open_findings=count.open_findings if count else 0,
        unverified=count.unverified if count else 0,
        runs=sum(one.runs for one in runs),
        last_event=max((one.last_time for one in runs), default=None),
        last_run=max((one.finished_time for one in runs), default=None),
        problem=_problem(record, artifacts) if record else "",
    )


def _problem(record: DetectorRecord, artifacts: Path) -> str:
    folder = artifacts / record.artifact
    try:
        files = sorted(folder.iterdir())
        digest = _digest(
            folder, tuple((f.name, f.stat().st_mtime_ns, f.stat().st_size) for f in files)
        )
    except (OSError, ArtifactError):
        return _said(record, "its files are not there")
    return "" if digest == record.sha256 else _said(record, "its files were changed")


@lru_cache(maxsize=64)
def _digest(folder: Path, files: tuple[tuple[str, int, int], ...]) -> str:
    # Read again only where a file's time or size says that it is another one.
    return artifact_digest(folder)


def _said(record: DetectorRecord, what: str) -> str:
    return (
        f"Detector {shorten(record.name, 60)} ({record.id}) cannot be used: {what} "
        f"(detectors/{shorten(record.artifact, 60)}). Put the folder back from a copy, or train "
        "the detector again under Data; its findings stay as they are."
    )
