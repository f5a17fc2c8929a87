"""Random logs of all kinds of entries on made-up findings, and what a store shows after them."""

import tempfile
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from deepaid_core.distiller.distiller import Distiller
from deepaid_core.domain.log import (
    NewLessons,
    NewRestore,
    NewSetting,
    NewUndo,
    TaughtPath,
)
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.store.sql import SqlStore
from deepaid_core.workspace import Workspace
from tests.empty import empty_database
from tests.factories import PATHS, make_finding, make_run, make_suppression, make_verdict

__all__ = [
    "FINDINGS",
    "SETTINGS",
    "brisk",
    "decisions_of",
    "in_force",
    "numbers",
    "shown",
    "snapshots",
    "steps",
    "thorough",
    "workspace",
    "write",
]

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
        store = SqlStore(empty_database(Path(folder) / "deepaid.db"), clock=lambda: now[0])
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
