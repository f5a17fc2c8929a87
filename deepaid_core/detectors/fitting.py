"""One training loop for every network."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from deepaid_core.domain.progress import Cancelled, Progress, stop_if

__all__ = ["one_thread", "train_network"]


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
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    patience: int,
    seed: int,
    progress: Progress,
    cancelled: Cancelled,
) -> list[tuple[float, float]]:
    """Train in place and leave the network in evaluation mode with its best weights.

    One thread is used, whatever the machine has: sums in another order round differently, and
    thousands of steps later that is another detector.

    Args:
        network: Whose parameters are learned.
        loss: Batch (b, d) to one loss per event, (b,).
        train: Training events in model space, (n, d).
        held_back: Events to stop early on, (m, d).
        epochs: Upper bound on passes over `train`.
        batch_size: Events per step.
        learning_rate: Adam's, with a cosine decay to a tenth.
        weight_decay: Adam's.
        patience: Stop after this many epochs without a better held-back loss.
        seed: Seed of the order of events.
        progress: Told the share done after each epoch.
        cancelled: Asked after each epoch.

    Returns:
        (training loss, held-back loss) of each epoch.

    Raises:
        CancelledError: `cancelled` said so.
    """
    shuffle = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, T_max=epochs, eta_min=learning_rate / 10
    )
    best, best_weights, waited = float("inf"), copy.deepcopy(network.state_dict()), 0
    curve: list[tuple[float, float]] = []
    for epoch in range(epochs):
        network.train()
        total = 0.0
        order = torch.randperm(len(train), generator=shuffle)
        for start in range(0, len(train), batch_size):
            rows = order[start : start + batch_size]
            optimizer.zero_grad(set_to_none=True)
            batch_loss = loss(train[rows]).mean()
            batch_loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total += float(batch_loss.detach()) * len(rows)
        schedule.step()
        network.eval()
        with torch.no_grad():
            held = float(loss(held_back).mean())
        curve.append((total / len(train), held))
        stop_if(cancelled)
        progress((epoch + 1) / epochs, f"Epoch {epoch + 1} of {epochs}, held-back loss {held:.4g}")
        if held < best:
            best, best_weights, waited = held, copy.deepcopy(network.state_dict()), 0
        else:
            waited += 1
            if waited >= patience:
                break
    network.load_state_dict(best_weights)
    network.eval()
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return curve
