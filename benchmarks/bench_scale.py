"""The Distiller after a million verdicts: rebuilding, learning, forgetting and suggesting.

Run with `python -m benchmarks.bench_scale`.
"""

import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from benchmarks.scale_log import Analysts
from deepaid_core.distiller.distiller import Distiller
from deepaid_core.domain.log import Entry, LogEntry, NewUndo
from deepaid_core.domain.verdict import NewVerdict
from deepaid_core.store import rows, tables
from deepaid_core.store.connect import Database, database_url
from deepaid_core.store.sql import SqlStore

__all__ = ["measure", "section"]

ROOT = Path(__file__).parents[1]
SIZES = ((10_000, 1_000), (1_000_000, 100_000))
CALLS = 1_000
SLICE = 50_000
SEED = 5
ASKED = ("known", "near", "unknown")


def measure() -> dict[str, Any]:
    """All figures; each part is measured in a process of its own, so that memory is its own."""
    sizes = [_child("memory", str(verdicts), str(patterns)) for verdicts, patterns in SIZES]
    verdicts, patterns = SIZES[-1]
    with tempfile.TemporaryDirectory() as folder:
        written = _child("write", str(verdicts), str(patterns), folder)
        stored = _child("read", folder)
    if stored["digest"] != sizes[-1]["digest"]:
        raise RuntimeError("The machine from the database is not the one from memory.")
    return {"calls": CALLS, "sizes": sizes, "stored": {**written, **stored}}


def section(f: dict[str, Any]) -> str:
    """The part of the page about long logs."""
    sizes, stored = f["sizes"], f["stored"]
    long = sizes[-1]
    head = " | ".join(f"{size['verdicts']:,} verdicts" for size in sizes)
    lines = [
        "## The Distiller after a million verdicts\n",
        f"A generated log: {long['entries']:,} entries with {long['verdicts']:,} verdicts on "
        f"{long['findings']:,} findings of {long['patterns']:,} patterns, the most judged one "
        f"{long['hottest']:,} times; one entry in fifty takes another back, one in a hundred "
        "restores one, one verdict in thirty judges a finding anew, one in twenty disagrees. Each "
        f"call is made {f['calls']:,} times; where other programs ran beside it, the slowest call "
        "waited for them, its CPU time did not.\n",
        f"| Measure | {head} |",
        "|---" * (len(sizes) + 1) + "|",
    ]
    lines += [
        f"| {what} | {' | '.join(form(size) for size in sizes)} |" for what, form in _ROWS.items()
    ]
    lines.append(
        f"\nFrom a SQLite database of {stored['database_mb']:,.0f} MB with the same log: "
        f"{stored['read_s']:.0f} s (CPU {stored['read_cpu_s']:.0f} s) to read and check "
        f"{stored['entries']:,} entries and {stored['fold_s']:.0f} s (CPU "
        f"{stored['fold_cpu_s']:.0f} s) to fold them, {stored['entries_per_s']:,.0f} entries per "
        f"second in all; the process needed {stored['peak_mb']:,.0f} MB at most. The machine had "
        "the same digest. Entries were written straight into the log's table, without findings.\n"
    )
    return "\n".join(lines)


def _ms(key: str) -> Callable[[dict[str, Any]], str]:
    def form(size: dict[str, Any]) -> str:
        one = size[key]
        return f"{one['median_ms']:.2f} / {one['slowest_ms']:.1f} / {one['slowest_cpu_ms']:.1f}"

    return form


_ROWS: dict[str, Callable[[dict[str, Any]], str]] = {
    "entries folded per second, whole log": lambda size: f"{size['entries_per_s']:,.0f}",
    "rebuilding from the log in memory, s": lambda size: f"{size['rebuild_s']:.1f}",
    "the same, CPU s": lambda size: f"{size['rebuild_cpu_s']:.1f}",
    "learning one verdict, ms: median / slowest / slowest in CPU time": _ms("learn"),
    "forgetting one": _ms("forget"),
    "suggesting for a path of a taught pattern": _ms("known"),
    "suggesting for a path one state away": _ms("near"),
    "suggesting for a path that is unknown": _ms("unknown"),
    "digest of the machine, s": lambda size: f"{size['digest_s']:.1f}",
    "memory of the Distiller beside the entries, MB": lambda size: f"{size['memory_mb']:,.0f}",
    "learned and forgotten step by step, then replayed: same digest": lambda size: (
        "yes" if size["same"] else "no"
    ),
}


def _child(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.bench_scale", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _in_memory(verdicts: int, patterns: int) -> dict[str, Any]:
    analysts = Analysts(patterns=patterns, seed=SEED)
    log = list(analysts.log(verdicts))
    gc.collect()
    before = _resident_mb()
    start, start_cpu = time.perf_counter(), time.process_time()
    rebuilt = Distiller.replay(log)
    rebuild_s, rebuild_cpu_s = time.perf_counter() - start, time.process_time() - start_cpu
    gc.collect()
    memory_mb = _resident_mb() - before
    start = time.perf_counter()
    digest = rebuilt.machine.digest()
    digest_s = time.perf_counter() - start

    taught = _Taught(rebuilt)
    learn = _timed(partial(taught.write, analysts.verdict()) for _ in range(CALLS))
    undos = (NewUndo(analysts.any_of(analysts.standing), "ana") for _ in range(CALLS))
    forget = _timed(partial(taught.write, undo) for undo in undos)
    figures: dict[str, Any] = {}
    for kind in ASKED:
        asked = [analysts.asked(kind) for _ in range(CALLS)]
        figures[kind] = _timed(partial(taught.distiller.suggest, *one) for one in asked)
        known = sum(taught.distiller.suggest(*one).known for one in asked)
        figures[kind]["known"] = known / CALLS
    again = Distiller.replay([*log, *taught.lines])
    judged = Counter(line.entry.pattern_id for line in log if isinstance(line.entry, NewVerdict))
    return {
        "verdicts": verdicts,
        "patterns": len(judged),
        "entries": len(log),
        "findings": analysts.findings,
        "hottest": max(judged.values()),
        "rebuild_s": rebuild_s,
        "rebuild_cpu_s": rebuild_cpu_s,
        "entries_per_s": len(log) / rebuild_s,
        "memory_mb": memory_mb,
        "digest": digest,
        "digest_s": digest_s,
        "learn": learn,
        "forget": forget,
        **figures,
        "same": again.machine.digest() == taught.distiller.machine.digest(),
    }


class _Taught:
    """A Distiller that is taught on, entry by entry."""

    def __init__(self, distiller: Distiller) -> None:
        self.distiller = distiller
        self.lines: list[LogEntry] = []

    def write(self, entry: Entry) -> None:
        self.lines.append(LogEntry(self.distiller.machine.number + 1, 0.0, entry))
        self.distiller = self.distiller.after(self.lines[-1:])


def _timed(calls: Iterable[Callable[[], object]]) -> dict[str, float]:
    wall, cpu = [], []
    for call in calls:
        start_cpu, start = time.thread_time(), time.perf_counter()
        call()
        wall.append((time.perf_counter() - start) * 1000)
        cpu.append((time.thread_time() - start_cpu) * 1000)
    return {
        "median_ms": statistics.median(wall),
        "slowest_ms": max(wall),
        "slowest_cpu_ms": max(cpu),
    }


def _write(verdicts: int, patterns: int, folder: Path) -> dict[str, Any]:
    path = folder / "findings.db"
    SqlStore(path).close()
    database = Database(database_url(path))
    entries = 0
    log = Analysts(patterns=patterns, seed=SEED).log(verdicts)
    while lines := tuple(islice(log, SLICE)):
        with database.writing() as connection:
            for values in _alike(lines):
                connection.execute(insert(tables.decisions), values)
        entries += len(lines)
    database.close()
    return {"database_mb": path.stat().st_size / 2**20, "entries": entries}


def _alike(lines: Iterable[LogEntry]) -> Iterator[list[dict[str, Any]]]:
    # One statement writes rows of the same columns only.
    kinds: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for line in lines:
        values = rows.entry_values(line)
        kinds.setdefault(tuple(values), []).append(values)
    yield from kinds.values()


def _read(folder: Path) -> dict[str, Any]:
    store = SqlStore(folder / "findings.db")
    last, _ = store.version()
    lines: list[LogEntry] = []
    start, start_cpu = time.perf_counter(), time.process_time()
    for after in range(0, last, SLICE):
        lines.extend(store.log(after=after, until=after + SLICE))
    read_s, read_cpu_s = time.perf_counter() - start, time.process_time() - start_cpu
    start, start_cpu = time.perf_counter(), time.process_time()
    distiller = Distiller.replay(lines)
    fold_s, fold_cpu_s = time.perf_counter() - start, time.process_time() - start_cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "read_s": read_s,
        "read_cpu_s": read_cpu_s,
        "fold_s": fold_s,
        "fold_cpu_s": fold_cpu_s,
        "entries_per_s": last / (read_s + fold_s),
        # Kilobytes on Linux, bytes on macOS.
        "peak_mb": peak / (2**20 if sys.platform == "darwin" else 2**10),
        "digest": distiller.machine.digest(),
    }


def _resident_mb() -> float:
    status = Path("/proc/self/statm")
    if not status.is_file():
        return float("nan")
    return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _main(arguments: list[str]) -> dict[str, Any]:
    match arguments:
        case ["memory", verdicts, patterns]:
            return _in_memory(int(verdicts), int(patterns))
        case ["write", verdicts, patterns, folder]:
            return _write(int(verdicts), int(patterns), Path(folder))
        case ["read", folder]:
            return _read(Path(folder))
    return measure()


if __name__ == "__main__":
    print(json.dumps(_main(sys.argv[1:]), indent=1))
