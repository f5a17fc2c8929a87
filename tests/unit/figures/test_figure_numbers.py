import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepaid_core.domain.severity import Severity, severity
from deepaid_core.figures.numbers import (
    format_count,
    format_duration,
    format_factor,
    format_percentile,
    format_score,
    format_share,
    format_time_utc,
    format_value,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False)
SCALE = {
    "µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0,
    "B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "M": 1e6, "G": 1e9, "T": 1e12,
}  # fmt: skip


def read_back(text):
    """The number that a reader takes from a formatted value."""
    words = text.removeprefix("-").replace(",", "").split()
    sign = -1.0 if text.startswith("-") else 1.0
    if len(words) == 1:
        return float(text.replace(",", ""))
    if len(words) == 3:  # a large count of seconds: "1.16 M d"
        return sign * float(words[0]) * SCALE[words[1]] * SCALE[words[2]]
    pairs = zip(words[::2], words[1::2], strict=True)
    return sign * sum(float(number) * SCALE[name] for number, name in pairs)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0, "", "0"),
        (1234.0, "", "1,234"),
        (1_234_567.0, "", "1.23 M"),
        (999_999.9, "", "1 M"),
        (12.0, "packets", "12 packets"),
        (0.5, "", "0.5"),
        (-3.25, "", "-3.25"),
        (1e-7, "", "1.00e-07"),
        (0.0034, "s", "3.4 ms"),
        (0.00085, "s", "850 µs"),
        (12.0, "s", "12 s"),
        (125.0, "s", "2 min 5 s"),
        (11_040.0, "s", "3 h 4 min"),
        (812.0, "bytes", "812 B"),
        (1400.0, "bytes", "1.4 kB"),
        (2_500_000.0, "B", "2.5 MB"),
        (7.0, "bytes²", "7 bytes²"),
        (math.nan, "bytes", "not a number bytes"),
        (math.inf, "", "infinite"),
        ("tcp", "", "tcp"),
        (1.0, "packets", "1 packet"),
        (1.04, "packets", "1.04 packets"),
        (1.0, "gas", "1 gas"),
    ],
)
def test_values_read_as_an_analyst_writes_them(value, unit, text):
    assert format_value(value, unit) == text


@given(
    st.floats(-1e9, 1e9) | st.floats(-1e300, 1e300) | st.floats(-1e-3, 1e-3),
    st.sampled_from(["", "s", "bytes"]),
)
def test_a_formatted_value_reads_back_as_about_the_same(value, unit):
    # The coarsest step is half an hour on a day, 2.1 %; three digits hold to half a percent.
    tolerance = 0.021 if unit == "s" else 0.0051
    assert read_back(format_value(value, unit)) == pytest.approx(value, rel=tolerance, abs=1e-300)


@given(st.floats(0.001, 1e14), st.floats(0.001, 1e14))
def test_a_factor_says_truly_which_value_is_higher(observed, reference):
    text = format_factor(observed, reference)
    assert ("higher" in text) == (observed > reference)
    assert ("lower" in text) == (observed < reference)


@pytest.mark.parametrize(
    ("observed", "reference", "text"),
    [
        (380.0, 10.0, "38× higher"),
        (10.0, 380.0, "38× lower"),
        (1e9, 1.0, "over 1,000,000× higher"),
        (1.1, 1.0, "10 % higher"),
        (5.0, 5.0, "same"),
        (5.0, 0.0, "from zero"),
        (0.0, 5.0, "to zero"),
        (-5.0, 5.0, "sign changed"),
        (-30.0, -10.0, "3× larger"),
        (math.inf, 1.0, "not comparable"),
        ("tcp", "udp", "changed"),
        ("tcp", "tcp", "same"),
    ],
)
def test_factors_are_words_that_hold_at_the_edges(observed, reference, text):
    assert format_factor(observed, reference) == text


@given(FINITE, FINITE)
def test_every_pair_of_numbers_has_a_factor(observed, reference):
    assert format_factor(observed, reference)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_every_time_has_a_text(time):
    assert format_time_utc(time)


def test_times_are_utc_and_say_so():
    assert format_time_utc(1_760_000_000.0) == "2025-10-09 08:53:20 UTC"
    assert format_time_utc(1_760_000_000.25, milliseconds=True) == "2025-10-09 08:53:20.250 UTC"


@given(st.floats(0, 1))
def test_a_share_never_rounds_something_to_nothing_or_to_everything(share):
    text = format_share(share)
    assert (text == "0 %") == (share == 0)
    assert (text == "100 %") == (share == 1)


def test_a_score_just_over_its_threshold_does_not_look_equal_to_it():
    assert format_score(0.2504) != format_score(0.25)
    assert format_score(0.24975) != format_score(0.25)


def test_percentiles_say_where_a_value_lies():
    assert format_percentile(None) == "not known"
    assert format_percentile(0.0) == "below all training events"
    assert format_percentile(100.0) == "at or above all training events"
    assert format_percentile(99.5) == "at or above 99.5 % of training events"


def test_counts_take_the_plural():
    assert format_count(1, "finding") == "1 finding"
    assert format_count(1234, "finding") == "1,234 findings"
    assert format_count(2, "category", "categories") == "2 categories"


def test_durations_beyond_100_days_stay_days():
    assert format_duration(8_640_000.0) == "100 d"


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_higher_score_is_never_less_severe(one, other):
    order = list(Severity)
    low, high = sorted((one, other))
    assert order.index(severity(low)) <= order.index(severity(high))


def test_an_infinite_ratio_is_critical():
    assert severity(math.inf) is Severity.CRITICAL
