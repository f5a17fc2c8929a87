"""Regular expressions that come from settings."""

import re

from deepaid_core.errors import InvalidParameterError

__all__ = ["compiled", "searcher"]


def compiled(pattern: str, what: str, groups: tuple[str, ...] = ()) -> re.Pattern[str]:
    """A pattern ready for use.

    Args:
        pattern: Regular expression.
        what: What it is for, as in "the pattern of a line".
        groups: Named groups that it must have.

    Raises:
        InvalidParameterError: It is no regular expression, or lacks a group.
    """
    try:
        ready = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise InvalidParameterError(
            f"'{pattern[:200]}' ({what}) is not a regular expression: {error}; correct it."
        ) from error
    for name in groups:
        if name not in ready.groupindex:
            raise InvalidParameterError(
                f"'{pattern[:200]}' ({what}) has no group (?P<{name}>...); add it."
            )
    return ready


def searcher(pattern: str, what: str, groups: tuple[str, ...] = ()) -> re.Pattern[str] | None:
    """Likewise; None for an empty pattern, which finds nothing.

    Raises:
        InvalidParameterError: It is no regular expression, or lacks a group.
    """
    return compiled(pattern, what, groups) if pattern else None
