"""Assigning findings: only what changes is written, and only to names that can be read."""

import pytest

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.errors import ChangeRefusedError, NotFoundError, VerdictRefusedError
from deepaid_core.workflow.assign import RESERVED, assign
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import make_detector_record, make_finding, make_run


@pytest.fixture
def workspace(tmp_path):
    opened = Workspace.open(empty_home(tmp_path / "workspace"))
    opened.store.add_detector(make_detector_record())
    opened.store.add_run(make_run(), [make_finding(number) for number in range(4)])
    yield opened
    opened.close()


@pytest.fixture
def ids(workspace):
    return workspace.store.ids(FindingQuery(sort="oldest"))


def test_only_findings_that_change_hands_are_counted_and_logged(workspace, ids):
    assign(workspace, ids[:2], "ana", author="ben")
    outcome = assign(workspace, ids[:3], "  ana ", author="ben")
    assert (len(outcome.numbers), outcome.findings) == (1, 1)
    line = workspace.store.desk.actions(number=outcome.numbers[0])[0]
    assert line.before == {ids[2]: ""}
    assert line.action.author == "ben"
    assert assign(workspace, ids[:3], "ana", author="ben").numbers == ()


def test_findings_can_be_given_back(workspace, ids):
    assign(workspace, ids, "ana", author="ana")
    assert assign(workspace, ids[:1], "", author="ana").findings == 1
    assert workspace.store.row(ids[0]).assignee is None


@pytest.mark.parametrize("name", [*RESERVED, "Mine", " UNASSIGNED"])
def test_nobody_is_called_like_a_word_of_the_filter(workspace, ids, name):
    with pytest.raises(ChangeRefusedError, match="another name"):
        assign(workspace, ids, name, author="ana")


@pytest.mark.parametrize("name", ["x" * 201, "a\u202eb", "\x00"])
def test_names_that_cannot_be_read_are_refused(workspace, ids, name):
    with pytest.raises(VerdictRefusedError):
        assign(workspace, ids, name, author="ana")
    assert workspace.store.desk.version() == 0


def test_what_cannot_be_assigned_writes_nothing(workspace, ids):
    with pytest.raises(NotFoundError, match="F-nowhere"):
        assign(workspace, [ids[0], "F-nowhere"], "ana", author="ana")
    with pytest.raises(ChangeRefusedError, match="No finding"):
        assign(workspace, [], "ana", author="ana")
    with pytest.raises(VerdictRefusedError, match="author"):
        assign(workspace, ids, "ana", author=" ")
    assert workspace.store.desk.version() == 0
