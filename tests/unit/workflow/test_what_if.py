"""What would be different, on small logs with known answers; nothing of it is kept."""

import pytest

from deepaid_core.domain.distiller_settings import DistillerSettings
from deepaid_core.domain.finding import Status
from deepaid_core.domain.log import NewLessons, NewRestore, NewUndo, TaughtPath
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import ChangeRefusedError, NotFoundError, StaleWriteError
from deepaid_core.workflow import distill
from deepaid_core.workflow.what_if import WhatIf, outlook, refuse_silencing, what_if
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import PATHS, make_finding, make_run, make_suppression, make_verdict

TRUE = VerdictLabel.TRUE_POSITIVE
# The first six are of one pattern and not critical, the seventh is critical, the rest of another.
FINDINGS = [
    *(make_finding(number, path=PATHS[0], max_score=0.3) for number in range(6)),
    make_finding(6, path=PATHS[0], max_score=0.8),
    *(make_finding(number, path=PATHS[1], max_score=0.3) for number in range(7, 10)),
]
FIRST, SECOND = FINDINGS[:7], FINDINGS[7:]
ALL_HIDDEN = DistillerSettings(resurfaced_share=0.0)


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


def test_nothing_else_would_be_different_where_nothing_is_changed(workspace):
    write(workspace, make_verdict(FIRST[0], label=TRUE, category="port-scan"))
    assert what_if(workspace) == WhatIf((), 0, 0, 0, 1, ())
    assert what_if(workspace, settings=DistillerSettings()) == WhatIf((), 0, 0, 0, 1, ())


def test_without_a_verdict_findings_read_as_unknown_again(workspace):
    write(workspace, make_verdict(FIRST[0]), make_verdict(SECOND[0]))
    found = what_if(workspace, without=[1])
    (one,) = found.findings
    assert (one.pattern_id, one.path) == (FIRST[0].pattern_id, FIRST[0].path)
    assert one.open_findings == found.differing == len(FIRST) - 1
    assert (one.before.category, one.after.category) == ("backup-job", None)
    assert distill.suggestion_for_path(workspace, "packets", FIRST[0].path).known


def test_without_a_suppression_its_findings_come_back(workspace):
    write(workspace, make_suppression(FIRST[0]))
    hidden = suppressed(workspace)
    assert what_if(workspace, without=[1]).reopened == len(hidden) > 0
    assert suppressed(workspace) == hidden
    assert len(workspace.store.log()) == 1


def test_without_an_undo_what_it_took_back_holds(workspace):
    write(workspace, make_suppression(FIRST[0]), NewUndo(1, "ana"))
    found = what_if(workspace, without=[2], settings=ALL_HIDDEN)
    assert (found.newly_suppressed, found.reopened) == (6, 0)
    assert what_if(workspace, without=[1, 2]).newly_suppressed == 0


def test_without_a_restore_what_it_put_back_is_taken_back(workspace):
    write(workspace, make_suppression(FIRST[0]), NewUndo(1, "ana"), NewRestore(1, "ana"))
    hidden = suppressed(workspace)
    assert what_if(workspace, without=[3]).reopened == len(hidden) > 0
    assert what_if(workspace, without=[2, 3]).reopened == 0
    assert suppressed(workspace) == hidden


def test_other_settings_suppress_more_or_less(workspace):
    write(workspace, make_suppression(FIRST[0]))
    resurfaced = workspace.store.count(FindingQuery(resurfaced=True))
    everything = DistillerSettings(resurfaced_share=0.0, suppress_critical=True)
    assert what_if(workspace, settings=everything).newly_suppressed == 1 + resurfaced
    checked = what_if(workspace, settings=DistillerSettings(resurfaced_share=1.0))
    assert checked.reopened == len(suppressed(workspace))


def test_all_confirmed_attacks_are_replayed_and_none_is_hidden_by_settings(workspace):
    write(
        workspace,
        make_suppression(FIRST[0], pattern_id=None),
        make_verdict(*FIRST[:3], label=TRUE, category="port-scan"),
        make_verdict(SECOND[0], label=TRUE, category="malware"),
    )
    for settings in (ALL_HIDDEN, DistillerSettings(suppress_critical=True)):
        found = what_if(workspace, settings=settings)
        assert found.attacks == 4
        assert found.attacks_silenced == ()


def test_without_the_verdict_that_protects_an_attack_it_would_be_named_as_silenced(workspace):
    write(
        workspace,
        make_suppression(FIRST[0]),
        make_verdict(FIRST[0], label=TRUE, category="port-scan"),
    )
    found = what_if(workspace, without=[2], settings=ALL_HIDDEN)
    assert found.attacks == 1
    assert found.attacks_silenced == (FIRST[0].id,)
    assert found.newly_suppressed == 6
    assert suppressed(workspace) == set()


def test_an_outlook_names_patterns_that_would_gain_or_lose_protection(workspace):
    write(workspace, make_suppression(FIRST[0]), make_verdict(SECOND[0], label=TRUE, category="x"))
    hidden = suppressed(workspace)
    taught = NewLessons(
        (TaughtPath("packets", TRUE, "port-scan", PATHS[0], 1),), "theirs.json", "0" * 64, "ana"
    )
    found = outlook(workspace, [taught, NewUndo(2, "ana")], expected=2)
    assert found.trial.protected == (FIRST[0].pattern_id,)
    assert found.trial.unprotected == (SECOND[0].pattern_id,)
    assert set(found.trial.reopened) == hidden
    assert found.distiller.suggest("packets", PATHS[0]).category == "port-scan"
    assert not distill.suggestion_for_path(workspace, "packets", PATHS[0]).known
    assert suppressed(workspace) == hidden


def test_an_outlook_on_a_log_that_went_on_is_refused(workspace):
    write(workspace, make_verdict(FIRST[0]))
    with pytest.raises(StaleWriteError):
        outlook(workspace, [make_verdict(FIRST[1])], expected=0)


def test_a_change_that_would_hide_an_attack_is_refused_by_name(workspace):
    write(
        workspace,
        make_suppression(FIRST[0]),
        make_verdict(FIRST[0], label=TRUE, category="port-scan"),
    )
    trial = workspace.store.trial([NewUndo(2, "ana")], expected=2)
    if not trial.silenced:  # it is among those that are re-surfaced
        pytest.fail(f"{FIRST[0].id} is re-surfaced; choose another finding for this test.")
    with pytest.raises(ChangeRefusedError, match=f"hide 1 of 1 confirmed .*{FIRST[0].id}"):
        refuse_silencing(trial)
    refuse_silencing(workspace.store.trial([], expected=2))


@pytest.mark.parametrize("number", [0, 2, -1])
def test_an_entry_that_never_was_cannot_be_left_out(workspace, number):
    write(workspace, make_verdict(FIRST[0]))
    with pytest.raises(NotFoundError, match=f"no entry {number}; the log ends with entry 1"):
        what_if(workspace, without=[number])
