"""The bench of windows of log keys: any line can be another one that the detector knows."""

from collections.abc import Sequence

import numpy as np

from deepaid_core.domain.batches import PADDING, Batch, IntArray, SequenceBatch
from deepaid_core.domain.details import UNKNOWN_TEXT, SequenceDetails
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.interpreters.key_search import KeyPredictor
from deepaid_core.workflow.bench_base import Bench
from deepaid_core.workflow.bench_parts import Choice, Edits, Part, Value

__all__ = ["SequenceBench"]

_MOST_CHOICES = 200


class SequenceBench(Bench):
    """A window of log keys on the bench; cells are called `position:step`, 0 the flagged line.

    Values are keys in digits. Padding stays what it is: that a session begins is a fact.
    """

    _event: SequenceBatch

    def _set_up(self) -> None:
        self._keys = self._event.keys[0].copy()
        last = len(self._keys) - 1
        self._places = {
            f"position:{place - last}": place
            for place in range(len(self._keys))
            if self._keys[place] != PADDING
        }
        weights = {one.field: one.weight for one in self._interpretation.deviations}
        self.reference = self._edits_of(self._interpretation)
        parts = [
            self._line_part(cell, place - last, weights.get(cell, 0.0))
            for cell, place in reversed(self._places.items())
        ]
        self.parts = tuple(sorted(parts, key=lambda part: -part.weight))

    def _line_part(self, cell: str, step: int, weight: float) -> Part:
        observed = str(self._keys[self._places[cell]])
        reference = str(self.reference.get(cell, observed))
        return Part(
            cells=(cell,),
            group=cell,
            title="flagged line" if not step else f"{-step} line{'s' if step < -1 else ''} before",
            unit="",
            kind="choice",
            observed=observed,
            reference=reference,
            observed_text=self._as_written(cell, int(observed)),
            reference_text=self._text(int(reference)),
            weight=weight,
        )

    def _as_written(self, cell: str, key: int) -> str:
        details = self._interpretation.details
        if key == self._event.schema.unknown and isinstance(details, SequenceDetails):
            place = self._places[cell]
            if place < len(details.observed) and details.observed[place]:
                return details.observed[place]
        return self._text(key)

    def _text(self, key: int) -> str:
        texts = self._event.schema.texts
        return texts[key] if key < len(texts) else UNKNOWN_TEXT

    def _observed_of(self, cell: str) -> Value:
        return str(self._keys[self._places[cell]])

    def _checked(self, cell: str, value: Value) -> Value:
        keys = {str(key) for key in range(len(self._event.schema))}
        return self._one_of(cell, value, keys | {str(self._keys[self._places[cell]])})

    def _events(self, edits: Sequence[Edits]) -> Batch:
        keys = np.repeat(self._keys[None], len(edits), axis=0)
        for row, one in enumerate(edits):
            for cell, value in one.items():
                keys[row, self._places[cell]] = int(value)
        return SequenceBatch.of_keys(self._event.schema, keys)

    def _edits_of(self, interpretation: Interpretation) -> dict[str, Value]:
        return {
            cell: str(int(interpretation.reference[place]))
            for cell, place in self._places.items()
            if int(interpretation.reference[place]) != self._keys[place]
        }

    def _choices_of(self, part: Part) -> tuple[Choice, ...]:
        (cell,) = part.cells
        keys = [str(key) for key in range(len(self._event.schema))]
        scores = self._scores_of_choices(cell, keys)
        order = self._likeliest_first(cell, keys)
        kept = order[:_MOST_CHOICES].tolist()
        # What anomaly and reference hold can always be chosen again.
        kept += [
            int(one)
            for one in dict.fromkeys((str(part.reference), str(part.observed)))
            if int(one) < len(keys) and int(one) not in kept
        ]
        choices = [Choice(keys[key], self._text(key), float(scores[key])) for key in kept]
        if part.observed not in keys:
            choices.append(Choice(str(part.observed), part.observed_text, self.score({}).score))
        return tuple(choices)

    def _likeliest_first(self, cell: str, keys: Sequence[Value]) -> IntArray:
        """The keys in the order of how likely the window is as a whole with them."""
        detector = self._trained.detector
        if not isinstance(detector, KeyPredictor):
            return np.arange(len(keys))
        events = self._events([{cell: key} for key in keys])
        assert isinstance(events, SequenceBatch)  # noqa: S101  made just above
        order: IntArray = np.argsort(-detector.log_likelihood(events.keys), kind="stable")
        return order
