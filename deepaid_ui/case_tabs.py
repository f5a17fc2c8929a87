"""Timeline, entities, notes and activity of a case."""

from functools import partial
from typing import Final

import pandas as pd
import streamlit as st

from deepaid_core.domain.actions import Note
from deepaid_core.domain.case import Case
from deepaid_core.domain.entities import CaseEntities
from deepaid_core.domain.timeline import CaseTimeline
from deepaid_core.figures.case_timeline import case_timeline, timeline_table
from deepaid_core.figures.numbers import format_count, format_time_utc
from deepaid_core.figures.text import shorten, visible
from deepaid_core.workflow import activity, case_entities, cases
from deepaid_core.workflow import case_timeline as timelines
from deepaid_ui import charts, drafts, filters, navigation, panels, problems, tables
from deepaid_ui.case_words import author_box, done, hear, left, named, show_text
from deepaid_ui.text import one_line
from deepaid_ui.workspace import workspace

__all__ = ["entities", "notes", "timeline"]

_HEIGHT: Final = 420
_NAME: Final = 60


@st.cache_data(max_entries=16, show_spinner=False)
def _timeline(home: str, at: str, number: int) -> CaseTimeline:
    return timelines.timeline(workspace(), number)


@st.cache_data(max_entries=16, show_spinner="Reading the findings…")
def _entities(home: str, at: str, number: int) -> CaseEntities:
    return case_entities.case_entities(workspace(), number)


def timeline(case: Case) -> None:
    """The figure and its table; a click on a finding opens it."""
    at = filters.version()
    found = _timeline(str(workspace().home), at, case.number)
    clicked = charts.picked(case_timeline(found), key=f"case-timeline-{case.number}-{at}")
    if isinstance(clicked, str):
        navigation.go("finding", {"id": clicked})
    if found.left_out:
        st.caption(
            f"Drawn are the {timelines.MOST_FINDINGS:,} earliest findings; {found.left_out:,} "
            "later ones are left out."
        )
    table = timeline_table(found)
    frame = pd.DataFrame(
        [[tables.cell_text(str(cell)) for cell in row] for row in table.rows],
        columns=list(table.columns),
    )
    st.dataframe(
        frame,
        hide_index=True,
        height=min(_HEIGHT, 38 + 35 * len(frame)),
        key=f"case-timeline-table-{case.number}-{at}",
        alt=f"Timeline of {case.id}, oldest first",
        column_config={
            "Time (UTC)": st.column_config.TextColumn(width=150),
            "Kind": st.column_config.TextColumn(width=80),
            "About": st.column_config.TextColumn(width=112),
            "Who": st.column_config.TextColumn(width=112),
            "What": st.column_config.TextColumn(width=480),
        },
    )


def entities(case: Case) -> None:
    """Whom the findings are about and who else they name."""
    # Of all that analysts do only verdicts and a change of the case can change it.
    at = f"{workspace().store.version()}-{case.version}"
    found = _entities(str(workspace().home), at, case.number)
    if not found.entities:
        panels.empty_state("No entity yet", "Add findings to the case to see whom they are about.")
        return
    every = found.entities
    st.caption(
        f"{format_count(len(every), 'name')} in the flagged events, "
        f"{len(found.indicators):,} of them worth looking for elsewhere. Being named accuses "
        "nobody: victims are named too."
    )
    if found.left_out:
        st.caption(
            f"Read are the {case_entities.MOST_FINDINGS:,} strongest findings; "
            f"{found.left_out:,} others are left out."
        )
    st.dataframe(
        pd.DataFrame(
            {
                "Name": [tables.cell_text(one.name) for one in every],
                "Kind": [one.kind.value for one in every],
                "Role": [", ".join(one.roles) for one in every],
                "Findings": [one.findings for one in every],
                "Confirmed": [one.confirmed for one in every],
                "Dismissed": [one.dismissed for one in every],
                "Indicator": ["✓ yes" if one.is_indicator else "no" for one in every],
            }
        ),
        hide_index=True,
        height=min(2 * _HEIGHT, 38 + 35 * len(every)),
        key=f"case-entities-{case.number}-{filters.version()}",
        alt=f"Entities of {case.id}",
        column_config={
            "Name": st.column_config.TextColumn(width=200),
            "Kind": st.column_config.TextColumn(width=124),
            "Role": st.column_config.TextColumn(
                width=210,
                help="Subject: findings are about it. Counterpart: they talked to it. Else the "
                "column of the flagged events that names it.",
            ),
            "Confirmed": st.column_config.NumberColumn(help="Findings judged true positive."),
            "Dismissed": st.column_config.NumberColumn(
                help="Findings judged false or benign positive."
            ),
            "Indicator": st.column_config.TextColumn(
                help="Named by a finding that nobody has dismissed; goes into the report."
            ),
        },
    )


def notes(case: Case) -> None:
    """Notes with a field for another one, and all that happened, newest first."""
    _write(case)
    for note in reversed(workspace().store.desk.notes(case.id)):
        _note(case, note)
    st.markdown("**Activity**")
    lines = activity.of_case(workspace(), case.number)[::-1]
    st.dataframe(
        pd.DataFrame(
            {
                "Time (UTC)": [tables.moment(line.time) for line in lines],
                "Who": [tables.cell_text(line.author) or "the program" for line in lines],
                "What": [tables.cell_text(line.text) for line in lines],
                "Before": [tables.cell_text(line.before) for line in lines],
                "After": [tables.cell_text(line.after or line.words) for line in lines],
            }
        ),
        hide_index=True,
        height=min(_HEIGHT, 38 + 35 * len(lines)),
        key=f"case-activity-{case.number}-{filters.version()}",
        alt=f"Activity of {case.id}, newest first",
        column_config={
            "Time (UTC)": st.column_config.TextColumn(width=150),
            "Who": st.column_config.TextColumn(width=90),
            "What": st.column_config.TextColumn(width=260),
            "Before": st.column_config.TextColumn(width=180),
            "After": st.column_config.TextColumn(width=260),
        },
    )


def _subject(number: int) -> str:
    return f"note C-{number}"


def _write(case: Case) -> None:
    key = f"case-{case.number}-note"
    show_text(key, drafts.draft(_subject(case.number)).get("text", ""))
    st.text_area(
        "New note",
        key=key,
        height=90,
        max_chars=cases.LONGEST_TEXT,
        placeholder="What a colleague should know; kept as your draft until you save it",
        on_change=problems.in_callback(_keep),
        args=(case.number,),
    )
    hear(key, partial(_keep_text, case.number))
    author_box(key)
    st.button(
        "Add note",
        key=f"{key}-save",
        icon=":material/add_comment:",
        on_click=problems.in_callback(_save),
        args=(case.number,),
    )


def _keep(number: int) -> None:
    _keep_text(number, left(f"case-{number}-note"))


def _keep_text(number: int, text: str) -> None:
    if text:
        drafts.keep(_subject(number), {"text": text})
    else:
        drafts.drop(_subject(number))


def _save(number: int) -> None:
    key = f"case-{number}-note"
    text = str(st.session_state.get(key) or "")
    outcome = cases.take_note(workspace(), number, text, author=named(key))
    drafts.drop(_subject(number))
    done(f"Saved a note on {outcome.id}.", outcome)


def _note(case: Case, note: Note) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(
                f"{one_line(shorten(note.author, _NAME))}, {format_time_utc(note.time)}",
                width="stretch",
            )
            st.button(
                "Withdraw",
                key=f"case-{case.number}-withdraw-{note.number}",
                type="tertiary",
                help="Takes the note off the case; the log keeps it.",
                on_click=problems.in_callback(_withdraw),
                args=(case.number, note.number),
            )
        st.text(visible(note.text, keep_lines=True))


def _withdraw(number: int, action_number: int) -> None:
    who = named(f"case-{number}-note")
    outcome = cases.withdraw_note(workspace(), number, action_number, author=who)
    done(f"Withdrew a note on {outcome.id}.", outcome)
