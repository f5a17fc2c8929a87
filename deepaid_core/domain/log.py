"""The append-only log: everything that was decided, in order.

The number of an entry is also the number of the Distiller's version after it: M-12 is what the
first twelve entries make of the machine, the settings and the suppressions.
"""

from dataclasses import dataclass
from typing import TypeAlias

from deepaid_core.domain.suppression import NewSuppression
from deepaid_core.domain.verdict import NewVerdict, VerdictLabel

__all__ = ["Entry", "LogEntry", "NewLessons", "NewRestore", "NewSetting", "NewUndo", "TaughtPath"]


@dataclass(frozen=True, slots=True)
class NewUndo:
    """Taking back an earlier entry that is in force; the log keeps both.

    Attributes:
        entry_number: A verdict, suppression, setting or import.
        author: Who.
        reason: Why; may be empty.
    """

    entry_number: int
    author: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NewRestore:
    """Putting back into force an earlier entry that was taken back, as rolling back does.

    Attributes:
        entry_number: A verdict, suppression, setting or import that is not in force.
        author: Who.
        reason: Why; may be empty.
    """

    entry_number: int
    author: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NewSetting:
    """A setting of the Distiller; the last one in force of each name holds.

    Attributes:
        name: An attribute of `DistillerSettings`.
        value: As text.
        author: Who.
        reason: Why; may be empty.
    """

    name: str
    value: str
    author: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TaughtPath:
    """Lessons of one path, as they are exchanged between workspaces.

    Attributes:
        detector_name: Detector that they are about.
        label: True or false positive.
        category: Where the path ends.
        path: States, strongest first.
        count: How many decisions taught it, at least 1.
    """

    detector_name: str
    label: VerdictLabel
    category: str
    path: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class NewLessons:
    """Lessons that were learned elsewhere and imported here.

    They teach the machine, and their true positives protect their patterns; no suppression rests
    on them, since nobody here has seen the findings behind them.

    Attributes:
        lessons: What was taught there.
        source_name: File that they came from.
        source_sha256: Digest of its content.
        author: Who imported them.
        reason: Why; may be empty.
    """

    lessons: tuple[TaughtPath, ...]
    source_name: str
    source_sha256: str
    author: str
    reason: str = ""


Entry: TypeAlias = NewVerdict | NewUndo | NewRestore | NewSuppression | NewSetting | NewLessons


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the log.

    Attributes:
        number: Position in the log, from 1, without gaps visible to readers.
        time: Unix seconds, UTC.
        entry: What was decided.
    """

    number: int
    time: float
    entry: Entry
