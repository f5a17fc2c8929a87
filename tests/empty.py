"""Workspaces and databases in which nothing was done yet; copied, as making tables takes long."""

import tempfile
from functools import lru_cache
from pathlib import Path

from deepaid_core.store.sql import SqlStore
from deepaid_core.workspace import DATABASE

__all__ = ["empty_database", "empty_home"]


@lru_cache(maxsize=1)
def _tables() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / DATABASE
        SqlStore(path).close()
        return path.read_bytes()


def empty_database(path: Path) -> Path:
    """Put a database of the newest version at a path."""
    path.write_bytes(_tables())
    return path


def empty_home(folder: Path) -> Path:
    """Put a workspace's database into a folder, made where it does not exist."""
    folder.mkdir(parents=True, exist_ok=True)
    empty_database(folder / DATABASE)
    return folder
