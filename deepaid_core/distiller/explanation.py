"""Why a path reads as it does: how often each of its transitions was taken."""

from dataclasses import dataclass

from deepaid_core.distiller.machine import Machine, Outcome, Step

__all__ = ["PathExplanation", "StepCount", "explained"]


@dataclass(frozen=True, slots=True)
class StepCount:
    """How often one transition was taken.

    Attributes:
        source: A state, or None for the start.
        target: A state, or None for the category.
        counts: Lessons that take it, by outcome, most first; outcomes that never took it are left
            out.
    """

    source: str | None
    target: str | None
    counts: tuple[tuple[Outcome, int], ...]


@dataclass(frozen=True, slots=True)
class PathExplanation:
    """What the machine counted along one path.

    Attributes:
        path: States, strongest first.
        steps: From the start over each state to the category: one more than there are states.
    """

    path: tuple[str, ...]
    steps: tuple[StepCount, ...]


def explained(machine: Machine, detector_name: str, path: tuple[str, ...]) -> PathExplanation:
    """What was counted on each transition of a path of a detector; no steps for no states."""
    return PathExplanation(
        path, tuple(_counted(machine, detector_name, step) for step in _steps(path))
    )


def _steps(path: tuple[str, ...]) -> tuple[Step, ...]:
    return tuple(zip((None, *path), (*path, None), strict=True)) if path else ()


def _counted(machine: Machine, detector_name: str, step: Step) -> StepCount:
    counts = [
        (outcome, chain.steps[step])
        for (name, outcome), chain in machine.chains.items()
        if name == detector_name and step in chain.steps
    ]
    return StepCount(*step, tuple(sorted(counts, key=lambda one: (-one[1], one[0]))))
