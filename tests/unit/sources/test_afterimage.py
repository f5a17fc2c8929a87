import numpy as np
import pytest
from afterimage_reference import Reference
from capture_files import TRAIN, headers
from hypothesis import given, settings
from hypothesis import strategies as st

from deepaid_core.sources.afterimage import AfterImage
from deepaid_core.sources.afterimage_schema import DECAYS, afterimage_schema
from deepaid_core.sources.frames import ARP, read_frames

SCHEMA = afterimage_schema()
COLUMN = {name: at for at, name in enumerate(SCHEMA.names)}
WEIGHTS = [at for name, at in COLUMN.items() if "weight" in name]
PCC = [at for name, at in COLUMN.items() if "pcc" in name]
SECOND_NS = 1_000_000_000


def by_reference(frames: np.ndarray, lengths: np.ndarray, times_ns: np.ndarray) -> np.ndarray:
    reference = Reference()
    rows = []
    for frame, length, time_ns in zip(frames, lengths, times_ns, strict=True):
        tag = (int(frame["family"]), int(frame["protocol"]))
        source = (tag[0], int(frame["source_high"]), int(frame["source_low"]))
        target = (tag[0], int(frame["target_high"]), int(frame["target_low"]))
        sockets = (
            (*source, tag, int(frame["source_port"])),
            (*target, tag, int(frame["target_port"])),
        )
        if tag[1] == ARP:
            sockets = ((ARP, int(frame["source_mac"])), (ARP, int(frame["target_mac"])))
        seconds = (int(time_ns) - int(times_ns[0])) / 1e9
        sender = (int(frame["source_mac"]), source)
        rows.append(reference.packet(sender, (source, target), sockets, float(length), seconds))
    return np.array(rows)


def assert_equals_reference(frames, lengths, times_ns):
    ours = AfterImage().update(frames, lengths, times_ns)
    expected = by_reference(frames, lengths, times_ns)
    # Sums in another order round differently: by 1e-16 of what is added, which for products of
    # residuals is up to 1e10 bytes squared.
    np.testing.assert_allclose(ours, expected, rtol=1e-7, atol=1e-5)


# Few hosts and ports, so that streams meet often; gaps from none to half an hour.
packets = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.integers(1, 3),
        st.integers(0, 2),
        st.integers(0, 2),
        st.sampled_from([1, 6, 17, ARP]),
        st.integers(14, 65_535),
        st.one_of(st.integers(0, 3 * SECOND_NS), st.integers(0, 1800 * SECOND_NS)),
    ),
    min_size=1,
    max_size=30,
)


def arrays(rows):
    source, target, sport, dport, protocol, lengths, gaps = (
        np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)
    )
    has_ports = (protocol == 6) | (protocol == 17)
    frames = headers(
        len(rows),
        source_low=source,
        target_low=target,
        source_mac=source,
        target_mac=target,
        source_port=np.where(has_ports, sport, 0),
        target_port=np.where(has_ports, dport, 0),
        protocol=protocol,
    )
    return frames, lengths, np.cumsum(gaps)


@given(packets)
@settings(max_examples=40, deadline=None)
def test_features_equal_their_definitions(rows):
    assert_equals_reference(*arrays(rows))


@given(packets, st.integers(1, 7))
@settings(max_examples=40, deadline=None)
def test_features_do_not_depend_on_chunks(rows, size):
    frames, lengths, times_ns = arrays(rows)
    whole = AfterImage().update(frames, lengths, times_ns)
    chunked = AfterImage()
    parts = [
        chunked.update(frames[i : i + size], lengths[i : i + size], times_ns[i : i + size])
        for i in range(0, len(rows), size)
    ]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**61)), min_size=1, max_size=40)
)
@settings(max_examples=100, deadline=None)
def test_features_stay_within_their_bounds_for_any_sizes_and_times(rows):
    lengths = np.array([length for length, _ in rows], dtype=np.int64)
    times_ns = np.sort(np.array([time for _, time in rows], dtype=np.int64))
    frames = headers(len(rows), source_low=np.arange(len(rows)) % 2, target_low=0)
    frames["target_low"] = 1 - frames["source_low"]
    features = AfterImage().update(frames, lengths, times_ns)
    assert np.isfinite(features).all()
    assert (features[:, WEIGHTS] >= 1).all()
    assert (np.abs(features[:, PCC]) <= 1).all()
    for at, feature in enumerate(SCHEMA.features):
        if feature.low is not None:
            assert (features[:, at] >= feature.low).all(), feature.name


def test_recorded_packets_equal_the_definitions():
    chunk = next(read_frames(TRAIN, 1000))
    assert_equals_reference(chunk.headers, chunk.lengths, chunk.times_ns)


def test_a_packet_counts_half_after_one_over_the_decay_factor():
    for decay in DECAYS:
        times_ns = np.array([0, round(SECOND_NS / decay)], dtype=np.int64)
        frames = headers(2, source_low=1, target_low=2)
        features = AfterImage().update(frames, np.array([60, 60]), times_ns)
        for group, suffix in (("MI_dir", ""), ("HH", "_0"), ("HH_jit", ""), ("HpHp", "_0")):
            weight = features[1, COLUMN[f"{group}_{decay}_weight{suffix}"]]
            assert weight == pytest.approx(1.5, rel=1e-8)


def test_equal_sizes_have_no_spread_and_no_correlation():
    frames = headers(1000, source_low=np.arange(1000) % 2 + 1, target_low=2 - np.arange(1000) % 2)
    lengths = np.where(np.arange(1000) % 2, 1514, 60)
    features = AfterImage().update(frames, lengths, np.arange(1000) * 10_000_000)
    for name in ("HH_0.01_std_0", "HH_0.01_radius_0_1", "HH_0.01_covariance_0_1"):
        assert (features[:, COLUMN[name]] == 0).all()
    assert (features[:, PCC] == 0).all()


def test_sizes_that_rise_together_correlate():
    rng = np.random.default_rng(0)
    n = 2000
    frames = headers(n, source_low=np.arange(n) % 2 + 1, target_low=2 - np.arange(n) % 2)
    sizes = np.repeat(rng.integers(60, 1500, n // 2), 2)
    features = AfterImage().update(frames, sizes, np.arange(n) * 1_000_000)
    replies = features[1001::2, COLUMN["HH_0.01_pcc_0_1"]]
    assert replies.min() > 0.3
    independent = rng.integers(60, 1500, n)
    features = AfterImage().update(frames, independent, np.arange(n) * 1_000_000)
    assert np.abs(features[1001::2, COLUMN["HH_0.01_pcc_0_1"]]).max() < 0.3


def test_tcp_and_udp_sockets_with_equal_ports_are_different():
    frames = headers(2, source_low=1, target_low=2, source_port=53, target_port=53)
    frames["protocol"] = 6, 17
    features = AfterImage().update(frames, np.array([60, 80]), np.array([0, 1]))
    assert features[1, COLUMN["HpHp_1.0_weight_0"]] == 1
    assert features[1, COLUMN["HH_1.0_weight_0"]] > 1.9


def test_addresses_of_both_ip_versions_are_different():
    frames = headers(2, source_low=1, target_low=2)
    frames["family"] = 4, 6
    features = AfterImage().update(frames, np.array([60, 80]), np.array([0, 1]))
    assert (features[1, WEIGHTS] == 1).all()


@pytest.mark.slow
def test_a_flood_of_sockets_stays_under_the_cap_and_keeps_busy_streams():
    n = 1_000_000  # as many packets, all but every hundredth from another host
    flood = headers(n, source_low=np.arange(n), target_low=7, source_port=np.arange(n) % 65_536)
    flood["source_mac"] = np.arange(n)
    flood["source_low"][::100] = -1
    flood["source_port"][::100] = 80
    flood["source_mac"][::100] = 3
    state = AfterImage(streams=4096)
    for at in range(0, n, 50_000):
        part = flood[at : at + 50_000]
        features = state.update(part, np.full(len(part), 60), np.arange(at, at + len(part)) * 1000)
    assert state.live == (4096, 4096, 4096)
    assert state.evicted == 3 * (990_000 + 1 - 4096)
    assert features[-100, COLUMN["HpHp_0.01_weight_0"]] > 9000


def test_the_stream_silent_longest_is_forgotten_first():
    state = AfterImage(streams=2)
    frames = headers(5, source_low=[1, 2, 1, 3, 1], target_low=9)
    features = state.update(frames, np.full(5, 60), np.arange(5))
    assert features[4, COLUMN["HH_0.01_weight_0"]] > 2.9
    again = state.update(headers(1, source_low=2, target_low=9), np.array([60]), np.array([9]))
    assert again[0, COLUMN["HH_0.01_weight_0"]] == 1


def test_columns_carry_the_published_names_in_the_published_order():
    expected = [f"MI_dir_{d}_{s}" for d in DECAYS for s in ("weight", "mean", "std")]
    for group in ("HH", "HpHp"):
        if group == "HpHp":
            expected += [f"HH_jit_{d}_{s}" for d in DECAYS for s in ("weight", "mean", "std")]
        expected += [f"{group}_{d}_{s}_0" for d in DECAYS for s in ("weight", "mean", "std")]
        expected += [
            f"{group}_{d}_{s}_0_1"
            for d in DECAYS
            for s in ("radius", "magnitude", "covariance", "pcc")
        ]
    assert list(SCHEMA.names) == expected
    assert SCHEMA.name == "afterimage-100"
    sizes = {field.name: len(field.columns) for field in SCHEMA.fields}
    assert len(sizes) == 19
    assert sizes.pop("HH_weight") == 10  # the packets of a channel and their gaps: one count
    assert set(sizes.values()) == {5}
    assert SCHEMA.fields[0].title == "packets from this sender (MAC and IP)"


def test_packets_and_gaps_of_a_channel_are_one_count_in_recorded_traffic():
    frames = next(read_frames(TRAIN, 4000))
    features = AfterImage().update(frames.headers, frames.lengths, frames.times_ns)
    for decay in DECAYS:
        packets = features[:, COLUMN[f"HH_{decay}_weight_0"]]
        np.testing.assert_allclose(features[:, COLUMN[f"HH_jit_{decay}_weight"]], packets)
