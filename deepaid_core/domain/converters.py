"""How values of known types become plain JSON and back, strictly."""

import math
import operator
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

import numpy as np

__all__ = ["Convert", "check_keys", "converters", "shown"]

Convert: TypeAlias = Callable[[Any], Any]


@cache
def converters(shape: Any) -> tuple[Convert, Convert]:
    """Functions that turn a value of a type into plain JSON and back.

    Either raises ValueError or TypeError, with the offending part, for what is not of the type.
    """
    if shape is float:
        return _encode_float, _decode_float
    if shape is int:
        return _encode_integer, _decode_integer
    if shape in (str, bool):
        return _same(shape), _same(shape)
    if isinstance(shape, type) and issubclass(shape, Enum):
        return (lambda value: shape(value).value), shape
    if is_dataclass(shape):
        return _dataclass_converters(shape)
    origin, arguments = get_origin(shape), get_args(shape)
    if origin is Literal:
        return _one_of(arguments), _one_of(arguments)
    if origin in (Union, types.UnionType):
        return _union_converters(arguments)
    if origin is tuple:
        return _tuple_converters(arguments)
    if origin is Mapping and arguments[0] is str:
        return _mapping_converters(arguments[1])
    raise TypeError(f"no JSON form is known for {shape}")


def _dataclass_converters(shape: Any) -> tuple[Convert, Convert]:
    hints = get_type_hints(shape)
    names = tuple(field.name for field in fields(shape))
    later = tuple(field.name for field in fields(shape) if field.metadata.get("added_later"))
    parts = [(name, *converters(hints[name])) for name in names]

    def encode(value: Any) -> Any:
        if type(value) is not shape:
            raise TypeError(f"{shown(value)} is not of type {shape.__name__}")
        return {name: encode_part(getattr(value, name)) for name, encode_part, _ in parts}

    def decode(data: Any) -> Any:
        check_keys(data, names, optional=later)
        return shape(
            **{name: decode_part(data[name]) for name, _, decode_part in parts if name in data}
        )

    return encode, decode


def _tuple_converters(arguments: tuple[Any, ...]) -> tuple[Convert, Convert]:
    if arguments[-1] is Ellipsis:
        encode_item, decode_item = converters(arguments[0])
        return (
            lambda value: [encode_item(item) for item in value],
            lambda data: tuple(decode_item(item) for item in _list(data)),
        )
    parts = [converters(argument) for argument in arguments]
    return (
        lambda value: [part[0](item) for part, item in zip(parts, value, strict=True)],
        lambda data: tuple(part[1](item) for part, item in zip(parts, _list(data), strict=True)),
    )


def _mapping_converters(shape: Any) -> tuple[Convert, Convert]:
    encode_item, decode_item = converters(shape)
    text = _same(str)

    def decode(data: Any) -> Any:
        if not isinstance(data, dict):
            raise ValueError(f"{shown(data)} is not an object")
        return {key: decode_item(item) for key, item in data.items()}

    return (lambda value: {text(key): encode_item(item) for key, item in value.items()}), decode


def _union_converters(arguments: tuple[Any, ...]) -> tuple[Convert, Convert]:
    # The unions in use (a type or None, a number or a text) never overlap, also not as JSON.
    parts = [converters(argument) for argument in arguments if argument is not types.NoneType]
    optional = types.NoneType in arguments

    def first(direction: int) -> Convert:
        def convert(value: Any) -> Any:
            if value is None and optional:
                return None
            for part in parts:
                try:
                    return part[direction](value)
                except (TypeError, ValueError):
                    continue
            raise ValueError(f"{shown(value)} is not what this field holds")

        return convert

    return first(0), first(1)


def _encode_float(value: Any) -> Any:
    if isinstance(value, (bool, str)):
        raise TypeError(f"{shown(value)} is not a number")
    number = float(value)
    # JSON has no such numbers; an object cannot be mistaken for a text of the same spelling.
    return number if math.isfinite(number) else {"float": str(number)}


def _decode_float(data: Any) -> float:
    if isinstance(data, dict):
        check_keys(data, ("float",))
        if data["float"] not in ("nan", "inf", "-inf"):
            raise ValueError(f"{shown(data['float'])} is not a number")
        return float(data["float"])
    if isinstance(data, bool) or not isinstance(data, (int, float)):
        raise ValueError(f"{shown(data)} is not a number")
    try:
        number = float(data)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{shown(data)} is too large")
    return number


def _encode_integer(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError(f"{value} is not an integer")
    return operator.index(value)


def _decode_integer(data: Any) -> int:
    if isinstance(data, bool) or not isinstance(data, int):
        raise ValueError(f"{shown(data)} is not an integer")
    return data


def _same(shape: type) -> Convert:
    def check(value: Any) -> Any:
        # A NumPy truth value or a text enumeration is brought to the plain type.
        if isinstance(value, shape) or (shape is bool and isinstance(value, np.bool_)):
            return shape(value)
        raise ValueError(f"{shown(value)} is not of type {shape.__name__}")

    return check


def _one_of(allowed: tuple[Any, ...]) -> Convert:
    def check(value: Any) -> Any:
        if value not in allowed:
            raise ValueError(f"{shown(value)} is none of {', '.join(map(str, allowed))}")
        return value

    return check


def _list(data: Any) -> list[Any]:
    if not isinstance(data, list):
        raise ValueError(f"{shown(data)} is not a list")
    return data


def check_keys(data: Any, names: tuple[str, ...], *, optional: tuple[str, ...] = ()) -> None:
    """Refuse what is not an object with exactly these fields, by ValueError.

    Args:
        data: Anything.
        names: The fields.
        optional: Those of them that may be missing.
    """
    if not isinstance(data, dict):
        raise ValueError(f"{shown(data)} is not an object")
    if unknown := sorted(set(data) - set(names)):
        raise ValueError(f"the field {shown(unknown[0])} is unknown")
    if missing := sorted(set(names) - set(data) - set(optional)):
        raise ValueError(f"the field {shown(missing[0])} is missing")


def shown(value: Any) -> str:
    """A value for use in a sentence, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
