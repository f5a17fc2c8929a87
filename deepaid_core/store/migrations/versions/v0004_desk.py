"""Actions, cases, drafts and saved views; assignees; digests that chain the lines of a log."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Double,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Text,
    TextClause,
    text,
)

from deepaid_core.store.chain import FIRST, link
from deepaid_core.store.tables import AnyText

__all__ = ["upgrade"]

revision = "0004"
down_revision = "0003"

_AT_ONCE = 1000


def upgrade() -> None:
    """Lines that were written before this step are chained by it."""
    _extend_findings()
    op.add_column("decisions", Column("chain", AnyText, nullable=False, server_default=""))
    _chain(op.get_bind())
    _index_by_time("decisions")
    _add_actions()
    _add_cases()
    _add_drafts()


def _extend_findings() -> None:
    op.add_column("findings", Column("assignee", AnyText, nullable=True))
    strongest: list[str | TextClause] = [text("ratio DESC"), text("max_score DESC"), "id"]
    op.drop_index("findings_by_score", "findings")
    op.create_index(
        "findings_by_score",
        "findings",
        ["status", *strongest, "verified", "path_key", "assignee"],
    )
    op.drop_index("findings_of_pattern", "findings")
    carried = ["status", "event_count", "first_time", "last_time", "entity", "added_time"]
    op.create_index("findings_of_pattern", "findings", ["pattern_id", *strongest, *carried])
    op.create_index(
        "findings_unverified",
        "findings",
        ["detector_name", "status"],
        sqlite_where=text("verified = 0"),
        postgresql_where=text("NOT verified"),
    )
    judged = text("verdict IS NOT NULL")
    op.drop_index("findings_of_verdict", "findings")
    op.create_index(
        "findings_of_verdict",
        "findings",
        ["verdict", "pattern_id", "id", "category"],
        sqlite_where=judged,
        postgresql_where=judged,
    )
    assigned = text("assignee IS NOT NULL")
    op.create_index(
        "findings_of_assignee",
        "findings",
        ["assignee", "status", *strongest],
        sqlite_where=assigned,
        postgresql_where=assigned,
    )


def _chain(connection: Connection) -> None:
    before, last = FIRST, 0
    some = text(
        "SELECT number, time, kind, author, payload FROM decisions WHERE number > :last "
        "ORDER BY number LIMIT :most"
    ).columns(author=AnyText, kind=AnyText, payload=Text)
    while rows := connection.execute(some, {"last": last, "most": _AT_ONCE}).mappings().all():
        links = []
        for row in rows:
            before, last = link(before, dict(row)), row["number"]
            links.append({"number": last, "chain": before})
        connection.execute(
            text("UPDATE decisions SET chain = :chain WHERE number = :number"), links
        )


def _index_by_time(log: str) -> None:
    op.create_index(f"{log}_by_time", log, ["time", "number"])
    for name in ("author", "kind"):
        op.create_index(f"{log}_by_{name}", log, [name, "time", "number"])


def _add_actions() -> None:
    op.create_table(
        "actions",
        Column("number", Integer, nullable=False, autoincrement=False),
        Column("time", Double, nullable=False),
        Column("kind", AnyText, nullable=False),
        Column("author", AnyText, nullable=False),
        Column("subject", AnyText, nullable=False),
        Column("case_number", Integer, nullable=True),
        Column("undone_by", Integer, nullable=True),
        Column("payload", Text, nullable=False),
        Column("before", Text, nullable=False),
        Column("chain", AnyText, nullable=False),
        PrimaryKeyConstraint("number"),
        ForeignKeyConstraint(["undone_by"], ["actions.number"]),
    )
    op.create_index("actions_of_subject", "actions", ["subject", "number"])
    op.create_index("actions_of_case", "actions", ["case_number", "number"])
    op.create_index("actions_of_kind", "actions", ["kind", "number"])
    _index_by_time("actions")
    op.create_table(
        "action_findings",
        Column("finding_id", AnyText, nullable=False),
        Column("action_number", Integer, nullable=False),
        PrimaryKeyConstraint("finding_id", "action_number"),
        ForeignKeyConstraint(["finding_id"], ["findings.id"]),
        ForeignKeyConstraint(["action_number"], ["actions.number"]),
    )


def _add_cases() -> None:
    names = ("title", "summary", "impact", "actions_taken", "recommendations", "status", "tlp")
    op.create_table(
        "cases",
        Column("number", Integer, nullable=False, autoincrement=False),
        *(Column(name, AnyText, nullable=False) for name in (*names, "assignee")),
        Column("merged_into", Integer, nullable=True),
        Column("author", AnyText, nullable=False),
        Column("created_time", Double, nullable=False),
        Column("changed_time", Double, nullable=False),
        Column("version", Integer, nullable=False),
        Column("search_text", AnyText, nullable=False),
        PrimaryKeyConstraint("number"),
        ForeignKeyConstraint(["merged_into"], ["cases.number"]),
    )
    op.create_table(
        "case_findings",
        Column("case_number", Integer, nullable=False),
        Column("finding_id", AnyText, nullable=False),
        PrimaryKeyConstraint("case_number", "finding_id"),
        ForeignKeyConstraint(["case_number"], ["cases.number"]),
        ForeignKeyConstraint(["finding_id"], ["findings.id"]),
    )
    op.create_index("case_findings_of_finding", "case_findings", ["finding_id", "case_number"])
    op.create_table(
        "case_techniques",
        Column("case_number", Integer, nullable=False),
        Column("technique", AnyText, nullable=False),
        Column("reason", AnyText, nullable=False),
        Column("author", AnyText, nullable=False),
        Column("action_number", Integer, nullable=False),
        PrimaryKeyConstraint("case_number", "technique"),
        ForeignKeyConstraint(["case_number"], ["cases.number"]),
        ForeignKeyConstraint(["action_number"], ["actions.number"]),
    )


def _add_drafts() -> None:
    op.create_table(
        "drafts",
        Column("owner", AnyText, nullable=False),
        Column("subject", AnyText, nullable=False),
        Column("payload", AnyText, nullable=False),
        Column("time", Double, nullable=False),
        PrimaryKeyConstraint("owner", "subject"),
    )
    op.create_table(
        "saved_views",
        Column("name", AnyText, nullable=False),
        Column("author", AnyText, nullable=False),
        Column("params", AnyText, nullable=False),
        Column("time", Double, nullable=False),
        Column("position", BigInteger, nullable=False, server_default="0"),
        PrimaryKeyConstraint("name"),
    )
