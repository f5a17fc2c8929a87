"""Verdicts through the store, and what the Distiller makes of them."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepaid_core.distiller.distiller import Distiller
from deepaid_core.distiller.machine import Machine
from deepaid_core.domain.finding import Status
from deepaid_core.domain.interpretation import Cell, Deviation
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import NotFoundError, StaleWriteError, VerdictRefusedError
from deepaid_core.workflow import distill, triage
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import PATHS, make_finding, make_interpretation, make_run

FALSE, TRUE = VerdictLabel.FALSE_POSITIVE, VerdictLabel.TRUE_POSITIVE
BENIGN, UNDETERMINED = VerdictLabel.BENIGN_POSITIVE, VerdictLabel.UNDETERMINED
FINDINGS = [make_finding(number) for number in range(40)]
# Numbers 0, 4, 8, ... share the first pattern, 1, 5, 9, ... the second, and so on.
FIRST = [finding.id for finding in FINDINGS[::4]]
SECOND = [finding.id for finding in FINDINGS[1::4]]


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    for name in ("DEEPAID_HOME", "DEEPAID_DATABASE_URL", "DEEPAID_USER"):
        monkeypatch.delenv(name, raising=False)
    opened = Workspace.open(empty_home(tmp_path / "home"))
    opened.store.add_run(make_run(), FINDINGS)
    yield opened
    opened.close()


def judge(workspace, *finding_ids, label=FALSE, category="backup-job", **overrides):
    values = {"reason": "Nightly copy.", "author": "ana", **overrides}
    return triage.give_verdict(
        workspace, finding_ids=finding_ids, label=label, category=category, **values
    )


def test_three_false_positives_of_a_pattern_suggest_it_on_the_rest_and_undo_takes_it_back(
    workspace,
):
    rows = workspace.store.page(FindingQuery(pattern_id=FINDINGS[0].pattern_id), limit=50)
    before = distill.machine(workspace).digest()
    assert not any(one.known for one in distill.suggestions(workspace, rows).values())
    outcomes = [judge(workspace, finding_id) for finding_id in FIRST[:3]]
    suggested = distill.suggestions(workspace, rows)
    assert set(suggested) == set(FIRST)
    for finding_id in FIRST[3:]:
        assert (suggested[finding_id].label, suggested[finding_id].category) == (
            FALSE,
            "backup-job",
        )
        assert suggested[finding_id].verdict_numbers == (3, 2, 1)
    assert outcomes[0].explained_before == 0
    assert outcomes[-1].explained_after == len(FIRST) - 3
    triage.undo(workspace, entry_numbers=[1, 2, 3], author="ana")
    assert distill.machine(workspace).digest() == before
    assert not any(one.known for one in distill.suggestions(workspace, rows).values())


def test_an_outcome_tells_versions_and_counts(workspace):
    outcome = judge(workspace, FIRST[0])
    assert outcome == triage.VerdictOutcome((1,), 1, 0, 1, 0, len(FIRST) - 1)
    assert distill.machine(workspace).version == "M-1"
    back = triage.undo(workspace, entry_numbers=outcome.numbers, author="ben")
    assert back == triage.VerdictOutcome((2,), 1, 1, 2, len(FIRST) - 1, 0)
    assert distill.machine(workspace).version == "M-2"


def test_a_selection_over_patterns_is_one_decision_per_pattern(workspace):
    outcome = judge(workspace, *FIRST[:3], *SECOND[:2], scope="selection")
    assert len(outcome.numbers) == 2
    assert outcome.findings == 5
    entries = [line.entry for line in workspace.store.log()]
    assert [entry.finding_ids for entry in entries] == [tuple(FIRST[:3]), tuple(SECOND[:2])]
    assert distill.machine(workspace).verdicts == 2


def test_findings_judged_one_by_one_are_a_decision_each(workspace):
    assert len(judge(workspace, *FIRST[:3], scope="finding").numbers) == 3
    assert distill.machine(workspace).verdicts == 3


def test_a_pattern_verdict_closes_all_its_open_findings_and_counts_once(workspace):
    judge(workspace, FIRST[0], label=TRUE, category="port-scan")
    outcome = triage.give_pattern_verdict(
        workspace,
        pattern_id=FINDINGS[0].pattern_id,
        label=FALSE,
        category="backup-job",
        reason="",
        author="ana",
    )
    assert outcome.findings == len(FIRST) - 1
    assert workspace.store.count(FindingQuery(status=Status.OPEN)) == 40 - len(FIRST)
    assert workspace.store.row(FIRST[0]).verdict == TRUE
    assert distill.machine(workspace).verdicts == 2
    assert distill.suggestion_for_path(workspace, "packets", PATHS[0]).support == 1


def test_a_pattern_verdict_learns_the_path_that_was_looked_at(workspace, tmp_path):
    wobbled = make_finding(100, path=(PATHS[0][1], PATHS[0][0], PATHS[0][2]))
    workspace.store.add_run(make_run(1), [wobbled])
    assert wobbled.pattern_id == FINDINGS[0].pattern_id
    triage.give_pattern_verdict(
        workspace,
        pattern_id=wobbled.pattern_id,
        label=FALSE,
        category="x",
        reason="",
        author="ana",
        looked_at=wobbled.id,
    )
    (chain,) = distill.machine(workspace).chains.values()
    assert (None, PATHS[0][1]) in chain.steps


def test_a_pattern_verdict_needs_an_open_finding_of_that_pattern(workspace):
    words = {"label": FALSE, "category": "x", "reason": "", "author": "ana"}
    with pytest.raises(NotFoundError, match="no pattern 'P-nothing'"):
        triage.give_pattern_verdict(workspace, pattern_id="P-nothing", **words)
    pattern = FINDINGS[0].pattern_id
    with pytest.raises(VerdictRefusedError, match="not of"):
        triage.give_pattern_verdict(workspace, pattern_id=pattern, looked_at=SECOND[0], **words)
    triage.give_pattern_verdict(workspace, pattern_id=pattern, **words)
    with pytest.raises(VerdictRefusedError, match="are closed"):
        triage.give_pattern_verdict(workspace, pattern_id=pattern, **words)


def test_judging_anew_replaces_what_is_shown_and_taught_and_keeps_the_history(workspace):
    judge(workspace, FIRST[0], label=TRUE, category="port-scan")
    judge(workspace, FIRST[0], label=BENIGN, category="authorized-scan")
    row = workspace.store.row(FIRST[0])
    assert (row.verdict, row.category) == (BENIGN, "authorized-scan")
    assert distill.machine(workspace) == Machine()
    assert len(workspace.store.verdicts(finding_id=FIRST[0])) == 2
    triage.undo(workspace, entry_numbers=[2], author="ana")
    assert workspace.store.row(FIRST[0]).verdict == TRUE
    assert distill.suggestion_for_path(workspace, "packets", PATHS[0]).category == "port-scan"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"author": " "}, "Nobody is named"),
        ({"author": "x" * 201}, "at most 200"),
        ({"author": "a\u202eb"}, "cannot be seen"),
        ({"category": ""}, "needs a category"),
        ({"category": " \n "}, "needs a category"),
        ({"category": "x" * 61}, "at most 60"),
        ({"category": "a\0b"}, "cannot be seen"),
        ({"category": "Unknown"}, "another category"),
        ({"reason": "x" * 4001}, "at most 4,000"),
        ({"reason": "a\x1b[2Jb"}, r"U\+001B"),
        ({"reason": "a\ud800b"}, r"U\+D800"),
    ],
)
def test_a_verdict_that_lacks_something_is_refused_in_a_sentence(workspace, changed, sentence):
    with pytest.raises(VerdictRefusedError, match=sentence) as refusal:
        judge(workspace, FIRST[0], **changed)
    str(refusal.value).encode("utf-8")
    assert workspace.store.log() == ()


def test_nothing_is_written_when_one_finding_is_unknown_or_none_is_given(workspace):
    with pytest.raises(NotFoundError):
        judge(workspace, FIRST[0], "F-nothing")
    with pytest.raises(VerdictRefusedError, match="No finding"):
        judge(workspace)
    with pytest.raises(VerdictRefusedError, match="No decision"):
        triage.undo(workspace, entry_numbers=[], author="ana")
    with pytest.raises(NotFoundError):
        triage.undo(workspace, entry_numbers=[7], author="ana")
    assert workspace.store.log() == ()
    assert workspace.store.row(FIRST[0]).verdict is None


def test_a_verdict_is_undone_only_once_and_by_somebody(workspace):
    judge(workspace, FIRST[0])
    with pytest.raises(VerdictRefusedError, match="Nobody is named"):
        triage.undo(workspace, entry_numbers=[1], author="")
    triage.undo(workspace, entry_numbers=[1], author="ana")
    with pytest.raises(StaleWriteError):
        triage.undo(workspace, entry_numbers=[1], author="ben")


def test_categories_are_written_one_way_and_other_verdicts_need_none(workspace):
    judge(workspace, FIRST[0], category="  Backup \t JOB ")
    assert workspace.store.row(FIRST[0]).category == "backup job"
    judge(workspace, FIRST[1], label=UNDETERMINED, category="")
    judge(workspace, FIRST[2], label=BENIGN, category="")
    judge(workspace, FIRST[3], reason="Two\r\nlines 👩‍💻 \u200fשלום")
    assert workspace.store.log()[-1].entry.reason == "Two\nlines 👩‍💻 \u200fשלום"


def test_suggested_categories_pass_their_own_rules(workspace):
    for label, names in triage.CATEGORIES_BY_LABEL.items():
        for name in names:
            judge(workspace, FIRST[0], label=label, category=name)
            assert workspace.store.row(FIRST[0]).category == name
    assert set(triage.CATEGORIES) == {
        name for names in triage.CATEGORIES_BY_LABEL.values() for name in names
    }


def test_the_queue_can_be_filtered_by_suggestion(workspace):
    judge(workspace, FIRST[0])

    def found(*args, **kwargs):
        paths = distill.paths_suggested(workspace, *args, **kwargs)
        return set(workspace.store.ids(FindingQuery(status=Status.OPEN, paths=paths)))

    assert found("backup-job") == set(FIRST[1:])
    assert found("backup-job", label=FALSE) == set(FIRST[1:])
    assert found("backup-job", label=TRUE) == set()
    assert found("no such thing") == set()
    assert found(distill.UNKNOWN) == {finding.id for finding in FINDINGS} - set(FIRST)
    triage.undo(workspace, entry_numbers=[1], author="ana")
    assert found("backup-job") == set()


def test_what_a_verdict_changed_is_told_with_counts_before_and_after(workspace):
    judge(workspace, FIRST[0])
    judge(workspace, FIRST[1])
    change = distill.changes(workspace, 2)
    assert (change.machine_before, change.machine_after) == (1, 2)
    assert [(t.source, t.target, t.before, t.after) for t in change.transitions] == [
        (source, target, 1, 2)
        for source, target in zip((None, *PATHS[0]), (*PATHS[0], None), strict=True)
    ]
    assert change.open_findings == 0  # the first verdict had already said so
    assert distill.changes(workspace, 1).open_findings == len(FIRST) - 2
    triage.undo(workspace, entry_numbers=[2], author="ana")
    assert {(t.before, t.after) for t in distill.changes(workspace, 3).transitions} == {(2, 1)}
    for number in (0, 4):
        with pytest.raises(NotFoundError):
            distill.changes(workspace, number)


def test_any_version_of_the_machine_can_be_read(workspace):
    digests = [distill.machine(workspace).digest()]
    for finding_id in FIRST[:4]:
        judge(workspace, finding_id)
        digests.append(distill.machine(workspace).digest())
    for version in (2, 0, 4, 1, 3):
        assert distill.machine(workspace, version).digest() == digests[version]
        assert distill.machine(workspace, version).number == version
    for version in (-1, 5):
        with pytest.raises(NotFoundError, match=f"M-{version}"):
            distill.machine(workspace, version)


def test_another_process_sees_the_same_machine(workspace):
    distill.machine(workspace)
    elsewhere = Workspace.open(workspace.home)
    judge(elsewhere, FIRST[0])
    elsewhere.close()
    assert distill.machine(workspace).verdicts == 1


def test_a_database_put_back_to_an_older_copy_is_noticed(workspace, tmp_path):
    def copy(source, target):
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)

    judge(workspace, FIRST[0])
    copy(workspace.home / "deepaid.db", tmp_path / "copy.db")
    judge(workspace, FIRST[1])
    assert distill.machine(workspace).verdicts == 2
    copy(tmp_path / "copy.db", workspace.home / "deepaid.db")
    assert distill.machine(workspace).verdicts == 1
    assert distill.machine(workspace).version == "M-1"


def test_analysts_in_threads_lose_nothing(workspace):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda finding_id: judge(workspace, finding_id), FIRST + SECOND))
    assert distill.machine(workspace).verdicts == len(FIRST) + len(SECOND)
    replayed = Distiller.replay(workspace.store.log())
    assert distill.machine(workspace).digest() == replayed.machine.digest()


def test_the_state_graph_has_readable_titles(workspace):
    judge(workspace, FIRST[0])
    titles = {node.title for node in distill.state_graph(workspace, "packets").nodes}
    assert "false positive / backup-job" in titles
    state = PATHS[0][0]
    assert distill.describe(state).startswith("packet size from this host to the other: average:")
    assert distill.describe(state).endswith("above normal")
    assert distill.describe(state) in titles


def test_a_drafted_reason_names_values_in_their_units():
    cell = Cell("a", "bytes per packet, last 1 s", "bytes", 1420.0, 310.0, 60.0, 1400.0, 99.9)
    low = Cell("b", "packets of this host", "packets", 3.0, 1250.0)
    shown = make_interpretation(
        deviations=(
            Deviation("a", "A", "up", 9.0, 0.6, (cell,)),
            Deviation("b", "B", "down", 5.0, 0.3, (low,)),
            Deviation("c", "C", "down", 5.0, 0.1, (low,)),
        )
    )
    assert triage.drafted_reason(make_finding(interpretation=shown)) == (
        "Bytes per packet, last 1 s was 1.42 kB, closest normal 310 B "
        "(at or above 99.9 % of training events). "
        "Packets of this host was 3 packets, closest normal 1,250 packets."
    )


def test_a_drafted_reason_can_always_be_saved_and_says_when_it_proves_little(workspace):
    cell = Cell("a", "<b>\u202e\0" + "x" * 10_000, "\x1b", float("nan"), "\ud800", None, None, 0.0)
    shown = make_interpretation(
        verified=False, deviations=(Deviation("a", "A", "up", 9.0, 1.0, (cell, cell)),) * 9
    )
    draft = triage.drafted_reason(make_finding(interpretation=shown))
    assert "did not accept this reference" in draft
    judge(workspace, FIRST[0], reason=draft)
    empty = make_finding(interpretation=make_interpretation(deviations=()))
    assert "no deviation" in triage.drafted_reason(empty)


actions = st.lists(
    st.one_of(
        st.tuples(
            st.just("judge"),
            st.lists(st.integers(0, 7), min_size=1, max_size=4),
            st.sampled_from(list(VerdictLabel)),
            st.sampled_from(["x", "y"]),
            st.sampled_from(["finding", "selection", "pattern"]),
        ),
        st.tuples(st.just("undo"), st.integers(0, 20)),
    ),
    max_size=6,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(before=actions, after=actions)
def test_undo_through_the_store_restores_the_machine_for_any_sequence(workspace, before, after):
    def act(steps):
        given = []
        for kind, *values in steps:
            if kind == "undo":
                (place,) = values
                if given:
                    undone = given.pop(place % len(given))
                    triage.undo(workspace, entry_numbers=[undone], author="ana")
            else:
                numbers, label, category, scope = values
                chosen = [FINDINGS[number].id for number in numbers]
                outcome = judge(workspace, *chosen, label=label, category=category, scope=scope)
                given += outcome.numbers
        return given

    act(before)
    digest = distill.machine(workspace).digest()
    shown = {row.id: (row.status, row.verdict, row.category) for row in everything(workspace)}
    left = act(after)
    if left:
        triage.undo(workspace, entry_numbers=left, author="ana")
    assert distill.machine(workspace).digest() == digest
    assert shown == {
        row.id: (row.status, row.verdict, row.category) for row in everything(workspace)
    }
    replayed = Distiller.replay(workspace.store.log())
    assert replayed.machine.digest() == digest


def everything(workspace):
    return workspace.store.page(FindingQuery(), limit=100)


def test_triage_and_distill_never_import_torch():
    code = (
        "import sys; from deepaid_core.workflow import distill, triage; "
        "distill.describe('a:up:1'); print('torch' in sys.modules, 'numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
