"""Hyperparameters as dataclass fields that describe themselves.

One description makes the training form, the options of the command line, the table in the docs, and
the check of what comes from a file.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from deepaid_core.errors import InvalidParameterError

__all__ = ["Param", "Value", "check_params", "param", "params_of"]

Value: TypeAlias = int | float | str | bool

_KEY: Final = "param"


@dataclass(frozen=True, slots=True)
class Param:
    """A hyperparameter: what it is called, and which values it takes.

    Attributes:
        name: Name of the field.
        default: Its value where nobody says; its type is that of the hyperparameter.
        title: What a form calls it, without a verb: "Width of the memory".
        help: One sentence: what it does, and what more or less of it brings.
        low: Smallest value; None where there is none, as for text and switches.
        high: Largest value.
        choices: All values, where there are few.
        added_later: It came to a detector of which files exist; these say nothing of it and keep
            their digest, as its default is what they were trained with.
    """

    name: str
    default: Value
    title: str
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[Value, ...] = ()
    added_later: bool = False

    @property
    def range_text(self) -> str:
        """The values it takes, in words: "1 to 500", "one of: a, b"."""
        if self.choices:
            return "one of: " + ", ".join(str(one) for one in self.choices)
        if isinstance(self.default, bool):
            return "true or false"
        if self.low is None or self.high is None:
            return "a text" if isinstance(self.default, str) else "a number"
        return f"{_shown(self.low)} to {_shown(self.high)}"

    def checked(self, value: object) -> Value:
        """The value, as the type of the default.

        Raises:
            InvalidParameterError: It is of another type or out of range.
        """
        wanted = type(self.default)
        if wanted is float and type(value) is int:
            value = float(value)
        if type(value) is not wanted:
            raise self._refused(value)
        if self.choices and value not in self.choices:
            raise self._refused(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            low = -math.inf if self.low is None else self.low
            high = math.inf if self.high is None else self.high
            if not (math.isfinite(value) and low <= value <= high):
                raise self._refused(value)
        return value

    def _refused(self, value: object) -> InvalidParameterError:
        return InvalidParameterError(
            f"The hyperparameter '{self.name}' cannot be {str(value)[:60]!r}; "
            f"it is {self.range_text}."
        )


def _shown(bound: float) -> str:
    return f"{bound:.0f}" if float(bound).is_integer() else f"{bound:g}"


def param(
    default: Value,
    title: str,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[Value, ...] = (),
    added_later: bool = False,
) -> Any:
    """A dataclass field that is a hyperparameter; arguments as in `Param`."""
    described = Param("", default, title, help, low, high, choices, added_later)
    return dataclasses.field(default=default, metadata={_KEY: described})


def params_of(cls: type[Any]) -> tuple[Param, ...]:
    """The hyperparameters of a class in the order of its fields, those of its bases first.

    Raises:
        TypeError: A field that can be set was not made by `param`.
    """
    found: list[Param] = []
    for field in dataclasses.fields(cls):
        described = field.metadata.get(_KEY)
        if not isinstance(described, Param):
            raise TypeError(f"'{cls.__name__}.{field.name}' is not made by `param`.")
        found.append(
            dataclasses.replace(described, name=field.name, default=getattr(cls, field.name))
        )
    return tuple(found)


def check_params(cls: type[Any], values: Mapping[str, object]) -> dict[str, Value]:
    """Values for some hyperparameters of a class, checked.

    Raises:
        InvalidParameterError: A name is unknown, or a value is of another type or out of range.
    """
    known = {one.name: one for one in params_of(cls)}
    if unknown := sorted(set(values) - set(known)):
        raise InvalidParameterError(
            f"{cls.__name__} has no hyperparameter '{unknown[0][:60]}'; it has {', '.join(known)}."
        )
    return {name: known[name].checked(value) for name, value in values.items()}
