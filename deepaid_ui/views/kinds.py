"""Which view shows which kind of data."""

from importlib import import_module
from types import ModuleType
from typing import Final

from deepaid_core.domain.finding import Finding
from deepaid_core.domain.modality import Modality

__all__ = ["preview", "why"]

_MODULES: Final = {
    Modality.TABULAR: "tabular",
    Modality.SEQUENCE: "sequence",
    Modality.SERIES: "series",
    Modality.LINK: "links",
}


def _module(finding: Finding) -> ModuleType:
    # Only what is looked at is imported: graphs and grids cost time that others need not pay.
    return import_module(f"deepaid_ui.views.{_MODULES[finding.interpretation.modality]}")


def why(finding: Finding) -> None:
    """The whole view: what is unusual, what would be normal, as picture, words and table."""
    _module(finding).why(finding)


def preview(finding: Finding) -> None:
    """The same in a narrow panel."""
    _module(finding).preview(finding)
