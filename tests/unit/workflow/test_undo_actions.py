"""Taking actions back: exactly, all or none, and never over what a colleague did since."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepaid_core.domain.actions import (
    NewAssignment,
    NewCase,
    NewCaseChange,
    NewCaseFindings,
    NewNote,
    NewNoteWithdrawal,
    NewRecord,
    NewTechnique,
)
from deepaid_core.domain.case import CaseQuery, CaseStatus
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.errors import ChangeRefusedError, InvalidParameterError, NotFoundError
from deepaid_core.workflow.undo_actions import told, undo_actions
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import make_detector_record, make_finding, make_run

COUNT = 5
PLACES = st.lists(st.integers(0, COUNT - 1), unique=True, max_size=COUNT)
NAMES = st.sampled_from(["", "ana", "ben", "eve=1"])
AUTHORS = st.sampled_from(["ana", "ben"])
FIELDS = st.dictionaries(
    st.sampled_from(["title", "summary", "impact", "assignee"]), st.text(max_size=5)
) | st.fixed_dictionaries({"status": st.sampled_from(["open", "in progress", "closed"])})
TECHNIQUES = st.sampled_from(["T1046", "T1110.001"])
STEPS = st.one_of(
    st.tuples(st.just("assign"), st.dictionaries(st.integers(0, COUNT - 1), NAMES, min_size=1)),
    st.tuples(st.just("note"), st.integers(-1, COUNT - 1)),
    st.tuples(st.just("withdraw"), st.integers(1, 30)),
    st.tuples(st.just("open"), PLACES),
    st.tuples(st.just("move"), PLACES, PLACES),
    st.tuples(st.just("change"), FIELDS),
    st.tuples(st.just("technique"), TECHNIQUES, st.sampled_from(["why", "why not"]), st.booleans()),
)


@pytest.fixture
def workspace(tmp_path):
    opened = Workspace.open(empty_home(tmp_path / "workspace"))
    opened.store.add_detector(make_detector_record())
    opened.store.add_run(make_run(), [make_finding(number) for number in range(COUNT)])
    # A case of a colleague, who began to work on it.
    opened.store.desk.act(
        [NewCase("Theirs", (), "eve"), NewTechnique(1, "T1046", "Many ports.", "eve")]
    )
    yield opened
    opened.close()


@pytest.fixture
def ids(workspace):
    return workspace.store.ids(FindingQuery(sort="oldest"))


def state(workspace):
    """All that pages show of the desk, cases that were discarded left out."""
    desk = workspace.store.desk
    shown = [desk.case(row.number) for row in desk.cases(CaseQuery())]
    return (
        [(row.id, row.assignee) for row in workspace.store.page(FindingQuery(), limit=COUNT)],
        {
            case.number: (
                *(case.title, case.summary, case.impact, case.status, case.assignee),
                *(case.finding_ids, case.techniques),
                desk.notes(case.id),
            )
            for case in shown
        },
        [desk.notes(row.id) for row in workspace.store.page(FindingQuery(), limit=COUNT)],
    )


def action(workspace, ids, step, author):
    """One step on the youngest case that is there; None where it makes no sense now."""
    case = max(row.number for row in workspace.store.desk.cases())
    match step:
        case ("assign", wanted):
            return NewAssignment({ids[place]: name for place, name in wanted.items()}, author)
        case ("note", place):
            return NewNote(f"C-{case}" if place < 0 else ids[place], "A remark.", author)
        case ("withdraw", number):
            lines = workspace.store.desk.actions(number=number)
            notes = (NewNote, NewNoteWithdrawal)
            free = lines and isinstance(lines[0].action, notes) and lines[0].undone_by is None
            return NewNoteWithdrawal(number, author) if free else None
        case ("open", places):
            return NewCase("Ours", tuple(ids[place] for place in places), author)
        case ("move", added, removed):
            inside, outside = (tuple(ids[place] for place in some) for some in (added, removed))
            return NewCaseFindings(
                case, inside, tuple(one for one in outside if one not in inside), author
            )
        case ("change", fields):
            return NewCaseChange(case, fields, author)
        case ("technique", name, reason, withdrawn):
            there = {one.id for one in workspace.store.desk.case(case).techniques}
            if withdrawn and name not in there:
                return None
            return NewTechnique(case, name, reason, author, withdrawn=withdrawn)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.tuples(STEPS, AUTHORS), min_size=1, max_size=7), at_once=st.booleans())
def test_whatever_was_done_is_as_before_once_it_is_undone(workspace, ids, steps, at_once):
    before, numbers = state(workspace), []
    for step, author in steps:
        if one := action(workspace, ids, step, author):
            numbers += [line.number for line in workspace.store.desk.act([one])]
    if not numbers:
        return
    for some in [numbers] if at_once else [[number] for number in reversed(numbers)]:
        assert undo_actions(workspace, some, author="ben").kept == 0
    assert state(workspace) == before


def test_what_a_colleague_changed_since_is_left_alone(workspace, ids):
    (mine,) = workspace.store.desk.act([NewAssignment(dict.fromkeys(ids, "ana"), "ana")])
    workspace.store.desk.act([NewAssignment({ids[0]: "ben"}, "ben")])
    undone = undo_actions(workspace, [mine.number], author="ana")
    assert (undone.findings, undone.kept) == (COUNT - 1, 1)
    assert workspace.store.row(ids[0]).assignee == "ben"
    assert "1 changed by somebody since" in told(undone)
    again = undo_actions(workspace, [mine.number], author="ana")
    assert again.numbers == ()
    assert told(again).startswith("Nothing is left to take back.")


def test_a_reason_that_a_colleague_gave_a_technique_since_is_left_alone(workspace):
    desk = workspace.store.desk
    (mine,) = desk.act([NewTechnique(1, "T1110", "Many tries.", "ana")])
    desk.act([NewTechnique(1, "T1110", "Tries from many hosts.", "ben")])
    undone = undo_actions(workspace, [mine.number], author="ana")
    assert (undone.numbers, undone.kept) == ((), 1)
    assert [one.reason for one in desk.case(1).techniques][-1] == "Tries from many hosts."


def test_a_case_that_somebody_works_on_is_not_discarded(workspace, ids):
    opened, _ = workspace.store.desk.act(
        [NewCase("Ours", ids[:1], "ana"), NewNote("C-2", "I look into it.", "ben")]
    )
    assert undo_actions(workspace, [opened.number], author="ana").kept == 1
    assert workspace.store.desk.case(2).status is CaseStatus.OPEN


def test_all_or_none_is_taken_back(workspace, ids):
    assigned, record = workspace.store.desk.act(
        [NewAssignment({ids[0]: "ana"}, "ana"), NewRecord("export", "a.csv", {}, "ana")]
    )
    last = workspace.store.desk.version()
    with pytest.raises(InvalidParameterError, match="nothing to take back"):
        undo_actions(workspace, [assigned.number, record.number], author="ana")
    with pytest.raises(NotFoundError, match="99"):
        undo_actions(workspace, [assigned.number, 99], author="ana")
    with pytest.raises(ChangeRefusedError):
        undo_actions(workspace, [], author="ana")
    assert workspace.store.desk.version() == last
    assert workspace.store.row(ids[0]).assignee == "ana"
