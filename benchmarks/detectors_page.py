"""The part of the page of figures that compares detectors of feature vectors."""

from statistics import fmean, stdev
from typing import Any, Final

from benchmarks.detector_targets import ANSWERS, Row, rows_of
from deepaid_core.workflow.benchmark_measures import MEASURES

__all__ = ["best_of", "mean_of", "quality_table", "section"]

INTRODUCTION: Final = """## Detectors compared

Every detector with its default hyperparameters, trained on normal events only. The label-free
threshold is the quantile that the product takes for such files, of the last 20 % of the training
events, which the detector did not learn from; the threshold with the best accuracy has seen the
labels of the test. Values are means over the draws with their standard deviation. *Distinct*: each
different event counts once, since repeats decide much. `seq2seq` reads a row as a window of one
step. Higher is better; the best value of each column is bold, for all events and for the distinct
ones apart.
"""

COLUMNS: Final = {
    "roc_auc": "ROC AUC",
    "average_precision": "Average precision",
    "f1": "F1",
    "f2": "F2",
    "precision": "Precision",
    "recall": "Recall",
    "best_f1": "F1, best accuracy",
    "best_f2": "F2, best accuracy",
    "best_precision": "Precision, best accuracy",
    "best_recall": "Recall, best accuracy",
}
PARTS: Final = {"all": "all", "distinct": "distinct"}
TITLES: Final = {"roc_auc": "ROC AUC", "best_f1": "F1 at the best accuracy"}


def section(figures: dict[str, Any]) -> str:
    """The part of the page that `bench_detectors` measured."""
    lines = [INTRODUCTION]
    lines += [f"{figures['note']}\n"] if "note" in figures else []
    lines += [f"`{key}` was skipped: {why}\n" for key, why in figures["skipped"].items()]
    rows = rows_of(figures)
    for one in figures["sets"]:
        lines += _set(one)
        if one["key"] == "kdd99":
            lines += _published([row for row in rows if row.measure in TITLES])
    if figures["answers"]:
        lines += _answers(figures, [row for row in rows if row.measure in ANSWERS])
    return "\n".join(lines)


def best_of(one: dict[str, Any], measure: str = "roc_auc", part: str = "all") -> tuple[str, float]:
    """The detector with the highest mean of a measure on a set, and that mean.

    Means over fewer draws than others have are no match for these.
    """
    draws = max(len(row["seeds"]) for row in one["rows"])
    rows = [row for row in one["rows"] if len(row["seeds"]) == draws]
    means = {row["detector"]: _mean(row, part, measure) for row in rows}
    return max(means.items(), key=lambda item: item[1])


def mean_of(one: dict[str, Any], name: str, measure: str, part: str = "all") -> float:
    """A mean over the draws of a set.

    Raises:
        KeyError: The detector or the measure is not there.
    """
    rows = {row["detector"]: row for row in one["rows"]}
    return _mean(rows[name], part, measure)


def quality_table(one: dict[str, Any]) -> list[str]:
    """How well each detector tells attacks from normal events."""
    best = {
        (part, key): f"{max(_mean(row, part, key) for row in one['rows']):.3f}"
        for part in PARTS
        for key in COLUMNS
    }
    # Where a category is one attack, how many of them are found at the label-free threshold.
    events = "events" in one["rows"][0]["seeds"][0]
    titles = ["Detector", "Events", *COLUMNS.values(), *(["Attacks found"] if events else [])]
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    for row in one["rows"]:
        few = f" ({len(row['seeds'])} draw)" if len(row["seeds"]) < one["draws"] else ""
        for part, title in PARTS.items():
            cells = [_cell(row, part, key, best[part, key]) for key in COLUMNS]
            if events:
                found = row["seeds"][0]["events"]
                cells.append(f"{found['found']} of {found['of']}")
            lines.append(f"| `{row['detector']}`{few} | {title} | {' | '.join(cells)} |")
    return lines


def _set(one: dict[str, Any]) -> list[str]:
    name, value = best_of(one)
    distinct, distinct_value = best_of(one, part="distinct")
    lines = [
        f"### {one['title']}\n",
        f"{one['how']} {_scaled(one['scaling'])}; the threshold is the "
        f"{one['quantile']:g} quantile. {one['normal']:,} normal events to learn from; "
        f"{one['test']:,} to test, {one['attacks']:,} of them attacks; {one['distinct']:,} of them "
        f"distinct, {one['distinct_attacks']:,} of these attacks. Draws: {one['draws']}.\n",
        *quality_table(one),
        "",
        f"Highest ROC AUC: `{name}` {value:.3f}, on distinct events `{distinct}` "
        f"{distinct_value:.3f}.\n",
    ]
    return [*lines, *_recalls(one), *_costs(one)]


def _scaled(scaling: str) -> str:
    if not scaling:
        return "Each detector scales columns in its own way"
    return f"Columns are scaled by their {scaling} by all detectors that have the choice"


def _recalls(one: dict[str, Any]) -> list[str]:
    """Share of each category that is flagged at the label-free threshold."""
    names = list(one["rows"][0]["seeds"][0]["recall_of"])
    if len(names) < 2:
        return []
    head = ["False alarms", *names]
    lines = [
        "Share of each kind of attack that is flagged at the label-free threshold:\n",
        f"| Detector | {' | '.join(head)} |",
        "|---" * (len(head) + 1) + "|",
    ]
    for row in one["rows"]:
        alarms = f"{_mean(row, 'all', 'false_positive_rate'):.1%}"
        cells = [alarms, *(f"{_over(row, lambda d, n=n: d['recall_of'][n]):.1%}" for n in names)]
        lines.append(f"| `{row['detector']}` | {' | '.join(cells)} |")
    return [*lines, ""]


def _costs(one: dict[str, Any]) -> list[str]:
    """Time and size, and both as multiples of the autoencoder of the same run."""
    lines = [
        "CPU seconds of one thread, the choice of the threshold included; size of the file with "
        "what was learned. In brackets: as a multiple of the autoencoder in the same run.\n",
        "| Detector | Training, s | Events scored per s | File, KiB |",
        "|---|---|---|---|",
    ]
    own = next((row for row in one["rows"] if row["detector"] == "autoencoder"), None)
    for row in one["rows"]:
        cells = []
        for number, of, form in (
            (_train_s(row), own and _train_s(own), ",.1f"),
            (_per_s(row), own and _per_s(own), ",.0f"),
            (row["bytes"] / 1024, own and own["bytes"] / 1024, ",.0f"),
        ):
            ratio = f" ({number / of:.2g})" if of else ""
            cells.append(f"{number:{form}}{ratio}")
        lines.append(f"| `{row['detector']}` | {' | '.join(cells)} |")
    return [*lines, ""]


def _published(rows: list[Row]) -> list[str]:
    if not rows:
        return []
    lines = [
        "#### Beside the published study\n",
        '"Deep Learning for Anomaly Detection", Cloudera Fast Forward, 2020, in its own setting: '
        "all events, repeated ones too, and a threshold picked on labels.\n",
        "| Detector | Measure | Published | Ours | |",
        "|---|---|---|---|---|",
    ]
    return [*lines, *(_asked(row, TITLES[row.measure]) for row in rows), ""]


def _answers(figures: dict[str, Any], rows: list[Row]) -> list[str]:
    keys = [key for key in MEASURES if key in figures["answers"][0]]
    lines = [
        "### Each detector interpreted\n",
        f"The default search on up to 300 distinct attacks of `{figures['interpreted']}` over the "
        "threshold of each detector, first draw. *Verified* is what scoring the shown reference "
        "again says. Detectors flag different attacks, so columns are no contest between them.\n",
        f"| Detector | Anomalies | {' | '.join(MEASURES[key].title for key in keys)} |",
        "|---" * (len(keys) + 2) + "|",
    ]
    for one in figures["answers"]:
        cells = " | ".join(MEASURES[key].text(one[key]) for key in keys)
        lines.append(f"| `{one['detector']}` | {one['anomalies']} | {cells} |")
    lines += ["", "Anomalies by fields needed (0: none found):\n"]
    for one in figures["answers"]:
        counted = sorted(one["needed"].items(), key=lambda item: int(item[0]))
        lines.append(f"- `{one['detector']}`: {', '.join(f'{k}: {n}' for k, n in counted)}")
    lines += ["", *_beams(figures["answers"])]
    short = [row for row in rows if not row.met]
    lines.append(
        f"Of {len(rows)} numbers that are asked of the search (those that the comparison of "
        f"interpreters asks for), {len(rows) - len(short)} are reached.\n"
    )
    if short:
        lines += ["| Detector | Measure | Asked | Measured | |", "|---|---|---|---|---|"]
        lines += [_asked(row, MEASURES[row.measure].title) for row in short]
        lines.append("")
    return lines


def _beams(answers: list[dict[str, Any]]) -> list[str]:
    """How near the search is to a beam that tries hundreds of times as much."""
    depths = [key.removeprefix("beam_") for key in answers[0]["beam"] if key.startswith("beam_")]
    lines = [
        "The same search beside a beam of 16 in which every move is scored (`benchmarks.ceiling`), "
        "on some of these anomalies: shares solved by the search, then by the beam.\n",
        f"| Detector | Anomalies | {' | '.join(f'within {one}' for one in depths)} "
        "| The beam needs fewer fields |",
        "|---" * (len(depths) + 3) + "|",
    ]
    for answer in answers:
        beam = answer["beam"]
        cells = [f"{beam[f'search_{one}']:.3f} / {beam[f'beam_{one}']:.3f}" for one in depths]
        lines.append(
            f"| `{answer['detector']}` | {beam['anomalies']} | {' | '.join(cells)} "
            f"| {beam['fewer']} |"
        )
    return [*lines, ""]


def _asked(row: Row, title: str) -> str:
    said = "reached" if row.met else f"**behind**. {row.reason}".strip()
    return f"| `{row.detector}` | {title} | {row.asked:.3f} | {row.measured:.3f} | {said} |"


def _cell(row: dict[str, Any], part: str, key: str, best: str) -> str:
    values = [draw[part][key] for draw in row["seeds"]]
    mean = f"{fmean(values):.3f}"
    shown = f"**{mean}**" if mean == best else mean
    return f"{shown} ± {stdev(values):.3f}" if len(values) > 1 else shown


def _mean(row: dict[str, Any], part: str, key: str) -> float:
    return fmean(draw[part][key] for draw in row["seeds"])


def _over(row: dict[str, Any], value: Any) -> float:
    return fmean(value(draw) for draw in row["seeds"])


def _train_s(row: dict[str, Any]) -> float:
    return fmean(draw["train_s"] for draw in row["seeds"])


def _per_s(row: dict[str, Any]) -> float:
    return fmean(draw["per_s"] for draw in row["seeds"])
