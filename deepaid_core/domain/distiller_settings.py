"""Settings of the Distiller; each change is an entry of the log."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal, TypeAlias

from deepaid_core.domain.log import NewSetting
from deepaid_core.errors import InvalidParameterError

__all__ = ["READINGS", "DistillerSettings", "Reading", "settings_after"]

Reading: TypeAlias = Literal["chain", "paper"]
"""How the machine is read."""

READINGS: Final[tuple[Reading, ...]] = ("chain", "paper")


@dataclass(frozen=True, slots=True)
class DistillerSettings:
    """How the machine is read, and what a suppression needs.

    Attributes:
        reading: How the machine is read.
        least_verdicts: Agreeing false-positive decisions that a suppression needs, at least 1.
        resurfaced_share: Share of suppressed findings that stay in the queue as a check, 0 to 1.
        suppress_critical: Whether findings of critical severity may leave the queue.
    """

    reading: Reading = "chain"
    least_verdicts: int = 3
    resurfaced_share: float = 0.02
    suppress_critical: bool = False

    def changed(self, name: str, value: str) -> "DistillerSettings":
        """These settings with one of them read from text.

        Raises:
            InvalidParameterError: There is no such setting, or the text is no value of it.
        """
        return replace(self, **{name: _value(name, value)})

    def texts(self) -> dict[str, str]:
        """Each setting as the text that `changed` reads."""
        return {one.name: _text(getattr(self, one.name)) for one in fields(self)}


def settings_after(entries: Iterable[NewSetting]) -> DistillerSettings:
    """The settings after these entries, all in force, oldest first.

    Raises:
        InvalidParameterError: An entry names no setting, or no value of it.
    """
    settings = DistillerSettings()
    for entry in entries:
        settings = settings.changed(entry.name, entry.value)
    return settings


def _text(value: object) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def _value(name: str, text: str) -> Any:
    if name == "reading" and text in READINGS:
        return text
    if name == "suppress_critical" and text in ("yes", "no"):
        return text == "yes"
    if name == "least_verdicts" and text.isascii() and text.isdigit() and 1 <= int(text) <= 1000:
        return int(text)
    if name == "resurfaced_share":
        try:
            share = float(text)
        except ValueError:
            share = -1.0
        if 0.0 <= share <= 1.0:
            return share
    wanted = {
        "reading": f"one of {', '.join(READINGS)}",
        "suppress_critical": "yes or no",
        "least_verdicts": "a whole number from 1 to 1000",
        "resurfaced_share": "a share from 0 to 1",
    }
    if name not in wanted:
        raise InvalidParameterError(
            f"There is no setting '{name}'; choose one of {', '.join(wanted)}."
        )
    raise InvalidParameterError(f"'{text}' is no value of '{name}'; give {wanted[name]}.")
