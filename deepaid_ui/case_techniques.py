"""ATT&CK techniques of a case: an analyst picks them and says why; nothing suggests them."""

import pandas as pd
import streamlit as st

from deepaid_core.domain.attack import ATTACK_VERSION, TECHNIQUES, technique_name
from deepaid_core.domain.case import Case
from deepaid_core.workflow import cases
from deepaid_core.workflow.navigator import navigator_layer
from deepaid_ui import panels, problems, tables
from deepaid_ui.case_words import author_box, done, named
from deepaid_ui.text import one_line
from deepaid_ui.workspace import workspace

__all__ = ["frame", "show"]


def show(case: Case) -> None:
    """Techniques with their reasons, and a form for another one."""
    if case.techniques:
        st.dataframe(
            frame(case),
            hide_index=True,
            height="content",
            alt=f"ATT&CK techniques of {case.id}",
            key=f"case-{case.number}-techniques-{case.version}",
            column_config={
                "Technique": st.column_config.TextColumn(width=90),
                "Name": st.column_config.TextColumn(width=260),
                "Why": st.column_config.TextColumn(width=420),
            },
        )
    else:
        panels.empty_state(
            "No technique is noted",
            "Pick what you see in the findings and say why. Nothing is suggested: a deviation "
            "says what was unusual, not which technique it was.",
        )
    if case.merged_into is None:
        _add(case)
        _remove(case)
    if case.techniques:
        st.download_button(
            "ATT&CK layer of this case",
            data=lambda: navigator_layer(workspace(), case.number),
            file_name=f"{case.id}-attack-layer.json",
            mime="application/json",
            on_click="ignore",
            icon=":material/download:",
            help="For the ATT&CK Navigator; the score of a technique is the number of confirmed "
            "findings of the case.",
        )


def frame(case: Case) -> pd.DataFrame:
    """Techniques as a table; the first column is the id."""
    every = case.techniques
    return pd.DataFrame(
        {
            "Technique": [one.id for one in every],
            "Name": [technique_name(one.id) or "not in our selection" for one in every],
            "Why": [tables.cell_text(one.reason) for one in every],
            "Noted by": [tables.cell_text(one.author) for one in every],
        }
    )


def _add(case: Case) -> None:
    key = _key(case)
    with st.container(border=True, gap="small"):
        st.selectbox(
            "Technique",
            list(TECHNIQUES),
            index=None,
            key=f"{key}-id",
            format_func=lambda one: f"{one} {technique_name(one)}".strip(),
            placeholder="Choose one, or type an id such as T1046",
            accept_new_options=True,
            help=f"A selection of ATT&CK for Enterprise, version {ATTACK_VERSION}; any other id "
            "can be typed.",
        )
        st.text_area(
            "Why",
            key=f"{key}-why",
            height=70,
            max_chars=4000,
            placeholder="What in the findings shows it",
        )
        author_box(key)
        st.button(
            "Add technique",
            key=f"{key}-add",
            icon=":material/add:",
            on_click=problems.in_callback(_add_now),
            args=(case.number,),
        )


def _key(case: Case) -> str:
    return f"case-{case.number}-technique"


def _add_now(number: int) -> None:
    state, key = st.session_state, f"case-{number}-technique"
    outcome = cases.add_technique(
        workspace(),
        number,
        str(state.get(f"{key}-id") or ""),
        str(state.get(f"{key}-why") or ""),
        author=named(key),
    )
    done(f"Noted {str(state[f'{key}-id']).strip().upper()} on {outcome.id}.", outcome)
    state[f"{key}-id"], state[f"{key}-why"] = None, ""


def _remove(case: Case) -> None:
    if not case.techniques:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for one in case.techniques:
            st.button(
                f"Take {one.id} off",
                key=f"{_key(case)}-off-{one.id}",
                icon=":material/close:",
                help=one_line(technique_name(one.id)) or None,
                on_click=problems.in_callback(_remove_now),
                args=(case.number, one.id),
            )


def _remove_now(number: int, technique: str) -> None:
    who = named(f"case-{number}-technique")
    outcome = cases.remove_technique(workspace(), number, technique, author=who)
    done(f"Took {technique} off {outcome.id}.", outcome)
