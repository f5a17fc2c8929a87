"""Which classes there are, and which of them are registered; nothing may be left out."""

import inspect
from collections.abc import Mapping
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType
from typing import Any

from deepaid_core.registry import load

__all__ = ["concrete_subclasses", "registered"]


def concrete_subclasses(package: ModuleType, base: type[Any]) -> set[type[Any]]:
    """Classes of a package that are complete implementations of a base class."""
    found: set[type[Any]] = set()
    for module in walk_packages(package.__path__, f"{package.__name__}."):
        for _, cls in inspect.getmembers(import_module(module.name), inspect.isclass):
            own = cls.__module__ == module.name
            if own and issubclass(cls, base) and not inspect.isabstract(cls):
                found.add(cls)
    return found


def registered(registry: Mapping[str, str]) -> set[type[Any]]:
    """All classes that a registry lists."""
    return {load(dict(registry), name) for name in registry}
