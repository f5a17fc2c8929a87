"""How far over the threshold a score is, in four bands."""

from enum import StrEnum

__all__ = ["SEVERITY_BOUNDS", "Severity", "severity"]


class Severity(StrEnum):
    """A band of score over threshold; says how abnormal an event is, not how dangerous."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


SEVERITY_BOUNDS: tuple[tuple[Severity, float], ...] = (
    (Severity.CRITICAL, 2.0),
    (Severity.HIGH, 1.5),
    (Severity.MEDIUM, 1.2),
    (Severity.LOW, 0.0),
)
"""Each band and the score over threshold from which it holds, highest first.

Scores grow with the logarithm of how far off an event is, so twice the threshold is a lot: of the
findings in the sample traffic about one in twenty reaches it, and about one in three is "low".
"""


def severity(ratio: float) -> Severity:
    """The band of a score over threshold."""
    return next((band for band, bound in SEVERITY_BOUNDS if ratio >= bound), Severity.LOW)
