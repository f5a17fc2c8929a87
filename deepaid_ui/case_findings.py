"""The findings of a case: open one, take some out, judge what is left."""

from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from deepaid_core.domain.case import Case
from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery, FindingRow
from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow import cases, triage
from deepaid_ui import (
    filters,
    forms,
    navigation,
    panels,
    problems,
    tables,
)
from deepaid_ui.case_words import author_box, done, named
from deepaid_ui.workspace import workspace

__all__ = ["frame", "show"]

_PAGE: Final = 50
_HEIGHT: Final = 460
_MOST_JUDGED: Final = 2000
_REMOVED: Final = "_case_finding_removed"


@st.fragment
@problems.guarded
def show(case: Case) -> None:
    """Strongest first; ticked rows can be taken out or judged."""
    if st.session_state.pop(_REMOVED, False):
        st.rerun()
    problems.pending()
    store = workspace().store
    query = FindingQuery(case_number=case.number)
    total = store.count(query)
    if not total:
        panels.empty_state(
            "No finding is in this case",
            "Select findings in the Queue and press *E*, or press *E* on a finding, and choose "
            f"{case.id}.",
        )
        navigation.link("queue", "Go to the queue", icon=":material/list:")
        return
    place = st.container()
    pages = -(-total // _PAGE)
    page = st.pagination(pages, key=f"case-{case.number}-page") if pages > 1 else 1
    start = (page - 1) * _PAGE
    rows = store.page(query, limit=_PAGE, offset=start)
    with place:
        selection = tables.show(
            frame(rows),
            key=f"case-findings-{case.number}-{filters.version()}-{start}",
            alt=f"Findings {start + 1} to {start + len(rows)} of {total} in {case.id}",
            multi=True,
            height=min(_HEIGHT, 38 + 35 * len(rows)),
        )
    cell = tables.clicked_row(selection)
    if cell and cell[0] < len(rows):
        navigation.go("finding", {"id": rows[cell[0]].id})
    picked = tuple(rows[at] for at in selection["rows"] if at < len(rows))
    if picked and case.merged_into is None:
        _picked(case, picked)
    else:
        st.caption(
            f"{format_count(total, 'finding')}, highest severity first. Click a row to open it; "
            "tick rows to take them out of the case or to judge them."
        )
    _rest(case, picked)


def frame(rows: Sequence[FindingRow]) -> pd.DataFrame:
    """Lines of the queue without what only matters before a verdict; the verdict comes early."""
    whole = tables.findings_frame(rows, {})
    first = ["Finding", "Severity", "Entity", "Verdict", "What deviates"]
    gone = ("Suggestion", "Verified", "Pattern")
    return whole[[*first, *(one for one in whole.columns if one not in (*first, *gone))]]


def _picked(case: Case, rows: Sequence[FindingRow]) -> None:
    ids = tuple(row.id for row in rows)
    key = f"case-{case.number}-findings"
    author_box(key)
    st.button(
        f"Take {format_count(len(ids), 'finding')} out of {case.id}",
        key=f"{key}-remove",
        icon=":material/remove:",
        help="They themselves stay as they are.",
        on_click=problems.in_callback(_remove),
        args=(case, ids),
    )


def _remove(case: Case, ids: tuple[str, ...]) -> None:
    who = named(f"case-{case.number}-findings")
    outcome = cases.remove_findings(workspace(), case.number, ids, author=who)
    done(f"Took {format_count(outcome.findings, 'finding')} out of {case.id}.", outcome)
    st.session_state[_REMOVED] = True


def _rest(case: Case, picked: Sequence[FindingRow]) -> None:
    """A verdict on the ticked findings, else on all open ones of the case."""
    store = workspace().store
    if picked:
        ids, scope = tuple(row.id for row in picked), "the ticked findings"
    else:
        query = FindingQuery(case_number=case.number, status=Status.OPEN)
        found = store.page(query, limit=_MOST_JUDGED)
        ids, scope = tuple(row.id for row in found), "all open findings of the case"
        picked = found
    if not ids:
        st.caption("All findings of this case are judged.")
        return
    patterns = len({row.pattern_id for row in picked})
    with st.expander(f"Judge {scope} ({len(ids):,})", icon=":material/gavel:"):
        forms.verdict_form(
            forms.Target(
                key=f"case-{case.number}-{hash(ids)}",
                finding_ids=ids,
                draft=triage.drafted_reason(store.finding(ids[0])),
                kind="selection" if len(ids) > 1 else "finding",
                reach=f"Applies to {format_count(len(ids), 'finding')} of "
                f"{format_count(patterns, 'pattern')}: one decision per pattern.",
                seen={row.id: row.verdict_number for row in picked},
            ),
            # Folded away, letters would choose unseen.
            shortcuts=False,
        )
