"""Which file to evaluate on, and where its labels are."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import streamlit as st

from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.errors import InvalidEventsError, InvalidParameterError
from deepaid_core.figures.text import shorten
from deepaid_core.workflow.evaluate import LabelColumn, LabelFile
from deepaid_core.workflow.inspection import columns_of, fits, is_table_kind
from deepaid_ui import chosen_file
from deepaid_ui.chosen_file import ChosenFile
from deepaid_ui.text import one_line, plain
from deepaid_ui.wizard_columns import pick_column

__all__ = ["form"]

Start = Callable[[Path, str, LabelColumn | LabelFile], None]

_COLUMN, _FILE = "A column of the file", "A file beside it"
_USUAL: Final = ("label", "labels", "is_attack", "is_anomaly", "attack", "class", "target")


def form(record: DetectorRecord, start: Start) -> None:
    """Let file and labels be chosen.

    Args:
        record: What is to be evaluated; it says how the file is read.
        start: Called with the file, its name, and where its labels are.
    """
    st.markdown("**On a file with labels**")
    file = chosen_file.pick()
    if file is None:
        return
    why_not = fits(record, file.path, record.source_kind)
    if why_not is not None:
        st.warning(plain(why_not), icon=":material/info:")
        return
    ways = (_COLUMN, _FILE) if is_table_kind(record.source_kind) else (_FILE,)
    way = st.radio("Where its labels are", ways, horizontal=True, key="label-way")
    labels = _column(record, file) if way == _COLUMN else _beside()
    # No callback: it would be given what the widgets said before the click.
    if st.button(
        "Evaluate", type="primary", icon=":material/fact_check:", key="evaluate-go",
        disabled=labels is None,
    ) and labels is not None:  # fmt: skip
        start(file.path, file.name, labels)
        st.rerun()


def _column(record: DetectorRecord, file: ChosenFile) -> LabelColumn | None:
    columns = columns_of(file.path, record.source_settings)
    guess = next((name for name in columns if name.strip().lower() in _USUAL), "")
    left, middle, right = st.columns(3, gap="medium")
    with left:
        column = pick_column("Column", columns, guess, key=f"label-column-{file.number}")
    with middle:
        usual = LabelColumn(column="").normal
        words = st.text_input(
            "What stands there for normal events",
            ", ".join(word for word in usual if word),
            key="label-normal",
            help="Separated by commas; an empty cell is normal too. Everything else is to be "
            "found.",
        )
    with right:
        category = pick_column(
            "Column with the category",
            columns,
            "",
            key=f"label-category-{file.number}",
            help="For recall by category; without one, the labels themselves are the categories.",
        )
    if not column:
        return None
    normal = tuple(word.strip() for word in words.split(",") if word.strip())
    return LabelColumn(column=column, normal=(*normal, ""), category=category)


def _beside() -> LabelFile | None:
    left, right = st.columns(2, gap="medium")
    with left:
        upload = st.file_uploader(
            "File of labels",
            type=["csv", "gz", "parquet"],
            key="label-upload",
            help='Intervals ("start", "end" and, where only one is meant, "entity") or positions '
            '("packet", "line", "row" or "index", from 0).',
        )
    with right:
        typed = st.text_input(
            "Or its path on the server", key="label-path", placeholder="/data/labels.csv"
        ).strip()
        events = st.text_input(
            "Path of a table that says more of them",
            key="label-events",
            placeholder="optional",
            help='Joined on the column that both have, such as "event_id".',
        ).strip()
    if upload is not None:
        path: Path | None = _kept(upload)
    else:
        path = _existing(typed) if typed else None
    return LabelFile(path=path, events=_existing(events) if events else None) if path else None


def _kept(upload: object) -> Path:
    # One copy for each upload, however often the page is drawn.
    known: tuple[str, Path] | None = st.session_state.get("_labels")
    number = str(getattr(upload, "file_id", ""))
    if known is None or known[0] != number or not known[1].is_file():
        known = (number, chosen_file.copy_of(upload))
        st.session_state["_labels"] = known
    return known[1]


def _existing(typed: str) -> Path:
    path = Path(typed).expanduser()
    try:
        there = path.is_file()
    except (OSError, ValueError) as error:
        raise InvalidParameterError(
            f"'{shorten(one_line(typed), 200)}' is no path of a file; check it."
        ) from error
    if not there:
        raise InvalidEventsError(
            f"There is no file '{shorten(one_line(typed), 200)}'; check the path."
        )
    return path
