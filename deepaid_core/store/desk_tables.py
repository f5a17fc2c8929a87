"""The tables of what analysts do beside deciding: actions, cases, drafts, saved views."""

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Index, Integer, Table, Text

from deepaid_core.store.tables import AnyText, metadata

__all__ = ["action_findings", "actions", "case_findings", "case_techniques", "cases", "drafts",
           "saved_views"]  # fmt: skip

# Append-only; only `undone_by` of a note ever changes. `before` is what the action replaced.
actions = Table(
    "actions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("time", Double, nullable=False),
    Column("kind", AnyText, nullable=False),
    Column("author", AnyText, nullable=False),
    Column("subject", AnyText, nullable=False),
    Column("case_number", Integer),
    Column("undone_by", Integer, ForeignKey("actions.number")),
    Column("payload", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("chain", AnyText, nullable=False),
    Index("actions_of_subject", "subject", "number"),
    Index("actions_of_case", "case_number", "number"),
    Index("actions_of_kind", "kind", "number"),
    Index("actions_by_time", "time", "number"),
    Index("actions_by_author", "author", "time", "number"),
    Index("actions_by_kind", "kind", "time", "number"),
)

# Which findings an action touched, so that the history of one is read without the others.
action_findings = Table(
    "action_findings",
    metadata,
    Column("finding_id", AnyText, ForeignKey("findings.id"), primary_key=True),
    Column("action_number", Integer, ForeignKey("actions.number"), primary_key=True),
)

cases = Table(
    "cases",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("title", AnyText, nullable=False),
    Column("summary", AnyText, nullable=False),
    Column("impact", AnyText, nullable=False),
    Column("actions_taken", AnyText, nullable=False),
    Column("recommendations", AnyText, nullable=False),
    Column("status", AnyText, nullable=False),
    Column("tlp", AnyText, nullable=False),
    Column("assignee", AnyText, nullable=False),
    Column("merged_into", Integer, ForeignKey("cases.number")),
    Column("author", AnyText, nullable=False),
    Column("created_time", Double, nullable=False),
    Column("changed_time", Double, nullable=False),
    Column("version", Integer, nullable=False),
    # Case-folded id, title and summary.
    Column("search_text", AnyText, nullable=False),
)

case_findings = Table(
    "case_findings",
    metadata,
    Column("case_number", Integer, ForeignKey("cases.number"), primary_key=True),
    Column("finding_id", AnyText, ForeignKey("findings.id"), primary_key=True),
    Index("case_findings_of_finding", "finding_id", "case_number"),
)

case_techniques = Table(
    "case_techniques",
    metadata,
    Column("case_number", Integer, ForeignKey("cases.number"), primary_key=True),
    Column("technique", AnyText, primary_key=True),
    Column("reason", AnyText, nullable=False),
    Column("author", AnyText, nullable=False),
    Column("action_number", Integer, ForeignKey("actions.number"), nullable=False),
)

# What is half-typed in one browser; `owner` is a random name that only that browser knows.
drafts = Table(
    "drafts",
    metadata,
    Column("owner", AnyText, primary_key=True),
    Column("subject", AnyText, primary_key=True),
    Column("payload", AnyText, nullable=False),
    Column("time", Double, nullable=False),
)

saved_views = Table(
    "saved_views",
    metadata,
    Column("name", AnyText, primary_key=True),
    Column("author", AnyText, nullable=False),
    Column("params", AnyText, nullable=False),
    Column("time", Double, nullable=False),
    Column("position", BigInteger, nullable=False, server_default="0"),
)
