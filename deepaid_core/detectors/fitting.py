"""One training loop for every network."""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from deepaid_core.detectors.fitting_state import LoopState, Phase
from deepaid_core.detectors.training import Curve, Training
from deepaid_core.domain.progress import stop_if

__all__ = ["LoopSettings", "Phase", "one_thread", "train_network"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopSettings:
    """How a network is trained.

    Attributes:
        epochs: Upper bound on passes over the training events.
        batch_size: Events per step.
        learning_rate: Adam's, with a cosine decay to a tenth.
        weight_decay: Adam's.
        patience: Stop after this many epochs without a better held-back loss.
        seed: Seed of the order of events.
        betas: Adam's decay of its two averages.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 0.0
    patience: int = 6
    seed: int = 0
    betas: tuple[float, float] = (0.9, 0.999)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let tensor operations use one thread only, as long as it lasts."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@one_thread()
def train_network(
    network: nn.Module,
    loss: Callable[[Tensor], Tensor],
    train: Tensor,
    held_back: Tensor,
    settings: LoopSettings,
    training: Training,
    *,
    name: str = "network",
    phases: Sequence[Phase] = (),
) -> Curve:
    """Train in place and leave the network on the CPU, evaluating, with its best weights.

    One thread is used, whatever the machine has: sums in another order round differently, and
    thousands of steps later that is another detector. Where `training` kept a state under the same
    name, the loop goes on from there and ends with the very same network; whoever gives the
    training sees to it that events and settings are those of that state.

    Args:
        network: Whose parameters are learned; all that the losses need is in it.
        loss: Batch (b, ...) to one loss per event, (b,); what early stopping watches.
        train: Training events in model space, (n, ...).
        held_back: Events to stop early on, (m, ...).
        settings: Steps and their size.
        training: Progress, cancel, checkpoints and device.
        name: Of this loop among those of one training.
        phases: For networks that play against each other: who moves down which loss in each step,
            one after the other. Where none is given, all parameters move down `loss`.

    Returns:
        (training loss of the first phase, held-back loss) of each epoch.

    Raises:
        CancelledError: `training.cancelled` said so.
    """
    moved = tuple(phases) or (Phase(tuple(network.parameters()), loss),)
    network.to(training.device)
    train, held_back = train.to(training.device), held_back.to(training.device)
    # Losses may draw random numbers; what a resumed loop sets back must not reach the caller.
    with torch.random.fork_rng(devices=[]):
        curve = _loop(network, loss, train, held_back, settings, training, name, moved)
    network.to("cpu").eval()
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return curve


def _loop(
    network: nn.Module,
    loss: Callable[[Tensor], Tensor],
    train: Tensor,
    held_back: Tensor,
    settings: LoopSettings,
    training: Training,
    name: str,
    phases: tuple[Phase, ...],
) -> Curve:
    state = LoopState(network, phases, settings)
    if (kept := training.checkpoints.load(name)) is not None:
        state.restore(kept)
    while state.epoch < settings.epochs and state.waited < settings.patience:
        network.train()
        total = 0.0
        order = torch.randperm(len(train), generator=state.shuffle)
        for start in range(0, len(train), settings.batch_size):
            stop_if(training.cancelled)
            rows = order[start : start + settings.batch_size].to(train.device)
            batch = train[rows]
            losses = [_step(phase, optimizer, batch) for phase, optimizer in state.moves]
            total += losses[0] * len(rows)
        for schedule in state.schedules:
            schedule.step()
        network.eval()
        with torch.no_grad():
            held = float(loss(held_back).mean())
        state.curve.append((total / len(train), held))
        stop_if(training.cancelled)
        training.progress(
            (state.epoch + 1) / settings.epochs,
            f"Epoch {state.epoch + 1} of {settings.epochs}, held-back loss {held:.4g}",
        )
        if held < state.best:
            state.best, state.waited = held, 0
            state.best_weights = copy.deepcopy(network.state_dict())
        else:
            state.waited += 1
        state.epoch += 1
        training.checkpoints.save(name, state.arrays, state.curve)
    network.load_state_dict(state.best_weights)
    return state.curve


def _step(phase: Phase, optimizer: torch.optim.Optimizer, batch: Tensor) -> float:
    optimizer.zero_grad(set_to_none=True)
    batch_loss = phase.loss(batch).mean()
    # Only what this phase moves: the others' gradients would be work for nothing, and would stay.
    gradients = torch.autograd.grad(batch_loss, phase.parameters, allow_unused=True)
    for parameter, gradient in zip(phase.parameters, gradients, strict=True):
        parameter.grad = gradient
    optimizer.step()
    return float(batch_loss.detach())
