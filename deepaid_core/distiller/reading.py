"""Reading the machine: what a path most likely ends in, or that nobody can say."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from deepaid_core.distiller.families import family_pattern
from deepaid_core.distiller.machine import Chain, Machine, Outcome, Pattern, one_less, parts_of
from deepaid_core.domain.distiller_settings import Reading
from deepaid_core.domain.finding import pattern_of
from deepaid_core.domain.verdict import VerdictLabel

__all__ = ["Answer", "Kind", "read"]

BACK_OFF: Final = 1.0
"""How many imagined transitions, spread as single states are, join those that were counted."""

UNSEEN: Final = 0.01
"""Weight of a state that an outcome never passed, against 1 for each time it did."""

AGREED: Final = 0.6
"""Probability that an outcome needs to be suggested: more than an even split, and less than the
2 of 3 verdicts against one that shall do."""

DOUBTED: Final = 0.5
"""The same of an attack that only false alarms stand against: an even split names the attack."""

NEAR: Final = 2 / 3
"""What support on patterns nearby is worth, against 1 for support on the pattern itself."""

Kind: TypeAlias = Literal["same", "sizes", "near"]
"""What the support is on: the same pattern, one of the same families of states, or one with a
state more, a state fewer, or another one of three or more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the machine says of one path.

    Attributes:
        probabilities: Outcomes that have support, likeliest first; they sum to 1. Empty when the
            path is unknown.
        support: Verdicts in force behind each of these outcomes; those that disagree when the path
            is unknown for that reason.
        kind: What the support is on.
        confidence: Of the first outcome, 0 to 1; 0 when the path is unknown.
    """

    probabilities: tuple[tuple[Outcome, float], ...] = ()
    support: Mapping[Outcome, int] = field(default_factory=dict)
    kind: Kind = "near"
    confidence: float = 0.0

    @property
    def exact(self) -> bool:
        """Whether the support is on this very pattern."""
        return self.kind == "same"


UNKNOWN: Final = Answer()


def read(
    machine: Machine, detector_name: str, *, path: tuple[str, ...], reading: Reading = "chain"
) -> Answer:
    """The outcomes of a path with their probabilities; no outcome when it lacks support.

    "chain" looks for verdicts in force on the same pattern; where there are none, on patterns of
    the same families of states (the same fields and directions in other sizes); where there are
    none either, on patterns with one state more, one fewer, or another one of three or more. The
    outcomes of these verdicts are weighed by a Markov chain each, smoothed, with back-off to single
    states; the likeliest is suggested when its probability is at least `AGREED`, or `DOUBTED`.

    "paper" multiplies the rows of state transitions, which are normalized apart from the rows of
    last states to outcomes: a path with a transition never taken is unknown, and the last state
    decides the rest.

    References:
        Han et al., DeepAID, CCS 2021, https://arxiv.org/abs/2109.11495 (Distiller).
    """
    chains = {
        outcome: chain for (name, outcome), chain in machine.chains.items() if name == detector_name
    }
    if not path or not chains:
        return UNKNOWN
    return _READ[reading](chains, path)


def _support(chains: Mapping[Outcome, Chain], pattern: Pattern) -> tuple[Kind, dict[Outcome, int]]:
    """Verdicts on the nearest patterns that any are on; look-ups, never a walk over patterns."""
    same = {o: chain.patterns.get(pattern, 0) for o, chain in chains.items()}
    if any(same.values()):
        return "same", _counted(same)
    family = family_pattern(pattern)
    if family is not None:
        sizes = {o: chain.families.get(family, 0) for o, chain in chains.items()}
        if any(sizes.values()):
            return "sizes", _counted(sizes)
    shorter, parts = one_less(pattern), parts_of(pattern)
    near: dict[Outcome, int] = {}
    for outcome, chain in chains.items():
        alone = len(pattern) == 1
        longer = chain.pairs.get(pattern[0], 0) if alone else chain.parts.get(pattern, 0)
        fewer = sum(chain.patterns.get(part, 0) for part in shorter)
        near[outcome] = longer + fewer + sum(chain.parts.get(part, 0) for part in parts)
    return "near", _counted(near)


def _counted(counts: Mapping[Outcome, int]) -> dict[Outcome, int]:
    return {outcome: count for outcome, count in counts.items() if count}


def _read_chain(chains: Mapping[Outcome, Chain], path: tuple[str, ...]) -> Answer:
    kind, support = _support(chains, pattern_of(path))
    if not support:
        return UNKNOWN
    probabilities = _ranked(
        {
            outcome: math.log(chains[outcome].verdicts) + _log_likelihood(chains[outcome], path)
            for outcome in support
        }
    )
    (best, probability), *others = probabilities
    doubted = best.label is VerdictLabel.TRUE_POSITIVE and all(
        other.label is VerdictLabel.FALSE_POSITIVE for other, _ in others
    )
    # Rounded, so that the order of summation cannot decide.
    if round(probability, 9) < (DOUBTED if doubted else AGREED):
        return Answer((), support, kind)
    # The rule of succession: one verdict 0.67, three 0.8, ten 0.92 - if they agree (the
    # probability of the best outcome) and are about this pattern. Measured: ADR 10.
    verdicts = sum(support.values())
    confidence = (verdicts + 1) / (verdicts + 2) * probability
    return Answer(probabilities, support, kind, confidence * (1 if kind == "same" else NEAR))


def _log_likelihood(chain: Chain, path: tuple[str, ...]) -> float:
    total = 0.0
    source: str | None = None
    for state in path:
        single = (chain.visits.get(state, 0) + UNSEEN) / (chain.passes + 1)
        taken = chain.steps.get((source, state), 0)
        left = chain.verdicts if source is None else chain.visits.get(source, 0)
        total += math.log((taken + BACK_OFF * single) / (left + BACK_OFF))
        source = state
    return total


def _read_paper(chains: Mapping[Outcome, Chain], path: tuple[str, ...]) -> Answer:
    ends = {outcome: chain.steps.get((path[-1], None), 0) for outcome, chain in chains.items()}
    ends = {outcome: count for outcome, count in ends.items() if count}
    taken = all(
        any(step in chain.steps for chain in chains.values())
        for step in zip((None, *path[:-1]), path, strict=True)
    )
    if not taken or not ends:
        return UNKNOWN
    probabilities = _ranked({outcome: math.log(count) for outcome, count in ends.items()})
    pattern = pattern_of(path)
    exact = any(pattern in chain.patterns for chain in chains.values())
    return Answer(probabilities, ends, "same" if exact else "near", probabilities[0][1])


def _ranked(logs: Mapping[Outcome, float]) -> tuple[tuple[Outcome, float], ...]:
    best = max(logs.values())
    weights = {outcome: math.exp(log - best) for outcome, log in logs.items()}
    total = sum(weights.values())
    # Where two are as likely, a true positive stands first: the error that costs less. Rounding
    # keeps the order of summation from deciding.
    return tuple(
        sorted(
            ((outcome, weight / total) for outcome, weight in weights.items()),
            key=lambda one: (
                -round(one[1], 9),
                one[0].label is not VerdictLabel.TRUE_POSITIVE,
                one[0],
            ),
        )
    )


_READ: Final[Mapping[Reading, Callable[[Mapping[Outcome, Chain], tuple[str, ...]], Answer]]] = {
    "chain": _read_chain,
    "paper": _read_paper,
}
