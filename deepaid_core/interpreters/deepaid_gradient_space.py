"""Where the paper's search goes, and where each anomaly's search stands."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor

__all__ = ["Category", "Descended", "Space", "State"]


@dataclass(frozen=True, eq=False, slots=True)
class Category:
    """A one-hot group.

    Attributes:
        field: Position of its field.
        columns: Its columns.
        allowed: Which of them a reference may choose.
    """

    field: int
    columns: Tensor
    allowed: Tensor


@dataclass(frozen=True, eq=False, slots=True)
class Space:
    """Where references are searched; points have D columns in model space.

    Attributes:
        score: Points (k, D) to scores (k,), differentiable.
        membership: (D, F), 1 where a column belongs to a field.
        movable: (F,), fields that may differ.
        low: (D,), smallest value that a changed column may take.
        high: (D,), largest.
        categories: One-hot groups.
        whole: Rounds columns of whole numbers, (k, D) to (k, D); None where there are none.
    """

    score: Callable[[Tensor], Tensor]
    membership: Tensor
    movable: Tensor
    low: Tensor
    high: Tensor
    categories: tuple[Category, ...] = ()
    whole: Callable[[Tensor], Tensor] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Descended:
    """References of n anomalies in the order they were given.

    Attributes:
        z: (n, D), references in model space.
        gate: (n, F), fields that differ.
        worth: (n, F), fall of the score along the way of each field, at least 0.
        effect: (n, F), effectiveness of all fields around the anomaly; may be negative.
        accepted: (n,), whether the score reaches the target.
        stopped: (n,), whether time ran out before it did.
    """

    z: Tensor
    gate: Tensor
    worth: Tensor
    effect: Tensor
    accepted: Tensor
    stopped: Tensor


@dataclass(frozen=True, eq=False, slots=True)
class State:
    """Where each anomaly's search stands; all tensors have one row for each.

    Attributes:
        x: (n, D), the anomalies.
        less: (n, D), columns from here up to `more` count as unchanged.
        more: (n, D), likewise.
        movable: (n, F), fields that may differ.
        latent: (n, D), the point before rounding.
        gate: (n, F), fields that are open.
        worth: (n, F), fall of the score along the way of the open ones.
        score: (n,), the lowest so far.
        effect: (n, F), effectiveness of all fields around the anomaly.
    """

    x: Tensor
    less: Tensor
    more: Tensor
    movable: Tensor
    latent: Tensor
    gate: Tensor
    worth: Tensor
    score: Tensor
    effect: Tensor

    def take(self, rows: Tensor) -> "State":
        """Those of some anomalies, copied."""
        return State(*(getattr(self, name)[rows] for name in self.__slots__))

    def replaced(self, latent: Tensor, gate: Tensor, worth: Tensor) -> "State":
        """The same anomalies, elsewhere."""
        return replace(self, latent=latent, gate=gate, worth=worth)

    def put(self, rows: Tensor, other: "State") -> None:
        """Take over where some anomalies stand in another state."""
        for name in ("latent", "gate", "worth"):
            getattr(self, name)[rows] = getattr(other, name)

    def keep(self, rows: Tensor, other: "State", which: Tensor, scores: Tensor) -> None:
        """Take over those of another state that `which` marks, with their scores."""
        for name in ("latent", "gate", "worth"):
            getattr(self, name)[rows] = getattr(other, name)[which]
        self.score[rows] = scores
