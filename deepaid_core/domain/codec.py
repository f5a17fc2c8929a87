"""Versioned JSON and compressed arrays: how values look at rest."""

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

import numpy as np

from deepaid_core.domain.actions import (
    NewAssignment,
    NewCase,
    NewCaseChange,
    NewCaseFindings,
    NewNote,
    NewNoteWithdrawal,
    NewRecord,
    NewTechnique,
)
from deepaid_core.domain.converters import check_keys, converters, shown
from deepaid_core.domain.finding import EvidenceRow, Finding
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.domain.log import NewLessons, NewRestore, NewSetting, NewUndo
from deepaid_core.domain.settings import SourceSettings
from deepaid_core.domain.suppression import NewSuppression
from deepaid_core.domain.verdict import NewVerdict
from deepaid_core.errors import StoredValueError

__all__ = [
    "ASSIGNMENT",
    "CASE",
    "CASE_CHANGE",
    "CASE_FINDINGS",
    "EVIDENCE",
    "FINDING",
    "INTERPRETATION",
    "LESSONS",
    "NOTE",
    "NOTE_WITHDRAWAL",
    "PEERS",
    "RECORD",
    "RESTORE",
    "SETTING",
    "SETTINGS",
    "SUPPRESSION",
    "TECHNIQUE",
    "TEXTS",
    "UNDO",
    "VERDICT",
    "VERSION",
    "VOLUME",
    "Kind",
    "dump",
    "dump_states",
    "load",
    "load_states",
    "pack_floats",
    "pack_integers",
    "unpack_floats",
    "unpack_integers",
]

T = TypeVar("T")

VERSION = 1
_JSON = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A sort of value that can be written.

    Attributes:
        name: What stands in the text, so that one kind is never read as another.
        shape: Its type; every type in it must be one that `converters` knows.
    """

    name: str
    shape: Any


INTERPRETATION: Kind[Interpretation] = Kind("interpretation", Interpretation)
EVIDENCE: Kind[tuple[EvidenceRow, ...]] = Kind("evidence", tuple[EvidenceRow, ...])
PEERS: Kind[Mapping[str, int]] = Kind("peers", Mapping[str, int])
FINDING: Kind[Finding] = Kind("finding", Finding)
VERDICT: Kind[NewVerdict] = Kind("verdict", NewVerdict)
SETTINGS: Kind[SourceSettings] = Kind("source-settings", SourceSettings)
UNDO: Kind[NewUndo] = Kind("undo", NewUndo)
RESTORE: Kind[NewRestore] = Kind("restore", NewRestore)
SUPPRESSION: Kind[NewSuppression] = Kind("suppression", NewSuppression)
SETTING: Kind[NewSetting] = Kind("setting", NewSetting)
LESSONS: Kind[NewLessons] = Kind("lessons", NewLessons)
ASSIGNMENT: Kind[NewAssignment] = Kind("assignment", NewAssignment)
NOTE: Kind[NewNote] = Kind("note", NewNote)
NOTE_WITHDRAWAL: Kind[NewNoteWithdrawal] = Kind("note withdrawal", NewNoteWithdrawal)
CASE: Kind[NewCase] = Kind("case", NewCase)
CASE_CHANGE: Kind[NewCaseChange] = Kind("case change", NewCaseChange)
CASE_FINDINGS: Kind[NewCaseFindings] = Kind("case findings", NewCaseFindings)
TECHNIQUE: Kind[NewTechnique] = Kind("technique", NewTechnique)
RECORD: Kind[NewRecord] = Kind("record", NewRecord)
TEXTS: Kind[Mapping[str, str]] = Kind("texts", Mapping[str, str])
VOLUME: Kind[tuple[tuple[float, int, int], ...]] = Kind(
    "volume", tuple[tuple[float, int, int], ...]
)


def dump(kind: Kind[T], value: T) -> str:
    """A value as ASCII JSON; floats come back bit for bit, NaN as NaN.

    Raises:
        StoredValueError: A part of the value is not of the declared type.
    """
    encode, _ = converters(kind.shape)
    try:
        data = encode(value)
    except (TypeError, ValueError, AttributeError) as error:
        raise StoredValueError(
            f"A value of kind '{kind.name}' cannot be written ({error}); nothing was stored."
        ) from error
    document = {"kind": kind.name, "version": VERSION, "data": data}
    return _JSON.encode(document)


def load(kind: Kind[T], text: str) -> T:
    """The value that `dump` was given.

    Raises:
        StoredValueError: The text is damaged, of another kind or version, or has a field too
            many or too few.
    """
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
        check_keys(document, ("kind", "version", "data"))
        if document["kind"] != kind.name:
            raise ValueError(f"its kind is {shown(document['kind'])}")
        if document["version"] != VERSION:
            raise ValueError(
                f"its version is {shown(document['version'])} and this program reads {VERSION}"
            )
        _, decode = converters(kind.shape)
        value: T = decode(document["data"])
    except (ValueError, RecursionError) as error:
        raise StoredValueError(
            f"A stored value of kind '{kind.name}' cannot be read: {error}; "
            "restore the database from a copy, or update the program that reads it."
        ) from error
    return value


def dump_states(states: Iterable[str]) -> str:
    """States in order as one comparable text, whatever characters they hold."""
    return _JSON.encode(list(states))


# Thousands of findings share few paths: each is read once.
@lru_cache(maxsize=65_536)
def load_states(text: str) -> tuple[str, ...]:
    """The states that `dump_states` was given.

    Raises:
        StoredValueError: The text is damaged.
    """
    try:
        _, decode = converters(tuple[str, ...])
        states: tuple[str, ...] = decode(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise StoredValueError(
            f"Stored states {shown(text)} cannot be read: {error}; "
            "restore the database from a copy."
        ) from error
    return states


def pack_floats(values: Iterable[float]) -> bytes:
    """64-bit floats, little-endian, compressed; NaN and infinities included."""
    return zlib.compress(np.array(tuple(values), dtype="<f8").tobytes())


def unpack_floats(packed: bytes) -> tuple[float, ...]:
    """What `pack_floats` was given.

    Raises:
        StoredValueError: The bytes are damaged.
    """
    return tuple(_unpack(packed, "<f8"))


def pack_integers(values: Iterable[int]) -> bytes:
    """64-bit integers, little-endian, compressed."""
    return zlib.compress(np.array(tuple(values), dtype="<i8").tobytes())


def unpack_integers(packed: bytes) -> tuple[int, ...]:
    """What `pack_integers` was given.

    Raises:
        StoredValueError: The bytes are damaged.
    """
    return tuple(_unpack(packed, "<i8"))


def _unpack(packed: bytes, dtype: str) -> list[Any]:
    try:
        values: list[Any] = np.frombuffer(zlib.decompress(packed), dtype=dtype).tolist()
    except (zlib.error, ValueError) as error:
        raise StoredValueError(
            f"{len(packed)} stored bytes of member events cannot be read ({error}); "
            "restore the database from a copy."
        ) from error
    return values


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")
