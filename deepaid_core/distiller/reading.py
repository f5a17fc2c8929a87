"""Reading the machine: what a path most likely ends in, or that nobody can say."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from deepaid_core.distiller.machine import Chain, Machine, Outcome, Pattern, parts_of
from deepaid_core.domain.distiller_settings import Reading
from deepaid_core.domain.finding import pattern_of
from deepaid_core.domain.verdict import VerdictLabel

__all__ = ["Answer", "knows", "read"]

BACK_OFF: Final = 1.0
"""How many imagined transitions, spread as single states are, join those that were counted."""

UNSEEN: Final = 0.01
"""Weight of a state that an outcome never passed, against 1 for each time it did."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the machine says of one path.

    Attributes:
        probabilities: Outcomes that have support, likeliest first; they sum to 1. Empty when the
            path is unknown.
        support: Verdicts in force behind each of these outcomes.
        exact: The support is on this very pattern; otherwise on patterns one state away.
        confidence: Of the first outcome, 0 to 1; 0 when the path is unknown.
    """

    probabilities: tuple[tuple[Outcome, float], ...] = ()
    support: Mapping[Outcome, int] = field(default_factory=dict)
    exact: bool = False
    confidence: float = 0.0


UNKNOWN: Final = Answer()


@dataclass(frozen=True, slots=True)
class _Support:
    counts: dict[Outcome, int]
    exact: bool
    shared: float


def knows(machine: Machine, detector_name: str, pattern: Pattern) -> bool:
    """Whether the default reading has support for a pattern; quicker than reading it."""
    return _support(_chains(machine, detector_name), pattern) is not None


def read(
    machine: Machine, detector_name: str, *, path: tuple[str, ...], reading: Reading = "chain"
) -> Answer:
    """The outcomes of a path with their probabilities; no outcome when it lacks support.

    "chain" is a Markov chain per outcome, smoothed, with back-off to single states. Support is a
    verdict in force on the same pattern, else on a pattern that shares all states but one and at
    least two. Only outcomes with support take part, and the nearer kind of support excludes the
    other: what was said of this very pattern outranks what was said of others.

    "paper" multiplies the rows of state transitions, which are normalized apart from the rows of
    last states to outcomes: a path with a transition never taken is unknown, and the last state
    decides the rest.

    References:
        Han et al., DeepAID, CCS 2021, https://arxiv.org/abs/2109.11495 (Distiller).
    """
    chains = _chains(machine, detector_name)
    if not path or not chains:
        return UNKNOWN
    return _READ[reading](chains, path)


def _chains(machine: Machine, detector_name: str) -> dict[Outcome, Chain]:
    return {
        outcome: chain for (name, outcome), chain in machine.chains.items() if name == detector_name
    }


def _support(chains: Mapping[Outcome, Chain], pattern: Pattern) -> _Support | None:
    exact = {o: chain.patterns[pattern] for o, chain in chains.items() if pattern in chain.patterns}
    if exact:
        return _Support(exact, True, 1.0)
    near: dict[Outcome, int] = {}
    longest = 0
    # A shared part belongs to patterns as long as this one, to shorter ones (the part itself) or
    # to longer ones (this pattern is the part): look-ups, never a walk over all patterns.
    parts = parts_of(pattern)
    for outcome, chain in chains.items():
        same = sum(chain.parts.get(part, 0) + chain.patterns.get(part, 0) for part in parts)
        longer = chain.parts.get(pattern, 0)
        if same or longer:
            near[outcome] = same + longer
            longest = max(longest, len(pattern) + 1 if longer else len(pattern))
    return _Support(near, False, (longest - 1) / longest) if near else None


def _read_chain(chains: Mapping[Outcome, Chain], path: tuple[str, ...]) -> Answer:
    support = _support(chains, pattern_of(path))
    if support is None:
        return UNKNOWN
    probabilities = _ranked(
        {
            outcome: math.log(chains[outcome].verdicts) + _log_likelihood(chains[outcome], path)
            for outcome in support.counts
        }
    )
    # The rule of succession: one verdict 0.67, three 0.8, ten 0.92 - if they agree (the share of
    # the best outcome) and if they are about this pattern (the share of states in common).
    verdicts = sum(support.counts.values())
    confidence = (verdicts + 1) / (verdicts + 2) * probabilities[0][1] * support.shared
    return Answer(probabilities, support.counts, support.exact, confidence)


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
    return Answer(probabilities, ends, exact, probabilities[0][1])


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
