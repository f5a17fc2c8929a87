"""Files of a workspace that are there whole or not at all."""

from pathlib import Path
from uuid import uuid4

from deepaid_core.errors import WorkspaceError

__all__ = ["write_whole"]


def write_whole(path: Path, content: bytes, what: str) -> None:
    """Write a file so that no reader ever sees a part of it; an earlier one is replaced.

    Args:
        path: Where; its folder is made where it does not exist.
        content: All of it.
        what: What it is, for the sentence, e.g. "The scores of the run".

    Raises:
        WorkspaceError: It cannot be written.
    """
    try:
        path.parent.mkdir(exist_ok=True)
        unfinished = path.with_name(f".unfinished-{uuid4().hex}")
        try:
            unfinished.write_bytes(content)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise WorkspaceError(
            f"{what} cannot be written to '{path}' ({error.strerror}); check the folder's "
            "permissions and free space."
        ) from error
