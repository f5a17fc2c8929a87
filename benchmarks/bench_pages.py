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
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.workflow.demo import prepare_demo
from deepaid_core.workspace import Workspace

__all__ = ["Waiting", "chromium", "free_port", "idle", "measure", "until_healthy"]

ROOT = Path(__file__).parents[1]
REPEATS = 7


@dataclass(frozen=True)
class Waiting:
    """Medians in seconds; `slowest_s` is the slowest of all switches and clicks taken.

    `start_s` runs from the command on an empty workspace to a finding with its charts on the
    screen, `cold_page_s` from the first request to a new server to its overview in a browser that
    was here before, `empty_browser_s` the same in one that has no script of the page yet.
    A click is answered when the heading or the line it asked for stands; `finding_whole_s` and
    `next_whole_s` run on until every chart is drawn and the page rests.
    """

    start_s: float
    cold_page_s: float
    empty_browser_s: float
    to_queue_s: float
    open_finding_s: float
    finding_whole_s: float
    next_finding_s: float
    next_whole_s: float
    preview_s: float
    tab_s: float
    filter_s: float
    to_patterns_s: float
    save_verdict_s: float
    slowest_s: float


def chromium() -> str | None:
    """A browser on this machine, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def free_port() -> int:
    """A port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def dashboard(home: Path, *command: str, port: int | None = None) -> Iterator[str]:
    """A dashboard of its own; gives its address at once, before it answers."""
    port = port or free_port()
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
        workspace = Workspace.open(home)
        prepare_demo(workspace)  # the rest of it, if the server went before it was through
        workspace.close()
        port = free_port()
        with dashboard(home, "dashboard", "--no-open", port=port) as url:
            empty_browser_s = _first_page(page, url)
        # The same address again: a new server, and a browser that knows its scripts.
        with dashboard(home, "dashboard", "--no-open", port=port) as url:
            cold_page_s = _first_page(page, url)
            return Waiting(
                start_s=start_s,
                cold_page_s=cold_page_s,
                empty_browser_s=empty_browser_s,
                **_clicks(page, url, home),
            )


def _first_page(page: Any, url: str) -> float:
    until_healthy(url)
    started = time.perf_counter()
    page.goto(url)
    page.get_by_role("button", name="Start triage").wait_for()
    return time.perf_counter() - started


def _clicks(page: Any, url: str, home: Path) -> dict[str, float]:
    workspace = Workspace.open(home)
    ids = [row.id for row in workspace.store.page(FindingQuery(), limit=REPEATS + 1)]
    workspace.close()
    taken: dict[str, list[float]] = {}

    def timed(
        name: str,
        act: Callable[[], object],
        answered: Callable[[], object],
        whole: str | None = None,
    ) -> None:
        idle(page)
        started = time.perf_counter()
        act()
        answered()
        taken.setdefault(name, []).append(time.perf_counter() - started)
        if whole:
            _finding(page)
            taken.setdefault(whole, []).append(time.perf_counter() - started)

    def link(name: str) -> Callable[[], object]:
        menu = page.get_by_test_id("stSidebar")
        return lambda: menu.get_by_role("link", name=name).first.click()

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
        grid()
        page.wait_for_timeout(800)  # a click before the canvas listens is lost
        timed(
            "preview",
            # The first row is previewed already.
            lambda at=repeat + 1: page.mouse.click(*_cell(page, at)),
            lambda at=repeat + 1: (
                page.locator(".st-key-side").get_by_text(ids[at]).first.wait_for()
            ),
        )
        timed("to_patterns", link("Patterns"), grid)
        page.goto(url)
        timed(
            "open_finding",
            lambda: page.get_by_role("button", name="Start triage").click(),
            lambda: page.get_by_role("heading", name=re.compile("^F-")).wait_for(),
            "finding_whole",
        )
        before = page.get_by_role("heading", name=re.compile("^F-")).inner_text()
        timed(
            "next_finding",
            lambda: page.get_by_role("button", name=re.compile("^Next")).click(),
            lambda was=before: page.get_by_role(
                "heading", name=re.compile(f"^F-(?!{was[2:12]})")
            ).wait_for(),
            "next_whole",
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
            lambda: page.get_by_text("teaches the Distiller nothing").first.wait_for(),
        )
    medians = {f"{name}_s": statistics.median(times) for name, times in taken.items()}
    return {
        **medians,
        "slowest_s": max(max(t) for name, t in taken.items() if not name.endswith("_whole")),
    }


def _cell(page: Any, row: int) -> tuple[float, float]:
    """A point in the entity column of a row of the queue."""
    box = page.locator("[data-testid=stDataFrame]").first.bounding_box()
    return box["x"] + 260, box["y"] + 35 + 35 * row + 17


def idle(page: Any) -> None:
    """Wait until the script behind a page rests."""
    page.wait_for_function(
        """() => {
          const app = document.querySelector('[data-testid=stApp]');
          return app && app.dataset.testScriptState === 'notRunning'
            && app.dataset.testConnectionState === 'CONNECTED';
        }"""
    )


def _finding(page: Any) -> None:
    """Wait until a finding stands whole and the page rests."""
    page.locator("[data-testid=stPlotlyChart] .main-svg, .net[data-ready='1']").first.wait_for()
    idle(page)


def until_healthy(url: str) -> None:
    """Wait until a server answers."""
    while True:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                return
        except OSError:
            time.sleep(0.02)


def _until_up(page: Any, url: str) -> None:
    until_healthy(url)
    page.goto(url)
    page.get_by_role("button", name="Start triage").wait_for()


if __name__ == "__main__":
    print(json.dumps(asdict(measure()), indent=1))
