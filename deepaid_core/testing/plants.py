"""What planted data consists of: normal events, and anomalies whose guilty part is known."""

from dataclasses import dataclass, field

from deepaid_core.domain.batches import Batch
from deepaid_core.domain.interpretation import Direction

__all__ = ["Plant", "Planted"]


@dataclass(frozen=True, eq=False, slots=True)
class Plant:
    """Anomalies that one and the same thing was done to.

    Attributes:
        name: What was done, e.g. "feature up".
        events: The anomalies, (n,).
        originals: The normal events that they were made of, (n,).
        guilty: (n,), fields of the deviations that a right interpretation names: columns, steps
            ("position:-3"), or roles.
        direction: Which way all of them moved; None where there is no way, or either.
        step: Where in the window it was done, 0 for the last step, -1 before it; None where the
            events are no windows of a series.
        found: Share of the anomalies whose strongest deviation has to be guilty.
    """

    name: str
    events: Batch
    originals: Batch
    guilty: tuple[frozenset[str], ...]
    direction: Direction | None = None
    step: int | None = None
    found: float = 0.9


@dataclass(frozen=True, eq=False, slots=True)
class Planted:
    """Made-up events of one kind of data.

    Attributes:
        normal: To train on, in order of time.
        fresh: Normal events that are not trained on.
        plants: Anomalies.
        parts: Fields that an interpretation can name; what a guess is drawn from.
    """

    normal: Batch
    fresh: Batch
    plants: tuple[Plant, ...] = field(default=())
    parts: tuple[str, ...] = ()
