"""The audit log on a page: filters, the list of both logs, export, and the check of the chains."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final

import pandas as pd
import streamlit as st

from deepaid_core.domain.audit import ALL, AuditQuery
from deepaid_core.domain.progress import Cancelled, Progress
from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow import audit, audit_export
from deepaid_core.workflow.audit import AuditLine
from deepaid_core.workflow.audit_told import WORDS, kept_as
from deepaid_ui import filters, navigation, panels, problems, session, tables
from deepaid_ui.job_panel import job_panel
from deepaid_ui.jobs import Job, registry
from deepaid_ui.text import plain
from deepaid_ui.workspace import workspace

__all__ = ["actions", "asked", "check_result", "listing", "nothing_yet"]

_PAGE: Final = 50
_HEIGHT: Final = 620
_CHECK: Final = "audit-check"
_BOUND: Final = ("q", "about", "author", "kind", "since", "until")
_LONGEST: Final = 120
_FORMS: Final[Mapping[audit_export.Format, str]] = {
    "csv": "text/csv",
    "json": "application/json",
}


@st.cache_data(max_entries=8, show_spinner=False)
def _choices(home: str, at: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    authors, kinds = workspace().store.audit.choices()
    return authors, tuple(sorted(WORDS.get(kind, kind) for kind in kinds))


@st.cache_data(max_entries=32, show_spinner=False)
def _count(home: str, at: str, query: AuditQuery) -> int:
    return workspace().store.audit.count(query)


def _counted(query: AuditQuery) -> int:
    return _count(str(workspace().home), filters.version(), query)


def nothing_yet() -> bool:
    """What the log is for, while it is empty; whether it is."""
    if _counted(ALL):
        return False
    panels.empty_state(
        "Nothing was done yet",
        "Each verdict, suppression, setting, assignment, note, case, report, export and run "
        "becomes a line here: who, what, when, and what it replaced. Lines are never changed or "
        "deleted; each carries a digest of all before it. Load data or judge a finding to begin.",
    )
    navigation.link("data", "Go to the data", icon=":material/database:")
    return True


def asked() -> AuditQuery:
    """Draw the filters; returns what they ask for."""
    authors, kinds = _choices(str(workspace().home), filters.version())
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input(
            "Search", key="q", placeholder="Search anything in a line", max_chars=_LONGEST,
            icon=":material/search:", bind="query-params", width=260,
        )  # fmt: skip
        about = st.text_input(
            "About", key="about", placeholder="F-… P-… S-12 C-3 D-… decision 12",
            max_chars=_LONGEST, bind="query-params", width=215,
            help="Lines about one finding, pattern, suppression, case or detector; or one line "
            "with what took it back.",
        )  # fmt: skip
        author = st.selectbox(
            "Who", authors, index=None, key="author", placeholder="Anybody",
            bind="query-params", width=140, format_func=lambda name: name or "the program",
        )  # fmt: skip
        kind = st.selectbox(
            "Kind", kinds, index=None, key="kind", placeholder="Any kind", bind="query-params",
            width=140,
        )  # fmt: skip
        since, until = (_day(label, key) for label, key in (("From", "since"), ("To", "until")))
    return AuditQuery(
        author=author,
        kind=None if kind is None else kept_as(kind),
        subject=(about or "").strip(),
        since=_midnight(since),
        until=_midnight(until, days=1),
        text=(text or "").strip(),
    )


def _day(name: str, key: str) -> date | None:
    chosen = st.date_input(
        f"{name} (UTC)",
        value=None,
        min_value=date(2000, 1, 1),
        max_value=date(2100, 1, 1),
        key=key,
        bind="query-params",
        width=134,
    )
    return chosen if isinstance(chosen, date) else None


def _midnight(day: date | None, *, days: int = 0) -> float | None:
    if day is None:
        return None
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=days)
    return start.timestamp()


def _clear() -> None:
    for name in _BOUND:
        st.session_state[name] = "" if name in {"q", "about"} else None


def actions(query: AuditQuery) -> None:
    """Export of all that match, and the check of the chains."""
    opened, who, found = workspace(), session.author() or "", _counted(query)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            f"{found:,} of {format_count(_counted(ALL), 'line')} in both logs, newest first. "
            "Click one for what it changed.",
            width="stretch",
        )
        for form, mime in _FORMS.items():
            st.download_button(
                form.upper(),
                partial(audit_export.export, opened, query, form=form, author=who),
                file_name=f"deepaid-audit.{form}",
                mime=mime,
                icon=":material/download:",
                on_click="ignore",
                disabled=not found,
                help=f"All {format_count(found, 'line')} that match. That you took them is "
                "written to the log.",
                key=f"export-{form}",
            )
        job = registry().latest(_CHECK)
        st.button(
            "Check the chain",
            icon=":material/link:",
            on_click=problems.in_callback(_start_check),
            disabled=job is not None and job.is_active,
            help="Whether each line is still what was written, from the first one on.",
        )


def _start_check() -> None:
    opened = workspace()

    def work(progress: Progress, cancelled: Cancelled) -> object:
        return audit.check(opened, progress=progress, cancelled=cancelled)

    registry().start(_CHECK, "Check of both logs", work)


def check_result() -> None:
    """The newest check, while it runs and afterwards."""
    job_panel(registry().latest(_CHECK), finished=_finished)


def _finished(job: Job) -> None:
    problems_found = [report.problem for report in job.result if report.problem]
    for problem in problems_found:
        st.error(plain(problem), icon=":material/link_off:")
    whole = [format_count(one.lines, one.log) for one in job.result if not one.problem]
    if whole:
        st.success(f"{' and '.join(whole)}, each as it was written.", icon=":material/check:")
    if problems_found:
        st.caption(
            "Lines from there on may be false. Compare with a copy of the database, and with the "
            "heads in earlier reports: `deepaid audit check --head '…'`."
        )
        return
    st.caption(
        "Note these heads elsewhere; reports carry them too. They show later whether lines were "
        "cut off at the end, or the whole log was written anew:"
    )
    st.code("\n".join(audit.head_text(report.head) for report in job.result), language=None)


def listing(query: AuditQuery) -> None:
    """The lines that match; a click opens one."""
    found = _counted(query)
    if not found:
        panels.empty_state(
            "No line matches", "The filter is too narrow. Loosen it, or clear it to see all."
        )
        st.button("Clear filters", on_click=_clear, icon=":material/filter_alt_off:")
        return
    # The address's page is known once its widget is drawn, which belongs below the table.
    place = st.container()
    pages = -(-found // _PAGE)
    page = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    rows = audit.lines(workspace(), query, limit=_PAGE, offset=(page - 1) * _PAGE)
    key = f"audit-{filters.version()}-{hash((query, page))}"
    with place:
        st.dataframe(
            _frame(rows),
            hide_index=True,
            height=min(_HEIGHT, 38 + 35 * len(rows)),
            key=key,
            alt="Lines of the audit log, newest first; a click opens one",
            on_select=partial(_open_clicked, key, rows),
            selection_mode=["single-cell"],
            column_config={
                "Line": st.column_config.TextColumn(width=100, pinned=True),
                "Time (UTC)": st.column_config.TextColumn(width=150),
                "Who": st.column_config.TextColumn(width=100),
                "Kind": st.column_config.TextColumn(width=120),
                "What": st.column_config.TextColumn(width=380),
                "Before": st.column_config.TextColumn(width=180),
                "After": st.column_config.TextColumn(width=180),
                "Taken back by": st.column_config.TextColumn(width=110),
                "Why": st.column_config.TextColumn(width=260),
            },
        )


def _open_clicked(key: str, rows: tuple[AuditLine, ...]) -> None:
    # A callback: the address is right before the page is drawn, once.
    cell = tables.clicked_row(st.session_state[key]["selection"])
    if cell and cell[0] < len(rows):
        session.set_param("line", rows[cell[0]].id)


def _frame(rows: tuple[AuditLine, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Line": [row.id for row in rows],
            "Time (UTC)": [tables.moment(row.entry.time) for row in rows],
            "Who": [tables.cell_text(row.author) for row in rows],
            "Kind": [tables.cell_text(row.kind) for row in rows],
            "What": [tables.cell_text(row.text) for row in rows],
            "Before": [_side(row, "before") for row in rows],
            "After": [_side(row, "after") for row in rows],
            "Taken back by": [row.undone_by for row in rows],
            "Why": [tables.cell_text(row.words) for row in rows],
        }
    )


def _side(row: AuditLine, side: str) -> str:
    told = [str(getattr(change, side)) for change in row.changes]
    return tables.cell_text("; ".join(text for text in told if text))
