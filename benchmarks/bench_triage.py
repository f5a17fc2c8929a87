"""How a scripted analyst's verdicts shorten the queue, and whether an attack was ever silenced.

Run with `python -m benchmarks.run --only triage`, or for a look at a few runs, with nothing
written, `python -m benchmarks.bench_triage --verdicts 50 --seeds 1`. The analyst and its rules are
in `triage_analyst`, the truth of each finding in `lab_truth`; both product and settings are as
shipped unless a run says otherwise.
"""

import argparse
import shutil
import statistics
import tempfile
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from benchmarks.lab_truth import Truth, truth_of
from benchmarks.triage_analyst import ORDERS, Analyst, Order
from benchmarks.triage_page import section
from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.workflow import distill
from deepaid_core.workflow.demo import DEMOS, prepare_demo
from deepaid_core.workflow.versions import change_setting
from deepaid_core.workspace import Workspace

__all__ = ["PLANS", "Plan", "measure", "section"]

VERDICTS: Final = 100
TARGET: Final = (50, 0.8)
"""Verdicts, and the share of open false positives that must be gone by then."""

CONFIDENCE: Final = 0.8
"""From here on a suggestion of the Distiller counts as a call, in the runs without suppression."""

Variant: TypeAlias = Literal["suppressing", "critical", "taught"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Runs that differ in their random examples only.

    Attributes:
        order: How the queue is sorted.
        variant: "suppressing" as shipped; "critical" with the setting that lets findings of
            critical severity be suppressed; "taught" without suppressions, counting as gone what
            the Distiller calls a false positive at `CONFIDENCE` or above.
        detector_name: The queue of one detector; the whole queue if None.
        seeds: How many runs.
    """

    order: Order
    variant: Variant
    detector_name: str | None
    seeds: int


PLANS: Final[tuple[Plan, ...]] = (
    Plan("next", "suppressing", None, 5),
    Plan("next", "critical", None, 5),
    Plan("pattern", "suppressing", None, 1),
    Plan("score", "suppressing", None, 1),
    *(Plan(order, "taught", None, 1) for order in reversed(ORDERS)),
    *(Plan(order, "suppressing", demo.name, 1) for demo in DEMOS for order in ("next", "score")),
)


@dataclass(frozen=True, slots=True)
class _Lab:
    """A demo workspace with the truth of its findings.

    Attributes:
        home: Folder of the workspace, to be copied.
        truths: By finding.
        detectors: Detector of each finding.
    """

    home: Path
    truths: Mapping[str, Truth]
    detectors: Mapping[str, str]

    def those(self, label: VerdictLabel, detector_name: str | None) -> frozenset[str]:
        """Findings that are this, of one detector or of all."""
        return frozenset(
            one
            for one, truth in self.truths.items()
            if truth.label is label and detector_name in (None, self.detectors[one])
        )


def measure(
    *, verdicts: int = VERDICTS, seeds: int | None = None, home: Path | None = None
) -> dict[str, Any]:
    """All runs of `PLANS`.

    Args:
        verdicts: Of each run.
        seeds: At most so many runs of each plan.
        home: A demo workspace without verdicts, to be copied; by default one is made.
    """
    with tempfile.TemporaryDirectory() as folder:
        lab = _lab(home or _demo(Path(folder) / "demo"))
        labels = ("FALSE_POSITIVE", "TRUE_POSITIVE", "BENIGN_POSITIVE")
        counts = {name: len(lab.those(VerdictLabel[name], None)) for name in labels}
        runs = []
        with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
            waiting = [
                [
                    pool.submit(_run, lab, plan, seed, verdicts, Path(folder) / f"run-{at}-{seed}")
                    for seed in range(min(plan.seeds, seeds or plan.seeds))
                ]
                for at, plan in enumerate(PLANS)
            ]
            for plan, several in zip(PLANS, waiting, strict=True):
                runs.append(_joined(lab, plan, [one.result() for one in several]))
                print(
                    f"  triage: {plan.order}, {plan.variant}, {plan.detector_name or 'all'}, "
                    f"{len(several)} runs; after {TARGET[0]} verdicts "
                    f"{runs[-1]['open_false'][: TARGET[0] + 1][-1]} open, ever silenced "
                    f"{[one['silenced_ever'] for one in runs[-1]['each']]}",
                    flush=True,
                )
    return {
        "findings": sum(counts.values()),
        "false_positives": counts["FALSE_POSITIVE"],
        "attacks": counts["TRUE_POSITIVE"],
        "benign_positives": counts["BENIGN_POSITIVE"],
        "verdicts": verdicts,
        "confidence": CONFIDENCE,
        "target": {"verdicts": TARGET[0], "share": TARGET[1]},
        "runs": runs,
    }


def _demo(home: Path) -> Path:
    workspace = Workspace.open(home)
    prepare_demo(workspace)
    workspace.close()
    return home


def _lab(home: Path) -> _Lab:
    workspace = Workspace.open(home)
    rows = workspace.store.page(FindingQuery(), limit=1_000_000)
    truths = {row.id: truth_of(workspace.store.finding(row.id)) for row in rows}
    workspace.close()
    return _Lab(home, truths, {row.id: row.detector_name for row in rows})


def _run(lab: _Lab, plan: Plan, seed: int, verdicts: int, home: Path) -> dict[str, Any]:
    """One run, in a folder of its own: counts after 0, 1, 2, ... verdicts."""
    shutil.copytree(lab.home, home)
    workspace = Workspace.open(home)
    try:
        if plan.variant == "critical":
            change_setting(
                workspace, name="suppress_critical", value="yes", author="bench", reason="protocol"
            )
        analyst = Analyst(
            workspace,
            lab.truths,
            plan.order,
            seed=seed,
            suppresses=plan.variant != "taught",
            detector_name=plan.detector_name,
        )
        false = lab.those(VerdictLabel.FALSE_POSITIVE, plan.detector_name)
        attacks = lab.those(VerdictLabel.TRUE_POSITIVE, plan.detector_name)
        taught = plan.variant == "taught"
        open_false, silenced, ever = [len(false)], [0], set[str]()
        given: dict[str, int] = {}
        suppressions = refused = 0
        for number in range(verdicts):
            step = analyst.step()
            if step is None:
                break
            given[step.label] = given.get(step.label, 0) + 1
            suppressions += step.suppressions
            refused += step.refused
            # What the Distiller calls costs a pass over the queue: every fifth verdict will do.
            if taught and (number + 1) % 5:
                open_false.append(open_false[-1])
                silenced.append(silenced[-1])
                continue
            gone = _gone(workspace, taught)
            ever |= attacks & gone[1]
            open_false.append(len(false - gone[0]))
            silenced.append(len(attacks & gone[1]))
        mistaken = workspace.store.ids(FindingQuery(verdict=VerdictLabel.TRUE_POSITIVE))
        return {
            "open_false": open_false,
            "silenced": silenced,
            "silenced_ever": len(ever),
            "verdicts_given": given,
            "suppressions": suppressions,
            "refused": refused,
            "looked_at": len(analyst.known),
            "accepted_by_mistake": len(false.intersection(mistaken)),
        }
    finally:
        workspace.close()
        shutil.rmtree(home)


def _gone(workspace: Workspace, taught: bool) -> tuple[set[str], set[str]]:
    """Findings that are out of the queue, and those of them that nobody will look at as attacks."""
    store = workspace.store
    closed = set(store.ids(FindingQuery(status=Status.CLOSED)))
    hidden = set(store.ids(FindingQuery(status=Status.SUPPRESSED)))
    for label in (VerdictLabel.FALSE_POSITIVE, VerdictLabel.BENIGN_POSITIVE):
        hidden |= set(store.ids(FindingQuery(verdict=label)))
    if taught:
        rows = store.page(FindingQuery(status=Status.OPEN), limit=1_000_000)
        for one, said in distill.suggestions(workspace, rows).items():
            if said.label is VerdictLabel.FALSE_POSITIVE and said.confidence >= CONFIDENCE:
                hidden.add(one)
    return closed | hidden, hidden


def _joined(lab: _Lab, plan: Plan, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Runs of one plan in one: medians and the range of each count."""
    longest = max(len(run["open_false"]) for run in runs)
    # A run that ran out of findings stays where it ended.
    open_false = [
        [run["open_false"][min(place, len(run["open_false"]) - 1)] for run in runs]
        for place in range(longest)
    ]
    return {
        "order": plan.order,
        "variant": plan.variant,
        "detector": plan.detector_name,
        "attacks": len(lab.those(VerdictLabel.TRUE_POSITIVE, plan.detector_name)),
        "seeds": len(runs),
        "open_false": [round(statistics.median(values), 1) for values in open_false],
        "open_false_low": [min(values) for values in open_false],
        "open_false_high": [max(values) for values in open_false],
        "silenced": [
            max(run["silenced"][min(place, len(run["silenced"]) - 1)] for run in runs)
            for place in range(longest)
        ],
        "each": [
            {key: value for key, value in run.items() if key not in ("open_false", "silenced")}
            for run in runs
        ],
    }


def main() -> None:
    """Measure and print, without writing anything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verdicts", type=int, default=VERDICTS)
    parser.add_argument("--seeds", type=int, default=None)
    parser.add_argument("--home", type=Path, default=None, help="a demo workspace to copy")
    asked = parser.parse_args()
    print(section(measure(verdicts=asked.verdicts, seeds=asked.seeds, home=asked.home)))


if __name__ == "__main__":
    main()
