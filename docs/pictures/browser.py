"""One browser on a dashboard, and pictures of what it shows."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Final

from PIL import Image

from benchmarks.bench_pages import chromium, idle

__all__ = ["Camera", "cameras"]

WIDTH, HEIGHT = 1440, 900
PATIENCE_MS: Final = 180_000
_SETTLE_MS: Final = 900


class Camera:
    """A page of one browser."""

    def __init__(self, page: Any, url: str) -> None:
        self.page, self.url = page, url

    def open(self, path: str) -> None:
        """Go to an address and wait until all of it is drawn."""
        self.page.goto(self.url + path)
        self.rest()

    def rest(self) -> None:
        """Wait until the script rests, all is drawn and no work is going on."""
        self.page.wait_for_timeout(300)
        idle(self.page)
        self.page.wait_for_function(
            """() => !document.querySelector(
              '[data-testid=stSkeleton], [data-testid=stProgress], '
              + '.stPlotlyChart:not(:has(.main-svg))')"""
        )
        self.page.wait_for_timeout(_SETTLE_MS)
        idle(self.page)

    def press(self, name: str | re.Pattern[str]) -> None:
        """Click a button."""
        self.page.get_by_role("button", name=name).first.click()
        self.rest()

    def key(self, name: str) -> None:
        """Press a key outside any field."""
        self.page.evaluate("document.activeElement?.blur()")
        self.page.keyboard.press(name)
        self.rest()

    def take(self) -> Image.Image:
        """What is on the screen, the pointer out of the way."""
        self.page.mouse.move(WIDTH - 2, HEIGHT - 2)
        self.page.wait_for_timeout(200)
        return Image.open(BytesIO(self.page.screenshot())).convert("RGB")


@contextmanager
def cameras(url: str) -> Iterator[dict[str, Camera]]:
    """A light and a dark browser on one dashboard, of an analyst in Berlin.

    Raises:
        SystemExit: There is no Chromium.
    """
    from playwright.sync_api import sync_playwright

    path = chromium()
    if path is None:
        raise SystemExit("No browser was found; install Chromium or name one in CHROMIUM.")
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=path, args=["--no-sandbox"])
        made = {}
        for scheme in ("light", "dark"):
            context = browser.new_context(
                viewport={"width": WIDTH, "height": HEIGHT},
                color_scheme=scheme,
                locale="en-US",
                timezone_id="Europe/Berlin",
                reduced_motion="reduce",
            )
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            made[scheme] = Camera(page, url)
        yield made
        browser.close()
