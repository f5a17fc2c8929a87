"""The upper part of the first page: what to do now."""

import time

import streamlit as st

from deepaid_core.domain.finding import Status
from deepaid_core.domain.progress import Cancelled, Progress
from deepaid_core.domain.queries import FindingQuery, FindingRow, Overview
from deepaid_core.figures.numbers import (
    format_count,
    format_duration,
    format_excess,
    format_share,
    format_time_utc,
)
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import standing
from deepaid_core.workflow.preparation import preparation
from deepaid_core.workflow.standing import Numbers
from deepaid_ui import filters, navigation, panels, patterns, session
from deepaid_ui.job_panel import job_panel
from deepaid_ui.jobs import Job, registry
from deepaid_ui.text import one_line, plain
from deepaid_ui.workspace import workspace

__all__ = ["being_prepared", "best_pattern", "counts", "demo_outcome", "next_finding",
           "nothing_yet", "numbers"]  # fmt: skip

_HOUR_S = 3600.0
_LOOK_EVERY_S = 1.0
_LONGEST = 220


# A resource is handed out as it is, and nothing of it ever changes: thousands of hours need no
# copy for each redraw.
@st.cache_resource(max_entries=4, show_spinner=False)
def _numbers(home: str, at: str, hour: int) -> Numbers:
    return standing.numbers(workspace(), now=hour * _HOUR_S)


def numbers() -> Numbers:
    """The counts of the page; taken anew when something changed, and each hour."""
    return _numbers(str(workspace().home), filters.version(), int(time.time() // _HOUR_S))


def _load_demo() -> None:
    opened, who = workspace(), session.author()

    def work(progress: Progress, cancelled: Cancelled) -> object:
        # Imported here because it needs torch, which no page should wait for.
        from deepaid_core.workflow.demo import prepare_demo

        return prepare_demo(opened, author=who, progress=progress, cancelled=cancelled)

    registry().start("demo", "Loading the demo data", work)


def nothing_yet() -> None:
    """An empty workspace: load the demo, or bring own data."""
    if preparation(workspace().home) is not None:
        panels.empty_state("The demo is being prepared", "The first findings appear in seconds.")
        return
    events = sum(one.events for one in workspace().store.run_counts())
    if events:
        panels.empty_state(
            "Nothing was flagged",
            f"{format_count(events, 'event')} were read and none is over the threshold. Read more "
            "data under Data, or look at what a detector flags in the demo.",
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
    _demo_panel(job, 0)


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


def demo_outcome(shown: Overview) -> None:
    """A demo that is still being loaded, or failed to be; a success speaks for itself."""
    job = registry().latest("demo")
    if job is not None and job.state != "done":
        _demo_panel(job, shown.findings)


def _demo_panel(job: Job | None, shown: int) -> None:
    def look(_: Job) -> None:
        # Those of the first detector are to be read while the others are still at work.
        if workspace().store.version()[1] != shown:
            st.rerun()

    job_panel(job, running=look)


def counts(counted: Numbers) -> None:
    """The four numbers; each says what it counts and over which time."""
    now = counted.overview
    places = st.columns(4, gap="small")
    with places[0]:
        _metric(
            "Open findings",
            f"{now.open_findings:,}",
            f"{now.critical:,} critical",
            f"Findings of all time that wait for a verdict and no suppression holds, of "
            f"{now.findings:,} in all. Critical: {panels.BANDS.partition(',')[0]} on the severity "
            "scale.",
        )
    with places[1]:
        _metric(
            "New patterns",
            f"{now.new_patterns:,}",
            f"of {format_count(now.patterns, 'pattern')}",
            "Patterns with open findings that nobody has judged and whose first finding was added "
            f"in the 24 hours up to the last addition, {_added(now)}.",
        )
    with places[2]:
        _metric(
            "Suppressed",
            f"{now.suppressed:,}",
            f"{_share(now.suppressed, now.findings)} of all findings",
            "Findings of all time that suppressions keep out of the queue now, expired ones "
            "included; none is ever deleted, and some stay in the queue for a check.",
        )
    with places[3]:
        _metric(
            "Time to judge",
            "–" if counted.median_s is None else format_duration(counted.median_s),
            f"median of {counted.judged:,}" if counted.judged
            else "no verdict in 30 days",
            "Median time from when a finding was added to its first verdict in force, over the "
            "findings that were first judged in the last 30 days.",
        )  # fmt: skip


def _metric(label: str, value: str, below: str, explained: str) -> None:
    st.metric(
        label,
        value,
        below,
        delta_color="off",
        delta_arrow="off",
        border=True,
        height="stretch",
        help=explained,
    )


def _share(part: int, whole: int) -> str:
    return format_share(part / whole) if whole else "0 %"


def _added(now: Overview) -> str:
    return "never" if now.added_time is None else format_time_utc(now.added_time)


def next_finding() -> None:
    """The finding to judge first."""
    best = workspace().store.page(FindingQuery(status=Status.OPEN), limit=1)
    st.markdown("**Most abnormal open finding**")
    if not best:
        st.text("All clear: each finding has a verdict, or a suppression holds it.")
        navigation.link("queue", "What was decided", {"status": "closed"}, icon=":material/list:")
        return
    row: FindingRow = best[0]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        panels.severity_badge(row.ratio)
        st.text(one_line(shorten(row.entity, 80)))
    st.text(
        f"{format_excess(row.max_score, row.threshold, row.ratio)}; "
        + one_line(shorten(row.summary, _LONGEST))
    )
    if st.button("Start triage", type="primary", icon=":material/play_arrow:"):
        navigation.go("finding", {"id": row.id})


def best_pattern() -> None:
    """The pattern on which a verdict shortens the queue most."""
    st.markdown("**Pattern to judge next**")
    first = next(iter(patterns.judge_next()), None)
    if first is None:
        st.text("Each pattern with open findings has a verdict already.")
        return
    pattern = first.pattern
    st.text(one_line(shorten(pattern.example_summary, _LONGEST)))
    st.text(
        f"{format_count(pattern.open_findings, 'open finding')} on "
        f"{format_count(pattern.entities, 'entity', 'entities')}. {one_line(first.reason)}"
    )
    if st.button("Open the pattern", icon=":material/schema:"):
        navigation.go("patterns", {"pattern": pattern.pattern_id})
