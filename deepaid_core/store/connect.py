"""Connections to SQLite and PostgreSQL: transactions, versions and errors in words."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from deepaid_core.errors import StoreError, StoreVersionError
from deepaid_core.store.tables import SCHEMA_VERSION, VERSION_TABLE, metadata

__all__ = ["Database", "database_url"]

BUSY_TIMEOUT_S = 15
# A decision on 50,000 findings changes most pages of the indexes many times over. Given back when
# the connection reads next; a connection keeps only what it used.
WRITER_CACHE_KB = 256 * 1024
READER_CACHE_KB = 8 * 1024
# Any fixed number will do; all writers of one PostgreSQL database wait for each other on it.
WRITER_LOCK = 7_302_114_466_091_755_851


def database_url(url_or_path: str | Path) -> URL:
    """The address of a database, with its driver.

    Args:
        url_or_path: A file, "sqlite:///file" or "postgresql://user@host/name".

    Raises:
        StoreError: It is neither, or names no file.
    """
    if isinstance(url_or_path, Path) or "://" not in url_or_path:
        return URL.create("sqlite", database=str(Path(url_or_path).absolute()))
    try:
        url = make_url(url_or_path)
    except (ArgumentError, ValueError) as error:
        raise StoreError(
            "The database address cannot be understood; "
            "write it like postgresql://user:password@host/name."
        ) from error
    kind = url.drivername.partition("+")[0]
    if kind in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise StoreError(
            f"Databases of kind '{url.drivername}' are not supported; use SQLite or PostgreSQL."
        )
    if url.database in (None, "", ":memory:"):
        raise StoreError(
            f"The address '{url_or_path}' names no file, and findings must outlive the program; "
            "write it like sqlite:///folder/findings.db."
        )
    return url


class Database:
    """One engine, with short transactions that either happen whole or not at all.

    Writers wait for each other, so what a writer reads stays true until it commits.

    Attributes:
        dialect: "sqlite" or "postgresql".
        where: The database in words, without a password.

    Raises:
        StoreVersionError: A newer version wrote the database.
        StoreError: The database cannot be used; the sentence says why.
    """

    def __init__(self, url: URL) -> None:
        self.dialect = url.get_backend_name()
        is_file = self.dialect == "sqlite"
        self.where = f"'{url.database if is_file else url.render_as_string(hide_password=True)}'"
        if is_file:
            _refuse_foreign_file(Path(str(url.database)), self.where)
        try:
            self._engine = create_engine(url, **_options(url))
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise StoreError(
                f"The database {self.where} needs the PostgreSQL driver, which is not installed; "
                "run: pip install 'deepaid[postgresql]'."
            ) from error
        if is_file:
            _prepare_sqlite(self._engine)
        # SQLite's transactions see one state of the database anyway.
        snapshot = {} if is_file else {"isolation_level": "REPEATABLE READ"}
        self._reader = self._engine.execution_options(**snapshot)
        # A writer waits for its turn first, and then must see what those before it wrote.
        latest = {} if is_file else {"isolation_level": "READ COMMITTED"}
        self._writer = self._engine.execution_options(write=True, **latest)
        self._closed = False
        try:
            self._bring_up_to_date()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction in which all reads see the same state of the database."""
        with self._words(), self._engine_for(self._reader).connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The only writing transaction at this moment, undone if the block raises."""
        with self._words(), self._engine_for(self._writer).begin() as connection:
            self._wait_for_turn(connection)
            yield connection

    @contextmanager
    def trying(self) -> Iterator[Connection]:
        """A transaction like that of a writer, of which nothing is kept in any case."""
        with self._words(), self._engine_for(self._writer).connect() as connection:
            connection.begin()
            self._wait_for_turn(connection)
            yield connection  # and closing it undoes what was not committed

    def _wait_for_turn(self, connection: Connection) -> None:
        if self.dialect == "postgresql":  # on SQLite the transaction began with it
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": WRITER_LOCK})

    def close(self) -> None:
        """Give back all connections."""
        self._closed = True
        self._engine.dispose()

    def _engine_for(self, engine: Engine) -> Engine:
        if self._closed:
            raise StoreError(f"The database {self.where} was closed; open the workspace again.")
        return engine

    @contextmanager
    def _words(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise StoreError(_sentence(self.where, error)) from error

    def _bring_up_to_date(self) -> None:
        with self.reading() as connection:
            version = _version(connection)
        if version == SCHEMA_VERSION:
            return
        with self.writing() as connection:
            # Another process may have done it while this one waited for its turn.
            version = _version(connection)
            if version == SCHEMA_VERSION:
                return
            if version is None and (taken := _taken_names(connection)):
                raise StoreError(
                    f"The database {self.where} already holds a table '{taken[0]}' of another "
                    "program; choose another database."
                )
            _upgrade(connection, version, self.where)


def _options(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": BUSY_TIMEOUT_S}}
    options: dict[str, Any] = {"pool_pre_ping": True}
    if "options" not in url.query:
        options["connect_args"] = {
            "options": f"-c lock_timeout={BUSY_TIMEOUT_S}s",
            "connect_timeout": BUSY_TIMEOUT_S,
        }
    return options


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions by itself
        connection.execute(f"PRAGMA busy_timeout={int(1000 * BUSY_TIMEOUT_S)}")
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes its turn at once; one that began as a reader could only fail later.
        write = connection.get_execution_options().get("write", False)
        cache = WRITER_CACHE_KB if write else READER_CACHE_KB
        connection.exec_driver_sql(f"PRAGMA cache_size={-cache}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _refuse_foreign_file(path: Path, where: str) -> None:
    """Look before the first connection, which would already change the file."""
    try:
        if path.is_dir():
            raise StoreError(f"The database {where} is a folder; name a file in it.")
        if not path.exists() or path.stat().st_size == 0:
            return
        address = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S)) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            names = {str(row[0]) for row in rows}
    except sqlite3.DatabaseError as error:
        if "unable to open" in str(error) and path.is_file():
            return  # a reader of a WAL file may need to write beside it; the engine will tell
        raise StoreError(_sentence(where, error)) from error
    except OSError as error:
        raise StoreError(
            f"The database {where} cannot be opened ({error.strerror}); "
            "choose a folder that you may read and write."
        ) from error
    if names and VERSION_TABLE not in names:
        raise StoreError(
            f"The file {where} is the database of another program (it has a table "
            f"'{min(names)}'); choose another file."
        )


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608
    return version


def _taken_names(connection: Connection) -> list[str]:
    return sorted(set(inspect(connection).get_table_names()) & set(metadata.tables))


def _upgrade(connection: Connection, version: str | None, where: str) -> None:
    # Imported here: only a new or an old database needs it, and it slows down every start.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise StoreVersionError(
            f"The database {where} was written by a newer version of this program (tables of "
            f"version {version}, this one knows {SCHEMA_VERSION}); update the program, or "
            "choose another workspace."
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _cause(error: BaseException) -> str:
    origin = error.orig if isinstance(error, DBAPIError) and error.orig else error
    lines = str(origin).strip().splitlines()
    return lines[0] if lines else type(origin).__name__


def _sentence(where: str, error: BaseException) -> str:
    cause = _cause(error)
    known = {
        "locked": f"stayed locked for {BUSY_TIMEOUT_S} s by another program; close that program, "
        "or try again",
        "lock timeout": f"stayed locked for {BUSY_TIMEOUT_S} s by another program; try again",
        "readonly": "cannot be written; check the permissions of the file and its folder",
        "not a database": "is not a database of this program; choose another file",
        "malformed": "is damaged; restore it from a copy",
        "unable to open": "cannot be opened; choose a folder that you may read and write",
        "is full": "cannot grow because the disk is full; make room and try again",
    }
    for symptom, words in known.items():
        if symptom in cause:
            return f"The database {where} {words}."
    return f"The database {where} cannot be used ({cause}); check its address and try again."
