"""Small files that sources can read, one for every kind of source."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from deepaid_core.domain.settings import (
    CaptureSettings,
    KeyFileSettings,
    LoginSettings,
    LogSettings,
    SeriesSettings,
    SourceSettings,
    TableSettings,
)

__all__ = ["PLANTED_FILES", "PlantedFile", "write_planted"]

_START: Final = 1_760_000_000
_ROWS: Final = 150
_PEOPLE: Final = ("ana", "ben", "<b>eve</b>")


@dataclass(frozen=True, slots=True)
class PlantedFile:
    """A file and how it is read.

    Attributes:
        path: The file.
        other: One of the same form with other events in it.
        retold: The file with another truth in its column "label"; None for kinds without columns.
        settings: How all of them are read.
        events: How many events `path` holds.
    """

    path: Path
    other: Path
    retold: Path | None
    settings: SourceSettings
    events: int


@dataclass(frozen=True, slots=True)
class _Form:
    """How files of a kind are written.

    Attributes:
        name: Of the file.
        write: Content from a seed and what stands in the column "label".
        settings: How it is read.
        events: How many events there are.
        labeled: Whether there is a column "label".
    """

    name: str
    write: Callable[[int, str], bytes]
    settings: SourceSettings
    events: int
    labeled: bool = True


def write_planted(kind: str, folder: Path) -> PlantedFile:
    """Write the files of a kind of source.

    Args:
        kind: Registry name of the source.
        folder: Where to; the files appear in folders of their own there.

    Raises:
        KeyError: Nobody has made a file of that kind yet; add one to `PLANTED_FILES`.
    """
    form = PLANTED_FILES[kind]

    def write(where: str, seed: int, label: str) -> Path:
        path = folder / where / form.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(form.write(seed, label))
        return path

    return PlantedFile(
        path=write("planted", 1, "normal"),
        other=write("other", 2, "normal"),
        retold=write("retold", 1, "attack") if form.labeled else None,
        settings=form.settings,
        events=form.events,
    )


def _time(row: int) -> str:
    return datetime.fromtimestamp(_START + row, UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _lines(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _table(seed: int, label: str) -> bytes:
    random = np.random.default_rng(seed)
    lines = ["when,client,service,bytes,tries,remark,label"]
    for row in range(_ROWS):
        service = ("http", "dns", "smtp")[int(random.integers(3))]
        size, tries = random.normal(500.0, 40.0), random.integers(1, 9)
        client = _PEOPLE[int(random.integers(3))]
        lines.append(f"{_time(row)},{client},{service},{size:.3f},{tries},row {row},{label}")
    return _lines(lines)


def _series(seed: int, label: str) -> bytes:
    random = np.random.default_rng(seed)
    lines = ["time,web01.packets,web01.bytes,db01.packets,label"]
    for row in range(_ROWS):
        numbers = ",".join(f"{value:.4f}" for value in random.normal(100.0, 5.0, 3))
        lines.append(f"{_time(row)},{numbers},{label}")
    return _lines(lines)


def _logins(seed: int, label: str) -> bytes:
    random = np.random.default_rng(seed)
    lines = ["time,user,source,destination,outcome,note,label"]
    for row in range(_ROWS):
        person = int(random.integers(3))
        outcome = "success" if random.random() < 0.9 else "failure"
        server = int(random.integers(3))
        names = f"{_PEOPLE[person]},ws-{person},srv-{server}"
        lines.append(f"{_time(row)},{names},{outcome},{label},{label}")
    return _lines(lines)


def _log(seed: int, label: str) -> bytes:
    random = np.random.default_rng(seed)
    lines = []
    for session in range(_ROWS // 5):
        person, port = _PEOPLE[int(random.integers(3))], random.integers(1024, 65535)
        wishes = (f"subsystem request for sftp by user {person}", "terminal was given out at once")
        messages = (
            f"Connection from 10.0.0.{session} port {port}",
            f"Accepted publickey for {person} from 10.0.0.{session} port {port} ssh2",
            f"session opened for user {person}",
            wishes[int(random.integers(2))],
            f"session closed for user {person}",
        )
        for place, message in enumerate(messages):
            when = _time(10 * session + place)
            lines.append(f"{when} host1 sshd[{500 + session}]: {message}")
    return _lines(lines)


def _keys(seed: int, label: str) -> bytes:
    random = np.random.default_rng(seed)
    sessions = [["5", "5", "22", str(random.choice([3, 4])), "11"] for _ in range(_ROWS // 5)]
    return _lines([" ".join(keys) for keys in sessions])


def _capture(seed: int, label: str) -> bytes:
    """A pcap of small UDP packets between three hosts."""
    random = np.random.default_rng(seed)
    packets = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    for row in range(_ROWS):
        source, target = random.permutation(3)[:2].tolist()
        payload = bytes(int(random.integers(1, 200)))
        datagram = struct.pack(">HHHH", 4000 + source, 53, 8 + len(payload), 0) + payload
        header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(datagram), row, 0, 64, 17, 0)
        addresses = bytes([10, 0, 0, 1 + source, 10, 0, 0, 1 + target])
        macs = bytes([2, 0, 0, 0, 0, 1 + target, 2, 0, 0, 0, 0, 1 + source])
        frame = macs + b"\x08\x00" + header + addresses + datagram
        stamp = struct.pack("<IIII", _START + row // 10, row % 10 * 100_000, len(frame), len(frame))
        packets.append(stamp + frame)
    return b"".join(packets)


_LINE = r"^(?P<time>\S+) (?P<host>\S+) (?P<process>[^\[:]+)(?:\[(?P<pid>\d+)\])?: (?P<message>.*)$"

PLANTED_FILES: Final[Mapping[str, _Form]] = {
    "capture": _Form("planted.pcap", _capture, CaptureSettings(), _ROWS, labeled=False),
    "table": _Form(
        "planted.csv",
        _table,
        TableSettings(
            numbers=("bytes", "tries"),
            categories=("service",),
            time="when",
            entity="client",
            context=("remark",),
        ),
        _ROWS,
    ),
    "series": _Form(
        "planted.csv",
        _series,
        SeriesSettings(
            columns=("web01.packets", "web01.bytes", "db01.packets"),
            time="time",
            separator=".",
            history=4,
        ),
        _ROWS - 4,
    ),
    "logins": _Form(
        "planted.csv",
        _logins,
        LoginSettings(
            time="time",
            user="user",
            source="source",
            destination="destination",
            outcome="outcome",
        ),
        _ROWS,
    ),
    "log": _Form(
        "planted.log",
        _log,
        LogSettings(line=_LINE, session=("host", "pid"), history=4),
        _ROWS,
        labeled=False,
    ),
    "keys": _Form("planted.txt", _keys, KeyFileSettings(history=4), _ROWS, labeled=False),
}
"""By registry name of the source."""
