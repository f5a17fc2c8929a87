"""Decode the headers of captured frames: Ethernet, VLAN, ARP, IPv4, IPv6, ports and TCP flags.

dpkt builds one Python object per header, which alone takes as long as a whole analysis may. Here
the common headers are read by compiled code, in bulk; the tests compare every field with dpkt.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from deepaid_core.domain.batches import IntArray
from deepaid_core.errors import CaptureError
from deepaid_core.sources.compiled import compiled, compiled_part
from deepaid_core.sources.records import NO_TIME, Records, read_records

__all__ = ["ARP", "FRAME", "NO_FLAGS", "NO_MAC", "Frames", "decode", "read_frames"]

FRAME: Final = np.dtype(
    [
        # IPv6 addresses as two halves; IPv4 addresses in the lower one.
        ("source_high", "i8"),
        ("source_low", "i8"),
        ("target_high", "i8"),
        ("target_low", "i8"),
        ("source_mac", "i8"),
        ("target_mac", "i8"),
        ("vlan", "i8"),
        ("source_port", "i8"),
        ("target_port", "i8"),
        ("protocol", "i8"),
        ("flags", "i8"),
        ("family", "i8"),
        ("ether_type", "i8"),
        ("status", "i8"),
    ]
)
"""Headers of one frame; `family` is 4 or 6, `protocol` the number IP uses for it, or `ARP`."""

FrameArray: TypeAlias = NDArray[Any]

ARP: Final = 256
"""Stands in for the IP protocol number, which is at most 255."""
NO_MAC: Final = -1
NO_FLAGS: Final = -1
NO_VLAN: Final = -1

TCP, UDP, SCTP = 6, 17, 132

# Link types, https://www.tcpdump.org/linktypes.html; 12 and 14 are what some systems call raw IP.
LOOPBACK, ETHERNET, OPEN_LOOPBACK, COOKED, COOKED_2 = 0, 1, 108, 113, 276
RAW = (12, 14, 101, 228, 229)
LINKS: Final = (LOOPBACK, ETHERNET, OPEN_LOOPBACK, COOKED, COOKED_2, *RAW)

USABLE, CUT_OFF, MALFORMED, OTHER_TYPE, LLC, OTHER_ARP, TIMELESS = range(7)
REASONS: Final = {
    CUT_OFF: "cut off inside its headers",
    MALFORMED: "malformed headers",
    OTHER_TYPE: "neither IP nor ARP",
    LLC: "LLC, such as spanning tree",
    OTHER_ARP: "ARP for other networks than Ethernet and IPv4",
    TIMELESS: "no time stamp",
}
OTHER_TYPES: Final = {
    0x8847: "MPLS",
    0x8848: "MPLS",
    0x8863: "PPPoE",
    0x8864: "PPPoE",
    0x8892: "PROFINET",
    0x888E: "802.1X",
    0x88CC: "LLDP",
    0x88F7: "PTP",
    0x9000: "loopback test",
}

CLOCK_TOLERANCE_NS: Final = 1_000_000_000
"""Captures of several interfaces or cores are out of order by less than this."""


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Decoded frames of one chunk of a capture.

    Attributes:
        headers: (n,), of type `FRAME`; only frames that can be used.
        indices: (n,), position of each in the capture, from 0, counting skipped frames too.
        lengths: (n,), bytes on the wire.
        times_ns: (n,), Unix time in nanoseconds, never decreasing.
        seen: Frames of this chunk, used or not.
        skipped: How many were left out, by reason.
        clock_steps_back: Frames whose time was before an earlier one's.
        share: How much of the file has been read, 0 to 1.
    """

    headers: FrameArray
    indices: IntArray
    lengths: IntArray
    times_ns: IntArray
    seen: int
    skipped: Counter[str]
    clock_steps_back: int
    share: float


def read_frames(path: Path, size: int) -> Iterator[Frames]:
    """Decoded frames of a capture in chunks of at most `size`.

    Time that runs backwards by up to a second is held still instead and counted.

    Raises:
        CaptureError: The capture cannot be read, is of a link type without IP, or its time runs
            backwards by more than a second; names the packet.
    """
    latest_ns = 0
    for records in read_records(path, size):
        _check_links(path.name, records)
        times_ns = np.maximum.accumulate(np.maximum(records.times_ns, latest_ns))
        timed = records.links != NO_TIME
        behind_ns = np.where(timed, times_ns - records.times_ns, 0)
        _check_clock(path.name, records.first, behind_ns)
        latest_ns = int(times_ns[-1])
        headers = decode(records)
        usable = headers["status"] == USABLE
        yield Frames(
            headers=headers[usable],
            indices=records.first + np.flatnonzero(usable),
            lengths=records.lengths[usable],
            times_ns=times_ns[usable],
            seen=len(headers),
            skipped=_reasons(headers[~usable]),
            clock_steps_back=int((behind_ns > 0).sum()),
            share=records.share,
        )


def decode(records: Records) -> FrameArray:
    """Headers of each frame, of type `FRAME`, (n,); `status` tells which are usable."""
    headers = np.zeros(len(records.starts), dtype=FRAME)
    _decode(records.data, records.starts, records.captured, records.links, headers)
    return headers


def _check_links(name: str, records: Records) -> None:
    foreign = ~np.isin(records.links, (*LINKS, NO_TIME))
    if foreign.any():
        at = int(np.argmax(foreign))
        raise CaptureError(
            f"'{name}' holds frames of link type {int(records.links[at])} (packet "
            f"{records.first + at + 1:,}), which is not supported; record on an Ethernet "
            "interface."
        )


def _check_clock(name: str, first: int, behind_ns: IntArray) -> None:
    far = behind_ns > CLOCK_TOLERANCE_NS
    if far.any():
        at = int(np.argmax(far))
        raise CaptureError(
            f"Time in '{name}' jumps back by {behind_ns[at] / 1e9:,.3f} s at packet "
            f"{first + at + 1:,}; sort it with 'reordercap', or join captures with 'mergecap'."
        )


def _reasons(skipped: FrameArray) -> Counter[str]:
    reasons: Counter[str] = Counter()
    pairs = Counter(zip(skipped["status"].tolist(), skipped["ether_type"].tolist(), strict=True))
    for (status, ether_type), count in pairs.items():
        name = OTHER_TYPES.get(ether_type) if status == OTHER_TYPE else None
        reasons[name or REASONS[status]] += count
    return reasons


@compiled_part
def _number(data: NDArray[np.uint8], at: int, size: int) -> int:
    """Big-endian integer of up to 8 bytes; the topmost bit becomes the sign."""
    value = np.int64(0)
    for i in range(at, at + size):
        value = (value << 8) | np.int64(data[i])
    return value  # type: ignore[return-value]


@compiled_part
def _transport(data: NDArray[np.uint8], at: int, end: int, frame: Any) -> int:
    protocol = frame.protocol
    if protocol in (TCP, UDP, SCTP):
        if end - at < 4:
            return CUT_OFF
        frame.source_port = _number(data, at, 2)
        frame.target_port = _number(data, at + 2, 2)
        # A tiny first fragment, or a short snapshot, may end before the flags.
        if protocol == TCP and end - at >= 14:
            frame.flags = data[at + 13]
    return USABLE


@compiled_part
def _ipv4(data: NDArray[np.uint8], at: int, end: int, frame: Any) -> int:
    if end - at < 20:
        return CUT_OFF
    header = (data[at] & 15) * 4
    total = _number(data, at + 2, 2)
    # Cards that cut large sends into packets hand them to the recorder with a length of 0.
    if data[at] >> 4 != 4 or header < 20 or 0 < total < header:
        return MALFORMED
    if end - at < header:
        return CUT_OFF
    frame.family = 4
    frame.protocol = data[at + 9]
    frame.source_low = _number(data, at + 12, 4)
    frame.target_low = _number(data, at + 16, 4)
    if total:
        end = min(end, at + total)  # what follows is padding of the link
    if _number(data, at + 6, 2) & 0x1FFF:
        return USABLE  # a later fragment carries no ports
    return _transport(data, at + header, end, frame)


@compiled_part
def _ipv6(data: NDArray[np.uint8], at: int, end: int, frame: Any) -> int:
    if end - at < 40:
        return CUT_OFF
    if data[at] >> 4 != 6:
        return MALFORMED
    frame.family = 6
    frame.source_high = _number(data, at + 8, 8)
    frame.source_low = _number(data, at + 16, 8)
    frame.target_high = _number(data, at + 24, 8)
    frame.target_low = _number(data, at + 32, 8)
    payload = _number(data, at + 4, 2)
    protocol = _number(data, at + 6, 1)
    at += 40
    if payload:
        end = min(end, at + payload)
    fragment = False
    # Extension headers: hop-by-hop, routing, fragment, authentication, destination options.
    while protocol in (0, 43, 44, 51, 60) and not fragment:
        if end - at < 8:
            return CUT_OFF
        if protocol == 44:
            size = 8
            fragment = _number(data, at + 2, 2) >> 3 != 0
        elif protocol == 51:
            size = (_number(data, at + 1, 1) + 2) * 4
        else:
            size = (_number(data, at + 1, 1) + 1) * 8
        protocol = _number(data, at, 1)
        at += size
        if at > end:
            return CUT_OFF
    frame.protocol = protocol
    return USABLE if fragment else _transport(data, at, end, frame)


@compiled_part
def _arp(data: NDArray[np.uint8], at: int, end: int, frame: Any) -> int:
    if end - at < 8:
        return CUT_OFF
    if _number(data, at, 6) != 0x0001_0800_0604:
        return OTHER_ARP
    if end - at < 28:
        return CUT_OFF
    frame.family = 4
    frame.protocol = ARP
    frame.source_low = _number(data, at + 14, 4)
    frame.target_low = _number(data, at + 24, 4)
    return USABLE


@compiled_part
def _frame(data: NDArray[np.uint8], at: int, end: int, link: int, frame: Any) -> int:
    if link == NO_TIME:
        return TIMELESS
    if link == ETHERNET:
        if end - at < 14:
            return CUT_OFF
        frame.target_mac = _number(data, at, 6)
        frame.source_mac = _number(data, at + 6, 6)
        kind = _number(data, at + 12, 2)
        at += 14
    elif link == COOKED:
        if end - at < 16:
            return CUT_OFF
        if _number(data, at + 4, 2) == 6:
            frame.source_mac = _number(data, at + 6, 6)
        kind = _number(data, at + 14, 2)
        at += 16
    elif link == COOKED_2:
        if end - at < 20:
            return CUT_OFF
        if data[at + 11] == 6:
            frame.source_mac = _number(data, at + 12, 6)
        kind = _number(data, at, 2)
        at += 20
    else:
        if link in (LOOPBACK, OPEN_LOOPBACK):
            at += 4
        if end - at < 1:
            return CUT_OFF
        kind = 0x86DD if data[at] >> 4 == 6 else 0x0800
    while kind in (0x8100, 0x88A8, 0x9100):
        if end - at < 4:
            return CUT_OFF
        # Tags stack up in one number, 12 bits each, so that none and tag 0 stay different.
        frame.vlan = ((frame.vlan + 1) << 12) | (_number(data, at, 2) & 0xFFF)
        kind = _number(data, at + 2, 2)
        at += 4
        if frame.vlan >> 48:
            return MALFORMED
    frame.ether_type = kind
    if kind == 0x0800:
        return _ipv4(data, at, end, frame)
    if kind == 0x86DD:
        return _ipv6(data, at, end, frame)
    if kind == 0x0806:
        return _arp(data, at, end, frame)
    return LLC if kind < 0x0600 else OTHER_TYPE


@compiled
def _decode(
    data: NDArray[np.uint8],
    starts: IntArray,
    captured: IntArray,
    links: IntArray,
    frames: FrameArray,
) -> None:
    for i in range(len(starts)):
        frame = frames[i]
        frame.source_mac = NO_MAC
        frame.target_mac = NO_MAC
        frame.vlan = NO_VLAN
        frame.flags = NO_FLAGS
        frame.status = _frame(data, starts[i], starts[i] + captured[i], links[i], frame)
