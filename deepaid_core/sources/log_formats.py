"""How a log looks, guessed from its first lines."""

import re
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from deepaid_core.domain.settings import LogSettings
from deepaid_core.errors import InvalidEventsError
from deepaid_core.sources.log_lines import read_lines

__all__ = ["LOGIN_RULES", "propose_settings"]

_LOOKED_AT: Final = 500
_ENOUGH: Final = 0.8  # share of the lines that a form must fit
_STREAM_PAUSE_S: Final = 60.0
_STREAM_LONGEST: Final = 1000

_ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_CLASSIC = r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
_SYSLOG = (
    r"(?P<host>\S+) (?P<process>[^\s\[:][^\[:]{0,60}?)(?:\[(?P<pid>\d+)\])?: +(?P<message>.*)$"
)
_ISO_SYSLOG = rf"^(?:<\d+>)?(?P<time>{_ISO}) {_SYSLOG}"
_CLASSIC_SYSLOG = rf"^(?:<\d+>)?(?P<time>{_CLASSIC}) {_SYSLOG}"
_HADOOP = (
    r"^(?P<time>\d{6} \d{6}) \d+ [A-Z]+ (?P<process>[^\s:]+): "
    r"(?P<message>.*?(?P<block>blk_-?\d+).*)$"
)
_ISO_STREAM = rf"^\[?(?P<time>{_ISO})\]?[ :-]*(?P<message>.*)$"
_BRACKETS = (
    r"^\[(?P<time>[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\] (?P<message>.*)$"
)
_WHOLE = r"^(?P<message>.*)$"

_FORMS: Final = (
    (_ISO_SYSLOG, ("host", "pid")),
    (_CLASSIC_SYSLOG, ("host", "pid")),
    (_HADOOP, ("block",)),
    (_ISO_STREAM, ()),
    (_BRACKETS, ()),
)

LOGIN_RULES: Final = {
    "child": r"^User child is on pid (?P<pid>\d+)",
    "user": r"^Accepted \S+ for (?P<user>\S+) from ",
    "joins": (
        r"^(?:pam_unix\(sudo:auth\): .*\bruser=|session opened for local user "
        r"|(?=\S+ : .*COMMAND=))(?P<user>[^\s;:]+)"
    ),
    "end": (
        r"^pam_unix\(sshd:session\): session closed"
        r"|^(?:Connection (?:closed|reset)|Disconnect|fatal).*\[preauth\]$"
    ),
    "distinct": r"(?<=COMMAND=)\S+|^(?:Accepted|Failed) \S+",
    "similarity": 0.9,
    "masks": (
        ("USER", r"(?<=\bfor )(?!user |local user |invalid user )\S+(?= from )"),
        ("USER", r"(?<=\bfor user )[^\s(]+"),
        ("USER", r"(?<=\bfor local user )\S+"),
        ("USER", r"(?<=\bby )[a-z_]\S*(?=\(uid=)"),
        ("USER", r"(?<=[Ii]nvalid user )\S+(?= )"),
        ("USER", r"(?<=ing user )\S+"),
        ("USER", r"(?<=from user )\S+"),
        ("USER", r"(?<=: user )(?!unknown|NOT )\S+"),
        ("USER", r"(?<=^User )(?!child )\S+"),
        ("USER", r"(?<=\baccount )\S+(?= has )"),
        ("USER", r"(?<=user=)\S+"),
        ("USER", r"^\S+(?= : )"),
        ("USER", r"(?<=^\()\S+(?=\) )"),
        ("USER", r"(?<= LIST \()\S+(?=\))"),
        ("COMMAND", r"(?<=CMD \().*(?=\)$)"),
        ("HOST", r"(?<=rhost=)\S+"),
        ("PATH", r"(?<=PWD=)\S+|(?<=TTY=)\S+"),
        ("TEXT", r"(?<=protocol identifier )\".*\""),
        ("LIST", r"(?<=Their offer: )\S+"),
    ),
}
"""What joins the lines of one login of OpenSSH, with the sudo and sftp that it started, and hides
the names in them."""


def propose_settings(path: Path) -> LogSettings:
    """Settings that fit the first lines of a log.

    Lines of syslog belong together by host and process number, those of Hadoop's file system by
    block; any other log is one stream, divided by pauses and every thousand lines. Where times
    have no year, that of the file's last change is assumed (the year before it, for months that
    were still to come).

    Raises:
        InvalidEventsError: The file cannot be read or holds no line.
    """
    lines = [text for _, text, _ in islice(read_lines(path), _LOOKED_AT)]
    filled = [text for text in lines if text.strip()]
    if not filled:
        raise InvalidEventsError(f"'{path.name}' holds no line of text; choose another file.")
    for form, by in _FORMS:
        fitting = [match for match in map(re.compile(form).match, filled) if match is not None]
        if len(fitting) >= _ENOUGH * len(filled):
            session = by
            break
    else:
        return LogSettings(line=_WHOLE, session=(), longest=_STREAM_LONGEST)
    year = _year(fitting[0]["time"], path) if form == _CLASSIC_SYSLOG else 0
    if not session:
        return LogSettings(
            line=form, session=session, pause_s=_STREAM_PAUSE_S, longest=_STREAM_LONGEST
        )
    if any((match.groupdict().get("process") or "").startswith("sshd") for match in fitting):
        return LogSettings(line=form, session=session, year=year, **LOGIN_RULES)  # type: ignore[arg-type]
    return LogSettings(line=form, session=session, year=year)


def _year(first: str, path: Path) -> int:
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    month = datetime.strptime(f"2000 {first}", "%Y %b %d %H:%M:%S").month
    return changed.year - (month > changed.month)
