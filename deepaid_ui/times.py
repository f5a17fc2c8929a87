"""Times as analysts read them: UTC, and what their own clock said."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import streamlit as st

from deepaid_core.figures.numbers import format_time_utc

__all__ = ["both", "both_in"]


def both(seconds: float) -> str:
    """A moment in UTC and in the browser's zone: "2025-03-01 09:00:07 UTC (10:00:07 your time)"."""
    return both_in(seconds, _zone())


def both_in(seconds: float, zone: tzinfo | None) -> str:
    """A moment in UTC and in a zone, which is left out where it says the same or is not known."""
    text = format_time_utc(seconds)
    if zone is None:
        return text
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
        local = moment.astimezone(zone)
    except (OverflowError, OSError, ValueError):
        return text
    if local.utcoffset() == moment.utcoffset():
        return text
    form = "%H:%M:%S" if local.date() == moment.date() else "%Y-%m-%d %H:%M:%S"
    return f"{text} ({local.strftime(form)} your time)"


def _zone() -> tzinfo | None:
    try:
        return ZoneInfo(str(st.context.timezone))
    except (KeyError, ValueError, OSError):
        # The browser names what it likes, and headless tests have none.
        return None
