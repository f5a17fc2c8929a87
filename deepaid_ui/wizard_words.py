"""How a file will be read, in words."""

from deepaid_core.domain.settings import (
    KeyFileSettings,
    LoginSettings,
    LogSettings,
    SeriesSettings,
    SourceSettings,
    TableSettings,
)
from deepaid_core.figures.numbers import format_count
from deepaid_ui.wizard_columns import short_name

__all__ = ["described"]


def described(settings: SourceSettings) -> str:
    """How a file will be read, in a sentence of plain text."""
    match settings:
        case TableSettings():
            parts = [
                format_count(len(settings.numbers), "number"),
                format_count(len(settings.categories), "category", "categories"),
            ]
            return _with_roles(" and ".join(parts), settings.time, settings.entity)
        case SeriesSettings():
            count = format_count(len(settings.columns), "metric")
            return _with_roles(count, settings.time, "") + f", {settings.history} steps of history"
        case LoginSettings():
            return (
                f"user from {_name(settings.user)}, source from {_name(settings.source)}, "
                f"destination from {_name(settings.destination)}, time from {_name(settings.time)}"
            )
        case LogSettings():
            by = " and ".join(settings.session) or "pauses"
            return f"sessions by {by}, {settings.history} lines of history"
        case KeyFileSettings():
            return f"a session per line, {settings.history} keys of history"
    return "packets, 100 statistics each"


def _name(column: str) -> str:
    return f"'{short_name(column)}'" if column else "nothing"


def _with_roles(what: str, time: str, entity: str) -> str:
    return (
        what
        + (f", time from {_name(time)}" if time else ", no time")
        + (f", about {_name(entity)}" if entity else "")
    )
