"""The four kinds of data an event can be."""

from enum import StrEnum

__all__ = ["Modality"]


class Modality(StrEnum):
    """What one event looks like."""

    TABULAR = "tabular"
    SEQUENCE = "sequence"
    SERIES = "series"
    LINK = "link"
