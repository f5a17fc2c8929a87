"""Both logs as one list, in both databases."""

import pytest

from deepaid_core.domain.actions import (
    NewAssignment,
    NewCase,
    NewCaseChange,
    NewNote,
    NewNoteWithdrawal,
    NewRecord,
)
from deepaid_core.domain.audit import AuditQuery
from deepaid_core.domain.log import NewRestore, NewSetting, NewUndo
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.store.sql import SqlStore
from tests.empty import empty_database
from tests.factories import make_detector_record, make_finding, make_run, make_verdict

ODD = "Ünder \"quotes\" <b>\n\x00 'x'"


@pytest.fixture
def store(tables):
    """A store in which each line is written a second after the one before."""
    moments = iter(range(1_760_000_000, 1_760_001_000))
    opened = SqlStore(tables, clock=lambda: float(next(moments)))
    opened.add_detector(make_detector_record())
    opened.add_run(make_run(), [make_finding(number) for number in range(8)])
    yield opened
    opened.close()


@pytest.fixture
def findings():
    """The findings that the store holds."""
    return [make_finding(number) for number in range(8)]


def _fill(store, findings):
    judged = make_verdict(findings[0], findings[4])
    store.append([judged])  # decision 1
    store.desk.act([NewAssignment({findings[1].id: "ben"}, "ana")])  # action 1
    store.append([make_verdict(findings[0], label=VerdictLabel.UNDETERMINED, category="")])
    store.desk.act([NewNote(findings[0].id, ODD, "ben")])  # action 2
    store.desk.act([NewCase("Scan", (findings[2].id,), "ana")])  # action 3
    store.append([NewUndo(2, "ben", "Looked again.")])  # decision 3
    store.desk.act([NewRecord("report", "C-1", {"format": "pdf"}, "ana")])  # action 4
    store.append([NewSetting("least_verdicts", "4", "ana")])  # decision 4
    store.desk.act([NewNoteWithdrawal(2, "ana")])  # action 5
    store.append([NewRestore(2, "ana")])  # decision 5
    store.desk.act([NewCaseChange(1, {"status": "closed"}, "ben")])  # action 6


def _told(store, **filters):
    return [one.id for one in store.audit.lines(AuditQuery(**filters), limit=100)]


ALL = [
    "action 6", "decision 5", "action 5", "decision 4", "action 4", "decision 3",
    "action 3", "action 2", "decision 2", "action 1", "decision 1",
]  # fmt: skip


def test_both_logs_stand_in_the_order_of_time_newest_first(store, findings):
    _fill(store, findings)
    assert _told(store) == ALL
    lines = store.audit.lines(limit=100)
    assert [one.time for one in lines] == sorted((one.time for one in lines), reverse=True)
    assert lines[-1].entry == make_verdict(findings[0], findings[4])
    assert lines[0].before == {"status": "open"}
    taken_back = {one.id: one.undone_by for one in lines if one.undone_by}
    assert taken_back == {"action 2": 5}


FILTERS = [
    ({"log": "decision"}, [one for one in ALL if one.startswith("decision")]),
    ({"log": "action"}, [one for one in ALL if one.startswith("action")]),
    ({"author": "ben"}, ["action 6", "decision 3", "action 2"]),
    ({"author": "nobody"}, []),
    ({"kind": "verdict"}, ["decision 2", "decision 1"]),
    ({"kind": "note"}, ["action 2"]),
    ({"kind": "report"}, ["action 4"]),
    ({"kind": "record"}, ["action 4"]),
    ({"kind": "export"}, []),
    ({"subject": "C-1"}, ["action 6", "action 4", "action 3"]),
    ({"subject": "C-11"}, []),
    ({"subject": "M-2"}, ["decision 5", "decision 3", "decision 2"]),
    ({"subject": "decision 2"}, ["decision 5", "decision 3", "decision 2"]),
    ({"subject": "S-4"}, ["decision 4"]),
    ({"subject": "action 2"}, ["action 5", "action 2"]),
    ({"subject": "P-0000000000"}, []),
    ({"subject": "%"}, []),
    ({"text": "LOOKED AGAIN"}, ["decision 3"]),
    ({"text": "ünder"}, []),
    ({"text": "Ünder"}, ["action 2", "action 5"][::-1]),
    ({"text": '"quotes" <b>'}, ["action 5", "action 2"]),
    ({"text": "%"}, []),
    ({"text": "closed", "author": "ben"}, ["action 6"]),
    ({"text": "closed", "author": "ana"}, []),
]


def test_each_filter_keeps_what_it_says(store, findings):
    _fill(store, findings)
    for filters, expected in FILTERS:
        assert (filters, _told(store, **filters)) == (filters, expected)
        assert store.audit.count(AuditQuery(**filters)) == len(expected)


def test_a_finding_and_its_pattern_name_what_happened_to_them(store, findings):
    _fill(store, findings)
    judged, assigned = findings[0], findings[1]
    assert _told(store, subject=judged.id) == ["action 5", "action 2", "decision 2", "decision 1"]
    assert _told(store, subject=findings[4].id) == ["decision 1"]
    assert _told(store, subject=assigned.id) == ["action 1"]
    assert _told(store, subject=judged.pattern_id) == ["decision 2", "decision 1"]


def test_a_period_begins_with_its_start_and_ends_before_its_end(store, findings):
    _fill(store, findings)
    first, *_, last = reversed(store.audit.lines(limit=100))
    assert _told(store, since=first.time + 1, until=last.time) == ALL[1:-1]


def test_pages_and_reading_on_give_each_line_once(store, findings):
    _fill(store, findings)
    for step in (1, 3, 20):
        paged = [
            one.id
            for offset in range(0, len(ALL), step)
            for one in store.audit.lines(limit=step, offset=offset)
        ]
        assert paged == ALL
        read, place = [], None
        while some := store.audit.lines(limit=step, before=place):
            read += [one.id for one in some]
            place = some[-1].place
        assert read == ALL


def test_lines_of_one_moment_are_read_on_without_loss(tmp_path, findings):
    store = SqlStore(empty_database(tmp_path / "still.db"), clock=lambda: 1_760_000_000.0)
    store.add_run(make_run(), findings)
    _fill(store, findings)
    whole = [one.id for one in store.audit.lines(limit=100)]
    assert sorted(whole) == sorted(ALL)
    read, place = [], None
    while some := store.audit.lines(limit=2, before=place):
        read += [one.id for one in some]
        place = some[-1].place
    assert read == whole
    store.close()


def test_authors_kinds_and_heads_are_those_of_both_logs(store, findings):
    assert store.audit.choices() == ((), ())
    assert [(head.number, head.digest) for head in store.audit.heads()] == [(0, ""), (0, "")]
    _fill(store, findings)
    authors, kinds = store.audit.choices()
    assert authors == ("ana", "ben")
    assert set(kinds) == {
        "verdict", "undo", "restore", "setting", "assignment", "note", "note withdrawal", "case",
        "case change", "report",
    }  # fmt: skip
    lines = store.audit.lines(limit=100)
    heads = [(head.log, head.number, head.digest) for head in store.audit.heads()]
    assert heads == [
        ("decision", 5, next(one.chain for one in lines if one.id == "decision 5")),
        ("action", 6, next(one.chain for one in lines if one.id == "action 6")),
    ]


def test_earlier_verdicts_are_told_for_each_finding(store, findings):
    _fill(store, findings)
    assert store.audit.earlier_verdicts([1, 2]) == {2: {findings[0].id: [1]}}
    facts = store.audit.decision_facts([1, 2, 3, 99])
    assert {n: (one.kind, one.label) for n, one in facts.items()} == {
        1: ("verdict", "false positive"),
        2: ("verdict", "undetermined"),
        3: ("undo", None),
    }
    assert len(store.ids(FindingQuery())) == 8
