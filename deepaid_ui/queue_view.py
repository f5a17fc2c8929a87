"""The queue: a page of findings or groups, and beside it what is picked or ticked."""

from collections.abc import Sequence

import streamlit as st

from deepaid_core.domain.queries import FindingQuery, FindingRow, GroupBy, GroupRow
from deepaid_core.errors import NotFoundError
from deepaid_core.figures.numbers import format_count
from deepaid_core.reports.document import MAX_FINDINGS
from deepaid_core.workflow import distill
from deepaid_ui import (
    case_form,
    export,
    filters,
    navigation,
    problems,
    queue_actions,
    queue_bulk,
    queue_empty,
    queue_keys,
    queue_side,
    queue_table,
    queue_ticks,
    report_form,
    session,
    suppress_form,
    tables,
)
from deepaid_ui.queue_matches import Matches, matches
from deepaid_ui.session import PAGE_SIZE, QueueView
from deepaid_ui.text import plain
from deepaid_ui.workspace import workspace

__all__ = ["asking", "dialogs", "show"]

_ASKED = "_queue_asked"
"""Whether a dialog was open when the whole page was drawn last, its banner with its key too."""

_SHARES = (0.72, 0.28)
_STYLE = """<style>
.st-key-side { position: sticky; top: 4rem; max-height: calc(100vh - 5rem); overflow-y: auto; }
</style>"""


def asking() -> bool:
    """Whether a dialog of the queue is open: keys would reach the page behind it."""
    return (
        suppress_form.asking() or case_form.asking() or queue_bulk.asking() or report_form.asking()
    )


def dialogs() -> None:
    """Show the dialog that was asked for, if any."""
    st.session_state[_ASKED] = asking()
    if suppress_form.asking():
        suppress_form.burst_dialog()
    elif case_form.asking():
        case_form.dialog()
    else:
        queue_bulk.dialog()


@st.fragment
@problems.guarded
def show() -> None:
    """Draw the whole queue; clicks redraw only this."""
    if queue_actions.wanted_again() or st.session_state.get(_ASKED) != asking():
        st.rerun()
    st.html(_STYLE)
    view = filters.filters()
    query = view.query(filters.paths_for(view))
    found = matches(query)
    if found.total == 0:
        queue_empty.show(view)
        return
    if view.group == "none":
        _findings(view, found)
    else:
        _groups(view, query)
    _footer(view, found)


def _page(total: int) -> int:
    pages = max(1, -(-total // PAGE_SIZE))
    if pages == 1:
        return 1
    return st.pagination(pages, key="page", bind="query-params")


def _key(view: QueueView, page: int, kind: str) -> str:
    # A browser keeps selections by position, so whatever moves rows belongs into the key.
    return f"queue-{kind}-{filters.version()}-{page}-{hash(view)}"


def _findings(view: QueueView, found: Matches) -> None:
    total = found.total
    ticked, judged = queue_ticks.ticked(view)
    if judged:
        _tell(judged)
    head = st.container(horizontal=True, vertical_alignment="center")
    with head:
        page = _page(total)
    rows = found.page(page)
    first = (page - 1) * PAGE_SIZE + 1
    with head:
        beside = st.toggle(
            "Preview",
            value=True,
            key="preview",
            bind="query-params",
            help="What is picked, beside the table. Without it there is room for long lines.",
        )
        st.caption(
            f"{first:,} to {first + len(rows) - 1:,} of {format_count(total, 'finding')}",
            width="stretch",
            help="Click a line to preview it, its id to open it; tick lines to act on several. "
            "Ticks stay while you turn pages.",
        )
    picked = _picked(rows)
    key = queue_ticks.grid(_key(view, page, "findings"), rows, picked)
    # What was clicked is known before the table is drawn, and decides what stands beside it.
    chosen = st.session_state[key]["selection"]
    ticked = queue_ticks.remember(rows, chosen)
    cell = tables.clicked_row(chosen)
    if cell and cell[0] < len(rows):
        if rows[cell[0]].id != picked:
            picked = rows[cell[0]].id
            session.set_param("peek", picked)
        if cell[1] == "Finding":
            navigation.go("finding", {"id": picked, **view.packed()})
    with head:
        queue_keys.show()
        _steps(found, rows, picked, page=page, key=key)
    left, right = st.columns(_SHARES, gap="small") if beside or ticked else (st.container(), None)
    with left:
        tables.show(
            queue_table.frame(
                rows,
                distill.suggestions(workspace(), rows),
                workspace().store.desk.cases_of([row.id for row in rows]),
            ),
            key=key,
            alt=f"Findings {first} to {first + len(rows) - 1} of {total}",
            multi=True,
            widths=queue_table.CONFIG,
        )
    if right is None:
        return
    with right, st.container(key="side"):
        if ticked:
            shown = {row.id for row in rows}
            elsewhere = sum(row.id not in shown for row in ticked)
            queue_side.selection(ticked, elsewhere=elsewhere, keys=not asking())
        else:
            after = _beside(found, rows, picked)[1]
            queue_side.preview(view, picked, after=after, keys=not asking())


def _picked(rows: Sequence[FindingRow]) -> str:
    """Id that the address asks for, on this page or not; else the first of the page."""
    asked = session.param("peek")
    if asked is None or asked in {row.id for row in rows}:
        return asked or rows[0].id
    try:
        return workspace().store.row(asked).id
    except NotFoundError:
        session.set_param("peek", None)
        return rows[0].id


def _tell(judged: Sequence[FindingRow]) -> None:
    names = ", ".join(row.id for row in judged[:5]) + (" and more" if len(judged) > 5 else "")
    authors = {
        verdict.decision.author
        for row in judged[:5]
        for verdict in workspace().store.verdicts(finding_id=row.id, limit=1)
    }
    st.warning(
        plain(
            f"{format_count(len(judged), 'ticked finding')} changed meanwhile ({names}, by "
            f"{', '.join(sorted(authors)) or 'a suppression'}) and "
            f"{'is' if len(judged) == 1 else 'are'} no longer ticked."
        ),
        icon=":material/group:",
    )


def _beside(
    found: Matches, rows: Sequence[FindingRow], picked: str
) -> tuple[str | None, str | None]:
    """Ids before and after the one that is picked, on this page or the next one."""
    ids = [row.id for row in rows]
    if picked in ids[1:-1]:
        at = ids.index(picked)
        return ids[at - 1], ids[at + 1]
    if picked == ids[0] and len(ids) > 1 and session.param("peek") is None:
        return None, ids[1]
    return found.beside(picked)


def _steps(found: Matches, rows: Sequence[FindingRow], picked: str, *, page: int, key: str) -> None:
    keys = not asking()
    for name, letter, forward in (("Previous", "K", False), ("Next", "J", True)):
        st.button(
            name,
            key=f"step-{letter}",
            shortcut=letter if keys else None,
            on_click=problems.in_callback(_step),
            args=(found, rows, picked, page, key, forward),
            help=f"The {'next' if forward else 'previous'} finding",
        )


def _step(
    found: Matches,
    rows: Sequence[FindingRow],
    picked: str,
    page: int,
    key: str,
    forward: bool,
) -> None:
    # Keys come faster than pages are drawn: what the last one picked counts.
    picked = session.param("peek") or picked
    target = _beside(found, rows, picked)[forward]
    if target is None:
        return
    session.set_param("peek", target)
    if target in {row.id for row in rows}:
        st.session_state[key] = queue_ticks.selection(rows, target)
    elif picked in {row.id for row in rows}:
        st.session_state["page"] = page + (1 if forward else -1)


def _groups(view: QueueView, query: FindingQuery) -> None:
    by: GroupBy = next(name for name in ("pattern", "entity", "detector") if name == view.group)
    store = workspace().store
    total = store.count_groups(query, by)
    head = st.container(horizontal=True, vertical_alignment="center")
    with head:
        page = _page(total)
    groups = store.groups(query, by, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
    head.caption(
        f"{format_count(total, 'group')}, most open findings first. Click one to see its findings."
    )
    key = _key(view, page, by)
    tables.show(
        tables.groups_frame(groups, by.capitalize()),
        key=key,
        alt=f"Findings grouped by {by}",
        on_click=lambda: _open_group(key, by, groups),
    )


def _open_group(key: str, by: GroupBy, groups: tuple[GroupRow, ...]) -> None:
    # In a callback, since the filters that change are widgets.
    cell = tables.clicked_row(st.session_state[key]["selection"])
    if cell and cell[0] < len(groups):
        st.session_state[by] = groups[cell[0]].key
        st.session_state["group"] = "none"
        session.set_param("peek", None)


def _footer(view: QueueView, found: Matches) -> None:
    said = queue_bulk.words(view)
    with st.container(horizontal=True, vertical_alignment="center"):
        queue_bulk.button(view, found)
        st.download_button(
            f"CSV of all {found.total:,} that match",
            data=lambda: export.findings_csv(workspace(), found.all(), filters=said),
            file_name="deepaid-findings.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/download:",
        )
        report_form.button(
            finding_ids=found.all,
            filters=said,
            label=f"Report on all {found.total:,}…",
            key="report-all",
            disabled=found.total > MAX_FINDINGS,
        )
        if view.is_filtered:
            st.button("Clear filters", on_click=filters.clear, icon=":material/filter_alt_off:")
