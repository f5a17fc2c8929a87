"""The first tables: detectors, runs, findings and the log of decisions."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)

from deepaid_core.store.tables import AnyText

__all__ = ["upgrade"]

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything in an empty database."""
    op.create_table(
        "decisions",
        Column("number", Integer, autoincrement=False, nullable=False),
        Column("time", Double, nullable=False),
        Column("kind", AnyText, nullable=False),
        Column("author", AnyText, nullable=False),
        Column("detector_name", AnyText, nullable=True),
        Column("pattern_id", AnyText, nullable=True),
        Column("label", AnyText, nullable=True),
        Column("category", AnyText, nullable=True),
        Column("undoes", Integer, nullable=True),
        Column("payload", Text, nullable=False),
        ForeignKeyConstraint(["undoes"], ["decisions.number"]),
        PrimaryKeyConstraint("number"),
        UniqueConstraint("undoes"),
    )
    op.create_index("decisions_of_pattern", "decisions", ["pattern_id", "number"])
    op.create_table(
        "detectors",
        Column("id", AnyText, nullable=False),
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
        PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "paths",
        Column("key", AnyText, nullable=False),
        Column("detector_name", AnyText, nullable=False),
        Column("pattern_id", AnyText, nullable=False),
        Column("pattern", Text, nullable=False),
        Column("path", Text, nullable=False),
        PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "runs",
        Column("id", AnyText, nullable=False),
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
        PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "findings",
        Column("id", AnyText, nullable=False),
        Column("status", AnyText, nullable=False),
        Column("verdict", AnyText, nullable=True),
        Column("verdict_number", Integer, nullable=True),
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
        Column("path_key", AnyText, nullable=False),
        Column("entity", AnyText, nullable=False),
        Column("category", AnyText, nullable=True),
        Column("source_name", AnyText, nullable=False),
        Column("source_sha256", AnyText, nullable=False),
        Column("summary", AnyText, nullable=False),
        Column("search_text", AnyText, nullable=False),
        Column("search_category", AnyText, nullable=False),
        ForeignKeyConstraint(["path_key"], ["paths.key"]),
        PrimaryKeyConstraint("id"),
    )
    op.create_index("findings_by_entity", "findings", ["status", "entity", "id"])
    op.create_index("findings_by_events", "findings", ["status", text("event_count DESC"), "id"])
    op.create_index("findings_by_first_time", "findings", ["status", "first_time", "id"])
    op.create_index("findings_by_last_time", "findings", ["status", text("last_time DESC"), "id"])
    op.create_index(
        "findings_by_score",
        "findings",
        ["status", text("ratio DESC"), text("max_score DESC"), "id", "verified", "path_key"],
    )
    op.create_index(
        "findings_of_detector",
        "findings",
        [
            "detector_name",
            text("ratio DESC"),
            text("max_score DESC"),
            "id",
            "status",
            "event_count",
            "first_time",
            "last_time",
            "entity",
        ],
    )
    op.create_index(
        "findings_of_entity",
        "findings",
        [
            "entity",
            text("ratio DESC"),
            text("max_score DESC"),
            "id",
            "status",
            "event_count",
            "first_time",
            "last_time",
        ],
    )
    op.create_index("findings_of_hour", "findings", ["detector_name", "first_hour", "status"])
    op.create_index("findings_of_path", "findings", ["status", "path_key"])
    op.create_index(
        "findings_of_pattern",
        "findings",
        [
            "pattern_id",
            text("ratio DESC"),
            text("max_score DESC"),
            "id",
            "status",
            "event_count",
            "first_time",
            "last_time",
            "entity",
        ],
    )
    op.create_index("findings_of_verdict", "findings", ["verdict_number"])
    op.create_table(
        "finding_details",
        Column("finding_id", AnyText, nullable=False),
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
        ForeignKeyConstraint(["finding_id"], ["findings.id"]),
        PrimaryKeyConstraint("finding_id"),
    )
    op.create_table(
        "verdict_findings",
        Column("finding_id", AnyText, nullable=False),
        Column("verdict_number", Integer, nullable=False),
        ForeignKeyConstraint(["finding_id"], ["findings.id"]),
        ForeignKeyConstraint(["verdict_number"], ["decisions.number"]),
        PrimaryKeyConstraint("finding_id", "verdict_number"),
    )
    op.create_index("verdict_findings_of_verdict", "verdict_findings", ["verdict_number"])
