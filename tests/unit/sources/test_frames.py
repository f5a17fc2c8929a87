import gzip
import io
import struct
from ipaddress import ip_address

import dpkt
import numpy as np
import pytest
from capture_files import (
    EVAL,
    MAC_A,
    PACKET,
    arp,
    block,
    ethernet,
    interface,
    ipv4,
    ipv6,
    packet_block,
    pcap,
    section,
    shared_capture,
    tcp,
    udp,
)

from deepaid_core.sources.captures import CaptureSource
from deepaid_core.sources.frames import read_frames
from deepaid_core.sources.records import read_records

SHARED = (
    "attack/ctu_test7-malicious.pcap",
    "attack/kitsune_mirai_excerpt.pcap",
    "attack/oisf_ipv6-dos-denial6-5.pcap.gz",
    "attack/ustc_Tinba.pcap",
    "attack/zeek_nmap-vsn.pcap",
    "benign/ndpi_1kxun.pcap",
    "benign/ndpi_reddit.pcap",
    "benign/zeek_wikipedia.pcap",
)


def events_of(path, content=None):
    if content is not None:
        path = path / "made.pcap"
        path.write_bytes(content)
    source = CaptureSource(path)
    batches = list(source.batches())
    rows = []
    for batch in batches:
        columns = {name: column.tolist() for name, column in batch.context.items()}
        columns |= {"index": batch.indices.tolist(), "time": batch.times.tolist()}
        columns["entity"] = batch.entities.tolist()
        rows += [
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
        ]
    return rows, source.report


def by_dpkt(frame: bytes):
    """Fields of a frame from dpkt's objects; None where dpkt sees neither IP nor ARP."""
    try:
        parsed = dpkt.ethernet.Ethernet(frame)
    except dpkt.UnpackError:
        return None
    packet = parsed.data
    found = {
        "source_mac": parsed.src.hex(":"),
        "destination_mac": parsed.dst.hex(":"),
        "source_port": 0,
        "destination_port": 0,
    }
    if isinstance(packet, dpkt.arp.ARP):
        if (packet.hrd, packet.pro, packet.hln, packet.pln) != (1, 0x800, 6, 4):
            return None
        found |= {"source": str(ip_address(packet.spa)), "destination": str(ip_address(packet.tpa))}
        return found | {"protocol": "ARP"}
    if not isinstance(packet, dpkt.ip.IP | dpkt.ip6.IP6):
        return None
    found |= {"source": str(ip_address(packet.src)), "destination": str(ip_address(packet.dst))}
    inner = packet.data
    if isinstance(inner, dpkt.tcp.TCP | dpkt.udp.UDP | dpkt.sctp.SCTP):
        found |= {"source_port": inner.sport, "destination_port": inner.dport}
        found["protocol"] = type(inner).__name__
    if isinstance(inner, dpkt.tcp.TCP):
        names = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
        found["flags"] = ",".join(n for i, n in enumerate(names) if inner.flags >> i & 1)
    return found


def assert_dpkt_agrees(path, limit=None):
    content = path.read_bytes()
    content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    rows, report = events_of(path)
    ours = {row["index"]: row for row in rows}
    compared = 0
    for index, (time, frame) in enumerate(dpkt.pcap.Reader(io.BytesIO(content))):
        if limit and index >= limit:
            break
        expected = by_dpkt(frame)
        if expected is None:
            assert index not in ours or len(frame) < 128, f"frame {index}"
            continue
        row = ours[index]
        assert {name: row[name] for name in expected} == expected, f"frame {index}"
        if not report.clock_steps_back:
            assert row["time"] == pytest.approx(float(time), abs=1e-6)
        compared += 1
    assert compared > 0.9 * min(report.seen, limit or report.seen)


@pytest.mark.slow
def test_recorded_packets_decode_as_with_dpkt():
    assert_dpkt_agrees(EVAL, limit=6000)


@pytest.mark.parametrize("name", SHARED)
def test_public_packets_decode_as_with_dpkt(name):
    assert_dpkt_agrees(shared_capture(name), limit=2500)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_every_kind_of_pcap_reads_the_same(tmp_path, order, nano, packed):
    content = pcap([PACKET, PACKET], [1.5, 2.25], order=order, nano=nano)
    rows, _ = events_of(tmp_path, gzip.compress(content, mtime=0) if packed else content)
    assert [row["time"] for row in rows] == [1.5, 2.25]
    assert rows[0]["source"] == "10.0.0.1"


def test_cut_frames_keep_their_length_on_the_wire(tmp_path):
    frame = ethernet(ipv4(udp(payload=bytes(1000))))
    rows, _ = events_of(tmp_path, pcap([frame], snap=60))
    assert rows[0]["length"] == len(frame)
    assert rows[0]["destination_port"] == 53


def test_pcapng_written_by_dpkt_reads_the_same(tmp_path):
    file = io.BytesIO()
    writer = dpkt.pcapng.Writer(file)
    for time in (10.0, 11.5):
        writer.writepkt(PACKET, time)
    rows, _ = events_of(tmp_path, file.getvalue())
    assert [row["time"] for row in rows] == pytest.approx([10.0, 11.5])
    assert [row["source_port"] for row in rows] == [1000, 1000]


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_interfaces_have_their_own_clock_and_link_type(tmp_path, order):
    nano = struct.pack(order + "HHBxxxHHqHH", 9, 1, 9, 14, 8, 100, 0, 0)
    content = (
        section(order)
        + interface(1, order=order)
        + interface(101, nano, order=order)
        + packet_block(PACKET, 100_000_000, 0, order=order)
        + block(5, bytes(12), order)
        + packet_block(ipv4(udp(7, 9)), 1_250_000_000, 1, order=order)
    )
    rows, report = events_of(tmp_path, content)
    assert [row["time"] for row in rows] == [100.0, 101.25]
    assert [row["source_mac"] for row in rows] == [MAC_A.hex(":"), ""]
    assert [row["length"] for row in rows] == [1500, 1500]
    assert rows[1]["destination_port"] == 9
    assert report.seen == 2


def test_pcapng_packets_without_time_are_counted(tmp_path):
    simple = block(3, struct.pack("<I", len(PACKET)) + PACKET)
    rows, report = events_of(tmp_path, section() + interface() + simple + packet_block(PACKET, 9))
    assert [row["index"] for row in rows] == [1]
    assert report.skipped == (("no time stamp", 1),)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (ethernet(ipv4(tcp(flags=0x12), 6)), {"protocol": "TCP", "flags": "SYN,ACK"}),
        (ethernet(ipv4(bytes(8), 1)), {"protocol": "ICMP", "source_port": 0, "flags": ""}),
        (ethernet(ipv4(bytes(8), 200)), {"protocol": "IPv4/200"}),
        (ethernet(ipv6(udp()), 0x86DD), {"source": "::1", "destination": "::2"}),
        (ethernet(ipv6(bytes(8), 58), 0x86DD), {"protocol": "ICMPv6"}),
        (ethernet(ipv6(bytes([17, 0]) + bytes(6) + udp(), 0), 0x86DD), {"destination_port": 53}),
        (
            ethernet(ipv6(bytes([17, 0, 0, 8]) + bytes(4) + udp(), 44), 0x86DD),
            {"protocol": "UDP", "destination_port": 0},
        ),
        (
            ethernet(ipv6(bytes([6, 1]) + bytes(10) + tcp(target=22), 51), 0x86DD),
            {"protocol": "TCP", "destination_port": 22},
        ),
        (ethernet(arp(), 0x0806), {"protocol": "ARP", "entity": "10.0.0.1"}),
        (ethernet(arp(bytes(4)), 0x0806), {"entity": MAC_A.hex(":")}),
        (ethernet(ipv4(udp()), tags=[(0x8100, 0x2007)]), {"vlan": "7", "destination_port": 53}),
        (ethernet(ipv4(udp()), tags=[(0x88A8, 100), (0x8100, 0)]), {"vlan": "100.0"}),
        (ethernet(ipv4(udp())), {"vlan": ""}),
        (ethernet(ipv4(tcp(), 6)[:-6]), {"flags": "SYN"}),
        (ethernet(ipv4(tcp(), 6)[:-12]), {"flags": "", "destination_port": 80}),
    ],
)
def test_headers_become_the_columns_an_analyst_reads(tmp_path, frame, expected):
    rows, _ = events_of(tmp_path, pcap([frame]))
    assert {name: rows[0][name] for name in expected} == expected


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (0, b"\x02\x00\x00\x00" + ipv4(udp())),
        (101, ipv4(udp())),
        (113, bytes([0, 0, 0, 1, 0, 6]) + MAC_A + bytes(2) + b"\x08\x00" + ipv4(udp())),
        (276, b"\x08\x00" + bytes(8) + bytes([0, 6]) + MAC_A + bytes(2) + ipv4(udp())),
    ],
)
def test_other_links_with_ip_are_read(tmp_path, link, frame):
    rows, _ = events_of(tmp_path, pcap([frame], link=link))
    assert rows[0]["destination_port"] == 53
    assert rows[0]["source_mac"] == (MAC_A.hex(":") if link in (113, 276) else "")


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (ethernet(bytes(40), 0x88CC), "LLDP"),
        (ethernet(bytes(40), 0x1234), "neither IP nor ARP"),
        (ethernet(bytes(40), 0x0026), "LLC, such as spanning tree"),
        (ethernet(ipv4(udp()))[:30], "cut off inside its headers"),
        (ethernet(b"\x65" + bytes(30)), "malformed headers"),
        (ethernet(b"\x44" + bytes(30)), "malformed headers"),
        (ethernet(bytes(28), 0x0806), "ARP for other networks than Ethernet and IPv4"),
        (ethernet(b"", 0x8100, [(0x8100, 1)] * 6), "malformed headers"),
        (b"", "cut off inside its headers"),
    ],
)
def test_other_frames_are_counted_and_keep_their_number(tmp_path, frame, reason):
    rows, report = events_of(tmp_path, pcap([PACKET, frame, PACKET]))
    assert [row["index"] for row in rows] == [0, 2]
    assert report.skipped == ((reason, 1),)
    assert (report.events, report.seen) == (2, 3)


def test_chunks_together_are_the_capture_whatever_their_size():
    whole = next(read_frames(EVAL, 3000))
    parts = []
    for part in read_frames(EVAL, 700):
        parts.append(part)
        if sum(p.seen for p in parts) >= 3000:
            break
    joined = np.concatenate([part.headers for part in parts])[: len(whole.headers)]
    np.testing.assert_array_equal(joined, whole.headers)


def test_chunks_hold_only_their_own_bytes():
    sizes = [records.data.nbytes for records in read_records(EVAL, 1000)]
    assert max(sizes) <= 1000 * (16 + 128) + 24
