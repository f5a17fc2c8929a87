"""What the benches of all kinds of data share: scoring edits, and the smallest fix under locks."""

import math
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from deepaid_core.detectors.trained import TrainedDetector
from deepaid_core.domain.batches import Batch
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.domain.progress import Cancelled, never
from deepaid_core.errors import DetectorMismatchError, InvalidParameterError
from deepaid_core.interpreters.base import Context, Interpreter
from deepaid_core.registry import DEFAULT_INTERPRETERS, INTERPRETERS, load
from deepaid_core.workflow.bench_parts import (
    BenchScore,
    Choice,
    Edits,
    Effect,
    Fix,
    Part,
    Value,
)

__all__ = ["Bench"]


class Bench(ABC):
    """One anomaly on the bench: its parts can be edited, and its detector says what it thinks.

    Scores are those of the detector that flagged it, of exactly the edited event: without edits
    the anomaly's own, with `reference` as edits that of its closest normal event.

    Args:
        trained: The detector that flagged it.
        event: The anomaly alone.
        context: What its interpretation was made with.
        interpretation: As it is stored.
    """

    parts: tuple[Part, ...]
    """What can be edited: parts that deviate first, strongest first, then all others."""

    reference: Edits
    """Edits that turn the anomaly into its closest normal event."""

    def __init__(
        self,
        trained: TrainedDetector,
        event: Batch,
        context: Context,
        interpretation: Interpretation,
    ) -> None:
        self._trained, self._event, self._context = trained, event, context
        self._interpretation = interpretation
        self._choices: dict[tuple[str, ...], tuple[Choice, ...]] = {}
        self.threshold = trained.threshold.value
        self._set_up()
        self._groups = {cell: part.group for part in self.parts for cell in part.cells}
        self._observed = {cell: self._observed_of(cell) for cell in self._groups}

    @abstractmethod
    def _set_up(self) -> None:
        """Give `parts` and `reference`."""

    @abstractmethod
    def _observed_of(self, cell: str) -> Value: ...

    @abstractmethod
    def _events(self, edits: Sequence[Edits]) -> Batch:
        """The anomaly once for each of the edits, with them."""

    @abstractmethod
    def _edits_of(self, interpretation: Interpretation) -> dict[str, Value]:
        """What turns the anomaly on the bench into the reference of an interpretation."""

    @abstractmethod
    def _choices_of(self, part: Part) -> tuple[Choice, ...]: ...

    def _checked(self, cell: str, value: Value) -> Value:
        """The value as edits hold it.

        Raises:
            InvalidParameterError: It cannot be one of this cell.
        """
        if isinstance(value, str) or not math.isfinite(value):
            raise InvalidParameterError(f"'{cell}' cannot be {value}; give a finite number.")
        return float(value)

    def _one_of(self, cell: str, value: Value, known: Collection[str]) -> str:
        """The value, if it is one that is known."""
        if str(value) not in known:
            raise InvalidParameterError(
                f"'{cell}' cannot be '{value}'; choose one that the detector knows."
            )
        return str(value)

    def choices(self, part: Part) -> tuple[Choice, ...]:
        """What a part may hold, the likeliest first; empty where it holds numbers."""
        if part.kind != "choice":
            return ()
        if part.cells not in self._choices:
            self._choices[part.cells] = self._choices_of(part)
        return self._choices[part.cells]

    def text_of(self, part: Part, value: Value) -> str:
        """A choice in words."""
        if value == part.observed:
            return part.observed_text
        if value == part.reference:
            return part.reference_text
        return next(
            (one.text for one in self.choices(part) if one.value == value),
            str(value),
        )

    def value(self, part: Part, edits: Edits) -> Value:
        """What a part holds under edits."""
        return edits.get(part.cells[0], part.observed)

    def turn(self, part: Part, value: Value, edits: Edits) -> dict[str, Value]:
        """The edits with another value of a part; what belongs to it moves along.

        Raises:
            InvalidParameterError: The part cannot hold that value.
        """
        if part.fixed:
            raise InvalidParameterError(
                f"'{part.title}' cannot differ, its schema says; edit something else."
            )
        moved = self._moved(part, self._checked(part.cells[0], value))
        return self._without_the_same({**edits, **moved})

    def take_reference(self, part: Part, edits: Edits) -> dict[str, Value]:
        """The edits with a part as in the closest normal event."""
        taken = {cell: self.reference.get(cell, self._observed[cell]) for cell in part.cells}
        return self._without_the_same({**edits, **taken})

    def put_back(self, part: Part, edits: Edits) -> dict[str, Value]:
        """The edits with a part as in the anomaly."""
        return {cell: value for cell, value in edits.items() if cell not in part.cells}

    def _moved(self, part: Part, value: Value) -> dict[str, Value]:
        return {part.cells[0]: value}

    def _without_the_same(self, edits: Edits) -> dict[str, Value]:
        return {cell: value for cell, value in edits.items() if value != self._observed[cell]}

    def read(self, texts: Mapping[str, Any]) -> dict[str, Value]:
        """The edits among values from elsewhere, such as a draft; what does not fit is left out."""
        edits: dict[str, Value] = {}
        for cell, value in texts.items():
            if cell not in self._groups or not isinstance(value, int | float | str):
                continue
            try:
                edits[cell] = self._checked(cell, value)
            except InvalidParameterError:
                continue
        return self._without_the_same(edits)

    def score(self, edits: Edits) -> BenchScore:
        """What the detector says of the anomaly with these edits, and what each group does.

        Raises:
            InvalidParameterError: An edit names nothing of this event, or a value that it cannot
                hold.
        """
        held = self._sound(edits)
        groups = list(dict.fromkeys(self._groups[cell] for cell in held))
        alone = [{c: v for c, v in held.items() if self._groups[c] == one} for one in groups]
        without = [{c: v for c, v in held.items() if self._groups[c] != one} for one in groups]
        # By itself, as it was when it was flagged: 32-bit sums round differently in a batch.
        (now,) = self._trained.detector.score(self._events([held]))
        rest = self._trained.detector.score(self._events([*alone, *without])) if groups else ()
        return BenchScore(
            score=float(now),
            threshold=self.threshold,
            effects=tuple(
                Effect(one, float(rest[place]), float(rest[place + len(groups)]))
                for place, one in enumerate(groups)
            ),
        )

    def smallest_fix(
        self, locked: Collection[str], edits: Edits | None = None, *, cancelled: Cancelled = never
    ) -> Fix:
        """The fewest changes after which the detector accepts, by the default interpreter.

        Args:
            locked: Groups that keep the value that they have now.
            edits: What they have now; edits of other groups do not count. None for the anomaly.
            cancelled: Asked between steps.

        Raises:
            InvalidParameterError: There is no such group, or an edit does not fit.
            DetectorMismatchError: No interpreter can search this detector.
            CancelledError: `cancelled` said so.
        """
        unknown = sorted(set(locked) - set(self._groups.values()))
        if unknown:
            raise InvalidParameterError(
                f"There is no '{unknown[0]}' to lock in this event; lock one of its parts."
            )
        held = self._sound(edits or {})
        kept = {cell: value for cell, value in held.items() if self._groups[cell] in locked}
        most = self._context.max_deviations
        start = self.score(kept)
        if start.accepted:
            return Fix(kept, start, most, 0)
        interpreter = self._interpreter()
        context = replace(self._context, locked=self._context.locked | frozenset(locked))
        found = interpreter.interpret(self._events([kept]), context, cancelled=cancelled)[0]
        fixed = self._without_the_same({**kept, **self._edits_of(found)})
        proof = found.diagnostics
        return Fix(fixed, self.score(fixed), most, proof.deviations_needed, proof.stopped_early)

    def _interpreter(self) -> Interpreter:
        name = DEFAULT_INTERPRETERS[self._interpretation.modality]
        interpreter: Interpreter = load(INTERPRETERS, name)()
        why_not = interpreter.supports(self._trained.detector)
        if why_not is not None:
            raise DetectorMismatchError(
                f"The smallest fix is searched by '{name}', which cannot search this detector: "
                f"{why_not}"
            )
        return interpreter

    def _sound(self, edits: Edits) -> dict[str, Value]:
        unknown = [cell for cell in edits if cell not in self._groups]
        if unknown:
            raise InvalidParameterError(
                f"This event has no '{unknown[0]}' to edit; choose one of its parts."
            )
        return self._without_the_same(
            {cell: self._checked(cell, value) for cell, value in edits.items()}
        )

    def _scores_of_choices(self, cell: str, values: Sequence[Value]) -> "np.ndarray[Any, Any]":
        scores: np.ndarray[Any, Any] = self._trained.detector.score(
            self._events([{cell: value} for value in values])
        )
        return scores
