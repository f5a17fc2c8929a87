"""Any log, any version: the machine and the findings come back exactly as they were."""

import tempfile
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from deepaid_core.distiller.distiller import Distiller
from deepaid_core.domain.distiller_settings import settings_after
from deepaid_core.domain.log import (
    NewLessons,
    NewRestore,
    NewSetting,
    NewUndo,
    TaughtPath,
)
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.suppression import NewSuppression
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import ChangeRefusedError
from deepaid_core.store.sql import SqlStore
from deepaid_core.workflow import distill, versions, what_if
from deepaid_core.workspace import Workspace
from tests.factories import PATHS, make_finding, make_run, make_suppression, make_verdict

# A first pattern twice as often, few entities: most entries meet.
FINDINGS = [
    make_finding(number, path=PATHS[(0, 0, 1, 2)[number % 4]], entity=f"10.0.0.{number % 3}")
    for number in range(16)
]
SETTINGS = [
    ("resurfaced_share", "0.5"),
    ("resurfaced_share", "0"),
    ("suppress_critical", "yes"),
    ("suppress_critical", "no"),
    ("reading", "paper"),
    ("least_verdicts", "1"),
]
LESSONS = [
    (TaughtPath("packets", VerdictLabel.TRUE_POSITIVE, "port-scan", PATHS[0], 2),),
    (
        TaughtPath("packets", VerdictLabel.FALSE_POSITIVE, "backup-job", PATHS[0], 3),
        TaughtPath("packets", VerdictLabel.TRUE_POSITIVE, "malware", PATHS[1], 1),
    ),
]
LAST_RUN = 2_000.0  # half of the findings come before this, half with it

brisk = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
thorough = settings(brisk, max_examples=80)
numbers = st.integers(0, 1_000)
verdict = st.tuples(
    st.just("verdict"), numbers, st.integers(1, 4), st.sampled_from(VerdictLabel), st.booleans()
)
suppression = st.tuples(st.just("suppression"), numbers, st.integers(0, 3), st.booleans())
toggle = st.tuples(st.just("toggle"), numbers)
setting = st.tuples(st.just("setting"), st.integers(0, len(SETTINGS) - 1))
lessons = st.tuples(st.just("import"), st.integers(0, len(LESSONS) - 1))
steps = st.lists(
    st.one_of(verdict, suppression, suppression, toggle, toggle, setting, lessons),
    min_size=2,
    max_size=14,
)


@lru_cache(maxsize=1)
def filled():
    """A database with the findings; made once, since making tables takes longest."""
    with tempfile.TemporaryDirectory() as folder:
        now = [1_000.0]
        store = SqlStore(Path(folder) / "deepaid.db", clock=lambda: now[0])
        store.add_run(make_run(), FINDINGS[::2])
        now[0] = LAST_RUN
        store.add_run(make_run(1), FINDINGS[1::2])
        store.close()
        return (Path(folder) / "deepaid.db").read_bytes()


@contextmanager
def workspace():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deepaid.db"
        path.write_bytes(filled())
        store = SqlStore(path, clock=lambda: LAST_RUN)
        try:
            yield Workspace(Path(folder), store)
        finally:
            store.close()


def decisions_of(log):
    return [line for line in log if not isinstance(line.entry, NewUndo | NewRestore)]


def in_force(log):
    """Numbers of the decisions in force, found out the slow way."""
    held = set()
    for line in log:
        if isinstance(line.entry, NewUndo):
            held.discard(line.entry.entry_number)
        elif isinstance(line.entry, NewRestore):
            held.add(line.entry.entry_number)
        else:
            held.add(line.number)
    return held


def entry_of(step, log):
    kind, *rest = step
    if kind == "verdict":
        at, width, label, other = rest
        first = FINDINGS[at % len(FINDINGS)]
        same = [one for one in FINDINGS if one.pattern_id == first.pattern_id]
        chosen = [first, *(one for one in same[:width] if one is not first)]
        category = "other" if other else "backup-job"
        return make_verdict(*chosen, label=label, category=category, path=first.path)
    if kind == "suppression":
        at, shape, expired = rest
        one = FINDINGS[at % len(FINDINGS)]
        scope = {
            0: {},
            1: {"entities": (one.entity,)},
            2: {"pattern_id": None},
            3: {"pattern_id": None, "since": one.first_time, "until": one.last_time + 300.0},
        }[shape]
        expires = LAST_RUN - 500.0 if expired else LAST_RUN + 500.0
        return make_suppression(one, expires_time=expires, **scope)
    if kind == "setting":
        return NewSetting(*SETTINGS[rest[0]], "ana")
    if kind == "import":
        return NewLessons(LESSONS[rest[0]], "theirs.json", f"{rest[0]:064x}", "ana")
    known = decisions_of(log)
    if not known:
        return NewSetting(*SETTINGS[0], "ana")
    target = known[rest[0] % len(known)].number
    if target in in_force(log):
        return NewUndo(target, "ana")
    return NewRestore(target, "ana")


def write(opened, history):
    for step in history:
        opened.store.append([entry_of(step, opened.store.log())])


def shown(opened):
    """All that the store says of findings and suppressions."""
    rows = opened.store.page(FindingQuery(sort="oldest"), limit=100)
    held = [replace(one, last_hit=None) for one in opened.store.suppressions(in_force=True)]
    return rows, held, opened.store.settings(), opened.store.protected()


def snapshots(opened, history):
    """What is shown after each entry, and before the first."""
    found = [(shown(opened), Distiller().machine.digest())]
    for step in history:
        opened.store.append([entry_of(step, opened.store.log())])
        found.append((shown(opened), Distiller.replay(opened.store.log()).machine.digest()))
    return found


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
@given(steps, st.sets(numbers, max_size=4), st.sampled_from([None, *SETTINGS]))
def test_what_if_tells_what_then_happens_and_writes_nothing(history, left_out, change):
    with workspace() as opened:
        write(opened, history)
        log = opened.store.log()
        without = sorted({one % len(log) + 1 for one in left_out})
        now = opened.store.settings()
        hypothetical = now.changed(*change) if change else None
        before = shown(opened)
        found = what_if.what_if(opened, without=without, settings=hypothetical)
        assert shown(opened) == before
        assert opened.store.log() == log

        kept = [line for line in log if line.number not in without]
        wanted = in_force_after(kept)
        held = in_force(log)
        entries = [NewUndo(number, "ana") for number in held - wanted]
        entries += [NewRestore(number, "ana") for number in wanted - held]
        if hypothetical:
            entries += [NewSetting(*one, "ana") for one in hypothetical.texts().items()]
        opened.store.append(entries)
        after = shown(opened)
        was, became = ({row.id: row for row in rows} for rows in (before[0], after[0]))
        hidden_before = {key for key, row in was.items() if row.status == "suppressed"}
        hidden_after = {key for key, row in became.items() if row.status == "suppressed"}
        assert found.newly_suppressed == len(hidden_after - hidden_before)
        back = {key for key in hidden_before - hidden_after if became[key].status == "open"}
        assert found.reopened == len(back)
        attacks = {key for key, row in was.items() if row.verdict == "true positive"}
        assert found.attacks == len(attacks)
        assert set(found.attacks_silenced) == attacks & hidden_after
        assert found.differing == differing(opened, was, Distiller.replay(log), kept, hypothetical)


def in_force_after(kept):
    """Decisions in force in a log from which lines are missing; what they refer to may be too."""
    held, known = set(), {line.number for line in decisions_of(kept)}
    for line in kept:
        if isinstance(line.entry, NewUndo):
            held.discard(line.entry.entry_number)
        elif isinstance(line.entry, NewRestore):
            held |= {line.entry.entry_number} & known
        else:
            held.add(line.number)
    return held


def differing(opened, rows, before, kept, hypothetical):
    after = Distiller.replay(kept)
    reading = (hypothetical or after.settings).reading
    count = 0
    for row in rows.values():
        if row.status == "open":
            old = before.suggest(row.detector_name, row.path)
            new = after.suggest(row.detector_name, row.path, reading=reading)
            count += (old.label, old.category) != (new.label, new.category)
    return count


@brisk
@given(steps, numbers, numbers)
def test_comparing_versions_tells_all_that_differs_and_backwards_the_opposite(history, one, other):
    with workspace() as opened:
        write(opened, history)
        log = opened.store.log()
        first, second = one % (len(log) + 1), other % (len(log) + 1)
        there = versions.compare(opened, first, second)
        back = versions.compare(opened, second, first)
        old, new = (Distiller.replay(log[:number]).machine for number in (first, second))
        counted = counts(old)
        for change in there.transitions:
            key = (change.detector_name, change.label, change.category, change.source)
            assert counted.pop((*key, change.target), 0) == change.before != change.after
            counted[(*key, change.target)] = change.after
        assert {key: count for key, count in counted.items() if count} == counts(new)
        assert [(c.before, c.after) for c in there.transitions] == [
            (c.after, c.before) for c in back.transitions
        ]
        held = [
            {n for n in in_force(log[:number]) if isinstance(log[n - 1].entry, NewSuppression)}
            for number in (first, second)
        ]
        assert set(there.suppressions_added) == held[1] - held[0] == set(back.suppressions_removed)
        assert set(there.suppressions_removed) == held[0] - held[1]
        texts = [
            settings_after(
                log[n - 1].entry
                for n in sorted(in_force(log[:number]))
                if isinstance(log[n - 1].entry, NewSetting)
            ).texts()
            for number in (first, second)
        ]
        changed = {name for name in texts[0] if texts[0][name] != texts[1][name]}
        assert {name for name, _, _ in there.settings} == changed
        assert all((texts[0][n], texts[1][n]) == (b, a) for n, b, a in there.settings)
        assert there.differing == back.differing >= sum(f.open_findings for f in there.findings)


def counts(machine):
    return {
        (detector_name, outcome.label, outcome.category, *step): count
        for (detector_name, outcome), chain in machine.chains.items()
        for step, count in chain.steps.items()
    }


@brisk
@given(steps, st.integers(1, 5))
def test_the_history_can_be_paged_and_says_what_is_in_force(history, limit):
    with workspace() as opened:
        write(opened, history)
        log = opened.store.log()
        rows, before = [], None
        while page := versions.history(opened, limit=limit, before=before):
            rows += page
            before = page[-1].number
        assert [row.number for row in rows] == [line.number for line in reversed(log)]
        held = in_force(log)
        for row in rows:
            line = log[row.number - 1]
            assert (row.author, row.reason, row.time) == (
                line.entry.author,
                line.entry.reason,
                line.time,
            )
            assert row.in_force is (row.undone_by is None)
            if not isinstance(line.entry, NewUndo | NewRestore):
                assert row.in_force is (row.number in held)
            assert row.title.isprintable()


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
