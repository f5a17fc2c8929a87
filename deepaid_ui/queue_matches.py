"""What matches the filter: how many, a page of them, and what stands beside one."""

from dataclasses import dataclass

import streamlit as st

from deepaid_core.domain.queries import FindingQuery, FindingRow
from deepaid_ui import filters
from deepaid_ui.session import PAGE_SIZE
from deepaid_ui.workspace import workspace

__all__ = ["Matches", "matches"]


@dataclass(frozen=True, slots=True)
class Matches:
    """The findings that match a query, read page by page.

    Attributes:
        query: What is asked for.
        total: How many match.
        ids: All of them where text is looked for, which reads every finding anyway; else nothing.
    """

    query: FindingQuery
    total: int
    ids: tuple[str, ...] = ()

    def page(self, number: int) -> tuple[FindingRow, ...]:
        """A page, counted from 1."""
        first = (number - 1) * PAGE_SIZE
        if self.ids:
            return workspace().store.rows(self.ids[first : first + PAGE_SIZE])
        return workspace().store.page(self.query, limit=PAGE_SIZE, offset=first)

    def all(self) -> tuple[str, ...]:
        """Ids of all that match now, in order."""
        return workspace().store.ids(self.query)

    def beside(self, finding_id: str) -> tuple[str | None, str | None]:
        """Ids before and after one."""
        if finding_id not in self.ids:
            return workspace().store.neighbours(self.query, finding_id)
        at = self.ids.index(finding_id)
        return (self.ids[at - 1] if at else None), next(iter(self.ids[at + 1 : at + 2]), None)


@st.cache_data(max_entries=16, show_spinner=False)
def _found(home: str, at: str, asked: str, _query: FindingQuery) -> tuple[str, ...]:
    return workspace().store.ids(_query)


def matches(query: FindingQuery) -> Matches:
    """What matches a query now."""
    if not query.text:
        return Matches(query, workspace().store.count(query))
    ids = _found(str(workspace().home), filters.version(), repr(query), query)
    return Matches(query, len(ids), ids)
