"""The Distiller's settings in an analyst's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from deepaid_core.figures.numbers import format_share

__all__ = ["READING_WORDS", "SETTINGS", "SettingWords", "value_words"]


@dataclass(frozen=True, slots=True)
class SettingWords:
    """A setting as an analyst knows it.

    Attributes:
        title: What it is.
        meaning: What it does, in a sentence.
    """

    title: str
    meaning: str


SETTINGS: Final[Mapping[str, SettingWords]] = {
    "reading": SettingWords(
        "How suggestions are made",
        "Either how often each category took the steps of a path, or the paper's way: where the "
        "last state led so far.",
    ),
    "least_verdicts": SettingWords(
        "Agreeing verdicts that a suppression needs",
        "A verdict on many findings at once counts as one.",
    ),
    "resurfaced_share": SettingWords(
        "Share of suppressed findings left in the queue",
        "They are drawn by chance, so that somebody looks at what a suppression hides.",
    ),
    "suppress_critical": SettingWords(
        "Critical findings may be suppressed",
        "If not, findings of critical severity stay in the queue whatever a suppression says.",
    ),
}
"""Each setting by its name in the log, in the order in which pages show them."""

READING_WORDS: Final[Mapping[str, str]] = {
    "chain": "by the steps of each category",
    "paper": "as in the paper",
}


def value_words(name: str, value: str) -> str:
    """The value of a setting, written as in the log, in words; others' text stays what it is."""
    if name == "reading":
        return READING_WORDS.get(value, value)
    if name == "resurfaced_share":
        try:
            return format_share(float(value))
        except ValueError:
            return value
    return value
