"""Write measured figures into pages, between marks that name what stands there.

Run with `python -m benchmarks.quote README.md ...` after a measurement; a test fails where a page
is not what this writes. A mark is a comment, `<!-- figures: WHAT -->...<!-- end -->`, which readers
do not see; WHAT is one of

    table TASK MEASURE ...             all methods, as a table
    table TASK:METHOD,METHOD MEASURE   these methods
    value TASK METHOD MEASURE          one number in a sentence
    share TASK METHOD MEASURE          the same in percent
    count first|tied|behind|all        how many comparisons ended so
    targets                            what was asked for, as a table
    best SET PART MEASURE              the detector with the highest value, and that
    detector SET PART DETECTOR MEASURE one number of a detector; PART is all or distinct
"""

import argparse
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from benchmarks.comparison_page import method_table, target_table
from benchmarks.detectors_page import best_of, mean_of
from deepaid_core.errors import InvalidParameterError
from deepaid_core.workflow.benchmark_measures import MEASURES
from deepaid_core.workflow.benchmark_results import ComparisonResults, last_results
from deepaid_core.workflow.benchmark_standings import TaskResult

__all__ = ["quoted"]

RESULTS: Final = Path(__file__).parents[1] / "docs/benchmarks.json"
MARKED: Final = re.compile(r"(<!-- figures: (.*?) -->)(.*?)(<!-- end -->)", re.DOTALL)


def quoted(
    page: str, results: ComparisonResults, *, detectors: dict[str, Any] | None = None
) -> str:
    """The page with every marked place written anew.

    Args:
        page: Text with marks.
        results: Of the comparison of interpreters.
        detectors: Figures of the comparison of detectors; the last ones where None.

    Raises:
        InvalidParameterError: A mark asks for what was not measured.
    """

    def write(found: re.Match[str]) -> str:
        start, asked, _, end = found.groups()
        match asked.split():
            case [("best" | "detector"), key, ("all" | "distinct"), *_]:
                sets = _measured_sets() if detectors is None else detectors["sets"]
                text = _of_detectors(asked, next((s for s in sets if s["key"] == key), None))
            case _:
                text = _written(asked, results)
        return f"{start}{text}{end}"

    return MARKED.sub(write, page)


def _written(asked: str, results: ComparisonResults) -> str:
    match asked.split():
        case ["table", chosen, *keys] if keys:
            key, _, methods = chosen.partition(":")
            task = _only(_task(results, key, asked), methods.split(",") if methods else [], asked)
            return _block(method_table(task, tuple(MEASURES[_measure(k, asked)] for k in keys)))
        case ["targets"]:
            return _block(target_table(results.targets))
        case ["value", key, method, measure]:
            value = _value(results, key, method, measure, asked)
            return MEASURES[measure].text(value)
        case ["share", key, method, measure]:
            return f"{100 * _value(results, key, method, measure, asked):.0f} %"
        case ["count", verdict] if verdict in ("first", "tied", "behind", "all"):
            return str(sum(verdict in (one.verdict, "all") for one in results.standings))
        case _:
            raise InvalidParameterError(
                f"The mark 'figures: {asked}' asks for nothing known; see benchmarks/quote.py."
            )


def _measured_sets() -> list[dict[str, Any]]:
    sets: list[dict[str, Any]] = json.loads(RESULTS.read_text())["detectors"]["figures"]["sets"]
    return sets


def _of_detectors(asked: str, one: dict[str, Any] | None) -> str:
    try:
        match asked.split():
            case ["best", _, part, measure] if one is not None:
                name, value = best_of(one, measure, part)
                return f"`{name}` ({value:.3f})"
            case ["detector", _, part, name, measure] if one is not None:
                return f"{mean_of(one, name, measure, part):.3f}"
    except KeyError:
        pass
    raise InvalidParameterError(f"'figures: {asked}': that was not measured.")


def _block(lines: list[str]) -> str:
    return "\n\n" + "\n".join(lines) + "\n\n"


def _task(results: ComparisonResults, key: str, asked: str) -> TaskResult:
    task = results.task(key)
    if task is None:
        raise InvalidParameterError(f"'figures: {asked}': there are no figures of '{key}'.")
    return task


def _only(task: TaskResult, methods: list[str], asked: str) -> TaskResult:
    if not methods:
        return task
    rows = [task.row(name) for name in methods]
    if None in rows:
        raise InvalidParameterError(f"'figures: {asked}': one of the methods was not measured.")
    return replace(task, methods=tuple(row for row in rows if row is not None), subset=None)


def _measure(key: str, asked: str) -> str:
    if key not in MEASURES:
        raise InvalidParameterError(f"'figures: {asked}': there is no measure '{key}'.")
    return key


def _value(results: ComparisonResults, key: str, method: str, measure: str, asked: str) -> float:
    row = _task(results, key, asked).row(method)
    value = None if row is None else row.measures.get(_measure(measure, asked))
    if value is None:
        raise InvalidParameterError(f"'figures: {asked}': that was not measured.")
    return value


def main() -> None:
    """Write the figures into the pages that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="+", type=Path)
    results = last_results(RESULTS)
    if results is None:
        parser.error("nothing was compared yet; run `deepaid bench --only comparison` first")
    for page in parser.parse_args().pages:
        page.write_text(quoted(page.read_text(encoding="utf-8"), results), encoding="utf-8")


if __name__ == "__main__":
    main()
