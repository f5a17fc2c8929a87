"""An attacker who moves every value a little, so that an interpretation names something else."""

import numpy as np

from deepaid_core.detectors.fitting import one_thread
from deepaid_core.domain.batches import FloatArray
from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.errors import InvalidParameterError
from deepaid_core.interpreters.base import Interpretations, Interpreter
from deepaid_core.interpreters.quality_box import Box
from deepaid_core.interpreters.quality_noise import Robustness
from deepaid_core.interpreters.quality_pursuit import SURROGATES, Pursuit
from deepaid_core.interpreters.quality_sets import (
    first_columns,
    jaccards,
    shown_columns,
    shown_sets,
)

__all__ = ["SIZE", "attack_robustness", "attacked_values"]

SIZE = 0.01
"""How far an attacker moves a value at most, as a share of its column's range."""

_SEARCHED = 0.8  # share of the work that the attack takes; the rest is interpreting again


def attack_robustness(
    interpreter: Interpreter,
    found: Interpretations,
    *,
    size: float = SIZE,
    steps: int = 100,
    restarts: int = 3,
    seed: int = 0,
    first: int = 10,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> Robustness:
    """What is left of each answer at the worst of the points that an attack ends at.

    See `attacked_values` for the attack. Every method is interpreted again at the end points
    only, so that slow ones can be measured; the lowest Jaccard index counts, of ranking and shown
    each. It is an upper bound: an attack that knew the method could do more.

    Args:
        interpreter: What made `found`.
        found: Interpretations of TABULAR or SERIES events.
        size: How far a value moves at most, as a share of its column's range.
        steps: Of each restart.
        restarts: How often the attack starts anew.
        seed: Seed of the attack.
        first: How many columns of the ranking are compared.
        progress: Told the share done.
        cancelled: Asked between steps.

    Raises:
        DetectorMismatchError: The events hold no numbers, or the detector has no model space.
        InvalidParameterError: `restarts` or `steps` is under 1, or `size` under 0.
        CancelledError: `cancelled` said so.
    """
    ends = attacked_values(
        found,
        size=size,
        steps=steps,
        restarts=restarts,
        seed=seed,
        first=first,
        progress=_part(progress, 0.0, _SEARCHED),
        cancelled=cancelled,
    )
    n = len(found)
    if not n:
        return Robustness(np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64))
    points = len(ends)
    box = Box.around(found.anomalies.take(np.tile(np.arange(n), points)), found.context)
    again = interpreter.interpret(
        box.with_values(ends.reshape(n * points, *ends.shape[2:])),
        found.context,
        progress=_part(progress, _SEARCHED, 1 - _SEARCHED),
        cancelled=cancelled,
    )
    ranking = jaccards(first_columns(found, first) * points, first_columns(again, first))
    shown = jaccards(shown_sets(found) * points, shown_sets(again))
    return Robustness(
        ranking=ranking.reshape(points, n).min(axis=0),
        shown=shown.reshape(points, n).min(axis=0),
        counted=np.full(n, restarts),
    )


@one_thread()
def attacked_values(
    found: Interpretations,
    *,
    size: float = SIZE,
    steps: int = 100,
    restarts: int = 3,
    seed: int = 0,
    first: int = 10,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> FloatArray:
    """Points near each anomaly at which its interpretation should be wrong.

    (2 * restarts, n, ...), original units. Every point is at most `size` of the range away in each
    column, possible as `Box` says, and still an anomaly; where none was found it is the anomaly.

    All methods meet the same attack. It knows the detector and what was named, and follows the
    gradient of stand-ins for importance, down for what was named and up for what is next in
    line: |gradient x distance to the reconstruction| in the first restart, the reconstruction
    error in the second, both from a random corner of the box in each further one. Without
    gradients it tries random steps. Each restart ends in two points, what it found and a random
    corner.

    Args:
        found: Interpretations of TABULAR or SERIES events.
        size: How far a value moves at most, as a share of its column's range.
        steps: Of each restart.
        restarts: How often the attack starts anew.
        seed: Seed of everything random.
        first: How many columns of the ranking are to be lost.
        progress: Told the share done.
        cancelled: Asked between steps.

    Raises:
        DetectorMismatchError: The events hold no numbers, or the detector has no model space.
        InvalidParameterError: `restarts` or `steps` is under 1, or `size` under 0.
        CancelledError: `cancelled` said so.

    References:
        Ghorbani, Abid, Zou, Interpretation of Neural Networks is Fragile, AAAI 2019: attacks on
        the set of the most important features. The stand-ins are ours.
    """
    if restarts < 1 or steps < 1 or size < 0:
        raise InvalidParameterError(
            f"{restarts} restarts of {steps} steps of size {size:g} were asked for; ask for at "
            "least 1 of 1 and a size of at least 0."
        )
    box = Box.around(found.anomalies, found.context)
    values = box.events.values
    ends = np.empty((restarts, 2, *values.shape))
    if not len(found):
        return ends.reshape(2 * restarts, *values.shape)
    pursuit = Pursuit.of(
        box, found.context, size=size, named=(first_columns(found, first), shown_columns(found))
    )
    for restart in range(restarts):
        ends[restart] = pursuit.run(
            SURROGATES[min(restart, len(SURROGATES) - 1)],
            steps=steps,
            seed=seed + restart,
            progress=_part(progress, restart / restarts, 1 / restarts),
            cancelled=cancelled,
        )
    return ends.reshape(2 * restarts, *values.shape)


def _part(progress: Progress, start: float, width: float) -> Progress:
    return lambda share, text: progress(start + width * share, text)
