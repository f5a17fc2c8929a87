"""What would make this normal? Edit the event, and see what its detector would say of it."""

from typing import Final

import streamlit as st

from deepaid_core.domain.finding import Finding
from deepaid_core.domain.modality import Modality
from deepaid_core.figures.bench import Edit, edits_table, score_rows, standing
from deepaid_core.figures.numbers import format_count, format_score
from deepaid_core.workflow.bench import Bench, BenchScore, Fix, Part
from deepaid_ui import bench_rows, bench_state, charts, problems
from deepaid_ui.bench_state import OnBench
from deepaid_ui.text import plain
from deepaid_ui.views.parts import twin

__all__ = ["show"]

_MOST_ROWS: Final = 8
_MOST_ADDED: Final = 20  # each row is five widgets that the browser has to draw
_GROUPS: Final = {
    Modality.TABULAR: "field",
    Modality.SERIES: "metric",
    Modality.SEQUENCE: "line",
    Modality.LINK: "endpoint",
}
_HOW: Final = {
    Modality.TABULAR: "Change values of the event",
    Modality.SERIES: "Change metrics at the scored step or before it",
    Modality.SEQUENCE: "Swap lines of the window for others that the detector knows",
    Modality.LINK: "Put another user or host in the place of one of this login",
}
# What is edited lies below what it does; both have to be seen at once. The wrapper is as high as
# its content, so it is the wrapper that has to stick.
_STYLE = """<style>
[data-testid="stLayoutWrapper"]:has(> .st-key-bench_now) { position: sticky; top: 3.75rem;
  z-index: 9; padding: 0.4rem 0; background: %s; }
</style>"""
_WHITE: Final = "#ffffff"


def show(finding: Finding) -> None:
    """The bench of a finding: live score, buttons, a row for each part, and a table of edits."""
    st.html(_STYLE % _ground())
    st.caption(
        f"{_HOW[finding.interpretation.modality]}, and see which event the detector would let "
        "pass. What is locked keeps its value in the smallest fix. This describes the detector, "
        "not what anybody did or meant, and changes nothing of the finding."
    )
    _bench(finding)


def _ground() -> str:
    """The page's color, which rows vanish behind; the theme gives styles no name for it."""
    mode = st.context.theme.type or "light"
    return str(st.get_option(f"theme.{mode}.backgroundColor") or _WHITE)


@st.fragment
@problems.guarded
def _bench(finding: Finding) -> None:
    # Callbacks of a fragment are followed by the fragment only, not by the page's banner.
    problems.pending()
    with st.spinner("Opening the detector of this finding"):
        bench = bench_state.opened(finding)
    state = bench_state.kept(finding, bench)
    now = bench.score(state.edits)
    with st.container(key="bench_now", gap="xsmall"):
        _now(finding, now)
    _buttons(finding, bench, state)
    _said(finding)
    for at in _shown(bench, state):
        bench_rows.row(finding, bench, at, state)
    _more(finding, bench, state)
    _edited(finding, bench, state, now)


def _now(finding: Finding, now: BenchScore) -> None:
    proof = finding.interpretation.diagnostics
    words = plain(standing(now.score, now.threshold, anomaly=proof.score, ratio=finding.ratio))
    if now.accepted:
        st.success(f"**{words}**", icon=":material/check:")
    elif now.changed:
        st.warning(f"**{words}**", icon=":material/close:")
    else:
        st.warning(f"**{words}**; nothing is edited yet", icon=":material/close:")
    figure = score_rows(
        now.score, now.threshold, anomaly=proof.score, reference=proof.reference_score
    )
    figure.update_layout(title=None, margin={"t": 4, "b": 22}, height=112)
    charts.show(
        figure,
        key=f"bench-scores-{finding.id}",
        alt=f"Scores: this event {format_score(proof.score)}, as edited "
        f"{format_score(now.score)}, closest normal {format_score(proof.reference_score)}, "
        f"threshold {format_score(now.threshold)}",
    )


def _buttons(finding: Finding, bench: Bench, state: OnBench) -> None:
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Smallest fix",
            key="bench_fix",
            type="primary",
            icon=":material/build:",
            help="Searches the fewest changes after which the detector accepts the event; what "
            "is locked keeps the value that it has now, all else starts from the event.",
            on_click=problems.in_callback(_fix),
            args=(finding, bench),
        )
        st.button(
            "All as closest normal",
            key="bench_reference",
            icon=":material/radio_button_unchecked:",
            help="What is locked stays as it is",
            disabled=not bench.reference,
            on_click=problems.in_callback(_all_as_reference),
            args=(finding, bench),
        )
        st.button(
            "Reset",
            key="bench_reset",
            icon=":material/undo:",
            help="The event as it was, without locks",
            disabled=not (state.edits or state.locked),
            on_click=problems.in_callback(_reset),
            args=(finding, bench),
        )


def _said(finding: Finding) -> None:
    outcome = bench_state.said(finding)
    if outcome is not None:
        worked, text = outcome
        if worked:
            st.info(plain(text), icon=":material/build:")
        else:
            st.error(plain(text), icon=":material/block:")


def _usual(bench: Bench) -> list[int]:
    """Parts that are shown without being asked for: those that deviate; ends and flagged line."""
    usual = [at for at, part in enumerate(bench.parts) if part.deviates][:_MOST_ROWS]
    usual += [
        at
        for at, part in enumerate(bench.parts)
        if part.kind == "choice" and (len(bench.parts) <= 3 or part.group == "position:0")
    ]
    return list(dict.fromkeys(usual or range(min(3, len(bench.parts)))))


def _shown(bench: Bench, state: OnBench) -> list[int]:
    edited = [
        at
        for at, part in enumerate(bench.parts)
        if not part.alone and any(cell in state.edits for cell in part.cells)
    ]
    return list(dict.fromkeys([*_usual(bench), *edited, *state.extra]))


def _more(finding: Finding, bench: Bench, state: OnBench) -> None:
    shown = set(_shown(bench, state))
    others = [at for at, part in enumerate(bench.parts) if not part.remote and at not in shown]
    if not others:
        return
    key = f"bench-{finding.id}-more"
    st.selectbox(
        "Edit something else too",
        others,
        index=None,
        format_func=lambda at: bench_rows.offer_of(bench.parts[at]),
        key=key,
        placeholder=f"Search among {len(others):,} others",
        disabled=len(state.extra) >= _MOST_ADDED,
        on_change=problems.in_callback(_add),
        args=(finding, bench, key),
    )


def _edited(finding: Finding, bench: Bench, state: OnBench, now: BenchScore) -> None:
    if not state.edits:
        return
    parts: dict[str, Part] = {}
    for part in bench.parts:
        for cell in part.cells:
            # A column's own name says more than that of the field that it moves with.
            if cell not in parts or part.alone:
                parts[cell] = part
    effects = {one.group: one for one in now.effects}
    rows = []
    for cell in state.edits:
        part = parts[cell]
        effect = effects.pop(part.group, None)
        rows.append(
            Edit(
                title=part.title,
                unit=part.unit,
                before=bench.text_of(part, part.observed)
                if part.kind == "choice"
                else part.observed,
                after=bench.text_of(part, state.edits[cell])
                if part.kind == "choice"
                else state.edits[cell],
                reference=bench.text_of(part, part.reference)
                if part.kind == "choice"
                else part.reference,
                alone=effect.alone if effect else None,
                without=effect.without if effect else None,
            )
        )
    twin(edits_table(rows), key=f"bench-edits-{finding.id}")
    noun = _GROUPS[finding.interpretation.modality]
    st.caption(
        f"{format_count(len(now.effects), f'{noun}')} edited. *Alone*: the score with the edits "
        f"of this {noun} only. *Without*: with all edits but those."
    )


def _add(finding: Finding, bench: Bench, key: str) -> None:
    at = st.session_state[key]
    # Ready for the next one.
    st.session_state[key] = None
    if at is not None:
        state = bench_state.kept(finding, bench)
        extra = tuple(dict.fromkeys([*state.extra, int(at)]))
        bench_state.keep(finding, OnBench(state.edits, state.locked, extra))


def _reset(finding: Finding, bench: Bench) -> None:
    state = bench_state.kept(finding, bench)
    bench_state.keep(finding, OnBench({}, frozenset(), state.extra))


def _all_as_reference(finding: Finding, bench: Bench) -> None:
    state = bench_state.kept(finding, bench)
    edits = state.edits
    for part in bench.parts:
        if not part.alone and part.group not in state.locked:
            edits = bench.take_reference(part, edits)
    bench_state.keep(finding, state.with_edits(edits))


def _fix(finding: Finding, bench: Bench) -> None:
    state = bench_state.kept(finding, bench)
    fix = bench.smallest_fix(state.locked, state.edits)
    if fix.works:
        bench_state.keep(finding, state.with_edits(fix.edits))
    bench_state.say(finding, (fix.works, _outcome(finding, fix, state)))


def _outcome(finding: Finding, fix: Fix, state: OnBench) -> str:
    noun = _GROUPS[finding.interpretation.modality]
    changed = [group for group in fix.score.changed if group not in state.locked]
    beside = " beside what is locked" if state.locked else ""
    if fix.works and not changed:
        return "Nothing else needs to change: the detector accepts the event as it is locked."
    if fix.works:
        return (
            f"The smallest fix found changes {format_count(len(changed), noun)}{beside}. Others "
            "may do as well; it says what the detector lets pass, not what was wrong."
        )
    text = f"Nothing works{' with these locks' if state.locked else ''}: "
    if fix.needed > fix.most:
        text += (
            f"at least {format_count(fix.needed, noun)} would have to change, and no more than "
            f"{fix.most} are tried."
        )
    else:
        text += (
            f"no change of up to {format_count(fix.most, noun)}{beside} was found that the "
            "detector accepts."
        )
    if changed:
        text += f" The nearest attempt scores {format_score(fix.score.score)}."
    if fix.stopped_early:
        text += " Time ran out before all was tried."
    return text + " The edits stay as they are."
