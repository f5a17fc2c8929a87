"""How the Compare page shows the answers of several methods."""

from collections.abc import Mapping
from typing import Final

import streamlit as st

from deepaid_core.domain.comparison import Answer, Comparison
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.quality import Quality
from deepaid_core.figures.compare import agreement, score_paths, title_of
from deepaid_core.figures.compare_cards import deviation_lines
from deepaid_core.figures.compare_methods import method
from deepaid_core.figures.compare_tables import (
    agreement_table,
    answer_table,
    comparison_sentences,
    firmness_table,
    flip_words,
    paths_table,
    summary_table,
    time_words,
)
from deepaid_core.figures.numbers import format_score, format_share, format_value
from deepaid_core.figures.text import shorten
from deepaid_ui import charts
from deepaid_ui.text import one_line, plain
from deepaid_ui.views.parts import twin

__all__ = ["cards", "firmness", "overview", "twins"]

_BESIDE, _MOST_BESIDE = 2, 3
_CARD, _CARD_LETTERS, _WIDE_LETTERS = 350, 48, 76
_LONGEST: Final = 300
_DRAWN: Final = (Modality.TABULAR, Modality.SERIES)


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
        beside = len(comparison.given) <= _MOST_BESIDE
        left, right = (
            st.columns([0.52, 0.48], gap="medium") if beside else (st.container(), st.container())
        )
        with left:
            named = agreement(comparison)
            charts.show(charts.narrow(named) if beside else named, key=f"agreement-{mark}")
            st.caption(
                "A dot: the method names this deviation; the number is its rank, the size its "
                "share of the effect. ×2: two methods name it."
            )
        with right:
            paths = score_paths(comparison)
            charts.show(charts.narrow(paths) if beside else paths, key=f"paths-{mark}")


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
            alt=f"Deviations by {known.title}: observed and closest normal values",
        )
        return
    # Log lines and names of hosts are long: words that wrap say them better than a chart.
    for rank, deviation in enumerate(answer.deviations, start=1):
        with st.container(gap="xsmall"):
            share = format_share(deviation.weight)
            st.markdown(f"**{rank}\\. {plain(shorten(deviation.title, _LONGEST))}** ({share})")
            for cell in deviation.cells[:1]:
                for what, value in (("observed", cell.observed), ("normal", cell.reference)):
                    text = value if isinstance(value, str) else format_value(value, cell.unit)
                    st.text(one_line(f"{what}: {shorten(text, _LONGEST)}"))


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


def firmness(measured: Mapping[str, Quality | None], comparison: Comparison) -> None:
    """How much of each answer stays, as a table."""
    twin(firmness_table(measured), key=f"firmness-{_mark(comparison)}")
    st.caption(
        "Share of what was named before or after that is named both times: of the deviations that "
        "are shown, and of the first ten columns of the ranking. Random changes: every number "
        "moves by about 1 % of its range, as measurements do; mean. Attack: somebody who knows the "
        "detector moves each by at most 1 % to change the answer; the worst that was found."
    )
