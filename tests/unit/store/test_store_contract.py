"""SQLite and PostgreSQL keep the same promises."""

from tests.unit.store.store_contract import StoreContract


class TestSqlStore(StoreContract):
    """Both kinds of database come from the fixture `store`."""
