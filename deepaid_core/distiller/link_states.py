"""Symbolizer of logins: which endpoint, and from which community into which."""

from typing import Final

from deepaid_core.distiller.spelling import parts_of, spelled, strongest
from deepaid_core.distiller.states import NO_DEVIATION, PATH_LIMIT
from deepaid_core.domain.details import LinkDetails
from deepaid_core.domain.interpretation import Interpretation

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
    chosen = strongest(interpretation, limit)
    details = interpretation.details
    if not isinstance(details, LinkDetails) or not chosen:
        return (NO_DEVIATION,)
    observed, reference = (
        {role: group or UNKNOWN for role, group in zip(details.roles, groups, strict=True)}
        for groups in (details.groups, details.reference_groups)
    )
    return tuple(
        spelled(SYMBOLIZER, one.field, observed[one.field], reference[one.field], ascii_only=True)
        for one in chosen
    )


def describe(state: str) -> str | None:
    """A state in words, e.g. "source from group of ws07 instead of group of dc01".

    Plain text that may hold what an attacker wrote: escape it where it is shown.

    Returns:
        None for text that is no such state.
    """
    parts = parts_of(state, SYMBOLIZER, str, str, str)
    if parts is None:
        return None
    role, observed, reference = parts
    if observed == UNKNOWN:
        return f"{role} never seen before, instead of one from {reference}"
    if observed == reference:
        return f"unusual {role} within {observed}"
    return f"{role} from {observed} instead of {reference}"
