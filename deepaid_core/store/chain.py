"""Each line of a log carries a digest of itself and of all lines before it.

Whoever changes, drops or inserts a line of the database by hand breaks the chain from there on.
Lines cut off at the end leave a chain that is whole but shorter: compare its length and last
digest with one that was written down elsewhere, e.g. in a report.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Table, select

__all__ = ["FIRST", "link", "linked"]

FIRST: Final = ""
"""What stands before the first line."""

_HASHED: Final = ("number", "time", "kind", "author", "payload")
_OF_ACTIONS: Final = ("subject", "case_number", "before")


def link(before: str, line: Mapping[str, Any]) -> str:
    """The digest of a line that follows a line with the digest `before`.

    SHA-256 over that digest, a line feed, and the ASCII JSON list of number, time (as C99
    hexadecimal floating point), kind, author and payload; of an action also its subject, number
    of the case, and what it replaced.
    """
    names = (*_HASHED, *(name for name in _OF_ACTIONS if name in line))
    values = [line[name].hex() if name == "time" else line[name] for name in names]
    text = json.dumps(values, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


def linked(
    connection: Connection, log: Table, lines: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Lines that are about to be written to the end of a log, each with its digest."""
    last = select(log.c.chain).order_by(log.c.number.desc()).limit(1)
    chain = connection.scalar(last) or FIRST
    found = []
    for line in lines:
        chain = link(chain, line)
        found.append({**line, "chain": chain})
    return found
