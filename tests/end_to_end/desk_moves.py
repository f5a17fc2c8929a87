"""Moves at the analyst's desk that several walks make, and what the store says beside them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deepaid_core.workspace import Workspace
from tests.end_to_end.conftest import PATIENCE_MS, Walker

if TYPE_CHECKING:
    from playwright.sync_api import Locator

TICK = 16
CONFIRM = "The drafted reason is right"
_QUIET_MS = 300
_TABS = 120


@contextmanager
def opened(home: Path) -> Iterator[Workspace]:
    """The workspace of a server, to be told from what its pages show."""
    workspace = Workspace.open(home)
    try:
        yield workspace
    finally:
        workspace.close()


@contextmanager
def another_browser(walker: Walker) -> Iterator[Walker]:
    """A browser with cookies of its own, as a colleague has at another desk."""
    context = walker.page.context.browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield Walker(page, walker.url)
    context.close()


def another_tab(walker: Walker) -> Walker:
    """A second tab of the same browser."""
    page = walker.page.context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    return Walker(page, walker.url)


def key(walker: Walker, name: str) -> None:
    """Press a key and wait for what it does."""
    walker.page.keyboard.press(name)
    walker.page.wait_for_timeout(_QUIET_MS)
    walker.settle()


def key_until(walker: Walker, name: str, shown: "Locator") -> None:
    """Press a key until something is there: before its button listens, a key is lost.

    Only for keys that do the same when they are pressed twice.
    """
    for _ in range(10):
        key(walker, name)
        for _ in range(20):
            if shown.count():
                walker.settle()
                return
            walker.page.wait_for_timeout(100)
    pytest.fail(f"{name} led to nothing")


def leave_field(walker: Walker) -> None:
    """Take the focus off a field, so that letters are keys again."""
    walker.page.evaluate("document.activeElement?.blur()")
    walker.settle()


def tick(walker: Walker, row: int, said: str) -> None:
    """Tick a line of the queue; the table is a canvas, and a click before it listens is lost."""
    grid = walker.page.locator("[data-testid=stDataFrame]").first
    grid.locator("canvas").first.wait_for()
    for _ in range(10):
        box = grid.bounding_box()
        walker.page.mouse.click(box["x"] + TICK, box["y"] + 35 + 35 * row + 17)
        for _ in range(20):
            walker.page.wait_for_timeout(100)
            if walker.page.get_by_text(said).count():
                walker.settle()
                return
    pytest.fail(f"No tick led to “{said}”")


def focused(walker: Walker) -> dict[str, str]:
    """What has the keyboard: its role and name, as a screen reader tells them."""
    return walker.page.evaluate(
        """() => {
          const one = document.activeElement;
          const named = one.getAttribute('aria-labelledby');
          return {
            tag: one.tagName, type: one.getAttribute('type') ?? '',
            role: one.getAttribute('role') ?? '',
            visible: String(one.matches(':focus-visible')),
            name: (one.getAttribute('aria-label')
              ?? (named && document.getElementById(named)?.innerText)
              ?? one.closest('label')?.innerText ?? one.innerText ?? '').trim(),
          };
        }"""
    )


def tab_to(walker: Walker, name: "str | re.Pattern[str]", *, tag: str = "") -> int:
    """Press Tab until what is so named has the keyboard, and shows it; returns how often.

    Args:
        walker: Whose keyboard.
        name: As a screen reader tells it.
        tag: Of the element, where others, as its help, have the same name.
    """
    pattern = re.compile(f"^{re.escape(name)}$") if isinstance(name, str) else name
    passed: list[str] = []
    for count in range(1, _TABS + 1):
        walker.page.keyboard.press("Tab")
        one = focused(walker)
        passed.append(f"{one['tag']} {one['name'][:40]!r}")
        if pattern.search(one["name"]) and one["tag"] == (tag or one["tag"]):
            assert one["visible"] == "true", f"{one} has the keyboard unseen"
            return count
    pytest.fail(f"{_TABS} times Tab did not lead to {name}: {passed}")


def text_of(page, selector: str = "body") -> str:
    """Text of a part of a page, in one line."""
    return " ".join(page.locator(selector).inner_text().split())
