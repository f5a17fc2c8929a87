"""How verdicts shortened the queue when it was last measured, as the benchmark wrote it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepaid_core.errors import StoredValueError
from deepaid_core.workflow.benchmark_files import section_of_last_run

__all__ = ["LearningCurve", "LearningResults", "last_learning"]


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """Runs of a scripted analyst that differ in their random examples only.

    Attributes:
        order: How the queue was sorted: "next", "pattern" or "score".
        variant: "suppressing" with the settings as shipped, "critical" where findings of critical
            severity may be suppressed too, "taught" without suppressions.
        detector_name: Of whose queue; None for the whole one.
        seeds: How many runs.
        attacks: Findings of attacks in that queue.
        open_false: False positives still in the queue after 0, 1, 2, ... verdicts; median.
        open_false_low: The fewest of all runs.
        open_false_high: The most of all runs.
        silenced: Attack findings out of sight after as many verdicts; the most of all runs.
        silenced_ever: Attack findings silenced at any time, of all runs together.
    """

    order: str
    variant: str
    detector_name: str | None
    seeds: int
    attacks: int
    open_false: tuple[float, ...]
    open_false_low: tuple[int, ...]
    open_false_high: tuple[int, ...]
    silenced: tuple[int, ...]
    silenced_ever: int


@dataclass(frozen=True, slots=True)
class LearningResults:
    """All curves as they were last measured.

    Attributes:
        measured: Time, ISO 8601, UTC.
        commit: Of the code.
        findings: In the demo workspace.
        false_positives: Of them.
        attacks: Of them.
        target_verdicts: Within how many verdicts the target is asked for.
        target_share: Share of false positives that must be gone by then.
        curves: In the order measured.
    """

    measured: str
    commit: str
    findings: int
    false_positives: int
    attacks: int
    target_verdicts: int
    target_share: float
    curves: tuple[LearningCurve, ...]


def last_learning(*paths: Path) -> LearningResults | None:
    """What the first of these files that holds such figures says.

    Args:
        paths: Results of the benchmark; without any those that the installed package carries, else
            those of the checkout.

    Returns:
        None where none of the files is there or holds such figures.

    Raises:
        StoredValueError: A file is damaged or of another form.
    """
    section = section_of_last_run("triage", *paths)
    try:
        return None if section is None else _read(section)
    except (KeyError, TypeError, ValueError) as error:
        raise StoredValueError(
            f"The figures of verdicts in the benchmark results are of another form ({error!r}); "
            "measure again with `deepaid bench --only triage`."
        ) from error


def _read(section: Mapping[str, Any]) -> LearningResults:
    figures = section["figures"]
    return LearningResults(
        measured=section["measured"],
        commit=section["commit"],
        findings=int(figures["findings"]),
        false_positives=int(figures["false_positives"]),
        attacks=int(figures["attacks"]),
        target_verdicts=int(figures["target"]["verdicts"]),
        target_share=float(figures["target"]["share"]),
        curves=tuple(_curve(run) for run in figures["runs"]),
    )


def _curve(run: Mapping[str, Any]) -> LearningCurve:
    return LearningCurve(
        order=run["order"],
        variant=run["variant"],
        detector_name=run["detector"],
        seeds=int(run["seeds"]),
        attacks=int(run["attacks"]),
        open_false=tuple(float(count) for count in run["open_false"]),
        open_false_low=tuple(int(count) for count in run["open_false_low"]),
        open_false_high=tuple(int(count) for count in run["open_false_high"]),
        silenced=tuple(int(count) for count in run["silenced"]),
        silenced_ever=sum(int(one["silenced_ever"]) for one in run["each"]),
    )
