"""Measure everything and write docs/benchmarks.md and docs/benchmarks.json.

Run with `make bench` or `python -m benchmarks.run [--only NAME ...]`: with --only the other
sections keep their last figures.
"""

import argparse
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import (
    bench_detection,
    bench_interpretation,
    bench_links,
    bench_packets,
    bench_pages,
    bench_sequences,
    bench_series,
)
from benchmarks.machine import describe_machine
from benchmarks.render import render

ROOT = Path(__file__).parents[1]
RESULT, PAGE = ROOT / "docs/benchmarks.json", ROOT / "docs/benchmarks.md"


def _pages() -> dict[str, Any] | None:
    if bench_pages.chromium() is None:
        print("pages: skipped, there is no Chromium")
        return None
    return asdict(bench_pages.measure())


SECTIONS: dict[str, Callable[[], Any]] = {
    "detection": lambda: asdict(bench_detection.measure()),
    "interpretation": bench_interpretation.measure,
    "sequences": bench_sequences.measure,
    "series": bench_series.measure,
    "links": lambda: asdict(bench_links.measure()),
    "packets": bench_packets.measure,
    "pages": _pages,
}


def main() -> None:
    """Measure the chosen sections, each with the load the machine had before it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    chosen = parser.parse_args().only
    results = json.loads(RESULT.read_text()) if RESULT.is_file() else {}
    for name in chosen:
        print(f"measuring {name} ...", flush=True)
        load = os.getloadavg()[0]
        measured = SECTIONS[name]()
        if measured is not None:
            results[name] = {
                "measured": datetime.now(UTC).isoformat(timespec="minutes"),
                "commit": _commit(),
                "load_before": round(load, 1),
                "machine": describe_machine(),
                "figures": measured,
            }
    RESULT.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    # As read back: the page is what the file gives, its order included.
    PAGE.write_text(render(json.loads(RESULT.read_text())))
    print(PAGE.read_text())


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    )
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
