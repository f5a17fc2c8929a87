"""The part of the page of figures that compares interpreters."""

from collections import Counter
from typing import Any

from deepaid_core.workflow.benchmark_measures import MEASURES, Measure
from deepaid_core.workflow.benchmark_results import ComparisonResults, Target
from deepaid_core.workflow.benchmark_standings import MethodResult, Standing, TaskResult

__all__ = ["figures_only", "method_table", "section", "target_table"]

INTRODUCTION = """## Interpreters compared

Every method on the same anomalies of the same detector, in one run. Feature vectors (NSL-KDD,
KDD'99, planted): an autoencoder trained on normal rows, scored by root mean square error, threshold
at the 0.99 quantile of its training scores, rows scaled to 0..1 by the normal rows and clipped, 300
different anomalies. Planted rows are 8 Gaussian factors mixed into 100 columns, of which ten of
each anomaly were moved by 4 to 6 standard deviations. *Columns*: one-hot columns move alone, as
most published code does it; *fields*: a one-hot group moves as one. The best value of each column
is bold; methods with a number in brackets were measured on that many anomalies.
"""

VERDICTS = """Ours is **behind** where another method is ahead on the anomalies that both
interpreted and the 95 % interval of the difference (paired bootstrap) lies above zero, **first**
where those of all other methods lie below zero, else **tied**, as where the difference is too small
to be seen in the printed values. Measures without an interval (times,
hit rates) are tied within 10 % for times and within one anomaly otherwise. The other method shown
is the strongest one, and both values are those on the anomalies that both have one of.
"""


def section(figures: dict[str, Any]) -> str:
    """The part of the page about all methods on all tasks."""
    results = figures_only(figures)
    return "\n".join(
        [
            INTRODUCTION,
            *(f"- {what}: {how}." for what, how in results.settings.items()),
            "",
            *_meanings(results),
            *(line for task in results.tasks for line in _task(task)),
            *_skipped(results),
            "### Asked for\n",
            *target_table(results.targets),
            "",
            "### Who is first\n",
            VERDICTS,
            *_standings(results),
        ]
    )


def figures_only(figures: dict[str, Any]) -> ComparisonResults:
    """The figures as values, without when and where they were measured."""
    nowhere = {"measured": "", "commit": "", "machine": {}, "load_before": 0.0}
    return ComparisonResults.of({**nowhere, "figures": figures})


def method_table(task: TaskResult, measures: tuple[Measure, ...]) -> list[str]:
    """All methods of a task as rows, the best value of each column bold."""
    best = {one.key: one.text(task.best(one.key)) for one in measures}
    lines = [
        f"| Method | {' | '.join(one.title for one in measures)} |",
        "|---" * (len(measures) + 1) + "|",
    ]
    for row in task.methods:
        cells = [one.text(row.measures.get(one.key)) for one in measures]
        bold = [
            f"**{text}**" if text == best[one.key] and text != "-" else text
            for one, text in zip(measures, cells, strict=True)
        ]
        lines.append(f"| {_named(task, row)} | {' | '.join(bold)} |")
    if task.subset is not None:
        cells = [one.text(task.subset.measures.get(one.key)) for one in measures]
        lines.append(f"| `{task.ours}` on those {task.subset.n} | {' | '.join(cells)} |")
    return lines


def target_table(targets: tuple[Target, ...]) -> list[str]:
    """What was asked for, what was measured, and what was found where it is not met."""
    lines = ["| Task | Measure | Asked | Measured | Met |", "|---|---|---|---|---|"]
    for one in targets:
        measure = MEASURES[one.measure]
        met = "not measured" if one.met is None else "yes" if one.met else f"no. {one.reason}"
        lines.append(
            f"| {one.task} | {measure.title} | {one.asked} | {measure.text(one.measured)} "
            f"| {met.strip()} |"
        )
    return lines


def _meanings(results: ComparisonResults) -> list[str]:
    used = {one.key for task in results.tasks for one in task.measures}
    return [
        "| Measure | Meaning | Better |",
        "|---|---|---|",
        *(
            f"| {one.title} | {one.meaning} | {'higher' if one.higher else 'lower'} |"
            for key, one in MEASURES.items()
            if key in used
        ),
        "",
    ]


def _task(task: TaskResult) -> list[str]:
    lines = [f"### {task.title} (`{task.key}`)\n"]
    lines.append(f"{task.anomalies} anomalies; ours is `{task.ours}`.\n")
    lines += method_table(task, task.measures)
    lines.append("")
    notes: dict[str, list[str]] = {}
    for row in task.methods:
        for note in row.notes:
            notes.setdefault(note, []).append(f"`{row.method}`")
    lines += [f"- {', '.join(names)}: {note}" for note, names in notes.items()]
    lines += [f"- `{name}` was left out: {why}" for name, why in task.left_out.items()]
    lines += _ratio(task)
    return [*lines, ""]


def _ratio(task: TaskResult) -> list[str]:
    """Processor time of each method as a multiple of ours."""
    key = "cpu_s_per_1000"
    mine = task.row(task.ours)
    ours = None if mine is None else mine.measures.get(key)
    if not ours:
        return []
    times = [
        f"`{row.method}` {spent / ours:.2g}"
        for row in task.methods
        if row.method != task.ours and (spent := row.measures.get(key)) is not None
    ]
    return [f"- CPU time as a multiple of `{task.ours}`: {', '.join(times)}."] if times else []


def _named(task: TaskResult, row: MethodResult) -> str:
    few = f" ({row.n})" if row.n < task.anomalies else ""
    return f"`{row.method}`{few}"


def _skipped(results: ComparisonResults) -> list[str]:
    return [f"`{task}` was skipped. {why}\n" for task, why in results.skipped.items()]


def _standings(results: ComparisonResults) -> list[str]:
    count = Counter(one.verdict for one in results.standings)
    lines = [
        f"Of {len(results.standings)} comparisons ours is first in {count['first']}, tied in "
        f"{count['tied']}, behind in {count['behind']}.\n",
        "| Task | Measure | Ours | Strongest other | Ahead of ours | Verdict |",
        "|---|---|---|---|---|---|",
    ]
    return [*lines, *(_standing(one) for one in results.standings), ""]


def _standing(one: Standing) -> str:
    measure = MEASURES[one.measure]
    verdict = f"**behind**. {one.reason}".strip() if one.verdict == "behind" else one.verdict
    return (
        f"| {one.task} | {measure.title} | {measure.text(one.value)} "
        f"| `{one.other}` {measure.text(one.other_value)} | {_ahead(one)} | {verdict} |"
    )


def _ahead(one: Standing) -> str:
    gap = one.difference
    if gap is None:
        return "-"
    digits = 0 if MEASURES[one.measure].kind == "percentile" else 3
    return f"{gap.mean:+.{digits}f} [{gap.low:+.{digits}f}, {gap.high:+.{digits}f}], n = {gap.n}"
