"""The queue: a page of findings or groups, and a side panel for what is picked in it."""

import streamlit as st

from deepaid_core.domain.queries import FindingQuery, FindingRow, GroupBy, GroupRow
from deepaid_core.domain.severity import severity
from deepaid_core.errors import NotFoundError
from deepaid_core.figures.numbers import format_count, format_excess, format_time_utc
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import distill, triage
from deepaid_ui import (
    export,
    filters,
    forms,
    navigation,
    panels,
    problems,
    reporting,
    session,
    suppress_form,
    tables,
)
from deepaid_ui.session import PAGE_SIZE, QueueView
from deepaid_ui.text import one_line
from deepaid_ui.views import kinds
from deepaid_ui.workspace import workspace

__all__ = ["show"]

_HEIGHT = 640
_REPORT_LIMIT = 100


@st.fragment
@problems.guarded
def show() -> None:
    """Draw the whole queue; clicks redraw only this."""
    view = filters.filters()
    paths = filters.paths_for(view)
    query = view.query(paths)
    store = workspace().store
    total = store.count(query)
    if total == 0:
        _nothing(view)
        return
    left, right = st.columns([0.73, 0.27], gap="medium")
    with left:
        if view.group == "none":
            rows, picked, clicked = _findings(view, query, total)
        else:
            _groups(view, query)
            rows, picked, clicked = (), (), None
    with right, st.container(key="side"):
        if clicked is not None:
            session.set_param("peek", clicked.id)
        if picked:
            _selection(picked)
        elif view.group == "none":
            _preview(view)
        else:
            st.caption("Click a group to see its findings.")
    _footer(view, query, total, rows)


def _nothing(view: QueueView) -> None:
    everything = workspace().store.count(QueueView(status="all").query())
    if everything == 0:
        panels.empty_state(
            "No findings yet",
            "Load the demo data on the Overview, or detect anomalies in a capture under Data.",
        )
        navigation.link("data", "Add a file", icon=":material/database:")
    elif view.is_filtered or view.status != "open":
        panels.empty_state(
            f"None of {format_count(everything, 'finding')} matches this filter",
            "The filter is too narrow. Loosen it, or clear it to see all open findings.",
        )
        st.button("Clear filters", on_click=filters.clear, icon=":material/filter_alt_off:")
    else:
        held = workspace().store.count(QueueView(status="suppressed").query())
        out = f" or is suppressed ({held:,})" if held else ""
        panels.empty_state(
            "All clear",
            f"Each of {format_count(everything, 'finding')} has a verdict{out}; nothing is left to "
            "judge. Choose *closed* to look at what was decided"
            + (", *suppressed* to look at what is kept out of the queue." if held else "."),
        )


def _page(view: QueueView, total: int) -> int:
    pages = max(1, -(-total // PAGE_SIZE))
    if pages == 1:
        return 1
    return st.pagination(pages, key="page", bind="query-params")


def _key(view: QueueView, page: int, kind: str) -> str:
    # A browser keeps selections by position, so whatever moves rows belongs into the key.
    return f"queue-{kind}-{filters.version()}-{page}-{hash(view)}"


def _findings(
    view: QueueView, query: FindingQuery, total: int
) -> tuple[tuple[FindingRow, ...], tuple[FindingRow, ...], FindingRow | None]:
    head = st.container(horizontal=True, vertical_alignment="center")
    with head:
        page = _page(view, total)
    rows = workspace().store.page(query, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
    first = (page - 1) * PAGE_SIZE + 1
    head.caption(
        f"{first:,} to {first + len(rows) - 1:,} of {format_count(total, 'finding')}. Click a row "
        "to preview it, its id to open it; tick rows to judge several."
    )
    selection = tables.show(
        tables.findings_frame(rows, distill.suggestions(workspace(), rows)),
        key=_key(view, page, "findings"),
        alt=f"Findings {first} to {first + len(rows) - 1} of {total}",
        multi=True,
        height=min(_HEIGHT, 38 + 35 * len(rows)),
    )
    picked = tuple(rows[at] for at in selection["rows"] if at < len(rows))
    cell = tables.clicked_row(selection)
    clicked = rows[cell[0]] if cell and cell[0] < len(rows) else None
    if clicked is not None and cell is not None and cell[1] == "Finding":
        navigation.go("finding", {"id": clicked.id, **view.packed()})
    return rows, picked, clicked


def _groups(view: QueueView, query: FindingQuery) -> None:
    by: GroupBy = next(name for name in ("pattern", "entity", "detector") if name == view.group)
    store = workspace().store
    total = store.count_groups(query, by)
    head = st.container(horizontal=True, vertical_alignment="center")
    with head:
        page = _page(view, total)
    groups = store.groups(query, by, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
    head.caption(
        f"{format_count(total, 'group')}, most open findings first. Click one to see its findings."
    )
    key = _key(view, page, by)
    tables.show(
        tables.groups_frame(groups, by.capitalize()),
        key=key,
        alt=f"Findings grouped by {by}",
        height=min(_HEIGHT, 38 + 35 * len(groups)),
        on_click=lambda: _open_group(key, by, groups),
    )


def _open_group(key: str, by: GroupBy, groups: tuple[GroupRow, ...]) -> None:
    # In a callback, since the filters that change are widgets.
    cell = tables.clicked_row(st.session_state[key]["selection"])
    if cell and cell[0] < len(groups):
        st.session_state[by] = groups[cell[0]].key
        st.session_state["group"] = "none"


def _selection(rows: tuple[FindingRow, ...]) -> None:
    patterns = {row.pattern_id for row in rows}
    st.markdown(f"**{format_count(len(rows), 'finding')} ticked**")
    entities = {row.entity for row in rows}
    reach = (
        f"Applies to the {format_count(len(rows), 'finding')} you ticked, of "
        f"{format_count(len(patterns), 'pattern')} and "
        f"{format_count(len(entities), 'entity', 'entities')}"
        + (": one decision per pattern." if len(patterns) > 1 else ": one decision.")
    )
    ids = tuple(row.id for row in rows)
    forms.verdict_form(
        forms.Target(
            key=f"bulk-{hash(ids)}",
            finding_ids=ids,
            draft=triage.drafted_reason(workspace().store.finding(ids[0])),
            kind="selection" if len(ids) > 1 else "finding",
            reach=reach,
            suggestion=next(iter(distill.suggestions(workspace(), rows[:1]).values()), None)
            if len(patterns) == 1
            else None,
        ),
        shortcuts=not suppress_form.asking(),
    )
    if suppress_form.is_burst(rows):
        suppress_form.burst_button(ids, key="bulk_suppress")
    st.download_button(
        "Report (HTML)",
        data=lambda: reporting.html_report(ids, filters="a hand-picked selection"),
        file_name=f"deepaid-{len(ids)}-findings.html",
        mime="text/html",
        on_click="ignore",
        icon=":material/download:",
        disabled=len(ids) > _REPORT_LIMIT,
    )


def _preview(view: QueueView) -> None:
    finding_id = session.param("peek")
    if finding_id is None:
        st.caption("Nothing is picked. Click a row to preview it here.")
        return
    try:
        finding = workspace().store.finding(finding_id)
    except NotFoundError:
        session.set_param("peek", None)
        st.caption("Nothing is picked. Click a row to preview it here.")
        return
    ratio = finding.ratio
    diagnostics = finding.interpretation.diagnostics
    row = workspace().store.row(finding_id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{finding.id}**")
        if row.verdict is not None or row.suppression_number is not None:
            panels.standing_badge(row)
        panels.severity_badge(ratio)
        panels.proof_badge(
            verified=diagnostics.verified,
            reference_score=diagnostics.reference_score,
            threshold=diagnostics.threshold,
        )
    if st.button(
        "Investigate",
        type="primary",
        shortcut=None if suppress_form.asking() else "O",
        key="peek_open",
        icon=":material/search:",
    ):
        navigation.go("finding", {"id": finding.id, **view.packed()})
    st.text(
        f"{one_line(shorten(finding.entity, 120))}\n"
        f"{format_count(finding.event_count, 'event')}, last "
        f"{format_time_utc(finding.last_time)}\n{severity(ratio)}, "
        + format_excess(finding.max_score, finding.threshold, ratio)
    )
    kinds.preview(finding)
    st.text(triage.drafted_reason(finding))


def _footer(
    view: QueueView,
    query: FindingQuery,
    total: int,
    rows: tuple[FindingRow, ...],
) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            f"CSV of all {total:,} that match",
            data=lambda: export.findings_csv(workspace().store, query),
            file_name="deepaid-findings.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/download:",
        )
        if rows and total <= _REPORT_LIMIT:
            st.download_button(
                f"Report (HTML) on all {total:,}",
                data=lambda: reporting.html_report(
                    workspace().store.ids(query),
                    filters=", ".join(f"{k}: {v}" for k, v in view.to_params().items()),
                ),
                file_name="deepaid-findings.html",
                mime="text/html",
                on_click="ignore",
                icon=":material/download:",
            )
        if view.is_filtered:
            st.button("Clear filters", on_click=filters.clear, icon=":material/filter_alt_off:")
