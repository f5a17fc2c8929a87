"""What a source is opened with is of its own kind, or is refused."""

from typing import TypeVar

from deepaid_core.domain.schema import EventSchema
from deepaid_core.domain.settings import SourceSettings
from deepaid_core.errors import DetectorMismatchError, InvalidParameterError

__all__ = ["at_least_one", "known_as", "settings_as"]

SettingsT = TypeVar("SettingsT")
SchemaT = TypeVar("SchemaT", bound=EventSchema)


def settings_as(kind: type[SettingsT], settings: SourceSettings, what: str) -> SettingsT:
    """The settings, where they say how to read `what`, e.g. "a table".

    Raises:
        InvalidParameterError: They are of another kind of source.
    """
    if not isinstance(settings, kind):
        raise InvalidParameterError(
            f"{type(settings).__name__} cannot say how to read {what}; use {kind.__name__}."
        )
    return settings


def known_as(kind: type[SchemaT], known: EventSchema | None, what: str) -> SchemaT | None:
    """What a detector knows, where it was trained on `what`, e.g. "a table".

    Raises:
        DetectorMismatchError: It was trained on something else.
    """
    if known is None or isinstance(known, kind):
        return known
    raise DetectorMismatchError(
        f"The detector was trained on '{known.name}', not on {what}; choose another detector."
    )


def at_least_one(history: int, of: str) -> None:
    """Refuse a window without a past; `of` is what it is made of, e.g. "steps".

    Raises:
        InvalidParameterError: `history` is below 1.
    """
    if history < 1:
        raise InvalidParameterError(f"A history of {history} {of} tells nothing; use at least 1.")
