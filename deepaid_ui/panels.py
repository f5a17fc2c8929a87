"""Blocks that several pages share: sidebar, badges, banner, facts, empty states."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias

import streamlit as st

from deepaid_core.domain.queries import FindingRow
from deepaid_core.domain.severity import SEVERITY_BOUNDS, Severity, severity
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.figures.numbers import format_count, format_ratio, format_score
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import triage, undo_actions
from deepaid_core.workflow.ledger import kind_of
from deepaid_ui import problems, session
from deepaid_ui.text import one_line, plain
from deepaid_ui.workspace import workspace

__all__ = [
    "BANDS",
    "LABEL_NAMES",
    "SEVERITY_COLORS",
    "assignee_badge",
    "banner",
    "empty_state",
    "facts",
    "facts_in_line",
    "proof_badge",
    "severity_badge",
    "severity_word",
    "sidebar",
    "standing_badge",
    "style",
    "undo",
]

_NAME = 60
_VALUE = 200
Color: TypeAlias = Literal["red", "orange", "yellow", "blue", "green", "violet", "gray"]

SEVERITY_COLORS: Mapping[Severity, Color] = {
    Severity.CRITICAL: "red",
    Severity.HIGH: "orange",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "blue",
}
BANDS = ", ".join(
    f"{band[0].upper()} {band} from {low:g}" if low else f"{band[0].upper()} {band} below"
    for band, low in SEVERITY_BOUNDS
)
"""The bands in words, highest first."""
LABEL_NAMES: Mapping[str, str] = {
    VerdictLabel.TRUE_POSITIVE: "True positive",
    VerdictLabel.FALSE_POSITIVE: "False positive",
    VerdictLabel.BENIGN_POSITIVE: "Benign positive",
    VerdictLabel.UNDETERMINED: "Undetermined",
}
_LABEL_COLORS: Mapping[str, Color] = {
    VerdictLabel.TRUE_POSITIVE: "violet",
    VerdictLabel.FALSE_POSITIVE: "blue",
    VerdictLabel.BENIGN_POSITIVE: "green",
    VerdictLabel.UNDETERMINED: "gray",
}


# Room for tables: an analyst's screen is for the queue, not for margins.
_STYLE = """<style>
.stMainBlockContainer { padding: 3.9rem 2rem 4rem; }
.stMainBlockContainer h2 { padding: 0 0 0.4rem; font-size: 1.6rem; }
.stMainBlockContainer h3 { padding: 0; font-size: 1.3rem; }
.st-key-menu [data-testid="stCaptionContainer"] { margin: 0.9rem 0 -0.4rem; }
.st-key-menu [data-testid="stPageLink"] p { font-size: 0.95rem; }
/* Else the links lie on each other, by their margins. */
.st-key-menu > [data-testid="stElementContainer"]:has(a) { margin-block: -1px; }
/* A chosen option, in blue on blue, is no better in the dark. */
.stButtonGroup button[data-selected="true"]:not([data-disabled]) { color: inherit; }
.stButtonGroup button[data-selected="true"] p { font-weight: 600; }
/* Nor is the value above a slider. */
[data-testid="stSliderThumbValue"], [data-testid="stSliderThumbValue"] p { color: inherit; }
/* Streamlit's captions are too pale to read: less than 4.5 to 1. */
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] em {
  color: inherit; opacity: 0.85;
}
/* Their keys work without being seen: the tabs themselves are on the page. */
.st-key-tab_keys { display: none; }
/* Listens, and has nothing to show. */
[class*="st-key-live_place"] { display: none; }
.st-key-rail { position: sticky; top: 4rem; }
/* Columns stand below each other where a chart in them would be cut. */
[class*="st-key-unsqueezed"] [data-testid="stColumn"] { min-width: 17rem; }
/* Four numbers in a row keep their units. */
@media (max-width: 1200px) { [data-testid="stMetricValue"] { font-size: 1.6rem; } }
</style>"""


def style() -> None:
    """Margins and sizes that the theme cannot set."""
    st.html(_STYLE)


def severity_word(ratio: float) -> str:
    """Severity with its letter, so that color is never the only sign: "C critical"."""
    band = severity(ratio)
    return f"{band[0].upper()} {band}"


def severity_badge(ratio: float) -> None:
    """Severity of a score over threshold as a badge."""
    st.badge(
        severity_word(ratio),
        color=SEVERITY_COLORS[severity(ratio)],
        help=f"{format_ratio(ratio)} on the severity scale, where 1 is the threshold: {BANDS}. It "
        "says how abnormal, not how dangerous.",
    )


def proof_badge(
    *, verified: bool, reference_score: float, threshold: float, in_full: bool = False
) -> None:
    """Whether the reference was checked against the detector.

    Args:
        verified: It was, and is accepted.
        reference_score: Score of the closest normal event.
        threshold: The detector's.
        in_full: The numbers stand in the badge, not in its help alone.
    """
    sign = "≤" if reference_score <= threshold else ">"
    shown = f": {format_score(reference_score)} {sign} {format_score(threshold)}" if in_full else ""
    numbers = (
        f"The closest normal event scores {format_score(reference_score)}; the threshold is "
        f"{format_score(threshold)}."
    )
    if verified:
        st.badge(plain(f"Verified{shown}"), icon=":material/check:", color="green", help=numbers)
    else:
        st.badge(
            plain(f"Not verified{shown}"),
            icon=":material/close:",
            color="orange",
            help=numbers + " No accepted event was found: read the deviations with care.",
        )


def standing_badge(row: FindingRow) -> None:
    """A finding's verdict, else the suppression that it falls under, else that it is open."""
    if row.verdict is not None:
        name = LABEL_NAMES.get(row.verdict, row.verdict)
        st.badge(
            plain(f"{name}: {row.category}" if row.category else name),
            color=_LABEL_COLORS.get(row.verdict, "gray"),
        )
    elif row.suppression_number is None:
        st.badge("Open", color="gray")
    elif row.resurfaced:
        st.badge(
            f"Re-surfaced for a check (S-{row.suppression_number})",
            icon=":material/autorenew:",
            color="orange",
            help="A suppression covers it. A few of such findings stay in the queue, so that "
            "somebody looks whether the suppression is still right.",
        )
    else:
        st.badge(
            f"Suppressed (S-{row.suppression_number})",
            icon=":material/visibility_off:",
            color="gray",
            help="A suppression keeps it out of the open queue.",
        )


def assignee_badge(assignee: str | None) -> None:
    """Who looks at a finding."""
    if assignee:
        st.badge(plain(shorten(assignee, _NAME)), icon=":material/person:", color="blue")
    else:
        st.badge("Unassigned", icon=":material/person_off:", color="gray")


def facts(pairs: Sequence[tuple[str, str]], *, columns: int = 4) -> None:
    """Names, ours, and values, anybody's, in a row of columns."""
    for start in range(0, len(pairs), columns):
        row = pairs[start : start + columns]
        for place, (name, value) in zip(st.columns(columns), row, strict=False):
            with place.container(gap=None):
                st.caption(name)
                st.text(one_line(shorten(value, _VALUE)))


def facts_in_line(pairs: Sequence[tuple[str, str]]) -> None:
    """Names, ours, and values, anybody's, each as wide as it is, in as few lines as they need."""
    with st.container(horizontal=True, gap="small"):
        for name, value in pairs:
            with st.container(gap=None, width="content"):
                st.caption(name)
                st.text(one_line(shorten(value, _VALUE)))


def empty_state(title: str, text: str) -> None:
    """Why there is nothing here and what to do next; both texts are ours."""
    with st.container(border=True):
        st.markdown(f"**{title}**")
        st.markdown(text)


def _entries(numbers: Sequence[int]) -> str:
    lines = (line for n in numbers for line in workspace().store.log(after=n - 1, until=n))
    kinds = Counter(kind_of(line.entry) for line in lines)
    if len(numbers) > 1:
        return ", ".join(format_count(count, kind) for kind, count in kinds.items())
    kind = next(iter(kinds), "verdict")
    return f"S-{numbers[0]}" if kind == "suppression" else f"{kind} {numbers[0]}"


def undo(numbers: Sequence[int], actions: Sequence[int] = ()) -> None:
    """Take entries of both logs back and say what that did; for use in callbacks.

    Args:
        numbers: Of the log of decisions.
        actions: Of the log of actions.
    """
    said = [_decisions_back(numbers)] if numbers else []
    if actions:
        back = undo_actions.undo_actions(workspace(), actions, author=session.author() or "")
        said.append(undo_actions.told(back))
    session.remember_done(session.Done(" ".join(said)))


def _decisions_back(numbers: Sequence[int]) -> str:
    what = _entries(numbers)
    who = session.author() or ""
    outcome = triage.undo(workspace(), entry_numbers=tuple(numbers), author=who)
    text = f"Took back {what}: {format_count(outcome.findings, 'finding')} as before."
    if outcome.reopened:
        text += f" {outcome.reopened:,} of them came back to the queue."
    if outcome.explained_after != outcome.explained_before:
        text += (
            f" The Distiller now explains {outcome.explained_after:,} open findings, "
            f"{outcome.explained_before:,} before."
        )
    return text


def banner(*, shortcut: bool = True) -> None:
    """What went wrong or was done last, with Undo.

    Args:
        shortcut: Whether Z undoes; keys reach the page behind an open dialog too.
    """
    # A place that is always there: a banner that came between the other elements would have the
    # browser draw every chart below it anew.
    place = st.container(key="banner_place")
    with place:
        problems.pending()
    last = session.done()
    if last is None:
        return
    with place.container(border=True, horizontal=True, vertical_alignment="center", key="banner"):
        st.badge("Saved", icon=":material/check:", color="green")
        st.text(last.text, width="stretch")
        if last.numbers or last.actions:
            st.button(
                "Undo",
                key="banner_undo",
                icon=":material/undo:",
                shortcut="Z" if shortcut else None,
                on_click=problems.in_callback(undo),
                args=(last.numbers, last.actions),
            )
        if last.numbers:
            st.page_link(
                "pages/knowledge/versions.py",
                label="What it changed",
                query_params={"entry": str(last.numbers[-1])},
            )
        st.button(
            "Close", key="banner_close", type="tertiary", on_click=session.forget_done, help="Hide"
        )


def sidebar(extra: Callable[[], None] | None = None) -> None:
    """Who works here; asked once where DEEPAID_USER does not say."""
    with st.sidebar:
        known = workspace().author
        if known:
            st.caption("Analyst")
            st.text(known)
        else:
            st.session_state.setdefault(session.AUTHOR_BOX, session.author() or "")
            st.text_input(
                "Analyst",
                placeholder="Your name",
                key=session.AUTHOR_BOX,
                max_chars=80,
                help="Written beside your verdicts. Set DEEPAID_USER to be asked no more.",
                on_change=lambda: session.set_author(st.session_state[session.AUTHOR_BOX]),
            )
        if extra:
            extra()
