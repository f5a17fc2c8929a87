"""Databases for the store's tests: a fresh SQLite file, and a real PostgreSQL where one runs."""

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

from deepaid_core.store.sql import SqlStore
from deepaid_core.store.tables import metadata
from tests.empty import empty_database

# The same promises again on the other database: CI checks them, and whoever changes the store.
_POSTGRESQL = pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.slow])


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Address of a PostgreSQL server of our own, reached by a Unix socket."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its imports complain of the environment, not of us
        pgserver = pytest.importorskip("pgserver", reason="pgserver is not installed")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        try:
            server = pgserver.get_server(folder, cleanup_mode="stop")
        except Exception as error:
            pytest.skip(f"PostgreSQL does not start here: {error}")
        address = str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://")
        # Nothing here has to survive a power cut.
        _run(address, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield address
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """Address of an empty PostgreSQL database."""
    _run(postgres_server, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return postgres_server


@pytest.fixture(params=["sqlite", _POSTGRESQL])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database of each kind in which there is nothing yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'findings.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(params=["sqlite", _POSTGRESQL])
def tables(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database of each kind with empty tables."""
    if request.param == "sqlite":
        return str(empty_database(tmp_path / "findings.db"))
    address: str = request.getfixturevalue("postgres_server")
    SqlStore(address).close()  # makes the tables where an earlier test dropped them
    _run(address, f"TRUNCATE {', '.join(metadata.tables)}")
    return address


@pytest.fixture
def store(tables: str) -> Iterator[SqlStore]:
    """An empty store of each kind."""
    opened = SqlStore(tables)
    yield opened
    opened.close()


def _run(address: str, *statements: str) -> None:
    # ALTER SYSTEM must stand outside a transaction.
    engine = create_engine(address, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
