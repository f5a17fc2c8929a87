"""What the columns or lines of a file mean: one form for each kind of source."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

import pandas as pd
import streamlit as st

from deepaid_core.domain.settings import (
    KeyFileSettings,
    LoginSettings,
    LogSettings,
    SeriesSettings,
    SourceSettings,
)
from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow.inspection import columns_of, proposal
from deepaid_core.workflow.previews import LogTrial, try_log
from deepaid_ui.chosen_file import ChosenFile
from deepaid_ui.wizard_columns import pick_column, pick_columns, show_preview
from deepaid_ui.wizard_table import table_form

__all__ = ["mapping"]


def mapping(file: ChosenFile, kind: str) -> SourceSettings | None:
    """Draw the form of a kind; returns what it says, or None where something is missing."""
    proposed = _proposal(file.version, kind)
    form = _FORMS.get(kind)
    return proposed if form is None else form(file, proposed)


def _series(file: ChosenFile, proposed: SourceSettings) -> SourceSettings | None:
    settings = cast(SeriesSettings, proposed)
    columns = columns_of(file.path)
    left, right = st.columns(2, gap="large")
    with left:
        metrics = pick_columns(
            "Metrics to score", columns, settings.columns, key=f"metrics-{file.number}"
        )
    with right:
        time = pick_column("Time", columns, settings.time, key=f"time-{file.number}")
        separator = st.text_input(
            "What stands between host and metric in a column's name",
            value=settings.separator,
            max_chars=5,
            key=f"separator-{file.number}",
            help='A dot for "web01.packets". Empty where all metrics are about one thing.',
        )
        history = st.number_input(
            "Steps of history", 1, 200, settings.history, key=f"history-{file.number}",
            help="A step is judged by the steps before it.",
        )  # fmt: skip
    if not metrics:
        st.warning("Nothing is scored yet; choose metrics.")
        return None
    return replace(
        settings, columns=tuple(metrics), time=time, separator=separator, history=int(history)
    )


def _logins(file: ChosenFile, proposed: SourceSettings) -> SourceSettings | None:
    settings = cast(LoginSettings, proposed)
    columns = columns_of(file.path)
    places = st.columns(4)
    chosen: dict[str, str] = {}
    for place, (role, label) in zip(places, _LOGIN_ROLES.items(), strict=True):
        with place:
            proposal_of_role = getattr(settings, role)
            chosen[role] = pick_column(
                label, columns, proposal_of_role, key=f"{role}-{file.number}"
            )
    left, right = st.columns(2)
    with left:
        outcome = pick_column(
            "Outcome", columns, settings.outcome, key=f"outcome-{file.number}",
            help="A column that says whether the login was let in. Without one, every login was.",
        )  # fmt: skip
    with right:
        words = st.text_input(
            "Outcomes that mean it was let in",
            value=", ".join(settings.success),
            key=f"success-{file.number}",
            disabled=not outcome,
            help="Separated by commas.",
        )
    skip = st.checkbox(
        "Leave out rows without a name or a time",
        key=f"skip-{file.number}",
        help="Otherwise the first such row stops the reading.",
    )
    missing = [label for role, label in _LOGIN_ROLES.items() if not chosen[role]]
    if missing:
        st.warning(f"Not chosen yet: {', '.join(missing)}.")
        return None
    return replace(
        settings,
        time=chosen["time"],
        user=chosen["user"],
        source=chosen["source"],
        destination=chosen["destination"],
        outcome=outcome,
        skip_bad_rows=skip,
        success=tuple(word.strip() for word in words.split(",") if word.strip()),
    )


def _log(file: ChosenFile, proposed: SourceSettings) -> SourceSettings | None:
    settings = cast(LogSettings, proposed)
    line = st.text_input(
        "Form of a line",
        value=settings.line,
        key=f"line-{file.number}",
        help="A regular expression with the named groups time and message, and others such as "
        "host and pid, e.g. (?P<message>.*)",
    )
    left, right = st.columns(2)
    with left:
        session = st.text_input(
            "Lines belong together by",
            value=", ".join(settings.session),
            key=f"session-{file.number}",
            help="Names of groups of the form above, separated by commas. Empty: the log is one "
            "stream.",
        )
    with right:
        history = st.number_input(
            "Lines of history", 1, 200, settings.history, key=f"history-{file.number}",
            help="A line is judged by the lines of its session before it.",
        )  # fmt: skip
    by = tuple(word.strip() for word in session.split(",") if word.strip())
    settings = replace(settings, line=line, session=by, history=int(history))
    trial = _trial(file.version, settings)
    st.caption(
        f"Of the first {format_count(trial.lines, 'line')}, {trial.fitting:,} have this form; "
        f"{format_count(len(trial.templates), 'template')} in "
        f"{format_count(trial.sessions, 'session')}."
    )
    parsed, templates = st.columns(2)
    with parsed:
        show_preview(trial.parsed, key=f"parsed-{file.number}", alt="The first lines taken apart")
    with templates:
        st.dataframe(
            pd.DataFrame({"Templates found": list(trial.templates)}),
            hide_index=True,
            height=280,
            alt="Templates of the first lines",
        )
    if not trial.fitting:
        st.warning("No line has this form; correct it.")
        return None
    return settings


def _keys(file: ChosenFile, proposed: SourceSettings) -> SourceSettings | None:
    settings = cast(KeyFileSettings, proposed)
    history = st.number_input(
        "Keys of history", 1, 200, settings.history, key=f"history-{file.number}",
        help="A key is judged by the keys of its session before it.",
    )  # fmt: skip
    return replace(settings, history=int(history))


_FORMS: Final[Mapping[str, Callable[[ChosenFile, SourceSettings], SourceSettings | None]]] = {
    "table": table_form,
    "series": _series,
    "logins": _logins,
    "log": _log,
    "keys": _keys,
}
_LOGIN_ROLES: Final = {
    "time": "Time",
    "user": "User",
    "source": "Source host",
    "destination": "Destination host",
}


# What is kept is told apart by path, size and time of change, so it is never that of another file.
@st.cache_data(max_entries=32, show_spinner=False)
def _proposal(version: tuple[str, int, int], kind: str) -> SourceSettings:
    return proposal(Path(version[0]), kind)


@st.cache_data(max_entries=32, show_spinner=False)
def _trial(version: tuple[str, int, int], settings: LogSettings) -> LogTrial:
    return try_log(Path(version[0]), settings)
