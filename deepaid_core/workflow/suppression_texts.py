"""What a suppression says of itself: its texts and its expiry, checked and written one way."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from deepaid_core.domain.suppression import NewSuppression, SuppressionScope
from deepaid_core.errors import VerdictRefusedError
from deepaid_core.figures.numbers import format_time_utc
from deepaid_core.store.rows import entity_key
from deepaid_core.workflow.guards import Check
from deepaid_core.workflow.verdict_text import (
    checked_author,
    checked_category,
    checked_line,
    checked_reason,
)

__all__ = ["DAY_S", "LONGEST_DAYS", "cleaned", "cleaned_scope", "text_checks"]

DAY_S: Final = 86_400.0
LONGEST_DAYS: Final = 366
"""A suppression is looked at again within a year, a leap year included."""

_LONGEST_NAME: Final = 200


def text_checks(decision: NewSuppression, now: float) -> tuple[Check, ...]:
    """What blocks a suppression whatever its scope holds.

    Args:
        decision: As it was written.
        now: Unix seconds, UTC.
    """
    return (
        _text("reason", "A reason is given.", lambda: _reason(decision)),
        _text("owner", "An owner is named.", lambda: _owner(decision)),
        _text("author", "An author is named.", lambda: checked_author(decision.author)),
        _text("category", "A category is given.", lambda: _category(decision)),
        _text("ticket", "The ticket can be read.", lambda: _ticket(decision)),
        _expiry(decision.expires_time, now),
    )


def cleaned(decision: NewSuppression) -> NewSuppression:
    """The decision as it is kept: single spaces, entities sorted and as lists show them.

    Raises:
        VerdictRefusedError: A text cannot be kept; `text_checks` says so first.
    """
    return replace(
        decision,
        scope=cleaned_scope(decision.scope),
        category=_category(decision),
        reason=_reason(decision),
        author=checked_author(decision.author),
        owner=_owner(decision),
        ticket=_ticket(decision),
    )


def cleaned_scope(scope: SuppressionScope) -> SuppressionScope:
    """The scope with its entities sorted, each once, and as lists show them."""
    return replace(scope, entities=tuple(sorted(set(map(entity_key, scope.entities)))))


def _text(name: str, fine: str, read: Callable[[], str]) -> Check:
    try:
        read()
    except VerdictRefusedError as problem:
        return Check(name, False, True, str(problem))
    return Check(name, True, True, fine)


def _reason(decision: NewSuppression) -> str:
    reason = checked_reason(decision.reason)
    if not any(character.isalnum() for character in reason):
        raise VerdictRefusedError(
            "In a month nobody will know why these findings are hidden; give a reason in words."
        )
    return reason


def _owner(decision: NewSuppression) -> str:
    owner = " ".join(decision.owner.split())
    if not owner:
        raise VerdictRefusedError("Nobody answers for this suppression; name an owner.")
    return checked_line(owner, "owner", _LONGEST_NAME)


def _category(decision: NewSuppression) -> str:
    category = checked_category(decision.basis, decision.category)
    if not category:
        raise VerdictRefusedError(
            "It is not said what these findings are; give a category, e.g. 'authorized-scan'."
        )
    return category


def _ticket(decision: NewSuppression) -> str:
    return checked_line(" ".join(decision.ticket.split()), "ticket", _LONGEST_NAME)


def _expiry(expires_time: float, now: float) -> Check:
    days = (expires_time - now) / DAY_S
    if not math.isfinite(days):
        sentence = "The expiry is not a date; give one."
    elif days <= 0:
        sentence = f"It would expire at {format_time_utc(expires_time)}, in the past; choose later."
    elif days > LONGEST_DAYS:
        sentence = (
            f"It would expire at {format_time_utc(expires_time)}; choose a day within a year, then "
            "it is looked at again."
        )
    else:
        return Check("expiry", True, True, f"It expires at {format_time_utc(expires_time)}.")
    return Check("expiry", False, True, sentence)
