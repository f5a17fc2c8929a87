"""What is told of a finding and a case is what the two logs hold, in order."""

import itertools

import pytest

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
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import NotFoundError, VerdictOvertakenError
from deepaid_core.store.sql import SqlStore
from deepaid_core.workflow import activity, precedent, triage
from deepaid_core.workspace import Workspace
from tests.empty import empty_database
from tests.factories import (
    START,
    make_detector_record,
    make_finding,
    make_run,
    make_suppression,
)

FALSE, TRUE = VerdictLabel.FALSE_POSITIVE, VerdictLabel.TRUE_POSITIVE
FINDINGS = [make_finding(number) for number in range(12)]
ONE, SIBLING, OTHER = FINDINGS[0].id, FINDINGS[4].id, FINDINGS[1].id
HOSTILE = "<b>x</b>\u202e\n=1+1"


@pytest.fixture
def workspace(tmp_path):
    ticks = itertools.count(START + 10_000.0)
    store = SqlStore(empty_database(tmp_path / "a.db"), clock=lambda: next(ticks))
    store.add_detector(make_detector_record())
    store.add_run(make_run(), FINDINGS)
    yield Workspace(tmp_path, store, "ana")
    store.close()


def judge(workspace, *ids, label=FALSE, category="backup-job", author="ana", **more):
    return triage.give_verdict(
        workspace,
        finding_ids=ids,
        label=label,
        category=category,
        reason=f"{author} says so",
        author=author,
        **more,
    )


def told(lines, *kinds):
    return [line for line in lines if line.kind in kinds]


def test_a_finding_begins_with_what_flagged_it(workspace):
    (line,) = activity.of_finding(workspace, ONE)
    assert (line.kind, line.author, line.after) == ("detection", "", "open")
    assert "packets (D-5f0c2a91be)" in line.text
    assert "office-monday.pcap.gz" in line.text


def test_each_verdict_says_what_stood_before_and_after_even_when_taken_back(workspace):
    first = judge(workspace, ONE).numbers[0]
    second = judge(workspace, ONE, label=TRUE, category="port-scan", author="ben").numbers[0]
    triage.undo(workspace, entry_numbers=[first], author="cy", reason="not that")
    triage.undo(workspace, entry_numbers=[second], author="cy")
    lines = told(activity.of_finding(workspace, ONE), "verdict", "undo")
    false, true = "false positive: backup-job", "true positive: port-scan"
    assert [(line.before, line.after, line.author) for line in lines] == [
        ("open", false, "ana"),
        (false, true, "ben"),
        (true, true, "cy"),
        (true, "open", "cy"),
    ]
    assert [line.undone_by for line in lines[:2]] == [3, 4]
    assert lines[0].words == "ana says so"
    assert lines[2].words == "not that"


def test_a_verdict_on_the_pattern_is_told_on_each_of_its_findings(workspace):
    triage.give_pattern_verdict(
        workspace,
        pattern_id=FINDINGS[0].pattern_id,
        label=FALSE,
        category="backup-job",
        reason="",
        author="ana",
        looked_at=ONE,
    )
    (line,) = told(activity.of_finding(workspace, SIBLING), "verdict")
    assert f"all of pattern {FINDINGS[0].pattern_id} (2 other findings)" in line.text
    assert told(activity.of_finding(workspace, OTHER), "verdict") == []


def test_what_colleagues_did_beside_deciding_is_told_in_order(workspace):
    desk = workspace.store.desk
    desk.act([NewAssignment({ONE: "ben", OTHER: "ben"}, "ana")])
    desk.act([NewNote(ONE, HOSTILE, "ben")])
    desk.act([NewCase("Scan of the office", (ONE,), "ben")])
    judge(workspace, ONE)
    desk.act([NewNoteWithdrawal(2, "ben"), NewCaseFindings(1, (), (ONE,), "ana")])
    desk.act([NewRecord("report", ONE, {"format": "pdf", "tlp": "amber"}, "ana")])
    desk.act([NewAssignment({ONE: ""}, "ana")])
    lines = activity.of_finding(workspace, ONE)
    assert [line.time for line in lines] == sorted(line.time for line in lines)
    assert [line.kind for line in lines] == [
        "detection", "assignment", "note", "case", "verdict", "note", "case", "report",
        "assignment",
    ]  # fmt: skip
    given, note, case, _, withdrawn, out, report, taken = lines[1:]
    assert (given.text, given.before, given.after) == (
        "Assigned it to ben, with 1 other finding", "nobody", "ben",
    )  # fmt: skip
    assert (note.words, note.undone_by) == (HOSTILE, 4)
    assert case.text == "Opened case C-1 with it: Scan of the office"
    assert withdrawn.before == HOSTILE
    assert out.text == "Took it out of case C-1"
    assert report.after == "format pdf, tlp amber"
    assert (taken.before, taken.after) == ("ben", "nobody")
    # A note on one finding is nobody else's.
    assert [line.kind for line in activity.of_finding(workspace, OTHER)] == [
        "detection", "assignment",
    ]  # fmt: skip


def test_names_in_a_line_are_made_visible_and_cut(workspace):
    workspace.store.desk.act([NewCase(HOSTILE + "x" * 10_000, (ONE,), HOSTILE)])
    line = activity.of_finding(workspace, ONE)[-1]
    assert not set("\u202e\n") & set(line.text)
    assert len(line.text) < 400


def test_a_case_tells_its_changes_and_what_was_decided_on_its_findings(workspace):
    desk = workspace.store.desk
    desk.act([NewCase("Scan", (ONE, OTHER), "ana", "seen at nine")])
    judge(workspace, ONE, SIBLING, scope="selection")
    desk.act([NewCaseChange(1, {"title": "Port scan", "status": "closed"}, "ben")])
    desk.act([NewTechnique(1, "T1046", "many ports", "ben")])
    desk.act([NewTechnique(1, "T1046", "", "ben", withdrawn=True)])
    triage.undo(workspace, entry_numbers=[1], author="ben")
    judge(workspace, FINDINGS[2].id)  # not in the case
    lines = activity.of_case(workspace, 1)
    assert [line.kind for line in lines] == [
        "case", "verdict", "case", "technique", "technique", "undo",
    ]  # fmt: skip
    assert lines[0].text == "Opened the case with 2 findings"
    assert lines[0].words == "seen at nine"
    assert lines[1].text == "Judged 1 finding of the case false positive: backup-job"
    assert (lines[2].before, lines[2].after) == (
        "status: open; title: Scan", "status: closed; title: Port scan",
    )  # fmt: skip
    assert (lines[4].before, lines[4].after) == ("many ports", "")
    with pytest.raises(NotFoundError):
        activity.of_case(workspace, 2)


def test_suppressions_are_told_where_their_scope_covers_the_finding(workspace):
    store = workspace.store
    store.append([make_suppression(FINDINGS[0])])
    store.append([make_suppression(FINDINGS[0], entities=("10.99.0.1",))])
    triage.undo(workspace, entry_numbers=[1], author="ben")
    lines = told(activity.of_finding(workspace, ONE), "suppression", "undo")
    assert [line.text for line in lines] == [
        "Wrote suppression S-1 (backup-job), whose scope covers it",
        "Took back S-1",
    ]
    assert precedent.touching(workspace, store.row(ONE)) == ()
    named = [one.number for one in precedent.touching(workspace, store.row(ONE), all_of_them=True)]
    assert named == [1]


def test_precedents_carry_reason_and_author_of_the_verdict_in_force(workspace):
    judge(workspace, SIBLING, author="ana")
    judge(workspace, SIBLING, label=TRUE, category="port-scan", author="ben")
    judge(workspace, ONE)
    (found,) = precedent.similar(workspace, workspace.store.row(ONE), limit=5)
    assert (found.row.id, found.verdict.decision.author) == (SIBLING, "ben")
    assert found.verdict.decision.reason == "ben says so"


def test_a_verdict_on_what_somebody_judged_meanwhile_is_refused_and_writes_nothing(workspace):
    judge(workspace, ONE, author="ben")
    with pytest.raises(VerdictOvertakenError) as refused:
        judge(workspace, ONE, OTHER, seen={ONE: None, OTHER: None})
    assert refused.value.standing == {ONE: 1}
    assert workspace.store.row(OTHER).verdict is None
    judge(workspace, ONE, OTHER, seen={ONE: 1, OTHER: None})
    assert workspace.store.row(ONE).verdict_number == 2


def interrupted(workspace, monkeypatch, finding_id):
    """Have ben judge a finding right before the next write reaches the store."""
    append = workspace.store.append

    def first_ben(entries, *, expected=None):
        monkeypatch.setattr(workspace.store, "append", append)
        judge(workspace, finding_id, author="ben")
        return append(entries, expected=expected)

    monkeypatch.setattr(workspace.store, "append", first_ben)


def test_a_colleague_who_judges_something_else_in_between_stops_nothing(workspace, monkeypatch):
    interrupted(workspace, monkeypatch, OTHER)
    judge(workspace, ONE, seen={ONE: None})
    authors = {ONE: "ana", OTHER: "ben"}
    for finding_id, author in authors.items():
        (verdict,) = workspace.store.verdicts(finding_id=finding_id)
        assert verdict.decision.author == author


def test_a_colleague_who_judges_the_same_finding_in_between_does(workspace, monkeypatch):
    interrupted(workspace, monkeypatch, ONE)
    with pytest.raises(VerdictOvertakenError):
        judge(workspace, ONE, seen={ONE: None})
    (verdict,) = workspace.store.verdicts(finding_id=ONE)
    assert verdict.decision.author == "ben"
