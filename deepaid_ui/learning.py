"""The parts of the Learning page: what to judge next, what is new, and how well verdicts agree."""

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery, PatternRow
from deepaid_core.domain.verdict import Verdict
from deepaid_core.figures.learning import purity_over_time
from deepaid_core.figures.numbers import format_count, format_share, format_time_utc
from deepaid_core.figures.tables import Table
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import distill, steering
from deepaid_core.workflow.steering import Disagreement, NextBest, PurityPoint
from deepaid_ui import charts, filters, navigation, panels, tables
from deepaid_ui.text import one_line
from deepaid_ui.views.parts import twin
from deepaid_ui.workspace import workspace

__all__ = [
    "agreement_over_time",
    "disagreeing",
    "judge_next",
    "new_patterns",
    "nothing_yet",
    "standing",
]

_NEXT: Final = 8
_NEW: Final = 20
_LISTED: Final = 20
_LONGEST: Final = 160
_MIX: Final = (
    ("true_positives", "true positive"),
    ("false_positives", "false positive"),
    ("benign_positives", "benign positive"),
    ("undetermined", "undetermined"),
)


def standing() -> None:
    """How far the analysts' work has come, in four numbers."""
    store = workspace().store
    numbers = store.overview()
    explained = distill.explained(workspace())
    places = st.columns(4, gap="small")
    for place, (title, value, meaning) in zip(
        places,
        (
            ("Decisions", numbers.decisions, "Verdicts in force; one on a whole pattern is one."),
            ("Open findings", numbers.open_findings, f"Of {numbers.findings:,} findings."),
            (
                "With a suggestion",
                explained,
                "Open findings of which the Distiller, from earlier verdicts, says what they are.",
            ),
            ("Suppressed", numbers.suppressed, "Findings that suppressions keep out of the queue."),
        ),
        strict=True,
    ):
        place.metric(title, f"{value:,}", border=True, help=meaning)


# Rows of findings are read for it: kept until something is decided or detected.
@st.cache_data(max_entries=8, show_spinner=False)
def _next_best(home: str, at: str) -> tuple[NextBest, ...]:
    return steering.next_best(workspace(), limit=_NEXT)


@st.cache_data(max_entries=8, show_spinner=False)
def _novel(home: str, at: str) -> tuple[PatternRow, ...]:
    return steering.novel(workspace(), limit=_NEW + 1)


@st.cache_data(max_entries=8, show_spinner=False)
def _disagreements(home: str, at: str) -> tuple[Disagreement, ...]:
    return steering.disagreements(workspace())


def _at() -> tuple[str, str]:
    return str(workspace().home), filters.version()


def judge_next() -> None:
    """Patterns on which one verdict is expected to shorten the queue most, with the reason."""
    st.markdown("**Judge next**")
    best = _next_best(*_at())
    if not best:
        waiting = workspace().store.count(FindingQuery(status=Status.OPEN))
        st.caption("Each open finding was looked at already." if waiting else "No finding is open.")
        return
    st.caption(
        "Where one verdict is expected to shorten the queue most, learned from the verdicts so "
        "far. It never looks at the truth, and where little was judged it is an estimate. Click a "
        "row for the pattern, *Look at* for the finding."
    )
    selection = _table(
        pd.DataFrame(
            {
                "Pattern": [one.pattern.pattern_id for one in best],
                "Look at": [one.finding_id for one in best],
                "Expected to leave": [f"{one.expected:,.1f}" for one in best],
                "False positive": [format_share(round(one.likely_false, 2)) for one in best],
                "Why": [_text(one.reason, 400) for one in best],
                "What deviates": [_text(one.pattern.example_summary) for one in best],
                "Detector": [_text(one.pattern.detector_name) for one in best],
            }
        ),
        key="next",
        alt="Patterns to judge next; a click opens one",
    )
    cell = tables.clicked_row(selection)
    if cell and cell[0] < len(best):
        chosen = best[cell[0]]
        if cell[1] == "Look at":
            navigation.go("finding", {"id": chosen.finding_id})
        navigation.go("patterns", {"pattern": chosen.pattern.pattern_id})
    st.text(one_line(f"First: {best[0].pattern.pattern_id}. {best[0].reason}"))


def new_patterns() -> None:
    """Patterns that only the latest run has shown and nothing like which was judged."""
    found = _novel(*_at())
    st.markdown("**New patterns**")
    if not found:
        st.caption("✓ The latest runs showed nothing that was not seen or judged before.")
        return
    more = len(found) > _NEW
    count = f"More than {_NEW} patterns" if more else format_count(len(found), "pattern")
    st.warning(
        f"{count} of the latest runs {'was' if len(found) == 1 else 'were'} never seen before, "
        f"and nothing like {'it' if len(found) == 1 else 'them'} was judged. Look before an attack "
        "drowns.",
        icon=":material/new_releases:",
    )
    _open(
        found[:_NEW],
        _table(
            _patterns_frame(found[:_NEW]), key="new", alt="New patterns, most open findings first"
        ),
    )


def disagreeing() -> None:
    """Patterns on which verdicts in force contradict each other."""
    st.markdown("**Verdicts that disagree**")
    found = _disagreements(*_at())[:_LISTED]
    if not found:
        st.caption("✓ On no pattern do the verdicts in force contradict each other.")
        return
    st.caption(
        "Somebody called findings of one pattern an attack and others harmless. No suppression is "
        "allowed on it meanwhile; settle who is right. Click a row for the pattern."
    )
    patterns = [one.pattern for one in found]
    frame = _patterns_frame(patterns)
    frame.insert(1, "Latest verdict", [_latest(one.verdicts) for one in found])
    _open(patterns, _table(frame, key="disagree", alt="Patterns whose verdicts disagree"))


def agreement_over_time() -> None:
    """How far the verdicts agreed, as a figure with its table twin."""
    points = steering.purity(workspace())
    charts.show(
        purity_over_time([(one.number, one.time, one.purity, one.decisions) for one in points]),
        key="agreement",
    )
    if not points:
        return
    st.caption(
        "Where it falls, verdicts contradict each other or a pattern holds two kinds of events. "
        "Undetermined findings do not count."
    )
    with st.expander("The same as a table"):
        twin(_agreement_table(points), key=f"agreement-table-{filters.version()}", title=False)
        navigation.link(
            "versions", "Each version in full", icon=":material/history:"
        )  # fmt: skip


def _agreement_table(points: Sequence[PurityPoint]) -> Table:
    return Table(
        "Decisions that agree, by version",
        ("Version", "Time (UTC)", "Agree", "Decisions in force"),
        tuple(
            (
                f"M-{one.number}",
                format_time_utc(one.time).removesuffix(" UTC"),
                format_share(one.purity),
                one.decisions,
            )
            for one in reversed(points)
        ),
    )


def nothing_yet() -> None:
    """What the page is for while there is no finding."""
    panels.empty_state(
        "Nothing to learn from yet",
        "Here stands what to judge next, what is new and how well verdicts agree. Load the demo "
        "data on the Overview, or detect anomalies under Data.",
    )
    navigation.link("overview", "Go to the Overview", icon=":material/dashboard:")


def _patterns_frame(rows: Sequence[PatternRow]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Pattern": [row.pattern_id for row in rows],
            "Open": [row.open_findings for row in rows],
            "Findings": [row.findings for row in rows],
            "Verdicts": [_mix(row) for row in rows],
            "What deviates": [_text(row.example_summary) for row in rows],
            "Entities": [row.entities for row in rows],
            "First event (UTC)": [format_time_utc(row.first_time)[:16] for row in rows],
            "Detector": [_text(row.detector_name) for row in rows],
        }
    )


def _mix(row: PatternRow) -> str:
    said = [f"{getattr(row, name):,} {words}" for name, words in _MIX if getattr(row, name)]
    return ", ".join(said) or "none"


def _latest(verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return ""
    newest = verdicts[0]
    return _text(
        f"{tables.verdict_text(newest.decision.label, newest.decision.category)} by "
        f"{newest.decision.author}"
    )


def _table(frame: pd.DataFrame, *, key: str, alt: str) -> Any:
    return st.dataframe(
        frame,
        hide_index=True,
        height=min(320, 38 + 35 * len(frame)),
        key=f"{key}-{filters.version()}",
        alt=alt,
        on_select="rerun",
        selection_mode=["single-cell"],
        column_config={
            "Pattern": st.column_config.TextColumn(width=112, pinned=True),
            "Look at": st.column_config.TextColumn(width=112),
            "Expected to leave": st.column_config.TextColumn(
                width=122,
                help="False positives that one verdict is expected to take out of the queue: "
                "those of the pattern, and its part of what a suppression of the burst would take.",
            ),
            "False positive": st.column_config.TextColumn(
                width=104, help="How likely its finding is a false positive, by the verdicts."
            ),
            "Why": st.column_config.TextColumn(width=430),
            "Verdicts": st.column_config.TextColumn(width=190),
            "Latest verdict": st.column_config.TextColumn(width=200),
            "What deviates": st.column_config.TextColumn(width=300),
        },
    ).selection


def _open(rows: Sequence[PatternRow], selection: Any) -> None:
    cell = tables.clicked_row(selection)
    if cell and cell[0] < len(rows):
        navigation.go("patterns", {"pattern": rows[cell[0]].pattern_id})


def _text(value: str, longest: int = _LONGEST) -> str:
    return one_line(shorten(value, longest))
