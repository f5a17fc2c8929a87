"""The tables that findings and decisions are kept in."""

import re
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

__all__ = [
    "SCHEMA_VERSION",
    "VERSION_TABLE",
    "AnyText",
    "decisions",
    "detectors",
    "finding_details",
    "findings",
    "metadata",
    "paths",
    "runs",
    "storable",
    "taught_attacks",
    "verdict_findings",
]

SCHEMA_VERSION = "0004"
VERSION_TABLE = "deepaid_schema"

# Neither database stores these; U+001A, "substitute", marks what stands for one.
_UNSTORABLE = re.compile("[\x00\x1a\ud800-\udfff]")
_SUBSTITUTE = re.compile("\x1a([0-9a-f]{4})")


def storable(value: str) -> str:
    """A text with what databases refuse spelled out; `AnyText` does and undoes this itself."""
    return _UNSTORABLE.sub(lambda found: f"\x1a{ord(found[0]):04x}", value)


class AnyText(TypeDecorator[str]):
    """Text of any characters, those that databases refuse included; sorted by code point."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text whose order does not depend on the server's language."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TEXT(collation="C"))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Spell out what the database would refuse."""
        return None if value is None else storable(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """The text that was written."""
        if value is None or "\x1a" not in value:
            return value
        return _SUBSTITUTE.sub(lambda found: chr(int(found[1], 16)), value)


metadata = MetaData()

detectors = Table(
    "detectors",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("name", AnyText, nullable=False),
    Column("kind", AnyText, nullable=False),
    Column("modality", AnyText, nullable=False),
    Column("threshold", Double, nullable=False),
    Column("threshold_method", AnyText, nullable=False),
    Column("sha256", AnyText, nullable=False),
    Column("artifact", AnyText, nullable=False),
    Column("trained_on", AnyText, nullable=False),
    Column("training_events", BigInteger, nullable=False),
    Column("created_time", Double, nullable=False),
    Column("source_kind", AnyText, nullable=False),
    Column("source_settings", Text, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("detector_id", AnyText, nullable=False),
    Column("source_name", AnyText, nullable=False),
    Column("source_sha256", AnyText, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("skipped", BigInteger, nullable=False),
    Column("anomalies", BigInteger, nullable=False),
    Column("verified", BigInteger, nullable=False),
    Column("findings", BigInteger, nullable=False),
    Column("first_time", Double, nullable=False),
    Column("last_time", Double, nullable=False),
    Column("elapsed_s", Double, nullable=False),
    Column("finished_time", Double, nullable=False),
    Column("volume", Text, nullable=False),
)

# Few paths are shared by many findings: the queue counts and filters by their short key.
paths = Table(
    "paths",
    metadata,
    Column("key", AnyText, primary_key=True),
    Column("detector_name", AnyText, nullable=False),
    Column("pattern_id", AnyText, nullable=False),
    Column("pattern", Text, nullable=False),
    Column("path", Text, nullable=False),
)

# Light columns only: a page of the queue never reads what is in `finding_details`.
findings = Table(
    "findings",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("status", AnyText, nullable=False),
    Column("verdict", AnyText),
    Column("verdict_number", Integer),
    Column("verified", Boolean, nullable=False),
    Column("deviation_count", Integer, nullable=False),
    Column("event_count", BigInteger, nullable=False),
    Column("max_score", Double, nullable=False),
    Column("threshold", Double, nullable=False),
    Column("ratio", Double, nullable=False),
    Column("first_time", Double, nullable=False),
    Column("last_time", Double, nullable=False),
    Column("first_hour", BigInteger, nullable=False),
    Column("detector_id", AnyText, nullable=False),
    Column("detector_name", AnyText, nullable=False),
    Column("pattern_id", AnyText, nullable=False),
    Column("path_key", AnyText, ForeignKey("paths.key"), nullable=False),
    # Cut where it is very long, so that it fits into an index; whole in `finding_details`.
    Column("entity", AnyText, nullable=False),
    Column("category", AnyText),
    Column("source_name", AnyText, nullable=False),
    Column("source_sha256", AnyText, nullable=False),
    Column("summary", AnyText, nullable=False),
    # Case-folded id, entity, summary and peers; the category changes and is folded apart.
    Column("search_text", AnyText, nullable=False),
    Column("search_category", AnyText, nullable=False),
    Column("added_time", Double, nullable=False),
    # The suppression that the finding falls under; where it is re-surfaced it stays open.
    Column("suppression_number", Integer),
    Column("resurfaced", Boolean, nullable=False),
    # Who looks at it; nothing for nobody.
    Column("assignee", AnyText),
)
_by = findings.c
_strongest_first = (_by.ratio.desc(), _by.max_score.desc(), _by.id)
_counted = (_by.status, _by.event_count, _by.first_time, _by.last_time)
# "by": what the queue sorts by. "of": what it groups and filters by. The last columns of some are
# only carried along, so that 100,000 findings are counted without reading their rows.
Index(
    "findings_by_score",
    *(_by.status, *_strongest_first, _by.verified, _by.path_key, _by.assignee),
)
Index("findings_by_last_time", _by.status, _by.last_time.desc(), _by.id)
Index("findings_by_first_time", _by.status, _by.first_time, _by.id)
Index("findings_by_events", _by.status, _by.event_count.desc(), _by.id)
Index("findings_by_entity", _by.status, _by.entity, _by.id)
Index(
    "findings_of_pattern",
    *(_by.pattern_id, *_strongest_first, *_counted, _by.entity, _by.added_time),
)
Index("findings_of_entity", _by.entity, *_strongest_first, *_counted)
Index("findings_of_detector", _by.detector_name, *_strongest_first, *_counted, _by.entity)
Index("findings_of_path", _by.status, _by.path_key)
Index("findings_of_hour", _by.detector_name, _by.first_hour, _by.status)
# Most findings have no verdict and fall under no suppression: these hold only those that do.
_judged, _suppressed = _by.verdict.is_not(None), _by.suppression_number.is_not(None)
_assigned, _unverified = _by.assignee.is_not(None), ~_by.verified
Index(
    "findings_of_assignee",
    *(_by.assignee, _by.status, *_strongest_first),
    sqlite_where=_assigned,
    postgresql_where=_assigned,
)
Index(
    "findings_unverified",
    *(_by.detector_name, _by.status),
    sqlite_where=_unverified,
    postgresql_where=_unverified,
)
Index(
    "findings_of_verdict",
    *(_by.verdict, _by.pattern_id, _by.id, _by.category),
    sqlite_where=_judged,
    postgresql_where=_judged,
)
Index(
    "findings_of_suppression",
    *(_by.suppression_number, _by.resurfaced, _by.last_time),
    sqlite_where=_suppressed,
    postgresql_where=_suppressed,
)

finding_details = Table(
    "finding_details",
    metadata,
    Column("finding_id", AnyText, ForeignKey("findings.id"), primary_key=True),
    Column("entity", AnyText, nullable=False),
    Column("event_index", BigInteger, nullable=False),
    Column("event_time", Double, nullable=False),
    Column("member_indices", LargeBinary, nullable=False),
    Column("member_times", LargeBinary, nullable=False),
    Column("member_scores", LargeBinary, nullable=False),
    Column("interpretation", Text, nullable=False),
    Column("evidence_columns", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("peers", Text, nullable=False),
)

# The append-only log. `payload` is the entry whole; the other columns repeat what SQL asks for.
# Only `undone_by` ever changes: the last undo of the entry, or nothing while it is in force.
decisions = Table(
    "decisions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("time", Double, nullable=False),
    Column("kind", AnyText, nullable=False),
    Column("author", AnyText, nullable=False),
    Column("detector_name", AnyText),
    Column("pattern_id", AnyText),
    Column("label", AnyText),
    Column("category", AnyText),
    Column("undone_by", Integer, ForeignKey("decisions.number")),
    Column("payload", Text, nullable=False),
    # Digest of this line and, through that of the line before, of all earlier ones; see `chain`.
    Column("chain", AnyText, nullable=False, server_default=""),
    # The payload of a verdict on many findings is long; counting must not read past it.
    Index("decisions_of_pattern", "pattern_id", "number", "kind", "label", "undone_by"),
    Index("decisions_of_kind", "kind", "undone_by", "number"),
    # The list of everything that happened steps through these without reading payloads.
    Index("decisions_by_time", "time", "number"),
    Index("decisions_by_author", "author", "time", "number"),
    Index("decisions_by_kind", "kind", "time", "number"),
)

# Patterns on which imported lessons know an attack; they protect while the import is in force.
taught_attacks = Table(
    "taught_attacks",
    metadata,
    Column("entry_number", Integer, ForeignKey("decisions.number"), primary_key=True),
    Column("pattern_id", AnyText, primary_key=True),
    Column("detector_name", AnyText, nullable=False),
)

verdict_findings = Table(
    "verdict_findings",
    metadata,
    Column("finding_id", AnyText, ForeignKey("findings.id"), primary_key=True),
    Column("verdict_number", Integer, ForeignKey("decisions.number"), primary_key=True),
    Index("verdict_findings_of_verdict", "verdict_number"),
)
