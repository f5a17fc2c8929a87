import gzip
import hashlib
import random
import struct
from itertools import islice

import numpy as np
import pytest
from capture_files import (
    EVAL,
    PACKET,
    TRAIN,
    ethernet,
    interface,
    packet_block,
    pcap,
    section,
    shared_capture,
)

from deepaid_core.domain.batches import TabularBatch
from deepaid_core.errors import CancelledError, CaptureError, InvalidParameterError
from deepaid_core.sources.captures import CaptureSource

GOOD = pcap([PACKET] * 5)
PCAPNG = section() + interface() + b"".join(packet_block(PACKET, 10**6 * i) for i in range(1, 6))


def read(path):
    return list(CaptureSource(path).batches())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"'bad.pcap' is empty \(0 bytes\)"),
        (gzip.compress(b"", mtime=0), r"'bad.pcap' is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "not a packet capture .*89 50 4e 47"),
        (b"time,source\n1,2\n", "not a packet capture .*74 69 6d 65"),
        (b"\xd4\xc3", "not a packet capture"),
        (GOOD[:20], "cut off inside its file header at byte 0: only its first 0 packets"),
        (GOOD[:-7], "cut off inside a packet at byte 276: only its first 4 packets are whole"),
        (GOOD[:30], "cut off inside a packet's header at byte 24"),
        (gzip.compress(GOOD, mtime=0)[:-20], "cut off inside"),
        (gzip.compress(GOOD, mtime=0)[:-8], "cut off inside its gzip packing .* first 5 packets"),
        (gzip.compress(GOOD, mtime=0) + b"garbage", "damaged inside its gzip packing"),
        (gzip.compress(GOOD, mtime=0)[:10] + b"\xff" * 60, "damaged inside its gzip packing"),
        (pcap([]), "without a single packet"),
        (section() + interface(), "without a single packet"),
        (pcap([PACKET], link=105), r"link type 105 \(packet 1\).*Ethernet"),
        (pcap([ethernet(bytes(40), 0x88CC)] * 2), r"None of the 2 frames .*\(2 LLDP\)"),
        (pcap([PACKET] * 3, [100, 200, 150]), r"jumps back by 50.000 s at packet 3.*reordercap"),
        (GOOD + struct.pack("<IIII", 9, 0, 1 << 30, 60), "packet 6 claims 1,073,741,824 bytes"),
        (GOOD + struct.pack("<IIII", 9, 10**6, 0, 0), "packet 6 claims .* 1,000,000 fractions"),
        (PCAPNG[:-4], "cut off inside a block .* first 4 packets are whole"),
        (PCAPNG[:-4] + b"\x01\x00\x00\x00", "packet 5 lies in a block .* that ends as 1"),
        (PCAPNG + struct.pack("<III", 6, 7, 7), "block that claims 7 bytes"),
        (section() + packet_block(PACKET, 1), "packet 1 claims .* from interface 0"),
        (PCAPNG + packet_block(PACKET, 2**63), "packet 6 claims a time outside the years"),
        (PCAPNG[:8] + bytes(4) + PCAPNG[12:], "byte order mark 00 00 00 00"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # bytes make unreadable names
)
def test_bad_captures_are_refused_in_one_sentence(tmp_path, content, message):
    path = tmp_path / "bad.pcap"
    path.write_bytes(content)
    with pytest.raises(CaptureError, match=message) as caught:
        read(path)
    assert "bad.pcap" in str(caught.value)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(CaptureError, match=r"There is no file '.*gone.pcap'"):
        read(tmp_path / "gone.pcap")
    with pytest.raises(CaptureError, match="is not a file"):
        read(tmp_path)
    with pytest.raises(CaptureError, match="cannot be read"):
        CaptureSource(tmp_path / "gone.pcap").fingerprint()
    with pytest.raises(InvalidParameterError, match="batch of 0 events"):
        CaptureSource(TRAIN).batches(0)


def test_time_that_steps_back_a_little_is_held_still_and_counted(tmp_path):
    path = tmp_path / "steps.pcap"
    path.write_bytes(pcap([PACKET] * 4, [10.0, 10.5, 10.2, 11.0]))
    source = CaptureSource(path)
    (batch,) = source.batches()
    assert batch.times.tolist() == [10.0, 10.5, 10.5, 11.0]
    assert source.report.clock_steps_back == 1
    assert (source.report.first_time, source.report.last_time) == (10.0, 11.0)


def test_batches_do_not_depend_on_their_size_and_reading_is_repeatable(tmp_path):
    path = tmp_path / "part.pcap"
    path.write_bytes(gzip.decompress(TRAIN.read_bytes())[:200_000])
    source = CaptureSource(path)
    batches = {}
    for size in (173, 100_000):
        batches[size] = []
        with pytest.raises(CaptureError, match="cut off"):
            batches[size].extend(source.batches(size))
    lost_end = TabularBatch.concatenate(batches[173])
    source = CaptureSource(TRAIN)
    again = TabularBatch.concatenate(list(islice(source.batches(512), 4)))
    n = min(len(lost_end), len(again))
    assert n > 1000
    np.testing.assert_array_equal(lost_end.values[:n], again.values[:n])
    assert lost_end.entities[:n].tolist() == again.entities[:n].tolist()


def test_the_recorded_capture_is_read_whole():
    source = CaptureSource(EVAL)
    batches = list(source.batches())
    assert source.report.events == source.report.seen == 99_820
    assert source.report.skipped == ()
    assert max(len(batch) for batch in batches) == 8192
    assert batches[0].schema == source.schema()
    assert set(np.concatenate([b.context["protocol"] for b in batches])) >= {"TCP", "UDP", "ARP"}
    assert source.name == "eval.pcap.gz"
    assert source.fingerprint() == hashlib.sha256(EVAL.read_bytes()).hexdigest()


def test_progress_rises_to_one_and_cancelling_stops():
    shares = []
    list(CaptureSource(TRAIN, progress=lambda share, _: shares.append(share)).batches(20_000))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    source = CaptureSource(TRAIN, cancelled=lambda: True)
    with pytest.raises(CancelledError, match="was cancelled after 0 packets"):
        next(source.batches())


def test_years_without_packets_are_no_problem():
    batch = TabularBatch.concatenate(read(shared_capture("benign/ndpi_1kxun.pcap")))
    assert len(batch) > 1600


@pytest.mark.parametrize("kind", ["pcap", "pcapng", "gzip"])
def test_damaged_bytes_never_raise_anything_but_capture_errors(tmp_path, kind):
    rng = random.Random(7)
    start = gzip.decompress(EVAL.read_bytes())[:6000]
    frames = [
        PACKET,
        ethernet(bytes(30), 0x86DD),
        *(start[at : at + 90] for at in range(40, 600, 90)),
    ]
    good = {
        "pcap": pcap(frames),
        "pcapng": section() + interface() + b"".join(packet_block(f, 10) for f in frames),
        "gzip": gzip.compress(pcap(frames), mtime=0),
    }[kind]
    path = tmp_path / "fuzzed.pcap"
    outcomes = set()
    for _ in range(100):
        content = bytearray(good)
        for _ in range(rng.randint(1, 8)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        if rng.random() < 0.2:
            del content[rng.randrange(len(content)) :]
        path.write_bytes(content)
        try:
            outcomes.add(bool(read(path)))
        except CaptureError:
            outcomes.add(False)
    assert outcomes == {True, False} or kind == "gzip"
