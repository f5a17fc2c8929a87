"""Whoever changes what was written in a log is found out."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from deepaid_core.domain.actions import NewAssignment, NewCase, NewNote, NewNoteWithdrawal
from deepaid_core.domain.audit import AuditHead
from deepaid_core.domain.log import NewRestore, NewSetting, NewUndo
from deepaid_core.errors import CancelledError
from deepaid_core.store.chain import FIRST, link
from deepaid_core.store.sql import SqlStore, open_store
from tests.empty import empty_database
from tests.factories import (
    make_detector_record,
    make_finding,
    make_run,
    make_suppression,
    make_verdict,
)

DATABASES = Path(__file__).parents[2] / "data" / "databases"
FINDINGS = [make_finding(number) for number in range(8)]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A database with seven decisions and five actions."""
    path = tmp_path_factory.mktemp("kept") / "findings.db"
    store = SqlStore(path, clock=lambda: 1_760_000_000.25)
    store.add_detector(make_detector_record())
    store.add_run(make_run(), FINDINGS)
    store.append([make_verdict(FINDINGS[0], FINDINGS[4]), make_verdict(FINDINGS[1])])
    store.append([make_suppression(FINDINGS[1]), NewSetting("least_verdicts", "4", "ana")])
    store.append([NewUndo(2, "ben"), NewUndo(4, "ben"), NewRestore(2, "ana")])
    store.desk.act(
        [
            NewAssignment({FINDINGS[0].id: "ana"}, "ben"),
            NewNote(FINDINGS[1].id, "Looks odd.", "ana"),
            NewCase("Scan", (FINDINGS[2].id,), "ana"),
            NewNoteWithdrawal(2, "ana"),
            NewAssignment({FINDINGS[0].id: ""}, "ana"),
        ]
    )
    store.close()
    return path


@pytest.fixture
def copy(kept, tmp_path):
    """A copy of it to do harm to."""
    path = tmp_path / "findings.db"
    with closing(sqlite3.connect(kept)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)
    return path


def _harm(path, *statements):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, statement
        connection.commit()


def _checked(path, log="decision", **given):
    store = open_store(path)
    try:
        return store.audit.check(log, **given)
    finally:
        store.close()


@pytest.mark.parametrize(("log", "lines"), [("decision", 7), ("action", 5)])
def test_what_nobody_touched_is_whole_and_ends_with_its_head(kept, log, lines):
    told = []
    report = _checked(kept, log, progress=lambda share, text: told.append(share))
    assert (report.problem, report.broken, report.lines) == (None, None, lines)
    store = open_store(kept)
    assert report.head in store.audit.heads()
    store.close()
    assert told[-1] == 1.0


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("time", "1760000000.5"),
        ("kind", "'undo'"),
        ("author", "'mallory'"),
        ("label", "'true positive'"),
        ("label", "NULL"),
        ("category", "'port-scan'"),
        ("detector_name", "'other'"),
        ("pattern_id", "'P-0000000000'"),
        ("undone_by", "5"),
        ("payload", 'replace(payload, \'"author":"ana"\', \'"author":"eve"\')'),
        ("payload", "'{}'"),
        ("chain", "'00'"),
    ],
)
def test_a_column_of_a_decision_that_was_changed_is_found(copy, column, value):
    _harm(copy, f"UPDATE decisions SET {column} = {value} WHERE number = 3")
    report = _checked(copy)
    assert report.broken == 3
    assert report.problem.startswith("Decision 3 was changed after it was written")
    if column != "undone_by":
        assert report.lines == report.head.number == 2


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("time", "1"),
        ("kind", "'record'"),
        ("author", "'mallory'"),
        ("subject", "'F-0000000000'"),
        ("case_number", "9"),
        ("undone_by", "NULL"),
        ("payload", "replace(payload, 'odd', 'fine')"),
        ("before", '\'{"kind":"texts","version":1,"data":{"text":"x"}}\''),
        ("chain", "''"),
    ],
)
def test_a_column_of_an_action_that_was_changed_is_found(copy, column, value):
    _harm(copy, f"UPDATE actions SET {column} = {value} WHERE number = 2")
    report = _checked(copy, "action")
    assert report.broken == 2
    assert report.problem.startswith("Action 2 was changed after it was written")


def test_an_undo_that_is_hidden_is_found(copy):
    _harm(copy, "UPDATE decisions SET undone_by = NULL WHERE number = 4")
    report = _checked(copy)
    assert report.broken == 4
    assert "nothing took it back, but the log says: decision 6 took it back" in report.problem


@pytest.mark.parametrize("number", [1, 3, 6])
def test_a_line_that_was_dropped_is_found(copy, number):
    _harm(copy, f"DELETE FROM decisions WHERE number = {number}")
    report = _checked(copy)
    assert report.broken == number
    assert report.problem.startswith(f"Decision {number} is missing")


def test_a_line_that_was_dropped_and_the_rest_numbered_anew_is_found(copy):
    _harm(
        copy,
        "DELETE FROM decisions WHERE number = 3",
        "UPDATE decisions SET number = -number WHERE number > 3",
        "UPDATE decisions SET number = -number - 1 WHERE number < 0",
    )
    assert _checked(copy).broken == 3


def test_a_line_that_was_put_in_is_found(copy):
    columns = "time, kind, author, payload, chain"
    _harm(
        copy,
        "UPDATE decisions SET number = -number WHERE number > 3",
        "UPDATE decisions SET number = -number + 1 WHERE number < 0",
        f"INSERT INTO decisions (number, {columns}) SELECT 4, {columns} FROM decisions "
        "WHERE number = 8",
    )
    assert _checked(copy).broken == 4


def test_a_line_before_the_first_is_found(copy):
    columns = "time, kind, author, payload, chain"
    _harm(
        copy,
        f"INSERT INTO decisions (number, {columns}) SELECT 0, {columns} FROM decisions "
        "WHERE number = 5",
    )
    assert _checked(copy).problem == "Decision 0 was put in: the first line of a log is decision 1."


def test_two_lines_that_changed_places_are_found(copy):
    _harm(
        copy,
        "UPDATE decisions SET number = -1 WHERE number = 5",
        "UPDATE decisions SET number = 5 WHERE number = 6",
        "UPDATE decisions SET number = 6 WHERE number = -1",
    )
    assert _checked(copy).broken == 5


def test_lines_cut_off_at_the_end_show_only_against_a_noted_head(copy):
    store = open_store(copy)
    noted, _ = store.audit.heads()
    store.close()
    _harm(copy, "DELETE FROM decisions WHERE number > 5")
    _harm(copy, "UPDATE decisions SET undone_by = 5 WHERE number = 2")
    _harm(copy, "UPDATE decisions SET undone_by = NULL WHERE number = 4")
    assert _checked(copy).problem is None
    report = _checked(copy, noted=noted)
    assert report.broken == 6
    assert report.problem.endswith("ends with decision 5, but decision 7 was noted once.")


def test_a_log_that_was_written_anew_shows_only_against_a_noted_head(copy):
    store = open_store(copy)
    noted, _ = store.audit.heads()
    store.close()
    with closing(sqlite3.connect(copy)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute(
            "UPDATE decisions SET payload = replace(payload, 'least_verdicts', 'critical_ratio') "
            "WHERE number = 4"
        )
        digest = FIRST
        for row in connection.execute("SELECT * FROM decisions ORDER BY number").fetchall():
            digest = link(digest, dict(row))
            connection.execute(
                "UPDATE decisions SET chain = ? WHERE number = ?", (digest, row["number"])
            )
        connection.commit()
    assert _checked(copy).problem is None
    report = _checked(copy, noted=noted)
    assert report.broken == 7
    assert "not the one that was noted" in report.problem


def test_a_noted_head_is_found_again_after_more_was_written(kept, copy):
    store = open_store(kept)
    noted, _ = store.audit.heads()
    store.close()
    store = open_store(copy)
    store.append([make_verdict(FINDINGS[2])])
    report = store.audit.check("decision", noted=noted)
    assert (report.problem, report.lines) == (None, 8)
    wrong = AuditHead("decision", 7, "00" * 32)
    assert store.audit.check("decision", noted=wrong).broken == 7
    store.close()


def test_a_note_that_was_withdrawn_and_brought_back_is_whole(tmp_path):
    store = SqlStore(empty_database(tmp_path / "notes.db"), clock=lambda: 1_760_000_000.0)
    store.add_run(make_run(), FINDINGS)
    store.desk.act([NewNote(FINDINGS[0].id, "odd", "ana")])
    for number in (1, 2, 1):
        store.desk.act([NewNoteWithdrawal(number, "ana")])
        assert store.audit.check("action").problem is None
    store.close()


def test_a_check_can_be_cancelled(kept):
    with pytest.raises(CancelledError):
        _checked(kept, cancelled=lambda: True)


def test_the_check_reads_on_over_many_pieces(tmp_path):
    store = SqlStore(empty_database(tmp_path / "long.db"), clock=lambda: 1_760_000_000.0)
    store.append([NewSetting("least_verdicts", "4", "ana")] * 1200)
    told = []
    report = store.audit.check("decision", progress=lambda share, text: told.append(share))
    assert (report.lines, report.problem) == (1200, None)
    assert len(told) == 3
    assert told == sorted(told)
    store.close()


@pytest.mark.parametrize("name", sorted(path.stem for path in DATABASES.glob("*.sql")))
def test_the_lines_of_an_earlier_database_are_chained_when_it_is_opened(name, tmp_path):
    path = tmp_path / "findings.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((DATABASES / f"{name}.sql").read_text(encoding="utf-8"))
    store = open_store(path)
    lines = len(store.log())
    store.append([make_verdict(make_finding(0))])
    report = store.audit.check("decision")
    store.close()
    assert lines > 0
    assert (report.problem, report.lines) == (None, lines + 1)
    _harm(path, "UPDATE decisions SET author = 'mallory' WHERE number = 1")
    assert _checked(path).broken == 1


def test_a_digest_can_be_made_without_this_program():
    # What the docstring promises to whoever checks a log elsewhere.
    import hashlib

    line = {"number": 1, "time": 0.5, "kind": "setting", "author": "ana", "payload": "{}"}
    text = json.dumps([1, "0x1.0000000000000p-1", "setting", "ana", "{}"], separators=(",", ":"))
    assert link(FIRST, line) == hashlib.sha256(f"\n{text}".encode()).hexdigest()
