"""The workspace of this server process."""

import os
from pathlib import Path

import streamlit as st

from deepaid_core.workspace import Workspace

__all__ = ["workspace"]


@st.cache_resource(max_entries=8, show_spinner=False)
def _opened(home: str | None, database_url: str | None, user: str | None) -> Workspace:
    # The user is part of the key because a workspace remembers who decides.
    return Workspace.open(Path(home) if home else None, database_url)


def workspace() -> Workspace:
    """The workspace that DEEPAID_HOME and DEEPAID_DATABASE_URL name, opened once.

    Raises:
        WorkspaceError: The folder cannot be created or written.
        StoreError: The database cannot be used.
    """
    names = ("DEEPAID_HOME", "DEEPAID_DATABASE_URL", "DEEPAID_USER")
    home, database_url, user = (os.environ.get(name) for name in names)
    return _opened(home, database_url, user)
