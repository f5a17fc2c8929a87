"""What a reference must obey: bounds, whole numbers, one-hot groups, locked fields."""

from dataclasses import dataclass

import numpy as np

from deepaid_core.detectors.profile import NormalProfile
from deepaid_core.domain.batches import FloatArray
from deepaid_core.domain.schema import Schema

__all__ = ["Constraints"]


@dataclass(frozen=True, eq=False, slots=True)
class Constraints:
    """A schema's rules as arrays.

    Attributes:
        membership: (d, F), 1 where a column belongs to a field.
        movable: (F,), fields that may differ.
        tolerance: (d,), differences up to this size do not count.
        low: (d,), smallest value that a reference may take.
        high: (d,), largest.
        integer: (d,), columns of whole numbers.
        one_hot: Columns of each one-hot group.
    """

    membership: FloatArray
    movable: np.ndarray
    tolerance: FloatArray
    low: FloatArray
    high: FloatArray
    integer: np.ndarray
    one_hot: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, schema: Schema, profile: NormalProfile, locked: frozenset[str]) -> "Constraints":
        """Rules of a schema, tightened to what was seen in training.

        A changed value stays inside the training range of its column: the reference is to be an
        event that could have been normal, not one on which the detector happens to agree.
        """
        features, fields = schema.features, schema.fields
        membership = np.zeros((len(schema), len(fields)))
        for position, one in enumerate(fields):
            membership[list(one.columns), position] = 1.0
        bound_low = [-np.inf if f.low is None else f.low for f in features]
        bound_high = [np.inf if f.high is None else f.high for f in features]
        return cls(
            membership=membership,
            movable=np.array(
                [
                    one.name not in locked and not any(features[c].locked for c in one.columns)
                    for one in fields
                ]
            ),
            tolerance=np.array([f.tolerance for f in features]),
            low=np.maximum(profile.quantiles[0], bound_low),
            high=np.minimum(profile.quantiles[-1], bound_high),
            integer=np.array([f.kind == "integer" for f in features]),
            one_hot=tuple(
                np.array(one.columns)
                for one in fields
                if features[one.columns[0]].kind == "category"
            ),
        )

    def apply(self, values: FloatArray) -> FloatArray:
        """The nearest values that obey, (n, d), original units."""
        obeying = np.clip(values, self.low, self.high)
        if self.integer.any():
            obeying[:, self.integer] = np.round(obeying[:, self.integer])
        for columns in self.one_hot:
            # A category that training never showed cannot have been normal.
            group = np.where(self.high[columns] > 0.0, values[:, columns], -np.inf)
            obeying[:, columns] = group.argmax(axis=1)[:, None] == np.arange(len(columns))
        return obeying

    @property
    def bounds_only(self) -> bool:
        """Whether bounds are all there is to obey, so that clipping does it."""
        return not (self.one_hot or self.integer.any())
