"""The last comparison of interpreters, as the benchmark wrote it; read without torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deepaid_core.errors import StoredValueError
from deepaid_core.workflow.benchmark_files import section_of_last_run
from deepaid_core.workflow.benchmark_measures import MEASURES
from deepaid_core.workflow.benchmark_standings import (
    Difference,
    MethodResult,
    Standing,
    TaskResult,
    standings_of,
)

__all__ = [
    "ComparisonResults",
    "Difference",
    "MethodResult",
    "Standing",
    "Target",
    "TaskResult",
    "last_results",
]


@dataclass(frozen=True, slots=True)
class Target:
    """A number that was asked for before it was measured.

    Attributes:
        task: Key of the task.
        measure: Key of the measure.
        asked: With its direction, e.g. "at least 0.950".
        measured: None where the task was not measured.
        met: None likewise.
        reason: What was found where it is not met; empty otherwise.
    """

    task: str
    measure: str
    asked: str
    measured: float | None
    met: bool | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ComparisonResults:
    """The comparison as it was last measured.

    Attributes:
        measured: Time, ISO 8601, UTC.
        commit: Of the code.
        machine: Processor, memory and versions.
        load_before: Of the machine, before it started.
        command: Which reproduces it.
        size: "default" or "full".
        settings: Seeds, and how much was drawn, in words.
        tasks: In the order measured.
        standings: A row for each task and measure on which ours was compared.
        targets: Numbers that were asked for.
        skipped: Tasks that were not measured, and why.
    """

    measured: str
    commit: str
    machine: Mapping[str, str]
    load_before: float
    command: str
    size: str
    settings: Mapping[str, str]
    tasks: tuple[TaskResult, ...]
    standings: tuple[Standing, ...]
    targets: tuple[Target, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)

    def task(self, key: str) -> TaskResult | None:
        """The task of this key, None where it was not measured."""
        return next((one for one in self.tasks if one.key == key), None)

    @classmethod
    def of(cls, section: Mapping[str, Any]) -> "ComparisonResults":
        """From the section "comparison" of the benchmark's results.

        Raises:
            StoredValueError: It is of another form.
        """
        try:
            figures = section["figures"]
            tasks = tuple(_task(one) for one in figures["tasks"])
            reasons = {(r["task"], r["measure"]): r["reason"] for r in figures["reasons"]}
            return cls(
                measured=section["measured"],
                commit=section["commit"],
                machine=section["machine"],
                load_before=section["load_before"],
                command=figures["command"],
                size=figures["size"],
                settings=figures["settings"],
                tasks=tasks,
                standings=tuple(
                    row for task in tasks for row in standings_of(task, reasons=reasons)
                ),
                targets=tuple(Target(**one) for one in figures["targets"]),
                skipped=figures["skipped"],
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise StoredValueError(
                f"The comparison in the benchmark results is of another form ({error!r}); "
                "measure it again with `deepaid bench --only comparison`."
            ) from error


def last_results(*paths: Path) -> ComparisonResults | None:
    """The comparison in the first of these files that holds one.

    Args:
        paths: Results of the benchmark; without any those that the installed package carries, else
            those of the checkout.

    Returns:
        None where none of the files is there or holds a comparison.

    Raises:
        StoredValueError: A file is damaged or of another form.
    """
    section = section_of_last_run("comparison", *paths)
    return None if section is None else ComparisonResults.of(section)


def _task(one: Mapping[str, Any]) -> TaskResult:
    subset = one.get("subset")
    return TaskResult(
        key=one["key"],
        title=one["title"],
        ours=one["ours"],
        anomalies=one["anomalies"],
        methods=tuple(_method(one["key"], row) for row in one["methods"]),
        subset=None if subset is None else _method(one["key"], subset),
        left_out=one.get("left_out", {}),
    )


def _method(task: str, row: Mapping[str, Any]) -> MethodResult:
    return MethodResult(
        task=task,
        method=row["method"],
        measures={key: value for key, value in row["measures"].items() if key in MEASURES},
        n=row["n"],
        notes=tuple(row.get("notes", ())),
        against={key: Difference(**value) for key, value in row.get("against", {}).items()},
    )
