"""What entries of the log would do to the findings, tried and taken back."""

from dataclasses import dataclass

__all__ = ["Trial"]


@dataclass(frozen=True, slots=True)
class Trial:
    """What writing entries would change in what analysts see; nothing was written.

    Attributes:
        version: Number of the last entry of the log that it was tried on.
        reopened: Ids of suppressed findings that would be open.
        suppressed: Ids of findings that would be suppressed and are not now.
        attacks: Confirmed attacks that were replayed: findings that are true positives now.
        silenced: Ids of those of them that would be suppressed.
        unprotected: Ids of patterns that an attack protects now and would not any more.
        protected: Ids of patterns that an attack would protect and does not now.
    """

    version: int
    reopened: tuple[str, ...]
    suppressed: tuple[str, ...]
    attacks: int
    silenced: tuple[str, ...]
    unprotected: tuple[str, ...]
    protected: tuple[str, ...]
