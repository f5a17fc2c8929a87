"""The bench of logins: each endpoint can be another user or host."""

from collections.abc import Sequence

import numpy as np

from deepaid_core.detectors.link_predictor import LinkPredictorDetector
from deepaid_core.domain.batches import Batch
from deepaid_core.domain.batches import LinkBatch as Logins
from deepaid_core.domain.details import LinkDetails
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.errors import DetectorMismatchError, InvalidParameterError
from deepaid_core.workflow.bench_base import Bench
from deepaid_core.workflow.bench_parts import Choice, Edits, Part, Value

__all__ = ["LinkBench"]

_MOST_CHOICES = 200
_LONGEST = 1000


class LinkBench(Bench):
    """A login on the bench; cells are roles, values are names, of any node whatever.

    A name that training never saw is a value too: the detector has a score for strangers.
    """

    _event: Logins

    def _set_up(self) -> None:
        roles = self._event.schema.roles
        self._roles = {role: place for place, role in enumerate(roles)}
        self._names = [str(name) for name in self._event.nodes[0]]
        weights = {one.field: one.weight for one in self._interpretation.deviations}
        self.reference = self._edits_of(self._interpretation)
        parts = []
        for role, name in zip(roles, self._names, strict=True):
            wanted = str(self.reference.get(role, name))
            parts.append(
                Part(
                    cells=(role,), group=role, title=role, unit="", kind="choice",
                    observed=name, reference=wanted, observed_text=name, reference_text=wanted,
                    weight=weights.get(role, 0.0),
                )
            )  # fmt: skip
        self.parts = tuple(sorted(parts, key=lambda part: -part.weight))

    def _observed_of(self, cell: str) -> Value:
        return self._names[self._roles[cell]]

    def _checked(self, cell: str, value: Value) -> Value:
        name = value.strip() if isinstance(value, str) else ""
        if not name or len(name) > _LONGEST:
            raise InvalidParameterError(
                f"The {cell} needs a name of 1 to {_LONGEST:,} characters; give one."
            )
        # What the event holds is a name, blanks around it or not.
        return value if value == self._names[self._roles[cell]] else name

    def _events(self, edits: Sequence[Edits]) -> Batch:
        nodes = np.array([self._names] * len(edits), dtype=object)
        for row, one in enumerate(edits):
            for cell, value in one.items():
                nodes[row, self._roles[cell]] = str(value)
        return Logins.of_nodes(nodes)

    def _edits_of(self, interpretation: Interpretation) -> dict[str, Value]:
        details = interpretation.details
        if not isinstance(details, LinkDetails):
            raise DetectorMismatchError(
                "The interpretation names no login, so there is nothing to edit."
            )
        return {
            role: name
            for role, name in zip(details.roles, details.reference, strict=True)
            if name != self._names[self._roles[role]]
        }

    def _choices_of(self, part: Part) -> tuple[Choice, ...]:
        detector = self._trained.detector
        names: list[str] = []
        if isinstance(detector, LinkPredictorDetector):
            names = list(detector.graph.names(self._roles[part.cells[0]]))
        names = list(dict.fromkeys([*names, str(part.reference), str(part.observed)]))
        scores = self._scores_of_choices(part.cells[0], names)
        kept = np.argsort(scores, kind="stable")[:_MOST_CHOICES].tolist()
        kept += [
            at
            for at in (names.index(str(part.reference)), names.index(str(part.observed)))
            if at not in kept
        ]
        return tuple(Choice(names[at], names[at], float(scores[at])) for at in dict.fromkeys(kept))
