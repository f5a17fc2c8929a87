"""The form that says what each column of a table means."""

import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final, cast

import pandas as pd
import streamlit as st

from deepaid_core.domain.settings import SourceSettings, TableSettings
from deepaid_core.workflow.inspection import ColumnGuess, columns_of, guess_columns, settings_of
from deepaid_ui.chosen_file import ChosenFile
from deepaid_ui.text import plain
from deepaid_ui.wizard_columns import pick_column, pick_columns, short_name

__all__ = ["table_form"]

_ROLE_WORDS: Final = {
    "time": "time",
    "entity": "whom a row is about",
    "number": "number",
    "category": "category",
    "shown": "shown, not scored",
    "ignored": "ignored",
}


def table_form(file: ChosenFile, proposed: SourceSettings) -> SourceSettings | None:
    """Draw the form; returns what it says, or None where something is missing."""
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
    guesses = _guesses(file.version, header, names)
    settings = settings_of(guesses, header=header, names=names)
    # Widgets of one header must not keep the columns of the other.
    key = f"{file.number}-{header}-{zlib.crc32(repr(names).encode())}"
    columns = columns_of(file.path, settings)
    left, right = st.columns(2, gap="large")
    with left:
        numbers = pick_columns(
            "Numbers to score", columns, settings.numbers, key=f"numbers-{key}",
            help="Sizes, counts, durations, rates.",
        )  # fmt: skip
        categories = pick_columns(
            "Categories to score", columns, settings.categories, key=f"categories-{key}",
            help="Names out of a short list, such as a protocol. The 100 most frequent of each are "
            "told apart.",
        )  # fmt: skip
    with right:
        time = pick_column("Time", columns, settings.time, key=f"time-{key}")
        entity = pick_column(
            "Whom a row is about", columns, settings.entity, key=f"entity-{key}",
            help="A host, user or device. Findings are gathered by it.",
        )  # fmt: skip
        context = pick_columns(
            "Shown as evidence, not scored", columns, settings.context, key=f"context-{key}"
        )
        skip = st.checkbox(
            "Leave out rows with a cell that cannot be read",
            key=f"skip-{key}",
            help="Otherwise the first such cell stops the reading.",
        )
    titles = _titles(key, [*numbers, *categories])
    used = {*numbers, *categories, *context, time, entity}
    ignored = [name for name in columns if name not in used]
    st.caption(
        plain(f"Ignored: {', '.join(short_name(name) for name in ignored[:20])}")
        if ignored
        else "No column is ignored."
    )
    with st.expander("Why these were proposed"):
        st.dataframe(
            pd.DataFrame(
                {
                    "Column": [short_name(one.name) for one in guesses],
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
        st.warning(plain(f"{short_name(twice[0])} is both a number and a category; take one away."))
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
        titles=titles,
    )


def _titles(key: str, scored: Sequence[str]) -> tuple[tuple[str, str], ...]:
    typed = st.text_area(
        "What analysts call the columns",
        key=f"titles-{key}",
        height=68,
        placeholder="src_bytes = bytes that the client sent",
        help="A column and its plain name on each line. Findings and reports use these names; "
        "columns without one keep that of the table.",
    )
    pairs = (line.partition("=") for line in typed.splitlines() if "=" in line)
    given = {name.strip(): title.strip() for name, _, title in pairs}
    if unknown := [name for name in given if name not in scored]:
        st.warning(plain(f"{short_name(unknown[0])} is not scored, so its plain name is not used."))
    return tuple((name, given[name]) for name in scored if given.get(name))


# What is kept is told apart by path, size and time of change, so it is never that of another file.
@st.cache_data(max_entries=32, show_spinner=False)
def _guesses(
    version: tuple[str, int, int], header: bool, names: tuple[str, ...]
) -> list[ColumnGuess]:
    return guess_columns(Path(version[0]), header=header, names=names)
