"""What differs between two versions of the machine: counts, and how open findings read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from deepaid_core.distiller.distiller import Distiller
from deepaid_core.distiller.machine import Chain, Machine, Step
from deepaid_core.distiller.suggestion import Suggestion
from deepaid_core.domain.queries import PathCount
from deepaid_core.domain.verdict import VerdictLabel

__all__ = ["LISTED", "ReadDifferently", "TransitionChange", "read_differently", "transitions"]

LISTED: Final = 200
"""The most paths that are listed with both readings; all are counted."""


@dataclass(frozen=True, slots=True)
class TransitionChange:
    """One count of the machine in two versions.

    Attributes:
        source: A state, or None for the start.
        target: A state, or None for the category.
    """

    detector_name: str
    label: VerdictLabel
    category: str
    source: str | None
    target: str | None
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class ReadDifferently:
    """A path of open findings for which two versions suggest different things.

    Attributes:
        open_findings: Today's open findings of this path.
        before: What the one version suggests; may be unknown.
        after: What the other does.
    """

    detector_name: str
    pattern_id: str
    path: tuple[str, ...]
    open_findings: int
    before: Suggestion
    after: Suggestion


def read_differently(
    paths: Iterable[PathCount], before: Distiller, after: Distiller, *, limit: int = LISTED
) -> tuple[tuple[ReadDifferently, ...], int]:
    """Paths for which another label or category is suggested, most open findings first.

    Args:
        paths: Of open findings.
        before: One version.
        after: Another one.
        limit: The most paths that are returned.

    Returns:
        The paths, and how many open findings have one of all that differ.
    """
    same_reading = before.settings.reading == after.settings.reading
    touched = _touched(before.machine, after.machine)
    found: list[ReadDifferently] = []
    differing = 0
    for row in paths:
        # A detector's suggestions depend on its own counts only.
        if same_reading and row.detector_name not in touched:
            continue
        old = before.suggest(row.detector_name, row.path)
        new = after.suggest(row.detector_name, row.path)
        if (old.label, old.category) != (new.label, new.category):
            differing += row.open_findings
            found.append(
                ReadDifferently(
                    row.detector_name, row.pattern_id, row.path, row.open_findings, old, new
                )
            )
    found.sort(key=lambda one: (-one.open_findings, one.detector_name, one.path))
    return tuple(found[:limit]), differing


def transitions(before: Machine, after: Machine) -> tuple[TransitionChange, ...]:
    """Every count of a transition that differs, by detector, outcome and place in the path."""
    found: list[TransitionChange] = []
    for key in {*before.chains, *after.chains}:
        old, new = before.chains.get(key), after.chains.get(key)
        if old is new:
            continue
        old_steps, new_steps = _steps(old), _steps(new)
        detector_name, outcome = key
        for step, was in old_steps.items():
            now = new_steps.get(step, 0)
            if was != now:
                found.append(
                    TransitionChange(
                        detector_name, outcome.label, outcome.category, *step, was, now
                    )
                )
        found.extend(
            TransitionChange(detector_name, outcome.label, outcome.category, *step, 0, now)
            for step, now in new_steps.items()
            if step not in old_steps
        )
    return tuple(
        sorted(
            found,
            key=lambda c: (
                c.detector_name,
                c.label,
                c.category,
                c.source is not None,
                c.source or "",
                c.target is None,
                c.target or "",
            ),
        )
    )


def _touched(before: Machine, after: Machine) -> frozenset[str]:
    # Versions that grew from each other share the chains that did not change.
    return frozenset(
        key[0]
        for key in {*before.chains, *after.chains}
        if before.chains.get(key) is not after.chains.get(key)
    )


def _steps(chain: Chain | None) -> Mapping[Step, int]:
    return chain.steps if chain is not None else {}
