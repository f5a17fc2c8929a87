"""What the columns or lines of a file mean: one form for each kind of source."""

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
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
    TableSettings,
)
from deepaid_core.figures.numbers import format_count
from deepaid_core.figures.text import shorten
from deepaid_core.workflow.inspection import (
    ColumnGuess,
    LogTrial,
    Preview,
    columns_of,
    explained,
    proposal,
    settings_of,
    try_log,
)
from deepaid_ui.chosen_file import ChosenFile
from deepaid_ui.text import one_line, plain

__all__ = ["described", "mapping", "show_preview"]

_NONE: Final = ""
_MOST_WRAPPED: Final = 60  # columns; more of them would push the rest off the page


def mapping(file: ChosenFile, kind: str) -> SourceSettings | None:
    """Draw the form of a kind; returns what it says, or None where something is missing."""
    proposed = _proposal(file.version, kind)
    form = _FORMS.get(kind)
    return proposed if form is None else form(file, proposed)


def described(settings: SourceSettings) -> str:
    """How a file will be read, in a sentence of plain text."""
    match settings:
        case TableSettings():
            parts = [
                format_count(len(settings.numbers), "number"),
                format_count(len(settings.categories), "category", "categories"),
            ]
            return _with_roles(" and ".join(parts), settings.time, settings.entity)
        case SeriesSettings():
            count = format_count(len(settings.columns), "metric")
            return _with_roles(count, settings.time, "") + f", {settings.history} steps of history"
        case LoginSettings():
            return (
                f"user from {_name(settings.user)}, source from {_name(settings.source)}, "
                f"destination from {_name(settings.destination)}, time from {_name(settings.time)}"
            )
        case LogSettings():
            by = " and ".join(settings.session) or "pauses"
            return f"sessions by {by}, {settings.history} lines of history"
        case KeyFileSettings():
            return f"a session per line, {settings.history} keys of history"
    return "packets, 100 statistics each"


def show_preview(seen: Preview, *, key: str, alt: str) -> None:
    """The beginning of a file as a table; its text is a stranger's and stays text."""
    st.dataframe(
        pd.DataFrame([*seen.rows], columns=list(_labels(seen.columns).values())),
        key=key,
        hide_index=True,
        height=min(280, 38 + 35 * max(1, len(seen.rows))),
        alt=alt,
    )


def _table(file: ChosenFile, proposed: SourceSettings) -> SourceSettings | None:
    header = st.toggle(
        "The first row holds the names of the columns",
        value=cast(TableSettings, proposed).header,
        key=f"header-{file.number}",
    )
    names: tuple[str, ...] = ()
    if not header:
        typed = st.text_area(
            "Names of the columns, if you know them",
            key=f"names-{file.number}",
            height=68,
            placeholder="duration, protocol, service, ...",
            help="In the order of the columns, separated by commas or lines.",
        )
        names = tuple(name.strip() for name in re.split(r"[,\n]", typed) if name.strip())
    guesses = _explained(file.version, header, names)
    settings = settings_of(guesses, header=header, names=names)
    # Widgets of one header must not keep the columns of the other.
    key = f"{file.number}-{header}-{zlib.crc32(repr(names).encode())}"
    columns = columns_of(file.path, settings)
    left, right = st.columns(2, gap="large")
    with left:
        numbers = _several(
            "Numbers to score", columns, settings.numbers, key=f"numbers-{key}",
            help="Sizes, counts, durations, rates.",
        )  # fmt: skip
        categories = _several(
            "Categories to score", columns, settings.categories, key=f"categories-{key}",
            help="Names out of a short list, such as a protocol. The 100 most frequent of each are "
            "told apart.",
        )  # fmt: skip
    with right:
        time = _one("Time", columns, settings.time, key=f"time-{key}")
        entity = _one(
            "Whom a row is about", columns, settings.entity, key=f"entity-{key}",
            help="A host, user or device. Findings are gathered by it.",
        )  # fmt: skip
        context = _several(
            "Shown as evidence, not scored", columns, settings.context, key=f"context-{key}"
        )
        skip = st.checkbox(
            "Leave out rows with a cell that cannot be read",
            key=f"skip-{key}",
            help="Otherwise the first such cell stops the reading.",
        )
    used = {*numbers, *categories, *context, time, entity}
    ignored = [name for name in columns if name not in used]
    st.caption(
        plain(f"Ignored: {', '.join(_short(name) for name in ignored[:20])}")
        if ignored
        else "No column is ignored."
    )
    with st.expander("Why these were proposed"):
        st.dataframe(
            pd.DataFrame(
                {
                    "Column": [_short(one.name) for one in guesses],
                    "Proposed as": [_ROLE_WORDS[one.role] for one in guesses],
                    "Because it": [one.reason for one in guesses],
                    "For example": [one.example for one in guesses],
                }
            ),
            hide_index=True,
            height=280,
            alt="Columns and what they were proposed as",
        )
    twice = [name for name in numbers if name in categories]
    if twice:
        st.warning(plain(f"{_short(twice[0])} is both a number and a category; take one away."))
        return None
    if not (numbers or categories):
        st.warning("Nothing is scored yet; choose numbers or categories.")
        return None
    return TableSettings(
        numbers=tuple(numbers),
        categories=tuple(categories),
        time=time,
        entity=entity,
        context=tuple(context),
        skip_bad_rows=skip,
        header=header,
        names=names,
    )


def _series(file: ChosenFile, proposed: SourceSettings) -> SourceSettings | None:
    settings = cast(SeriesSettings, proposed)
    columns = columns_of(file.path)
    left, right = st.columns(2, gap="large")
    with left:
        metrics = _several(
            "Metrics to score", columns, settings.columns, key=f"metrics-{file.number}"
        )
    with right:
        time = _one("Time", columns, settings.time, key=f"time-{file.number}")
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
            chosen[role] = _one(label, columns, proposal_of_role, key=f"{role}-{file.number}")
    left, right = st.columns(2)
    with left:
        outcome = _one(
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
    "table": _table,
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
_ROLE_WORDS: Final = {
    "time": "time",
    "entity": "whom a row is about",
    "number": "number",
    "category": "category",
    "shown": "shown, not scored",
    "ignored": "ignored",
}


# What is kept is told apart by path, size and time of change, so it is never that of another file.
@st.cache_data(max_entries=32, show_spinner=False)
def _explained(
    version: tuple[str, int, int], header: bool, names: tuple[str, ...]
) -> list[ColumnGuess]:
    return explained(Path(version[0]), header=header, names=names)


@st.cache_data(max_entries=32, show_spinner=False)
def _proposal(version: tuple[str, int, int], kind: str) -> SourceSettings:
    return proposal(Path(version[0]), kind)


@st.cache_data(max_entries=32, show_spinner=False)
def _trial(version: tuple[str, int, int], settings: LogSettings) -> LogTrial:
    return try_log(Path(version[0]), settings)


def _several(
    label: str, columns: Sequence[str], proposed: Sequence[str], *, key: str, help: str = ""
) -> list[str]:
    labels = _labels(columns)
    return st.multiselect(
        label,
        columns,
        default=[name for name in proposed if name in columns],
        format_func=lambda name: labels[name],
        key=key,
        help=help or None,
        wrap=len(columns) <= _MOST_WRAPPED,
    )


def _one(label: str, columns: Sequence[str], proposed: str, *, key: str, help: str = "") -> str:
    labels = _labels(columns)
    picked = st.selectbox(
        label,
        columns,
        index=columns.index(proposed) if proposed in columns else None,
        format_func=lambda name: labels[name],
        placeholder="No column",
        key=key,
        help=help or None,
    )
    return picked or _NONE


def _labels(columns: Sequence[str]) -> dict[str, str]:
    """A short label for each column, no two alike."""
    labels: dict[str, str] = {}
    for place, name in enumerate(columns, start=1):
        short = _short(name)
        labels[name] = f"{short} ({place})" if short in labels.values() else short
    return labels


def _short(name: str) -> str:
    return shorten(one_line(name), 50)


def _name(column: str) -> str:
    return f"'{_short(column)}'" if column else "nothing"


def _with_roles(what: str, time: str, entity: str) -> str:
    return (
        what
        + (f", time from {_name(time)}" if time else ", no time")
        + (f", about {_name(entity)}" if entity else "")
    )
