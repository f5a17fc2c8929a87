"""Several programs share one database from its first moment on."""

import subprocess
import sys
from pathlib import Path

import pytest

from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.verdict import NewVerdict
from deepaid_core.store.sql import SqlStore
from tests.unit.store import hammer

PROGRAMS = 3


@pytest.mark.slow
def test_programs_that_start_and_write_at_once_lose_nothing(database: str, tmp_path: Path) -> None:
    start = tmp_path / "start"
    programs = [
        subprocess.Popen(
            [sys.executable, hammer.__file__, database, str(start), f"analyst {number}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(PROGRAMS)
    ]
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    start.touch()
    outcomes = [program.communicate(timeout=60) for program in programs]
    assert [error for _, error in outcomes] == [""] * PROGRAMS
    assert [program.returncode for program in programs] == [0] * PROGRAMS
    assert sum(int(undone) for undone, _ in outcomes) == 1

    store = SqlStore(database)
    log = store.log()
    of_one_program = hammer.DECISIONS + hammer.SUPPRESSIONS + 1 + hammer.RAISES
    assert [line.number for line in log] == list(range(1, PROGRAMS * of_one_program + 2))
    verdicts = [line.entry for line in log if isinstance(line.entry, NewVerdict)]
    for number in range(PROGRAMS):
        of_one = [v for v in verdicts if v.author == f"analyst {number}"]
        assert len({v.finding_ids for v in of_one}) == len(of_one) == hammer.DECISIONS
    assert store.version() == (len(log), hammer.DECISIONS + hammer.SUPPRESSIONS)
    assert store.count(FindingQuery(status=Status.CLOSED)) == hammer.DECISIONS + 1
    for row in store.page(FindingQuery(status=Status.CLOSED), limit=100):
        newest = store.verdicts(finding_id=row.id, limit=1)[0]
        assert row.verdict_number == newest.number
    assert store.settings().least_verdicts == 3 + PROGRAMS * hammer.RAISES
    check_suppressions(store)
    store.close()


def check_suppressions(store: SqlStore) -> None:
    rows = store.page(FindingQuery(), limit=1000)
    (attacked,) = store.protected()
    for row in rows:
        if row.verdict is None:
            assert (row.suppression_number is None) == (row.pattern_id == attacked)
            hidden = row.suppression_number is not None and not row.resurfaced
            assert row.status is (Status.SUPPRESSED if hidden else Status.OPEN)
    found = store.suppressions()
    assert len(found) == PROGRAMS * hammer.SUPPRESSIONS
    for one in found:
        assert (one.disabled_by is not None) == (one.decision.scope.pattern_id == attacked)
    assert sum(one.hits for one in found) == len([row for row in rows if row.suppression_number])
