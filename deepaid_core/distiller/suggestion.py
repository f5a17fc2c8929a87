"""What the Distiller tells an analyst about one path."""

from dataclasses import dataclass
from typing import Final

from deepaid_core.distiller.reading import Answer, Kind
from deepaid_core.domain.distiller_settings import Reading
from deepaid_core.domain.verdict import VerdictLabel

__all__ = ["CITED", "Suggestion", "reason_of", "unknown"]

CITED: Final = 50
"""The most verdicts that a suggestion cites; the newest are kept."""

_LISTED: Final = 3

_WHERE: Final[dict[Kind, str]] = {
    "same": "on this pattern",
    "sizes": "on patterns with the same deviations in other sizes",
    "near": "on patterns with all deviations but one in common",
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the Distiller would call a path, and why; plain text written by analysts inside.

    Attributes:
        category: None when the path is unknown.
        label: Likewise.
        confidence: 0 to 1; grows with the verdicts that agree, falls where they disagree.
        support: Verdicts that count behind the suggested outcome.
        known: Whether there is any.
        reason: In a sentence, without a full stop.
        alternatives: Categories with their probabilities, the suggested one first; they sum to 1.
            A category stands twice where it was given to true and to false positives.
        verdict_numbers: The verdicts behind the suggestion, newest first, at most `CITED`.
    """

    category: str | None
    label: VerdictLabel | None
    confidence: float
    support: int
    known: bool
    reason: str
    alternatives: tuple[tuple[str, float], ...] = ()
    verdict_numbers: tuple[int, ...] = ()


def unknown(answer: Answer, reading: Reading) -> Suggestion:
    """The answer where verdicts say nothing of a path, or disagree about it."""
    if reading == "paper":
        reason = "No verdict yet on a path through these states in this order"
    elif answer.support:
        said = sorted(answer.support.items(), key=lambda one: (-one[1], one[0]))
        listed = ", ".join(f"{count:,} '{outcome}'" for outcome, count in said[:_LISTED])
        more = f" and {len(said) - _LISTED} more" if len(said) > _LISTED else ""
        reason = f"Verdicts {_WHERE[answer.kind]} disagree: {listed}{more}"
    else:
        reason = (
            "No verdict yet on this pattern, nor on one with the same deviations in other sizes or "
            "with all but one of them"
        )
    return Suggestion(None, None, 0.0, 0, False, reason)


def reason_of(answer: Answer, reading: Reading) -> str:
    """Which verdicts an answer rests on, e.g. "3 verdicts 'false positive / x' on this pattern"."""
    outcome, *others = [one for one, _ in answer.probabilities]
    where = "on paths with the same last state" if reading == "paper" else _WHERE[answer.kind]
    reason = f"{_count(answer.support[outcome])} '{outcome}' {where}"
    if others:
        against = sum(answer.support[other] for other in others)
        shown = f" '{others[0]}'" if len(others) == 1 else ""
        reason += f", against {_count(against)}{shown}"
    return reason


def _count(verdicts: int) -> str:
    return "1 verdict" if verdicts == 1 else f"{verdicts:,} verdicts"
