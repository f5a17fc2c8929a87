"""Options that say how a file is to be read, and what they make of its proposal."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from deepaid_core.domain.converters import Convert, converters
from deepaid_core.domain.settings import Period, SourceSettings
from deepaid_core.errors import InvalidParameterError

__all__ = [
    "Categories",
    "Context",
    "Entity",
    "File",
    "Given",
    "Ignore",
    "Kind",
    "Numbers",
    "SettingsFile",
    "Since",
    "SkipBadRows",
    "Time",
    "Until",
    "period_of",
    "reading_of",
    "settings_json",
    "settings_text",
    "values_of",
]

File = Annotated[
    Path,
    typer.Argument(
        help="Packet capture, CSV or Parquet table, or text log; plain or gzip.", metavar="FILE"
    ),
]
Kind = Annotated[
    str | None,
    typer.Option(
        help="What the file is: capture, table, series, logins, log or keys.",
        show_default="told by its content",
    ),
]
SettingsFile = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        help="JSON with settings, all or some, as `deepaid data preview FILE --json` prints them.",
    ),
]
Time = Annotated[str | None, typer.Option(help="Column with the time.")]
Entity = Annotated[str | None, typer.Option(help="Column that says whom a row is about.")]
Numbers = Annotated[
    list[str] | None,
    typer.Option(help="Columns to score as numbers, separated by commas; of a series its metrics."),
]
Categories = Annotated[
    list[str] | None, typer.Option(help="Columns to score as categories, separated by commas.")
]
Context = Annotated[
    list[str] | None,
    typer.Option(help="Columns shown as evidence only, separated by commas."),
]
Ignore = Annotated[
    list[str] | None, typer.Option(help="Columns not to read at all, separated by commas.")
]
SkipBadRows = Annotated[
    bool, typer.Option("--skip-bad-rows", help="Leave out rows with a cell that cannot be read.")
]
Since = Annotated[
    str | None, typer.Option(help="Only events from this time on: ISO 8601 (UTC) or Unix seconds.")
]
Until = Annotated[
    str | None, typer.Option(help="Only events before this time: ISO 8601 (UTC) or Unix seconds.")
]

_LISTS: Final = ("numbers", "categories", "context", "columns")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Options of a command line, None where they were left out.

    Attributes:
        settings: A file with settings.
    """

    settings: Path | None = None
    time: str | None = None
    entity: str | None = None
    numbers: list[str] | None = None
    categories: list[str] | None = None
    context: list[str] | None = None
    ignore: list[str] | None = None
    skip_bad_rows: bool = False


def reading_of(path: Path, kind: str | None, given: Given) -> tuple[str, SourceSettings]:
    """Kind and settings of a file: the proposal, changed by what was given.

    Raises:
        InvalidParameterError: An option does not belong to that kind, or says nothing of sense.
        DeepAidError: The file cannot be read.
    """
    # pandas comes with it, which `deepaid --help` need not pay.
    from deepaid_core.workflow.inspection import offered, proposal
    from deepaid_core.workflow.sniffing import sniff

    kind = kind or sniff(path)
    if kind not in offered():
        raise InvalidParameterError(
            f"There is no kind '{kind[:40]}'; choose one of: {', '.join(offered())}."
        )
    settings = proposal(path, kind)
    if given.settings is not None:
        settings = _merged(kind, settings, _read_json(given.settings))
    changes: dict[str, Any] = {
        name: value
        for name, value in (("time", given.time), ("entity", given.entity))
        if value is not None
    }
    lists = {"numbers": given.numbers, "categories": given.categories, "context": given.context}
    for name, values in lists.items():
        if values is not None:
            place = "columns" if (kind, name) == ("series", "numbers") else name
            changes[place] = _split(values)
    if given.skip_bad_rows:
        changes["skip_bad_rows"] = True
    settings = _changed(kind, settings, changes)
    return kind, _without(settings, changes, _split(given.ignore or ()))


def period_of(since: str | None, until: str | None) -> Period:
    """The part that two options mean.

    Raises:
        InvalidParameterError: One of them is no time.
    """
    return Period(_seconds(since), _seconds(until))


def values_of(assignments: Iterable[str]) -> dict[str, int | float | str | bool]:
    """Hyperparameters of "name=value" texts.

    Raises:
        InvalidParameterError: One of them has another form.
    """
    values: dict[str, int | float | str | bool] = {}
    for text in assignments:
        name, mark, value = text.partition("=")
        if not mark or not name:
            raise InvalidParameterError(
                f"'{text[:60]}' sets nothing; write it like --set epochs=5."
            )
        values[name.strip()] = _literal(value.strip())
    return values


def settings_json(kind: str, settings: SourceSettings) -> dict[str, Any]:
    """Settings as an object that `--settings` reads."""
    encode, _ = _converters(settings)
    return {"kind": kind, "settings": encode(settings)}


def settings_text(kind: str, settings: SourceSettings) -> str:
    """The same as text."""
    return json.dumps(settings_json(kind, settings), ensure_ascii=True)


def _changed(kind: str, settings: SourceSettings, changes: Mapping[str, Any]) -> SourceSettings:
    from deepaid_core.workflow.inspection import KINDS

    known = {field.name for field in fields(settings)}
    for name in changes:
        if name not in known:
            option = "numbers" if name == "columns" else name.replace("_", "-")
            raise InvalidParameterError(
                f"--{option} means nothing for '{kind}' ({KINDS[kind]}); leave it out."
            )
    return replace(settings, **changes)


def _without(
    settings: SourceSettings, given: Mapping[str, Any], ignored: tuple[str, ...]
) -> SourceSettings:
    """Ignored columns have no role, and a column that was given a role has no proposed one."""
    taken = {
        name: values if isinstance(values, tuple) else (values,) for name, values in given.items()
    }
    kept: dict[str, Any] = {}
    for field in fields(settings):
        if field.name in _LISTS:
            elsewhere = {
                column
                for name, columns in taken.items()
                if name != field.name and name != "skip_bad_rows"
                for column in columns
            }
            out = {*ignored, *(() if field.name in given else elsewhere)}
            kept[field.name] = tuple(
                column for column in getattr(settings, field.name) if column not in out
            )
        elif field.name in {"time", "entity"} and getattr(settings, field.name) in ignored:
            kept[field.name] = ""
    return replace(settings, **kept)


def _merged(kind: str, settings: SourceSettings, data: Any) -> SourceSettings:
    encode, decode = _converters(settings)
    if isinstance(data, dict) and isinstance(data.get("settings"), dict):
        data = data["settings"]
    if not isinstance(data, dict):
        raise InvalidParameterError('The settings are no JSON object; write {"time": ...}.')
    try:
        merged: SourceSettings = decode({**encode(settings), **data})
    except (ValueError, TypeError) as error:
        raise InvalidParameterError(
            f"The settings do not fit '{kind}': {str(error)[:200]}; correct them."
        ) from error
    return merged


def _converters(settings: SourceSettings) -> tuple[Convert, Convert]:
    shape: Any = type(settings)
    return converters(shape)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidParameterError(
            f"'{path}' cannot be read ({error.strerror or error}); check its name."
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidParameterError(f"'{path}' is no JSON ({error}); correct it.") from error


def _split(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidParameterError(
            f"'{text[:60]}' is no time; write it like 2026-03-01T08:00 or as Unix seconds."
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _literal(text: str) -> int | float | str | bool:
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
