"""AfterImage: how each packet compares with the recent past of its sender and its connection."""

import secrets
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from deepaid_core.domain.batches import FloatArray, IntArray
from deepaid_core.sources.afterimage_schema import DECAYS
from deepaid_core.sources.compiled import compiled, compiled_part
from deepaid_core.sources.frames import ARP, FRAME, FrameArray

__all__ = ["FEATURES", "AfterImage", "warm_up"]

FEATURES: Final = 100
MAX_STREAMS: Final = 65_536

Table: TypeAlias = tuple[
    NDArray[np.int64],  # (streams, 5): keys
    NDArray[np.int64],  # (buckets,): first stream of each bucket, or -1
    NDArray[np.int64],  # (streams, 3): next of the same bucket, more recent, less recent; or -1
    NDArray[np.int64],  # (5,): streams in use, most recent, least recent, evicted, hash seed
    NDArray[np.float64],  # (streams, width): statistics
    NDArray[np.int64],  # (streams, 2): time of the last packet each way, in ns, or NEVER
]

NEVER: Final = -1
WINDOWS: Final = len(DECAYS)
WAY: Final = 4 * WINDOWS  # weight, mean, variance and last residual per window, one way
PAIR: Final = 2 * WAY + WINDOWS  # both ways, and the sums of residual products
JITTER: Final = 3 * WINDOWS  # weight, mean and variance of the gaps, one way

# Where each group of features begins; the order within is that of the schema.
HH, HH_2D, HH_JIT, HPHP, HPHP_2D = 15, 30, 50, 65, 80


class AfterImage:
    """The 100 incremental packet statistics of Kitsune, with bounded memory.

    A stream is a sender (source MAC and IP), a channel (source IP to destination IP) or a socket
    (channel and ports; MACs for ARP, no ports for ICMP and the like). Each keeps damped weights,
    means and variances of packet sizes, channels also of the gaps between packets. All decay
    by 2^(-factor * seconds).

    Definitions are those of the paper. The code its authors published differs from it in ways
    that are not followed here: it keys channels and sockets by their source end only, reports
    variances in the columns named std, and counts each residual product twice. Ours also
    tells TCP from UDP ports. As there, the first packet of a channel counts as a gap of 0 s.
    A stream to itself (as in ARP announcements) has no way back.

    Memory: at most `streams` senders, pairs of hosts and pairs of sockets, each; at the
    default cap 90 MB in all, taken only as streams appear. When a table is full, the stream that
    has been silent longest is forgotten and starts anew if it returns: a flood with forged
    addresses costs history, never memory.

    References:
        Mirsky et al., Kitsune: An Ensemble of Autoencoders for Online Network Intrusion
        Detection, NDSS 2018, https://arxiv.org/abs/1802.09089 (section V).
    """

    def __init__(self, *, streams: int = MAX_STREAMS) -> None:
        self._senders = _table(streams, 3 * WINDOWS)
        self._channels = _table(streams, PAIR + 2 * JITTER)
        self._sockets = _table(streams, PAIR)

    @property
    def live(self) -> tuple[int, int, int]:
        """Senders, pairs of hosts and pairs of sockets now in memory."""
        senders, channels, sockets = (
            int(table[3][0]) for table in (self._senders, self._channels, self._sockets)
        )
        return senders, channels, sockets

    @property
    def evicted(self) -> int:
        """Streams forgotten so far because a table was full."""
        return sum(int(table[3][3]) for table in (self._senders, self._channels, self._sockets))

    def update(self, headers: FrameArray, lengths: IntArray, times_ns: IntArray) -> FloatArray:
        """Take packets in and give each its features, which include the packet itself.

        Args:
            headers: Of type `FRAME`, (n,).
            lengths: Bytes on the wire, (n,).
            times_ns: Unix nanoseconds, (n,), not decreasing, not before those of earlier calls.

        Returns:
            (n, 100), in the order of the schema.
        """
        features = np.empty((len(headers), FEATURES))
        _update(
            headers,
            lengths,
            times_ns,
            self._senders,
            self._channels,
            self._sockets,
            features,
        )
        return features


def warm_up() -> None:
    """Compile the code, or load it from the last start, before the first packet needs it."""
    none = np.empty(0, dtype=np.int64)
    AfterImage(streams=1).update(np.empty(0, dtype=FRAME), none, none)


def _table(streams: int, width: int) -> Table:
    buckets = 1 << max(streams - 1, 1).bit_length()
    # The seed is random so that nobody can choose addresses that all fall into one bucket.
    marks = np.array([0, -1, -1, 0, secrets.randbits(62)], dtype=np.int64)
    return (
        np.zeros((streams, 5), dtype=np.int64),
        np.full(buckets, -1, dtype=np.int64),
        np.zeros((streams, 3), dtype=np.int64),
        marks,
        np.zeros((streams, width)),
        np.zeros((streams, 2), dtype=np.int64),
    )


@compiled_part
def _bucket(table: Table, a: int, b: int, c: int, d: int, e: int) -> int:
    value = table[3][4]
    for word in (a, b, c, d, e):
        value = (value ^ word) * 0x1E3779B97F4A7C15
        value ^= (value >> 29) & 0x7FFFFFFFF
    return int(value & (len(table[1]) - 1))


@compiled_part
def _unlink(table: Table, slot: int) -> None:
    """Take a stream out of the order of use."""
    links, marks = table[2], table[3]
    newer, older = links[slot, 1], links[slot, 2]
    if newer >= 0:
        links[newer, 2] = older
    else:
        marks[1] = older
    if older >= 0:
        links[older, 1] = newer
    else:
        marks[2] = newer


@compiled_part
def _evict(table: Table) -> int:
    """Forget the stream that has been silent longest; gives its place."""
    keys, heads, links, marks = table[0], table[1], table[2], table[3]
    slot = int(marks[2])
    key = keys[slot]
    bucket = _bucket(table, key[0], key[1], key[2], key[3], key[4])
    if heads[bucket] == slot:
        heads[bucket] = links[slot, 0]
    else:
        before = heads[bucket]
        while links[before, 0] != slot:
            before = links[before, 0]
        links[before, 0] = links[slot, 0]
    _unlink(table, slot)
    marks[3] += 1
    return slot


@compiled_part
def _slot(table: Table, a: int, b: int, c: int, d: int, e: int) -> int:
    """The place of a stream, new or known; makes it the most recent one."""
    keys, heads, links, marks, statistics, stamps = table
    bucket = _bucket(table, a, b, c, d, e)
    slot = int(heads[bucket])
    while slot >= 0:
        key = keys[slot]
        if key[0] == a and key[1] == b and key[2] == c and key[3] == d and key[4] == e:
            break
        slot = int(links[slot, 0])
    if slot >= 0:
        if marks[1] == slot:
            return slot
        _unlink(table, slot)
    else:
        if marks[0] < len(keys):
            slot = int(marks[0])
            marks[0] += 1
        else:
            slot = _evict(table)
        keys[slot, 0] = a
        keys[slot, 1] = b
        keys[slot, 2] = c
        keys[slot, 3] = d
        keys[slot, 4] = e
        statistics[slot] = 0.0
        stamps[slot] = NEVER
        links[slot, 0] = heads[bucket]
        heads[bucket] = slot
    links[slot, 1] = -1
    links[slot, 2] = marks[1]
    if marks[1] >= 0:
        links[marks[1], 1] = slot
    else:
        marks[2] = slot
    marks[1] = slot
    return slot


@compiled_part
def _set_decays(decays: FloatArray, now_ns: int, last_ns: int) -> None:
    """What is left, per window, of statistics as old as `last_ns`; nothing where NEVER."""
    if last_ns == NEVER:
        decays[:] = 0.0
    elif now_ns == last_ns:
        decays[:] = 1.0
    else:
        for window in range(WINDOWS):
            decays[window] = np.exp2(-DECAYS[window] * ((now_ns - last_ns) * 1e-9))


@compiled_part
def _insert(row: FloatArray, at: int, value: float, decay: float) -> None:
    """Add a value to the damped weight, mean and variance at `at`.

    The paper's sums of values and of squares give the same, but their difference leaves noise
    where all values are equal, and that noise would make correlations of nothing.
    """
    old = row[at] * decay
    new = old + 1.0
    change = value - row[at + 1]
    row[at + 2] = (row[at + 2] + change * change / new) * (old / new)
    row[at + 1] += change / new
    row[at] = new


@compiled_part
def _one_way(row: FloatArray, at: int, features: FloatArray, to: int) -> None:
    features[to] = row[at]
    features[to + 1] = row[at + 1]
    features[to + 2] = np.sqrt(row[at + 2])


@compiled_part
def _two_ways(
    table: Table,
    slot: int,
    way: int,
    value: float,
    now_ns: int,
    decays: FloatArray,
    features: FloatArray,
    to: int,
    to_2d: int,
) -> None:
    """Add a packet to one way of a pair and give the statistics of that way and of both."""
    row, stamps = table[4][slot], table[5][slot]
    own_ns, back_ns = stamps[way], stamps[1 - way]
    _set_decays(decays[0], now_ns, own_ns)
    _set_decays(decays[1], now_ns, back_ns)
    for window in range(WINDOWS):
        own = way * WAY + 4 * window
        back = (1 - way) * WAY + 4 * window
        own_decay, back_decay = decays[0, window], decays[1, window]
        _insert(row, own, value, own_decay)
        _one_way(row, own, features, to + 3 * window)

        # The sum of residual products decays from the last packet of either way.
        joint = 2 * WAY + window
        residual = value - row[own + 1]
        decay = own_decay if own_ns > back_ns else back_decay
        row[joint] = row[joint] * decay + residual * row[back + 3]
        row[own + 3] = residual
        covariance = row[joint] / (row[own] + row[back] * back_decay)

        at = to_2d + 4 * window
        spread = np.sqrt(row[own + 2] * row[back + 2])
        features[at] = np.sqrt(row[own + 2] ** 2 + row[back + 2] ** 2)
        features[at + 1] = np.sqrt(row[own + 1] ** 2 + row[back + 1] ** 2)
        features[at + 2] = covariance
        # Residuals are taken against moving means, so the quotient may leave [-1, 1]. Where both
        # ways vary by less than a tenth of a byte, it would be one of rounding errors.
        features[at + 3] = min(max(covariance / spread, -1.0), 1.0) if spread > 0.01 else 0.0
    stamps[way] = now_ns


@compiled_part
def _gaps(
    row: FloatArray, way: int, now_ns: int, last_ns: int, decays: FloatArray, features: FloatArray
) -> None:
    """Add the time since the last packet of this way, decayed as `decays` were set for it."""
    gap_s = 0.0 if last_ns == NEVER else (now_ns - last_ns) * 1e-9
    for window in range(WINDOWS):
        at = PAIR + way * JITTER + 3 * window
        _insert(row, at, gap_s, decays[window])
        _one_way(row, at, features, HH_JIT + 3 * window)


@compiled_part
def _pair_slot(
    table: Table,
    high: int,
    low: int,
    port: int,
    high_2: int,
    low_2: int,
    port_2: int,
    kind: int,
) -> int:
    """The place of a pair of ends, times 2, plus 1 where the end that sorts second sends.

    A pair has one key whoever sends, so both ways are found together.
    """
    way = 0
    if high_2 < high or (high_2 == high and (low_2 < low or (low_2 == low and port_2 < port))):
        way = 1
        high, low, port, high_2, low_2, port_2 = high_2, low_2, port_2, high, low, port
    return _slot(table, high, low, high_2, low_2, kind << 32 | port << 16 | port_2) * 2 + way


@compiled
def _update(
    headers: Any,
    lengths: IntArray,
    times_ns: IntArray,
    senders: Table,
    channels: Table,
    sockets: Table,
    features: FloatArray,
) -> None:
    decays = np.empty((2, WINDOWS))
    for i in range(len(headers)):
        frame = headers[i]
        size = float(lengths[i])
        now_ns = times_ns[i]
        given = features[i]
        family = frame.family
        high, low = frame.source_high, frame.source_low
        high_2, low_2 = frame.target_high, frame.target_low

        slot = _slot(senders, frame.source_mac, high, low, family, 0)
        row = senders[4][slot]
        _set_decays(decays[0], now_ns, senders[5][slot, 0])
        for window in range(WINDOWS):
            _insert(row, 3 * window, size, decays[0, window])
            _one_way(row, 3 * window, given, 3 * window)
        senders[5][slot, 0] = now_ns

        found = _pair_slot(channels, high, low, 0, high_2, low_2, 0, family)
        slot, way = found // 2, found % 2
        last_ns = channels[5][slot, way]
        _two_ways(channels, slot, way, size, now_ns, decays, given, HH, HH_2D)
        _gaps(channels[4][slot], way, now_ns, last_ns, decays[0], given)

        protocol = frame.protocol
        if protocol == ARP:
            high, low, high_2, low_2 = 0, frame.source_mac, 0, frame.target_mac
        found = _pair_slot(
            sockets,
            high,
            low,
            frame.source_port,
            high_2,
            low_2,
            frame.target_port,
            family << 10 | protocol,
        )
        _two_ways(sockets, found // 2, found % 2, size, now_ns, decays, given, HPHP, HPHP_2D)
