"""UTC stands first; the analyst's own clock beside it where it says something else."""

from zoneinfo import ZoneInfo

import pytest

from deepaid_ui.times import both, both_in

MARCH = 1_740_819_607.0  # 2025-03-01 09:00:07 UTC


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Europe/Berlin", "2025-03-01 09:00:07 UTC (10:00:07 your time)"),
        ("Asia/Kathmandu", "2025-03-01 09:00:07 UTC (14:45:07 your time)"),
        ("Pacific/Auckland", "2025-03-01 09:00:07 UTC (22:00:07 your time)"),
        ("Pacific/Kiritimati", "2025-03-01 09:00:07 UTC (23:00:07 your time)"),
        ("America/Los_Angeles", "2025-03-01 09:00:07 UTC (01:00:07 your time)"),
        ("Atlantic/Reykjavik", "2025-03-01 09:00:07 UTC"),
    ],
)
def test_a_time_is_told_in_both_clocks(zone, text):
    assert both_in(MARCH, ZoneInfo(zone)) == text


def test_another_day_there_is_named():
    assert both_in(MARCH - 36_000, ZoneInfo("America/New_York")) == (
        "2025-02-28 23:00:07 UTC (18:00:07 your time)"
    )
    assert both_in(MARCH - 30_000, ZoneInfo("America/New_York")) == (
        "2025-03-01 00:40:07 UTC (2025-02-28 19:40:07 your time)"
    )


def test_without_a_browser_and_out_of_any_calendar_there_is_utc_alone():
    assert both(MARCH) == "2025-03-01 09:00:07 UTC"
    assert both_in(1e18, ZoneInfo("Europe/Berlin")) == both(1e18)
