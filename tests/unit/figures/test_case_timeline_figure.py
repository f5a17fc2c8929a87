"""The timeline of a case as a figure and as a table."""

import json

import pytest

from deepaid_core.domain.timeline import CaseTimeline, TimelineEntry
from deepaid_core.figures.case_timeline import MOST_ENTITIES, case_timeline, timeline_table
from deepaid_core.figures.theme import is_empty

START = 1_760_000_000.0
HOSTILE = "<script>alert(1)</script>$x$" + "\u202e" + "y" * 10_000


def events(number, *, who="10.77.0.66", ratio=2.0, lasted=5.0):
    time = START + 60.0 * number
    return TimelineEntry(
        time, time + lasted, "events", f"F-{number:010d}", who, "4 events: MI mean up", "", ratio
    )


def done(lane, hours, who="ana", text="Did it", words=""):
    time = START + 3600.0 * hours
    return TimelineEntry(time, time, lane, "C-1", who, text, words)


@pytest.fixture
def timeline():
    return CaseTimeline(
        (
            events(0, ratio=1.6),
            events(1, who="files01", ratio=0.9),
            events(2, ratio=50.0),
            done("detection", 2, who=""),
            done("case", 3),
            done("note", 3.5, words="Called them."),
            done("verdict", 4),
        )
    )


def test_every_entry_is_drawn_once_at_its_time(timeline):
    figure = case_timeline(timeline)
    marks = [trace for trace in figure.data if trace.mode == "markers"]
    assert sum(len(trace.x) for trace in marks) == len(timeline.entries)
    above = [trace for trace in marks if trace.xaxis in (None, "x")]
    assert {one for trace in above for one in trace.customdata} == {
        f"F-{number:010d}" for number in range(3)
    }
    # Each band has a symbol of its own beside its color.
    assert len({trace.marker.symbol for trace in above}) == len(above) == 3
    assert list(figure.layout.yaxis2.ticktext) == ["detected", "verdicts", "notes", "case"]
    assert list(figure.layout.yaxis.ticktext) == ["files01", "10.77.0.66"]


def test_the_title_says_how_much_about_whom_and_how_long_it_waited(timeline):
    title = case_timeline(timeline).layout.title.text.replace("<br>", " ")
    assert title == (
        "3 findings about 2 entities within 2 min 5 s from 2025-10-09 08:53:20 UTC; "
        "first verdict 2 h after detection"
    )


def test_the_table_says_the_same(timeline):
    table = timeline_table(timeline)
    assert len(table.rows) == len(timeline.entries)
    assert table.rows[0] == (
        "2025-10-09 08:53:20", "Events", "F-0000000000", "10.77.0.66", "4 events: MI mean up",
        "5 s",
    )  # fmt: skip
    assert table.rows[3][3] == "the program"


def test_many_entities_share_one_line():
    every = tuple(events(number, who=f"host{number}") for number in range(MOST_ENTITIES + 5))
    figure = case_timeline(CaseTimeline(every))
    labels = list(figure.layout.yaxis.ticktext)
    assert len(labels) == MOST_ENTITIES + 1
    assert (labels[0], labels[-1]) == ("all others", "host0")
    marks = next(trace for trace in figure.data if trace.mode == "markers")
    assert list(marks.y).count(0) == 5


@pytest.mark.parametrize("lane", ["events", "note"])
def test_one_moment_alone_can_be_drawn(lane):
    entry = events(0, lasted=0.0) if lane == "events" else done(lane, 0)
    figure = case_timeline(CaseTimeline((entry,)))
    low, high = figure.layout.xaxis.range
    assert 1 <= (high - low).total_seconds() <= 10


def test_nothing_is_said_to_be_nothing():
    assert is_empty(case_timeline(CaseTimeline(())))
    assert timeline_table(CaseTimeline(())).rows == ()


def test_hostile_names_are_text_and_bounded():
    entries = (events(0, who=HOSTILE), done("note", 1, who=HOSTILE, text=HOSTILE, words=HOSTILE))
    text = json.dumps(json.loads(case_timeline(CaseTimeline(entries)).to_json()))
    assert "<script" not in text
    assert "\\u202e" not in text
    assert len(text) < 20_000
