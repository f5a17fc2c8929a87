"""What the first page counts, and what it says of detectors and suppressions."""

from pathlib import Path

import pytest

from deepaid_core.domain.actions import NewAssignment, NewCase, NewCaseChange
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.store.sql import SqlStore
from deepaid_core.workflow import standing
from deepaid_core.workflow.suppress import DAY_S
from deepaid_core.workspace import Workspace
from tests.empty import empty_database
from tests.factories import (
    START,
    make_detector_record,
    make_finding,
    make_run,
    make_suppression,
    make_verdict,
)

FINDINGS = [make_finding(number, verified=number != 3) for number in range(12)]
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class Clock:
    """A clock that stands until somebody moves it."""

    def __init__(self) -> None:
        self.now = START + 30 * DAY_S

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def workspace(tmp_path, clock):
    store = SqlStore(empty_database(tmp_path / "findings.db"), clock=clock)
    (tmp_path / "detectors").mkdir()
    yield Workspace(tmp_path, store, "ana")
    store.close()


@pytest.fixture
def filled(workspace):
    workspace.store.add_detector(make_detector_record())
    workspace.store.add_run(make_run(), FINDINGS)
    return workspace


def judge_after(workspace, clock, seconds, *findings, **changes):
    clock.now += seconds
    (line,) = workspace.store.append([make_verdict(*findings, **changes)])
    return line.number


def health(workspace, now):
    return standing.health(workspace, workspace.store.overview(), now=now)


def test_the_time_to_judge_is_the_median_over_findings(filled, clock):
    assert standing.numbers(filled, now=clock.now).median_s is None
    judge_after(filled, clock, 60.0, FINDINGS[0])
    judge_after(filled, clock, 60.0, FINDINGS[1], FINDINGS[2])
    judge_after(filled, clock, 3600.0, FINDINGS[0])  # judged anew: counts no more than once
    counted = standing.numbers(filled, now=clock.now)
    assert (counted.judged, counted.median_s) == (3, 120.0)


def test_findings_that_were_judged_long_ago_do_not_count(filled, clock):
    judge_after(filled, clock, 60.0, FINDINGS[0])
    clock.now += standing.JUDGED_S
    judge_after(filled, clock, 60.0, FINDINGS[1])
    counted = standing.numbers(filled, now=clock.now)
    assert (counted.judged, counted.median_s) == (1, standing.JUDGED_S + 120.0)


def test_a_clock_that_was_set_back_gives_no_negative_time(filled, clock):
    judge_after(filled, clock, -500.0, FINDINGS[0])
    assert standing.numbers(filled, now=clock.now).median_s == 0.0


def test_patterns_grow_old_with_what_is_added_not_with_the_clock(filled, clock):
    assert standing.numbers(filled, now=clock.now).overview.new_patterns == 4
    clock.now += 3 * DAY_S
    assert standing.numbers(filled, now=clock.now).overview.new_patterns == 4
    late = make_finding(50, path=("HH_std:up:9",), first_time=START + 3 * DAY_S)
    filled.store.add_run(make_run(1), [late])
    assert standing.numbers(filled, now=clock.now).overview.new_patterns == 1


def test_only_suppressions_of_the_coming_week_expire_soon_and_the_next_comes_first(filled, clock):
    for days in (6.9, 7.1, -1.0, 2.0):
        expires = clock.now + days * DAY_S
        filled.store.append([make_suppression(FINDINGS[0], expires_time=expires)])
    ends = [
        (one.decision.expires_time - clock.now) / DAY_S
        for one in health(filled, clock.now).expiring
    ]
    assert ends == pytest.approx([2.0, 6.9])


def test_a_disabled_suppression_is_told_as_such_and_does_not_expire(filled, clock):
    (line,) = filled.store.append([make_suppression(FINDINGS[0], expires_time=clock.now + DAY_S)])
    filled.store.append(
        [make_verdict(FINDINGS[0], label=VerdictLabel.TRUE_POSITIVE, category="port-scan")]
    )
    state = health(filled, clock.now)
    assert [one.number for one in state.disabled] == [line.number]
    assert state.expiring == ()


def test_each_detector_says_how_old_its_data_is_and_how_many_are_not_verified(filled, clock):
    filled.store.add_detector(make_detector_record(1, name="logins"))
    filled.store.add_run(make_run(7, last_time=START + 5.0), [])
    quiet, busy = health(filled, clock.now).detectors
    assert (quiet.name, quiet.runs, quiet.last_event, quiet.unverified_share) == (
        "logins", 0, None, None,
    )  # fmt: skip
    assert (busy.name, busy.runs, busy.findings) == ("packets", 2, len(FINDINGS))
    assert (busy.last_event, busy.last_run) == (START + 900.0, START + 1007.0)
    assert busy.unverified_share == pytest.approx(1 / len(FINDINGS))
    assert health(filled, clock.now).last_event == START + 900.0


def test_versions_of_one_detector_are_one_row_with_the_newest(filled, clock):
    filled.store.add_detector(make_detector_record(2))
    filled.store.add_run(make_run(8, detector_id=make_detector_record(2).id), [])
    (one,) = health(filled, clock.now).detectors
    assert (one.version, one.runs) == (make_detector_record(2).id, 2)


def test_findings_of_a_detector_that_is_not_here_are_listed(workspace, clock):
    workspace.store.add_run(make_run(), FINDINGS[:2])
    (one,) = health(workspace, clock.now).detectors
    assert (one.name, one.version, one.findings, one.problem) == ("packets", None, 2, "")


def artifact(workspace: Workspace, name: str, content: bytes) -> Path:
    folder = workspace.artifacts / name
    folder.mkdir()
    (folder / "detector.json").write_bytes(content)
    (folder / "arrays.safetensors").write_bytes(b"")
    return folder


def test_a_detector_is_fine_as_long_as_its_files_are_those_it_was_trained_with(workspace, clock):
    record = make_detector_record(sha256=EMPTY_SHA256, artifact="packets-1")
    workspace.store.add_detector(record)

    def problem() -> str:
        return health(workspace, clock.now).detectors[0].problem

    assert "are not there" in problem()
    folder = artifact(workspace, "packets-1", b"")
    assert problem() == ""
    (folder / "detector.json").write_bytes(b"{}")
    assert "were changed" in problem()
    assert record.id in problem()
    assert "train the detector again" in problem()
    (folder / "arrays.safetensors").unlink()
    assert "are not there" in problem()


def test_an_analyst_sees_the_own_open_work_only(filled):
    desk = filled.store.desk
    ids = [finding.id for finding in FINDINGS]
    desk.act(
        [
            NewAssignment({ids[0]: "ana", ids[1]: "ana", ids[2]: "ben"}, "ana"),
            NewCase("Scans", (ids[0],), "ana"),
            NewCase("Old", (), "ana"),
            NewCase("Bens", (), "ben"),
            NewCaseChange(2, {"status": "closed"}, "ana"),
        ]
    )
    filled.store.append([make_verdict(FINDINGS[1])])
    assert standing.yours(filled, "ana") == standing.Yours(1, 1)
    assert standing.yours(filled, "cem") == standing.Yours(0, 0)
    assert standing.yours(filled, None) == standing.Yours(0, 0)
