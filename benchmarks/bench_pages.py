"""How long an analyst waits: start to first interpretation, first page, switches and clicks.

Run with `python -m benchmarks.bench_pages`; needs Playwright and a Chromium.
"""

import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.workspace import Workspace

__all__ = ["Waiting", "chromium", "measure"]

ROOT = Path(__file__).parents[1]
REPEATS = 7


@dataclass(frozen=True)
class Waiting:
    """Medians in seconds; `slowest_s` is the slowest of all switches and clicks taken.

    `start_s` runs from the command on an empty workspace to a deviation chart on the screen,
    `cold_page_s` from the first request to a new server to its overview.
    """

    start_s: float
    cold_page_s: float
    to_queue_s: float
    open_finding_s: float
    next_finding_s: float
    tab_s: float
    filter_s: float
    to_patterns_s: float
    save_verdict_s: float
    slowest_s: float


def chromium() -> str | None:
    """A browser on this machine, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@contextmanager
def dashboard(home: Path, *command: str) -> Iterator[str]:
    """A dashboard of its own; gives its address at once, before it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("deepaid")), *command, "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "DEEPAID_HOME": str(home), "DEEPAID_USER": "ana"},
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def measure() -> Waiting:
    """Drive the demo workspace in a real browser."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as tools:
        home = Path(folder) / "workspace"
        browser = tools.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(60_000)
        started = time.perf_counter()
        with dashboard(home, "demo", "--no-open") as url:
            _until_up(page, url)
            page.get_by_role("button", name="Start triage").click()
            _finding(page)
            start_s = time.perf_counter() - started
        with dashboard(home, "dashboard", "--no-open") as url:
            _listening(url)
            started = time.perf_counter()
            page.goto(url)
            page.get_by_role("button", name="Start triage").wait_for()
            cold_page_s = time.perf_counter() - started
            return _clicks(page, url, home, start_s, cold_page_s)


def _clicks(page: Any, url: str, home: Path, start_s: float, cold_page_s: float) -> Waiting:
    workspace = Workspace.open(home)
    ids = [row.id for row in workspace.store.page(FindingQuery(), limit=REPEATS + 1)]
    workspace.close()
    taken: dict[str, list[float]] = {}

    def timed(name: str, act: Callable[[], object], done: Callable[[], object]) -> None:
        _idle(page)
        started = time.perf_counter()
        act()
        done()
        taken.setdefault(name, []).append(time.perf_counter() - started)

    def link(name: str) -> Callable[[], object]:
        return lambda: page.get_by_test_id("stSidebarNav").get_by_text(name, exact=True).click()

    def grid() -> None:
        page.locator("[data-testid=stDataFrame] canvas").first.wait_for()

    for repeat in range(REPEATS):
        page.goto(url)
        page.get_by_role("button", name="Start triage").wait_for()
        timed("to_queue", link("Queue"), grid)
        timed(
            "filter",
            lambda: page.get_by_text("all", exact=True).click(),
            lambda: page.get_by_text(re.compile(r"^1 to ")).first.wait_for(),
        )
        timed("to_patterns", link("Patterns"), grid)
        page.goto(url)
        timed(
            "open_finding",
            lambda: page.get_by_role("button", name="Start triage").click(),
            lambda: _finding(page),
        )
        before = page.url
        timed(
            "next_finding",
            lambda: page.get_by_role("button", name=re.compile("^Next")).click(),
            lambda was=before: (page.wait_for_url(lambda now: now != was), _finding(page)),
        )
        timed(
            "tab",
            lambda: page.get_by_role("tab", name="Evidence").click(),
            lambda: page.get_by_text("Raw events around").first.wait_for(),
        )
        page.goto(f"{url}/finding?id={ids[repeat]}")
        page.get_by_role("button", name=re.compile("^Undetermined")).click()
        page.get_by_text("The drafted reason is right").click()
        timed(
            "save_verdict",
            lambda: page.get_by_role("button", name="Save", exact=True).click(),
            lambda: page.get_by_text("The Distiller now explains").first.wait_for(),
        )
    medians = {f"{name}_s": statistics.median(times) for name, times in taken.items()}
    slowest = max(max(times) for times in taken.values())
    return Waiting(start_s=start_s, cold_page_s=cold_page_s, slowest_s=slowest, **medians)


def _idle(page: Any) -> None:
    page.wait_for_function(
        """() => {
          const app = document.querySelector('[data-testid=stApp]');
          return app && app.dataset.testScriptState === 'notRunning'
            && app.dataset.testConnectionState === 'CONNECTED';
        }"""
    )


def _finding(page: Any) -> None:
    """Wait until a finding stands whole: its deviations, their proof and the last event."""
    page.get_by_text(re.compile("closest normal")).first.wait_for()
    page.locator("[data-testid=stPlotlyChart] .main-svg").nth(2).wait_for()
    _idle(page)


def _listening(url: str) -> None:
    port = int(url.rpartition(":")[2])
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)


def _until_up(page: Any, url: str) -> None:
    _listening(url)
    page.goto(url)
    page.get_by_role("button", name="Start triage").wait_for()


if __name__ == "__main__":
    print(json.dumps(asdict(measure()), indent=1))
