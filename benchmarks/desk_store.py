"""A store as a busy team has it after months: many findings, verdicts, suppressions and cases."""

import hashlib
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from deepaid_core.domain import codec
from deepaid_core.domain.actions import NewAssignment, NewCase, NewNote, NewTechnique
from deepaid_core.domain.finding import Status, pattern_id, pattern_of
from deepaid_core.domain.log import Entry
from deepaid_core.domain.queries import FindingQuery, PatternRow
from deepaid_core.domain.suppression import NewSuppression, SuppressionScope
from deepaid_core.domain.verdict import NewVerdict, VerdictLabel
from deepaid_core.store import tables
from deepaid_core.store.base import Store
from deepaid_core.store.connect import Database, database_url
from deepaid_core.workflow.demo import prepare_demo
from deepaid_core.workspace import DATABASE, Workspace

__all__ = ["ANALYSTS", "Filled", "fill"]

ANALYSTS = ("ana", "ben", "chi", "dee")
DAY_S = 86_400.0
DAYS = 60
SEED = 6
AT_ONCE = 2_000
MINE = 60  # findings that each analyst looks at
SUPPRESSIONS = 30
CASES = 40
IN_A_CASE = 12


@dataclass(frozen=True)
class Filled:
    """What the store holds in the end."""

    findings: int
    open_findings: int
    closed: int
    suppressed: int
    patterns: int
    verdicts: int
    suppressions: int
    cases: int
    assigned: int
    database_mb: float


def fill(home: Path, findings: int) -> Filled:
    """Make a demo workspace and multiply what it found.

    Each copy of a finding keeps its interpretation, its evidence and its score; it has an id, a
    host, a time and, for most, a pattern of its own. One finding in five then gets a verdict, in
    decisions as analysts give them: most on a pattern, some on one finding.

    Args:
        home: Folder of the workspace, made where it does not exist.
        findings: How many there are in the end.
    """
    workspace = Workspace.open(home)
    prepare_demo(workspace)
    draw = random.Random(SEED)  # noqa: S311 - nothing to keep secret
    _multiply(home / DATABASE, findings, draw)
    suppressions = _decide(workspace.store, findings, draw)
    _work(workspace.store, draw)
    filled = _counted(workspace, suppressions, home / DATABASE)
    workspace.close()
    return filled


def _multiply(path: Path, findings: int, draw: random.Random) -> None:
    database = Database(database_url(path))
    with database.writing() as connection:
        light = [dict(row) for row in connection.execute(select(tables.findings)).mappings()]
        paths = [dict(row) for row in connection.execute(select(tables.paths)).mappings()]
        heavy = {
            row["finding_id"]: dict(row)
            for row in connection.execute(select(tables.finding_details)).mappings()
        }
        by_key = {row["key"]: row for row in paths}
        others = _Paths(connection, paths, draw)
        copies = _copies(light, findings - len(light), draw)
        while some := list(islice(copies, AT_ONCE)):
            rows, details = [], []
            for number, old in some:
                row = _copy(number, old, by_key[old["path_key"]], others, draw)
                rows.append(row)
                details.append(
                    {**heavy[old["id"]], "finding_id": row["id"], "entity": row["entity"]}
                )
            others.write()
            connection.execute(insert(tables.findings), rows)
            connection.execute(insert(tables.finding_details), details)
    database.close()


def _copies(
    light: Sequence[dict[str, Any]], count: int, draw: random.Random
) -> Iterator[tuple[int, dict[str, Any]]]:
    for number in range(count):
        yield number, draw.choice(light)


def _copy(
    number: int, old: dict[str, Any], path: dict[str, Any], others: "_Paths", draw: random.Random
) -> dict[str, Any]:
    # Nine weeks back, evenly: what comes in while one looks is little beside what is there.
    shift = -draw.random() * DAYS * DAY_S
    key, pattern = others.like(path)
    digest = hashlib.sha256(f"{number} {old['id']}".encode()).hexdigest()
    entity = f"{old['entity']}-{draw.randrange(40)}"
    first_time = old["first_time"] + shift
    return {
        **old,
        "id": f"F-{digest[:10]}",
        "entity": entity,
        "first_time": first_time,
        "last_time": old["last_time"] + shift,
        "first_hour": int(first_time // 3600),
        "added_time": old["added_time"] + shift,
        "path_key": key,
        "pattern_id": pattern,
        "search_text": f"F-{digest[:10]}\n{entity}\n{old['summary']}".casefold(),
    }


class _Paths:
    """Paths like those that there are: all states but one in common with one of them."""

    def __init__(
        self, connection: Connection, paths: Sequence[dict[str, Any]], draw: random.Random
    ) -> None:
        self.connection, self.draw = connection, draw
        self.known = {row["key"] for row in paths}
        self.new: list[dict[str, Any]] = []
        self.states: dict[str, list[str]] = {}
        for row in paths:
            self.states.setdefault(row["detector_name"], []).extend(codec.load_states(row["path"]))

    def like(self, path: dict[str, Any]) -> tuple[str, str]:
        """Key and pattern of a path that is like this one, or its own, which is more likely."""
        name = path["detector_name"]
        if self.draw.random() < 0.7:
            return path["key"], path["pattern_id"]
        # Only few are drawn, so that patterns repeat.
        other = self.states[name][self.draw.randrange(min(40, len(self.states[name])))]
        states = tuple(dict.fromkeys((*codec.load_states(path["path"])[:-1], other)))
        pattern = pattern_of(states)
        parts = (name, *states)
        key = hashlib.sha256(codec.dump_states(parts).encode()).hexdigest()[:20]
        if key not in self.known:
            self.known.add(key)
            self.new.append(
                {
                    "key": key,
                    "detector_name": name,
                    "pattern_id": pattern_id(name, pattern),
                    "pattern": codec.dump_states(pattern),
                    "path": codec.dump_states(states),
                }
            )
        return key, pattern_id(name, pattern)

    def write(self) -> None:
        """Write those that findings may refer to from now on."""
        if self.new:
            self.connection.execute(insert(tables.paths), self.new)
            self.new = []


def _decide(store: Store, findings: int, draw: random.Random) -> int:
    """Verdicts on a fifth of the findings, and suppressions of patterns judged harmless."""
    patterns = [one for one in store.patterns() if one.open_findings]
    draw.shuffle(patterns)
    judged, entries, harmless = 0, list[Entry](), list[PatternRow]()
    for place, pattern in enumerate(patterns):
        if judged >= findings // 5:
            break
        label, category = (
            (VerdictLabel.TRUE_POSITIVE, "port-scan")
            if place % 9 == 0
            else (VerdictLabel.FALSE_POSITIVE, f"job-{place % 7}")
        )
        ids = store.ids(FindingQuery(pattern_id=pattern.pattern_id, status=Status.OPEN))
        whole = ids[: len(ids) // 2]
        # A pattern's findings are judged one by one at first, then half of the rest at once.
        for chosen in (*((one,) for one in ids[-3:]), whole):
            if chosen:
                entries.append(_verdict(pattern, label, category, chosen, draw))
                judged += len(chosen)
        if label is VerdictLabel.FALSE_POSITIVE and len(ids) > 20:
            harmless.append(pattern)
    store.append(entries)
    now = time.time()
    # Those that take most out of the queue first.
    harmless.sort(key=lambda one: -one.open_findings)
    suppressions = [_suppression(one, now, draw) for one in harmless[:SUPPRESSIONS]]
    store.append(suppressions)
    return len(suppressions)


def _verdict(
    pattern: PatternRow,
    label: VerdictLabel,
    category: str,
    finding_ids: tuple[str, ...],
    draw: random.Random,
) -> NewVerdict:
    return NewVerdict(
        label=label,
        category=category,
        reason="Seen each week, checked with the owner of the host.",
        author=draw.choice(ANALYSTS),
        scope="finding" if len(finding_ids) == 1 else "selection",
        detector_name=pattern.detector_name,
        pattern_id=pattern.pattern_id,
        path=pattern.example_path,
        finding_ids=finding_ids,
    )


def _suppression(pattern: PatternRow, now: float, draw: random.Random) -> NewSuppression:
    return NewSuppression(
        scope=SuppressionScope(pattern.detector_name, pattern.pattern_id),
        basis=VerdictLabel.FALSE_POSITIVE,
        category="job-1",
        reason="A nightly job of the file server.",
        author=draw.choice(ANALYSTS),
        owner=draw.choice(ANALYSTS),
        ticket="OPS-7",
        expires_time=now + draw.uniform(1, 60) * DAY_S,
    )


def _work(store: Store, draw: random.Random) -> None:
    """Assignments, and cases with findings, notes and techniques."""
    ids = list(store.ids(FindingQuery(status=Status.OPEN)))
    for place, name in enumerate(ANALYSTS):
        mine = ids[place * MINE : (place + 1) * MINE]
        store.desk.act([NewAssignment(dict.fromkeys(mine, name), name)])
    for number in range(1, CASES + 1):
        who = draw.choice(ANALYSTS)
        held = tuple(draw.sample(ids, min(IN_A_CASE, len(ids))))
        store.desk.act(
            [
                NewCase(f"Scans from the guest network, week {number}", held, who),
                NewNote(f"C-{number}", "Asked the owner of the host.", who),
                NewTechnique(number, "T1046", "One host asks many ports.", who),
            ]
        )


def _counted(workspace: Workspace, suppressions: int, path: Path) -> Filled:
    store = workspace.store

    def count(status: Status | None = None) -> int:
        return store.count(FindingQuery(status=status))

    return Filled(
        findings=count(),
        open_findings=count(Status.OPEN),
        closed=count(Status.CLOSED),
        suppressed=count(Status.SUPPRESSED),
        patterns=len(store.patterns()),
        verdicts=len(store.verdicts(limit=1_000_000)),
        suppressions=suppressions,
        cases=store.desk.count_cases(),
        assigned=store.count(FindingQuery(assignees=ANALYSTS)),
        database_mb=path.stat().st_size / 2**20,
    )
