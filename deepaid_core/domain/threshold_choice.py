"""How somebody wants the bound on a score to be chosen."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from deepaid_core.errors import InvalidParameterError

__all__ = ["METHODS", "MethodFacts", "ThresholdChoice"]


@dataclass(frozen=True, slots=True)
class MethodFacts:
    """One way to choose a threshold, as a form shows it.

    Attributes:
        title: Its name on screen.
        help: What it does, in a sentence.
        level_title: What its number is called; empty where it takes none.
        low: The number lies above this.
        high: And below this.
        default: The number where nobody says.
    """

    title: str
    help: str
    level_title: str
    low: float
    high: float
    default: float


METHODS: Final[Mapping[str, MethodFacts]] = {
    "quantile": MethodFacts(
        "Quantile",
        "The score that this share of held-back normal events stays at or under.",
        "Share of normal events to accept",
        0.0,
        1.0,
        0.995,
    ),
    "peaks-over-threshold": MethodFacts(
        "Peaks over threshold",
        "Follows the tail of the normal scores beyond the highest one seen: the score that a "
        "normal event exceeds with this probability.",
        "Probability that a normal event is flagged",
        0.0,
        0.5,
        0.001,
    ),
    "false-positive-rate": MethodFacts(
        "Target false-positive rate",
        "The lowest score that is not exceeded too often: with 95 % confidence at most this share "
        "of normal events is flagged.",
        "Highest share of normal events to flag",
        0.0,
        1.0,
        0.005,
    ),
    "best-f1": MethodFacts(
        "Best F1",
        "The score with the best F1 on labelled events; it saw the labels, so its figures on the "
        "same events flatter it.",
        "",
        -math.inf,
        math.inf,
        0.0,
    ),
    "by-hand": MethodFacts(
        "By hand",
        "The score that somebody chose.",
        "Threshold",
        -math.inf,
        math.inf,
        0.0,
    ),
}
"""By name, in the order in which a form offers them."""


@dataclass(frozen=True, slots=True)
class ThresholdChoice:
    """A method and its number.

    Attributes:
        method: A name of `METHODS`.
        level: What `MethodFacts.level_title` says; the bound itself for "by-hand".

    Raises:
        InvalidParameterError: There is no such method, or the number is out of its range.
    """

    method: str = "quantile"
    level: float = 0.0

    def __post_init__(self) -> None:
        facts = METHODS.get(self.method)
        if facts is None:
            raise InvalidParameterError(
                f"There is no way '{self.method[:80]}' to choose a threshold; use one of "
                f"{', '.join(METHODS)}."
            )
        if not facts.low < self.level < facts.high:
            what = facts.level_title.lower() or "number"
            raise InvalidParameterError(
                f"For '{self.method}' the {what} is {self.level:g}; choose one "
                + (
                    f"between {facts.low:g} and {facts.high:g}."
                    if math.isfinite(facts.low)
                    else "that is finite."
                )
            )

    @classmethod
    def default(cls, method: str) -> "ThresholdChoice":
        """A method with the number that it has where nobody says.

        Raises:
            InvalidParameterError: There is no such method.
        """
        facts = METHODS.get(method)
        return cls(method, facts.default if facts else 0.0)
