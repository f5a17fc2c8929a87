"""How firm a stored interpretation is, measured when somebody asks."""

from dataclasses import replace

import numpy as np

from deepaid_core.domain.finding import Finding
from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.domain.quality import Quality
from deepaid_core.errors import InvalidParameterError
from deepaid_core.workflow.reopening import reopened
from deepaid_core.workspace import Workspace

__all__ = ["measure_robustness"]

_ATTACK_FROM = 0.2  # share of the work that is done before the attack


def measure_robustness(
    workspace: Workspace,
    finding: Finding,
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> Quality:
    """All measures of a finding's interpretation, the attack among them; stores nothing.

    The stored event is interpreted again by what interpreted it; `stability` tells how much of
    what was stored that names.

    Args:
        workspace: Where the finding's detector is.
        finding: With its interpretation.
        progress: Told the share done.
        cancelled: Asked between steps.

    Raises:
        NotFoundError: The detector is gone.
        ArtifactError: Its files are damaged.
        InvalidParameterError: The interpreter is not installed.
        DetectorMismatchError: The finding does not fit the detector.
        CancelledError: `cancelled` said so.
    """
    # Imported here: stored findings open without torch.
    from deepaid_core.interpreters.quality import jaccard
    from deepaid_core.interpreters.quality_box import has_numbers
    from deepaid_core.interpreters.quality_of import quality_of, under_attack
    from deepaid_core.registry import INTERPRETERS, load

    stored = finding.interpretation
    if stored.interpreter not in INTERPRETERS:
        raise InvalidParameterError(
            f"Finding {finding.id} was interpreted by '{stored.interpreter}', which is not "
            "installed here; its stored interpretation still stands."
        )
    progress(0.0, "Opening the detector")
    _, event, context = reopened(workspace, finding)
    interpreter = load(INTERPRETERS, stored.interpreter)()
    proof = stored.diagnostics
    found = interpreter.interpret(event, context, cancelled=cancelled)
    (quality,) = quality_of(interpreter, found, np.zeros(1, dtype=np.int64), cancelled=cancelled)
    named = [frozenset(one.field for one in item.deviations) for item in (stored, found[0])]
    accepted = [score <= proof.threshold for score in proof.flip_scores]
    quality = replace(
        quality,
        # Of what is shown: a newer version may search better.
        flips_at=accepted.index(True) + 1 if any(accepted) else 0,
        stability=jaccard(*named),
    )
    if has_numbers(event):
        (attack,) = under_attack(
            interpreter,
            found,
            progress=lambda share, text: progress(_ATTACK_FROM + (1 - _ATTACK_FROM) * share, text),
            cancelled=cancelled,
        )
        quality = replace(quality, attack=attack)
    progress(1.0, "Measured")
    return quality
