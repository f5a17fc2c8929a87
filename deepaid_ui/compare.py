"""The parts of the Compare page that are about one finding."""

import time
from collections.abc import Sequence
from typing import Final

import streamlit as st

from deepaid_core.domain.comparison import Answer, Comparison
from deepaid_core.domain.finding import Finding, Status
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress
from deepaid_core.domain.queries import FindingQuery, FindingRow
from deepaid_core.figures.compare import agreement, deviation_lines, score_paths, title_of
from deepaid_core.figures.compare_methods import method
from deepaid_core.figures.compare_tables import (
    agreement_table,
    answer_table,
    comparison_sentences,
    flip_words,
    paths_table,
    summary_table,
    time_words,
)
from deepaid_core.figures.numbers import format_count, format_score
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import compare
from deepaid_ui import charts, filters, navigation, panels, session, tables
from deepaid_ui.job_panel import job_panel
from deepaid_ui.jobs import Registry
from deepaid_ui.text import one_line, plain
from deepaid_ui.views.parts import twin
from deepaid_ui.workspace import workspace

__all__ = ["answered", "cards", "chosen", "header", "nothing_chosen", "overview", "twins"]

_KIND: Final = "compare"
_KEPT, _ANSWERS = "_answers", 64
_AT_ONCE_S, _LOOK_S = 0.7, 0.02
_OFFERED = 4  # of each detector
_BESIDE, _MOST_BESIDE = 2, 5
_CARD, _CARD_LETTERS, _WIDE_LETTERS = 350, 48, 76
_NO_OTHERS = "none"
_DRAWN: Final = (Modality.TABULAR, Modality.SERIES)


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
        format_func=_option,
        on_change=remember,
        placeholder="Choose methods",
        help="Slow methods try thousands of variations of the event and take seconds.",
    )
    return [first, *picked]


def _option(name: str) -> str:
    known = method(name)
    return f"{known.title} (slow)" if known.is_slow else known.title


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

    key = f"{opened.home} {finding.id} {','.join(names)}"
    job = _jobs().latest(_KIND, key=key)
    if job is None:
        what = format_count(len(names), "method")
        job = _jobs().start(_KIND, f"Asking {what} about {finding.id}", work, key=key)
    # Most methods are done before a page with a progress bar could be drawn.
    until = time.monotonic() + _AT_ONCE_S
    while job.is_active and time.monotonic() < until:
        time.sleep(_LOOK_S)
    if job.state == "done":
        _keep(finding, job.result)
    elif job.is_active:
        job_panel(job)
    else:
        with st.container(border=True):
            if job.state == "failed":
                st.error(plain(job.message), icon=":material/error:")
            else:
                st.info(plain(job.message))
            st.button("Ask again", icon=":material/refresh:", on_click=_jobs().dismiss, args=(job,))


def _keep(finding: Finding, given: Sequence[Answer]) -> None:
    kept = _kept()
    for answer in given:
        kept[(finding.id, answer.interpreter)] = answer
    for old in list(kept)[:-_ANSWERS]:
        del kept[old]


def overview(comparison: Comparison) -> None:
    """What it comes to, in words, as a table and as two figures."""
    first, *rest = comparison_sentences(comparison)
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{plain(first)}**")
        for sentence in rest:
            st.markdown(plain(sentence))
    mark = _mark(comparison)
    if len(comparison.answers) > 1:
        twin(summary_table(comparison), key=f"summary-{mark}", title=False)
    if len(comparison.given) > 1:
        # Many names of methods need the whole width.
        left, right = (
            st.columns([0.52, 0.48], gap="medium")
            if len(comparison.given) <= _MOST_BESIDE
            else (st.container(), st.container())
        )
        with left:
            charts.show(agreement(comparison), key=f"agreement-{mark}")
            st.caption(
                "A dot: the method names this deviation; the number is its rank, the size its "
                "share of the effect. ×2: two methods name it."
            )
        with right:
            charts.show(charts.narrow(score_paths(comparison)), key=f"paths-{mark}")


def _mark(comparison: Comparison) -> str:
    return f"{comparison.finding_id}-{'-'.join(a.interpreter for a in comparison.given)}"


def cards(comparison: Comparison) -> None:
    """Each method with its sentence, its proof and its deviations, side by side."""
    answers = comparison.answers
    if len(answers) > _BESIDE:
        with st.container(horizontal=True, gap="small"):
            for answer in answers:
                with st.container(border=True, gap="small", width=_CARD):
                    _card(comparison, answer)
        return
    for place, answer in zip(st.columns(len(answers), gap="small"), answers, strict=True):
        with place, st.container(border=True, gap="small"):
            _card(comparison, answer)


def _card(comparison: Comparison, answer: Answer) -> None:
    known = method(answer.interpreter)
    st.markdown(f"**{plain(title_of(answer))}**")
    st.caption(plain(known.sentence))
    if answer.interpretation is None:
        st.badge("No answer", icon=":material/block:", color="gray")
        st.caption(plain(answer.why_not))
        return
    _badge(comparison, answer)
    if not answer.deviations:
        st.caption("It found no change that brings this event closer to normal.")
        return
    if comparison.modality in _DRAWN:
        letters = _WIDE_LETTERS if len(comparison.answers) <= _BESIDE else _CARD_LETTERS
        charts.show(
            deviation_lines(answer.interpretation, letters=letters),
            key=f"card-{comparison.finding_id}-{answer.interpreter}",
        )
        return
    # Log lines and names of hosts are long: words that wrap say them better than a chart.
    for rank, (what, observed, normal, share) in enumerate(answer_table(answer).rows, start=1):
        with st.container(gap="xsmall"):
            st.markdown(f"**{rank}\\. {plain(str(what))}** ({plain(str(share))})")
            st.text(one_line(f"observed: {observed}"))
            st.text(one_line(f"closest normal: {normal}"))


def twins(comparison: Comparison) -> None:
    """What the figures show, as tables."""
    if not comparison.given:
        return
    mark = _mark(comparison)
    with st.expander("The same as tables"):
        twin(agreement_table(comparison), key=f"agreement-table-{mark}")
        st.caption(
            "“2. 0.5”: named second; in that method's closest normal event the value is 0.5."
        )
        twin(paths_table(comparison), key=f"paths-table-{mark}")
        for answer in comparison.given:
            twin(answer_table(answer), key=f"answer-{mark}-{answer.interpreter}")


def _badge(comparison: Comparison, answer: Answer) -> None:
    score = answer.reference_score
    numbers = (
        ""
        if score is None
        else f"closest normal scores {format_score(score)}, threshold "
        f"{format_score(comparison.threshold)}"
    )
    if answer.flips:
        st.badge(
            plain(f"Flips the label {flip_words(answer).removeprefix('yes, ')}"),
            icon=":material/check:",
            color="green",
        )
    else:
        st.badge("Does not flip the label", icon=":material/close:", color="orange")
    took = time_words(answer)
    st.caption(plain(numbers if answer.is_stored else f"{numbers}; took {took}"))
