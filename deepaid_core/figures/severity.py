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
    (Severity.CRITICAL, 10.0),
    (Severity.HIGH, 3.0),
    (Severity.MEDIUM, 1.5),
    (Severity.LOW, 0.0),
)
"""Each band and the score over threshold from which it holds, highest first."""


def severity(ratio: float) -> Severity:
    """The band of a score over threshold."""
    return next((band for band, bound in SEVERITY_BOUNDS if ratio >= bound), Severity.LOW)
