"""What the words on the pages mean, and what each column of a detector says, in plain language."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from deepaid_core.figures.glossary_words import LOGINS, LOGS, METRICS, PACKETS, WORDS, Row

__all__ = ["SECTIONS", "Entry", "column", "entries"]

SECTIONS: Final = ("Words", "Packets", "Metrics", "Logs", "Logins")
"""Parts of the glossary, in order."""

# Group, decay factor, statistic, and which way: HH_0.1_mean_0.
_PACKET: Final = re.compile(
    r"(MI_dir|HH_jit|HH|HpHp)_([0-9.]+)_(weight|mean|std|radius|magnitude|covariance|pcc)(?:_0(?:_1)?)?"
)
_WINDOWS: Final[Mapping[str, str]] = {
    "5.0": "0.2 s", "3.0": "0.3 s", "1.0": "1 s", "0.1": "10 s", "0.01": "100 s",
}  # fmt: skip
_SEPARATORS: Final = re.compile(r"[.:/]")
_ONE_HOT: Final = re.compile(r"([^=]+)=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Entry:
    """One word or column.

    Attributes:
        name: How the pages call it.
        meaning: What it says, in a plain sentence or two.
        unit: Of its values; empty for plain numbers and texts.
        example: One, with what it may hint at.
        section: One of `SECTIONS`, or "Own columns".
        column: Name of the column in the data; empty for words.
    """

    name: str
    meaning: str
    unit: str
    example: str
    section: str
    column: str = ""


@cache
def entries() -> tuple[Entry, ...]:
    """The whole glossary, section by section; of packets and metrics one entry a field."""
    parts: tuple[tuple[str, Mapping[str, Row] | tuple[Row, ...]], ...] = (
        ("Words", WORDS), ("Packets", PACKETS), ("Metrics", METRICS), ("Logs", LOGS),
        ("Logins", LOGINS),
    )  # fmt: skip
    found: list[Entry] = []
    for section, rows in parts:
        if isinstance(rows, tuple):
            found += [Entry(*row, section) for row in rows]
        else:
            found += [Entry(*row, section, column=name) for name, row in rows.items()]
    return tuple(found)


def column(name: str) -> Entry:
    """What a column of a detector says; columns of own tables are explained in general.

    Args:
        name: As in the data: "HH_0.1_mean_0", "ws05.bytes_out", "service=http", "source".
    """
    if packet := _packet(name):
        return packet
    entity, _, metric = _halves(name)
    if metric in METRICS:
        title, meaning, unit, example = METRICS[metric]
        of = {"": "", "all": "Of the whole network. "}.get(entity, f"Of {entity}. ")
        named = f"{entity} {title}" if entity else title
        return Entry(named, f"{of}{meaning}", unit, example, "Metrics", name)
    if name in LOGINS:
        return Entry(*LOGINS[name], "Logins", name)
    if one_hot := _ONE_HOT.fullmatch(name):
        field, value = one_hot.groups()
        return Entry(
            f"{field}: {value}", f"Whether '{field}' of the row is '{value}'.", "", "yes or no",
            "Own columns", name,
        )  # fmt: skip
    return Entry(
        name, f"The column '{name}' of the table that the detector learned from.", "",
        "as in the table", "Own columns", name,
    )  # fmt: skip


def _packet(name: str) -> Entry | None:
    found = _PACKET.fullmatch(name)
    if found is None:
        return None
    group, decay, statistic = found.groups()
    gaps = (group, statistic) == ("HH_jit", "weight")
    row = PACKETS.get("HH_weight" if gaps else f"{group}_{statistic}")
    if row is None or decay not in _WINDOWS:
        return None
    title, meaning, unit, example = row
    window = _WINDOWS[decay]
    counted = " (counted as gaps)" if gaps else ""
    return Entry(
        f"{title}, last {window}{counted}",
        f"{meaning} A packet {window} ago counts half, nothing is cut off sharply.",
        "gaps" if gaps else unit,
        example,
        "Packets",
        name,
    )


def _halves(name: str) -> tuple[str, str, str]:
    found = _SEPARATORS.search(name)
    if found is None:
        return "", "", name
    return name[: found.start()], found[0], name[found.end() :]
