"""Suppressions, settings and imports in the log, and entries that are put back into force."""

import json
from typing import Any

from alembic import op
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Double,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    false,
    text,
)

from deepaid_core.store.tables import AnyText

__all__ = ["upgrade"]

revision = "0003"
down_revision = "0002"

_UNNAMED = {"uq": "%(table_name)s_%(column_0_name)s_key"}


def upgrade() -> None:
    """Until now an entry was undone at most once, and only verdicts were."""
    _extend_findings()
    _extend_decisions(op.get_bind())
    op.create_table(
        "taught_attacks",
        Column("entry_number", Integer, nullable=False),
        Column("pattern_id", AnyText, nullable=False),
        Column("detector_name", AnyText, nullable=False),
        ForeignKeyConstraint(["entry_number"], ["decisions.number"]),
        PrimaryKeyConstraint("entry_number", "pattern_id"),
    )


def _extend_findings() -> None:
    added_time = Column("added_time", Double, nullable=False, server_default="0")
    op.add_column("findings", added_time)
    op.add_column("findings", Column("suppression_number", Integer, nullable=True))
    op.add_column("findings", Column("resurfaced", Boolean, nullable=False, server_default=false()))
    op.drop_index("findings_of_verdict", "findings")
    judged, suppressed = text("verdict IS NOT NULL"), text("suppression_number IS NOT NULL")
    op.create_index(
        "findings_of_verdict",
        "findings",
        ["verdict", "pattern_id", "id"],
        sqlite_where=judged,
        postgresql_where=judged,
    )
    op.create_index(
        "findings_of_suppression",
        "findings",
        ["suppression_number", "resurfaced", "last_time"],
        sqlite_where=suppressed,
        postgresql_where=suppressed,
    )


def _extend_decisions(connection: Connection) -> None:
    run = connection.exec_driver_sql
    undone = run("SELECT undoes, number FROM decisions WHERE undoes IS NOT NULL").all()
    # SQLite makes the table anew, and nothing may refer to its rows meanwhile.
    run("CREATE TEMPORARY TABLE kept_links AS SELECT * FROM verdict_findings")
    run("DELETE FROM verdict_findings")
    op.drop_index("decisions_of_pattern", "decisions")
    place: dict[str, Any] = (
        {"insert_before": "payload"} if connection.dialect.name == "sqlite" else {}
    )
    with op.batch_alter_table("decisions", naming_convention=_UNNAMED) as batch:
        batch.drop_constraint("decisions_undoes_key", type_="unique")
        batch.drop_column("undoes")
        batch.add_column(Column("undone_by", Integer, nullable=True), **place)
        batch.create_foreign_key("decisions_undone_by_fkey", "decisions", ["undone_by"], ["number"])
    run("INSERT INTO verdict_findings SELECT * FROM kept_links")
    run("DROP TABLE kept_links")
    for verdict, undo in undone:
        connection.execute(
            text("UPDATE decisions SET undone_by = :undo WHERE number = :verdict"),
            {"undo": undo, "verdict": verdict},
        )
        _rename_target(connection, undo)
    op.create_index(
        "decisions_of_pattern",
        "decisions",
        ["pattern_id", "number", "kind", "label", "undone_by"],
    )
    op.create_index("decisions_of_kind", "decisions", ["kind", "undone_by", "number"])


def _rename_target(connection: Connection, undo: int) -> None:
    """Undos said "verdict_number" while only verdicts could be undone."""
    payload = connection.scalar(
        text("SELECT payload FROM decisions WHERE number = :undo"), {"undo": undo}
    )
    document = json.loads(str(payload))
    data = document["data"]
    document["data"] = {"entry_number": data.pop("verdict_number"), **data}
    connection.execute(
        text("UPDATE decisions SET payload = :payload WHERE number = :undo"),
        {"undo": undo, "payload": json.dumps(document, separators=(",", ":"))},
    )
