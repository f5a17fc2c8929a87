"""Suppressions as time goes by: expiring, proposed, undone, contested by two analysts."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from deepaid_core.domain.distiller_settings import DistillerSettings
from deepaid_core.domain.log import NewSetting
from deepaid_core.domain.suppression import SuppressionScope
from deepaid_core.errors import NotFoundError, StaleWriteError, SuppressionRefusedError
from deepaid_core.workflow import suppress, triage
from deepaid_core.workspace import Workspace
from tests.factories import PATHS, make_finding, make_run
from tests.suppressing import (
    BENIGN,
    FALSE,
    FINDINGS,
    FIRST,
    PATTERN,
    SECOND,
    TRUE,
    copied,
    hidden,
    judge,
    judge_falsely,
    make_suppression,
    share_of_checks,
)

HOSTILE = "<script>alert(1)</script> [x](http://evil) `rm` \u202e=HYPERLINK(1)".replace(
    "\u202e", ""
)
HOSTS = tuple(sorted({finding.entity for finding in FINDINGS}))
WHOLE_TIME = (FINDINGS[0].first_time, FINDINGS[-1].last_time)


def test_states_are_told_by_time_and_by_what_happened(workspace):
    judge_falsely(workspace)
    written = suppress.suppress(workspace, make_suppression()).number

    def state(days):
        (view,) = suppress.listing(workspace, now=time.time() + days * suppress.DAY_S)
        return view.state

    assert [state(days) for days in (0, 22.9, 23.1, 29.9, 30.1)] == [
        "active",
        "active",
        "expiring",
        "expiring",
        "expired",
    ]
    outcome = judge(workspace, FIRST[9], label=TRUE, category="port-scan")
    assert (outcome.disabled, outcome.reopened) == ((written,), 6)
    assert [state(0), state(31)] == ["disabled", "disabled"]
    back = triage.undo(workspace, entry_numbers=outcome.numbers, author="ana")
    assert (back.disabled, back.reopened) == ((), 0)
    assert state(0) == "active"
    triage.undo(workspace, entry_numbers=[written], author="ana")
    assert state(31) == "undone"


def test_a_pattern_verdict_tells_what_it_brought_back(workspace):
    share_of_checks(workspace, 0)
    judge_falsely(workspace)
    number = suppress.suppress(workspace, make_suppression()).number
    extra = make_finding(100, path=PATHS[0], max_score=0.9)  # critical, so it stays in the queue
    workspace.store.add_run(make_run(1), [extra])
    outcome = triage.give_pattern_verdict(
        workspace,
        pattern_id=PATTERN,
        label=TRUE,
        category="port-scan",
        reason="",
        author="ben",
    )
    assert (outcome.findings, outcome.reopened, outcome.disabled) == (1, 7, (number,))


def test_verdicts_that_are_no_attack_bring_nothing_back(workspace):
    judge_falsely(workspace)
    suppress.suppress(workspace, make_suppression())
    outcome = judge(workspace, FIRST[9])
    assert (outcome.findings, outcome.reopened, outcome.disabled) == (1, 0, ())


def test_a_proposal_takes_basis_category_and_reason_from_the_verdicts(workspace):
    nothing = suppress.proposal(workspace, PATTERN, author="ana")
    assert (nothing.basis, nothing.category, nothing.reason) == (FALSE, "", "")
    assert not suppress.preview(workspace, nothing).allowed
    judge(workspace, FIRST[0], category="update", reason="one")
    judge(workspace, FIRST[1], category="backup-job", reason="two")
    judge(workspace, FIRST[2], category="backup-job", reason="three", author="ben")
    proposed = suppress.proposal(workspace, PATTERN, author="cleo")
    assert proposed.scope == SuppressionScope("packets", PATTERN)
    assert (proposed.category, proposed.reason) == ("backup-job", "three")
    assert (proposed.author, proposed.owner) == ("cleo", "cleo")
    left = (proposed.expires_time - time.time()) / suppress.DAY_S
    assert suppress.DEFAULT_DAYS - 1 < left <= suppress.DEFAULT_DAYS
    assert suppress.preview(workspace, proposed).allowed
    with pytest.raises(NotFoundError):
        suppress.proposal(workspace, "P-nothing", author="ana")


def test_a_burst_is_the_hosts_and_the_time_of_judged_false_positives(workspace):
    share_of_checks(workspace, 0)
    chosen = [FIRST[1], SECOND[1], FINDINGS[6].id]
    judge(workspace, *chosen, category="data-import")
    proposed = suppress.burst_proposal(workspace, chosen, author="ana", margin_s=100.0)
    assert proposed.scope == SuppressionScope(
        "packets",
        None,
        tuple(sorted(FINDINGS[number].entity for number in (4, 5, 6))),
        FINDINGS[4].first_time - 100.0,
        FINDINGS[6].last_time + 100.0,
    )
    assert (proposed.basis, proposed.category) == (FALSE, "data-import")
    assert suppress.preview(workspace, proposed).allowed
    none = suppress.burst_proposal(workspace, chosen, author="ana", margin_s=0.0)
    assert (none.scope.since, none.scope.until) == (FINDINGS[4].first_time, FINDINGS[6].last_time)


def test_a_burst_is_made_of_false_positives_of_one_detector_only(template, tmp_path):
    workspace = copied(template, tmp_path / "home")
    other = make_finding(110, detector_name="logins")
    workspace.store.add_run(make_run(1), [other])
    judge(workspace, FIRST[0], other.id)
    judge(workspace, FIRST[1], label=BENIGN)
    for chosen, words in (
        ([], "No finding was chosen"),
        ([FIRST[0], FIRST[1]], "is judged benign positive"),
        ([FIRST[0], FIRST[2]], "is judged by nobody"),
        ([FIRST[0], other.id], "of the detectors logins, packets"),
    ):
        with pytest.raises(SuppressionRefusedError, match=words):
            suppress.burst_proposal(workspace, chosen, author="ana")
    with pytest.raises(NotFoundError):
        suppress.burst_proposal(workspace, ["F-nothing"], author="ana")
    workspace.close()


def test_entries_of_all_kinds_are_undone_together_or_not_at_all(workspace):
    judge_falsely(workspace)
    number = suppress.suppress(workspace, make_suppression()).number
    workspace.store.append([NewSetting("least_verdicts", "5", "ana")])
    with pytest.raises(NotFoundError):
        triage.undo(workspace, entry_numbers=[1, number, 99], author="ana")
    assert suppress.listing(workspace)[0].state == "active"
    triage.undo(workspace, entry_numbers=[1, number, number + 1], author="ana")
    assert suppress.listing(workspace)[0].state == "undone"
    assert workspace.store.settings() == DistillerSettings()
    assert workspace.store.row(FIRST[0]).verdict is None
    with pytest.raises(StaleWriteError):
        triage.undo(workspace, entry_numbers=[number], author="ben")


@pytest.mark.parametrize("turn", range(4))
def test_one_suppresses_while_another_finds_the_attack_and_nothing_is_hidden(workspace, turn):
    judge_falsely(workspace)
    together = Barrier(2)

    def hide():
        # Each analyst has a connection of their own, as in two browsers on two servers.
        elsewhere = Workspace.open(workspace.home)
        together.wait()
        try:
            return suppress.suppress(elsewhere, make_suppression()).number
        except SuppressionRefusedError as refusal:
            return str(refusal)
        finally:
            elsewhere.close()

    def accept():
        together.wait()
        return judge(workspace, FIRST[5 + turn], label=TRUE, category="port-scan", author="ben")

    with ThreadPoolExecutor(2) as pool:
        hiding, accepting = pool.submit(hide), pool.submit(accept)
        written, verdict = hiding.result(), accepting.result()
    assert hidden(workspace) == set()
    assert workspace.store.row(FIRST[5 + turn]).verdict == TRUE
    assert [line.number for line in workspace.store.log()] == list(
        range(1, 5 + isinstance(written, int))
    )
    if isinstance(written, int):
        assert suppress.listing(workspace)[0].state == "disabled"
        assert written < verdict.numbers[0]
    else:
        # Which guard sees the verdict first depends on when it comes.
        assert "confirmed attack" in written


def test_what_is_decided_between_checking_and_writing_is_checked_again(workspace, monkeypatch):
    judge_falsely(workspace)
    append, calls = type(workspace.store).append, []
    other = make_suppression(SuppressionScope("packets", PATTERN, HOSTS[:1]))

    def after_somebody_else(store, entries, *, expected=None):
        if not calls:
            append(store, [other])
        calls.append(expected)
        return append(store, entries, expected=expected)

    monkeypatch.setattr(type(workspace.store), "append", after_somebody_else)
    outcome = suppress.suppress(workspace, make_suppression())
    assert calls == [3, 4]
    assert outcome.number == 5


def test_who_is_always_overtaken_hears_so_and_nothing_is_written(workspace, monkeypatch):
    judge_falsely(workspace)
    append = type(workspace.store).append

    def after_somebody_else(store, entries, *, expected=None):
        append(store, [NewSetting("least_verdicts", "3", "ben")])
        return append(store, entries, expected=expected)

    monkeypatch.setattr(type(workspace.store), "append", after_somebody_else)
    with pytest.raises(StaleWriteError):
        suppress.suppress(workspace, make_suppression())
    assert suppress.listing(workspace) == ()
