"""Kinds of files, how one should be read, and which detectors can read it."""

from pathlib import Path
from typing import Any, Final, cast

import pyarrow.parquet as pq

from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.settings import (
    CaptureSettings,
    KeyFileSettings,
    LoginSettings,
    LogSettings,
    SeriesSettings,
    SourceSettings,
    TableSettings,
)
from deepaid_core.errors import DeepAidError, InvalidEventsError
from deepaid_core.registry import SOURCES, load
from deepaid_core.sources.column_roles import ColumnGuess, guess_columns, settings_of
from deepaid_core.sources.columns import is_parquet
from deepaid_core.sources.text_layout import layout_of

__all__ = [
    "KINDS",
    "SETTINGS",
    "ColumnGuess",
    "columns_of",
    "fits",
    "guess_columns",
    "is_table_kind",
    "offered",
    "proposal",
    "settings_of",
    "used_columns",
]

KINDS: Final = {
    "capture": "Packet capture",
    "table": "Table: one event per row",
    "series": "Time series: one moment per row, one metric per column",
    "logins": "Logins: who, from where, to where",
    "log": "Text log",
    "keys": "Log keys as numbers, one session per line",
}
"""Kinds of sources in an analyst's words, by their registry name."""

SETTINGS: Final[dict[str, type[Any]]] = {
    "capture": CaptureSettings,
    "table": TableSettings,
    "series": SeriesSettings,
    "logins": LoginSettings,
    "log": LogSettings,
    "keys": KeyFileSettings,
}


def is_table_kind(kind: str) -> bool:
    """Whether a kind is read from the columns of CSV or Parquet."""
    return kind in {"table", "series", "logins"}


def offered() -> list[str]:
    """Kinds of sources that can be read, in the order to offer them."""
    return [kind for kind in KINDS if kind in SOURCES]


def proposal(path: Path, kind: str) -> SourceSettings:
    """How a file of a kind should probably be read.

    Raises:
        InvalidParameterError: There is no such kind of source.
        DeepAidError: The file cannot be read, or is of another kind.
    """
    source = load(SOURCES, kind)
    propose = getattr(source, "propose", None)
    return cast(SourceSettings, propose(path) if propose is not None else SETTINGS[kind]())


def columns_of(path: Path, settings: SourceSettings | None = None) -> tuple[str, ...]:
    """Names of the columns of a table.

    Raises:
        InvalidEventsError: It cannot be read as a table.
    """
    if is_parquet(path):
        try:
            return tuple(pq.ParquetFile(path).schema_arrow.names)
        except (OSError, ValueError) as error:
            raise InvalidEventsError(
                f"'{path.name}' cannot be read as Parquet; copy it again."
            ) from error
    if isinstance(settings, TableSettings):
        return settings.names or layout_of(path, header=settings.header).names
    return layout_of(path).names


def fits(record: DetectorRecord, path: Path, kind: str) -> str | None:
    """None where a detector can read a file of a kind, else the reason why not."""
    if record.source_kind != kind:
        return f"It reads another kind of file ({KINDS.get(record.source_kind, 'unknown')})."
    if not is_table_kind(kind):
        return None
    settings = record.source_settings
    try:
        present = set(columns_of(path, settings))
    except DeepAidError as error:
        return str(error)
    missing = [name for name in used_columns(settings) if name not in present]
    if not missing:
        return None
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    return f"The file has no column '{missing[0][:60]}'{more}."


def used_columns(settings: SourceSettings) -> tuple[str, ...]:
    """Columns that settings of a table name, in no order that means anything."""
    match settings:
        case TableSettings():
            names = [settings.time, settings.entity, *settings.context]
            names += [*settings.numbers, *settings.categories]
        case SeriesSettings():
            names = [settings.time, *settings.columns]
        case LoginSettings():
            names = [settings.time, settings.user, settings.source, settings.destination]
            names += [settings.outcome]
        case _:
            names = []
    return tuple(dict.fromkeys(name for name in names if name))
