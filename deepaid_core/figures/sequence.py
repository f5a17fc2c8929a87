"""A window of log lines beside its reference, and what the detector expected next."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from deepaid_core.domain.details import NOT_SEEN, UNKNOWN_TEXT, SequenceDetails
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.figures.numbers import format_count, format_share
from deepaid_core.figures.tables import Table
from deepaid_core.figures.text import figure_text, shorten
from deepaid_core.figures.theme import BLUE, VERMILLION, empty_figure, finish

__all__ = [
    "expected_keys",
    "expected_table",
    "flagged_key",
    "offset_words",
    "sequence_changes",
    "sequence_details",
    "sequence_sentences",
    "sequence_short",
]

_MOST_KEYS = 9
_KEY = 42
_QUOTED = 160
_FLAGGED = "▶ flagged"
_ROW_HEIGHT = 42


def sequence_details(interpretation: Interpretation) -> SequenceDetails:
    """Its details; empty ones where an interpretation of a sequence came without."""
    if isinstance(interpretation.details, SequenceDetails):
        return interpretation.details
    return SequenceDetails((), (), (), 0.0, 0.0, 0, None, 0)


def flagged_key(details: SequenceDetails) -> str:
    """Template of the flagged line; empty where not known."""
    return details.observed[-1] if details.observed else ""


def offset_words(offset: int) -> str:
    """A place in the window: "flagged line", "1 line before", "3 lines before"."""
    return f"{format_count(-offset, 'line')} before" if offset else "flagged line"


def sequence_changes(details: SequenceDetails) -> tuple[tuple[int, str, str], ...]:
    """Where window and reference differ: (offset, observed template, reference's), in order."""
    last = len(details.observed) - 1
    return tuple(
        (place - last, seen, wanted)
        for place, (seen, wanted) in enumerate(
            zip(details.observed, details.reference, strict=False)
        )
        if seen != wanted
    )


def sequence_sentences(interpretation: Interpretation, message: str = "") -> tuple[str, ...]:
    """What is unusual about a window, and what would be normal, in two or three sentences.

    Args:
        interpretation: Of a log session.
        message: The flagged line as written, quoted where no template stands for it.
    """
    details = sequence_details(interpretation)
    changes = sequence_changes(details)
    said = [_unusual(details, message)]
    history = [change for change in changes if change[0] < 0]
    if details.history_edits and history:
        edits = "; ".join(
            f"{offset_words(offset)}, {_quoted(wanted)} instead of {_quoted(seen)}"
            for offset, seen, wanted in history
        )
        said.append(f"The history edit that makes this normal: {edits}.")
        if details.next_key is not None:
            said.append(
                f"The other answer: with the history as it is, {_quoted(details.next_key.text)} "
                f"would be normal here ({format_share(details.next_key.probability)})."
            )
        return tuple(said)
    said.append(
        "No change of up to three earlier lines makes this normal: the flagged line itself never "
        "follows anything like this."
    )
    wanted = next((wanted for offset, _, wanted in changes if offset == 0), "")
    if wanted or details.next_key is not None:
        text = wanted or (details.next_key.text if details.next_key else "")
        share = _probability(details, text)
        said.append(f"A line that is normal here: {_quoted(text)}{share}.")
    return tuple(said)


def _probability(details: SequenceDetails, text: str) -> str:
    known = {one.text: one.probability for one in details.expected}
    if details.next_key is not None:
        known[details.next_key.text] = details.next_key.probability
    return f" ({format_share(known[text])})" if text in known else ""


def _unusual(details: SequenceDetails, message: str) -> str:
    key = flagged_key(details)
    unseen = _unseen(key, message)
    said = (
        f"A line of a kind never seen in training: {_quoted(unseen)}"
        if unseen
        else f"After these lines, {_quoted(key)} has a probability of "
        f"{format_share(details.observed_probability)}"
    )
    if not details.expected:
        return said + "."
    best = details.expected[0]
    return f"{said}; likeliest is {_quoted(best.text)} ({format_share(best.probability)})."


def sequence_short(interpretation: Interpretation, message: str = "") -> str:
    """One line for a queue: the line that is unusual, and what would be normal.

    Args:
        interpretation: Of a log session.
        message: The flagged line as written, quoted where no template stands for it.
    """
    details = sequence_details(interpretation)
    changes = sequence_changes(details)
    key = flagged_key(details)
    said = f"unexpected {_quoted(key)}"
    if unseen := _unseen(key, message):
        said = f"never seen: {_quoted(unseen)}"
    if not changes:
        return said
    offset, _, wanted = changes[-1]
    if offset == 0:
        return f"{said}; normal here: {_quoted(wanted)}"
    more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
    return f"{said}; normal after {_quoted(wanted)} {offset_words(offset)}{more}"


def _unseen(key: str, message: str) -> str:
    """The words of a flagged line of a kind that training never had; empty for any other."""
    if key.endswith(NOT_SEEN):
        return key.removesuffix(NOT_SEEN)
    return message if key == UNKNOWN_TEXT else ""


def _plain(text: str) -> str:
    # A sentence reads better with an ellipsis where the parameters stand.
    return text.replace("<*>", "…") or "a line of no known template"


def _quoted(text: str) -> str:
    return f"“{shorten(_plain(text), _QUOTED)}”" if text else _plain(text)


def expected_table(details: SequenceDetails) -> Table:
    """What could have come next, likeliest first, and the flagged line among it."""
    keys = _ranked(details)
    return Table(
        "What the detector expected after these lines",
        ("Rank", "Template", "Probability", "Mark"),
        tuple(
            (str(rank or "–"), text, format_share(share), _FLAGGED if is_flagged else "")
            for rank, text, share, is_flagged in keys
        ),
        tuple(place for place, key in enumerate(keys) if key[3]),
    )


def _ranked(details: SequenceDetails) -> list[tuple[int, str, float, bool]]:
    # (rank or 0, template, probability, whether flagged)
    flagged = flagged_key(details)
    keys = [
        (rank, one.text, one.probability, one.text == flagged)
        for rank, one in enumerate(details.expected[:_MOST_KEYS], start=1)
    ]
    if not any(is_flagged for *_, is_flagged in keys):
        keys.append((0, flagged, details.observed_probability, True))
    return keys


def expected_keys(details: SequenceDetails) -> go.Figure:
    """Probability of the likeliest next keys and of the flagged one, as bars.

    Names stand above their bars, so that the figure fits half a page.
    """
    if not details.expected:
        return empty_figure(
            "What the detector expected was not kept",
            "This interpretation came without the likeliest next lines.",
        )
    keys = _ranked(details)
    heights = [-place for place in range(len(keys))]
    best = details.expected[0]
    names = (("expected", BLUE, "", False), ("flagged line", VERMILLION, "/", True))
    return finish(
        [_bars(keys, heights, *style) for style in names],
        {
            "barmode": "overlay",
            "xaxis": {
                "title": {"text": "Probability of being the next line"},
                "range": [0, 1.12],
                "tickvals": [0, 0.25, 0.5, 0.75, 1],
                "ticktext": ["0", "25 %", "50 %", "75 %", "100 %"],
                "fixedrange": True,
                "zeroline": False,
            },
            "yaxis": {
                "visible": False,
                "range": [heights[-1] - 0.45, 0.75],
                "fixedrange": True,
            },
            "annotations": [
                {
                    "x": 0, "xref": "paper", "xanchor": "left", "y": height, "yshift": 15,
                    "showarrow": False, "font": {"size": 11},
                    "text": f"{'▶ ' if is_flagged else ''}"
                    f"{figure_text(_plain(text), _KEY)}",
                }
                for (_, text, _, is_flagged), height in zip(keys, heights, strict=True)
            ],
        },
        title=(
            f"The likeliest next line had {format_share(best.probability)}, the flagged one "
            f"{format_share(details.observed_probability)}"
        ),
        height=_ROW_HEIGHT * len(keys) + 70,
        legend=True,
        left=8,
        right=8,
    )  # fmt: skip


def _bars(
    keys: Sequence[tuple[int, str, float, bool]],
    heights: Sequence[int],
    name: str,
    color: str,
    shape: str,
    flagged: bool,
) -> dict[str, Any]:
    own = [
        (text, share, height)
        for (_, text, share, is_flagged), height in zip(keys, heights, strict=True)
        if is_flagged is flagged
    ]
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "x": [share for _, share, _ in own],
        "y": [height for _, _, height in own],
        "width": 0.36,
        "marker": {"color": color, "pattern": {"shape": shape, "fillmode": "overlay"}},
        "text": [format_share(share) for _, share, _ in own],
        "textposition": "outside",
        "cliponaxis": False,
        "hovertext": [
            f"{figure_text(text, 300)}<br>{format_share(share)}" for text, share, _ in own
        ],
        "hoverinfo": "text",
    }
