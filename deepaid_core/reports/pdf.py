"""A report as PDF: printed by a browser where one is found, else laid out without one."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deepaid_core.reports import pdf_plain
from deepaid_core.reports.blocks import Outline

__all__ = ["browser", "render"]

_LOG = logging.getLogger(__name__)

_NAMES: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
)
_APPLICATIONS: Final = {
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ),
    "win32": (
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    ),
}
# A profile of its own, no network, nothing but the one page.
_SETTINGS: Final = (
    "--headless",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)
_SECONDS: Final = 240.0


def render(outline: Outline, html: str, *, seconds: float = _SECONDS) -> bytes:
    """The report as PDF, with bookmarks, page numbers and its marking on each page.

    Args:
        outline: What it says; laid out by itself where no browser prints.
        html: The same as HTML, which a browser prints; its figures are drawn before that.
        seconds: How long a browser may take.
    """
    program = browser()
    if program is not None:
        printed = _printed(program, html, seconds)
        if printed:
            return printed
        _LOG.warning("%s did not print the report; it is laid out without a browser", program)
    return pdf_plain.render(outline)


def browser() -> Path | None:
    """A browser of the Chromium family on this machine, if there is one."""
    return next(_browsers(), None)


def _browsers() -> Iterator[Path]:
    for name in _NAMES:
        if found := shutil.which(name):
            yield Path(found)
    for place in _APPLICATIONS.get(sys.platform, ()):
        if Path(place).is_file():
            yield Path(place)


def _printed(program: Path, html: str, seconds: float) -> bytes:
    with tempfile.TemporaryDirectory(prefix="deepaid-print-", ignore_cleanup_errors=True) as folder:
        page, out = Path(folder) / "report.html", Path(folder) / "report.pdf"
        page.write_text(html, encoding="utf-8")
        command = [str(program), *_SETTINGS, f"--user-data-dir={Path(folder) / 'profile'}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            # Chromium's sandbox does not start for root, e.g. in a container.
            command.append("--no-sandbox")
        command += [f"--print-to-pdf={out}", page.as_uri()]
        # Our own command on our own file; nothing of it comes from outside.
        try:
            running = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                start_new_session=True,
            )
        except OSError:
            return b""
        try:
            status = running.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            _end(running)
            return b""
        if status or not out.is_file():
            return b""
        content = out.read_bytes()
        return content if content.startswith(b"%PDF") else b""


def _end(running: "subprocess.Popen[bytes]") -> None:
    # A browser is many processes; those it started end with it.
    if hasattr(os, "killpg"):
        os.killpg(running.pid, signal.SIGKILL)
    else:
        running.kill()
    running.wait()
