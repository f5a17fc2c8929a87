"""The parts of the first page."""

import streamlit as st

from deepaid_core.domain.finding import Status
from deepaid_core.domain.progress import Cancelled, Progress
from deepaid_core.domain.queries import FindingQuery, Overview
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.figures.numbers import (
    format_count,
    format_excess,
    format_share,
    format_time_utc,
)
from deepaid_core.figures.scores import times_utc
from deepaid_core.figures.text import shorten
from deepaid_core.figures.volume import detector_hours, volume
from deepaid_core.workflow.preparation import preparation
from deepaid_ui import charts, filters, navigation, panels, patterns
from deepaid_ui.job_panel import job_panel
from deepaid_ui.jobs import Job, registry
from deepaid_ui.text import one_line, plain
from deepaid_ui.workspace import workspace

__all__ = ["being_prepared", "counts", "demo_outcome", "next_steps", "nothing_yet", "over_time"]

_BEST_PATTERNS = 5
_HOUR_S = 3600.0
_LOOK_EVERY_S = 1.0


def _load_demo() -> None:
    opened = workspace()

    def work(progress: Progress, cancelled: Cancelled) -> object:
        # Imported here because it needs torch, which no page should wait for.
        from deepaid_core.workflow.demo import prepare_demo

        return prepare_demo(opened, progress=progress, cancelled=cancelled)

    registry().start("demo", "Loading the demo data", work)


def nothing_yet() -> None:
    """An empty workspace: load the demo, or bring own data."""
    runs = workspace().store.runs()
    if preparation(workspace().home) is not None:
        panels.empty_state("The demo is being prepared", "The first findings appear in seconds.")
        return
    if runs:
        panels.empty_state(
            "Nothing was flagged",
            f"{format_count(runs[0].events, 'event')} were read and none is over the threshold.",
        )
    else:
        panels.empty_state(
            "No data yet",
            "Load the demo data: packets, logs, metrics and logins recorded on a small network, "
            "each with a trained detector. Or add data of your own.",
        )
    job = registry().latest("demo")
    with st.container(horizontal=True):
        st.button(
            "Load the demo data",
            type="primary",
            icon=":material/download:",
            on_click=_load_demo,
            disabled=job is not None and job.is_active,
        )
        if st.button("Add your own data", icon=":material/database:"):
            navigation.go("data")
    job_panel(job)


def being_prepared() -> None:
    """What another process is still adding, kept up to date; nothing where there is none."""
    if preparation(workspace().home) is not None:
        st.fragment(_prepared_live, run_every=_LOOK_EVERY_S)(workspace().store.version())


def _prepared_live(seen: tuple[int, int]) -> None:
    now = preparation(workspace().home)
    if now is None or workspace().store.version() != seen:
        st.rerun()
    with st.container(border=True):
        st.progress(
            now.share, text=plain(f"More findings are on their way: {shorten(now.text, 120)}")
        )


def demo_outcome() -> None:
    """A demo that is being loaded again, or failed to; a success speaks for itself."""
    job: Job | None = registry().latest("demo")
    if job is not None and job.state != "done":
        job_panel(job)


def counts(numbers: Overview) -> None:
    """What is open, and what was decided."""
    decided = numbers.verdicts
    places = st.columns(6, gap="small")
    places[0].metric("Open findings", f"{numbers.open_findings:,}", border=True,
                     help=f"Of {numbers.findings:,} findings.")  # fmt: skip
    places[1].metric("Suppressed", f"{numbers.suppressed:,}", border=True,
                     help="Findings that suppressions keep out of the queue; none is ever "
                     "deleted.")  # fmt: skip
    places[2].metric("Patterns", f"{numbers.patterns:,}", border=True,
                     help="Findings flagged for the same reasons share a pattern.")  # fmt: skip
    places[3].metric("Entities", f"{numbers.entities:,}", border=True,
                     help="Hosts, users and sessions that findings are about.")  # fmt: skip
    places[4].metric(
        "Not verified", f"{numbers.unverified:,}", border=True,
        help=f"{format_share(numbers.unverified / numbers.findings)} of findings have no "
        "reference that the detector accepts.",
    )  # fmt: skip
    places[5].metric("Decisions", f"{numbers.decisions:,}", border=True,
                     help="Verdicts in force; one on a whole pattern counts once.")  # fmt: skip
    words = [f"{decided[label]:,} {label}" for label in VerdictLabel if decided.get(label)]
    if words:
        st.caption(f"Findings with a verdict: {', '.join(words)}.")
    _to_check()


def _to_check() -> None:
    waiting = workspace().store.count(FindingQuery(status=Status.OPEN, resurfaced=True))
    if waiting:
        navigation.link(
            "queue",
            f"{format_count(waiting, 'suppressed finding')} re-surfaced for a check",
            {"resurfaced": "yes"},
            icon=":material/autorenew:",
        )


def next_steps() -> None:
    """The finding and the pattern to judge first."""
    store = workspace().store
    best = store.page(FindingQuery(status=Status.OPEN), limit=1)
    left, right = st.columns(2, gap="medium")
    with left.container(border=True, height="stretch"):
        st.markdown("**Most abnormal open finding**")
        if best:
            row = best[0]
            with st.container(horizontal=True, vertical_alignment="center"):
                panels.severity_badge(row.ratio)
                excess = format_excess(row.max_score, row.threshold, row.ratio)
                st.text(f"{one_line(row.entity)}, {excess}")
            st.text(one_line(row.summary))
            if st.button("Start triage", type="primary", icon=":material/play_arrow:"):
                navigation.go("finding", {"id": row.id})
        else:
            st.text("All clear: each finding has a verdict, or a suppression holds it.")
    with right.container(border=True, height="stretch"):
        st.markdown("**Pattern to judge next**")
        first = next(iter(patterns.judge_next()), None)
        if first is not None:
            pattern = first.pattern
            st.text(
                f"{format_count(pattern.open_findings, 'open finding')} on "
                f"{format_count(pattern.entities, 'entity', 'entities')}. {one_line(first.reason)}"
            )
            st.text(one_line(pattern.example_summary))
            if st.button("Open the pattern", icon=":material/schema:"):
                navigation.go("patterns", {"pattern": pattern.pattern_id})
        else:
            st.text("Each pattern with open findings has a verdict already.")


def over_time(numbers: Overview) -> None:
    """Traffic and findings over time; a click on an hour opens it in the queue."""
    left, right = st.columns(2, gap="medium")
    runs = workspace().store.runs()
    with left:
        if runs:
            charts.show(volume(runs[0].volume), key=f"volume-{runs[0].id}")
            st.caption(
                plain(
                    f"Latest of {format_count(len(runs), 'run')}: {runs[0].source_name}, finished "
                    f"{format_time_utc(runs[0].finished_time)}."
                )
            )
    with right:
        figure = detector_hours(numbers.hours)
        hours = [row for row in numbers.hours if row[3]]
        names = sorted({name for name, *_ in hours}, reverse=True)
        # Streamlit hears no clicks on a heat map; unseen bars over its cells bring them.
        figure.add_bar(
            x=times_utc([start + _HOUR_S / 2 for _, start, _, _ in hours]),
            y=[1.0] * len(hours),
            base=[names.index(name) - 0.5 for name, *_ in hours],
            width=_HOUR_S * 1000,
            customdata=[[name, int(start)] for name, start, _, _ in hours],
            marker={"opacity": 0.0},
            unselected={"marker": {"opacity": 0.0}},
            selected={"marker": {"opacity": 0.0}},
            hoverinfo="none",
            showlegend=False,
        )
        hour = charts.picked(figure, key=f"hours-{filters.version()}")
        if hour:
            name, start = str(hour[0]), str(int(hour[1]))
            navigation.go("queue", {"detector": name, "since": start, "status": "all"})
        st.caption("Click an hour to see its findings in the queue.")
    st.markdown("**Patterns with most open findings**")
    best = [one for one in workspace().store.patterns() if one.open_findings][:_BEST_PATTERNS]
    patterns.clickable(best, key="best", alt="Patterns with most open findings")
