"""What each interpreter is, in an analyst's words."""

from dataclasses import dataclass
from typing import Final

from deepaid_core.domain.modality import Modality

__all__ = ["METHODS", "Method", "method", "reads"]

_TABULAR: Final = (Modality.TABULAR,)


@dataclass(frozen=True, slots=True)
class Method:
    """An interpreter on a page.

    Attributes:
        title: A short name.
        sentence: What it does, in one sentence.
        kinds: Kinds of data it reads; None where only the interpreter itself knows.
    """

    title: str
    sentence: str
    kinds: tuple[Modality, ...] | None = None


METHODS: Final[dict[str, Method]] = {
    "greedy": Method(
        "Greedy search",
        "Changes one field after the other, always the one that lowers the score most, until the "
        "detector accepts; then drops what was not needed.",
        _TABULAR,
    ),
    "key-substitution": Method(
        "Key substitution",
        "Tries other log lines in place of those that were seen, until the flagged line is one "
        "that was to be expected.",
        (Modality.SEQUENCE,),
    ),
    "endpoint-replacement": Method(
        "Endpoint replacement",
        "Tries other users and hosts in place of those of the login, until the detector accepts.",
        (Modality.LINK,),
    ),
    "greedy-cells": Method(
        "Greedy cells",
        "Changes values of one metric after the other, in all steps of the window, until the "
        "detector accepts.",
        (Modality.SERIES,),
    ),
    "deepaid-gradient": Method(
        "DeepAID gradient",
        "The search of the DeepAID paper, repaired: moves all fields down the slope of the score "
        "and keeps the few that do most.",
        (Modality.TABULAR, Modality.SEQUENCE, Modality.SERIES),
    ),
    "largest-error": Method(
        "Largest error",
        "Takes the fields that the detector rebuilds worst, and the values it rebuilt.",
        _TABULAR,
    ),
    "nearest-normal": Method(
        "Nearest normal",
        "Takes the fields farthest from the most similar training event, and its values.",
        _TABULAR,
    ),
    "random": Method(
        "Random order",
        "Takes fields by chance: what every method has to beat.",
        _TABULAR,
    ),
    "deeplift": Method(
        "DeepLIFT",
        "Shares the rise of the score among the fields, layer by layer through the network.",
        _TABULAR,
    ),
    "integrated-gradients": Method(
        "Integrated Gradients",
        "Adds up the slope of the score on the way from the most similar training event.",
        _TABULAR,
    ),
    "lime": Method(
        "LIME",
        "Fits a line to the score of many random variations of the event.",
        _TABULAR,
    ),
    "kernel-shap": Method(
        "KernelSHAP",
        "Estimates each field's fair share of the score from many random groups of fields.",
        _TABULAR,
    ),
    "lemna": Method(
        "LEMNA",
        "Fits a mixture of lines to the score of many random variations of the event.",
        _TABULAR,
    ),
    "coin": Method(
        "COIN",
        "Separates the event from groups of similar normal events by a straight line.",
        _TABULAR,
    ),
    "cade": Method(
        "CADE",
        "Looks for the smallest set of fields that brings the event near the middle of normal.",
        _TABULAR,
    ),
}
"""By registry name; one that is missing here is shown under its registry name."""


def method(name: str) -> Method:
    """What is known of an interpreter."""
    return METHODS.get(name) or Method(name, "An interpreter of this installation.")


def reads(name: str, kind: Modality) -> bool:
    """Whether it is worth asking an interpreter about a kind of data."""
    kinds = method(name).kinds
    return kinds is None or kind in kinds
