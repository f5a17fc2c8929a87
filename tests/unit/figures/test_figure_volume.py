from hypothesis import given, settings
from hypothesis import strategies as st

from deepaid_core.domain.queries import HourCount
from deepaid_core.figures.volume import (
    detector_hours,
    findings_by_hour,
    findings_over_time,
    hours_table,
    volume,
)
from tests.factories import START

HOUR = START // 3600 * 3600


def hour(name, number, still_open, suppressed=0, closed=0):
    return HourCount(name, HOUR + 3600.0 * number, still_open, suppressed, closed)


MINUTES = st.lists(
    st.integers(0, 60 * 24 * 60).flatmap(
        lambda minute: st.integers(1, 500).flatmap(
            lambda events: st.tuples(
                st.just(HOUR + 60.0 * minute), st.just(events), st.integers(0, events)
            )
        )
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=30, deadline=None)
@given(MINUTES)
def test_the_bars_add_up_to_the_events_and_stay_few(minutes):
    flagged, rest = volume(minutes).data
    assert sum(flagged.y) == sum(row[2] for row in minutes)
    assert sum(flagged.y) + sum(rest.y) == sum(row[1] for row in minutes)
    assert len(flagged.x) <= 400


def test_the_title_of_the_volume_is_the_share_flagged():
    figure = volume([(HOUR, 900, 9), (HOUR + 60, 100, 1)])
    assert figure.layout.title.text == "10 of 1,000 events flagged (1 %)"
    assert figure.layout.yaxis.title.text == "Events per minute"


def test_findings_of_all_detectors_are_stacked_open_below_closed():
    figure = findings_by_hour([("packets", HOUR, 2, 5), ("logins", HOUR, 1, 1)])
    still_open, closed = figure.data
    assert (list(still_open.y), list(closed.y)) == ([3], [3])
    assert figure.layout.title.text == "3 of 6 findings open"
    assert still_open.marker.pattern.shape != closed.marker.pattern.shape


SLOTS = st.lists(
    st.tuples(
        st.integers(0, 60 * 24 * 90).map(lambda minute: HOUR + 60.0 * minute),
        *(st.integers(0, 50) for _ in range(3)),
    ),
    min_size=1,
    max_size=30,
).filter(lambda slots: any(sum(counts) for _, *counts in slots))


@settings(max_examples=30, deadline=None)
@given(SLOTS)
def test_open_suppressed_and_closed_add_up_in_few_bars(slots):
    figure = findings_over_time(slots, 60.0)
    assert [sum(trace.y) for trace in figure.data] == [
        sum(slot[place] for slot in slots) for place in (1, 2, 3)
    ]
    assert [trace.name for trace in figure.data] == ["open", "suppressed", "closed"]
    assert all(len(trace.x) <= 120 for trace in figure.data)
    # Told apart by more than color.
    assert len({trace.marker.pattern.shape for trace in figure.data}) == 3


def test_the_title_says_where_findings_stand():
    figure = findings_over_time([(HOUR, 5, 2, 1), (HOUR + 3600.0, 1, 0, 0)], 3600.0)
    assert figure.layout.title.text == "9 findings: 6 open, 2 suppressed, 1 closed"
    assert figure.layout.yaxis.title.text == "Findings per hour"


def test_the_map_has_a_row_per_detector_and_a_column_per_hour():
    figure = detector_hours([hour("packets", 0, 2, 3), hour("logins", 2, 1)])
    cells = figure.data[0].z
    assert [list(row) for row in cells] == [[5, None, None], [None, None, 1]]
    assert list(figure.layout.yaxis.ticktext) == ["packets", "logins"]
    assert figure.layout.title.text.replace("<br>", " ").startswith(
        "Busiest hour: 5 findings of packets"
    )


def test_the_map_is_bounded_to_three_days_and_says_so():
    figure = detector_hours([hour("packets", 0, 2, 3), hour("packets", 9000, 1)])
    assert len(figure.data[0].z[0]) <= 72
    assert figure.layout.title.text.startswith("Last three days")


def test_the_table_holds_what_the_charts_hold_the_latest_hour_first():
    hours = [hour("packets", 0, 2, 3, 4), hour("logins", 2, 1), hour("packets", 2, 1)]
    rows = hours_table(hours).rows
    assert [row[1:] for row in rows] == [
        ("logins", 1, 1, 0, 0),
        ("packets", 1, 1, 0, 0),
        ("packets", 9, 2, 3, 4),
    ]
    assert rows[0][0] > rows[2][0]
