"""How good the stored interpretations of one detector are."""

from dataclasses import dataclass
from typing import Final

from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.errors import NotFoundError
from deepaid_core.workflow.detector_facts import runs_of
from deepaid_core.workspace import Workspace

__all__ = ["InterpretationFacts", "interpretation_facts"]

_ROWS: Final = 20_000
_READ: Final = 120


@dataclass(frozen=True, slots=True)
class InterpretationFacts:
    """Measures of the interpretations of a detector version's findings.

    Attributes:
        findings: Findings of this version.
        verified: Of them with a verified reference.
        read: Findings that the rest was read from, evenly over all by score.
        needed: Deviations until the detector accepts, of each of those; 0 where none was found.
        plausibility: Percentile, 0 to 100, of the reference's distance to training, of those that
            have one.
        stability: Mean agreement when asked again, of those where it was measured.
        seconds_each: Of the latest run: all its time over its anomalies; an upper bound for one
            interpretation, as reading and scoring are in it.
    """

    findings: int
    verified: int
    read: int
    needed: tuple[int, ...]
    plausibility: tuple[float, ...]
    stability: float | None
    seconds_each: float | None

    @property
    def verified_share(self) -> float | None:
        """Share of findings whose interpreted event has a verified reference."""
        return self.verified / self.findings if self.findings else None


def interpretation_facts(
    workspace: Workspace, record: DetectorRecord, *, most: int = _READ
) -> InterpretationFacts:
    """Read measures from the store.

    Args:
        workspace: Where the findings are.
        record: The detector version.
        most: Findings to read in full.
    """
    rows = [
        row
        for row in workspace.store.page(FindingQuery(detector_name=record.name), limit=_ROWS)
        if row.detector_id == record.id
    ]
    step = max(1, -(-len(rows) // most))
    needed: list[int] = []
    plausibility: list[float] = []
    stability: list[float] = []
    for row in rows[::step]:
        try:
            interpretation = workspace.store.finding(row.id).interpretation
        except NotFoundError:
            continue
        proof = interpretation.diagnostics
        needed.append(proof.deviations_needed)
        if proof.plausibility is not None:
            plausibility.append(proof.plausibility)
        if interpretation.quality is not None:
            stability.append(interpretation.quality.stability)
    run = next((one for one in runs_of(workspace, record.id) if one.anomalies), None)
    return InterpretationFacts(
        findings=len(rows),
        verified=sum(row.verified for row in rows),
        read=len(needed),
        needed=tuple(needed),
        plausibility=tuple(plausibility),
        stability=sum(stability) / len(stability) if stability else None,
        seconds_each=run.elapsed_s / run.anomalies if run else None,
    )
