"""SQLite and PostgreSQL keep the same promises."""

from tests.unit.store.store_contract import StoreContract
from tests.unit.store.suppression_contract import SuppressionContract


class TestSqlStore(StoreContract):
    """Both kinds of database come from the fixture `store`."""


class TestSuppressionsOfSqlStore(SuppressionContract):
    """Likewise."""
