"""Read the frames of a packet capture out of their container: pcap or pcapng, plain or gzip."""

import gzip
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import dpkt
import numpy as np
from dpkt import pcapng
from numpy.typing import NDArray

from deepaid_core.domain.batches import IntArray
from deepaid_core.errors import CaptureError

__all__ = ["NO_TIME", "Records", "read_records"]

Row: TypeAlias = tuple[int, int, int, int, int]
"""Where a frame starts, bytes captured, bytes on the wire, time in ns, link type."""

NO_TIME = -1
"""Stands in for the link type of a frame whose container gives it no time."""

# Byte order and nanoseconds per tick, by the first four bytes of the file.
PCAP_MAGIC = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"
GZIP_MAGIC = b"\x1f\x8b"

READ_BYTES = 1 << 20
MAX_FRAME_BYTES = 262_144  # the largest snapshot length that libpcap itself accepts
MAX_BLOCK_BYTES = 1 << 24  # generous for comments and name tables; bounds memory on damaged files
MAX_TIME_NS = 1 << 62  # the year 2116; int64 arithmetic on times cannot overflow below it

SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, PACKET = 0x0A0D0D0A, 1, 2, 3, 6
TIME_RESOLUTION, TIME_OFFSET = 9, 14


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """Consecutive frames of a capture, not yet decoded.

    Attributes:
        first: Position in the capture of the first frame, from 0.
        data: The bytes that the frames lie in.
        starts: (n,), where each frame begins in `data`.
        captured: (n,), bytes of each frame that are in `data`.
        lengths: (n,), bytes each frame had on the wire; captures often keep only the start.
        times_ns: (n,), Unix time in nanoseconds, as recorded.
        links: (n,), link type of each frame, or `NO_TIME`.
        share: How much of the file has been read, 0 to 1.
    """

    first: int
    data: NDArray[np.uint8]
    starts: IntArray
    captured: IntArray
    lengths: IntArray
    times_ns: IntArray
    links: IntArray
    share: float


def read_records(path: Path, size: int) -> Iterator[Records]:
    """Frames of a capture in chunks of at most `size`; memory does not grow with the file.

    Raises:
        CaptureError: The file is missing, foreign, damaged or cut off; names the packet.
    """
    try:
        if not path.exists():
            raise CaptureError(f"There is no file '{path}'; check the name and the folder.")
        if not path.is_file():
            raise CaptureError(f"'{path}' is not a file; give one pcap or pcapng file.")
        with path.open("rb") as file:
            yield from _Container(path, file).chunks(size)
    except OSError as error:
        raise CaptureError(
            f"'{path}' cannot be read ({error.strerror or error}); check the disk and who may "
            "read the file."
        ) from error


class _Container:
    """A capture that is being read, and the window of its bytes now in memory."""

    def __init__(self, path: Path, file: BufferedReader) -> None:
        self.name = path.name
        self.file = file
        self.file_bytes = max(path.stat().st_size, 1)
        packed = file.read(2) == GZIP_MAGIC
        file.seek(0)
        self.stream = gzip.GzipFile(fileobj=file) if packed else file
        self.window = bytearray()
        self.at = 0  # where in the window reading goes on
        self.dropped = 0  # bytes of the (unpacked) capture before the window
        self.packets = 0  # whole frames so far

    def chunks(self, size: int) -> Iterator[Records]:
        rows = self._rows()
        first = 0
        while chunk := list(islice(rows, size)):
            table = np.array(chunk, dtype=np.int64)
            data = np.frombuffer(bytes(memoryview(self.window)[: self.at]), dtype=np.uint8)
            del self.window[: self.at]
            self.dropped += self.at
            self.at = 0
            share = min(self.file.tell() / self.file_bytes, 1.0)
            starts, captured, lengths, times_ns, links = np.ascontiguousarray(table.T)
            yield Records(first, data, starts, captured, lengths, times_ns, links, share)
            first += len(chunk)
        if not first:
            raise CaptureError(
                f"'{self.name}' is a capture without a single packet; record it again and check "
                "that the interface carries traffic."
            )

    def _rows(self) -> Iterator[Row]:
        if not self._has(1):
            raise CaptureError(f"'{self.name}' is empty (0 bytes); give a recorded capture.")
        self._has(4)
        magic = bytes(self.window[:4])
        if magic == PCAPNG_MAGIC:
            return self._pcapng_rows()
        if magic in PCAP_MAGIC:
            return self._pcap_rows(*PCAP_MAGIC[magic])
        raise CaptureError(
            f"'{self.name}' is not a packet capture (it begins with the bytes "
            f"{magic.hex(' ')}); give a pcap or pcapng file, plain or packed with gzip."
        )

    def _pcap_rows(self, order: str, tick_ns: int) -> Iterator[Row]:
        if not self._has(24):
            raise self._cut_off("its file header")
        # The upper bits of the link type tell of checksums at the end of frames.
        link = struct.unpack_from(order + "I", self.window, 20)[0] & 0xFFFF
        self.at = 24
        header = struct.Struct(order + "IIII")
        ticks_per_s = 1_000_000_000 // tick_ns
        while self._has(1):
            if not self._has(16):
                raise self._cut_off("a packet's header")
            seconds, ticks, captured, length = header.unpack_from(self.window, self.at)
            if captured > MAX_FRAME_BYTES or ticks >= ticks_per_s:
                raise self._damaged(
                    f"claims {captured:,} bytes and {ticks:,} fractions of a second"
                )
            if not self._has(16 + captured):
                raise self._cut_off("a packet")
            start = self.at + 16
            self.at = start + captured
            self.packets += 1
            time_ns = seconds * 1_000_000_000 + ticks * tick_ns
            yield start, captured, max(length, captured), time_ns, link

    def _pcapng_rows(self) -> Iterator[Row]:
        order = "<"
        interfaces: list[_Interface] = []
        time_ns = 0
        while self._has(1):
            if not self._has(12):
                raise self._cut_off("a block's header")
            if self.window[self.at : self.at + 4] == PCAPNG_MAGIC:
                order = self._byte_order()
                interfaces = []
            kind, size = struct.unpack_from(order + "II", self.window, self.at)
            self._check_block(size, order)
            start, end = self.at, self.at + size
            if kind == INTERFACE:
                interfaces.append(self._interface(bytes(self.window[start:end]), order))
            elif kind in (PACKET, OLD_PACKET) and size >= 32:
                fields = "IIIII" if kind == PACKET else "HxxIIII"
                number, high, low, captured, length = struct.unpack_from(
                    order + fields, self.window, start + 8
                )
                if captured > min(size - 32, MAX_FRAME_BYTES) or number >= len(interfaces):
                    raise self._damaged(
                        f"claims {captured:,} bytes from interface {number} in a block of "
                        f"{size:,} bytes"
                    )
                time_ns = interfaces[number].time_ns(high << 32 | low)
                if not 0 <= time_ns < MAX_TIME_NS:
                    raise self._damaged("claims a time outside the years 1970 to 2115")
                self.at = end
                self.packets += 1
                link = interfaces[number].link
                yield start + 28, captured, max(length, captured), time_ns, link
            elif kind == SIMPLE_PACKET and size >= 16:
                length = struct.unpack_from(order + "I", self.window, start + 8)[0]
                captured = min(length, size - 16)
                self.at = end
                self.packets += 1
                yield start + 12, captured, length, time_ns, NO_TIME
            self.at = end

    def _byte_order(self) -> str:
        mark = bytes(self.window[self.at + 8 : self.at + 12])
        if mark == b"\x4d\x3c\x2b\x1a":
            return "<"
        if mark == b"\x1a\x2b\x3c\x4d":
            return ">"
        raise self._damaged(f"is announced by the byte order mark {mark.hex(' ')}")

    def _check_block(self, size: int, order: str) -> None:
        if size < 12 or size % 4 or size > MAX_BLOCK_BYTES:
            raise self._damaged(f"lies in a block that claims {size:,} bytes")
        if not self._has(size):
            raise self._cut_off("a block")
        again = struct.unpack_from(order + "I", self.window, self.at + size - 4)[0]
        if again != size:
            raise self._damaged(f"lies in a block of {size:,} bytes that ends as {again:,}")

    def _interface(self, block: bytes, order: str) -> "_Interface":
        parse = (
            pcapng.InterfaceDescriptionBlockLE if order == "<" else pcapng.InterfaceDescriptionBlock
        )
        try:
            described = parse(block)
            options = {option.code: bytes(option.data) for option in described.opts}
            resolution = options.get(TIME_RESOLUTION, b"\x06")[0]
            offset_s = struct.unpack(order + "q", options.get(TIME_OFFSET, bytes(8)))[0]
        except (dpkt.UnpackError, ValueError, LookupError, AttributeError, struct.error) as error:
            raise self._damaged("follows an interface block that cannot be read") from error
        power = resolution & 0x7F
        ticks_per_s = 2**power if resolution & 0x80 else 10**power
        return _Interface(described.linktype, ticks_per_s, offset_s)

    def _has(self, size: int) -> bool:
        """Whether `size` more bytes exist; reads them into the window if so."""
        while len(self.window) - self.at < size:
            try:
                # One read at a time, so that all that was unpacked before damage still counts.
                more = self.stream.read1(max(READ_BYTES, size))
            except EOFError as error:
                raise self._cut_off("its gzip packing") from error
            except (zlib.error, gzip.BadGzipFile) as error:
                raise CaptureError(
                    f"'{self.name}' is damaged inside its gzip packing ({error}) after packet "
                    f"{self.packets:,}; copy it again from where it was recorded."
                ) from error
            if not more:
                return False
            self.window += more
        return True

    def _cut_off(self, where: str) -> CaptureError:
        return CaptureError(
            f"'{self.name}' is cut off inside {where} at byte {self.dropped + self.at:,}: only its "
            f"first {self.packets:,} packets are whole; copy it again, or save those as a capture "
            "of their own."
        )

    def _damaged(self, claim: str) -> CaptureError:
        return CaptureError(
            f"'{self.name}' is damaged at byte {self.dropped + self.at:,}: packet "
            f"{self.packets + 1:,} {claim}; copy it again, or save the {self.packets:,} packets "
            "before it as a capture of their own."
        )


@dataclass(frozen=True, slots=True)
class _Interface:
    link: int
    ticks_per_s: int
    offset_s: int

    def time_ns(self, ticks: int) -> int:
        return ticks * 1_000_000_000 // self.ticks_per_s + self.offset_s * 1_000_000_000
