"""Leaving users, addresses or payload out of a report, before any format sees it.

The same name becomes the same stand-in throughout, so that the story can still be followed. What
a mask replaces is found by where it stands (an endpoint, a column of hosts) and by how it is
spelled (addresses, names of domains, what logs write before a user's name); then every text of
the document is searched for it, coded forms and digests of it included. Ids of findings and
patterns are digests of what they are about, so they are replaced too.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import partial
from typing import Any, Final

from deepaid_core.domain.actions import Note
from deepaid_core.domain.case import Case, Technique
from deepaid_core.domain.details import NOT_SEEN
from deepaid_core.domain.suppression import NewSuppression
from deepaid_core.domain.verdict import NewVerdict
from deepaid_core.figures.words import short
from deepaid_core.reports.document import Mask, ReportDocument, checked_masks
from deepaid_core.reports.masking_names import names_of, payload_of, unseen
from deepaid_core.reports.masking_words import Grams, Names, Secret
from deepaid_core.reports.parts import Activity, ReportFinding

__all__ = ["masked"]

Change = Callable[[str], str]

_KINDS: Final[Mapping[Mask, tuple[Secret, ...]]] = {
    "users": ("user", "mail"),
    "addresses": ("host", "address", "hardware", "mail"),
    "payload": (),
}
_LONG: Final = 40  # letters of a name from which parts of it are looked for too
_ID: Final = re.compile(r"\b([FP])-[0-9a-f]{10}\b")
_WORD: Final = re.compile(r"[^\s,;:()\"'=]+")
_UNSEEN: Final = "(a line that is masked)"
# Words of ours and digests of files: nobody's name stands there.
_OURS: Final = frozenset(
    {
        "artifact", "audience", "detector_id", "digest", "direction", "in_event", "in_reference",
        "interpreter", "kind", "label", "log", "masks", "profile", "role", "counterpart_role",
        "roles", "scaler", "sha256", "source_kind", "source_sha256", "status", "tlp",
        "trained_on_sha256", "version", "weights",
    }
)  # fmt: skip
# What analysts write, or is made of that: type and field.
_WRITTEN: Final = frozenset(
    {
        (ReportDocument, "title"), (ReportDocument, "filters"), (ReportFinding, "suggestion"),
        (Case, "title"), (Case, "summary"), (Case, "impact"), (Case, "actions_taken"),
        (Case, "recommendations"), (Technique, "reason"), (Note, "text"), (Activity, "text"),
        (NewVerdict, "reason"), (NewVerdict, "category"), (NewSuppression, "reason"),
        (NewSuppression, "ticket"),
    }
)  # fmt: skip


def masked(
    document: ReportDocument, masks: Iterable[str], *, known: Iterable[tuple[Secret, str]] = ()
) -> ReportDocument:
    """The document with stand-ins for what must not be told.

    Args:
        document: Not masked yet.
        masks: Of `MASKS`; none leaves the document as it is.
        known: Names of the whole workspace; those that occur in the document are replaced too.

    Raises:
        InvalidParameterError: A mask is unknown.
    """
    chosen = checked_masks(masks)
    if not chosen:
        return document
    kinds = {kind for mask in chosen for kind in _KINDS[mask]}
    findings = [item.finding for item in document.findings]
    found = [one for finding in findings for one in names_of(finding)]
    if kinds:
        everything = set(_words(document))
        found += [(kind, name) for kind, name in known if name in everything]
    names = Names(kinds)
    names.add(found)
    long_names = {name for kind, name in found if kind in kinds and len(name) > _LONG}
    ids: dict[str, str] = {}
    changes: list[Change] = [partial(_ID.sub, lambda one: _id(ids, one[0]))]
    written: list[Change] = []
    if "payload" in chosen:
        document, written = _without_payload(document)
        lines = {line: _UNSEEN for finding in findings for line in unseen(finding)}
        changes.append(lambda text: _without_lines(text, lines))
    if long_names:
        changes.append(Grams(long_names).masked)
    changes.append(names.masked)
    _in_order(ids, document)
    cache: dict[tuple[bool, str], str] = {}

    def change(text: str, by_hand: bool) -> str:
        key = (by_hand, text)
        if key not in cache:
            result = text
            for one in (*written, *changes) if by_hand else changes:
                result = one(result)
            cache[key] = result
        return cache[key]

    result: ReportDocument = _changed(document, change, by_hand=False)
    if "payload" in chosen:
        result = replace(result, findings=tuple(map(_resummed, result.findings)))
    return replace(result, masks=chosen)


def _changed(value: Any, change: Callable[[str, bool], str], *, by_hand: bool) -> Any:
    if isinstance(value, Enum) or value is None:
        return value
    if isinstance(value, str):
        return change(value, by_hand)
    if isinstance(value, tuple):
        return tuple(_changed(one, change, by_hand=by_hand) for one in value)
    if isinstance(value, Mapping):
        return _mapping(value, change, by_hand=by_hand)
    if is_dataclass(value) and not isinstance(value, type):
        new: dict[str, Any] = {}
        for field in fields(value):
            if field.name in _OURS:
                continue
            old = getattr(value, field.name)
            if isinstance(old, str | tuple | Mapping) or is_dataclass(old):
                new[field.name] = _changed(
                    old, change, by_hand=(type(value), field.name) in _WRITTEN
                )
        return replace(value, **new)
    return value


def _mapping(
    value: Mapping[str, Any], change: Callable[[str, bool], str], *, by_hand: bool
) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for name, one in value.items():
        new = change(name, by_hand)
        # Two spellings of one address become one; their counts add up.
        if new in changed and isinstance(one, int):
            changed[new] += one
        else:
            changed[new] = _changed(one, change, by_hand=by_hand)
    return changed


def _id(ids: dict[str, str], id: str) -> str:
    if id not in ids:
        number = 1 + sum(one[0] == id[0] for one in ids)
        ids[id] = f"{id[0]}-masked-{number}"
    return ids[id]


def _in_order(ids: dict[str, str], document: ReportDocument) -> None:
    # Those that are shown have the first numbers.
    for item in document.findings:
        _id(ids, item.finding.id)
        _id(ids, item.finding.pattern_id)


def _without_payload(document: ReportDocument) -> tuple[ReportDocument, list[Change]]:
    texts: list[str] = []
    words: set[str] = set()
    for item in document.findings:
        some, own = payload_of(item.finding)
        texts += some
        words |= own
    found = []
    for item in document.findings:
        finding = replace(
            item.finding,
            evidence_columns=(),
            evidence=tuple(replace(row, values=()) for row in item.finding.evidence),
        )
        pattern = replace(item.pattern, example_summary="") if item.pattern else None
        found.append(replace(item, finding=finding, pattern=pattern))
    subject = document.pattern
    document = replace(
        document,
        findings=tuple(found),
        pattern=replace(subject, example_summary="") if subject else None,
    )
    return document, [Grams(texts, words).masked]


def _without_lines(text: str, lines: Mapping[str, str]) -> str:
    if not lines:
        return text
    bare = text.removesuffix(NOT_SEEN)
    if bare in lines:
        return f"{lines[bare]}{text[len(bare) :]}"
    for line, stand_in in lines.items():
        if line and line in text:
            text = text.replace(line, stand_in)
    return text


def _resummed(item: ReportFinding) -> ReportFinding:
    # The stored one may quote a record.
    summary = short(item.finding.interpretation)
    return replace(
        item,
        finding=replace(item.finding, summary=summary),
        row=replace(item.row, summary=summary),
    )


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        yield from _WORD.findall(value)
    elif isinstance(value, tuple):
        for one in value:
            yield from _words(one)
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield name
            yield from _words(one)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _words(getattr(value, field.name))
