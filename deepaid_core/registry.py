"""Names of detectors and interpreters, and where each is defined.

Values are text, so that listing the names imports neither torch nor anything else heavy.
"""

from importlib import import_module
from typing import Any

from deepaid_core.errors import InvalidParameterError

__all__ = ["DETECTORS", "INTERPRETERS", "load"]

DETECTORS: dict[str, str] = {
    "autoencoder": "deepaid_core.detectors.autoencoder:AutoencoderDetector",
}

INTERPRETERS: dict[str, str] = {
    "greedy": "deepaid_core.interpreters.tabular:GreedyTabularInterpreter",
}


def load(registry: dict[str, str], name: str) -> Any:
    """The class that a registry lists under a name.

    Raises:
        InvalidParameterError: The name is not listed.
    """
    if name not in registry:
        known = ", ".join(sorted(registry))
        raise InvalidParameterError(f"There is no '{name}'; choose one of: {known}.")
    module, _, attribute = registry[name].partition(":")
    return getattr(import_module(module), attribute)
