"""How a file is to be read: which column is the time, what names a session, and so on.

Settings are kept with the detector that learned from them, so that the next file is read alike.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CaptureSettings",
    "KeyFileSettings",
    "LogSettings",
    "LoginSettings",
    "Period",
    "SeriesSettings",
    "SourceSettings",
    "TableSettings",
]


@dataclass(frozen=True, slots=True)
class Period:
    """Which part of a source is meant.

    Attributes:
        since: Unix seconds of the first moment; None from the beginning.
        until: Unix seconds before which it ends; None to the end.
    """

    since: float | None = None
    until: float | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self.since is None and self.until is None

    def holds(self, times: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of the times, Unix seconds, lie in it; of the same shape."""
        low = -np.inf if self.since is None else self.since
        high = np.inf if self.until is None else self.until
        within: NDArray[np.bool_] = (times >= low) & (times < high)
        return within


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureSettings:
    """Packet captures need none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSettings:
    """A table with one event per row.

    Attributes:
        numbers: Columns to score as numbers.
        categories: Columns to score as categories; each becomes a one-hot field.
        time: Column with the time; empty where there is none, rows then lie a second apart.
        entity: Column that says whom a row is about; empty where there is none.
        context: Columns to show as evidence only.
        skip_bad_rows: Leave out rows with a value that cannot be read, instead of refusing.
        header: Whether the first row of a CSV holds the names of the columns.
        names: Names of the columns where no header does; "column 1", "column 2", ... where empty.
        titles: Columns and what analysts call them; others are called as in the table.
    """

    numbers: tuple[str, ...]
    categories: tuple[str, ...] = ()
    time: str = ""
    entity: str = ""
    context: tuple[str, ...] = ()
    skip_bad_rows: bool = False
    header: bool = True
    names: tuple[str, ...] = ()
    # Detectors that were trained by earlier versions have none.
    titles: tuple[tuple[str, str], ...] = field(default=(), metadata={"added_later": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSettings:
    """A wide table with one step per row, in order of time.

    Attributes:
        time: Column with the time; empty where there is none, steps then lie a second apart.
        columns: Metrics to score.
        entity: Whom the series is about; its file name where empty.
        separator: What stands between host and metric in a column's name ("web01.packets": ".");
            findings are then about the host that deviates most. Empty: they are about `entity`.
        history: Steps before the one that is scored.
    """

    columns: tuple[str, ...]
    time: str = ""
    entity: str = ""
    separator: str = ""
    history: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    r"""Raw log text.

    All patterns are regular expressions. A session ends at a line that matches `end`, or with a
    pause; a number of a process that comes up again later is another session.

    Attributes:
        line: Of a whole line, with the named groups "time" (lines lie a second apart where there
            is none), "message", and any others; "host", "process" and "pid" are shown where they
            exist.
        session: Names of the groups that together say which session a line belongs to; where it
            is empty, the whole log is one session that only pauses divide.
        child: Searched in messages; its group "pid" takes the place of the line's own pid for
            lines that follow, as sshd's child continues its session. May be empty.
        history: Lines of a session before the one that is scored.
        user: Searched in messages; its group "user" is whose session it is. May be empty.
        joins: Searched in the first message of a process; where its group "user" has an open
            session on that host, the process continues that session, as sudo does. May be empty.
        end: Searched in messages: the last line of a session. May be empty.
        pause_s: Seconds without a line after which a session ends.
        longest: Lines after which a session goes on under another name; 0 for never.
        distinct: Searched in messages; lines in which it finds different text never share a
            template, such as commands run by sudo. May be empty.
        masks: What to hide before templates are sought: a name such as "USER" and a pattern of
            what becomes "<USER>". Addresses, paths, keys and numbers are hidden without it.
        similarity: Share of words that must be equal for two lines to share a template, 0 to 1.
        year: Of the first line, where times have none; 0 where they do.
    """

    line: str
    session: tuple[str, ...]
    child: str = ""
    history: int = 10
    user: str = ""
    joins: str = ""
    end: str = ""
    pause_s: float = 21600.0
    longest: int = 0
    distinct: str = ""
    masks: tuple[tuple[str, str], ...] = ()
    similarity: float = 0.5
    year: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFileSettings:
    """Numbers of log keys, one session per line; -1 is padding and left out.

    Attributes:
        history: Keys of a session before the one that is scored.
        shift: Added to each number, for files that count from 0 where the detector's count from 1.
    """

    history: int = 10
    shift: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSettings:
    """A table of logins.

    Attributes:
        time: Column with the time.
        user: Column with the account.
        source: Column with the host that the login came from.
        destination: Column with the host that it went to.
        outcome: Column that says whether it was let in; empty: every login was.
        success: Values of `outcome` that mean yes, whatever their case.
        skip_bad_rows: Leave out rows without a name or a time, instead of refusing.
    """

    time: str
    user: str
    source: str
    destination: str
    outcome: str = ""
    success: tuple[str, ...] = ("1", "true", "success", "accepted", "yes")
    skip_bad_rows: bool = False


SourceSettings: TypeAlias = (
    CaptureSettings | TableSettings | SeriesSettings | LogSettings | KeyFileSettings | LoginSettings
)
