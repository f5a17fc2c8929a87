"""The one table of pages, and how to get from one to another."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import NoReturn

import streamlit as st

__all__ = ["PAGES", "PageEntry", "declare", "go", "link", "menu"]


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One page.

    Attributes:
        name: What code calls it.
        path: File, relative to app.py, one folder below pages/.
        url_path: What the address bar shows; empty for the first page.
        in_menu: Whether the sidebar lists it; others are opened from a row or a deep link.
    """

    name: str
    section: str
    path: str
    title: str
    icon: str
    url_path: str
    in_menu: bool = True


PAGES: tuple[PageEntry, ...] = (
    PageEntry(
        "overview", "Triage", "pages/triage/overview.py", "Overview", ":material/dashboard:", ""
    ),
    PageEntry("queue", "Triage", "pages/triage/queue.py", "Queue", ":material/list:", "queue"),
    PageEntry(
        "cases", "Triage", "pages/triage/cases.py", "Cases", ":material/folder_open:", "cases"
    ),
    PageEntry(
        "finding",
        "Triage",
        "pages/triage/finding.py",
        "Investigate",
        ":material/search:",
        "finding",
        in_menu=False,
    ),
    PageEntry(
        "patterns",
        "Knowledge",
        "pages/knowledge/patterns.py",
        "Patterns",
        ":material/schema:",
        "patterns",
    ),
    PageEntry(
        "suppressions",
        "Knowledge",
        "pages/knowledge/suppressions.py",
        "Suppressions",
        ":material/visibility_off:",
        "suppressions",
    ),
    PageEntry(
        "versions",
        "Knowledge",
        "pages/knowledge/versions.py",
        "Versions",
        ":material/history:",
        "versions",
    ),
    PageEntry(
        "learning",
        "Knowledge",
        "pages/knowledge/learning.py",
        "Learning",
        ":material/school:",
        "learning",
    ),
    PageEntry(
        "compare",
        "Knowledge",
        "pages/knowledge/compare.py",
        "Compare",
        ":material/balance:",
        "compare",
    ),
    PageEntry("data", "System", "pages/system/data.py", "Data", ":material/database:", "data"),
    PageEntry(
        "detectors",
        "System",
        "pages/system/detectors.py",
        "Detectors",
        ":material/radar:",
        "detectors",
    ),
    PageEntry(
        "audit",
        "System",
        "pages/system/audit.py",
        "Audit log",
        ":material/receipt_long:",
        "audit",
    ),
    PageEntry(
        "glossary",
        "System",
        "pages/system/glossary.py",
        "Glossary",
        ":material/menu_book:",
        "glossary",
    ),
    PageEntry("about", "System", "pages/system/about.py", "About", ":material/info:", "about"),
)

_BY_NAME = {page.name: page for page in PAGES}


def declare() -> st.Page:
    """Tell Streamlit of all pages; returns the one that the address asks for."""
    sections: dict[str, list[st.Page]] = {}
    for page in PAGES:
        sections.setdefault(page.section, []).append(
            st.Page(
                page.path,
                title=page.title,
                icon=page.icon,
                url_path=page.url_path or None,
                default=not page.url_path,
                visibility="visible" if page.in_menu else "hidden",
            )
        )
    # Its own menu nests lists in a way that screen readers cannot follow; `menu` draws ours.
    return st.navigation(sections, position="hidden")


def menu() -> None:
    """The list of pages, for the sidebar."""
    with st.container(key="menu", gap=None):
        for section, pages in groupby(PAGES, key=lambda page: page.section):
            st.caption(section)
            for page in pages:
                if page.in_menu:
                    st.page_link(page.path, label=page.title, icon=page.icon, width="stretch")


def go(name: str, params: Mapping[str, str] | None = None) -> NoReturn:
    """Switch to a page; its address carries exactly the given parameters."""
    st.switch_page(_BY_NAME[name].path, query_params=dict(params or {}))


def link(
    name: str, label: str, params: Mapping[str, str] | None = None, *, icon: str | None = None
) -> None:
    """A link to a page; the label is Markdown, so escape what is not ours."""
    st.page_link(
        _BY_NAME[name].path, label=label, icon=icon, query_params=dict(params) if params else None
    )
