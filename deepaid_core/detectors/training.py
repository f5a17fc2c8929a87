"""What a training is given besides its events, and what it leaves behind to be resumed."""

import json
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.errors import InvalidParameterError

__all__ = [
    "DEVICES",
    "NOTHING_KEPT",
    "Checkpoints",
    "Curve",
    "FolderCheckpoints",
    "NoCheckpoints",
    "State",
    "Training",
    "check_device",
]

DEVICES: Final = ("cpu", "cuda")
"""Where networks can be trained."""

State = Mapping[str, NDArray[np.generic]]
"""Where a training loop stands, as arrays by name."""

Curve = list[tuple[float, float]]
"""(training loss, held-back loss) of each epoch."""


class Checkpoints(ABC):
    """Keeps where the loops of one training stand, each by its name."""

    @abstractmethod
    def load(self, name: str) -> State | None:
        """What was saved last; None where nothing was, or where it cannot be used."""

    @abstractmethod
    def save(self, name: str, state: State, curve: Curve) -> None:
        """Keep a state in the place of the one before, whole or not at all."""


class NoCheckpoints(Checkpoints):
    """Keeps nothing."""

    def load(self, name: str) -> State | None:
        """Nothing, always."""
        return None

    def save(self, name: str, state: State, curve: Curve) -> None:
        """Forget it."""


@dataclass(frozen=True, slots=True)
class FolderCheckpoints(Checkpoints):
    """Keeps them as files of a folder: `NAME.safetensors`, and `NAME.json` with the curve.

    A state that was damaged is as good as none: the loop then begins anew.
    """

    folder: Path

    def load(self, name: str) -> State | None:
        """What was saved last under a name."""
        try:
            return load_tensors((self.folder / f"{name}.safetensors").read_bytes())
        except (OSError, SafetensorError, ValueError, KeyError):
            return None

    def save(self, name: str, state: State, curve: Curve) -> None:
        """Replace both files, one after the other, each whole or not at all."""
        tensors = {key: np.asarray(array, order="C") for key, array in state.items()}
        self._replace(f"{name}.safetensors", save_tensors(tensors))
        self._replace(f"{name}.json", json.dumps(curve).encode())

    def curves(self) -> dict[str, Curve]:
        """The curve of every loop so far, by its name."""
        found: dict[str, Curve] = {}
        for path in sorted(self.folder.glob("*.json")):
            try:
                found[path.stem] = [(float(a), float(b)) for a, b in json.loads(path.read_bytes())]
            except (OSError, ValueError, TypeError, OverflowError, RecursionError):
                continue
        return found

    def clear(self) -> None:
        """Forget everything."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _replace(self, name: str, content: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".unfinished-", delete=False) as f:
            f.write(content)
        Path(f.name).replace(self.folder / name)


NOTHING_KEPT: Final = NoCheckpoints()
"""The checkpoints of a training that nobody wants to resume."""


@dataclass(frozen=True, slots=True)
class Training:
    """How a training reports, learns that it should stop, and can be resumed.

    Attributes:
        progress: Told the share done.
        cancelled: Asked between steps.
        checkpoints: Where its loops keep how far they are.
        device: Where networks are trained, "cpu" or "cuda"; they are scored on the CPU.
    """

    progress: Progress = silent
    cancelled: Cancelled = never
    checkpoints: Checkpoints = field(default=NOTHING_KEPT)
    device: str = "cpu"

    def part(self, since: float, until: float) -> "Training":
        """The same for a part of the work: its 0 to 1 are `since` to `until` of the whole."""
        return Training(
            lambda share, text: self.progress(since + (until - since) * share, text),
            self.cancelled,
            self.checkpoints,
            self.device,
        )


def check_device(device: str) -> None:
    """Refuse a device that networks cannot be trained on here.

    Raises:
        InvalidParameterError: It is no device, or this machine has none of that kind.
    """
    if device not in DEVICES:
        raise InvalidParameterError(
            f"'{device[:40]}' is no device; choose one of: {', '.join(DEVICES)}."
        )
    if device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise InvalidParameterError(
                "The device 'cuda' cannot be used, as PyTorch finds no CUDA on this machine; "
                "train on 'cpu'."
            )
