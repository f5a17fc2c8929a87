"""A detector against labelled events, or against the verdicts of analysts."""

from dataclasses import dataclass
from pathlib import Path

from deepaid_core.domain.evaluation import Evaluation
from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.domain.settings import Period
from deepaid_core.workflow.measures import measures_of
from deepaid_core.workspace import Workspace

__all__ = [
    "LabelColumn",
    "LabelFile",
    "evaluate",
    "evaluate_verdicts",
    "evaluations",
    "measures_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelColumn:
    """A column of the evaluated file itself.

    Attributes:
        column: Its name.
        normal: What stands in it for events that are not to be found, whatever the case.
        category: Column with the category of each event; `column` itself where empty.
    """

    column: str
    normal: tuple[str, ...] = ("0", "normal", "benign", "background", "false", "no", "")
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFile:
    """A table of labels beside the evaluated file.

    It holds intervals (columns "start" and "end", and "entity" where only one is meant) or
    positions ("packet", "line", "row" or "index", counted from 0). What is listed is to be found,
    unless a column "is_attack", "is_anomaly" or "label" says no; "category", "type" or "kind"
    says what it is.

    Attributes:
        path: The table.
        events: Another table that says more of what the first one names, joined on the column
            that both have ("event_id", "session_id"); None where there is none.
    """

    path: Path
    events: Path | None = None


def evaluate(
    workspace: Workspace,
    detector_id: str,
    path: Path,
    *,
    labels: LabelColumn | LabelFile | Path,
    period: Period = Period(),
    author: str | None = None,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> Evaluation:
    """Score a labelled file and keep what comes of it."""
    raise NotImplementedError


def evaluate_verdicts(
    workspace: Workspace, detector_id: str, *, author: str | None = None
) -> Evaluation:
    """A detector version against the verdicts on its findings."""
    raise NotImplementedError


def evaluations(workspace: Workspace, detector_id: str | None = None) -> tuple[Evaluation, ...]:
    """What was kept, newest first; of all detectors where none is named."""
    raise NotImplementedError
