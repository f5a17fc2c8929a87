"""Measure everything and write docs/benchmarks.md and docs/benchmarks.json.

Run with `make bench`, `deepaid bench` or `python -m benchmarks.run [--only NAME ...] [--full]`:
with --only the other sections keep their last figures. `--render` measures nothing and writes the
page anew, with the reasons of `benchmarks/accepted.py` as they stand.
"""

import argparse
import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import (
    bench_comparison,
    bench_desk,
    bench_detection,
    bench_detectors,
    bench_few_shot,
    bench_interpretation,
    bench_links,
    bench_packets,
    bench_pages,
    bench_scale,
    bench_sequences,
    bench_series,
    bench_triage,
)
from benchmarks.accepted import judged, outlived
from benchmarks.data_sets import DATA_SETS
from benchmarks.machine import describe_machine
from benchmarks.render import render
from deepaid_core.workflow.benchmark_results import last_results

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def _pages() -> dict[str, Any] | None:
    if bench_pages.chromium() is None:
        print("pages: skipped, there is no Chromium")
        return None
    return asdict(bench_pages.measure())


SECTIONS: dict[str, Callable[[bool], Any]] = {
    "detection": lambda full: asdict(bench_detection.measure()),
    "detectors": lambda full: bench_detectors.measure(),
    "interpretation": lambda full: bench_interpretation.measure(),
    "comparison": lambda full: bench_comparison.measure(full=full),
    "sequences": lambda full: bench_sequences.measure(),
    "series": lambda full: bench_series.measure(),
    "links": lambda full: asdict(bench_links.measure()),
    "packets": lambda full: bench_packets.measure(),
    "few-shot": lambda full: bench_few_shot.measure(full),
    "scale": lambda full: bench_scale.measure(),
    "triage": lambda full: bench_triage.measure(),
    "pages": lambda full: _pages(),
    "desk": lambda full: bench_desk.measure(),
}


def main() -> None:
    """Measure the chosen sections, each with the load the machine had before it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--full", action="store_true", help="draw more; only the comparison does")
    parser.add_argument(
        "--tasks", nargs="+", choices=bench_comparison.KINDS, help="of the comparison, these only"
    )
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of both files")
    parser.add_argument("--render", action="store_true", help="measure nothing, write the page")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    result = asked.out / "benchmarks.json"
    known = result if result.is_file() else DOCS / "benchmarks.json"
    results = json.loads(known.read_text()) if known.is_file() else {}
    if asked.tasks:
        _measure_again(asked.tasks, asked.full, results)
    elif not asked.render:
        _tell_what_is_missing()
        for name in asked.only:
            _measure(name, asked.full, results)
            # After each section: a run that is stopped keeps what it has.
            _write(results, asked.out)
    _write(results, asked.out)
    _tell_what_needs_a_word(asked.out / "benchmarks.json")


def _tell_what_needs_a_word(result: Path) -> None:
    """Rows of the comparison that need a reason in `benchmarks/accepted.py`, and the reverse."""
    compared = last_results(result)
    if compared is None:
        return
    for row in compared.standings:
        if row.verdict == "behind" and not row.reason:
            print(
                f"ACCEPTED lacks ({row.task!r}, {row.measure!r}): ours {row.value:g}, "
                f"{row.other} {row.other_value:g}"
            )
    for one in compared.targets:
        if one.met is False and not one.reason:
            print(f"UNMET lacks ({one.task!r}, {one.measure!r}): {one.measured:g}, {one.asked}")
    for task, measure in outlived(compared):
        print(f"no longer needed: ({task!r}, {measure!r})")


def _tell_what_is_missing() -> None:
    for one in DATA_SETS.values():
        if (absent := one.missing()) is not None:
            print(f"left out: {absent}", flush=True)


def _measure(name: str, full: bool, results: dict[str, Any]) -> None:
    print(f"measuring {name} ...", flush=True)
    load, started = os.getloadavg()[0], time.perf_counter()
    measured = SECTIONS[name](full)
    if measured is not None:
        results[name] = {
            "measured": datetime.now(UTC).isoformat(timespec="minutes"),
            "commit": _commit(),
            "load_before": round(load, 1),
            "machine": describe_machine(),
            "figures": measured,
        }
    print(f"measured {name} in {time.perf_counter() - started:.0f} s", flush=True)


def _measure_again(tasks: list[str], full: bool, results: dict[str, Any]) -> None:
    """All methods of some tasks of the comparison; the other tasks keep their figures."""
    again = {task["key"]: task for task in bench_comparison.measure(full=full, only=tasks)["tasks"]}
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    for task in again.values():
        task["methods"][0].setdefault("notes", []).append(
            f"This task was measured again, with all its methods, {when} at commit {_commit()}."
        )
    figures = results["comparison"]["figures"]
    figures["tasks"] = [again.get(task["key"], task) for task in figures["tasks"]]


def _write(results: dict[str, Any], out: Path) -> None:
    if "comparison" in results:
        figures = judged(results["comparison"]["figures"])
        results = {**results, "comparison": {**results["comparison"], "figures": figures}}
    text = json.dumps(results, indent=1, sort_keys=True) + "\n"
    (out / "benchmarks.json").write_text(text)
    # As read back: the page is what the file gives, its order included.
    (out / "benchmarks.md").write_text(render(json.loads(text)))


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    )
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
