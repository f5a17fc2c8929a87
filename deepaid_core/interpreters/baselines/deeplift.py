"""DeepLIFT, without hooks on the model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from deepaid_core.interpreters.ranked import RankedInterpreter, Surroundings

__all__ = ["DeepLiftInterpreter", "contributions"]

# What takes one number to one number: functions, methods and activations, by name.
_ACTIVATIONS: Final = """
    relu relu6 leaky_relu elu selu celu gelu silu mish softplus softsign hardtanh hardswish
    hardsigmoid logsigmoid sigmoid tanh tanhshrink
"""
_ARITHMETIC: Final = """
    square sqrt rsqrt pow __pow__ abs __abs__ reciprocal exp expm1 log log1p log2 log10 sin cos
    asinh clamp clamp_min clamp_max clip
"""
_ONE_TO_ONE: Final = frozenset((_ACTIVATIONS + _ARITHMETIC).split())
_SAME: Final = 1e-7  # inputs that lie closer have the slope of the tangent


@dataclass(frozen=True, kw_only=True)
class DeepLiftInterpreter(RankedInterpreter):
    """Ranks fields by DeepLIFT's shares in the difference to the score of the nearest normal event.

    Each function of one number, from the first activation to the root of the mean square error,
    passes on the slope between its values at the reference and at the anomaly (the "rescale"
    rule), so that the shares sum to the difference of the scores. What mixes numbers otherwise
    than linearly passes on its gradient. Captum's version hangs hooks on the model, which others
    may be scoring with at the same time, and cannot see into functions; on networks of layers the
    two agree.

    References:
        Shrikumar, Greenside and Kundaje, Learning Important Features Through Propagating
        Activation Differences, ICML 2017.
    """

    name: ClassVar[str] = "deeplift"
    needs_gradient: ClassVar[bool] = True
    EXPECTED_FAILURES: ClassVar = {
        "check_no_shown_deviation_can_be_left_out": "it drops nothing that turns out needless"
    }

    def _rank(self, z: Tensor, known: Surroundings) -> tuple[Tensor, Tensor]:
        reference = known.nearest_normal(z)
        return contributions(known.detector.score_tensor, z, reference), reference


def contributions(function: Any, z: Tensor, reference: Tensor) -> Tensor:
    """Share of each column in `function(z) - function(reference)`, (n, d).

    Args:
        function: (m, d) to (m,), differentiable.
        z: (n, d).
        reference: (n, d).
    """
    both = torch.cat([z, reference]).requires_grad_(True)
    with torch.enable_grad(), _Secants(len(both)):
        total = function(both)[: len(z)].sum()
        (slopes,) = torch.autograd.grad(total, both)
    return slopes[: len(z)] * (z - reference)


class _Secants(TorchFunctionMode):
    """Functions of one number get the slope between the two halves of the rows as gradient."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self._rows = rows

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = dict(kwargs or {})
        if getattr(func, "__name__", "") not in _ONE_TO_ONE or not self._is_ours(args, named):
            return func(*args, **named)
        point = args[0]
        # A copy: activations may work in place.
        inside = point.detach().clone().requires_grad_(True)
        value = func(inside.clone(), *args[1:], **named)
        (tangent,) = torch.autograd.grad(value.sum(), inside)
        value = value.detach()
        (x, x0), (y, y0) = point.detach().chunk(2), value.chunk(2)
        apart = x - x0
        still = apart.abs() < _SAME
        secant = (y - y0) / torch.where(still, 1.0, apart)
        slope = torch.where(still.repeat(2, *[1] * (still.dim() - 1)), tangent, _twice(secant))
        return value + (point - point.detach()) * slope

    def _is_ours(self, args: tuple[Any, ...], named: dict[str, Any]) -> bool:
        others = (*args[1:], *named.values())
        return (
            bool(args)
            and isinstance(args[0], Tensor)
            and args[0].requires_grad
            and args[0].dim() > 0
            and len(args[0]) == self._rows
            and not any(isinstance(other, Tensor) for other in others)
        )


def _twice(half: Tensor) -> Tensor:
    return torch.cat([half, half])
