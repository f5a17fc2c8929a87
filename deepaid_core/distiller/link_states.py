"""Symbolizer of logins: which endpoint, and from which community into which."""

import json
from typing import Final

from deepaid_core.distiller.states import NO_DEVIATION, PATH_LIMIT
from deepaid_core.domain.details import LinkDetails
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.errors import InvalidParameterError

__all__ = ["SYMBOLIZER", "UNKNOWN", "describe", "states_of"]

SYMBOLIZER: Final = "link-1"
"""Version of the text form below; a version that spells states differently has another name, so
that old verdicts never match new states by accident."""

UNKNOWN: Final = "unknown"
"""Stands for the community of a node that training never saw; communities are called "group of"
somebody, so none is called this."""


def states_of(interpretation: Interpretation, limit: int = PATH_LIMIT) -> tuple[str, ...]:
    """The path of a login: a state per endpoint that deviates, strongest first.

    A state is '["link-1", role, community of the observed node, community of its reference]'.
    Communities and not nodes: the tenth host that a thief of credentials tries belongs to the
    pattern of the first nine.

    Raises:
        InvalidParameterError: `limit` is under 1.
    """
    if limit < 1:
        raise InvalidParameterError(f"A path of {limit} states was asked for; ask for at least 1.")
    details = interpretation.details
    if not isinstance(details, LinkDetails) or not interpretation.deviations:
        return (NO_DEVIATION,)
    observed, reference = (
        {role: group or UNKNOWN for role, group in zip(details.roles, groups, strict=True)}
        for groups in (details.groups, details.reference_groups)
    )
    strongest = sorted(interpretation.deviations, key=lambda one: -one.weight)[:limit]
    return tuple(
        json.dumps(
            [
                SYMBOLIZER,
                one.field,
                observed[one.field] or UNKNOWN,
                reference[one.field] or UNKNOWN,
            ],
            separators=(",", ":"),
        )
        for one in strongest
    )


def describe(state: str) -> str | None:
    """A state in words, e.g. "source from group of ws07 instead of group of dc01".

    Plain text that may hold what an attacker wrote: escape it where it is shown.

    Returns:
        None for text that is no such state.
    """
    try:
        parts = json.loads(state)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parts, list) or len(parts) != 4 or parts[0] != SYMBOLIZER:
        return None
    if not all(isinstance(part, str) for part in parts):
        return None
    _, role, observed, reference = parts
    if observed == UNKNOWN:
        return f"{role} never seen before, instead of one from {reference}"
    if observed == reference:
        return f"unusual {role} within {observed}"
    return f"{role} from {observed} instead of {reference}"
