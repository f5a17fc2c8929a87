"""Whatever analysts decide, take back and put back, findings stand where the rules say.

The rules are written here once more, plainly and over everything, as `decisions` state them; the
store works them out step by step, only where something may have changed.
"""

import hashlib
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
from deepaid_core.store.sql import SqlStore
from tests.factories import PATHS, START, make_finding, make_run, make_suppression, make_verdict

ENTITIES = ("10.77.0.1", "10.77.0.2", "10.77.0.3")
DETECTORS = ("packets", "packets", "packets", "logins")
LATER = START + 1e6
TIMES = (None, START, START + 150.0, START + 300.0)
FINDINGS = tuple(
    make_finding(
        number,
        path=PATHS[number % 2],
        detector_name=DETECTORS[number % 4],
        entity=ENTITIES[number % 3],
        verified=number % 7 != 6,
        max_score=0.6 if number % 5 == 4 else 0.3,
    )
    for number in range(14)
)
PATTERNS = tuple(dict.fromkeys(one.pattern_id for one in FINDINGS))
FIRST_RUN = 8
STATUS = dict.fromkeys(VerdictLabel, Status.CLOSED) | {VerdictLabel.UNDETERMINED: Status.OPEN}
Shown = tuple[Status, str | None, int | None, int | None, bool]

labels = st.sampled_from([VerdictLabel.FALSE_POSITIVE, VerdictLabel.TRUE_POSITIVE, *VerdictLabel])
numbers = st.integers(0, 99)
verdicts = st.tuples(
    st.just("verdict"), labels, st.lists(numbers, min_size=1, max_size=4, unique=True)
)
suppressions = st.tuples(
    st.just("suppression"),
    st.sampled_from([None, *range(len(PATTERNS))]),
    st.sets(st.sampled_from(ENTITIES), max_size=2),
    st.tuples(st.sampled_from(TIMES), st.sampled_from(TIMES)),
    st.booleans(),
)
changes = st.tuples(st.sampled_from(["undo", "restore"]), numbers)
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
entries = st.one_of(verdicts, suppressions, suppressions, changes, changes, named_settings, lessons)
writes = st.lists(entries, min_size=1, max_size=3).map(lambda found: ("write", found))
runs = st.integers(1, 3).map(lambda count: ("run", count))
histories = st.lists(st.one_of(writes, writes, writes, runs), min_size=1, max_size=9)


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

    def verdict(self, finding: Finding) -> tuple[int, NewVerdict] | None:
        found = None
        for number, entry in self.of_kind(NewVerdict).items():
            if finding.id in entry.finding_ids:
                found = number, entry
        return found

    def attacks(self) -> list[Finding]:
        found = []
        for finding, _ in self.added.values():
            last = self.verdict(finding)
            if last is not None and last[1].label is VerdictLabel.TRUE_POSITIVE:
                found.append(finding)
        return found

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

    def falls_under(self, finding: Finding) -> int | None:
        _, added_time = self.added[finding.id]
        for number, one in sorted(self.of_kind(NewSuppression).items()):
            if (
                not self.disabling(one)
                and inside(finding, one.scope)
                and finding.interpretation.diagnostics.verified
                and self.verdict(finding) is None
                and added_time < one.expires_time
                and (finding.ratio < 2.0 or self.settings().suppress_critical)
                and finding.pattern_id not in self.protected()
            ):
                return number
        return None

    def shown(self, finding: Finding) -> Shown:
        last, number = self.verdict(finding), self.falls_under(finding)
        if last is not None:
            return STATUS[last[1].label], last[1].label.value, last[0], None, False
        if number is None:
            return Status.OPEN, None, None, None, False
        digest = hashlib.sha256(f"{number}:{finding.id}".encode()).hexdigest()
        checked = int(digest[:8], 16) / 2**32 < self.settings().resurfaced_share
        return Status.OPEN if checked else Status.SUPPRESSED, None, None, number, checked


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
            target = decided[number % len(decided)]
            return (NewUndo if change == "undo" else NewRestore)(target, "ben")
    raise AssertionError(step)


class Moved:
    """A clock that a test sets: each run comes a second after the one before."""

    now = LATER

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with empty tables; copying it is quicker than making them."""
    path = tmp_path_factory.mktemp("suppressions") / "findings.db"
    SqlStore(path).close()
    return path


def opened(template: Path) -> tuple[SqlStore, World, Moved]:
    path = template.with_name("used.db")
    for leftover in template.parent.glob("used.db*"):
        leftover.unlink()
    shutil.copyfile(template, path)
    clock = Moved()
    store, world = SqlStore(path, clock=clock), World()
    add(store, world, clock, FIRST_RUN)
    return store, world, clock


def add(store: SqlStore, world: World, clock: Moved, count: int) -> None:
    clock.now += 1.0
    new = FINDINGS[len(world.added) :][:count]
    if new:
        store.add_run(make_run(len(world.added)), new)
        world.added |= {finding.id: (finding, clock.now) for finding in new}


def played(store: SqlStore, world: World, clock: Moved, history: Any) -> None:
    """Let a history happen, checking after each step."""
    for kind, step in history:
        if kind == "run":
            add(store, world, clock, step)
        else:
            written = []
            for part in step:
                entry = entry_of(part, world)
                if entry is not None:
                    world.write(entry)
                    written.append(entry)
            store.append(written)
        check(store, world)


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
    assert shown == {one.id: world.shown(one) for one, _ in world.added.values()}
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


brisk = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@brisk
@given(history=histories)
def test_findings_stand_where_the_rules_say_after_every_step(template: Path, history: Any) -> None:
    store, world, clock = opened(template)
    try:
        played(store, world, clock, history)
    finally:
        store.close()


@brisk
@given(history=histories, last=entries)
def test_an_undo_restores_everything_exactly(template: Path, history: Any, last: Any) -> None:
    store, world, clock = opened(template)
    try:
        played(store, world, clock, history)
        entry = entry_of(last, world)
        if entry is None:
            return
        before = seen(store), store.protected(), store.settings()
        (line,) = store.append([entry])
        if isinstance(entry, NewUndo):
            store.append([NewRestore(entry.entry_number, "ana")])
        elif isinstance(entry, NewRestore):
            store.append([NewUndo(entry.entry_number, "ana")])
        else:
            store.append([NewUndo(line.number, "ana")])
        assert (seen(store), store.protected(), store.settings()) == before
    finally:
        store.close()


@brisk
@given(history=histories)
def test_undoing_all_leaves_all_open(template: Path, history: Any) -> None:
    store, world, clock = opened(template)
    try:
        played(store, world, clock, history)
        store.append([NewUndo(number, "ana") for number in sorted(world.in_force)])
        untouched = (Status.OPEN, None, None, None, False)
        assert set(seen(store).values()) == {untouched}
        assert store.suppressions(in_force=True) == ()
        assert store.protected() == frozenset()
    finally:
        store.close()
