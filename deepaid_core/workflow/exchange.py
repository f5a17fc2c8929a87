"""Lessons out of one workspace and into another, as JSON or GraphML."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final, Literal, TypeAlias

from deepaid_core.distiller import exchange
from deepaid_core.distiller.exchange_json import LARGEST_FILE
from deepaid_core.distiller.machine import Machine, Outcome
from deepaid_core.domain.actions import NewRecord
from deepaid_core.domain.finding import pattern_id, pattern_of
from deepaid_core.domain.log import NewLessons, TaughtPath
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import ChangeRefusedError, ExchangeError, VerdictRefusedError
from deepaid_core.figures.text import shorten, visible
from deepaid_core.workflow import distill
from deepaid_core.workflow.steady import steadily
from deepaid_core.workflow.verdict_text import checked_author, checked_category, checked_reason
from deepaid_core.workflow.what_if import Outlook, outlook, refuse_silencing
from deepaid_core.workspace import Workspace

__all__ = [
    "LARGEST_FILE",
    "Format",
    "ImportConflict",
    "ImportPreview",
    "export",
    "export_graphml",
    "export_json",
    "import_lessons",
    "import_preview",
]

Format: TypeAlias = Literal["json", "graphml"]
"""How lessons are written."""

_LONGEST_NAME: Final = 200
_LISTED: Final = 200


@dataclass(frozen=True, slots=True)
class ImportConflict:
    """A pattern on which the file and the machine here say different things.

    Attributes:
        here: Outcomes that were taught here, with how many lessons each, most first.
        there: Outcomes in the file, likewise.
    """

    detector_name: str
    pattern_id: str
    pattern: tuple[str, ...]
    here: tuple[tuple[str, int], ...]
    there: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What an import would bring.

    Attributes:
        name: Of the file, as it would be kept.
        sha256: Digest of its content.
        lessons: Decisions behind all that it teaches.
        paths: Different paths with their outcome.
        taught_here: Those of them that the machine here was taught already, with the same outcome.
        attacks: Lessons of true positives among them.
        detectors_known: Detectors that it is about and that are known here, sorted.
        detectors_unknown: Those that are not; their lessons wait for a detector of that name.
        protects: Ids of patterns that it would protect and that nothing protects now.
        protected_findings: Findings here that are of a pattern it would protect.
        conflicts: Patterns on which it contradicts what was taught here, 200 at most.
        conflicting: How many there are.
        differing: Open findings that would read differently.
        reopened: Suppressed findings that would be in the open queue.
        imported_as: Number of the entry in force that imported the same file, or the same lessons
            in another form, or None.
    """

    name: str
    sha256: str
    lessons: int
    paths: int
    taught_here: int
    attacks: int
    detectors_known: tuple[str, ...]
    detectors_unknown: tuple[str, ...]
    protects: tuple[str, ...]
    protected_findings: int
    conflicts: tuple[ImportConflict, ...]
    conflicting: int
    differing: int
    reopened: int
    imported_as: int | None

    @property
    def allowed(self) -> bool:
        """Whether it may be imported."""
        return self.imported_as is None


def export_json(workspace: Workspace, version: int | None = None) -> str:
    """All that a version was taught, as JSON; the newest by default.

    Raises:
        NotFoundError: The log has no such entry.
    """
    return exchange.to_json(exchange.lessons_of(distill.machine(workspace, version)))


def export_graphml(workspace: Workspace, version: int | None = None) -> str:
    """All that a version was taught, as a graph that other programs can draw.

    Raises:
        NotFoundError: The log has no such entry.
    """
    lessons = exchange.lessons_of(distill.machine(workspace, version))
    return exchange.to_graphml(lessons, distill.titles())


def export(workspace: Workspace, form: Format, version: int | None = None, *, author: str) -> str:
    """The same as a file that somebody takes away, which is written to the log.

    Args:
        workspace: Where.
        form: Of the file.
        version: M-...; the newest by default.
        author: Who takes it.

    Raises:
        NotFoundError: The log has no such entry.
    """
    text = (export_graphml if form == "graphml" else export_json)(workspace, version)
    number = distill.ledger(workspace).number if version is None else version
    facts = {"format": form, "sha256": hashlib.sha256(text.encode()).hexdigest()}
    workspace.store.desk.act([NewRecord("export", f"M-{number}", facts, author)])
    return text


def import_preview(workspace: Workspace, content: bytes, name: str) -> ImportPreview:
    """What importing a file would bring; writes nothing.

    Args:
        workspace: Where.
        content: Of the file.
        name: Of the file, for the log; never opened.

    Raises:
        ExchangeError: The content is no file of lessons, or contradicts itself.
    """
    return steadily(lambda: _previewed(workspace, _read(content, name, "", "")))


def import_lessons(
    workspace: Workspace, content: bytes, *, name: str, author: str, reason: str = ""
) -> int:
    """Import a file of lessons as one entry of the log, which can be undone.

    Args:
        workspace: Where.
        content: Of the file.
        name: Of the file, for the log; never opened.
        author: Who.
        reason: Why; may be empty.

    Returns:
        Number of the entry.

    Raises:
        ExchangeError: The content is no file of lessons, or contradicts itself.
        ChangeRefusedError: The same file, or the same lessons in another form, was imported before
            and that is in force; or a confirmed attack would be hidden.
        VerdictRefusedError: Nobody is named, or a text cannot be kept.
        StaleWriteError: Somebody else decided something again and again.
    """
    entry = _read(content, name, checked_author(author), checked_reason(reason))

    def attempt() -> int:
        number = distill.ledger(workspace).number
        earlier = _imported_as(workspace, entry)
        if earlier is not None:
            raise ChangeRefusedError(
                f"The same lessons were imported as entry {earlier} already; undo that first to "
                "import them again."
            )
        refuse_silencing(workspace.store.trial([entry], expected=number))
        return workspace.store.append([entry], expected=number)[0].number

    return steadily(attempt)


def _read(content: bytes, name: str, author: str, reason: str) -> NewLessons:
    shown = shorten(visible(PurePath(name).name or "unnamed"), _LONGEST_NAME)
    # Neither format can begin as the other does.
    first = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    read = exchange.from_graphml if first == b"<" else exchange.from_json
    lessons = read(content)
    if not lessons:
        raise ExchangeError(f"The file '{shown}' holds no lesson; choose another one.")
    for lesson in lessons:
        _check(lesson, shown)
    return NewLessons(lessons, shown, hashlib.sha256(content).hexdigest(), author, reason)


def _check(lesson: TaughtPath, name: str) -> None:
    # What an import teaches is suggested to analysts as if they had written it themselves.
    try:
        category = checked_category(lesson.label, lesson.category)
    except VerdictRefusedError as error:
        raise ExchangeError(
            f"The file '{name}' cannot be imported, for one of its categories is none: {error}"
        ) from error
    if category != lesson.category:
        raise ExchangeError(
            f"The file '{name}' spells a category '{visible(shorten(lesson.category, 60))}' that "
            f"is spelled '{category}' here; correct the file."
        )


def _imported_as(workspace: Workspace, entry: NewLessons) -> int | None:
    others = distill.distiller(workspace).others.items()
    same = (
        number
        for number, one in others
        if isinstance(one, NewLessons)
        and (one.source_sha256 == entry.source_sha256 or one.lessons == entry.lessons)
    )
    return min(same, default=None)


def _previewed(workspace: Workspace, entry: NewLessons) -> ImportPreview:
    number = distill.ledger(workspace).number
    found: Outlook = outlook(workspace, [entry], expected=number)
    known = {record.name for record in workspace.store.detectors()}
    known |= set(workspace.store.distinct("detector_name"))
    named = {lesson.detector_name for lesson in entry.lessons}
    attacks = [one for one in entry.lessons if one.label is VerdictLabel.TRUE_POSITIVE]
    guarded = {pattern_id(one.detector_name, pattern_of(one.path)) for one in attacks}
    machine = distill.machine(workspace, number)
    conflicts = _conflicts(machine, entry.lessons)
    return ImportPreview(
        name=entry.source_name,
        sha256=entry.source_sha256,
        lessons=sum(one.count for one in entry.lessons),
        paths=len(entry.lessons),
        taught_here=sum(
            one.path in machine.chains[key].paths
            for one in entry.lessons
            if (key := (one.detector_name, Outcome(one.label, one.category))) in machine.chains
        ),
        attacks=sum(one.count for one in attacks),
        detectors_known=tuple(sorted(named & known)),
        detectors_unknown=tuple(sorted(named - known)),
        protects=found.trial.protected,
        protected_findings=sum(
            row.findings for row in workspace.store.patterns() if row.pattern_id in guarded
        ),
        conflicts=conflicts[:_LISTED],
        conflicting=len(conflicts),
        differing=found.differing,
        reopened=len(found.trial.reopened),
        imported_as=_imported_as(workspace, entry),
    )


def _conflicts(machine: Machine, lessons: tuple[TaughtPath, ...]) -> tuple[ImportConflict, ...]:
    there: dict[tuple[str, tuple[str, ...]], Counter[Outcome]] = {}
    for one in lessons:
        key = (one.detector_name, pattern_of(one.path))
        there.setdefault(key, Counter())[Outcome(one.label, one.category)] += one.count
    found = []
    for (detector_name, pattern), said in sorted(there.items()):
        here = Counter(
            {
                outcome: chain.patterns[pattern]
                for (name, outcome), chain in machine.chains.items()
                if name == detector_name and pattern in chain.patterns
            }
        )
        if here and here.keys() != said.keys():
            found.append(
                ImportConflict(
                    detector_name,
                    pattern_id(detector_name, pattern),
                    pattern,
                    _counted(here),
                    _counted(said),
                )
            )
    return tuple(found)


def _counted(outcomes: Counter[Outcome]) -> tuple[tuple[str, int], ...]:
    return tuple(
        (str(outcome), count)
        for outcome, count in sorted(outcomes.items(), key=lambda one: (-one[1], one[0]))
    )
