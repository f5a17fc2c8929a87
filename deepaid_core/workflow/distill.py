"""What the Distiller has learned and suggests; nothing here writes."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from threading import Lock, RLock
from typing import Final
from weakref import WeakKeyDictionary

from deepaid_core.distiller.distiller import Distiller
from deepaid_core.distiller.graph import state_graph as graph_of
from deepaid_core.distiller.machine import Machine
from deepaid_core.distiller.suggestion import Suggestion
from deepaid_core.distiller.symbolizers import describe_state
from deepaid_core.domain.graph import StateGraph
from deepaid_core.domain.log import LogEntry
from deepaid_core.domain.queries import FindingRow
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import NotFoundError
from deepaid_core.figures.text import shorten
from deepaid_core.store.base import Store
from deepaid_core.workflow.differences import TransitionChange, read_differently, transitions
from deepaid_core.workflow.ledger import Ledger
from deepaid_core.workspace import Workspace

__all__ = [
    "UNKNOWN",
    "MachineChange",
    "Suggestion",
    "TransitionChange",
    "changes",
    "describe",
    "distiller",
    "explained",
    "ledger",
    "machine",
    "paths_suggested",
    "state_graph",
    "suggestion_for_path",
    "suggestions",
    "titles",
]

UNKNOWN: Final = "unknown"
"""Stands where a category would for paths without a suggestion; no category may be called so."""

_KEPT_VERSIONS: Final = 16
_LONGEST_STATE: Final = 300


@dataclass(frozen=True, slots=True)
class MachineChange:
    """What one entry of the log did to the machine and to what it suggests.

    Attributes:
        machine_before: Number of the version without the entry.
        machine_after: Number of the version with it.
        transitions: Every count that changed; empty when the entry taught nothing.
        open_findings: Today's open findings whose suggestion differs between the two versions.
    """

    machine_before: int
    machine_after: int
    transitions: tuple[TransitionChange, ...]
    open_findings: int


@dataclass(frozen=True, slots=True)
class _Older:
    # An earlier version, and the number up to which it knows the log's decisions.
    distiller: Distiller
    knows: int


@dataclass(slots=True)
class _Memory:
    """What was computed for one store; every field is a cache."""

    lock: RLock = field(default_factory=RLock)
    latest: Distiller = field(default_factory=Distiller)
    ledger: Ledger = field(default_factory=Ledger)
    older: OrderedDict[int, _Older] = field(default_factory=OrderedDict)
    explained: tuple[tuple[int, int], int] | None = None
    suggested: tuple[tuple[int, int], dict[tuple[str, ...], set[str]]] | None = None


_memories: WeakKeyDictionary[Store, _Memory] = WeakKeyDictionary()
_memories_lock = Lock()


def distiller(workspace: Workspace, version: int | None = None) -> Distiller:
    """The Distiller after an entry of the log, by default the last one.

    Raises:
        NotFoundError: The log has no such entry.
    """
    memory = _memory(workspace.store)
    with memory.lock:
        _catch_up(memory, workspace.store)
        if version is None or version == memory.latest.machine.number:
            return memory.latest
        if not 0 <= version < memory.latest.machine.number:
            raise NotFoundError(
                f"There is no machine M-{version}; the log ends with entry "
                f"{memory.latest.machine.number}."
            )
        if version not in memory.older:
            memory.older[version] = _moved(memory, version)
        memory.older.move_to_end(version)
        while len(memory.older) > _KEPT_VERSIONS:
            memory.older.popitem(last=False)
        return memory.older[version].distiller


def ledger(workspace: Workspace) -> Ledger:
    """Which decisions are in force, as far as the log goes now."""
    memory = _memory(workspace.store)
    with memory.lock:
        _catch_up(memory, workspace.store)
        return memory.ledger


def machine(workspace: Workspace, version: int | None = None) -> Machine:
    """The machine M-<version>, by default the newest.

    Raises:
        NotFoundError: The log has no such entry.
    """
    return distiller(workspace, version).machine


def suggestions(workspace: Workspace, rows: Sequence[FindingRow]) -> dict[str, Suggestion]:
    """What the Distiller suggests for findings, by id; unknown ones too."""
    reader = distiller(workspace)
    by_path = {key: reader.suggest(*key) for key in {(row.detector_name, row.path) for row in rows}}
    return {row.id: by_path[row.detector_name, row.path] for row in rows}


def suggestion_for_path(
    workspace: Workspace, detector_name: str, path: tuple[str, ...]
) -> Suggestion:
    """What the Distiller suggests for one path."""
    return distiller(workspace).suggest(detector_name, path)


def paths_suggested(
    workspace: Workspace, category: str, *, label: VerdictLabel | None = None
) -> tuple[tuple[str, ...], ...]:
    """Paths of open findings for which this category is suggested; for `FindingQuery.paths`.

    Args:
        workspace: Where.
        category: A category, or `UNKNOWN` for paths without a suggestion.
        label: Only where it is suggested with this label.
    """
    wanted = category if label is None else f"{label.value}\n{category}"
    by_path = _suggested(workspace)
    return tuple(path for path, offered in by_path.items() if wanted in offered)


def explained(workspace: Workspace) -> int:
    """Number of open findings for which there is a suggestion."""
    memory = _memory(workspace.store)
    at = workspace.store.version()
    with memory.lock:
        if memory.explained is None or memory.explained[0] != at:
            reader = distiller(workspace)
            count = sum(
                row.open_findings
                for row in workspace.store.open_paths()
                if reader.knows(row.detector_name, row.path)
            )
            memory.explained = (at, count)
        return memory.explained[1]


def changes(workspace: Workspace, number: int) -> MachineChange:
    """What an entry of the log changed, whatever it is.

    Raises:
        NotFoundError: The log has no such entry.
    """
    if number < 1:
        raise NotFoundError(f"There is no entry {number}; the log starts with entry 1.")
    after = distiller(workspace, number)
    before = distiller(workspace, number - 1)
    _, findings = read_differently(workspace.store.open_paths(), before, after, limit=0)
    return MachineChange(
        machine_before=before.machine.number,
        machine_after=after.machine.number,
        transitions=transitions(before.machine, after.machine),
        open_findings=findings,
    )


def state_graph(
    workspace: Workspace, detector_name: str, *, version: int | None = None
) -> StateGraph:
    """The machine of one detector as a graph with readable titles.

    Raises:
        NotFoundError: The log has no such entry.
    """
    return graph_of(machine(workspace, version), detector_name, titles=titles())


def describe(state: str) -> str:
    """A state in an analyst's words, bounded; plain text, to be escaped where it is shown."""
    return shorten(describe_state(state, titles()), _LONGEST_STATE)


@lru_cache(maxsize=1)
def titles() -> Mapping[str, str]:
    """Title of each field of packets; other kinds of data spell theirs in the state itself.

    Fields of own tables have none here and are shown by their name.
    """
    from deepaid_core.sources.afterimage_schema import afterimage_schema

    return {one.name: one.title for one in afterimage_schema().fields}


def _memory(store: Store) -> _Memory:
    with _memories_lock:
        return _memories.setdefault(store, _Memory())


def _catch_up(memory: _Memory, store: Store) -> None:
    number, _ = store.version()
    if number < memory.latest.machine.number:
        # The database was replaced by an older copy: nothing remembered is true of it.
        memory.latest, memory.ledger = Distiller(), Ledger()
        memory.explained = memory.suggested = None
        memory.older.clear()
    if number > memory.latest.machine.number:
        entries = store.log(after=memory.latest.machine.number)
        memory.latest = memory.latest.after(entries)
        memory.ledger = memory.ledger.after(entries)


def _moved(memory: _Memory, version: int) -> _Older:
    # An earlier version is the nearest known one with some decisions taken back and others put
    # into force: what it costs grows with the difference, not with the log.
    known = [_Older(memory.latest, memory.latest.machine.number), *memory.older.values()]
    start = min(
        (one for one in known if one.knows >= version),
        key=lambda one: abs(one.distiller.machine.number - version),
    )
    way = memory.ledger.way(start.distiller.machine.number, version)
    entries = (
        LogEntry(number, 0.0, entry)
        for number, entry in enumerate(way.entries("", ""), start.knows + 1)
    )
    moved = start.distiller.after(entries)
    return _Older(replace(moved, machine=replace(moved.machine, number=version)), start.knows)


def _suggested(workspace: Workspace) -> dict[tuple[str, ...], set[str]]:
    # Path -> the categories offered for it, bare and behind their label.
    memory = _memory(workspace.store)
    at = workspace.store.version()
    with memory.lock:
        if memory.suggested is None or memory.suggested[0] != at:
            reader = distiller(workspace)
            offered: dict[tuple[str, ...], set[str]] = {}
            for row in workspace.store.open_paths():
                one = reader.suggest(row.detector_name, row.path)
                names = offered.setdefault(row.path, set())
                if one.label is None or one.category is None:
                    names.add(UNKNOWN)
                else:
                    names |= {one.category, f"{one.label.value}\n{one.category}"}
            memory.suggested = (at, offered)
        return memory.suggested[1]
