"""The symbolizer of each kind of data: an interpretation becomes a path of states, and words."""

import json
from collections.abc import Mapping
from importlib import import_module
from typing import Final, cast

from deepaid_core.distiller import states as tabular
from deepaid_core.distiller.states import PATH_LIMIT
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.domain.modality import Modality

__all__ = ["describe_state", "path_of"]

_MODULES: Final = {
    Modality.TABULAR: "states",
    Modality.SEQUENCE: "sequence_states",
    Modality.SERIES: "series_states",
    Modality.LINK: "link_states",
}


def path_of(interpretation: Interpretation, limit: int = PATH_LIMIT) -> tuple[str, ...]:
    """The path of an interpretation: a state per strong deviation, strongest first.

    Raises:
        InvalidParameterError: `limit` is under 1.
    """
    module = import_module(f"deepaid_core.distiller.{_MODULES[interpretation.modality]}")
    return cast(tuple[str, ...], module.states_of(interpretation, limit))


def describe_state(state: str, titles: Mapping[str, str]) -> str:
    """A state in words, e.g. "packets on this connection: far above normal".

    Plain text that may hold what an attacker wrote: escape it where it is shown. Text that is no
    state comes back as it is.

    Args:
        state: Any text.
        titles: Title of each field of tabular data.
    """
    try:
        first = json.loads(state)[0] if state.startswith('["') else ""
    except (ValueError, RecursionError):
        first = ""
    kind = str(first).rpartition("-")[0]
    if kind in {m.value for m in _MODULES} - {Modality.TABULAR.value}:
        module = import_module(f"deepaid_core.distiller.{_MODULES[Modality(kind)]}")
        return cast(str | None, module.describe(state)) or state
    return tabular.describe_state(state, titles)
