"""The desk with 100,000 findings: pages, clicks, memory of the server, and long reports.

Run with `python -m benchmarks.bench_desk [FINDINGS]`; the pages need Playwright and a Chromium.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.bench_pages import chromium, free_port, idle, until_healthy
from benchmarks.desk_store import ANALYSTS, fill
from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.workflow import triage
from deepaid_core.workflow.reporting import FORMATS, Format, ReportRequest, make
from deepaid_core.workspace import Workspace

__all__ = ["STEPS", "measure", "memory_mb", "section"]

ROOT = Path(__file__).parents[1]
FINDINGS = 100_000
REPEATS = 7
IN_A_REPORT = 200
WAIT_MS = 120_000


def measure(findings: int = FINDINGS) -> dict[str, Any]:
    """All figures; each report is made in a process of its own, so that memory is its own."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "workspace"
        started = time.perf_counter()
        filled = fill(home, findings)
        fill_s = time.perf_counter() - started
        return {
            "store": {**asdict(filled), "fill_s": fill_s},
            "repeats": REPEATS,
            "pages": _pages(home, findings) if chromium() else None,
            "reports": {form: _report_apart(home, form) for form in FORMATS},
            "in_a_report": min(IN_A_REPORT, findings),
        }


def section(f: dict[str, Any]) -> str:
    """The part of the page about a full store."""
    store = f["store"]
    lines = [
        f"## The desk with {store['findings']:,} findings\n",
        f"The demo's findings, multiplied with times, hosts and patterns of their own: "
        f"{store['open_findings']:,} open, {store['closed']:,} closed by {store['verdicts']:,} "
        f"verdicts, {store['suppressed']:,} under {store['suppressions']:,} suppressions, "
        f"{store['patterns']:,} patterns, {store['assigned']:,} assigned, {store['cases']:,} "
        f"cases; a SQLite database of {store['database_mb']:,.0f} MB.\n",
    ]
    if f["pages"] is not None:
        lines += _pages_section(f["pages"], f["repeats"])
    lines += [
        f"\nA report of {f['in_a_report']:,} findings, each format in a process of its own that "
        "has to import everything first:\n",
        "| Format | Seconds | MB | Most memory of the process, MB |",
        "|---|---|---|---|",
        *(
            f"| {form} | {one['seconds']:.1f} | {one['mb']:.1f} | {one['peak_mb']:,.0f} |"
            for form, one in f["reports"].items()
        ),
        "",
    ]
    return "\n".join(lines)


STEPS = {
    "overview": "overview, opened by its address",
    "overview_after_verdict": "the same, first time after a verdict: everything counted anew",
    "overview_to_queue": "overview to queue",
    "queue_filter": "queue: another status",
    "queue_page": "queue: another page",
    "queue_preview": "queue: preview of a row",
    "queue_tick": "queue: first tick, with what can be done with it",
    "queue_search": "queue: search for a host",
    "open_finding": "a finding, opened by its address",
    "next_finding": "finding to the next one",
    "to_patterns": "to the patterns",
    "to_suppressions": "to the suppressions",
    "to_cases": "to the cases",
    "open_case": "a case, opened by its address",
    "to_audit": "to the audit log",
}


def _pages_section(pages: dict[str, Any], repeats: int) -> list[str]:
    memory = pages["memory_mb"]
    return [
        f"Headless Chromium at 1440x900, drawing in software; median and slowest of {repeats}. A "
        "step is answered when the heading, line or table that it asked for stands; before the "
        "next finding is asked for, the charts of this one have been drawn.\n",
        "| Step | Median, s | Slowest, s |",
        "|---|---|---|",
        *(
            f"| {what} | {pages['steps'][name]['median_s']:.2f} "
            f"| {pages['steps'][name]['slowest_s']:.2f} |"
            for name, what in STEPS.items()
        ),
        f"\nMemory of the server: {memory['started']:,.0f} MB once started, "
        f"{memory['first_page']:,.0f} MB after the first overview, {memory['end']:,.0f} MB in the "
        f"end, {memory['peak']:,.0f} MB at most.",
    ]


def _pages(home: Path, findings: int) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tools, _server(home) as (url, process_id):
        started_mb = memory_mb(process_id)["VmRSS"]
        browser = tools.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(url)
        page.get_by_role("button", name="Start triage").wait_for()
        idle(page)
        first_mb = memory_mb(process_id)["VmRSS"]
        walk = _Walk(page, url, home)
        for repeat in range(REPEATS):
            walk.once(repeat, findings)
        in_the_end = memory_mb(process_id)
        browser.close()
    return {
        "steps": {
            name: {"median_s": statistics.median(times), "slowest_s": max(times)}
            for name, times in walk.taken.items()
        },
        "memory_mb": {
            "started": started_mb,
            "first_page": first_mb,
            "end": in_the_end["VmRSS"],
            "peak": in_the_end["VmHWM"],
        },
    }


class _Walk:
    """The steps of a shift, each timed from the click to its answer."""

    def __init__(self, page: Any, url: str, home: Path) -> None:
        self.page, self.url, self.home = page, url, home
        self.taken: dict[str, list[float]] = {}
        workspace = Workspace.open(home)
        store = workspace.store
        rows = store.page(FindingQuery(status=None), limit=REPEATS + 12)
        self.ids = [row.id for row in rows]
        self.entities = [row.entity for row in rows]
        self.waiting = store.ids(FindingQuery(status=Status.OPEN))[:REPEATS]
        workspace.close()

    def once(self, repeat: int, findings: int) -> None:
        """Every step once; `repeat` picks other findings each time."""
        page = self.page
        self._timed("overview", lambda: page.goto(self.url), self._button("Start triage"))
        self._timed("overview_to_queue", self._link("Queue"), self._grid)
        self._timed(
            "queue_filter", self._click_text("all"), self._line(f"of {findings:,} findings")
        )
        second = page.get_by_role("button", name="Page 2", exact=True)
        self._timed("queue_page", second.click, self._line(r"^\D*(?!1 to)\d+ to "))
        self._queue(repeat)
        self._timed(
            "open_finding",
            lambda: page.goto(f"{self.url}/finding?id={self.ids[repeat]}&view=status%3Dall"),
            lambda: page.get_by_role("heading", name=self.ids[repeat]).wait_for(),
        )
        # Nobody goes on before the charts stand; what is measured is the next page, not this one.
        page.locator("[data-testid=stPlotlyChart] .main-svg, .net[data-ready='1']").first.wait_for()
        page.wait_for_timeout(800)
        self._timed(
            "next_finding",
            lambda: page.get_by_role("button", name=re.compile("^Next")).first.click(),
            lambda: page.get_by_role(
                "heading", name=re.compile(f"^F-(?!{self.ids[repeat][2:]})")
            ).wait_for(),
        )
        for name, menu in (
            ("to_patterns", "Patterns"),
            ("to_suppressions", "Suppressions"),
            ("to_cases", "Cases"),
        ):
            self._timed(name, self._link(menu), self._under(menu))
        case = f"C-{repeat + 1}"
        self._timed(
            "open_case",
            lambda: page.goto(f"{self.url}/cases?case={case}"),
            lambda: page.get_by_text(re.compile(rf"^{case}\b")).first.wait_for(),
        )
        self._timed("to_audit", self._link("Audit log"), self._under("Audit log"))
        self._verdict(repeat)

    def _queue(self, repeat: int) -> None:
        page = self.page
        page.goto(f"{self.url}/queue?status=all")
        self._settle()
        row = repeat + 1  # the first is previewed already
        side = page.locator(".st-key-side")
        self._timed(
            "queue_preview",
            lambda: page.mouse.click(*self._cell(row, 260)),
            lambda: side.get_by_text(self.ids[row]).first.wait_for(),
        )
        self._settle()
        self._timed(
            "queue_tick",
            lambda: page.mouse.click(*self._cell(row, 15)),
            lambda: page.get_by_text("1 finding ticked").first.wait_for(),
        )
        self._settle()
        search = page.get_by_placeholder(re.compile("^Search"))
        search.fill(self.entities[repeat])
        self._timed(
            "queue_search",
            lambda: search.press("Enter"),
            lambda: page.get_by_text(re.compile(rf"of (?!{len(self.ids):,}\b)[\d,]+ finding"))
            .first.wait_for(),
        )  # fmt: skip

    def _verdict(self, repeat: int) -> None:
        # By the core, as a colleague's would come: what counts is what the page does next.
        workspace = Workspace.open(self.home)
        triage.give_verdict(
            workspace,
            finding_ids=(self.waiting[repeat],),
            label=VerdictLabel.UNDETERMINED,
            category="",
            reason="Not enough to tell.",
            author=ANALYSTS[1],
        )
        workspace.close()
        self._timed(
            "overview_after_verdict",
            lambda: self.page.goto(self.url),
            self._button("Open the pattern"),
        )

    def _timed(self, name: str, act: Callable[[], object], answered: Callable[[], object]) -> None:
        if self.page.url.startswith(self.url):
            idle(self.page)
        started = time.perf_counter()
        act()
        answered()
        self.taken.setdefault(name, []).append(time.perf_counter() - started)

    def _settle(self) -> None:
        self._grid()
        idle(self.page)
        self.page.wait_for_timeout(800)  # a click before the canvas listens is lost

    def _grid(self) -> None:
        self.page.locator("[data-testid=stDataFrame] canvas").first.wait_for()

    def _link(self, name: str) -> Callable[[], object]:
        menu = self.page.locator("[data-testid=stSidebar]")
        return lambda: menu.get_by_role("link", name=name).first.click()

    def _under(self, heading: str) -> Callable[[], object]:
        def wait() -> None:
            self.page.get_by_role("heading", name=heading).first.wait_for()
            self._grid()

        return wait

    def _button(self, name: str) -> Callable[[], object]:
        return lambda: self.page.get_by_role("button", name=name).first.wait_for()

    def _click_text(self, text: str) -> Callable[[], object]:
        return lambda: self.page.get_by_text(text, exact=True).first.click()

    def _line(self, pattern: str) -> Callable[[], object]:
        return lambda: self.page.get_by_text(re.compile(pattern)).first.wait_for()

    def _cell(self, row: int, x: int) -> tuple[float, float]:
        box = self.page.locator("[data-testid=stDataFrame]").first.bounding_box()
        return box["x"] + x, box["y"] + 35 + 35 * row + 17


@contextmanager
def _server(home: Path) -> Iterator[tuple[str, int]]:
    """A dashboard that is one process, so that its memory can be told; its address and number."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "deepaid_ui/server.py"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={
            **os.environ,
            "DEEPAID_HOME": str(home),
            "DEEPAID_USER": ANALYSTS[0],
            "STREAMLIT_SERVER_PORT": str(port),
            "STREAMLIT_SERVER_HEADLESS": "true",
            "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none",
        },
    )
    try:
        until_healthy(url)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(20)


def memory_mb(process_id: int) -> dict[str, float]:
    """Memory of a process now, `VmRSS`, and at most, `VmHWM`; not a number except on Linux."""
    status = Path(f"/proc/{process_id}/status")
    found = dict.fromkeys(("VmRSS", "VmHWM"), float("nan"))
    if status.is_file():
        for line in status.read_text().splitlines():
            name, _, value = line.partition(":")
            if name in found:
                found[name] = int(value.split()[0]) / 1024
    return found


def _report_apart(home: Path, form: Format) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.bench_desk", "report", str(home), form]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _report(home: Path, form: Format) -> dict[str, Any]:
    workspace = Workspace.open(home)
    rows = workspace.store.page(FindingQuery(), limit=IN_A_REPORT)
    request = ReportRequest(
        finding_ids=tuple(row.id for row in rows), format=form, author=ANALYSTS[0]
    )
    started = time.perf_counter()
    report = make(workspace, request)
    seconds = time.perf_counter() - started
    workspace.close()
    # What `getrusage` tells would begin with the peak of the process that started this one.
    peak = memory_mb(os.getpid())["VmHWM"]
    return {"seconds": seconds, "mb": len(report.data) / 2**20, "peak_mb": peak}


def _main(arguments: list[str]) -> dict[str, Any]:
    match arguments:
        case ["report", home, form]:
            return _report(Path(home), next(one for one in FORMATS if one == form))
        case [findings]:
            return measure(int(findings))
    return measure()


if __name__ == "__main__":
    print(json.dumps(_main(sys.argv[1:]), indent=1))
