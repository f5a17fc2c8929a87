"""One line of the audit log: what it replaced by what, and what it is about."""

import json
from collections.abc import Iterable
from typing import Final

import pandas as pd
import streamlit as st

from deepaid_core.errors import NotFoundError
from deepaid_core.figures.numbers import format_count, format_time_utc
from deepaid_core.figures.text import shorten, visible
from deepaid_core.workflow import audit, audit_export
from deepaid_core.workflow.audit import AuditChange, AuditLine
from deepaid_ui import navigation, problems, session
from deepaid_ui.text import one_line, plain
from deepaid_ui.workspace import workspace

__all__ = ["show"]

_LINKS: Final = 6
_CELL: Final = 2000
_PAYLOAD: Final = 20_000
_PAGES: Final = {
    "F": ("finding", "id", ":material/search:"),
    "P": ("patterns", "pattern", ":material/schema:"),
    "S": ("suppressions", "s", ":material/visibility_off:"),
    "C": ("cases", "case", ":material/folder:"),
    "M": ("versions", "entry", ":material/history:"),
}


def show(line_id: str) -> None:
    """A line with its changes; a sentence where there is no such line."""
    try:
        line = audit.line(workspace(), line_id)
    except NotFoundError as error:
        problems.show(error)
        return
    with st.container(border=True, key="audit_line"):
        _head(line)
        if line.words:
            st.caption("Note" if line.kind == "note" else "Why")
            st.text(visible(shorten(line.words, _CELL), keep_lines=True))
        if line.changes:
            _changes(line.changes)
        _about(line)
        with st.expander("As it is kept", icon=":material/data_object:"):
            text = json.dumps(audit_export.plain(line), indent=2, default=str)
            st.code(shorten(text, _PAYLOAD), language="json", height=300)


def _head(line: AuditLine) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{line.id.capitalize()}**")
        st.badge(plain(line.kind), color="gray")
        if line.undone_by:
            st.badge(f"taken back by {line.undone_by}", icon=":material/undo:", color="orange")
        st.space("stretch")
        st.button(
            "Close", key="line-close", type="tertiary", on_click=session.set_param,
            args=("line", None),
        )  # fmt: skip
    who = one_line(shorten(line.author, 200)) or "the program"
    st.text(
        f"{line.text[:1].upper()}{line.text[1:]}, by {who}, "
        f"{format_time_utc(line.entry.time, milliseconds=True)}"
    )


def _changes(changes: Iterable[AuditChange]) -> None:
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "Change": _mark(change),
                    "What": one_line(shorten(change.what, _CELL)),
                    "Before": one_line(shorten(change.before, _CELL)),
                    "After": one_line(shorten(change.after, _CELL)),
                }
                for change in changes
            ]
        ),
        hide_index=True,
        alt="What the line changed: before and after",
        column_config={
            "Change": st.column_config.TextColumn(width=90),
            "What": st.column_config.TextColumn(width=260),
            "Before": st.column_config.TextColumn(width=340),
            "After": st.column_config.TextColumn(width=340),
        },
    )


def _mark(change: AuditChange) -> str:
    if not change.before:
        return "+ new"
    if not change.after:
        return "− gone"
    return "= same" if change.before == change.after else "≠ changed"


def _about(line: AuditLine) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for name in line.about[:_LINKS]:
            _link(name)
        if len(line.about) > _LINKS:
            st.caption(f"and {format_count(len(line.about) - _LINKS, 'more')}".rstrip("s"))
        if line.entry.log == "decision":
            navigation.link(
                "versions",
                f"What {line.id} did to the Distiller",
                {"entry": str(line.entry.number)},
                icon=":material/history:",
            )
        if line.undone_by:
            _link(line.undone_by)


def _link(name: str) -> None:
    log, _, number = name.partition(" ")
    if log in {"decision", "action"} and number.isdecimal():
        navigation.link("audit", name.capitalize(), {"line": name}, icon=":material/receipt_long:")
        return
    page = _PAGES.get(name[:1]) if name[1:2] == "-" else None
    if page is None:
        st.caption(plain(shorten(one_line(name), 80)))
        return
    value = name if name[:1] in "FP" else name[2:]
    navigation.link(page[0], plain(name), {page[1]: value}, icon=page[2])
