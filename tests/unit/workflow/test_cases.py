"""Opening, filling and changing cases."""

import json

import pytest

from deepaid_core.domain.attack import TECHNIQUES, is_technique, technique_name
from deepaid_core.domain.case import CaseQuery, CaseStatus
from deepaid_core.errors import (
    CaseRefusedError,
    InvalidParameterError,
    NotFoundError,
    StaleWriteError,
    VerdictRefusedError,
)
from deepaid_core.workflow import cases
from deepaid_core.workflow.case_drafts import drafted_title
from deepaid_core.workflow.navigator import navigator_layer
from tests.suppressing import FINDINGS, FIRST, SECOND, TRUE, copied, judge, make_template

HOSTILE = '<script>alert(1)</script> =cmd|"x"!A0 [x](http://evil.example)'


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return make_template(tmp_path_factory.mktemp("cases") / "template", FINDINGS[:12])


@pytest.fixture
def desk(template, tmp_path):
    """Twelve findings of four patterns."""
    workspace = copied(template, tmp_path / "workspace")
    yield workspace
    workspace.close()


def opened(workspace, *ids, title="Scan of the office", author="ana"):
    return cases.open_case(workspace, title=title, finding_ids=ids, author=author).case_number


def read(workspace, number=1):
    return workspace.store.desk.case(number)


def test_a_case_is_opened_from_findings_and_belongs_to_who_opened_it(desk):
    outcome = cases.open_case(
        desk, title="  Scan \n of the  office ", finding_ids=(FIRST[1], FIRST[0], FIRST[1]),
        author="ana", summary="Early.\r\nNot sure.",
    )  # fmt: skip
    case = read(desk)
    assert (outcome.id, outcome.numbers, outcome.findings) == ("C-1", (1,), 2)
    assert (case.title, case.summary, case.assignee) == (
        "Scan of the office", "Early.\nNot sure.", "ana",
    )  # fmt: skip
    assert case.finding_ids == (FIRST[0], FIRST[1])


@pytest.mark.parametrize(
    ("title", "error"),
    [
        (" \n ", CaseRefusedError),
        ("a\u202eb", VerdictRefusedError),
        ("x" * 201, VerdictRefusedError),
    ],
)
def test_titles_that_nobody_can_read_are_refused_and_nothing_is_written(desk, title, error):
    with pytest.raises(error):
        opened(desk, FIRST[0], title=title)
    assert desk.store.desk.count_cases() == 0


def test_an_unknown_finding_opens_no_case(desk):
    with pytest.raises(NotFoundError, match="F-nowhere"):
        opened(desk, FIRST[0], "F-nowhere")
    assert desk.store.desk.count_cases() == 0


def test_findings_come_and_go_and_only_real_moves_are_written(desk):
    opened(desk, FIRST[0])
    assert cases.add_findings(desk, 1, FIRST[:3], author="ben").findings == 2
    assert cases.add_findings(desk, 1, FIRST[:3], author="ben").numbers == ()
    assert cases.remove_findings(desk, 1, [FIRST[0], SECOND[0]], author="ben").findings == 1
    assert read(desk).finding_ids == tuple(FIRST[1:3])
    assert desk.store.desk.version() == 3
    cases.discard(desk, 1, author="ana")
    with pytest.raises(CaseRefusedError, match="discarded"):
        cases.add_findings(desk, 1, SECOND[:1], author="ana")


def test_only_fields_that_change_are_written_and_a_stale_reader_is_told(desk):
    opened(desk, FIRST[0])
    seen = read(desk).version
    first = {"title": "Scan of the office", "summary": HOSTILE, "tlp": "red"}
    cases.change(desk, 1, first, author="ana", expected=seen)
    (line,) = desk.store.desk.actions(number=2)
    assert dict(line.action.changes) == {"summary": HOSTILE, "tlp": "red"}
    assert cases.change(desk, 1, first, author="ben").numbers == ()
    with pytest.raises(StaleWriteError, match="C-1"):
        cases.change(desk, 1, {"summary": "Mine."}, author="ben", expected=seen)
    assert read(desk).summary == HOSTILE


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"title": ""}, CaseRefusedError),
        ({"merged_into": "2"}, CaseRefusedError),
        ({"summary": "x" * (cases.LONGEST_TEXT + 1)}, VerdictRefusedError),
        ({"impact": "a\x00b"}, VerdictRefusedError),
        ({"assignee": "a\nb\x07"}, VerdictRefusedError),
        ({"status": "gone"}, InvalidParameterError),
        ({"colour": "red"}, InvalidParameterError),
    ],
)
def test_values_that_a_case_cannot_have_are_refused(desk, changes, error):
    opened(desk, FIRST[0])
    before = read(desk)
    with pytest.raises(error):
        cases.change(desk, 1, changes, author="ana")
    assert read(desk) == before


def test_discarded_cases_leave_the_lists_and_come_back(desk):
    opened(desk, FIRST[0])
    cases.discard(desk, 1, author="ana")
    assert desk.store.desk.cases() == ()
    cases.reopen(desk, 1, author="ben")
    assert read(desk).status is CaseStatus.OPEN
    assert [row.id for row in desk.store.desk.cases(CaseQuery(number=1))] == ["C-1"]


def test_notes_are_kept_as_written_and_withdrawn_only_from_their_own_case(desk):
    opened(desk, FIRST[0])
    opened(desk, SECOND[0], title="Another")
    with pytest.raises(CaseRefusedError, match="empty"):
        cases.take_note(desk, 1, " \n", author="ana")
    (number,) = cases.take_note(desk, 1, f"First.\n{HOSTILE}", author="ana").numbers
    with pytest.raises(NotFoundError):
        cases.withdraw_note(desk, 2, number, author="ben")
    with pytest.raises(NotFoundError):
        cases.withdraw_note(desk, 1, 1, author="ben")
    assert [note.text for note in desk.store.desk.notes("C-1")] == [f"First.\n{HOSTILE}"]
    cases.withdraw_note(desk, 1, number, author="ben")
    assert desk.store.desk.notes("C-1") == ()


def test_a_technique_needs_an_id_and_a_reason(desk):
    opened(desk, FIRST[0])
    for technique, reason in (("port scan", "Many."), ("T104", "Many."), ("T1046", " ")):
        with pytest.raises(CaseRefusedError):
            cases.add_technique(desk, 1, technique, reason, author="ana")
    cases.add_technique(desk, 1, " t1046 ", "Many ports.", author="ana")
    assert cases.add_technique(desk, 1, "T1046", "Many ports.", author="ben").numbers == ()
    cases.add_technique(desk, 1, "T9999.123", "One that we have no name for.", author="ben")
    assert [one.id for one in read(desk).techniques] == ["T1046", "T9999.123"]
    cases.remove_technique(desk, 1, "T1046", author="ben")
    assert [one.id for one in read(desk).techniques] == ["T9999.123"]


def test_every_technique_of_the_selection_has_an_id_and_a_name():
    assert all(is_technique(one) and name.strip() for one, name in TECHNIQUES.items())
    assert technique_name("T1110.001") == "Brute Force: Password Guessing"
    assert technique_name("T9999") == ""


def test_ids_of_cases_are_read_as_people_write_them():
    assert [cases.number_of(text) for text in ("C-12", "c-12", " 12 ")] == [12, 12, 12]
    assert [cases.number_of(text) for text in ("", "C-", "F-12", "C-12x", "1" * 10)] == [None] * 5


def test_a_new_title_says_whom_it_is_about_and_what_was_judged(desk):
    assert drafted_title(desk, FIRST[:1]) == f"Unusual packets of {FINDINGS[0].entity}"
    judge(desk, *FIRST[:2], label=TRUE, category="port-scan")
    title = drafted_title(desk, FIRST[:3])
    assert title.startswith("Port-scan of ")
    assert title.endswith("and 2 others")
    assert drafted_title(desk, ()) == ""


def test_the_layer_scores_techniques_by_confirmed_findings(desk):
    opened(desk, *FIRST[:2])
    opened(desk, FIRST[1], SECOND[0], title="Another")
    opened(desk, SECOND[0], title="Discarded")
    for number in (1, 2, 3):
        cases.add_technique(desk, number, "T1046", f"Reason {number}", author="ana")
    cases.add_technique(desk, 2, "T1110.001", HOSTILE, author="ana")
    cases.discard(desk, 3, author="ana")
    judge(desk, FIRST[1], SECOND[0], label=TRUE, category="port-scan")
    layer = json.loads(navigator_layer(desk))
    assert layer["versions"]["layer"] == "4.5"
    assert layer["domain"] == "enterprise-attack"
    scores = {one["techniqueID"]: one["score"] for one in layer["techniques"]}
    # A finding that two cases hold counts once.
    assert scores == {"T1046": 2, "T1110.001": 2}
    assert layer["gradient"]["maxValue"] > layer["gradient"]["minValue"]
    comments = {one["techniqueID"]: one["comment"] for one in layer["techniques"]}
    assert "Reason 1" in comments["T1046"]
    assert "Reason 3" not in comments["T1046"]
    alone = json.loads(navigator_layer(desk, 1))
    assert [(one["techniqueID"], one["score"]) for one in alone["techniques"]] == [("T1046", 1)]
    assert json.loads(navigator_layer(desk, 1))["name"] == "C-1 Scan of the office"
