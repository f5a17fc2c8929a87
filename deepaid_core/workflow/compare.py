"""Ask several interpreters about one finding; nothing of it is stored."""

import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from deepaid_core.domain.comparison import Answer, Comparison
from deepaid_core.domain.finding import Finding
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.domain.progress import Cancelled, Progress, never, silent, stop_if
from deepaid_core.domain.quality import Quality
from deepaid_core.errors import (
    CancelledError,
    DeepAidError,
    InvalidParameterError,
)
from deepaid_core.figures.compare_methods import method, reads
from deepaid_core.registry import INTERPRETERS, load
from deepaid_core.workflow.reopening import reopened
from deepaid_core.workspace import Workspace

if TYPE_CHECKING:
    from deepaid_core.detectors.trained import TrainedDetector
    from deepaid_core.domain.batches import Batch
    from deepaid_core.interpreters.base import Context, Interpreter

__all__ = ["answers", "compare", "firmness", "offered", "stored_answer", "usual"]

_logger = logging.getLogger(__name__)
_QUICK_S: Final = 3.0
_USUAL: Final = ("deepaid-gradient", "largest-error")


def offered(interpretation: Interpretation) -> list[str]:
    """Interpreters worth asking about an event, the one that made its stored answer first."""
    own = interpretation.interpreter
    return [own] + [
        name for name in INTERPRETERS if name != own and reads(name, interpretation.modality)
    ]


def usual(interpretation: Interpretation) -> list[str]:
    """What is compared where nobody chose: the stored answer, the paper's search, what is easy."""
    first = interpretation.interpreter
    return [name for name in offered(interpretation) if name in {first, *_USUAL}]


def stored_answer(finding: Finding) -> Answer:
    """The interpretation that a finding was stored with; needs neither detector nor torch."""
    return Answer(finding.interpretation.interpreter, finding.interpretation, is_stored=True)


def compare(
    workspace: Workspace,
    finding_id: str,
    interpreters: Sequence[str],
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
    budget_ms: float | None = None,
) -> Comparison:
    """The stored answer to a finding beside those of other interpreters.

    Args:
        workspace: Where finding and detector are.
        finding_id: "F-...".
        interpreters: Registry names; the one that made the stored answer is not run again.
        progress: Told the share done.
        cancelled: Asked between interpreters, and by them.
        budget_ms: Milliseconds for each search; see `Context`.

    Raises:
        NotFoundError: The workspace has no such finding, or its detector is gone.
        InvalidParameterError: A name is not registered.
        ArtifactError: The detector's files are damaged.
        DetectorMismatchError: The finding does not fit its detector.
        CancelledError: `cancelled` said so.
    """
    finding = workspace.store.finding(finding_id)
    proof = finding.interpretation.diagnostics
    given = answers(
        workspace,
        finding,
        [finding.interpretation.interpreter, *interpreters],
        progress=progress,
        cancelled=cancelled,
        budget_ms=budget_ms,
    )
    return Comparison(
        finding.id, finding.interpretation.modality, proof.score, proof.threshold, given
    )


def answers(
    workspace: Workspace,
    finding: Finding,
    interpreters: Sequence[str],
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
    budget_ms: float | None = None,
) -> tuple[Answer, ...]:
    """Answers of interpreters to a finding, each once, in the order they are named.

    An interpreter that cannot answer says why and keeps nobody else from answering. The name that
    made the stored answer gives that one, its reference scored anew. Arguments and errors are
    those of `compare`.
    """
    names = list(dict.fromkeys(interpreters))
    own = finding.interpretation.interpreter
    for name in names:
        if name not in INTERPRETERS and name != own:
            known = ", ".join(INTERPRETERS)
            raise InvalidParameterError(f"There is no interpreter '{name}'; choose from: {known}.")
    progress(0.0, "Opening the detector")
    trained, event, context = reopened(workspace, finding, budget_ms=budget_ms)
    given = []
    for place, name in enumerate(names):
        stop_if(cancelled)
        low, width = place / len(names), 1 / len(names)

        def report(share: float, text: str, low: float = low, width: float = width) -> None:
            progress(low + width * share, text)

        report(0.0, f"Asking {method(name).title}, {place + 1} of {len(names)}")
        if name == own:
            given.append(
                Answer(
                    name,
                    finding.interpretation,
                    rescored=_rescored(finding.interpretation, trained),
                    is_stored=True,
                )
            )
            continue
        given.append(_answer(name, trained, event, context, report, cancelled))
    progress(1.0, "Done")
    return tuple(given)


def firmness(
    workspace: Workspace,
    finding: Finding,
    interpreters: Sequence[str],
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> dict[str, Quality | None]:
    """How firm each interpreter's answer is: asked again, under noise, under attack.

    None for an interpreter that has no answer. Arguments and errors are those of `compare`.
    """
    from deepaid_core.interpreters.quality_of import quality_of, under_attack

    progress(0.0, "Opening the detector")
    trained, event, context = reopened(workspace, finding)
    names = [name for name in dict.fromkeys(interpreters) if name in INTERPRETERS]
    measured: dict[str, Quality | None] = {}
    for place, name in enumerate(names):
        stop_if(cancelled)
        low, width = place / len(names), 1 / len(names)

        def report(share: float, text: str, low: float = low, width: float = width) -> None:
            progress(low + width * share, text)

        report(0.0, f"Changing the event a little for {method(name).title}")
        interpreter: Interpreter = load(INTERPRETERS, name)()
        if interpreter.supports(trained.detector) is not None:
            measured[name] = None
            continue
        found = interpreter.interpret(event, context, cancelled=cancelled)
        (quality,) = quality_of(interpreter, found, np.arange(1), cancelled=cancelled)
        if quality.noise is not None:
            (attack,) = under_attack(interpreter, found, progress=report, cancelled=cancelled)
            quality = replace(quality, attack=attack)
        measured[name] = quality
    progress(1.0, "Done")
    return measured


def _answer(
    name: str,
    trained: "TrainedDetector",
    event: "Batch",
    context: "Context",
    progress: Progress,
    cancelled: Cancelled,
) -> Answer:
    try:
        interpreter: Interpreter = load(INTERPRETERS, name)()
        if why_not := interpreter.supports(trained.detector):
            return Answer(name, why_not=_sentence(why_not))
        known = len(sys.modules)
        elapsed, found = _timed(interpreter, event, context, progress, cancelled)
        if elapsed < _QUICK_S or len(sys.modules) > known:
            # The first call also pays for modules and tables that all later ones share.
            elapsed, found = _timed(interpreter, event, context, progress, cancelled)
        interpretation = found[0]
        return Answer(
            name,
            interpretation,
            rescored=_rescored(interpretation, trained),
            elapsed_ms=1000 * elapsed,
        )
    except CancelledError:
        raise
    except DeepAidError as error:
        return Answer(name, why_not=str(error))
    except Exception:  # one method that breaks must not take the answers of the others with it
        _logger.exception("Interpreter %s failed.", name)
        return Answer(name, why_not="It failed unexpectedly; the details are in the log.")


def _timed(
    interpreter: "Interpreter",
    event: "Batch",
    context: "Context",
    progress: Progress,
    cancelled: Cancelled,
) -> tuple[float, Any]:
    started = time.perf_counter()
    found = interpreter.interpret(event, context, progress=progress, cancelled=cancelled)
    return time.perf_counter() - started, found


def _rescored(interpretation: Any, trained: "TrainedDetector") -> float:
    from deepaid_core.interpreters.stored import reference_events

    shown = reference_events([interpretation], trained.detector.fitted_schema)
    return float(trained.detector.score(shown)[0])


def _sentence(reason: str) -> str:
    said = reason[:1].upper() + reason[1:]
    return said if said.endswith(".") else f"{said}."
