"""Answers of several interpreters to one question: why was this event flagged?"""

from dataclasses import dataclass

from deepaid_core.domain.interpretation import Deviation, Interpretation
from deepaid_core.domain.modality import Modality

__all__ = ["Answer", "Comparison"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one interpreter says of an event, or why it says nothing.

    Attributes:
        interpreter: Registry name.
        interpretation: None where it has no answer.
        rescored: Score of exactly the reference that is shown, asked of the detector anew; None
            where there is no answer or the detector was not asked.
        elapsed_ms: Time that this event took alone; None for a stored answer.
        is_stored: Whether it was made when the event was flagged, and is shown as stored.
        why_not: Why there is no answer, in a sentence; else empty.
    """

    interpreter: str
    interpretation: Interpretation | None = None
    rescored: float | None = None
    elapsed_ms: float | None = None
    is_stored: bool = False
    why_not: str = ""

    @property
    def deviations(self) -> tuple[Deviation, ...]:
        """Strongest first; none where there is no answer."""
        return self.interpretation.deviations if self.interpretation else ()

    @property
    def reference_score(self) -> float | None:
        """Of the reference that is shown: asked anew, else as the interpreter said."""
        if self.rescored is not None or self.interpretation is None:
            return self.rescored
        return self.interpretation.diagnostics.reference_score

    @property
    def flips(self) -> bool:
        """Whether the detector accepts the reference that is shown."""
        score = self.reference_score
        return (
            self.interpretation is not None
            and score is not None
            and score <= self.interpretation.diagnostics.threshold
        )

    @property
    def flips_after(self) -> int | None:
        """How many of the first deviations it takes until the detector accepts; None for never."""
        if self.interpretation is None:
            return None
        proof = self.interpretation.diagnostics
        return next(
            (
                count
                for count, score in enumerate(proof.flip_scores, start=1)
                if score <= proof.threshold
            ),
            None,
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """Answers to one finding, the stored one first.

    Attributes:
        finding_id: "F-...".
        modality: Kind of data.
        score: Of the interpreted event.
        threshold: The detector's.
        answers: One per interpreter.
    """

    finding_id: str
    modality: Modality
    score: float
    threshold: float
    answers: tuple[Answer, ...]

    @property
    def given(self) -> tuple[Answer, ...]:
        """The answers that name at least one deviation."""
        return tuple(one for one in self.answers if one.deviations)

    def named(self) -> dict[str, tuple[str, ...]]:
        """Fields and the interpreters that name each; what most name first, then by best rank."""
        ranks: dict[str, tuple[int, int]] = {}
        who: dict[str, list[str]] = {}
        for place, answer in enumerate(self.given):
            for rank, deviation in enumerate(answer.deviations):
                ranks[deviation.field] = min(
                    ranks.get(deviation.field, (rank, place)), (rank, place)
                )
                who.setdefault(deviation.field, []).append(answer.interpreter)
        order = sorted(who, key=lambda field: (-len(who[field]), ranks[field]))
        return {field: tuple(who[field]) for field in order}

    @property
    def shared(self) -> tuple[str, ...]:
        """Fields that all given answers name; none where only one is given."""
        total = len(self.given)
        return tuple(f for f, who in self.named().items() if len(who) == total > 1)

    @property
    def alone(self) -> dict[str, str]:
        """Fields that only one of several given answers names, and whose it is."""
        several = len(self.given) > 1
        return {f: who[0] for f, who in self.named().items() if len(who) == 1 and several}
