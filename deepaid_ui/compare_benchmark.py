"""The parts of the Compare page that are about the last benchmark run."""

from typing import Any, Final

import pandas as pd
import streamlit as st

from deepaid_core.errors import StoredValueError
from deepaid_core.figures.compare_methods import method
from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow.benchmark_measures import MEASURES, Measure
from deepaid_core.workflow.benchmark_results import (
    ComparisonResults,
    Standing,
    TaskResult,
    last_results,
)
from deepaid_ui import panels, problems, tables
from deepaid_ui.text import one_line, plain

__all__ = ["results"]

_COMMAND: Final = "deepaid bench --only comparison"
_GROUPS: Final = {
    "Flips the label": (
        "lfr_1", "lfr_2", "lfr_3", "lfr_5", "lfr_10", "mean_k", "solved", "solvable", "verified",
        "proof", "history", "history_flips",
    ),
    "Names the cause": (
        "truth_ranking", "truth_shown", "truth_precision", "hit_100", "hit_150", "ndcg_5",
    ),
    "Looks normal": ("coherent", "plausibility", "distance_left"),
    "Stays the same": (
        "stability", "noise_ranking", "noise_shown", "attack_ranking", "attack_shown",
    ),
    "Speed": ("cpu_s_per_1000", "single_ms"),
}  # fmt: skip
_TITLES: Final = {
    "lfr_1": "after 1",
    "lfr_2": "after 2",
    "lfr_3": "after 3",
    "lfr_5": "after 5",
    "lfr_10": "after 10",
    "mean_k": "fields needed",
    "solved": "solved by 10",
    "solvable": "solved at all",
    "cpu_s_per_1000": "CPU s per 1000",
    "single_ms": "one alone (ms)",
    "truth_ranking": "planted, ranking",
    "truth_shown": "planted, shown",
    "hit_100": "causes hit",
    "hit_150": "causes hit, 1.5×",
    "ndcg_5": "causes on top",
}
_VERDICTS: Final = {"first": "✓ first", "tied": "= tied", "behind": "✗ behind"}
_TABLE: Final[dict[str, Any]] = {"hide_index": True, "height": "content"}


def results() -> None:
    """Tables of the last run, or how to make one."""
    try:
        last = last_results()
    except StoredValueError as error:
        problems.show(error)
        return
    if last is None or not last.tasks:
        panels.empty_state(
            "Not measured yet",
            "A benchmark asks every method about the same anomalies of public data sets and "
            "compares what they name, whether it flips the label, how steady and how fast they "
            "are. Run it in a checkout of the project:",
        )
        st.code(_COMMAND, language=None)
        return
    _headline(last)
    keys = [task.key for task in last.tasks]
    titles = {task.key: task.title for task in last.tasks}
    chosen = st.selectbox(
        "Data and detector",
        keys,
        format_func=lambda key: one_line(titles[key]),
        key="task",
        bind="query-params",
    )
    task = last.task(chosen) or last.tasks[0]
    _methods(task)
    _standings(last, task)
    _targets(last)
    _origin(last)


def _headline(last: ComparisonResults) -> None:
    counts = {verdict: 0 for verdict in _VERDICTS}
    for row in last.standings:
        counts[row.verdict] += 1
    total = len(last.standings)
    behind = counts["behind"]
    said = (
        f"Our default methods are first on {counts['first']:,}, tied on {counts['tied']:,} and "
        f"behind on {behind:,} of {format_count(total, 'comparison')} with the strongest other "
        "method."
    )
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{plain(said)}**")
        st.caption(
            plain(
                f"Measured {last.measured[:10]} on {last.machine.get('processor', 'one machine')}; "
                f"{format_count(len(last.tasks), 'task')}, every method on the same anomalies of "
                "the same detector."
            )
        )


def _methods(task: TaskResult) -> None:
    there = {measure.key for measure in task.measures}
    groups = [name for name, keys in _GROUPS.items() if there & set(keys)]
    # A group that no method of this task has a value of is not offered.
    if st.session_state.get("measures") not in groups:
        st.session_state["measures"] = groups[0]
    picked = st.segmented_control(
        "Measures", groups, key="measures", required=True, label_visibility="collapsed"
    )
    measures = [MEASURES[key] for key in _GROUPS[picked or groups[0]] if key in there]
    st.dataframe(
        _frame(task, measures),
        column_config={
            "Method": st.column_config.TextColumn(width=176, pinned=True),
            "Anomalies": st.column_config.NumberColumn(
                width=84, help="How many this method interpreted; slow ones get fewer."
            ),
            **{
                _title(one): st.column_config.TextColumn(
                    width=88,
                    help=f"{one.meaning} {'Higher' if one.higher else 'Lower'} is better.",
                )
                for one in measures
            },
        },
        key=f"methods-{task.key}-{picked}",
        alt=f"Methods on {one_line(task.title)}: {picked}",
        **_TABLE,
    )
    st.caption(
        "★ and bold: the best value of a column. “after 3”: share of anomalies that the detector "
        "calls normal once the first 3 named fields take normal values. Point at a column's head "
        "for what it means."
        if picked == "Flips the label"
        else "★ and bold: the best value of a column. Point at a column's head for what it means."
    )
    named: dict[str, list[str]] = {}
    for row in task.methods:
        for note in row.notes:
            named.setdefault(note, []).append(method(row.method).title)
    notes = {f"{', '.join(names)}: {note}" for note, names in named.items()}
    for name, why in task.left_out.items():
        notes.add(f"{method(name).title} was left out: {why}")
    for note in sorted(notes):
        st.caption(plain(note))


def _title(measure: Measure) -> str:
    return _TITLES.get(measure.key, measure.title)


def _long_title(measure: Measure) -> str:
    _, _, count = measure.key.partition("lfr_")
    if count:
        return f"Label flips after {format_count(int(count), 'field')}"
    title = _TITLES.get(measure.key, measure.title)
    return title[:1].upper() + title[1:]


def _frame(task: TaskResult, measures: list[Measure]) -> Any:
    rows = []
    best: list[list[bool]] = []
    for one in task.methods:
        name = method(one.method).title
        row: dict[str, Any] = {
            "Method": f"{name} (default)" if one.method == task.ours else name,
            "Anomalies": one.n,
        }
        marks = [False, False]
        for measure in measures:
            value = one.measures.get(measure.key)
            # As printed: what reads the same is equally good.
            text = measure.text(value)
            wins = value is not None and text == measure.text(task.best(measure.key))
            row[_title(measure)] = f"★ {text}" if wins else text
            marks.append(wins)
        rows.append(row)
        best.append(marks)
    frame = pd.DataFrame(rows)
    weights = pd.DataFrame(
        [["font-weight: bold" if wins else "" for wins in marks] for marks in best],
        columns=frame.columns,
    )
    return frame.style.apply(lambda _: weights, axis=None)


def _standings(last: ComparisonResults, task: TaskResult) -> None:
    rows = [row for row in last.standings if row.task == task.key]
    if not rows:
        return
    st.markdown(f"**Who is first on {plain(task.title)}**")
    order = {"behind": 0, "tied": 1, "first": 2}
    rows.sort(key=lambda row: order[row.verdict])
    st.dataframe(
        pd.DataFrame([_standing(row) for row in rows]),
        column_config={
            "Measure": st.column_config.TextColumn(width=170),
            "Ours is": st.column_config.TextColumn(width=80),
            "Ours": st.column_config.TextColumn(width=70),
            "Strongest other": st.column_config.TextColumn(width=160),
            "Its value": st.column_config.TextColumn(width=76),
            "Why we accept it": st.column_config.TextColumn(width=560),
        },
        key=f"standings-{task.key}",
        alt=f"How the default stands on {one_line(task.title)}",
        **_TABLE,
    )
    st.caption(
        "Tied: the difference on the anomalies that both interpreted could be chance (paired "
        "bootstrap, 95 %); for times, within 10 %."
    )
    reasons = {row.reason: row for row in rows if row.reason}
    for reason, row in reasons.items():
        st.caption(plain(f"{_long_title(MEASURES[row.measure])}: {reason}"))


def _standing(row: Standing) -> dict[str, str]:
    measure = MEASURES[row.measure]
    return {
        "Measure": _long_title(measure),
        "Ours is": _VERDICTS[row.verdict],
        "Ours": measure.text(row.value),
        "Strongest other": method(row.other).title,
        "Its value": measure.text(row.other_value),
        "Why we accept it": one_line(row.reason),
    }


def _targets(last: ComparisonResults) -> None:
    if not last.targets:
        return
    met = sum(one.met is True for one in last.targets)
    with st.expander(
        f"What was asked for before it was measured: {met} of {len(last.targets)} met"
    ):
        titles = {task.key: task.title for task in last.tasks}
        frame = pd.DataFrame(
            [
                {
                    "Data": one_line(titles.get(one.task, one.task)),
                    "Measure": _long_title(MEASURES[one.measure])
                    if one.measure in MEASURES
                    else one_line(one.measure),
                    "Asked": one_line(one.asked),
                    "Measured": "not measured"
                    if one.measured is None
                    else MEASURES[one.measure].text(one.measured)
                    if one.measure in MEASURES
                    else f"{one.measured:.4g}",
                    "Met": {True: "✓ yes", False: "✗ no", None: "–"}[one.met],
                    "What was found": one_line(one.reason),
                }
                for one in last.targets
            ]
        )
        tables.show(frame, key="targets", alt="Numbers asked for and measured", clickable=False)


def _origin(last: ComparisonResults) -> None:
    with st.expander("Machine, versions, and how to measure it again"):
        st.code(last.command or _COMMAND, language=None)
        panels.facts(
            [
                ("Measured", last.measured),
                ("Code", last.commit),
                ("Size", last.size),
                ("Load before", f"{last.load_before:.2f}"),
                *((str(name), str(value)) for name, value in last.machine.items()),
                *((str(name), str(value)) for name, value in last.settings.items()),
            ]
        )
        for name, why in last.skipped.items():
            st.caption(plain(f"{name} was not measured: {why}"))
