"""How verdicts shorten the queue, as a section of the page of benchmarks."""

import statistics
from typing import Any, Final

__all__ = ["section"]

_AT: Final = (0, 10, 25, 50, 75, 100)
_ORDERS: Final = {
    "next": "next best first",
    "pattern": "patterns with the most open findings first",
    "score": "highest score first",
}
_VARIANTS: Final = {
    "suppressing": "as shipped",
    "critical": "critical findings may be suppressed",
    "taught": "no suppressions",
}


def section(f: dict[str, Any]) -> str:
    """The section; figures as `bench_triage.measure` gives them."""
    whole = [run for run in f["runs"] if run["detector"] is None and run["variant"] != "taught"]
    taught = [run for run in f["runs"] if run["variant"] == "taught"]
    alone = [run for run in f["runs"] if run["detector"] is not None]
    lines = [
        "## What verdicts do to the queue\n",
        f"A scripted analyst judges the demo's {f['findings']:,} findings: {f['attacks']:,} of "
        f"attacks, {f['false_positives']:,} false positives, {f['benign_positives']:,} of an "
        "authorized scan. It knows what a finding is only after looking at it: the one shown, five "
        "random ones of its pattern, the examples that the preview of a suppression shows. One "
        "decision is one verdict, whatever it closes. After each it tries to suppress the bursts "
        "of its false positives, through the product's preview and guards, and does not where an "
        "example shows anything else. All rules stand in `benchmarks/triage_analyst.py`; they and "
        "the constants of `next best first` were chosen with these findings in view, so expect "
        "less on others. Open: what nobody judged and nothing suppressed; FPR is its share of all "
        "false positives. TPR: share of attack findings still shown or accepted. Silenced: attack "
        "findings, judged or not, that a suppression hid or a verdict called no attack at any "
        "time.\n",
        *_target(f),
        f"### Scoped suppression, the whole queue\n\n{_medians(whole)}\n",
        *_table(f, whole),
        "",
        "Behind the same runs, medians:\n",
        "| Order | Settings | Verdicts: attack, false, benign | Suppressions | Refused at the "
        "preview | Findings looked at | False positives accepted by mistake |",
        "|---|---|---|---|---|---|---|",
        *(_behind(run) for run in whole),
        "",
        "### Taught only\n",
        "Nothing is suppressed. Beside what was judged, what the Distiller alone would call a "
        f"false positive with a confidence of {f['confidence']:.0%} or more counts as gone, and "
        "an attack among it as silenced: what suppressing on suggestions would cost.\n",
        *_table(f, taught),
        "",
        "### Each detector alone\n",
        *_table(f, alone, named=True),
        "",
    ]
    return "\n".join(lines)


def _medians(runs: list[dict[str, Any]]) -> str:
    seeds = ", ".join(
        f"{run['seeds']} for {_ORDERS[run['order']]}, {_VARIANTS[run['variant']]}" for run in runs
    )
    return f"Medians over runs with other random examples ({seeds}), the range in brackets."


def _target(f: dict[str, Any]) -> list[str]:
    verdicts, share = f["target"]["verdicts"], f["target"]["share"]
    lines = [
        f"Asked for: {share:.0%} fewer open false positives within {verdicts} verdicts, and no "
        "attack silenced. Next best first, whole queue:\n"
    ]
    for run in f["runs"]:
        if run["order"] != "next" or run["detector"] is not None or run["variant"] == "taught":
            continue
        if verdicts >= len(run["open_false"]):
            continue
        total = f["false_positives"]
        left = run["open_false"][verdicts]
        worst, best = run["open_false_high"][verdicts], run["open_false_low"][verdicts]
        ever = sum(one["silenced_ever"] for one in run["each"])
        met = 1 - left / total >= share and not ever
        lines.append(
            f"- {_VARIANTS[run['variant']]}: {1 - left / total:.1%} fewer (from {total} to "
            f"{left:g}; runs {1 - worst / total:.1%} to {1 - best / total:.1%}), {ever} silenced "
            f"in {run['seeds']} runs: {'met' if met else 'not met'}."
        )
    return [*lines, ""]


def _table(f: dict[str, Any], runs: list[dict[str, Any]], *, named: bool = False) -> list[str]:
    at = [number for number in _AT if number <= f["verdicts"]]
    first = "| Detector | Order |" if named else "| Order | Settings |"
    lines = [
        f"{first} {' | '.join(f'open after {number}' for number in at)} "
        f"| FPR at the end | TPR, lowest | Silenced |",
        "|---" * (len(at) + 5) + "|",
    ]
    for run in runs:
        cells = [_cell(run, min(number, len(run["open_false"]) - 1)) for number in at]
        attacks, total = run["attacks"], run["open_false"][0]
        order = _ORDERS[run["order"]]
        names = (f"`{run['detector']}`", order) if named else (order, _VARIANTS[run["variant"]])
        tpr = 1 - max(run["silenced"]) / attacks if attacks else 1.0
        ever = sum(one["silenced_ever"] for one in run["each"])
        fpr = run["open_false"][-1] / total if total else 0.0
        lines.append(f"| {' | '.join((*names, *cells))} | {fpr:.1%} | {tpr:.1%} | {ever} |")
    return lines


def _cell(run: dict[str, Any], number: int) -> str:
    low, high = run["open_false_low"][number], run["open_false_high"][number]
    middle = f"{run['open_false'][number]:g}"
    return middle if low == high else f"{middle} ({low} to {high})"


def _behind(run: dict[str, Any]) -> str:
    each = run["each"]

    def middle(key: str) -> str:
        return f"{statistics.median(one[key] for one in each):g}"

    labels = ("true positive", "false positive", "benign positive")
    given = [
        f"{statistics.median(one['verdicts_given'].get(label, 0) for one in each):g}"
        for label in labels
    ]
    numbers = [middle(key) for key in ("suppressions", "refused", "looked_at")]
    return (
        f"| {_ORDERS[run['order']]} | {_VARIANTS[run['variant']]} | {', '.join(given)} "
        f"| {' | '.join(numbers)} | {middle('accepted_by_mistake')} |"
    )
