"""Small captures and where the recorded ones lie."""

import os
import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from deepaid_core.sources.frames import FRAME

ROOT = Path(__file__).parents[3]
TRAIN = ROOT / "sample_data/network/train_benign.pcap.gz"
EVAL = ROOT / "sample_data/network/eval.pcap.gz"

MAC_A, MAC_B = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
IP_A, IP_B = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])


def shared_capture(name: str) -> Path:
    """A public capture that is not part of the repository; skips the test without it."""
    folder = Path(os.environ.get("DEEPAID_SHARED_DATA", ROOT.parent / "shared/data"))
    path = folder / "pcaps" / name
    if not path.exists():
        pytest.skip(f"public capture {name} is not here; set DEEPAID_SHARED_DATA to its folder")
    return path


def ethernet(payload: bytes, kind: int = 0x0800, tags: Iterable[tuple[int, int]] = ()) -> bytes:
    tagged = b"".join(struct.pack(">HH", tag_kind, tag) for tag_kind, tag in tags)
    return MAC_B + MAC_A + tagged + struct.pack(">H", kind) + payload


def ipv4(payload: bytes, protocol: int = 17, source: bytes = IP_A, target: bytes = IP_B) -> bytes:
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0)
    return header + source + target + payload


def ipv6(payload: bytes, following: int = 17) -> bytes:
    header = struct.pack(">IHBB", 6 << 28, len(payload), following, 64)
    return header + bytes(15) + b"\x01" + bytes(15) + b"\x02" + payload


def udp(source: int = 1000, target: int = 53, payload: bytes = b"hello") -> bytes:
    return struct.pack(">HHHH", source, target, 8 + len(payload), 0) + payload


def tcp(source: int = 1000, target: int = 80, flags: int = 2) -> bytes:
    return struct.pack(">HHIIBBHHH", source, target, 1, 2, 0x50, flags, 1024, 0, 0)


def arp(sender: bytes = IP_A, target: bytes = IP_B) -> bytes:
    return bytes.fromhex("0001080006040001") + MAC_A + sender + bytes(6) + target


PACKET = ethernet(ipv4(udp()))


def pcap(
    frames: Iterable[bytes],
    times: Iterable[float] | None = None,
    *,
    order: str = "<",
    nano: bool = False,
    link: int = 1,
    snap: int = 65535,
) -> bytes:
    frames = list(frames)
    scale = 10**9 if nano else 10**6
    out = struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, snap, link)
    for frame, time in zip(frames, times or range(1, len(frames) + 1), strict=True):
        ticks = round(time * scale)
        kept = frame[:snap]
        out += struct.pack(order + "IIII", ticks // scale, ticks % scale, len(kept), len(frame))
        out += kept
    return out


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int = 1, options: bytes = b"", order: str = "<") -> bytes:
    return block(1, struct.pack(order + "HHI", link, 0, 65535) + options, order)


def packet_block(frame: bytes, ticks: int, number: int = 0, order: str = "<") -> bytes:
    head = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), 1500)
    return block(6, head + frame, order)


def headers(count: int, **columns: object) -> np.ndarray:
    """Headers for the statistics, without a capture: zeros but for the given columns."""
    made = np.zeros(count, dtype=FRAME)
    made["family"], made["protocol"] = 4, 17
    for name, values in columns.items():
        made[name] = values
    return made
