"""The audit log says who did what, when, and what was before and after."""

import csv
import io
import json

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
from deepaid_core.domain.audit import AuditHead, AuditQuery
from deepaid_core.domain.log import NewLessons, NewRestore, NewSetting, NewUndo, TaughtPath
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import InvalidParameterError, NotFoundError
from deepaid_core.workflow import audit
from deepaid_core.workflow.audit_export import export, pieces
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import (
    PATHS,
    make_detector_record,
    make_finding,
    make_run,
    make_suppression,
    make_verdict,
)

ODD = '=1+1 <script>\n\x00‮"quoted"'
FINDINGS = [make_finding(number) for number in range(12)]


@pytest.fixture
def workspace(tmp_path):
    opened = Workspace.open(empty_home(tmp_path / "workspace"))
    opened.store.add_detector(make_detector_record())
    opened.store.add_run(make_run(), FINDINGS)
    yield opened
    opened.close()


def _changes(workspace, line_id):
    return [(one.what, one.before, one.after) for one in audit.line(workspace, line_id).changes]


def test_a_verdict_names_the_verdicts_that_its_findings_had(workspace):
    a, b, c = FINDINGS[0], FINDINGS[4], FINDINGS[8]  # of one pattern
    undetermined = VerdictLabel.UNDETERMINED
    workspace.store.append([make_verdict(a, b)])
    workspace.store.append([make_verdict(a, label=undetermined, category="")])
    workspace.store.append([NewUndo(2, "ben")])
    attack = {"label": VerdictLabel.TRUE_POSITIVE, "category": "port-scan"}
    workspace.store.append([make_verdict(a, b, c, **attack)])
    before = "false positive: backup-job (decision 1)"
    after = "true positive: port-scan"
    assert _changes(workspace, "decision 4") == [
        ("verdict of 2 findings", before, after),
        (f"verdict of {c.id}", "none", after),
    ]
    # What was taken back later stood there then.
    assert _changes(workspace, "decision 2") == [(f"verdict of {a.id}", before, "undetermined")]
    line = audit.line(workspace, "decision 2")
    assert (line.undone_by, line.kind, line.author) == ("decision 3", "verdict", "ana")
    assert line.about[:2] == (a.pattern_id, a.id)


def test_undos_and_restores_name_what_they_are_about(workspace):
    workspace.store.append([make_verdict(FINDINGS[0]), NewUndo(1, "ben", "Wrong host.")])
    workspace.store.append([NewRestore(1, "ana"), NewSetting("least_verdicts", "5", "ana")])
    workspace.store.append([NewUndo(4, "ben")])
    what = f"verdict 1, false positive: backup-job on {FINDINGS[0].pattern_id}"
    assert _changes(workspace, "decision 2") == [(what, "in force", "taken back")]
    assert _changes(workspace, "decision 3") == [(what, "taken back", "in force")]
    assert audit.line(workspace, "decision 2").words == "Wrong host."
    assert audit.line(workspace, "decision 5").text == "undo of setting 4"
    assert audit.line(workspace, "decision 5").about == ("decision 4",)


def test_a_setting_names_the_value_that_was_in_force(workspace):
    workspace.store.append([NewSetting("least_verdicts", "5", "ana")])
    workspace.store.append([NewSetting("least_verdicts", "7", "ana"), NewUndo(2, "ana")])
    workspace.store.append([NewSetting("least_verdicts", "4", "ana")])
    assert _changes(workspace, "decision 1") == [("least_verdicts", "3", "5")]
    assert _changes(workspace, "decision 2") == [("least_verdicts", "5", "7")]
    assert _changes(workspace, "decision 4") == [("least_verdicts", "5", "4")]


def test_suppressions_and_imports_say_what_they_bring(workspace):
    taught = TaughtPath("packets", VerdictLabel.TRUE_POSITIVE, "port-scan", PATHS[3], 2)
    workspace.store.append([make_suppression(FINDINGS[1], entities=("10.0.0.1",))])
    workspace.store.append([NewLessons((taught,), "lessons.json", "9d" * 32, "ana")])
    said = {what: after for what, _, after in _changes(workspace, "decision 1")}
    assert said["entities"] == "10.0.0.1"
    assert said["pattern"] == FINDINGS[1].pattern_id
    assert said["expires"].endswith("UTC")
    assert audit.line(workspace, "decision 1").about[0] == "S-1"
    assert ("lessons", "", "2") in _changes(workspace, "decision 2")
    assert audit.line(workspace, "decision 2").kind == "import"


def test_each_action_says_what_it_replaced(workspace):
    a, b = FINDINGS[0].id, FINDINGS[1].id
    desk = workspace.store.desk
    desk.act([NewAssignment({a: "ana", b: "ana"}, "ben")])
    desk.act([NewAssignment({a: "", b: "ana"}, "ben")])
    desk.act([NewNote(a, ODD, "ana"), NewNoteWithdrawal(3, "ben")])
    desk.act([NewCase("Scan", (a,), "ana"), NewCaseChange(1, {"status": "closed"}, "ben")])
    desk.act([NewCaseFindings(1, (b,), (a,), "ana")])
    desk.act([NewTechnique(1, "T1046", "Ports.", "ana")])
    desk.act([NewTechnique(1, "T1046", "", "ana", withdrawn=True)])
    desk.act([NewRecord("report", "C-1", {"format": "pdf"}, "ana")])
    found = {line.id: line for line in audit.lines(workspace)}
    changes = {
        name: [(c.what, c.before, c.after) for c in one.changes] for name, one in found.items()
    }
    assert changes == {
        "action 1": [("assignee of 2 findings", "nobody", "ana")],
        "action 2": [(f"assignee of {a}", "ana", "nobody"), (f"assignee of {b}", "ana", "ana")],
        "action 3": [("note", "", ODD)],
        "action 4": [("note", ODD, "")],
        "action 5": [("title", "", "Scan"), ("findings", "", a)],
        "action 6": [("status", "open", "closed")],
        "action 7": [("findings put in", "", b), ("findings taken out", a, "")],
        "action 8": [("T1046", "", "Ports.")],
        "action 9": [("T1046", "Ports.", "")],
        "action 10": [("format", "", "pdf")],
    }
    assert found["action 3"].undone_by == "action 4"
    assert found["action 10"].kind == "report"
    assert {line.about[0] for line in found.values()} == {a, "action 3", "C-1"}
    assert not any("\n" in line.text or "\x00" in line.text for line in found.values())


def test_a_line_that_there_is_not_is_refused_in_words(workspace):
    for line_id in ("decision 1", "action", "decision x", "nothing", "decision ²"):
        with pytest.raises(NotFoundError, match="choose one"):
            audit.line(workspace, line_id)


def test_exports_hold_every_line_and_are_written_to_the_log(workspace):
    desk = workspace.store.desk
    desk.act([NewNote(FINDINGS[0].id, ODD, ODD)])
    workspace.store.append([make_verdict(FINDINGS[0])])
    table = list(csv.DictReader(io.StringIO(export(workspace, form="csv", author="ana").decode())))
    assert [row["line"] for row in table] == [one.id for one in audit.lines(workspace)][1:]
    assert table[1]["author"] == "'" + ODD
    assert table[1]["after"].endswith(ODD)
    assert not any(cell[:1] in "=+-@" for row in table for cell in row.values() if cell)
    whole = json.loads(export(workspace, AuditQuery(kind="note"), form="json", author="ana"))
    (line,) = whole["lines"]
    assert line["entry"] == {"subject": FINDINGS[0].id, "text": ODD, "author": ODD}
    assert [head["number"] for head in whole["heads"]] == [1, 2]
    records = [one for one in audit.lines(workspace) if one.kind == "export"]
    assert [one.author for one in records] == ["ana", "ana"]
    assert ("lines", "", "1") in [(c.what, c.before, c.after) for c in records[0].changes]


def test_long_exports_lose_nothing_between_their_pieces(workspace, monkeypatch):
    monkeypatch.setattr("deepaid_core.workflow.audit_export._AT_ONCE", 2)
    workspace.store.append([make_verdict(FINDINGS[0])])
    workspace.store.desk.act([NewNote(FINDINGS[0].id, str(n), "ana") for n in range(5)])
    text = "".join(pieces(workspace, form="csv"))
    assert [row["line"] for row in csv.DictReader(io.StringIO(text))] == [
        one.id for one in audit.lines(workspace)
    ]


def test_heads_are_written_down_and_read_again(workspace):
    workspace.store.append([make_verdict(FINDINGS[0])])
    head, empty = workspace.store.audit.heads()
    assert audit.head_of(audit.head_text(head)) == head
    assert audit.head_text(empty) == "action 0"
    for text in ("", "decision 1", "decision 1 xyz", "verdict 1 " + "0" * 64):
        with pytest.raises(InvalidParameterError, match="no head of a log"):
            audit.head_of(text)


def test_both_logs_are_checked_against_the_newest_noted_heads(workspace):
    workspace.store.append([make_verdict(FINDINGS[0]), make_verdict(FINDINGS[1])])
    workspace.store.desk.act([NewNote(FINDINGS[0].id, "a", "ana")])
    noted = workspace.store.audit.heads()
    shares = []
    reports = audit.check(workspace, noted=noted, progress=lambda share, text: shares.append(share))
    assert [(one.log, one.lines, one.problem) for one in reports] == [
        ("decision", 2, None),
        ("action", 1, None),
    ]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    later = AuditHead("action", 4, "00" * 32)
    assert audit.check(workspace, noted=[*noted, later])[1].broken == 2
