"""A real server and a real browser; nothing that leaves this machine is allowed."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
START_S, STOP_S = 60.0, 10.0
PATIENCE_MS = 60_000  # a machine may be busy; only a failure waits that long
SHOWN, SHOWS_MS = 2_000, 5_000  # of the page and the server's log, with a failure
LOOPBACK = {"127.0.0.1", "localhost", "::1"}

IDLE = """() => {
  const app = document.querySelector('[data-testid=stApp]');
  return app && app.dataset.testScriptState === 'notRunning'
    && app.dataset.testConnectionState === 'CONNECTED';
}"""


def chromium_path() -> str:
    """A browser; without one the test skips, or fails where one is required."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found:
        return found
    reason = f"no browser: none of {', '.join(BROWSERS)} is on the path and CHROMIUM is not set"
    if os.environ.get("DEEPAID_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass
class Server:
    """A dashboard of its own workspace."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.home.parent / "server.log").read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        for _ in range(3):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
            with (self.home.parent / "server.log").open("wb") as log:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", "streamlit", "run", "deepaid_ui/server.py"],
                    cwd=ROOT,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={
                        **{k: v for k, v in os.environ.items() if not k.startswith("DEEPAID_")},
                        "HOME": str(self.home.parent),
                        "DEEPAID_HOME": str(self.home),
                        "STREAMLIT_SERVER_PORT": str(self.port),
                        "STREAMLIT_SERVER_HEADLESS": "true",
                        "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none",
                        **self.environment,
                    },
                )
            if self._is_up():
                return
            self.stop()
        pytest.fail(f"The server did not start:\n{self.log}")

    def _is_up(self) -> bool:
        until = time.monotonic() + START_S
        while time.monotonic() < until and self.process and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1):  # noqa: S310
                    return True
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        return False

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Walker:
    """One browser page with the few moves that the walk is made of."""

    def __init__(self, page, url: str) -> None:
        self.page, self.url = page, url

    def open(self, path: str = "/") -> None:
        self.page.goto(self.url + path)
        self.settle()

    def settle(self) -> None:
        # A click reaches the server a moment later than Playwright returns from it.
        self.page.wait_for_timeout(150)
        self.page.wait_for_function(IDLE)

    def press(self, name: "str | re.Pattern[str]", *, role: str = "button") -> None:
        self.page.get_by_role(role, name=name, exact=isinstance(name, str)).first.click()
        self.settle()

    def sees(self, text: "str | re.Pattern[str]") -> None:
        self.page.get_by_text(text).first.wait_for()

    def shows(self) -> str:
        """Address and text of the page, for people."""
        try:
            return f"{self.page.url}\n{self.page.inner_text('main', timeout=SHOWS_MS)[:SHOWN]}"
        except Exception as error:  # a browser that is gone must not hide why the test failed
            return f"no page: {error}"

    def report(self, to: Path) -> Path:
        """Have the page's dialog make a report as it proposes, and keep the file."""
        self.press("Report…")
        self.press("Prepare the file")
        dialog = self.page.get_by_role("dialog")
        ready = dialog.get_by_role("button", name=re.compile("^Download "))
        ready.wait_for()
        with self.page.expect_download() as download:
            ready.click()
        download.value.save_as(to)
        self.page.keyboard.press("Escape")
        dialog.wait_for(state="detached")
        self.settle()
        return to

    def cells(self, column: str) -> list[str]:
        """Cells of a column of the first table, as a screen reader finds them."""
        grid = self.page.locator("[data-testid=stDataFrame]").first
        # The table for screen readers is filled in after the canvas is painted.
        grid.locator("tbody tr td").first.wait_for(state="attached")
        return grid.evaluate(
            """(grid, column) => {
              const head = [...grid.querySelectorAll('th')].map(cell => cell.textContent);
              const at = head.indexOf(column);
              return [...grid.querySelectorAll('tbody tr')].map(
                row => row.querySelectorAll('td')[at]?.textContent ?? '');
            }""",
            column,
        )

    def column(self, name: str, holds: Callable[[list[str]], bool]) -> None:
        """Wait until a column of the first table is as it should be.

        The browser fills the table for screen readers some time after the script has run.
        """
        until = time.monotonic() + PATIENCE_MS / 1000
        while not holds(cells := self.cells(name)):
            if time.monotonic() > until:
                pytest.fail(f"Column {name} stays {cells}")
            self.page.wait_for_timeout(200)

    def click_cell(self, row: int, x: int, until: str) -> None:
        """Click into the first table until the address says that it was noticed.

        The table is a canvas: a click before it listens is lost.
        """
        grid = self.page.locator("[data-testid=stDataFrame]").first
        grid.locator("canvas").first.wait_for()
        # A button at the end of the page may have been pressed last.
        self.page.locator("[data-testid=stMain]").evaluate("main => main.scrollTo(0, 0)")
        for _ in range(10):
            box = grid.bounding_box()
            self.page.mouse.click(box["x"] + x, box["y"] + 35 + 35 * row + 17)
            for _ in range(20):
                self.page.wait_for_timeout(100)
                if re.search(until, self.page.url):
                    self.settle()
                    return
        pytest.fail(f"No click led to an address like {until}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Say with a failure what the page showed and what the server printed last."""
    report = yield
    if report.when == "call" and report.failed:
        for used in item.funcargs.values():
            if isinstance(used, Walker):
                report.sections.append(("page", used.shows()))
            if isinstance(used, Server):
                report.sections.append(("server", used.log[-SHOWN:]))
    return report


@pytest.fixture(scope="session")
def prepared_demo(tmp_path_factory) -> Path:
    """Home of a workspace with the whole demo, made once; copy it before anything is judged."""
    from deepaid_core.workflow.demo import prepare_demo
    from deepaid_core.workspace import Workspace

    home = tmp_path_factory.mktemp("demo") / "home"
    workspace = Workspace.open(home)
    prepare_demo(workspace)
    workspace.close()
    return home


@pytest.fixture
def server(tmp_path):
    running = Server(tmp_path / "workspace", {"DEEPAID_USER": "ana"})
    running.start()
    yield running
    running.stop()


@contextmanager
def walking(server: Server) -> Iterator[Walker]:
    """A browser on a server; it is an error when anything asks another machine."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = chromium_path()
    outside: list[str] = []
    with playwright.sync_playwright() as tools:
        browser = tools.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)

        def note(request):
            parts = urlsplit(request.url)
            if parts.scheme not in {"data", "blob", "file"} and parts.hostname not in LOOPBACK:
                outside.append(request.url)

        context.on("request", note)
        yield Walker(page, server.url)
        browser.close()
    assert not outside, f"requests left this machine: {outside}"


@pytest.fixture
def walker(server):
    with walking(server) as one:
        yield one
