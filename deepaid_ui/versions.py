"""The log of everything that was decided: its timeline, one entry, any two versions."""

from functools import partial
from typing import Final

import streamlit as st

from deepaid_core.domain.log import LogEntry, NewLessons, NewRestore, NewUndo
from deepaid_core.domain.suppression import NewSuppression
from deepaid_core.domain.verdict import NewVerdict
from deepaid_core.figures.numbers import format_count, format_time_utc
from deepaid_core.workflow import versions
from deepaid_core.workflow.versions import VersionRow
from deepaid_ui import filters, navigation, panels, problems, session, tables, versions_replay
from deepaid_ui.text import as_written, one_line, plain
from deepaid_ui.versions_differences import differences
from deepaid_ui.versions_frames import KINDS, rows_frame
from deepaid_ui.workspace import workspace

__all__ = ["compare", "last_number", "nothing_yet", "number_param", "timeline"]

_PAGE: Final = 50
_LONGEST: Final = 12
_BEFORE, _AFTER = "before", "after"


def last_number() -> int:
    """Number of the last entry of the log, 0 where it is empty."""
    return workspace().store.version()[0]


def number_param(name: str) -> int | None:
    """A parameter of the address that is the number of a version; None where it is none."""
    text = (session.param(name) or "").removeprefix("M-")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST else None


def nothing_yet() -> None:
    """What the log is for while it is empty."""
    panels.empty_state(
        "Nothing was decided yet",
        "Each verdict, suppression, setting and import becomes an entry here and makes a new "
        "version of what the Distiller knows. Any two versions can be compared, and any entry can "
        "be taken back. Judge a first finding to begin.",
    )
    navigation.link("queue", "Go to the queue", icon=":material/list:")


def timeline() -> None:
    """The entries of the log, newest first; a click opens one."""
    last = last_number()
    versions_replay.status()
    if not last:
        nothing_yet()
        return
    chosen = number_param("entry")
    if chosen is not None:
        _entry(chosen, last)
    # The address's page is known once its widget is drawn, which belongs below the table.
    place = st.container()
    pages = -(-last // _PAGE)
    page = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    rows = versions.history(workspace(), limit=_PAGE, before=last + 1 - (page - 1) * _PAGE)
    with place:
        _rows_table(rows, key=f"log-{filters.version()}-{page}")
    if chosen is None:
        st.caption("Click an entry to see what it changed, to take it back, or to roll back to it.")


def _open_clicked(key: str, rows: tuple[VersionRow, ...]) -> None:
    # A callback: the address is right before the page is drawn, once.
    cell = tables.clicked_row(st.session_state[key]["selection"])
    if cell and cell[0] < len(rows):
        session.set_param("entry", str(rows[cell[0]].number))


def _rows_table(rows: tuple[VersionRow, ...], *, key: str) -> None:
    st.dataframe(
        rows_frame(rows),
        hide_index=True,
        height=min(560, 38 + 35 * len(rows)),
        key=key,
        alt="Entries of the log, newest first; a click opens one",
        on_select=partial(_open_clicked, key, rows),
        selection_mode=["single-cell"],
        column_config={
            "Version": st.column_config.TextColumn(width=72, pinned=True),
            "Time (UTC)": st.column_config.TextColumn(width=150),
            "Who": st.column_config.TextColumn(width=90),
            "Kind": st.column_config.TextColumn(width=112),
            "What was decided": st.column_config.TextColumn(width=420),
            "In force": st.column_config.TextColumn(width=110),
            "Why": st.column_config.TextColumn(width=360),
        },
    )


def _entry(number: int, last: int) -> None:
    if not 1 <= number <= last:
        st.warning(f"There is no entry {number:,}; the log ends with entry {last:,}.")
        return
    (row,) = versions.history(workspace(), limit=1, before=number + 1)
    (line,) = workspace().store.log(after=number - 1, until=number)
    with st.container(border=True, key="changed"):
        _entry_head(row, last)
        st.text(
            one_line(
                f"{row.title[:1].upper()}{row.title[1:]}, by {row.author}, "
                f"{format_time_utc(row.time)}"
            )
            + (f"\n{as_written(row.reason)}" if row.reason else "")
        )
        _entry_links(line)
        st.caption(f"From M-{number - 1} to M-{number}:")
        differences(versions.compare(workspace(), number - 1, number))


def _entry_head(row: VersionRow, last: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**What entry {row.number} changed**")
        st.badge(KINDS.get(row.kind, row.kind), color="gray")
        if row.in_force:
            st.badge("in force", icon=":material/check:", color="green")
        else:
            st.badge(f"not in force since entry {row.undone_by}", color="gray")
        st.space("stretch")
        if row.kind not in {"undo", "restore"} and row.in_force:
            st.button(
                "Undo it",
                key=f"undo-{row.number}",
                icon=":material/undo:",
                on_click=problems.in_callback(panels.undo),
                args=((row.number,),),
            )
        if row.number < last:
            st.button(
                f"Roll back to M-{row.number}…",
                key=f"to-{row.number}",
                icon=":material/settings_backup_restore:",
                help="Shows what would change before anything is written.",
                on_click=session.set_param,
                args=("to", str(row.number)),
            )
        st.button(
            f"Roll back to before it (M-{row.number - 1})…",
            key=f"to-{row.number - 1}",
            icon=":material/settings_backup_restore:",
            on_click=session.set_param,
            args=("to", str(row.number - 1)),
        )
        st.button(
            "Close", key="entry-close", type="tertiary", on_click=session.set_param,
            args=("entry", None),
        )  # fmt: skip


def _entry_links(line: LogEntry) -> None:
    with st.container(horizontal=True, gap="small"):
        match line.entry:
            case NewVerdict() as verdict:
                navigation.link(
                    "patterns",
                    f"Pattern {verdict.pattern_id}",
                    {"pattern": verdict.pattern_id},
                    icon=":material/schema:",
                )
                first = verdict.finding_ids[0]
                navigation.link("finding", first, {"id": first}, icon=":material/search:")
                more = len(verdict.finding_ids) - 1
                if more:
                    st.caption(f"and {format_count(more, 'more finding')}")
            case NewSuppression():
                navigation.link(
                    "suppressions",
                    f"Suppression S-{line.number}",
                    {"s": str(line.number)},
                    icon=":material/visibility_off:",
                )
            case NewUndo(entry_number=target) | NewRestore(entry_number=target):
                navigation.link(
                    "versions",
                    f"Entry {target}, which it is about",
                    {"entry": str(target)},
                    icon=":material/history:",
                )
            case NewLessons() as lessons:
                st.caption(
                    plain(f"From the file {lessons.source_name}, SHA-256 {lessons.source_sha256}")
                )


def compare() -> None:
    """Any two versions side by side."""
    last = last_number()
    if not last:
        nothing_yet()
        return
    left, right, act = st.columns([0.25, 0.25, 0.5], gap="medium", vertical_alignment="bottom")
    before = left.number_input(
        "Before: version M-",
        min_value=0,
        max_value=last,
        value=last - 1,
        key=_BEFORE,
        bind="query-params",
        help="0 is the start, when nothing was decided.",
    )
    after = right.number_input(
        "After: version M-",
        min_value=0,
        max_value=last,
        value=last,
        key=_AFTER,
        bind="query-params",
    )
    with act:
        st.button(
            f"Roll back to M-{before}…",
            key="compare-to",
            icon=":material/settings_backup_restore:",
            disabled=before == last,
            help="Shows what would change before anything is written.",
            on_click=session.set_param,
            args=("to", str(before)),
        )
    for number in (int(before), int(after)):
        st.text(_named(number))
    differences(versions.compare(workspace(), int(before), int(after)))


def _named(number: int) -> str:
    if number == 0:
        return "M-0: the start, nothing was decided"
    (row,) = versions.history(workspace(), limit=1, before=number + 1)
    return one_line(f"M-{number}: after {row.title}, by {row.author}, {format_time_utc(row.time)}")
