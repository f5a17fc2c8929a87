"""The folder of one unfinished training."""

import contextlib
import json
import math
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deepaid_core.errors import NotFoundError, TrainingRefusedError, WorkspaceError
from deepaid_core.workflow import training_request
from deepaid_core.workflow.training_lock import held, is_held
from deepaid_core.workflow.training_request import Request, write_whole
from deepaid_core.workspace import Workspace

if TYPE_CHECKING:
    from deepaid_core.detectors.training import Checkpoints, Curve

__all__ = ["TrainingFolder"]

_REQUEST, _STATES, _SHARE, _FILE = "request.json", "states", "share.json", "file"
_LOCKS: Final = ".locks"


@dataclass(frozen=True, slots=True)
class TrainingFolder:
    """What a training keeps until its detector is registered.

    Attributes:
        home: Folder of all trainings of a workspace.
        id: "T-" and ten hexadecimal digits.
    """

    home: Path
    id: str

    @classmethod
    def of(cls, workspace: Workspace, training_id: str) -> "TrainingFolder":
        """The folder that a training has or would have."""
        return cls(workspace.home / "trainings", training_id)

    @classmethod
    def existing(cls, workspace: Workspace, training_id: str) -> "TrainingFolder":
        """The folder of a training, whatever text is given as its id.

        Raises:
            NotFoundError: There is no such training.
        """
        folder = cls.of(workspace, training_id)
        if not training_request.is_id(training_id) or not folder.exists:
            raise NotFoundError(
                f"There is no unfinished training '{training_id[:40]}' in this workspace; "
                "`deepaid train --unfinished` lists them."
            )
        return folder

    @classmethod
    def all_of(cls, workspace: Workspace) -> "tuple[TrainingFolder, ...]":
        """Every one of a workspace, damaged ones too."""
        home = workspace.home / "trainings"
        names = [path.name for path in home.iterdir()] if home.is_dir() else []
        return tuple(cls(home, name) for name in sorted(names) if training_request.is_id(name))

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.home / self.id

    @property
    def exists(self) -> bool:
        """Whether there is one."""
        return self.path.is_dir() and not self.path.is_symlink()

    @property
    def is_running(self) -> bool:
        """Whether a process works on it at this moment."""
        return is_held(self._lock)

    @contextmanager
    def ours(self) -> Iterator[None]:
        """Keep every other process and thread out as long as this lasts.

        Raises:
            TrainingRefusedError: Another one is at it.
            WorkspaceError: The folder cannot be written.
        """
        with contextlib.ExitStack() as stack:
            with self._writing():
                holder = stack.enter_context(held(self._lock))
            if holder is not None:
                by = f" (process {holder})" if holder else ""
                raise TrainingRefusedError(
                    f"Training {self.id} is running{by}; wait for it, or cancel it there first."
                )
            yield

    def request(self) -> Request:
        """What was asked for.

        Raises:
            TrainingRefusedError: That cannot be told.
        """
        return training_request.read(self.path / _REQUEST, self.id)

    def keep_request(self, request: Request) -> None:
        """Write what is asked for.

        Raises:
            WorkspaceError: The folder cannot be written.
        """
        with self._writing():
            training_request.write(request, self.path / _REQUEST)

    @property
    def file(self) -> Path | None:
        """The copy of its training file, where one was kept."""
        with contextlib.suppress(OSError):
            for path in (self.path / _FILE).iterdir():
                if path.is_file() and not path.is_symlink():
                    return path
        return None

    def keep_file(self, path: Path) -> None:
        """Keep a copy of its training file, whole or not at all.

        Raises:
            WorkspaceError: The folder cannot be written.
        """
        with self._writing():
            (self.path / _FILE).mkdir(exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=self.path) as unfinished:
                copy = Path(shutil.copyfile(path, Path(unfinished) / "copy"))
                copy.replace(self.path / _FILE / path.name)

    @property
    def share(self) -> float:
        """How much was done when a loop was kept last, 0 to 1."""
        with contextlib.suppress(OSError, ValueError, RecursionError):
            share = json.loads((self.path / _SHARE).read_bytes()[:100])
            if type(share) in (float, int) and math.isfinite(share):
                return min(max(float(share), 0.0), 1.0)
        return 0.0

    def curves(self) -> "dict[str, Curve]":
        """(training loss, held-back loss) of each epoch so far, by the name of the loop."""
        from deepaid_core.detectors.training import FolderCheckpoints

        return FolderCheckpoints(self.path / _STATES).curves()

    def checkpoints(self, share: Callable[[], float]) -> "Checkpoints":
        """Where its loops stand; the share done is noted with each.

        Args:
            share: Gives it.
        """
        from deepaid_core.detectors.training import Checkpoints, Curve, FolderCheckpoints, State

        states, noted = FolderCheckpoints(self.path / _STATES), self.path / _SHARE

        class Noted(Checkpoints):
            def load(self, name: str) -> State | None:
                return states.load(name)

            def save(self, name: str, state: State, curve: Curve) -> None:
                states.save(name, state, curve)
                write_whole(noted, json.dumps(share()).encode())

        return Noted()

    def remove(self) -> None:
        """Forget it all; a removal that is cut off leaves nothing that looks like a training."""
        gone = self.home / f".gone-{self.id}"
        shutil.rmtree(gone, ignore_errors=True)
        with self._writing(), contextlib.suppress(FileNotFoundError):
            self.path.replace(gone)
        shutil.rmtree(gone, ignore_errors=True)

    @property
    def _lock(self) -> Path:
        # Beside the folder, which comes and goes while others wait for the lock.
        return self.home / _LOCKS / self.id

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise WorkspaceError(
                f"The training cannot be kept in '{self.path}' ({error.strerror or error}); check "
                "the folder's permissions and free space."
            ) from error
