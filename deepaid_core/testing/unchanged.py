"""Comparing what must stay as it was: events, detectors, and what the whole process shares."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from deepaid_core.detectors.base import Detector
from deepaid_core.domain.batches import Batch
from deepaid_core.errors import NotFittedError

__all__ = ["assert_same_events", "networks_of", "nothing_changes"]

_OTHERS = ("builtins", "numpy", "torch")


@contextmanager
def nothing_changes(detector: Detector[Any], *events: Batch) -> Iterator[None]:
    """Check that detector, events and shared state are after the block what they were before.

    Also when the block raises. Networks have to rest in evaluation mode.
    """
    before = _state(detector)
    copies = [_copy(batch) for batch in events]
    try:
        yield
    finally:
        after = _state(detector)
        training = [type(network).__name__ for network in networks_of(detector) if network.training]
        assert not training, f"{training} is left in training mode"
        for what, value in before.items():
            assert _same(value, after.get(what)), f"{what} changed"
        assert before.keys() == after.keys(), "the detector has other parts than before"
        for batch, copy in zip(events, copies, strict=True):
            assert_same_events(batch, copy)


def assert_same_events(one: Batch, other: Batch) -> None:
    """Check that two batches hold the same events bit for bit, context included."""
    assert one.schema == other.schema, "the schemas differ"
    for name in (*one.arrays, "times", "entities", "indices"):
        assert _same(getattr(one, name), getattr(other, name)), f"'{name}' differs"
    assert one.context.keys() == other.context.keys(), "the context columns differ"
    for name, column in one.context.items():
        assert _same(column, other.context[name]), f"context column '{name}' differs"


def networks_of(value: Any, depth: int = 3) -> list[nn.Module]:
    """Networks that an object holds, also inside containers and parts of it."""
    if isinstance(value, nn.Module):
        return [value]
    if depth == 0 or isinstance(value, (str, bytes, int, float, np.ndarray, torch.Tensor)):
        return []
    parts: list[Any] = []
    if isinstance(value, dict):
        parts = list(value.values())
    elif isinstance(value, (list, tuple)):
        parts = list(value)
    elif type(value).__module__.partition(".")[0] not in _OTHERS:
        own = [f.name for f in fields(value)] if is_dataclass(value) else []
        parts = [getattr(value, name) for name in {*own, *getattr(value, "__dict__", {})}]
    return [network for part in parts for network in networks_of(part, depth - 1)]


def _state(detector: Detector[Any]) -> dict[str, Any]:
    state: dict[str, Any] = {
        "torch's random numbers": torch.get_rng_state().numpy().copy(),
        "NumPy's random numbers": np.random.get_state()[1].copy(),  # type: ignore[index]
        "the number of threads": torch.get_num_threads(),
        "whether gradients are kept": torch.is_grad_enabled(),
        "torch's default type": torch.get_default_dtype(),
    }
    for place, network in enumerate(networks_of(detector)):
        name = f"network {place}"
        state[f"mode of {name}"] = [part.training for part in network.modules()]
        state[f"hooks of {name}"] = [
            len(part._forward_hooks) + len(part._backward_hooks) for part in network.modules()
        ]
        for key, parameter in network.named_parameters():
            state[f"{key} of {name}"] = parameter.detach().numpy().copy()
            state[f"gradient of {key} of {name}"] = (
                parameter.requires_grad,
                parameter.grad is None,
            )
    try:
        arrays = detector.arrays()
    except NotFittedError:
        return state
    return state | {f"array '{name}'": np.array(array) for name, array in arrays.items()}


def _copy(batch: Batch) -> Batch:
    return batch.take(np.arange(len(batch)))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        if not isinstance(other, np.ndarray) or one.shape != other.shape:
            return False
        if one.dtype == object:  # such columns may hold arrays
            return all(map(_same, one.ravel().tolist(), other.ravel().tolist()))
        return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    return bool(one == other)
