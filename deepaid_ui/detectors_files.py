"""What a detector consists of: digests, hyperparameters, training, how its source is read."""

from typing import Any, Final

import streamlit as st

from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.figures.numbers import format_value
from deepaid_core.figures.tables import Table
from deepaid_core.workflow.detector_exchange import packed
from deepaid_core.workflow.detector_facts import FileFacts, file_facts
from deepaid_core.workflow.inspection import KINDS, used_columns
from deepaid_ui import panels, session
from deepaid_ui.text import one_line, plain
from deepaid_ui.views.parts import twin
from deepaid_ui.wizard_words import described
from deepaid_ui.workspace import workspace

__all__ = ["hyperparameters_table", "show", "told"]

_LISTED: Final = 200


def show(record: DetectorRecord) -> None:
    """Files, training facts, hyperparameters and settings of the source."""
    facts = file_facts(workspace(), record)
    if facts.intact:
        st.badge(
            "Files intact",
            icon=":material/verified:",
            color="green",
            help="Their digest is the one that was registered.",
        )
    else:
        st.error(
            "The files are not the ones that were registered: their digest differs from the one in "
            "the store. Restore them, or train the detector again.",
            icon=":material/error:",
        )
    panels.facts(
        [
            ("Columns, keys or roles that it reads", f"{facts.columns:,}"),
            ("Size of its files", format_value(float(facts.size_bytes), "bytes")),
            ("Trained on", record.trained_on),
            ("Training events", f"{record.training_events:,}"),
        ]
    )
    left, right = st.columns(2, gap="medium")
    with left:
        twin(hyperparameters_table(facts), key=f"hyper-{record.id}", empty="It has none.")
    with right:
        st.markdown("**How its source is read**")
        st.caption(KINDS.get(record.source_kind, "Another kind of data"))
        st.text(one_line(described(record.source_settings)))
        if columns := used_columns(record.source_settings):
            with st.expander(f"Columns ({len(columns):,})"):
                st.code("\n".join(map(one_line, columns[:_LISTED])), language=None, height=200)
    twin(_digests(record, facts), key=f"digests-{record.id}")
    opened, who = workspace(), session.author() or ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Download",
            lambda: packed(opened, record, author=who),
            file_name=f"{record.id}.zip",
            mime="application/zip",
            icon=":material/download:",
            help="Both files, to register the detector in another workspace.",
            on_click="ignore",
            disabled=not facts.intact,
            key=f"packed-{record.id}",
        )
        st.caption(plain(f"In the workspace: detectors/{record.artifact}"))


def _digests(record: DetectorRecord, facts: FileFacts) -> Table:
    return Table(
        "Digests",
        ("Of", "SHA-256", "What that is"),
        (
            ("this version", record.sha256, "both files; its first ten digits name the version"),
            ("its arrays", facts.arrays_sha256, "what was learned, as its description records it"),
            ("the training file", facts.trained_on_sha256, "what it learned from"),
        ),
    )


def hyperparameters_table(facts: FileFacts) -> Table:
    """Names and values as the description has them."""
    return Table(
        "Hyperparameters",
        ("Name", "Value"),
        tuple((name, told(value)) for name, value in sorted(facts.hyperparameters.items())),
    )


def told(value: Any) -> str:
    """A hyperparameter as a cell."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
