"""Whatever analysts do in whatever order, no confirmed attack is ever suppressed."""

import contextlib
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepaid_core.domain.finding import Status
from deepaid_core.domain.log import NewLessons, NewSetting, TaughtPath
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.suppression import SuppressionScope
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import StaleWriteError, SuppressionRefusedError
from deepaid_core.workflow import suppress, triage
from deepaid_core.workflow.scopes import silences
from tests.factories import PATHS, make_finding, make_run
from tests.suppressing import TRUE, copied, make_suppression, make_template

# Eight findings are there from the start; runs bring more, of the same patterns and hosts.
HOSTS = ("10.0.0.1", "10.0.0.2", "10.0.0.3")


def finding(number: int):
    return make_finding(
        number,
        path=PATHS[number % 3],
        entity=HOSTS[number % len(HOSTS)],
        max_score=0.6 if number % 7 == 6 else 0.3,
        verified=number % 5 != 4,
    )


START = [finding(number) for number in range(8)]
PATTERNS = sorted({one.pattern_id for one in START})
NUMBERS = st.lists(st.integers(0, 15), min_size=1, max_size=3)
TIMES = st.none() | st.integers(0, 15)
STEPS = st.one_of(
    st.tuples(st.just("judge"), NUMBERS, st.sampled_from(list(VerdictLabel)), st.just("finding")),
    st.tuples(st.just("judge"), NUMBERS, st.sampled_from(list(VerdictLabel)), st.just("pattern")),
    # Most verdicts are false positives, or suppressions would hardly ever be allowed.
    st.tuples(st.just("judge"), NUMBERS, st.just(VerdictLabel.FALSE_POSITIVE), st.just("finding")),
    st.tuples(
        st.just("suppress"),
        st.none() | st.sampled_from(PATTERNS),
        st.sets(st.sampled_from(HOSTS)),
        TIMES,
        TIMES,
        st.sampled_from([VerdictLabel.FALSE_POSITIVE, VerdictLabel.BENIGN_POSITIVE]),
    ),
    st.tuples(st.just("propose"), st.sampled_from(PATTERNS)),
    # One pattern or burst is called false, found to be an attack and suppressed, in any order.
    st.tuples(
        st.just("contest"),
        st.integers(0, 7),
        st.integers(0, 7),
        st.permutations(["false", "true", "propose", "burst"]),
    ),
    st.tuples(st.just("burst"), NUMBERS),
    st.tuples(st.just("undo"), st.integers(0, 40)),
    st.tuples(st.just("run"), NUMBERS),
    st.tuples(st.just("import"), st.sampled_from(PATHS)),
    st.tuples(
        st.just("set"),
        st.sampled_from(
            [("least_verdicts", "1"), ("suppress_critical", "yes"), ("resurfaced_share", "0.5")]
        ),
    ),
)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return make_template(tmp_path_factory.mktemp("template") / "home", START)


class Analysts:
    """Steps of the workflow on one workspace; what is refused changes nothing."""

    def __init__(self, workspace) -> None:
        self.workspace = workspace
        self.present = {one.id for one in START}
        self.written: list[int] = []
        self.allowed = 0

    def take(self, step) -> None:
        kind, *values = step
        getattr(self, f"_{kind}")(*values)

    def _judge(self, numbers, label, scope):
        chosen = [finding(number).id for number in numbers]
        chosen = [one for one in chosen if one in self.present]
        if chosen:
            outcome = triage.give_verdict(
                self.workspace,
                finding_ids=chosen,
                label=label,
                category="x",
                reason="r",
                author="ana",
                scope=scope,
            )
            self.written += outcome.numbers

    def _suppress(self, pattern_id, hosts, since, until, basis):
        times = [None if one is None else finding(one).first_time for one in (since, until)]
        scope = SuppressionScope("packets", pattern_id, tuple(hosts), *times)
        self._write(make_suppression(scope, basis=basis))

    def _propose(self, pattern_id):
        proposed = suppress.proposal(self.workspace, pattern_id, author="ana")
        self._write(replace(proposed, reason="r", category="x"))

    def _contest(self, number, other, order):
        pattern_id = finding(number).pattern_id
        steps = {
            "false": ("judge", [number], VerdictLabel.FALSE_POSITIVE, "finding"),
            "true": ("judge", [other], TRUE, "finding"),
            "propose": ("propose", pattern_id),
            "burst": ("burst", [number]),
        }
        for name in order:
            self.take(steps[name])

    def _burst(self, numbers):
        chosen = [finding(number).id for number in numbers]
        chosen = [one for one in chosen if one in self.present]
        with contextlib.suppress(SuppressionRefusedError):  # not all were judged false positives
            self._write(suppress.burst_proposal(self.workspace, chosen, author="ana", margin_s=500))

    def _write(self, decision):
        before = self.workspace.store.version()
        seen = suppress.preview(self.workspace, decision)
        try:
            outcome = suppress.suppress(self.workspace, decision)
        except SuppressionRefusedError:
            assert not seen.allowed
            assert self.workspace.store.version() == before
            return
        assert seen.allowed
        # The preview said exactly what was going to happen.
        assert (outcome.suppressed, outcome.resurfaced) == (
            seen.covered - seen.resurfaced,
            seen.resurfaced,
        )
        assert suppress.listing(self.workspace)[0].state == "active"
        self.written.append(outcome.number)
        self.allowed += 1

    def _undo(self, place):
        if self.written:
            number = self.written[place % len(self.written)]
            try:
                triage.undo(self.workspace, entry_numbers=[number], author="ben")
            except StaleWriteError:
                self.written.remove(number)  # it was taken back before

    def _run(self, numbers):
        found = [finding(number) for number in numbers]
        self.workspace.store.add_run(make_run(len(self.present)), found)
        self.present |= {one.id for one in found}

    def _import(self, path):
        lessons = (TaughtPath("packets", TRUE, "port-scan", path, 1),)
        (line,) = self.workspace.store.append([NewLessons(lessons, "x.json", "0" * 64, "ana")])
        self.written.append(line.number)

    def _set(self, setting):
        (line,) = self.workspace.store.append([NewSetting(*setting, "ana")])
        self.written.append(line.number)


def check_that_no_attack_is_hidden(workspace) -> None:
    store = workspace.store
    rows = store.page(FindingQuery(), limit=100)
    attacks = [row for row in rows if row.verdict == TRUE]
    protected = {row.pattern_id for row in attacks} | store.protected()
    for row in rows:
        if row.status is Status.SUPPRESSED:
            assert row.verdict is None
            assert row.verified
            assert row.pattern_id not in protected
            assert row.suppression_number is not None
    settings_now = replace(store.settings(), suppress_critical=True)
    for view in suppress.listing(workspace):
        one = view.suppression
        if view.state in ("disabled", "undone"):
            assert one.hits == 0
            continue
        for attack in attacks:
            assert not silences(one.decision, replace(attack, verified=True), settings_now)
            assert attack.pattern_id != one.decision.scope.pattern_id
        assert one.decision.expires_time > time.time()


def play(template, steps) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = copied(template, Path(folder) / "home")
        analysts = Analysts(workspace)
        try:
            # Half of the stories start where a suppression is allowed.
            if len(steps) % 2:
                analysts.take(("judge", [0, 3, 6], VerdictLabel.FALSE_POSITIVE, "finding"))
                analysts.take(("propose", START[0].pattern_id))
                assert analysts.allowed == 1
            if len(steps) % 3:  # one false positive is enough, so more suppressions are allowed
                analysts.take(("set", ("least_verdicts", "1")))
            for step in steps:
                analysts.take(step)
                check_that_no_attack_is_hidden(workspace)
        finally:
            workspace.close()


any_story = given(steps=st.lists(STEPS, min_size=3, max_size=12))
unhurried = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@settings(unhurried, max_examples=8)
@any_story
def test_no_short_story_ends_with_a_suppression_over_an_attack(template, steps):
    play(template, steps)


@pytest.mark.slow
@settings(unhurried, max_examples=80)
@any_story
def test_no_sequence_of_steps_ends_with_a_suppression_over_an_attack(template, steps):
    play(template, steps)
