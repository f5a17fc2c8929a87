"""The folder and the database that one team works in."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deepaid_core.errors import WorkspaceError
from deepaid_core.store.base import Store
from deepaid_core.store.sql import open_store

__all__ = ["Workspace"]

DEFAULT_HOME: Final = Path("workspace")
DATABASE: Final = "deepaid.db"


@dataclass(frozen=True, slots=True)
class Workspace:
    """An open workspace.

    Attributes:
        home: Its folder, absolute.
        store: Findings and decisions.
        author: Who decides, where the environment names somebody.
    """

    home: Path
    store: Store
    author: str | None = None

    @property
    def artifacts(self) -> Path:
        """Folder of the trained detectors."""
        return self.home / "detectors"

    @property
    def reports(self) -> Path:
        """Folder that reports are written to by default."""
        return self.home / "reports"

    @classmethod
    def open(cls, home: Path | None = None, database_url: str | None = None) -> "Workspace":
        """Open a workspace, made where it does not exist.

        Args:
            home: Its folder; else DEEPAID_HOME, else "workspace" in the current folder.
            database_url: Address of a database; else DEEPAID_DATABASE_URL, else a SQLite file in
                the folder.

        Raises:
            WorkspaceError: The folder cannot be made or written.
            StoreVersionError: A newer version wrote the database.
            StoreError: The database cannot be used.
        """
        chosen = home or Path(os.environ.get("DEEPAID_HOME") or DEFAULT_HOME)
        folder = _made(chosen)
        address = database_url or os.environ.get("DEEPAID_DATABASE_URL")
        author = " ".join(os.environ.get("DEEPAID_USER", "").split())
        return cls(folder, open_store(address or folder / DATABASE), author or None)

    def close(self) -> None:
        """Give back the database's connections; the workspace cannot be used afterwards."""
        self.store.close()


def _made(chosen: Path) -> Path:
    folder = chosen
    try:
        # Absolute, so that a later change of the current folder cannot move it.
        folder = chosen.expanduser().absolute()
        for needed in (folder, folder / "detectors", folder / "reports"):
            needed.mkdir(parents=True, exist_ok=True)
        # Asking for permissions is not enough: read-only disks and quotas show when writing.
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0")
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise WorkspaceError(
            f"The workspace folder '{folder}' cannot be written ({why}); choose another one with "
            "DEEPAID_HOME."
        ) from error
    return folder
