"""Columns of a table of metrics: which they are, and what their names say."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from deepaid_core.domain.schema import Feature
from deepaid_core.domain.settings import SeriesSettings
from deepaid_core.errors import InvalidEventsError
from deepaid_core.sources.column_roles import looks_like_label
from deepaid_core.sources.columns import read_frame

__all__ = ["metric_feature", "propose_series"]

_LOOKED_AT: Final = 1000  # rows that a proposal is made from
_TIME_NAMES: Final = ("time", "timestamp", "@timestamp", "datetime", "date", "ts", "_time")
_WORDS: Final = {
    "pkts": "packets",
    "dports": "destination ports",
    "dport": "destination port",
    "mem": "memory",
    "len": "length",
    "syn": "SYN",
    "rst": "RST",
    "arp": "ARP",
    "udp": "UDP",
    "tcp": "TCP",
    "icmp": "ICMP",
    "dns": "DNS",
    "cpu": "CPU",
}


def propose_series(path: Path) -> SeriesSettings:
    """As `SeriesSource.propose`."""
    frame = read_frame(path, limit=_LOOKED_AT)
    names = list(frame.columns)
    time = next((n for known in _TIME_NAMES for n in names if n.lower() == known), "")
    numeric = [
        name for name in names if name != time and not _is_label(name) and _is_numeric(frame[name])
    ]
    if not numeric:
        raise InvalidEventsError(
            f"No column of '{path.name}' holds numbers; give a table with a metric per column."
        )
    for separator in (".", ":", "/"):
        split = [name for name in numeric if _entity_of(name, separator)]
        if len(split) > len(numeric) / 2:
            return SeriesSettings(columns=tuple(split), time=time, separator=separator)
    return SeriesSettings(columns=tuple(numeric), time=time)


def metric_feature(name: str, separator: str, *, whole: bool) -> Feature:
    """A metric; one named "host.metric" says itself whom it is about."""
    entity = _entity_of(name, separator)
    words = name[len(entity) + len(separator) :].split("_") if entity else []
    return Feature(
        name=name,
        field=name,
        title=" ".join([entity, *(_WORDS.get(word, word) for word in words)]) if entity else name,
        unit="bytes" if "bytes" in words else "",
        kind="integer" if whole else "number",
        entity=entity,
    )


def _is_label(name: str) -> bool:
    # The number of an attack, where a recording was labelled; in a table it may be a kind of event.
    return looks_like_label(name) or name.lower() == "event_id"


def _is_numeric(cells: "pd.Series[Any]") -> bool:
    numbers = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return bool(len(numbers)) and float(np.isfinite(numbers).mean()) > 0.9


def _entity_of(name: str, separator: str) -> str:
    entity, _, metric = name.partition(separator) if separator else ("", "", "")
    return entity if metric else ""
