"""What detectors that reduce an event to a few numbers, its code, have in common."""

from dataclasses import dataclass
from typing import ClassVar

from deepaid_core.detectors.tabular import NetworkDetector
from deepaid_core.domain.params import param

__all__ = ["CodeDetector"]


@dataclass(kw_only=True, eq=False)
class CodeDetector(NetworkDetector):
    """A network with a narrow middle, the code, and a first hidden layer as wide as the event.

    Attributes:
        code: Numbers in the code.
        width: Width of the first hidden layer as a multiple of the columns.
    """

    CHECK_PARAMS: ClassVar[dict[str, float]] = {
        "epochs": 20,
        "batch_size": 64,
        "learning_rate": 3e-3,
    }
    code: int = param(
        4,
        "Length of the code",
        "Numbers that an event is reduced to; fewer let less through that is not normal.",
        low=1,
        high=256,
    )
    width: float = param(
        1.0,
        "Width",
        "Units of the first hidden layer for each column; more can follow finer structure.",
        low=0.1,
        high=16.0,
    )
