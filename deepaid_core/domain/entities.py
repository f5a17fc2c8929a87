"""Who and what a case is about."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["CaseEntities", "CaseEntity", "EntityKind"]


class EntityKind(StrEnum):
    """What a name names."""

    ADDRESS = "address"
    HOST = "host"
    USER = "user"
    SESSION = "session"
    HARDWARE_ADDRESS = "hardware address"


@dataclass(frozen=True, slots=True)
class CaseEntity:
    """Somebody or something that findings of a case name.

    Attributes:
        kind: What it is.
        name: As the events write it; not escaped.
        roles: How it is named, most important first: "subject" where findings are about it,
            "counterpart" where it was talked to, else the column of the flagged events.
        findings: Findings that name it.
        confirmed: Those of them with the verdict true positive.
        dismissed: Those of them with the verdict false or benign positive.
    """

    kind: EntityKind
    name: str
    roles: tuple[str, ...]
    findings: int
    confirmed: int
    dismissed: int

    @property
    def is_indicator(self) -> bool:
        """Whether a reader may want to look for it elsewhere.

        It was named by a finding that nobody has dismissed, and means something outside this
        source. That makes it a lead and no proof: victims are named too.
        """
        return self.kind is not EntityKind.SESSION and self.findings > self.dismissed


@dataclass(frozen=True, slots=True)
class CaseEntities:
    """All that findings of a case name.

    Attributes:
        entities: Subjects first, then by how many findings name them.
        left_out: Findings that were not read, because there are too many.
    """

    entities: tuple[CaseEntity, ...]
    left_out: int = 0

    @property
    def indicators(self) -> tuple[CaseEntity, ...]:
        """Those that a reader may want to look for elsewhere."""
        return tuple(one for one in self.entities if one.is_indicator)
