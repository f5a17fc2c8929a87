"""How good one interpretation is, as numbers that are stored with it."""

from dataclasses import dataclass

__all__ = ["Kept", "Quality"]


@dataclass(frozen=True, slots=True)
class Kept:
    """How much of an answer stays when every value of the event changes a little.

    Attributes:
        size: How much a value changes, as a share of its column's range: the standard deviation
            of noise, the most that an attacker may do.
        tries: How many changed events were made.
        flagged: How many of them were still anomalies; only those count.
        shown: Jaccard index of what is shown, 0 to 1; None where none was still an anomaly. The
            mean under noise, the lowest under attack.
        ranking: The same of the first ten columns of the ranking.
    """

    size: float
    tries: int
    flagged: int
    shown: float | None
    ranking: float | None


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of one interpretation, besides those of its proof.

    Attributes:
        flips_at: After how many of the shown deviations, the first ones first, the detector
            accepts the event; 0 where it never does.
        coherent: Whether each category of the reference has exactly one value; None where events
            have no categories.
        stability: Jaccard index of what is shown when the same search runs again among other
            anomalies, 0 to 1.
        noise: Under random changes; None where events have no numbers that could change a little.
        attack: Under changes made to mislead; None where it was not measured.
    """

    flips_at: int
    coherent: bool | None
    stability: float
    noise: Kept | None
    attack: Kept | None = None
