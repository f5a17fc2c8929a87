"""Mappings that never change: every change gives a new one that shares what stayed the same."""

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar, overload

from immutables import Map

__all__ = ["Table"]

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_Default = TypeVar("_Default")

_FEW: Final = 1_000
"""So many changes are kept apart from the rest, however small that is."""

_SHARE: Final = 4
"""From the size of the rest divided by this on, changes are merged with it."""


class Table(Mapping[_Key, _Value]):
    """A mapping whose changed copies are cheap, and that is built as fast as a plain `dict`.

    It is a `dict` that nobody writes any more, and the changes since then in a persistent tree.
    Few changes cost what they are, not what the table holds; once they are many, both are merged,
    which is paid for by their number. Equal to every mapping of the same content.
    """

    __slots__ = ("_base", "_changes", "_size")

    def __init__(self, content: Mapping[_Key, _Value] | None = None) -> None:
        """A table of this content, which is copied."""
        self._base: dict[_Key, _Value] = dict(content or {})
        # None stands for what was taken out of the base.
        self._changes: Map[_Key, _Value | None] = Map()
        self._size = len(self._base)

    def changed(self, changes: Mapping[_Key, _Value | None]) -> "Table[_Key, _Value]":
        """The table with these values, less the keys whose value is None."""
        if not changes:
            return self
        new = Table.__new__(type(self))
        apart = len(changes) + len(self._changes)
        if apart > max(_FEW, len(self._base) // _SHARE):
            base = _applied(self._merged(), changes)
            new._base, new._changes, new._size = base, Map(), len(base)
            return new
        size = self._size
        tree = self._changes.mutate()
        for key, value in changes.items():
            size += (value is not None) - (key in self)
            if value is None and key not in self._base:
                tree.pop(key, None)
            else:
                tree[key] = value
        new._base, new._changes, new._size = self._base, tree.finish(), size
        return new

    def __getitem__(self, key: _Key) -> _Value:
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    @overload
    def get(self, key: _Key, /) -> _Value | None: ...
    @overload
    def get(self, key: _Key, /, default: _Value | _Default) -> _Value | _Default: ...

    def get(self, key: _Key, /, default: object = None) -> object:
        """The value of a key, or the default."""
        found = self._changes.get(key, self) if self._changes else self
        if found is self:
            return self._base.get(key, default)
        return default if found is None else found

    def __contains__(self, key: object) -> bool:
        return self.get(key) is not None  # type: ignore[arg-type]

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[_Key]:
        if not self._changes:
            yield from self._base
            return
        changes = self._changes
        for key in self._base:
            if key not in changes:
                yield key
        for key, value in changes.items():
            if value is not None:
                yield key

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Mapping) or len(self) != len(other):
            return False
        return self._merged() == (other._merged() if isinstance(other, Table) else dict(other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Table({self._merged()!r})"

    def _merged(self) -> dict[_Key, _Value]:
        return _applied(self._base.copy(), self._changes)


def _applied(base: dict[_Key, _Value], changes: Mapping[_Key, _Value | None]) -> dict[_Key, _Value]:
    if not base:
        return {key: value for key, value in changes.items() if value is not None}
    for key, value in changes.items():
        if value is not None:
            base[key] = value
        else:
            base.pop(key, None)
    return base
