"""The part of the page about categories learned from few examples."""

from typing import Any

__all__ = ["section"]


def section(f: dict[str, Any]) -> str:
    """The part of the page that `bench_few_shot` measured."""
    lines = [
        "## Categories from few examples\n",
        "Each category is taught with 1, 5, 10 or 25 examples, one verdict each, and the rest is "
        "asked. Micro and macro F1 are of the taught categories, and *unknown* is an error there; "
        "UACC is the share of events of categories never taught that are answered *unknown*. "
        f"Means of {f['draws']} draws with the half width of their 95 % t-interval. Attacks called "
        "false alarms: share of the attacks asked (taught or not) that are answered with a "
        "category of false alarms; an unknown would cost less.\n",
        "Random forest (30 trees) and MLP (32 hidden units) reject below a threshold fitted on the "
        "same examples: each example judged by a model that did not see it (with one example that "
        "is impossible: on itself), unknown ones by leaving categories out in turn; the largest "
        "harmonic mean of both shares counts. The readings have the same constants everywhere. "
        "*Path states* and *deviations* are the same interpretations as the reading gets: which "
        "states the path has, and the signed sizes of all deviations with their categories.\n",
    ]
    if f["skipped"]:
        lines.append(f"NSL-KDD was skipped: {f['skipped']}\n")
    for pool in f["pools"]:
        lines += _pool(pool)
    return "\n".join(lines)


def _pool(pool: dict[str, Any]) -> list[str]:
    counts = ", ".join(
        f"{count} at {at}"
        for at, count in sorted(pool["categories"].items(), key=lambda one: int(one[0]))
    )
    left_out = "each left out in turn" if pool["each_in_turn"] else "a random third left out a draw"
    lines = [
        f"### {pool['title']}\n",
        f"{pool['anomalies']:,} anomalies; categories with enough of them: {counts} examples; "
        f"{left_out}.\n",
    ]
    for standing in pool["standing"]:
        lines += _table(pool, standing)
    lines.append(_calibration(pool))
    return lines


def _table(pool: dict[str, Any], standing: dict[str, Any]) -> list[str]:
    shots = standing["shots"]
    attacks = " Attacks called false alarms |" if pool["false_alarms"] else ""
    lines = [
        f"{shots} example{'s' if shots > 1 else ''} a category:\n",
        f"| Learner | Micro F1 | Macro F1 | UACC |{attacks}",
        "|---|---|---|---|" + ("---|" if attacks else ""),
    ]
    for one in pool["learners"]:
        if one["shots"] == shots:
            keys = ["micro", "macro", "uacc", *(["attacks_as_false"] if attacks else [])]
            cells = " | ".join(_cell(one[key]) for key in keys)
            lines.append(f"| {one['name']} | {cells} |")
    ahead = standing["macro_ahead"]
    lines.append(
        f"\nAgainst the best macro F1 on the same interpretations ({standing['best_rival']}), draw "
        f"by draw: {ahead['mean']:+.3f} ± {ahead['half']:.3f}, with UACC "
        f"{standing['uacc_ahead_of_best']:+.3f}; against the highest UACC there "
        f"({standing['surest_rival']}): {standing['uacc_ahead_of_surest']:+.3f}.\n"
    )
    return lines


def _cell(figure: dict[str, float] | None) -> str:
    return "-" if figure is None else f"{figure['mean']:.3f} ± {figure['half']:.3f}"


def _calibration(pool: dict[str, Any]) -> str:
    rows = [one for one in pool["learners"] if "table" in one["calibration"]]
    said = "; ".join(
        f"{one['shots']}: error {one['calibration']['error']:.2f} ("
        + ", ".join(
            f"{cell['confidence']:.2f} said, {cell['right']:.2f} right of {cell['answers']:,}"
            for cell in one["calibration"]["table"]
        )
        + ")"
        for one in rows
    )
    return (
        "Confidence of the default reading against how often it is right, events of categories "
        f"never taught among those asked, by examples a category: {said}.\n"
    )
