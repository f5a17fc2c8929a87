"""Databases that are new, newer, foreign, locked or out of reach."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine, inspect, text

import deepaid_core.store
from deepaid_core.errors import StoredValueError, StoreError, StoreVersionError
from deepaid_core.store import connect
from deepaid_core.store.sql import SqlStore, open_store
from deepaid_core.store.tables import SCHEMA_VERSION, VERSION_TABLE, metadata
from tests.factories import make_finding, make_run, make_verdict

MIGRATIONS = Path(deepaid_core.store.__file__).parent / "migrations"
ORDINARY_USER = 65534


def _run(address: str, *statements: str) -> None:
    engine = create_engine(address, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


@contextmanager
def _ordinary_user() -> Iterator[None]:
    """Permissions do not bind the superuser, as whom containers often run tests."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(ORDINARY_USER)
    try:
        yield
    finally:
        os.seteuid(0)


def test_steps_lead_an_empty_database_to_the_declared_tables(database: str) -> None:
    open_store(database).close()
    engine = create_engine(database, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == SCHEMA_VERSION
        for table in metadata.sorted_tables:
            made = {index["name"] for index in inspect(connection).get_indexes(table.name)}
            assert {index.name for index in table.indexes} <= made


def test_the_declared_version_is_that_of_the_last_step() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == SCHEMA_VERSION


def test_opening_again_keeps_what_is_there(database: str) -> None:
    first = SqlStore(database, clock=lambda: 1.5)
    first.add_run(make_run(), [make_finding()])
    first.append([make_verdict(make_finding())])
    log = first.log()
    first.close()
    second = open_store(database)
    assert second.finding(make_finding().id) == make_finding()
    assert second.log() == log
    assert log[0].time == 1.5
    second.close()


def test_sqlite_waits_for_its_turn_and_checks_references(tmp_path: Path) -> None:
    store = SqlStore(tmp_path / "findings.db")
    with store._database.reading() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    assert values == {
        "journal_mode": "wal",
        "synchronous": 1,
        "busy_timeout": 15_000,
        "foreign_keys": 1,
    }
    store.close()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(database: str) -> None:
    open_store(database).close()
    _run(database, f"UPDATE {VERSION_TABLE} SET version_num = '9001'")
    with pytest.raises(StoreVersionError, match=r"newer version .* 9001, this one knows 0004"):
        open_store(database)
    engine = create_engine(database, poolclass=NullPool)
    with engine.connect() as connection:
        version = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    assert version == "9001"


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"another program .*'recipes'"):
        open_store(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["other.db"]


@pytest.mark.postgres
@pytest.mark.slow
def test_tables_of_another_program_with_our_names_are_refused(postgres_url: str) -> None:
    _run(postgres_url, "CREATE TABLE findings (name TEXT)", "CREATE TABLE recipes (name TEXT)")
    with pytest.raises(StoreError, match="table 'findings' of another program"):
        open_store(postgres_url)
    engine = create_engine(postgres_url, poolclass=NullPool)
    assert sorted(inspect(engine).get_table_names()) == ["findings", "recipes"]


@pytest.mark.parametrize("content", [b"time,source\n1,10.77.0.1\n" * 200, b"\x00" * 5000])
def test_a_file_that_is_no_database_is_refused_and_left_alone(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "capture.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is not a database of this program"):
        open_store(path)
    assert path.read_bytes() == content


def test_an_unwritable_folder_is_told_in_one_sentence() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with _ordinary_user(), pytest.raises(StoreError, match="may read and write"):
            open_store(Path(folder) / "findings.db")
        assert list(Path(folder).iterdir()) == []
        Path(folder).chmod(0o700)


def test_a_file_without_permission_to_write_is_told_in_one_sentence() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "findings.db"
        open_store(path).close()
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        with _ordinary_user(), pytest.raises(StoreError, match=r"cannot be (written|opened)"):
            open_store(path)
        Path(folder).chmod(0o700)


def test_a_missing_folder_or_a_file_in_its_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(tmp_path / "nowhere" / "findings.db")
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(tmp_path / "file" / "findings.db")
    with pytest.raises(StoreError, match="is a folder"):
        open_store(tmp_path)


def test_a_locked_database_is_told_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "BUSY_TIMEOUT_S", 0.1)
    path = tmp_path / "findings.db"
    store = open_store(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert store.version() == (0, 0)  # readers never wait
        with pytest.raises(StoreError, match="stayed locked"):
            store.add_run(make_run(), [make_finding()])
        other.execute("ROLLBACK")
    assert (store.version(), store.runs()) == ((0, 0), ())
    store.close()


@pytest.mark.parametrize("name", ["plain.db", "100% of 'it' ; & ü ?.db"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    open_store(path).close()
    open_store(str(path)).close()
    assert path.stat().st_size > 0


def test_a_run_that_cannot_be_written_whole_is_not_written(tmp_path: Path) -> None:
    store = open_store(tmp_path / "findings.db")
    # SQLite keeps NaN as "no value", which the column refuses.
    broken = make_finding(1, max_score=float("nan"))
    with pytest.raises(StoreError, match="max_score"):
        store.add_run(make_run(), [make_finding(0), broken])
    assert (store.version(), store.runs()) == ((0, 0), ())
    store.close()


def test_a_damaged_row_and_an_unknown_entry_are_errors(database: str) -> None:
    store = open_store(database)
    store.add_run(make_run(), [make_finding()])
    store.append([make_verdict(make_finding())])
    _run(
        database,
        "UPDATE finding_details SET interpretation = '{}'",
        "UPDATE decisions SET kind = 'blessing'",
    )
    with pytest.raises(StoredValueError, match="'interpretation' cannot be read"):
        store.finding(make_finding().id)
    with pytest.raises(StoredValueError, match="unknown kind 'blessing'"):
        store.log()
    store.close()


@pytest.mark.postgres
@pytest.mark.slow
def test_a_writer_sees_those_before_it_whatever_the_server_prefers(postgres_url: str) -> None:
    _run(postgres_url, "ALTER ROLE CURRENT_USER SET default_transaction_isolation = serializable")
    try:
        store = open_store(postgres_url)
        findings = [make_finding(number) for number in range(24)]
        store.add_run(make_run(), findings)
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda finding: store.append([make_verdict(finding)]), findings))
        assert [line.number for line in store.log()] == list(range(1, 25))
        store.close()
    finally:
        _run(postgres_url, "ALTER ROLE CURRENT_USER RESET default_transaction_isolation")


def test_a_closed_store_refuses_work(database: str) -> None:
    store = open_store(database)
    store.close()
    with pytest.raises(StoreError, match="was closed"):
        store.version()


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("mysql://host/name", "'mysql' are not supported"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("://", "cannot be understood"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused(address: str, sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence):
        open_store(address)


def test_an_error_never_shows_the_password() -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with pytest.raises(StoreError, match="cannot be used") as caught:
        open_store("postgresql://ana:s3cret@127.0.0.1:1/findings")
    assert "s3cret" not in str(caught.value)
