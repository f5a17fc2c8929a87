from hypothesis import given, settings
from hypothesis import strategies as st

from deepaid_core.figures.volume import detector_hours, findings_by_hour, volume
from tests.factories import START

HOUR = START // 3600 * 3600
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


def test_the_map_has_a_row_per_detector_and_a_column_per_hour():
    figure = detector_hours([("packets", HOUR, 2, 5), ("logins", HOUR + 7200, 1, 1)])
    cells = figure.data[0].z
    assert [list(row) for row in cells] == [[5, None, None], [None, None, 1]]
    assert list(figure.layout.yaxis.ticktext) == ["packets", "logins"]
    assert figure.layout.title.text.replace("<br>", " ").startswith(
        "Busiest hour: 5 findings of packets"
    )


def test_the_map_is_bounded_to_two_weeks():
    figure = detector_hours([("packets", HOUR, 2, 5), ("packets", HOUR + 3600.0 * 9000, 1, 1)])
    assert len(figure.data[0].z[0]) <= 24 * 14
