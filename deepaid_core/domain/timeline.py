"""What happened in a case and what was done about it, as moments and spans."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["CaseTimeline", "Lane", "TimelineEntry"]

Lane: TypeAlias = Literal["events", "detection", "verdict", "note", "case"]


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One moment or span.

    Attributes:
        time: Unix seconds, UTC, of its begin.
        until: Of its end; the same for a moment.
        lane: "events" for what the events of a finding say, all else for what was done.
        subject: Finding "F-...", detector version "D-..." or case "C-...".
        who: The entity of events, else who did it; empty for what the program did by itself.
        text: What it was, on one line; may quote attackers and is no markup.
        words: Reason or note, as it was written; may be empty.
        ratio: Of a finding, on the severity scale; None for all else.
    """

    time: float
    until: float
    lane: Lane
    subject: str
    who: str
    text: str
    words: str = ""
    ratio: float | None = None


@dataclass(frozen=True, slots=True)
class CaseTimeline:
    """All of a case in order of time.

    Attributes:
        entries: Oldest first.
        left_out: Findings of the case that are not among them, because there are too many.
    """

    entries: tuple[TimelineEntry, ...]
    left_out: int = 0

    @property
    def first_event(self) -> float | None:
        """Of the findings' events, Unix seconds, UTC."""
        return min((one.time for one in self.entries if one.lane == "events"), default=None)

    @property
    def last_event(self) -> float | None:
        """Likewise, the last one."""
        return max((one.until for one in self.entries if one.lane == "events"), default=None)

    @property
    def detected(self) -> float | None:
        """When the first finding was flagged."""
        return min((one.time for one in self.entries if one.lane == "detection"), default=None)

    @property
    def first_verdict(self) -> float | None:
        """When the first finding was judged."""
        return min((one.time for one in self.entries if one.lane == "verdict"), default=None)
