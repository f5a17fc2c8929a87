"""What would make this normal? A stored finding's event, edited and scored by its detector.

It describes the detector: which event it would have let pass, not what anybody did or meant.
"""

from deepaid_core.domain.finding import Finding
from deepaid_core.domain.modality import Modality
from deepaid_core.workflow.bench_base import Bench
from deepaid_core.workflow.bench_parts import (
    BenchScore,
    Choice,
    Edits,
    Effect,
    Fix,
    Part,
    Value,
    way_done,
    way_to,
)
from deepaid_core.workflow.reopening import reopened
from deepaid_core.workspace import Workspace

__all__ = [
    "Bench",
    "BenchScore",
    "Choice",
    "Edits",
    "Effect",
    "Fix",
    "Part",
    "Value",
    "open_bench",
    "way_done",
    "way_to",
]


def open_bench(workspace: Workspace, finding: Finding, *, budget_ms: float | None = None) -> Bench:
    """A finding's interpreted event on the bench; its source is not needed.

    Args:
        workspace: Where the detector is.
        finding: With its interpretation.
        budget_ms: Milliseconds for each search of a smallest fix; None for as long as it takes.

    Raises:
        NotFoundError: The detector is gone.
        ArtifactError: Its files are damaged.
        DetectorMismatchError: The finding does not fit it.
    """
    # Imported here: stored findings open without torch.
    trained, event, context = reopened(workspace, finding, budget_ms=budget_ms)
    return _bench_of(finding.interpretation.modality)(
        trained, event, context, finding.interpretation
    )


def _bench_of(modality: Modality) -> type[Bench]:
    if modality is Modality.TABULAR:
        from deepaid_core.workflow.bench_tabular import TabularBench

        return TabularBench
    if modality is Modality.SERIES:
        from deepaid_core.workflow.bench_series import SeriesBench

        return SeriesBench
    if modality is Modality.SEQUENCE:
        from deepaid_core.workflow.bench_sequence import SequenceBench

        return SequenceBench
    from deepaid_core.workflow.bench_link import LinkBench

    return LinkBench
