"""Runs the steps on the connection, and in the transaction, that `connect.upgrade` holds."""

from alembic import context

from deepaid_core.store.tables import VERSION_TABLE, metadata

__all__: list[str] = []

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
context.run_migrations()
