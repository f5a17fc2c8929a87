"""Versions of the machine on small logs with known answers."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from deepaid_core.domain.distiller_settings import DistillerSettings
from deepaid_core.domain.finding import Status
from deepaid_core.domain.log import NewLessons, NewRestore, NewSetting, NewUndo, TaughtPath
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import (
    ChangeRefusedError,
    InvalidParameterError,
    NotFoundError,
    StaleWriteError,
    VerdictRefusedError,
)
from deepaid_core.workflow import distill, versions
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import PATHS, make_finding, make_run, make_suppression, make_verdict

FALSE, TRUE = VerdictLabel.FALSE_POSITIVE, VerdictLabel.TRUE_POSITIVE
FINDINGS = [make_finding(number, max_score=0.3) for number in range(24)]  # none is critical
# Numbers 0, 4, 8, ... share the first pattern, 1, 5, 9, ... the second, and so on.
FIRST, SECOND = FINDINGS[::4], FINDINGS[1::4]
HOSTILE = "web\x1b[2J<b>**\u202egpj"


@pytest.fixture
def workspace(tmp_path):
    opened = Workspace.open(empty_home(tmp_path / "home"))
    opened.store.add_run(make_run(), FINDINGS)
    yield opened
    opened.close()


def write(workspace, *entries):
    return [workspace.store.append([entry])[0].number for entry in entries]


def suppressed(workspace):
    return set(workspace.store.ids(FindingQuery(status=Status.SUPPRESSED)))


def test_the_history_says_each_decision_in_plain_words(workspace):
    lesson = TaughtPath("packets", TRUE, "port-scan", PATHS[0], 12)
    write(
        workspace,
        make_verdict(*FIRST, scope="pattern"),
        make_verdict(SECOND[0], label=VerdictLabel.UNDETERMINED, category=""),
        make_suppression(FIRST[0]),
        make_suppression(
            SECOND[0], pattern_id=None, entities=("10.0.0.1", "10.0.0.2"), since=0.0, until=1.0
        ),
        NewSetting("least_verdicts", "5", "ben"),
        NewLessons((lesson,), "theirs.json", "0" * 64, "ben"),
        NewUndo(3, "ben", "It was a scan."),
        NewRestore(3, "ben"),
        NewUndo(1, "ben"),
    )
    rows = versions.history(workspace)
    first, second = FIRST[0].pattern_id, SECOND[0].pattern_id
    assert [(row.kind, row.title) for row in reversed(rows)] == [
        ("verdict", f"false positive / backup-job on pattern {first}, 6 findings"),
        ("verdict", f"undetermined on 1 finding of pattern {second}"),
        ("suppression", f"suppression S-3 of pattern {first} of packets"),
        (
            "suppression",
            "suppression S-4 of any pattern of packets for 10.0.0.1 and 1 more within a period",
        ),
        ("setting", "setting least_verdicts to 5"),
        ("import", "import of 12 lessons from theirs.json"),
        ("undo", "undo of suppression S-3"),
        ("restore", "restoring of suppression S-3"),
        ("undo", "undo of verdict 1"),
    ]
    assert [row.undone_by for row in reversed(rows)] == [9, *[None] * 5, 8, None, None]
    assert [row.in_force for row in rows] == [row.undone_by is None for row in rows]
    assert rows[2].reason == "It was a scan."
    assert rows[2].author == "ben"


def test_what_others_wrote_cannot_steer_a_title(workspace):
    verdict = make_verdict(FIRST[0], category=HOSTILE + "x" * 5_000)
    imported = NewLessons((TaughtPath("p", TRUE, "c", ("s",), 1),), HOSTILE, "0" * 64, "ana")
    write(workspace, verdict, imported, make_suppression(FIRST[0], entities=(HOSTILE,)))
    for row in versions.history(workspace):
        assert row.title.isprintable()
        assert len(row.title) < 400
        assert "⟨U+001B⟩[2J<b>**⟨U+202E⟩gpj" in row.title or row.number == 1


def test_the_history_is_paged(workspace):
    write(workspace, *(make_verdict(finding) for finding in FINDINGS[:7]))
    assert [row.number for row in versions.history(workspace, limit=3)] == [7, 6, 5]
    assert [row.number for row in versions.history(workspace, limit=3, before=5)] == [4, 3, 2]
    assert [row.number for row in versions.history(workspace, limit=3, before=2)] == [1]
    assert versions.history(workspace, before=1) == ()
    assert versions.history(workspace, before=99)[0].number == 7


def test_an_empty_log_has_no_history(workspace):
    assert versions.history(workspace) == ()
    assert versions.compare(workspace, 0, 0).transitions == ()


def test_comparing_two_versions_names_counts_settings_suppressions_and_findings(workspace):
    write(
        workspace,
        make_suppression(SECOND[0]),
        make_verdict(FIRST[0]),
        NewUndo(1, "ana"),
        NewSetting("least_verdicts", "5", "ana"),
        make_suppression(FIRST[0]),
    )
    found = versions.compare(workspace, 1, 5)
    states = FIRST[0].path
    assert {(c.source, c.target, c.before, c.after) for c in found.transitions} == {
        (source, target, 0, 1)
        for source, target in zip((None, *states), (*states, None), strict=True)
    }
    assert {(c.label, c.category) for c in found.transitions} == {(FALSE, "backup-job")}
    assert found.settings == (("least_verdicts", "3", "5"),)
    assert (found.suppressions_added, found.suppressions_removed) == ((5,), (1,))
    # The findings of the first pattern are suppressed, but one that is closed by its verdict.
    assert found.differing == 0
    write(workspace, NewUndo(5, "ana"))
    found = versions.compare(workspace, 1, 6)
    (one,) = found.findings
    assert (one.pattern_id, one.path) == (FIRST[0].pattern_id, states)
    assert one.open_findings == found.differing == len(FIRST) - 1
    assert (one.before.known, one.after.category) == (False, "backup-job")


def test_a_new_reading_alone_makes_findings_read_differently(workspace):
    # A verdict on a neighbour tells the chain something, the paper's reading nothing.
    path = ("a:up:1", "b:up:1", "c:up:1")
    near = make_finding(100, path=("a:up:1", "b:up:1", "d:up:1"))
    workspace.store.add_run(make_run(1), [make_finding(101, path=path), near])
    write(workspace, make_verdict(near), NewSetting("reading", "paper", "ana"))
    found = versions.compare(workspace, 1, 2)
    assert found.transitions == ()
    assert found.settings == (("reading", "chain", "paper"),)
    assert [(one.path, one.open_findings) for one in found.findings] == [(path, 1)]
    assert distill.changes(workspace, 2).open_findings == 1


def test_at_most_200_paths_are_listed_and_all_findings_counted(workspace):
    ends = [f"end{number}:up:1" for number in range(230)]
    many = [
        make_finding(1_000 + number, path=("a:up:1", "b:up:1", end))
        for number, end in enumerate(ends)
    ]
    workspace.store.add_run(make_run(1), many)
    write(workspace, make_verdict(many[0]))
    found = versions.compare(workspace, 0, 1)
    assert len(found.findings) == 200
    assert found.differing == 229


@pytest.mark.parametrize("version", [-1, 2])
def test_a_version_that_never_was_cannot_be_compared_or_returned_to(workspace, version):
    write(workspace, make_verdict(FIRST[0]))
    with pytest.raises(NotFoundError, match="the log ends with entry 1"):
        versions.compare(workspace, version, 1)
    with pytest.raises(NotFoundError, match="the log ends with entry 1"):
        versions.roll_back(workspace, to=version, author="ana", reason="")


def test_a_roll_back_is_written_into_the_log_with_its_author_and_reason(workspace):
    write(workspace, make_verdict(FIRST[0]), make_verdict(SECOND[0]), NewUndo(1, "ana"))
    done = versions.roll_back(workspace, to=1, author="ben", reason="Wrong day.")
    assert done == versions.RollBack((4, 5), undone=1, restored=1)
    entries = [line.entry for line in workspace.store.log(after=3)]
    reason = "Roll-back to M-1. Wrong day."
    assert entries == [NewUndo(2, "ben", reason), NewRestore(1, "ben", reason)]


def test_a_roll_back_that_changes_nothing_is_refused(workspace):
    write(workspace, make_verdict(FIRST[0]), NewUndo(1, "ana"))
    for to in (0, 2):
        with pytest.raises(ChangeRefusedError, match=f"M-{to}; there is nothing to roll back"):
            versions.roll_back(workspace, to=to, author="ana", reason="")
        with pytest.raises(ChangeRefusedError, match="nothing to roll back"):
            versions.roll_back_preview(workspace, to)
    assert len(workspace.store.log()) == 2


def test_a_roll_back_names_the_patterns_that_lose_protection(workspace):
    write(
        workspace,
        make_suppression(FIRST[0]),
        make_verdict(FIRST[0], label=TRUE, category="port-scan"),
        NewSetting("resurfaced_share", "0", "ana"),
    )
    assert suppressed(workspace) == set()
    preview = versions.roll_back_preview(workspace, 1)
    assert [row.number for row in preview.undone] == [3, 2]
    assert preview.restored == ()
    assert preview.protected_lost == (FIRST[0].pattern_id,)
    assert preview.version == 3
    assert suppressed(workspace) == set()
    done = versions.roll_back(workspace, to=1, author="ana", reason="", expected=3)
    assert done.protected_lost == (FIRST[0].pattern_id,)
    hidden = suppressed(workspace)
    assert preview.newly_suppressed == len(hidden) >= len(FIRST) - 1  # one may be re-surfaced
    assert set(preview.attacks_silenced) == hidden & {FIRST[0].id}


def test_rolling_back_a_suppression_tells_how_many_findings_come_back(workspace):
    write(workspace, make_verdict(SECOND[0]), make_suppression(FIRST[0]))
    hidden = suppressed(workspace)
    assert hidden
    preview = versions.roll_back_preview(workspace, 1)
    assert (preview.reopened, preview.newly_suppressed) == (len(hidden), 0)
    versions.roll_back(workspace, to=1, author="ana", reason="")
    assert suppressed(workspace) == set()


def test_a_roll_back_of_what_nobody_has_seen_is_refused(workspace):
    write(workspace, make_verdict(FIRST[0]))
    preview = versions.roll_back_preview(workspace, 0)
    write(workspace, make_verdict(SECOND[0]))
    with pytest.raises(StaleWriteError, match="went on from entry 1 to 2"):
        versions.roll_back(workspace, to=0, author="ana", reason="", expected=preview.version)
    assert len(workspace.store.log()) == 2


def test_a_roll_back_needs_an_author_and_a_readable_reason(workspace):
    write(workspace, make_verdict(FIRST[0]))
    with pytest.raises(VerdictRefusedError, match="Nobody is named"):
        versions.roll_back(workspace, to=0, author=" ", reason="")
    with pytest.raises(VerdictRefusedError, match=r"U\+001B"):
        versions.roll_back(workspace, to=0, author="ana", reason="\x1b[2J")
    assert len(workspace.store.log()) == 1


def test_two_analysts_at_once_lose_nothing(workspace):
    other = Workspace.open(workspace.home)
    write(workspace, *(make_verdict(finding) for finding in FIRST))

    def judge():
        for finding in SECOND:
            write(other, make_verdict(finding))

    def roll_back():
        done = []
        for to in (1, 2, 3):
            try:
                done.append(versions.roll_back(workspace, to=to, author="ana", reason=""))
            except (StaleWriteError, ChangeRefusedError):
                continue
        return done

    with ThreadPoolExecutor(2) as pool:
        judging, rolling = pool.submit(judge), pool.submit(roll_back)
        judging.result(timeout=60)
        rolled = rolling.result(timeout=60)
    log = workspace.store.log()
    verdicts = [line for line in log if line.entry == make_verdict(line_finding(line))]
    assert len(verdicts) == len(FIRST) + len(SECOND)
    assert len(log) == len(verdicts) + sum(len(one.numbers) for one in rolled)
    assert [line.number for line in log] == list(range(1, len(log) + 1))
    assert versions.replayed(workspace).same
    assert versions.replayed(other).same
    other.close()


def line_finding(line):
    ids = getattr(line.entry, "finding_ids", ())
    return next((finding for finding in FINDINGS if (finding.id,) == ids), FINDINGS[0])


def test_a_setting_is_changed_once_as_it_is_written_everywhere(workspace):
    number = versions.change_setting(
        workspace, name="resurfaced_share", value="1e-1", author="ana", reason="More checks."
    )
    (line,) = workspace.store.log()
    assert (line.number, line.entry) == (
        number,
        NewSetting("resurfaced_share", "0.1", "ana", "More checks."),
    )
    assert distill.distiller(workspace).settings == DistillerSettings(resurfaced_share=0.1)
    assert workspace.store.settings() == DistillerSettings(resurfaced_share=0.1)
    with pytest.raises(ChangeRefusedError, match=r"is '0\.10' already"):
        versions.change_setting(workspace, name="resurfaced_share", value="0.10", author="ana")
    with pytest.raises(InvalidParameterError, match="no value"):
        versions.change_setting(workspace, name="resurfaced_share", value="2", author="ana")
    with pytest.raises(InvalidParameterError, match="no setting 'x'"):
        versions.change_setting(workspace, name="x", value="2", author="ana")
    with pytest.raises(VerdictRefusedError, match="Nobody is named"):
        versions.change_setting(workspace, name="least_verdicts", value="2", author="")
    assert len(workspace.store.log()) == 1


def test_a_changed_reading_is_what_suggestions_follow_at_once(workspace):
    rows = workspace.store.page(FindingQuery(), limit=50)
    write(workspace, make_verdict(FIRST[0], path=("x", FIRST[0].path[-1])))
    assert distill.explained(workspace) == 0
    assert distill.paths_suggested(workspace, "backup-job") == ()
    versions.change_setting(workspace, name="reading", value="paper", author="ana")
    suggested = distill.suggestions(workspace, rows)
    known = {row.path for row in rows if suggested[row.id].known}
    assert set(distill.paths_suggested(workspace, "backup-job")) <= known
    assert distill.explained(workspace) == sum(
        suggested[row.id].known and row.status == "open" for row in rows
    )


def test_a_replay_that_gives_another_machine_is_told(workspace):
    write(workspace, make_verdict(FIRST[0]), make_verdict(SECOND[0]))
    assert versions.replayed(workspace) == versions.Replay(
        2, distill.machine(workspace).digest(), True
    )
    # What is in memory was read from a log that is not the one in the database any more.
    from sqlalchemy import text

    with workspace.store._database.writing() as connection:
        connection.execute(
            text("UPDATE decisions SET payload = replace(payload, 'backup-job', 'other-name')")
        )
    assert not versions.replayed(workspace).same
