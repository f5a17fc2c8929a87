"""What a suppression must fulfil: plain rules over counted facts; nothing here reads a store."""

from dataclasses import dataclass
from typing import Final

from deepaid_core.domain.distiller_settings import DistillerSettings
from deepaid_core.domain.queries import Reach
from deepaid_core.domain.suppression import NewSuppression
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.figures.numbers import format_count, format_share

__all__ = [
    "WIDE_FINDINGS",
    "WIDE_SHARE",
    "Check",
    "Facts",
    "Judged",
    "guards",
]

WIDE_FINDINGS: Final = 1000
"""A suppression that takes more findings than this out of the queue is warned of."""

WIDE_SHARE: Final = 0.25
"""And one that takes more than this share of the open queue."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a suppression is checked for.

    Attributes:
        name: What is checked, in a few words; the same for all suppressions.
        passed: Whether it holds.
        blocking: Whether the suppression is refused where it does not; else it is a warning.
        sentence: What was found, for an analyst.
        finding_ids: Findings that speak against it, the first few.
    """

    name: str
    passed: bool
    blocking: bool
    sentence: str
    finding_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """Findings that something is said about: how many, and the ids of the first few."""

    findings: int = 0
    finding_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a suppression's scope; counted by whoever can read the store.

    Attributes:
        settings: The settings in force.
        reach: What the scope reaches.
        agreeing: Different decisions in force that say what the basis says: on the pattern, or
            within a scope without one.
        attacks: True positives on the pattern, or within a scope without one.
        contradicting: Findings within the scope that were judged otherwise, true positives apart.
        imported: Whether imported lessons hold an attack on the pattern.
        verified: Findings within the scope whose interpretation is verified.
        protected: Open findings within a scope without a pattern whose pattern is protected.
        replayed: Confirmed attacks that were replayed.
        silenced: Those of them that would be out of the queue were they found again.
        near: Confirmed attacks on patterns one state away.
        near_imported: Whether imported lessons hold an attack on a pattern one state away.
        covered: Open findings that would fall under it.
        queue: All open findings.
        suggested: Label and category that the Distiller gives the pattern, or None.
        overlapping: Numbers of other suppressions that hold findings of the scope already, and
            how many.
        same_scope: Number of an active suppression of the very same scope, or None.
    """

    settings: DistillerSettings
    reach: Reach
    agreeing: int = 0
    attacks: Judged = Judged()
    contradicting: Judged = Judged()
    imported: bool = False
    verified: int = 0
    protected: int = 0
    replayed: int = 0
    silenced: Judged = Judged()
    near: Judged = Judged()
    near_imported: bool = False
    covered: int = 0
    queue: int = 0
    suggested: tuple[VerdictLabel, str] | None = None
    overlapping: tuple[tuple[int, int], ...] = ()
    same_scope: int | None = None


def guards(decision: NewSuppression, facts: Facts) -> tuple[Check, ...]:
    """What the facts say about a suppression: first what may block it, then warnings."""
    if decision.scope.pattern_id is None:
        of_pattern: tuple[Check, ...] = ()
        warnings: tuple[Check, ...] = (_protected(facts),)
    else:
        of_pattern = (_imported(facts),)
        warnings = (_near(facts), _suggested(decision, facts))
    return (
        _agreeing(decision, facts),
        _attacks(decision, facts),
        _contradicting(decision, facts),
        *of_pattern,
        _verified(facts),
        _replayed(facts),
        _critical(facts),
        _wide(facts),
        _overlapping(facts),
        *warnings,
    )


def _findings(count: int) -> str:
    return format_count(count, "finding")


def _are(count: int, past: bool = False) -> str:
    return ("was" if past else "is") if count == 1 else ("were" if past else "are")


def _where(decision: NewSuppression) -> str:
    return "in this scope" if decision.scope.pattern_id is None else "on this pattern"


def _agreeing(decision: NewSuppression, facts: Facts) -> Check:
    needed = facts.settings.least_verdicts
    if decision.basis is VerdictLabel.BENIGN_POSITIVE:
        needed = 1
    has = f"{format_count(facts.agreeing, f'{decision.basis} decision')} {_where(decision)}"
    passed = facts.agreeing >= needed
    return Check(
        "agreeing verdicts",
        passed,
        True,
        f"{has} of {needed} needed."
        if passed
        else f"Only {has}, {needed} needed; a verdict on many findings at once counts as one.",
    )


def _attacks(decision: NewSuppression, facts: Facts) -> Check:
    count, ids = facts.attacks.findings, facts.attacks.finding_ids
    sentence = (
        f"{_findings(count)} {_where(decision)} {_are(count)} a confirmed attack: it must never "
        "be hidden."
        if count
        else f"No confirmed attack {_where(decision)}."
    )
    return Check("no confirmed attack", not count, True, sentence, ids)


def _contradicting(decision: NewSuppression, facts: Facts) -> Check:
    count, ids = facts.contradicting.findings, facts.contradicting.finding_ids
    sentence = (
        f"{_findings(count)} in this scope {_are(count, past=True)} judged otherwise than "
        f"{decision.basis} or left undetermined; settle that first."
        if count
        else "No verdict in this scope says otherwise."
    )
    return Check("no contradicting verdict", not count, True, sentence, ids)


def _imported(facts: Facts) -> Check:
    sentence = (
        "Imported lessons hold an attack on this pattern: it must never be hidden."
        if facts.imported
        else "No imported lesson holds an attack on this pattern."
    )
    return Check("no imported attack", not facts.imported, True, sentence)


def _verified(facts: Facts) -> Check:
    left = facts.reach.unverified
    rest = f" {_findings(left)} without one {_are(left)} left in the queue." if left else ""
    sentence = (
        f"{_findings(facts.verified)} with a verified interpretation.{rest}"
        if facts.verified
        else "No finding in this scope has a verified interpretation, so nothing proves what "
        f"would be hidden.{rest}"
    )
    return Check("verified interpretation", facts.verified > 0, True, sentence)


def _critical(facts: Facts) -> Check:
    count = facts.reach.critical
    if facts.settings.suppress_critical and count:
        sentence = f"{_findings(count)} of critical severity may be hidden: the settings allow it."
    elif count:
        sentence = f"{_findings(count)} of critical severity {_are(count)} left in the queue."
    else:
        sentence = "No open finding in this scope is of critical severity."
    # Never hidden against the settings, whatever this says; so there is nothing to refuse.
    passed = not (count and facts.settings.suppress_critical)
    return Check("critical findings stay", passed, False, sentence)


def _replayed(facts: Facts) -> Check:
    count, ids = facts.silenced.findings, facts.silenced.finding_ids
    replayed = format_count(facts.replayed, "confirmed attack")
    sentence = (
        f"Of {replayed} found again, {count:,} would be hidden."
        if count
        else f"{replayed} replayed: none would be hidden."
    )
    return Check("replay of attacks", not count, True, sentence, ids)


def _near(facts: Facts) -> Check:
    count, ids = facts.near.findings, facts.near.finding_ids
    if count:
        sentence = f"{_findings(count)} one state away {_are(count)} a confirmed attack; compare."
    elif facts.near_imported:
        sentence = "Imported lessons hold an attack one state away; compare before you save."
    else:
        sentence = "No confirmed attack is one state away."
    return Check("no attack nearby", not (count or facts.near_imported), False, sentence, ids)


def _wide(facts: Facts) -> Check:
    share = facts.covered / facts.queue if facts.queue else 0.0
    wide = facts.covered > WIDE_FINDINGS or share > WIDE_SHARE
    part = f" ({format_share(share)} of the queue)" if facts.covered else ""
    sentence = f"It covers {_findings(facts.covered)} of today's queue{part}"
    return Check(
        "limited reach",
        not wide,
        False,
        f"{sentence}: look at examples." if wide else f"{sentence}.",
    )


def _suggested(decision: NewSuppression, facts: Facts) -> Check:
    name = "Distiller agrees"
    if facts.suggested is None:
        return Check(name, True, False, "The Distiller suggests nothing here.")
    label, category = facts.suggested
    # Benign positives teach the Distiller nothing: of them it can only warn of an attack.
    agrees = (
        label is not VerdictLabel.TRUE_POSITIVE
        if decision.basis is VerdictLabel.BENIGN_POSITIVE
        else (label, category) == (decision.basis, decision.category)
    )
    sentence = f"The Distiller itself suggests {label}, '{category}'"
    return Check(
        name, agrees, False, f"{sentence}." if agrees else f"{sentence}; make sure who is right."
    )


def _overlapping(facts: Facts) -> Check:
    name = "no other suppression"
    if facts.same_scope is not None:
        return Check(name, False, False, f"S-{facts.same_scope} has this very scope already.")
    held = sum(count for _, count in facts.overlapping)
    if held and held >= facts.covered:
        names = ", ".join(f"S-{number}" for number, _ in facts.overlapping[:5])
        sentence = f"Most of this scope, {_findings(held)}, is under {names} already."
        return Check(name, False, False, sentence)
    return Check(name, True, False, "No other suppression covers most of it.")


def _protected(facts: Facts) -> Check:
    count = facts.protected
    sentence = (
        f"{_findings(count)} in this scope {_are(count)} of a pattern that an attack protects and "
        "stay in the queue."
        if count
        else "No open finding in this scope is of a pattern that an attack protects."
    )
    return Check("protected patterns", not count, False, sentence)
