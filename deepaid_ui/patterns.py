"""The parts of the Patterns page."""

from collections.abc import Sequence

import streamlit as st

from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery, PatternRow
from deepaid_core.domain.verdict import Verdict
from deepaid_core.figures.machine import GraphView, graph_view, machine_title
from deepaid_core.figures.numbers import format_count, format_time_utc
from deepaid_core.workflow import distill, triage
from deepaid_core.workflow.distill import Suggestion
from deepaid_ui import filters, forms, navigation, panels, problems, session, tables
from deepaid_ui.graph import show_graph
from deepaid_ui.text import plain
from deepaid_ui.workspace import workspace

__all__ = ["decisions", "detail", "graph", "log", "overview", "suggestions"]

_EXAMPLES = 5
_LIST_LIMIT = 500
_LOG_LIMIT = 200
# Pixels of the state graph: its height, the width of a usual page, room for names at its edges.
_SHORTEST, _TALLEST = 320, 760
_WIDTH, _NAME, _MARGIN = 1080, 240, 190


def suggestions(patterns: Sequence[PatternRow]) -> dict[str, Suggestion]:
    """What the Distiller makes of the strongest example of each pattern."""
    return {
        one.pattern_id: distill.suggestion_for_path(
            workspace(), one.detector_name, one.example_path
        )
        for one in patterns
    }


def decisions(pattern: PatternRow) -> int:
    """Verdicts in force on a pattern."""
    return (
        pattern.true_positives
        + pattern.false_positives
        + pattern.benign_positives
        + pattern.undetermined
    )


def overview(patterns: Sequence[PatternRow]) -> None:
    """All patterns as a table; a click opens one."""
    shown = patterns[:_LIST_LIMIT]
    st.caption(
        f"{format_count(len(patterns), 'pattern')}, most open findings first. Findings that were "
        "flagged for the same reasons share one. Click a row to open it."
        + (f" The first {_LIST_LIMIT} are listed." if len(patterns) > _LIST_LIMIT else "")
    )
    selection = tables.show(
        tables.patterns_frame(shown, suggestions(shown)),
        key=f"patterns-{filters.version()}",
        alt="Patterns and what was decided on them",
        height=min(560, 38 + 35 * len(shown)),
    )
    cell = tables.clicked_row(selection)
    if cell and cell[0] < len(shown):
        navigation.go("patterns", {"pattern": shown[cell[0]].pattern_id})


def detail(pattern: PatternRow) -> None:
    """One pattern: its states, findings, verdicts, and a verdict on all of it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(pattern.pattern_id, anchor=False, width="content")
        panels.severity_badge(pattern.max_ratio)
        st.space("stretch")
        if st.button("All patterns", icon=":material/arrow_back:"):
            navigation.go("patterns")
        if st.button(f"Its {format_count(pattern.findings, 'finding')}", icon=":material/list:"):
            navigation.go("queue", {"pattern": pattern.pattern_id, "status": "all"})
    left, right = st.columns([0.65, 0.35], gap="medium")
    with left:
        st.caption("States, strongest first in the example")
        for state in pattern.example_path:
            st.text(f"• {distill.describe(state)}")
        panels.facts(
            (
                ("Open findings", f"{pattern.open_findings:,} of {pattern.findings:,}"),
                ("Entities", f"{pattern.entities:,}"),
                ("Events", f"{pattern.events:,}"),
                ("Detector", pattern.detector_name),
                ("True / false positive", f"{pattern.true_positives} / {pattern.false_positives}"),
                (
                    "Benign / undetermined",
                    f"{pattern.benign_positives} / {pattern.undetermined}",
                ),
                ("First event", format_time_utc(pattern.first_time)),
                ("Last event", format_time_utc(pattern.last_time)),
            )
        )
        st.markdown("**Verdicts on it**")
        _verdicts(workspace().store.verdicts(pattern_id=pattern.pattern_id), key="pattern-log")
    with right:
        suggestion = suggestions([pattern])[pattern.pattern_id]
        with st.container(border=True):
            st.caption("The Distiller suggests")
            st.text(tables.suggestion_text(suggestion))
            st.caption(plain(suggestion.reason))
        with st.container(border=True):
            _judge(pattern, suggestion)
    examples = workspace().store.page(FindingQuery(pattern_id=pattern.pattern_id), limit=_EXAMPLES)
    st.markdown("**Highest scoring findings**")
    selection = tables.show(
        tables.findings_frame(examples, distill.suggestions(workspace(), examples)),
        key=f"examples-{pattern.pattern_id}-{filters.version()}",
        alt="Highest scoring findings of the pattern",
    )
    cell = tables.clicked_row(selection)
    if cell and cell[0] < len(examples):
        navigation.go(
            "finding",
            {
                "id": examples[cell[0]].id,
                **session.QueueView(pattern=pattern.pattern_id, status="all").packed(),
            },
        )


def _judge(pattern: PatternRow, suggestion: Suggestion) -> None:
    if not pattern.open_findings:
        st.caption("No finding of this pattern is open.")
        return
    count = pattern.open_findings
    st.caption(
        "A decision on the open finding"
        if count == 1
        else f"One decision on all {count:,} open findings"
    )
    example = workspace().store.page(
        FindingQuery(status=Status.OPEN, pattern_id=pattern.pattern_id), limit=1
    )[0]
    forms.verdict_form(
        forms.Target(
            key=f"pattern-{pattern.pattern_id}-{filters.version()}",
            finding_ids=(example.id,),
            draft=triage.drafted_reason(workspace().store.finding(example.id)),
            kind="pattern",
            pattern_id=pattern.pattern_id,
            siblings=pattern.open_findings,
            reach=f"Reaches {format_count(pattern.open_findings, 'open finding')}; the pattern "
            f"is seen on {format_count(pattern.entities, 'entity', 'entities')}.",
            suggestion=suggestion,
        )
    )


def graph() -> None:
    """The machine as a graph with a table of its nodes as the twin."""
    machine = distill.machine(workspace())
    names = machine.detector_names
    if not names:
        panels.empty_state(
            "The Distiller has learned nothing yet",
            "Accept or reject a finding; its states and your category appear here.",
        )
        return
    name = names[0]
    if len(names) > 1:
        name = st.selectbox("Detector", names, key="graph_detector", bind="query-params")
    states = distill.state_graph(workspace(), name)
    view = graph_view(states)
    st.caption(
        plain(f"Machine {machine.version}: {machine_title(states)}.")
        + " Diamonds led to true positives, dots to false positives, squares to both; the wider "
        "a line, the more decisions."
    )
    selected = show_graph(
        view.nodes,
        view.edges,
        options=view.options,
        version=view.version,
        key="state-graph",
        alt=machine_title(states),
        height=_graph_height(view),
        plates=True,
    )
    if selected:
        st.caption("What follows and precedes the selected node is listed first.")
    tables.show(
        tables.nodes_frame(states, selected),
        key=f"nodes-{view.version}-{selected}",
        alt="States and categories of the machine",
        clickable=False,
        height=min(480, 38 + 35 * len(states.nodes)),
    )


def _graph_height(view: GraphView) -> int:
    # Names shrink with the graph: a column of many states needs room to stay readable, but no
    # more than is left once the columns fit the width.
    across, down = ([float(node[axis]) for node in view.nodes] for axis in ("x", "y"))
    scale = min(1.0, _WIDTH / (max(across) - min(across) + _NAME))
    height = scale * (max(down) - min(down)) + _MARGIN
    return round(min(_TALLEST, max(_SHORTEST, height)))


def _verdicts(verdicts: Sequence[Verdict], *, key: str) -> None:
    if not verdicts:
        st.caption("None yet.")
        return
    selection = tables.show(
        tables.verdicts_frame(verdicts),
        key=f"{key}-{filters.version()}",
        alt="Verdicts, newest first",
        height=min(420, 38 + 35 * len(verdicts)),
    )
    cell = tables.clicked_row(selection)
    if cell and cell[0] < len(verdicts):
        session.set_param("entry", str(verdicts[cell[0]].number))
    number = session.param("entry")
    chosen = next((one for one in verdicts if str(one.number) == number), None)
    if chosen is None:
        st.caption("Click a verdict to see what it changed, and to take it back.")
        return
    changed(chosen)


def changed(verdict: Verdict) -> None:
    """What one verdict changed in the machine, with Undo."""
    with st.container(border=True, key="changed"):
        decision = verdict.decision
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**What verdict {verdict.number} changed**")
            st.space("stretch")
            if verdict.undone_by is None:
                st.button(
                    "Undo this verdict",
                    key=f"undo-{verdict.number}",
                    icon=":material/undo:",
                    on_click=problems.in_callback(panels.undo),
                    args=((verdict.number,),),
                )
            else:
                st.badge(f"Undone by {verdict.undone_by}", color="gray")
        st.text(
            f"{tables.verdict_text(decision.label, decision.category)} by {decision.author}, "
            f"{format_time_utc(verdict.time)}, on "
            f"{format_count(len(decision.finding_ids), 'finding')}\n{decision.reason}"
        )
        change = distill.changes(workspace(), verdict.number)
        if not change.transitions:
            st.caption("It taught the Distiller nothing new.")
            return
        st.text(
            f"Machine M-{change.machine_before} became M-{change.machine_after}. The suggestion "
            f"for {change.open_findings:,} of today's open findings changed with it."
        )
        tables.show(
            tables.changes_frame(change),
            key=f"change-{verdict.number}",
            alt="Transitions and their counts before and after the verdict",
            clickable=False,
        )


def log() -> None:
    """All verdicts, newest first."""
    _verdicts(workspace().store.verdicts(limit=_LOG_LIMIT), key="log")
