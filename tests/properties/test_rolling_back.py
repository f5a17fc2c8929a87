"""Any log, any version: the machine and the findings come back exactly as they were."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from deepaid_core.distiller.distiller import Distiller
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import ChangeRefusedError
from deepaid_core.workflow import distill, versions
from tests.factories import PATHS
from tests.random_logs import (
    FINDINGS,
    brisk,
    numbers,
    shown,
    snapshots,
    steps,
    thorough,
    workspace,
    write,
)


def roll_back_and_look(history, at):
    with workspace() as opened:
        seen = snapshots(opened, history)
        to = at % len(history)
        before = len(opened.store.log())
        try:
            preview = versions.roll_back_preview(opened, to)
        except ChangeRefusedError:
            # Undone meanwhile, entry by entry: then nothing differs from the version.
            assert shown(opened) == seen[to][0]
            return
        assert shown(opened) == seen[-1][0]
        assert len(opened.store.log()) == before
        done = versions.roll_back(opened, to=to, author="ana", reason="Back.")
        assert (shown(opened), distill.machine(opened).digest()) == seen[to]
        assert len(done.numbers) == done.undone + done.restored
        assert (done.undone, done.restored) == (len(preview.undone), len(preview.restored))
        assert done.protected_lost == preview.protected_lost
        assert set(done.protected_lost) == seen[-1][0][3] - seen[to][0][3]
        # And the way back again is as exact.
        versions.roll_back(opened, to=before, author="ana", reason="Forth.")
        assert (shown(opened), distill.machine(opened).digest()) == seen[-1]


@brisk
@given(steps, numbers)
def test_rolling_back_shows_exactly_what_was_shown_then(history, at):
    roll_back_and_look(history, at)


@pytest.mark.slow
@thorough
@given(steps, numbers)
def test_rolling_back_shows_exactly_what_was_shown_in_many_histories(history, at):
    roll_back_and_look(history, at)


@brisk
@given(steps, st.lists(numbers, min_size=1, max_size=8))
def test_every_version_is_the_one_that_replaying_the_log_gives(history, asked):
    with workspace() as opened:
        write(opened, history)
        log = opened.store.log()
        for number in (one % (len(log) + 1) for one in asked):
            found = distill.distiller(opened, number)
            anew = Distiller.replay(log[:number])
            assert found == anew
            assert found.machine.number == number
            assert found.machine.digest() == anew.machine.digest()
            for path in PATHS:
                assert found.suggest("packets", path) == anew.suggest("packets", path)
        assert versions.replayed(opened).same


@brisk
@given(steps, steps, st.lists(numbers, min_size=1, max_size=4))
def test_versions_that_are_kept_stay_true_while_the_log_goes_on(first, then, asked):
    with workspace() as opened:
        write(opened, first)
        for number in asked:
            distill.distiller(opened, number % (len(first) + 1))
        write(opened, then)
        log = opened.store.log()
        for number in (one % (len(log) + 1) for one in asked):
            assert distill.distiller(opened, number) == Distiller.replay(log[:number])


@brisk
@given(steps)
def test_no_version_that_one_rolls_back_to_hides_a_confirmed_attack(history):
    assume(any(step[0] == "suppression" for step in history))
    with workspace() as opened:
        write(opened, history)
        for to in range(0, len(history), 4):
            try:
                versions.roll_back(opened, to=to, author="ana", reason="")
            except ChangeRefusedError:
                continue
            rows = opened.store.page(FindingQuery(status=None), limit=100)
            guarded = opened.store.protected()
            for row in rows:
                if row.verdict == "true positive":
                    assert row.status == "closed"
                    assert row.suppression_number is None
                if row.pattern_id in guarded:
                    assert row.suppression_number is None


def test_the_steps_above_reach_suppressed_findings_and_attacks():
    """The properties would say little if hardly any log had either."""
    with workspace() as opened:
        write(opened, [("suppression", 0, 0, False), ("suppression", 2, 0, True)])
        assert opened.store.count(FindingQuery(suppression=1)) > 0
        expired = opened.store.count(FindingQuery(suppression=2))
        assert 0 < expired < opened.store.count(FindingQuery(pattern_id=FINDINGS[2].pattern_id))
        write(opened, [("verdict", 0, 1, VerdictLabel.TRUE_POSITIVE, False)])
        assert opened.store.count(FindingQuery(suppression=1)) == 0
        preview = versions.roll_back_preview(opened, 2)
        assert preview.protected_lost == (FINDINGS[0].pattern_id,)
        assert preview.newly_suppressed > 0
        assert preview.attacks_silenced in [(FINDINGS[0].id,), ()]
    with workspace() as opened, pytest.raises(ChangeRefusedError, match="nothing to roll back"):
        versions.roll_back(opened, to=0, author="ana", reason="")
