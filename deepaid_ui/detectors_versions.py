"""The versions of one detector: which there are, two side by side, and back to a threshold."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import pandas as pd
import streamlit as st

from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.detector_record import DetectorRecord, RunRecord
from deepaid_core.errors import DeepAidError
from deepaid_core.figures.numbers import format_score, format_share
from deepaid_core.figures.tables import Table
from deepaid_core.workflow import thresholds
from deepaid_core.workflow.detector_facts import FileFacts, file_facts, per_day, runs_of
from deepaid_core.workflow.evaluate import evaluations
from deepaid_ui import detectors_files, problems, session, tables
from deepaid_ui.detectors_evaluation_words import measures
from deepaid_ui.text import plain
from deepaid_ui.views.parts import twin
from deepaid_ui.workspace import workspace

__all__ = ["show"]

_WITH: Final = "with"


def show(record: DetectorRecord) -> None:
    """All versions of the name; a second one beside this one."""
    every = thresholds.versions(workspace(), record.name)
    latest = {one.id: next(iter(runs_of(workspace(), one.id)), None) for one in every}
    _table(record, every, latest)
    others = {one.id: one for one in every if one.id != record.id}
    if not others:
        st.caption(
            "This is the only version. Another threshold, or a training under the same name, makes "
            "the next one; then both can be compared here."
        )
        return
    asked = session.param(_WITH)
    key = f"with-{record.id}"
    # The address owns the choice: links, refresh and the browser's Back bring it back.
    st.session_state[key] = asked if asked in others else next(iter(others))
    st.selectbox(
        plain(f"Compare {record.id} with"),
        list(others),
        key=key,
        format_func=lambda one: (
            f"{one}, threshold {format_score(others[one].threshold)}, made "
            f"{tables.moment(others[one].created_time)} UTC"
        ),
        on_change=lambda: session.set_param(_WITH, st.session_state[key]),
    )
    other = others[st.session_state[key]]
    twin(_beside(record, other, latest), key=f"beside-{record.id}-{other.id}", height=480)
    _back(record, other)


def _open(key: str, rows: Sequence[DetectorRecord]) -> None:
    cell = tables.clicked_row(st.session_state[key]["selection"])
    if cell and cell[0] < len(rows):
        session.set_param(_WITH, None)
        session.set_param("id", rows[cell[0]].id)


def _table(
    record: DetectorRecord,
    every: Sequence[DetectorRecord],
    latest: Mapping[str, RunRecord | None],
) -> None:
    key = f"versions-{record.id}-{len(every)}"
    tables.show(
        pd.DataFrame(
            {
                "Version": [one.id for one in every],
                "": ["▶ this one" if one.id == record.id else "" for one in every],
                "Made (UTC)": [tables.moment(one.created_time) for one in every],
                "Threshold": [format_score(one.threshold) for one in every],
                "How it was chosen": [tables.cell_text(one.threshold_method) for one in every],
                "Kind": [tables.cell_text(one.kind) for one in every],
                "Trained on": [tables.cell_text(one.trained_on) for one in every],
                "Findings, latest run": [_findings(latest[one.id]) for one in every],
            }
        ),
        key=key,
        alt="Versions of this detector, newest first; a click opens one",
        height=min(300, 38 + 35 * len(every)),
        on_click=partial(_open, key, every),
        widths={
            "": st.column_config.TextColumn(width=84),
            "How it was chosen": st.column_config.TextColumn(width=300),
        },
    )


def _findings(run: RunRecord | None) -> str:
    return "not run yet" if run is None else per_day(run.findings, run)


def _beside(
    one: DetectorRecord, other: DetectorRecord, latest: Mapping[str, RunRecord | None]
) -> Table:
    left, right = (_column(version, latest[version.id]) for version in (one, other))
    rows: list[tuple[str, ...]] = []
    marked: list[int] = []
    for name in dict.fromkeys((*left, *right)):
        values = left.get(name, "none"), right.get(name, "none")
        if values[0] != values[1]:
            marked.append(len(rows))
        rows.append((name, *values, "≠" if values[0] != values[1] else ""))
    return Table("Side by side", ("What", one.id, other.id, "Differs"), tuple(rows), tuple(marked))


def _column(record: DetectorRecord, run: RunRecord | None) -> dict[str, str]:
    column = {
        "Kind": record.kind,
        "Threshold": format_score(record.threshold),
        "How it was chosen": record.threshold_method,
        "Trained on": record.trained_on,
        "Training events": f"{record.training_events:,}",
        "Latest run": run.source_name if run else "not run yet",
    }
    if run is not None:
        column["Events in it"] = f"{run.events:,}"
        column["Anomalies in it"] = f"{run.anomalies:,}"
        column["Findings in it"] = f"{run.findings:,}"
        if run.anomalies:
            column["Verified anomalies"] = format_share(run.verified / run.anomalies)
    done = evaluations(workspace(), record.id)
    if done:
        column["Evaluated on"] = done[0].source_name
        column |= {f"{name}": value for name, value in measures(done[0]).items()}
    facts = _files(record)
    if facts is not None:
        column |= {
            f"Hyperparameter {name}": detectors_files.told(value)
            for name, value in sorted(facts.hyperparameters.items())
        }
    return column


def _files(record: DetectorRecord) -> FileFacts | None:
    # A version whose files are gone can still be compared by what the store knows.
    try:
        return file_facts(workspace(), record)
    except DeepAidError:
        return None


def _back(record: DetectorRecord, other: DetectorRecord) -> None:
    if other.threshold == record.threshold:
        return
    with st.popover(
        f"Take over the threshold {format_score(other.threshold)}…",
        icon=":material/settings_backup_restore:",
    ):
        st.markdown(
            "This makes a new version: what the opened one has learned, with the bound of the "
            "other. Both stay, and so do all findings."
        )
        st.button(
            "Make the new version",
            type="primary",
            key=f"back-{record.id}-{other.id}",
            on_click=problems.in_callback(_take),
            args=(record, other),
        )


def _take(record: DetectorRecord, other: DetectorRecord) -> None:
    made = thresholds.apply(
        workspace(),
        record.id,
        Threshold(other.threshold, other.threshold_method),
        author=session.author() or "",
    )
    session.set_param(_WITH, None)
    session.set_param("id", made.id)
    session.remember_done(
        session.Done(
            f"{made.name} is at threshold {format_score(made.threshold)} again, as {made.id}."
        )
    )
