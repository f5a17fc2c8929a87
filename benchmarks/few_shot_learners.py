"""Who learns categories from few examples: readings of the machine, and what they compete with."""

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier

from deepaid_core.distiller.families import family_of
from deepaid_core.distiller.machine import Lesson, Machine, Outcome
from deepaid_core.distiller.reading import Answer, read
from deepaid_core.domain.batches import FloatArray, IntArray, ObjectArray
from deepaid_core.domain.distiller_settings import Reading
from deepaid_core.domain.verdict import VerdictLabel

__all__ = ["UNKNOWN", "Ask", "Learner", "Machines", "Rival", "Similar"]

UNKNOWN: Final = ""
"""Stands for no category."""

TREES: Final = 30
HIDDEN: Final = 32
FOLDS: Final = 3
LEFT_OUT_PARTS: Final = 4

Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Ask:
    """One draw: who teaches, who is asked.

    Attributes:
        categories: (n,), of the whole pool.
        taught: Positions of the examples.
        asked: Positions of the rest.
        shots: Examples of each category.
        seed: Of what a learner draws.
    """

    categories: ObjectArray
    taught: IntArray
    asked: IntArray
    shots: int
    seed: int


Learner: TypeAlias = Callable[[Ask], tuple[ObjectArray, FloatArray]]
"""Gives a category, or `UNKNOWN`, and a confidence for each that is asked."""


@dataclass(frozen=True, eq=False, slots=True)
class Machines:
    """A reading of the machine.

    Attributes:
        paths: Of the whole pool.
        false_alarms: Categories that are taught as false positives.
        reading: Which.
        always_agrees: Whether the outcome with most verdicts holds even where they disagree.
    """

    paths: Sequence[Path]
    false_alarms: frozenset[str]
    reading: Reading = "chain"
    always_agrees: bool = False

    def __call__(self, ask: Ask) -> tuple[ObjectArray, FloatArray]:
        """Teach a machine and read it."""
        machine = Machine.of(
            Lesson("d", self.paths[row], self._outcome(ask.categories[row])) for row in ask.taught
        )
        answers: dict[Path, tuple[str, float]] = {}
        for path in {self.paths[row] for row in ask.asked}:
            answers[path] = self._answer(read(machine, "d", path=path, reading=self.reading))
        return _columns([answers[self.paths[row]] for row in ask.asked])

    def _outcome(self, category: str) -> Outcome:
        false = category in self.false_alarms
        return Outcome(
            VerdictLabel.FALSE_POSITIVE if false else VerdictLabel.TRUE_POSITIVE, category
        )

    def _answer(self, answer: Answer) -> tuple[str, float]:
        if answer.probabilities:
            return answer.probabilities[0][0].category, answer.confidence
        if self.always_agrees and answer.support:
            best = min(answer.support, key=lambda outcome: (-answer.support[outcome], outcome))
            return best.category, answer.support[best] / sum(answer.support.values())
        return UNKNOWN, 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Similar:
    """The most similar taught path decides; walks over all paths, so an alternative only.

    Similarity is that of Jaccard, where a state of the same family counts `half`.

    Attributes:
        paths: Of the whole pool.
        half: What a state of the same family counts, 0 to 1.
        least: Similarity times agreement that an answer needs.
        former: Only the same pattern, or all states but one and at least two: the rule before.
    """

    paths: Sequence[Path]
    half: float = 2 / 3
    least: float = 0.5
    former: bool = False

    def __call__(self, ask: Ask) -> tuple[ObjectArray, FloatArray]:
        """Compare each path with every taught one."""
        lessons = Counter((self.paths[row], ask.categories[row]) for row in ask.taught)
        answers = {path: self._answer(path, lessons) for path in {self.paths[r] for r in ask.asked}}
        return _columns([answers[self.paths[row]] for row in ask.asked])

    def _answer(self, path: Path, lessons: Counter[tuple[Path, str]]) -> tuple[str, float]:
        alike: dict[float, Counter[str]] = {}
        for (other, category), count in lessons.items():
            alike.setdefault(self._similarity(path, other), Counter())[category] += count
        best = max(alike)
        category, count = min(alike[best].items(), key=lambda one: (-one[1], one[0]))
        agreed = count / alike[best].total()
        if self.former:
            return (category, best * agreed) if best > 0 else (UNKNOWN, 0.0)
        known = best * agreed >= self.least - 1e-9
        return (category, best * agreed) if known else (UNKNOWN, 0.0)

    def _similarity(self, one: Path, other: Path) -> float:
        mine, theirs = set(one), set(other)
        same = len(mine & theirs)
        longest = max(len(mine), len(theirs))
        if self.former:
            near = same == longest - 1 and same >= 2
            return 1.0 if mine == theirs else (2 / 3 if near else 0.0)
        families = Counter(map(family_of, mine - theirs)) & Counter(map(family_of, theirs - mine))
        shared = same + self.half * families.total()
        return round(shared / (len(mine) + len(theirs) - shared), 9)


@dataclass(frozen=True, eq=False, slots=True)
class Rival:
    """A random forest or a small MLP with a rejection threshold fitted on the same examples.

    Its largest probability must exceed a threshold. For the known side of the fit each example is
    judged by a model that did not see it (the forest: out of bag; the MLP: three folds), for the
    unknown side categories are left out in turn (in four parts where there are more than four).
    The threshold is the one with the largest harmonic mean of the share of known examples that are
    right and accepted and the share of unknown ones that are rejected. With one example a category
    nothing can be held back: the known side is then judged on the example itself.

    Attributes:
        values: (n, d), of the whole pool.
        forest: A random forest; an MLP otherwise.
    """

    values: FloatArray
    forest: bool

    def __call__(self, ask: Ask) -> tuple[ObjectArray, FloatArray]:
        """Fit on the examples, fit the threshold, answer."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # few examples: no convergence, no out-of-bag
            known = self.values[ask.taught]
            asked = self.values[ask.asked]
            if not self.forest:
                center, spread = known.mean(axis=0), known.std(axis=0) + 1e-9
                known, asked = (np.clip((v - center) / spread, -10, 10) for v in (known, asked))
            names = ask.categories[ask.taught].astype(str)
            model, held_back = self._fit(known, names, ask)
            threshold = self._threshold(known, names, held_back)
            best, largest = _best(model, asked)
        return np.where(largest > threshold, best, UNKNOWN).astype(object), largest

    def _fit(self, values: FloatArray, names: Any, ask: Ask) -> tuple[Any, tuple[Any, FloatArray]]:
        """The model, and for each example what a model without it says and how surely."""
        if self.forest:
            model = self._model(oob=ask.shots > 1).fit(values, names)
            if ask.shots == 1:
                return model, _best(model, values)
            shares = np.nan_to_num(model.oob_decision_function_)
            return model, (model.classes_[shares.argmax(axis=1)], shares.max(axis=1))
        model = self._model().fit(values, names)
        if ask.shots == 1:
            return model, _best(model, values)
        said, surely = np.array(names), np.zeros(len(names))
        fold = np.empty(len(names), dtype=int)
        random = np.random.default_rng(ask.seed)
        for name in sorted(set(names.tolist())):
            mine = random.permutation(np.flatnonzero(names == name))
            fold[mine] = np.arange(len(mine)) % FOLDS
        for one in range(FOLDS):
            part = self._model().fit(values[fold != one], names[fold != one])
            said[fold == one], surely[fold == one] = _best(part, values[fold == one])
        return model, (said, surely)

    def _threshold(
        self, values: FloatArray, names: Any, held_back: tuple[Any, FloatArray]
    ) -> float:
        right, surely = held_back[0] == names, held_back[1]
        kinds = sorted(set(names.tolist()))
        parts = min(len(kinds), LEFT_OUT_PARTS)
        strange: list[float] = []
        for part in range(parts):
            inside = ~np.isin(names, kinds[part::parts])
            if len(set(names[inside].tolist())) > 1:
                model = self._model().fit(values[inside], names[inside])
                strange += _best(model, values[~inside])[1].tolist()
        steps = np.unique([0.0, *surely.tolist(), *strange, 1.01])
        middles = (steps[1:] + steps[:-1]) / 2
        accepted = np.array([(right & (surely > at)).mean() for at in middles])
        rejected = np.array([(np.array(strange) <= at).mean() for at in middles])
        total = accepted + rejected
        mean = np.divide(2 * accepted * rejected, total, where=total > 0, out=np.zeros(len(total)))
        best = np.flatnonzero(mean >= mean.max() - 1e-9)
        return float(middles[best[len(best) // 2]])

    def _model(self, *, oob: bool = False) -> Any:
        if self.forest:
            return RandomForestClassifier(TREES, random_state=0, oob_score=oob)
        return MLPClassifier((HIDDEN,), solver="lbfgs", alpha=0.01, max_iter=100, random_state=0)


def _best(model: Any, values: FloatArray) -> tuple[Any, FloatArray]:
    shares = model.predict_proba(values)
    return model.classes_[shares.argmax(axis=1)], shares.max(axis=1)


def _columns(answers: Sequence[tuple[str, float]]) -> tuple[ObjectArray, FloatArray]:
    return (
        np.array([category for category, _ in answers], dtype=object),
        np.array([confidence for _, confidence in answers]),
    )
