"""Where a training loop stands, as objects and as arrays that can be kept."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from deepaid_core.detectors.training import Curve, State

if TYPE_CHECKING:
    from deepaid_core.detectors.fitting import LoopSettings

__all__ = ["LoopState", "Phase"]

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a training step.

    Attributes:
        parameters: What it moves.
        loss: Batch (b, ...) to one loss per event, (b,).
    """

    parameters: tuple[nn.Parameter, ...]
    loss: Callable[[Tensor], Tensor]


class LoopState:
    """Optimizers, order of events, and what was best so far.

    Attributes:
        epoch: Passes done.
        best: Lowest held-back loss.
        waited: Passes since then.
        best_weights: Of the network, at that time.
        curve: As `train_network` returns it.
        shuffle: Gives the order of events.
    """

    def __init__(
        self, network: nn.Module, phases: tuple[Phase, ...], settings: "LoopSettings"
    ) -> None:
        self.network, self.phases = network, phases
        self.epoch, self.best, self.waited = 0, float("inf"), 0
        self.best_weights = copy.deepcopy(network.state_dict())
        self.curve: Curve = []
        self.shuffle = torch.Generator().manual_seed(settings.seed)
        self.optimizers = [
            torch.optim.Adam(
                phase.parameters,
                lr=settings.learning_rate,
                weight_decay=settings.weight_decay,
                betas=settings.betas,
            )
            for phase in phases
        ]
        self.schedules = [
            torch.optim.lr_scheduler.CosineAnnealingLR(
                optimizer, T_max=settings.epochs, eta_min=settings.learning_rate / 10
            )
            for optimizer in self.optimizers
        ]

    @property
    def moves(self) -> list[tuple[Phase, torch.optim.Adam]]:
        """Phases with their optimizers, in the order of a step."""
        return list(zip(self.phases, self.optimizers, strict=True))

    @property
    def arrays(self) -> State:
        """All of it, by name."""
        found: dict[str, NDArray[np.generic]] = {
            "counts": np.array([self.epoch, self.waited, self.best], dtype=np.float64),
            "curve": np.array(self.curve, dtype=np.float64).reshape(-1, 2),
            "rates": np.array([group["lr"] for group in self._groups], dtype=np.float64),
            "shuffle": self.shuffle.get_state().numpy(),
            "random": torch.get_rng_state().numpy(),
        }
        for name, tensor in self.network.state_dict().items():
            found[f"weights.{name}"] = tensor.cpu().numpy()
            found[f"best.{name}"] = self.best_weights[name].cpu().numpy()
        for place, optimizer in enumerate(self.optimizers):
            for number, moments in optimizer.state_dict()["state"].items():
                for moment in _MOMENTS:
                    found[f"adam.{place}.{number}.{moment}"] = moments[moment].cpu().numpy()
        return found

    def restore(self, kept: State) -> None:
        """Go on from there; arrays of another network leave everything as it was."""
        if not self._fits(kept):
            return
        tensors = {name: torch.from_numpy(np.array(array)) for name, array in kept.items()}
        epoch, waited, best = (float(one) for one in tensors["counts"])
        self.epoch, self.waited, self.best = int(epoch), int(waited), best
        self.curve = [(float(a), float(b)) for a, b in tensors["curve"]]
        self.network.load_state_dict(_under("weights.", tensors))
        device = next(iter(self.network.state_dict().values())).device
        self.best_weights = {k: v.to(device) for k, v in _under("best.", tensors).items()}
        for place, optimizer in enumerate(self.optimizers):
            numbers: dict[int, dict[str, Tensor]] = {}
            for name, tensor in _under(f"adam.{place}.", tensors).items():
                number, _, moment = name.partition(".")
                numbers.setdefault(int(number), {})[moment] = tensor
            optimizer.load_state_dict(
                {"state": numbers, "param_groups": optimizer.state_dict()["param_groups"]}
            )
        for group, rate in zip(self._groups, tensors["rates"].tolist(), strict=True):
            group["lr"] = rate
        for schedule in self.schedules:
            schedule.last_epoch = self.epoch
        self.shuffle.set_state(tensors["shuffle"])
        torch.set_rng_state(tensors["random"])

    @property
    def _groups(self) -> list[dict[str, Any]]:
        return [group for optimizer in self.optimizers for group in optimizer.param_groups]

    def _fits(self, kept: State) -> bool:
        shapes = {
            "counts": (3,),
            "rates": (len(self.optimizers),),
            "shuffle": tuple(self.shuffle.get_state().shape),
            "random": tuple(torch.get_rng_state().shape),
        }
        for name, tensor in self.network.state_dict().items():
            shapes |= {f"weights.{name}": tuple(tensor.shape), f"best.{name}": tuple(tensor.shape)}
        for place, phase in enumerate(self.phases):
            for number, parameter in enumerate(phase.parameters):
                # A parameter without a gradient has no moments.
                if f"adam.{place}.{number}.step" in kept:
                    shapes[f"adam.{place}.{number}.step"] = ()
                    for moment in _MOMENTS[1:]:
                        shapes[f"adam.{place}.{number}.{moment}"] = tuple(parameter.shape)
        found = {name: array.shape for name, array in kept.items() if name != "curve"}
        return "curve" in kept and found == shapes


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
