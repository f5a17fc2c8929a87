"""Packet captures as events: one event per packet, 100 features each."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from ipaddress import IPv6Address
from pathlib import Path
from typing import Final, Self

import numpy as np

from deepaid_core.domain.batches import FloatArray, IntArray, ObjectArray, TabularBatch
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.domain.schema import EventSchema, Schema
from deepaid_core.domain.settings import CaptureSettings, Period, SourceSettings
from deepaid_core.errors import CancelledError, CaptureError
from deepaid_core.sources.afterimage import AfterImage
from deepaid_core.sources.afterimage_schema import afterimage_schema
from deepaid_core.sources.base import Source, SourceReport
from deepaid_core.sources.frames import ARP, FrameArray, Frames, read_frames
from deepaid_core.sources.opening import settings_as

__all__ = ["CaptureSource"]

PROTOCOLS: Final = {
    (4, 1): "ICMP",
    (4, 2): "IGMP",
    (6, 58): "ICMPv6",
    **{
        (family, number): name
        for family in (4, 6)
        for number, name in (
            (6, "TCP"),
            (17, "UDP"),
            (47, "GRE"),
            (50, "ESP"),
            (51, "AH"),
            (89, "OSPF"),
            (132, "SCTP"),
            (ARP, "ARP"),
        )
    },
}
FLAGS: Final = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
_ROWS_CHUNK: Final = 8192
MAX_TEXTS: Final = 100_000
"""Addresses kept as text; bounds memory where a flood forges them."""


class CaptureSource(Source[TabularBatch]):
    """Packets of a pcap or pcapng file, plain or packed with gzip.

    An event is a packet of IPv4, IPv6 or ARP, also inside VLANs; its entity is the host that sent
    it: the IP address, or the MAC where there is none yet (0.0.0.0 and ::). Other frames are
    counted in the report and keep their place in `indices`. Context columns: "protocol", "source",
    "destination", "source_mac", "destination_mac", "vlan" and "flags" (TCP) as text, empty where
    there is none; "source_port", "destination_port" (0 for none) and "length" (bytes on the
    wire) as integers.

    Args:
        path: The capture.
        progress: Told after each batch how much of the file has been read.
        cancelled: Asked before each batch.
    """

    modality = Modality.TABULAR
    unreadable = CaptureError
    entity_columns = ("source", "destination", "source_mac", "destination_mac")

    def __init__(
        self, path: Path | str, *, progress: Progress = silent, cancelled: Cancelled = never
    ) -> None:
        super().__init__(path, progress=progress, cancelled=cancelled)
        self._schema = afterimage_schema()

    @classmethod
    def open(
        cls,
        path: Path | str,
        settings: SourceSettings,
        *,
        known: EventSchema | None = None,
        period: Period = Period(),
        progress: Progress = silent,
        cancelled: Cancelled = never,
    ) -> Self:
        """A capture; there is nothing to set and nothing to know beforehand."""
        settings_as(CaptureSettings, settings, "a packet capture")
        return cls(path, progress=progress, cancelled=cancelled)

    def schema(self) -> Schema:
        """The 100 AfterImage features."""
        return self._schema

    def _batches(self, size: int) -> Iterator[TabularBatch]:
        statistics = AfterImage()
        texts = _Texts()
        tally = _Tally(self.name)
        self._report = tally.report()
        for frames in read_frames(self.path, size):
            if self.cancelled():
                raise CancelledError(
                    f"Reading '{self.name}' was cancelled after {tally.seen:,} packets; nothing "
                    "of it was kept."
                )
            tally.add(frames)
            self._report = tally.report()
            if len(frames.indices):
                yield self._batch(frames, statistics, texts)
            self.progress(frames.share, f"{tally.seen:,} packets of {self.name}")
        if not tally.events:
            why = ", ".join(f"{count:,} {reason}" for reason, count in self._report.skipped)
            raise CaptureError(
                f"None of the {tally.seen:,} frames of '{self.name}' carries IPv4, IPv6 or ARP "
                f"({why}); record where hosts talk IP."
            )

    def rows(self, indices: IntArray) -> tuple[IntArray, FloatArray, dict[str, ObjectArray]]:
        """Raw columns of some packets, read again from the file; no features.

        Args:
            indices: Positions in the capture, rising.

        Returns:
            Positions of those that are IP or ARP, (n,); their times, (n,), Unix seconds; and the
            context columns.

        Raises:
            CancelledError: `cancelled` said so.
            CaptureError: As `batches` raises.
        """
        texts = _Texts()
        found: list[tuple[IntArray, FloatArray, dict[str, ObjectArray]]] = []
        for frames in read_frames(self.path, _ROWS_CHUNK):
            if self.cancelled():
                raise CancelledError(f"Reading '{self.name}' was cancelled; nothing was kept.")
            wanted = np.isin(frames.indices, indices, assume_unique=True)
            if wanted.any():
                context = texts.context(frames.headers[wanted])
                found.append(
                    (
                        frames.indices[wanted],
                        frames.times_ns[wanted] / 1e9,
                        {**context, "length": frames.lengths[wanted]},
                    )
                )
            if not len(indices) or frames.indices[-1:].tolist() >= indices[-1:].tolist():
                break
        if not found:
            return np.zeros(0, dtype=np.int64), np.zeros(0), {}
        positions, times, columns = zip(*found, strict=True)
        return (
            np.concatenate(positions),
            np.concatenate(times),
            {name: np.concatenate([c[name] for c in columns]) for name in columns[0]},
        )

    def _batch(self, frames: Frames, statistics: AfterImage, texts: "_Texts") -> TabularBatch:
        context = texts.context(frames.headers)
        macs, hosts = context["source_mac"], context["source"]
        nameless = (hosts == "0.0.0.0") | (hosts == "::")  # noqa: S104 - compared, not bound
        return TabularBatch(
            schema=self._schema,
            values=statistics.update(frames.headers, frames.lengths, frames.times_ns),
            times=frames.times_ns / 1e9,
            entities=np.where(nameless & (macs != ""), macs, hosts),
            indices=frames.indices,
            context={**context, "length": frames.lengths},
        )


class _Tally:
    """The report in the making."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.events = 0
        self.seen = 0
        self.skipped: Counter[str] = Counter()
        self.times_s: tuple[float, float] | None = None
        self.clock_steps_back = 0

    def add(self, frames: Frames) -> None:
        self.events += len(frames.indices)
        self.seen += frames.seen
        self.skipped += frames.skipped
        self.clock_steps_back += frames.clock_steps_back
        if len(frames.times_ns):
            first_s, last_s = (float(frames.times_ns[i] / 1e9) for i in (0, -1))
            self.times_s = (self.times_s[0] if self.times_s else first_s, last_s)

    def report(self) -> SourceReport:
        first_s, last_s = self.times_s or (None, None)
        return SourceReport(
            name=self.name,
            events=self.events,
            seen=self.seen,
            skipped=tuple(self.skipped.most_common()),
            first_time=first_s,
            last_time=last_s,
            clock_steps_back=self.clock_steps_back,
        )


class _Lookup(dict[int, str], ABC):
    """Texts of numbers; each is made once."""

    def __missing__(self, number: int) -> str:
        text = self[number] = self.make(number)
        return text

    @abstractmethod
    def make(self, number: int) -> str: ...


class _Macs(_Lookup):
    def make(self, number: int) -> str:
        return "" if number < 0 else number.to_bytes(6).hex(":")


class _Hosts4(_Lookup):
    def make(self, number: int) -> str:
        return ".".join(map(str, number.to_bytes(4)))


class _Flags(_Lookup):
    def make(self, number: int) -> str:
        return "" if number < 0 else ",".join(f for i, f in enumerate(FLAGS) if number >> i & 1)


class _Vlans(_Lookup):
    def make(self, number: int) -> str:
        """Tags from the outside in, e.g. "100.7"."""
        if number < 0:
            return ""
        outer = self[(number >> 12) - 1]
        return f"{outer}.{number & 0xFFF}" if outer else str(number)


class _Protocols(_Lookup):
    def make(self, number: int) -> str:
        family, protocol = divmod(number, 1024)
        return PROTOCOLS.get((family, protocol), f"IPv{family}/{protocol}")


class _Hosts6(dict[tuple[int, int], str]):
    def __missing__(self, halves: tuple[int, int]) -> str:
        packed = b"".join(half.to_bytes(8, signed=True) for half in halves)
        text = self[halves] = IPv6Address(packed).compressed
        return text


class _Texts:
    """Headers as text; few hosts send most packets, so each text is made once."""

    def __init__(self) -> None:
        self._macs = _Macs()
        self._hosts4 = _Hosts4()
        self._hosts6 = _Hosts6()
        self._flags = _Flags()
        self._vlans = _Vlans()
        self._protocols = _Protocols()

    def context(self, headers: FrameArray) -> Mapping[str, ObjectArray]:
        for cache in (self._macs, self._hosts4, self._hosts6, self._vlans):
            if len(cache) > MAX_TEXTS:
                cache.clear()
        protocols = headers["family"] * 1024 + headers["protocol"]
        return {
            "protocol": _texts(self._protocols, protocols),
            "source": self._hosts(headers["family"], headers["source_high"], headers["source_low"]),
            "destination": self._hosts(
                headers["family"], headers["target_high"], headers["target_low"]
            ),
            "source_port": headers["source_port"].astype(np.int64),
            "destination_port": headers["target_port"].astype(np.int64),
            "flags": _texts(self._flags, headers["flags"]),
            "source_mac": _texts(self._macs, headers["source_mac"]),
            "destination_mac": _texts(self._macs, headers["target_mac"]),
            "vlan": _texts(self._vlans, headers["vlan"]),
        }

    def _hosts(self, families: ObjectArray, highs: ObjectArray, lows: ObjectArray) -> ObjectArray:
        hosts4, hosts6 = self._hosts4, self._hosts6
        return np.array(
            [
                hosts4[low] if family == 4 else hosts6[high, low]
                for family, high, low in zip(
                    families.tolist(), highs.tolist(), lows.tolist(), strict=True
                )
            ],
            dtype=object,
        )


def _texts(lookup: _Lookup, numbers: ObjectArray) -> ObjectArray:
    return np.array([lookup[number] for number in numbers.tolist()], dtype=object)
