"""Whatever analysts decide, take back and put back, findings stand where the rules say.

The rules are written here once more, plainly and over everything, as `decisions` state them; the
store works them out step by step, only where something may have changed.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from deepaid_core.domain.distiller_settings import DistillerSettings
from deepaid_core.domain.finding import Finding, Status
from deepaid_core.domain.log import (
    Entry,
    NewLessons,
    NewRestore,
    NewSetting,
    NewUndo,
    TaughtPath,
)
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.suppression import NewSuppression, SuppressionScope
from deepaid_core.domain.verdict import NewVerdict, VerdictLabel
from deepaid_core.store import tables
from deepaid_core.store.sql import SqlStore
from tests.empty import empty_database
from tests.factories import PATHS, START, make_finding, make_run, make_suppression, make_verdict

ENTITIES = ("10.77.0.1", "10.77.0.2", "10.77.0.3")
LATER = START + 1e6
TIMES = (None, START, START + 150.0, START + 300.0)
FINDINGS = tuple(
    make_finding(
        number,
        path=PATHS[number % 3],
        detector_name="logins" if number % 5 == 4 else "packets",
        entity=ENTITIES[number % 4 % 3],
        verified=number != 6,
        max_score=0.6 if number == 3 else 0.3,
    )
    for number in range(14)
)
PATTERNS = tuple(dict.fromkeys(one.pattern_id for one in FINDINGS))
FIRST_RUN = 8
STATUS = dict.fromkeys(VerdictLabel, Status.CLOSED) | {VerdictLabel.UNDETERMINED: Status.OPEN}
Shown = tuple[Status, str | None, int | None, int | None, bool]

# An attack protects its whole pattern: with many of them nothing would ever be suppressed.
labels = st.sampled_from([*[VerdictLabel.FALSE_POSITIVE] * 4, *VerdictLabel])
rarely = st.sampled_from([True, *[False] * 4])
numbers = st.integers(0, 99)
verdicts = st.tuples(
    st.just("verdict"), labels, st.lists(numbers, min_size=1, max_size=4, unique=True)
)
suppressions = st.tuples(
    st.just("suppression"),
    st.sampled_from([None, *range(len(PATTERNS))]),
    st.one_of(st.just(set()), st.sets(st.sampled_from(ENTITIES), max_size=2)),
    st.one_of(st.just((None, None)), st.tuples(st.sampled_from(TIMES), st.sampled_from(TIMES))),
    rarely,
)
# Mostly one of the last decisions, so that what was just suppressed or judged changes again.
changes = st.tuples(
    st.sampled_from(["undo", "undo", "restore"]), st.one_of(st.integers(0, 3), numbers)
)
named_settings = st.sampled_from(
    [
        ("resurfaced_share", "0.5"),
        ("resurfaced_share", "0"),
        ("suppress_critical", "yes"),
        ("suppress_critical", "no"),
        ("least_verdicts", "2"),
    ]
).map(lambda pair: ("setting", *pair))
lessons = st.tuples(st.just("lessons"), labels, numbers)
entries = st.one_of(*[verdicts] * 3, *[suppressions] * 3, *[changes] * 3, named_settings, lessons)
writes = st.lists(entries, min_size=1, max_size=3).map(lambda found: ("write", found))
runs = st.integers(1, 3).map(lambda count: ("run", count))
histories = st.lists(st.one_of(writes, writes, writes, runs), min_size=12, max_size=24)


@dataclass
class World:
    """The rules over plain lists: what was added, what was decided, and what is in force."""

    added: dict[str, tuple[Finding, float]] = field(default_factory=dict)
    log: list[Entry] = field(default_factory=list)
    in_force: set[int] = field(default_factory=set)

    def write(self, entry: Entry) -> None:
        self.log.append(entry)
        if isinstance(entry, NewUndo):
            self.in_force.remove(entry.entry_number)
        elif isinstance(entry, NewRestore):
            self.in_force.add(entry.entry_number)
        else:
            self.in_force.add(len(self.log))

    def of_kind(self, kind: type) -> dict[int, Any]:
        pairs = ((number, self.log[number - 1]) for number in sorted(self.in_force))
        return {number: entry for number, entry in pairs if isinstance(entry, kind)}

    def settings(self) -> DistillerSettings:
        found = DistillerSettings()
        for entry in self.of_kind(NewSetting).values():
            found = found.changed(entry.name, entry.value)
        return found

    def verdicts(self) -> dict[str, tuple[int, NewVerdict]]:
        found = {}
        for number, entry in self.of_kind(NewVerdict).items():
            found |= dict.fromkeys(entry.finding_ids, (number, entry))
        return found

    def attacks(self) -> list[Finding]:
        last = self.verdicts()
        return [
            finding
            for finding, _ in self.added.values()
            if finding.id in last and last[finding.id][1].label is VerdictLabel.TRUE_POSITIVE
        ]

    def protected(self) -> set[str]:
        found = {finding.pattern_id for finding in self.attacks()}
        for entry in self.of_kind(NewLessons).values():
            for lesson in entry.lessons:
                if lesson.label is VerdictLabel.TRUE_POSITIVE:
                    found.add(make_finding(0, path=lesson.path).pattern_id)
        return found

    def disabling(self, suppression: NewSuppression) -> set[str]:
        scope = suppression.scope
        return {
            finding.id
            for finding in self.attacks()
            if (
                finding.pattern_id == scope.pattern_id
                if scope.pattern_id is not None
                else inside(finding, scope)
            )
        }

    def shown(self) -> dict[str, Shown]:
        """Every finding as the rules say."""
        settings, protected, verdicts = self.settings(), self.protected(), self.verdicts()
        enabled = {
            number: one
            for number, one in sorted(self.of_kind(NewSuppression).items())
            if not self.disabling(one)
        }
        found: dict[str, Shown] = {}
        for finding, added_time in self.added.values():
            if finding.id in verdicts:
                number, verdict = verdicts[finding.id]
                found[finding.id] = STATUS[verdict.label], verdict.label.value, number, None, False
                continue
            covering = [
                number
                for number, one in enabled.items()
                if inside(finding, one.scope)
                and finding.interpretation.diagnostics.verified
                and added_time < one.expires_time
                and (finding.ratio < 2.0 or settings.suppress_critical)
                and finding.pattern_id not in protected
            ]
            if not covering:
                found[finding.id] = Status.OPEN, None, None, None, False
                continue
            digest = hashlib.sha256(f"{covering[0]}:{finding.id}".encode()).hexdigest()
            checked = int(digest[:8], 16) / 2**32 < settings.resurfaced_share
            status = Status.OPEN if checked else Status.SUPPRESSED
            found[finding.id] = status, None, None, covering[0], checked
        return found


def inside(finding: Finding, scope: SuppressionScope) -> bool:
    return (
        finding.detector_name == scope.detector_name
        and scope.pattern_id in (None, finding.pattern_id)
        and (not scope.entities or finding.entity in scope.entities)
        and (scope.since is None or finding.first_time >= scope.since)
        and (scope.until is None or finding.last_time <= scope.until)
    )


def entry_of(step: Any, world: World) -> Entry | None:
    """The entry that a drawn step stands for in this world, or None where there is none."""
    match step:
        case ("verdict", label, chosen):
            known = [finding for finding, _ in world.added.values()]
            findings = dict.fromkeys(known[number % len(known)].id for number in chosen)
            return make_verdict(*(world.added[one][0] for one in findings), label=label)
        case ("suppression", pattern, entities, (since, until), expired):
            pattern_id = None if pattern is None else PATTERNS[pattern]
            example = next(one for one in FINDINGS if pattern_id in (None, one.pattern_id))
            return make_suppression(
                detector_name=example.detector_name,
                pattern_id=pattern_id,
                entities=tuple(sorted(entities)),
                since=since,
                until=until,
                expires_time=LATER + (1.5 if expired else 1000.0),
            )
        case ("setting", name, value):
            return NewSetting(name, value, "ana")
        case ("lessons", label, number):
            finding = FINDINGS[number % len(FINDINGS)]
            lesson = TaughtPath("packets", label, "port-scan", finding.path, 1)
            return NewLessons((lesson,), "lessons.json", "9d" * 32, "ana")
        case (change, number):
            decided = [
                at
                for at, entry in enumerate(world.log, 1)
                if not isinstance(entry, NewUndo | NewRestore)
                and (at in world.in_force) == (change == "undo")
            ]
            if not decided:
                return None
            target = decided[-1 - number % len(decided)]
            return (NewUndo if change == "undo" else NewRestore)(target, "ben")
    raise AssertionError(step)


class Moved:
    """A clock that a test sets: each run comes a second after the one before."""

    now = LATER

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SqlStore, Moved]]:
    """One store for all examples: statements are only compiled once."""
    clock = Moved()
    store = SqlStore(
        empty_database(tmp_path_factory.mktemp("suppressions") / "findings.db"), clock=clock
    )
    yield store, clock
    store.close()


def emptied(used: tuple[SqlStore, Moved]) -> tuple[SqlStore, World, Moved]:
    """The store with the first findings and nothing else."""
    store, clock = used
    with store._database.writing() as connection:
        connection.execute(update(tables.decisions).values(undone_by=None))
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(delete(table))
    clock.now = LATER
    world = World()
    add(store, world, clock, FIRST_RUN)
    return store, world, clock


def add(store: SqlStore, world: World, clock: Moved, count: int) -> None:
    clock.now += 1.0
    new = FINDINGS[len(world.added) :][:count]
    if new:
        store.add_run(make_run(len(world.added)), new)
        world.added |= {finding.id: (finding, clock.now) for finding in new}


def play(store: SqlStore, world: World, clock: Moved, step: Any) -> None:
    """Let one step of a history happen, in the store and in the world."""
    kind, what = step
    if kind == "run":
        add(store, world, clock, what)
        return
    written = []
    for part in what:
        entry = entry_of(part, world)
        if entry is not None:
            world.write(entry)
            written.append(entry)
    store.append(written)


def seen(store: SqlStore) -> dict[str, Shown]:
    return {
        row.id: (
            row.status,
            row.verdict,
            row.verdict_number,
            row.suppression_number,
            row.resurfaced,
        )
        for row in store.page(FindingQuery(), limit=1000)
    }


def check(store: SqlStore, world: World) -> None:
    shown = seen(store)
    assert shown == world.shown()
    assert store.protected() == world.protected()
    assert store.settings() == world.settings()
    attacks = world.attacks()
    guarded = world.protected() | {finding.pattern_id for finding in attacks}
    for finding, _ in world.added.values():
        if finding in attacks or finding.pattern_id in guarded:
            assert shown[finding.id][0] is not Status.SUPPRESSED
            assert shown[finding.id][3] is None
    listed = store.suppressions(in_force=True)
    assert {one.number: one.decision for one in listed} == world.of_kind(NewSuppression)
    for one in listed:
        under = [
            finding for finding, _ in world.added.values() if shown[finding.id][3] == one.number
        ]
        checked = [finding for finding in under if shown[finding.id][4]]
        assert (one.hits, one.resurfaced) == (len(under), len(checked))
        assert one.last_hit == max((finding.last_time for finding in under), default=None)
        if one.disabled_by is None:
            assert not any(inside(finding, one.decision.scope) for finding in attacks)
            assert not world.disabling(one.decision)
        else:
            assert one.disabled_by in world.disabling(one.decision)
            assert one.hits == 0


def brisk(count: int) -> settings:
    return settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))


def play_and_check(used: Any, history: Any) -> None:
    store, world, clock = emptied(used)
    for step in history:
        play(store, world, clock, step)
        check(store, world)


@brisk(20)
@given(history=histories)
def test_findings_stand_where_the_rules_say_after_every_step(used: Any, history: Any) -> None:
    play_and_check(used, history)


@pytest.mark.slow
@brisk(200)
@given(history=histories)
def test_findings_stand_where_the_rules_say_in_many_histories(used: Any, history: Any) -> None:
    play_and_check(used, history)


@brisk(12)
@given(history=histories, last=entries)
def test_an_undo_restores_everything_exactly(used: Any, history: Any, last: Any) -> None:
    store, world, clock = emptied(used)
    for step in history:
        play(store, world, clock, step)
    entry = entry_of(last, world)
    if entry is None:
        return
    before = seen(store), store.protected(), store.settings()
    (line,) = store.append([entry])
    back: Entry = NewUndo(line.number, "ana")
    if isinstance(entry, NewUndo):
        back = NewRestore(entry.entry_number, "ana")
    elif isinstance(entry, NewRestore):
        back = NewUndo(entry.entry_number, "ana")
    store.append([back])
    assert (seen(store), store.protected(), store.settings()) == before


@brisk(8)
@given(history=histories)
def test_undoing_all_leaves_all_open(used: Any, history: Any) -> None:
    store, world, clock = emptied(used)
    for step in history:
        play(store, world, clock, step)
    store.append([NewUndo(number, "ana") for number in sorted(world.in_force)])
    assert set(seen(store).values()) == {(Status.OPEN, None, None, None, False)}
    assert store.suppressions(in_force=True) == ()
    assert store.protected() == frozenset()
