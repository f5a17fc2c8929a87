"""What the Distiller has learned and suggests; nothing here writes."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
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
from deepaid_core.domain.queries import FindingRow
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import NotFoundError
from deepaid_core.store.base import Store
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
    "machine",
    "paths_suggested",
    "state_graph",
    "suggestion_for_path",
    "suggestions",
]

UNKNOWN: Final = "unknown"
"""Stands where a category would for paths without a suggestion; no category may be called so."""

_KEPT_VERSIONS: Final = 16


@dataclass(frozen=True, slots=True)
class TransitionChange:
    """One count of the machine before and after an entry of the log.

    Attributes:
        source: A state, or None for the start.
        target: A state, or None for the category.
    """

    detector_name: str
    label: VerdictLabel
    category: str
    source: str | None
    target: str | None
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class MachineChange:
    """What one entry of the log, a verdict or an undo, did to the machine.

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


@dataclass(slots=True)
class _Memory:
    """What was computed for one store; every field is a cache."""

    lock: RLock = field(default_factory=RLock)
    latest: Distiller = field(default_factory=Distiller)
    older: OrderedDict[int, Distiller] = field(default_factory=OrderedDict)
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
            known = max((n for n in memory.older if n < version), default=None)
            start = memory.older[known] if known is not None else Distiller()
            entries = workspace.store.log(after=start.machine.number)
            memory.older[version] = start.after(e for e in entries if e.number <= version)
        memory.older.move_to_end(version)
        while len(memory.older) > _KEPT_VERSIONS:
            memory.older.popitem(last=False)
        return memory.older[version]


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


def changes(workspace: Workspace, verdict_number: int) -> MachineChange:
    """What an entry of the log changed, be it a verdict or an undo.

    Raises:
        NotFoundError: The log has no such entry.
    """
    if verdict_number < 1:
        raise NotFoundError(f"There is no entry {verdict_number}; the log starts with entry 1.")
    before = distiller(workspace, verdict_number - 1)
    after = distiller(workspace, verdict_number)
    transitions = _transitions(before.machine, after.machine)
    touched = {change.detector_name for change in transitions}
    findings = 0
    for row in workspace.store.open_paths() if touched else ():
        if row.detector_name in touched:
            old = before.suggest(row.detector_name, row.path)
            new = after.suggest(row.detector_name, row.path)
            if (old.label, old.category) != (new.label, new.category):
                findings += row.open_findings
    return MachineChange(before.machine.number, after.machine.number, transitions, findings)


def state_graph(
    workspace: Workspace, detector_name: str, *, version: int | None = None
) -> StateGraph:
    """The machine of one detector as a graph with readable titles.

    Raises:
        NotFoundError: The log has no such entry.
    """
    return graph_of(machine(workspace, version), detector_name, titles=_titles())


def describe(state: str) -> str:
    """A state in an analyst's words; plain text, to be escaped where it is shown."""
    return describe_state(state, _titles())


@lru_cache(maxsize=1)
def _titles() -> dict[str, str]:
    from deepaid_core.sources.afterimage_schema import afterimage_schema

    return {one.name: one.title for one in afterimage_schema().fields}


def _memory(store: Store) -> _Memory:
    with _memories_lock:
        return _memories.setdefault(store, _Memory())


def _catch_up(memory: _Memory, store: Store) -> None:
    number, _ = store.version()
    if number < memory.latest.machine.number:
        # The database was replaced by an older copy: nothing remembered is true of it.
        memory.latest, memory.explained, memory.suggested = Distiller(), None, None
        memory.older.clear()
    if number > memory.latest.machine.number:
        memory.latest = memory.latest.after(store.log(after=memory.latest.machine.number))


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


def _transitions(before: Machine, after: Machine) -> tuple[TransitionChange, ...]:
    found: list[TransitionChange] = []
    for key in before.chains.keys() | after.chains.keys():
        old, new = before.chains.get(key), after.chains.get(key)
        if old is new:
            continue
        old_steps, new_steps = old.steps if old else {}, new.steps if new else {}
        detector_name, outcome = key
        found.extend(
            TransitionChange(detector_name, outcome.label, outcome.category, *step, was, now)
            for step in old_steps.keys() | new_steps.keys()
            if (was := old_steps.get(step, 0)) != (now := new_steps.get(step, 0))
        )
    return tuple(
        sorted(
            found,
            key=lambda c: (
                c.detector_name,
                c.label,
                c.category,
                c.source is not None,
                c.source or "",
                c.target is None,
                c.target or "",
            ),
        )
    )
