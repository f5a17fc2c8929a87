"""Assignments, notes, cases, drafts and saved views in both databases."""

import pytest

from deepaid_core.domain.actions import (
    NewAssignment,
    NewCase,
    NewCaseChange,
    NewCaseFindings,
    NewNote,
    NewNoteWithdrawal,
    NewTechnique,
)
from deepaid_core.domain.case import CaseQuery, CaseStatus
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.errors import InvalidParameterError, NotFoundError, StaleWriteError
from deepaid_core.store.sql import SqlStore
from tests.factories import make_detector_record, make_finding, make_run, make_verdict

HOSTILE = "<script>alert(1)</script>\n\x00=cmd|' /C calc'!A0‮"


@pytest.fixture
def store(tables):
    """A store with five findings."""
    opened = SqlStore(tables, clock=lambda: 1_760_000_000.0)
    opened.add_detector(make_detector_record())
    opened.add_run(make_run(), [make_finding(number) for number in range(5)])
    yield opened
    opened.close()


@pytest.fixture
def ids(store):
    """Ids of the findings."""
    return store.ids(FindingQuery(sort="oldest"))


def test_who_looks_at_a_finding_is_kept_and_told_before_and_after(store, ids):
    (line,) = store.desk.act([NewAssignment({ids[0]: "ana", ids[1]: "ben"}, "ana")])
    assert line.before == {ids[0]: "", ids[1]: ""}
    (again,) = store.desk.act([NewAssignment({ids[0]: "", ids[1]: "ana"}, "ben")])
    assert again.before == {ids[0]: "ana", ids[1]: "ben"}
    assert store.row(ids[0]).assignee is None
    assert store.row(ids[1]).assignee == "ana"
    assert store.ids(FindingQuery(assignees=("ana",))) == (ids[1],)
    assert set(store.ids(FindingQuery(assignees=("",)))) == {*ids} - {ids[1]}
    assert len(store.ids(FindingQuery(assignees=("ana", "")))) == 5
    assert store.ids(FindingQuery(assignees=())) == ()
    assert store.desk.assignees() == ("ana",)


def test_an_unknown_finding_leaves_all_as_it_was(store, ids):
    with pytest.raises(NotFoundError, match="F-nowhere"):
        store.desk.act([NewAssignment({ids[0]: "ana", "F-nowhere": "ana"}, "ana")])
    with pytest.raises(NotFoundError, match="F-nowhere"):
        store.desk.act([NewCase("A", (ids[0], "F-nowhere"), "ana")])
    assert store.row(ids[0]).assignee is None
    assert store.desk.count_cases() == 0
    assert store.desk.version() == 0


def test_a_note_is_kept_as_it_was_written_and_withdrawn_once(store, ids):
    store.desk.act([NewNote(ids[0], HOSTILE, "ana"), NewNote(ids[1], "other", "ana")])
    (note,) = store.desk.notes(ids[0])
    assert note.text == HOSTILE
    (line,) = store.desk.act([NewNoteWithdrawal(note.number, "ben")])
    assert line.before == {"text": HOSTILE}
    assert store.desk.notes(ids[0]) == ()
    assert [one.number for one in store.desk.actions(finding_id=ids[0])] == [3, 1]
    with pytest.raises(StaleWriteError):
        store.desk.act([NewNoteWithdrawal(note.number, "ben")])
    store.desk.act([NewNoteWithdrawal(line.number, "ana")])
    assert store.desk.notes(ids[0]) == (note,)
    with pytest.raises(StaleWriteError):
        store.desk.act([NewNoteWithdrawal(line.number, "ben")])
    with pytest.raises(NotFoundError):
        store.desk.act([NewNoteWithdrawal(99, "ben")])


def test_a_case_holds_findings_in_order_of_time_and_says_what_changed(store, ids):
    store.desk.act([NewCase("Scan of the office", (ids[2], ids[0]), "ana", "Early.")])
    case = store.desk.case(1)
    assert (case.id, case.assignee, case.status) == ("C-1", "ana", CaseStatus.OPEN)
    assert case.finding_ids == (ids[0], ids[2])
    (moved,) = store.desk.act([NewCaseFindings(1, (ids[1], ids[0]), (ids[2], ids[3]), "ben")])
    assert moved.before == {"added": ids[1], "removed": ids[2]}
    assert store.desk.case(1).finding_ids == (ids[0], ids[1])
    assert set(store.ids(FindingQuery(case_number=1))) == {ids[0], ids[1]}
    (changed,) = store.desk.act(
        [NewCaseChange(1, {"status": "in progress", "title": HOSTILE}, "ben")]
    )
    assert changed.before == {"status": "open", "title": "Scan of the office"}
    assert store.desk.case(1).title == HOSTILE
    assert store.desk.cases_of(ids) == {ids[0]: (1,), ids[1]: (1,)}
    (row,) = store.desk.cases(CaseQuery(text="<SCRIPT>"))
    assert (row.findings, row.open_findings) == (2, 2)
    assert store.desk.cases(CaseQuery(text="nothing of this")) == ()


def test_a_colleagues_change_is_not_written_over(store, ids):
    store.desk.act([NewCase("A", (), "ana")])
    read = store.desk.case(1).version
    store.desk.act([NewCaseChange(1, {"summary": "Ben's"}, "ben")], expected={1: read})
    with pytest.raises(StaleWriteError, match="C-1"):
        store.desk.act([NewCaseChange(1, {"summary": "Ana's"}, "ana")], expected={1: read})
    assert store.desk.case(1).summary == "Ben's"
    store.desk.act([NewNote("C-1", "Notes never conflict.", "ana")])
    assert store.desk.case(1).version == read + 1


@pytest.mark.parametrize(
    "changes", [{"colour": "red"}, {"status": "gone"}, {"tlp": "pink"}, {"merged_into": "x"}]
)
def test_fields_and_values_that_there_are_not_are_refused(store, changes):
    store.desk.act([NewCase("A", (), "ana")])
    with pytest.raises(InvalidParameterError):
        store.desk.act([NewCaseChange(1, changes, "ana")])
    assert store.desk.version() == 1


def test_techniques_come_and_go_with_their_reasons(store):
    store.desk.act([NewCase("A", (), "ana"), NewTechnique(1, "T1046", "Many ports.", "ana")])
    (line,) = store.desk.act([NewTechnique(1, "T1046", "All ports.", "ben")])
    assert line.before == {"reason": "Many ports.", "author": "ana", "action": "2"}
    assert [one.reason for one in store.desk.case(1).techniques] == ["All ports."]
    store.desk.act([NewTechnique(1, "T1046", "", "ben", withdrawn=True)])
    assert store.desk.case(1).techniques == ()
    with pytest.raises(NotFoundError, match="T1046"):
        store.desk.act([NewTechnique(1, "T1046", "", "ben", withdrawn=True)])


def test_discarded_cases_are_left_out_unless_asked_for(store, ids):
    store.desk.act([NewCase("A", ids, "ana"), NewCase("B", ids[:1], "ben")])
    store.desk.act([NewCaseChange(1, {"status": "discarded"}, "ana")])
    assert [row.number for row in store.desk.cases()] == [2]
    assert store.desk.count_cases(CaseQuery(statuses=(CaseStatus.DISCARDED,))) == 1
    assert store.desk.cases_of(ids) == {ids[0]: (2,)}


def test_cases_are_found_by_number_and_by_what_took_them_over(store, ids):
    store.desk.act([NewCase("A", ids[:2], "ana"), NewCase("B", ids[1:3], "ben")])
    store.desk.act([NewCaseChange(1, {"merged_into": "2", "status": "closed"}, "ana")])
    every = tuple(CaseStatus)
    (row,) = store.desk.cases(CaseQuery(statuses=every, merged_into=2))
    assert (row.id, row.merged_into) == ("C-1", 2)
    (row,) = store.desk.cases(CaseQuery(statuses=every, number=2))
    assert (row.id, row.merged_into) == ("C-2", None)


def test_verdicts_of_a_case_are_those_on_what_it_holds_now(store, ids):
    findings = [make_finding(number) for number in range(5)]
    store.append([make_verdict(findings[0]), make_verdict(findings[3])])
    store.desk.act([NewCase("A", ids[:2], "ana")])
    assert [one.number for one in store.verdicts(case_number=1)] == [1]
    store.desk.act([NewCaseFindings(1, (ids[3],), (ids[0],), "ana")])
    assert [one.number for one in store.verdicts(case_number=1)] == [2]
    assert store.verdicts(case_number=9) == ()


def test_drafts_belong_to_one_browser(store):
    store.desk.keep_draft("a" * 32, "verdict F-1", '{"reason": "half"}')
    assert store.desk.draft("b" * 32, "verdict F-1") is None
    store.desk.keep_draft("a" * 32, "verdict F-1", '{"reason": "half typed"}')
    assert store.desk.draft("a" * 32, "verdict F-1") == '{"reason": "half typed"}'
    store.desk.keep_draft("a" * 32, "verdict F-1", None)
    assert store.desk.draft("a" * 32, "verdict F-1") is None
    assert store.desk.version() == 0


def test_saved_views_are_replaced_and_dropped_by_name(store):
    store.desk.save_view("mine", "status=open", author="ana")
    store.desk.save_view("mine", "status=all", author="ben")
    (view,) = store.desk.views()
    assert (view.author, view.params) == ("ben", "status=all")
    store.desk.drop_view("mine", author="ana")
    store.desk.drop_view("mine", author="ana")
    assert store.desk.views() == ()
    assert store.desk.version() == 3
