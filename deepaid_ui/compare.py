"""The parts of the Compare page that are about one finding."""

import time
from collections.abc import Sequence
from typing import Final

import streamlit as st

from deepaid_core.domain.comparison import Answer, Comparison
from deepaid_core.domain.finding import Finding, Status
from deepaid_core.domain.progress import Cancelled, Progress
from deepaid_core.domain.quality import Quality
from deepaid_core.domain.queries import FindingQuery, FindingRow
from deepaid_core.figures.compare_methods import method
from deepaid_core.figures.numbers import format_count
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import compare
from deepaid_ui import compare_view, filters, navigation, panels, session, tables
from deepaid_ui.job_panel import job_panel
from deepaid_ui.jobs import Job, Registry, Work
from deepaid_ui.text import one_line, plain
from deepaid_ui.workspace import workspace

__all__ = ["answered", "chosen", "firmness", "header", "nothing_chosen"]

_KIND: Final = "compare"
_FIRMNESS, _MEASURED = "firmness", "_firmness"
_KEPT, _ANSWERS = "_answers", 64
_AT_ONCE_S, _LOOK_S = 0.7, 0.02
_OFFERED = 4  # of each detector
_NO_OTHERS = "none"


@st.cache_resource(show_spinner=False)
def _jobs() -> Registry:
    # Of their own: an answer of milliseconds must not wait for a training of minutes.
    return Registry()


def nothing_chosen() -> None:
    """What the page is for, and recent findings to start with."""
    panels.empty_state(
        "No finding is chosen",
        "Here several methods answer the same question, why an event was flagged, side by side: "
        "which deviations each names, and whether the detector really accepts the event once those "
        "take normal values. Choose a finding below, or open this page from one.",
    )
    rows = _suggested()
    if not rows:
        st.caption("There are no findings yet.")
        navigation.link("overview", "Go to the Overview", icon=":material/dashboard:")
        return
    last = session.last_finding()
    if last is not None:
        st.button(
            plain(f"Compare {last}, which you opened last"),
            icon=":material/history:",
            on_click=session.set_param,
            args=("finding", last),
        )
    st.markdown("**The strongest open findings of each detector**")
    selection = tables.show(
        tables.findings_frame(rows, {})[
            ["Finding", "Severity", "Entity", "Detector", "What deviates", "Last event (UTC)"]
        ],
        key=f"suggested-{filters.version()}",
        alt="The strongest open findings of each detector; a click chooses one",
    )
    cell = tables.clicked_row(selection)
    if cell and cell[0] < len(rows):
        navigation.go("compare", {"finding": rows[cell[0]].id})


def _suggested() -> list[FindingRow]:
    store = workspace().store
    names = dict.fromkeys(record.name for record in store.detectors())
    rows = [
        row
        for name in names
        for row in store.page(
            FindingQuery(status=Status.OPEN, detector_name=name, sort="score"), limit=_OFFERED
        )
    ]
    # Where everything is judged, what was judged last is as good.
    return rows or list(store.page(FindingQuery(sort="newest"), limit=3 * _OFFERED))


def header(finding: Finding, row: FindingRow) -> None:
    """Which finding is compared."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(finding.id, anchor=False, width="content")
        panels.severity_badge(row.ratio)
        st.space("stretch")
        view = session.QueueView.carried().packed()
        if st.button("Open the finding", icon=":material/search:"):
            navigation.go("finding", {"id": finding.id, **view})
        if st.button("Another one", icon=":material/list:", help="Choose another finding"):
            navigation.go("compare")
    st.text(
        one_line(
            f"{shorten(finding.entity, 80)} · {finding.detector_name} · "
            f"{shorten(finding.summary, 160)}"
        )
    )


def chosen(finding: Finding) -> list[str]:
    """The methods to compare, the stored answer's first; the address holds them."""
    first, *others = compare.offered(finding.interpretation)
    if not others:
        st.caption(
            f"{plain(method(first).title)} is the only method of this installation that reads "
            f"{finding.interpretation.modality.value} events, so there is nothing to compare it "
            "with; below is what it says."
        )
        return [first]
    asked = session.param("with")
    if asked is None:
        picked = compare.usual(finding.interpretation)[1:]
    else:
        picked = [name for name in dict.fromkeys(asked.split(",")) if name in others]
    key = f"methods-{finding.id}"
    # The address owns the choice: links, refresh and the browser's Back bring it back.
    st.session_state[key] = picked

    def remember() -> None:
        session.set_param("with", ",".join(st.session_state[key]) or _NO_OTHERS)

    st.multiselect(
        f"Compare the stored answer ({method(first).title}) with",
        others,
        key=key,
        format_func=lambda name: method(name).title,
        on_change=remember,
        placeholder="Choose methods",
        help="Some try thousands of variations of the event and take longer than others.",
    )
    return [first, *picked]


def answered(finding: Finding, names: Sequence[str]) -> Comparison:
    """The answers there are; those that are missing are asked for, with progress and cancel."""
    kept = _kept()
    missing = [name for name in names if (finding.id, name) not in kept]
    if missing and len(names) > 1:
        _ask(finding, missing)
    proof = finding.interpretation.diagnostics
    given = [kept.get((finding.id, name)) for name in names]
    if given[0] is None:
        given[0] = compare.stored_answer(finding)
    return Comparison(
        finding.id,
        finding.interpretation.modality,
        proof.score,
        proof.threshold,
        tuple(answer for answer in given if answer is not None),
    )


def _kept() -> dict[tuple[str, str], Answer]:
    kept: dict[tuple[str, str], Answer] = st.session_state.setdefault(_KEPT, {})
    return kept


def _ask(finding: Finding, names: Sequence[str]) -> None:
    opened = workspace()

    def work(progress: Progress, cancelled: Cancelled) -> tuple[Answer, ...]:
        return compare.answers(opened, finding, names, progress=progress, cancelled=cancelled)

    job = _job(_KIND, f"Asking {format_count(len(names), 'method')} about", finding, names, work)
    if job.state == "done":
        _keep(finding, job.result)
    else:
        _unfinished(job)


def _job(kind: str, what: str, finding: Finding, names: Sequence[str], work: Work) -> Job:
    """The job that does this work, which is over at once where that takes no time."""
    key = f"{workspace().home} {finding.id} {','.join(names)}"
    job = _jobs().latest(kind, key=key)
    if job is None:
        job = _jobs().start(kind, f"{what} {finding.id}", work, key=key)
    # Most methods are done before a page with a progress bar could be drawn.
    until = time.monotonic() + _AT_ONCE_S
    while job.is_active and time.monotonic() < until:
        time.sleep(_LOOK_S)
    return job


def _unfinished(job: Job) -> None:
    if job.is_active:
        job_panel(job)
        return
    with st.container(border=True):
        if job.state == "failed":
            st.error(plain(job.message), icon=":material/error:")
        else:
            st.info(plain(job.message))
        st.button(
            "Ask again",
            key=f"again-{job.number}",
            icon=":material/refresh:",
            on_click=_jobs().dismiss,
            args=(job,),
        )


def _keep(finding: Finding, given: Sequence[Answer]) -> None:
    kept = _kept()
    for answer in given:
        kept[(finding.id, answer.interpreter)] = answer
    for old in list(kept)[:-_ANSWERS]:
        del kept[old]


def firmness(finding: Finding, comparison: Comparison) -> None:
    """How much of each answer stays when it is asked again and the event changes a little."""
    names = [answer.interpreter for answer in comparison.given]
    if not names:
        return
    opened = workspace()

    def work(progress: Progress, cancelled: Cancelled) -> dict[str, Quality | None]:
        return compare.firmness(opened, finding, names, progress=progress, cancelled=cancelled)

    key = f"{_MEASURED}-{finding.id}-{','.join(names)}"
    if not st.session_state.get(key):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Measure how firm they are",
                icon=":material/vibration:",
                on_click=_want,
                args=(key,),
            )
            st.caption(
                "Asks each method again, and about slightly changed events: a firm answer stays.",
                width="stretch",
            )
        return
    job = _job(_FIRMNESS, "Measuring how firm the answers are to", finding, names, work)
    if job.state != "done":
        _unfinished(job)
        return
    compare_view.firmness(job.result, comparison)


def _want(key: str) -> None:
    st.session_state[key] = True
