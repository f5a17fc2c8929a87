"""What a machine was taught, as JSON that another workspace can read."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from deepaid_core.distiller.machine import Machine
from deepaid_core.domain.log import TaughtPath
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import ExchangeError

__all__ = [
    "FORMAT",
    "LARGEST_FILE",
    "VERSION",
    "check_size",
    "collected",
    "from_json",
    "lessons_of",
    "parsed",
    "shown",
    "to_json",
    "written",
]

FORMAT: Final = "deepaid-lessons"
"""What a file of lessons says it is."""

VERSION: Final = 1
"""Of the format; a file of another version is refused."""

LARGEST_FILE: Final = 256 * 2**20
"""Bytes that are read at most; a million lessons take about 150 MB."""

_MOST_LESSONS: Final = 2_000_000
_MOST_STATES: Final = 1_000
_LONGEST_TEXT: Final = 100_000
_HIGHEST_COUNT: Final = 10**9
_LABELS: Final = {
    label.value: label for label in (VerdictLabel.TRUE_POSITIVE, VerdictLabel.FALSE_POSITIVE)
}
_KEYS: Final = ("detector", "label", "category", "path", "count")


def lessons_of(machine: Machine) -> tuple[TaughtPath, ...]:
    """All that a machine was taught, in an order that depends on the content alone."""
    return collected(
        TaughtPath(detector_name, outcome.label, outcome.category, path, count)
        for (detector_name, outcome), chain in machine.chains.items()
        for path, count in chain.paths.items()
    )


def collected(lessons: Iterable[TaughtPath]) -> tuple[TaughtPath, ...]:
    """The same lessons in order, each path of an outcome once.

    Two halves of a character that stand side by side become that character, as JSON has it.
    """
    counts: Counter[tuple[str, str, str, tuple[str, ...]]] = Counter()
    for one in lessons:
        path = tuple(_joined(state) for state in one.path)
        key = (_joined(one.detector_name), one.label.value, _joined(one.category), path)
        counts[key] += one.count
    return tuple(
        TaughtPath(detector_name, _LABELS[label], category, path, count)
        for (detector_name, label, category, path), count in sorted(counts.items())
    )


def to_json(lessons: Iterable[TaughtPath]) -> str:
    """Lessons as JSON in ASCII, one a line; the same lessons always give the same text."""
    lines = ",\n".join(written(one) for one in collected(lessons))
    head = f'{{"format": "{FORMAT}", "version": {VERSION}, "lessons": ['
    return f"{head}\n{lines}\n]}}\n" if lines else f"{head}]}}\n"


def from_json(content: bytes) -> tuple[TaughtPath, ...]:
    """The lessons of a file, in order.

    Raises:
        ExchangeError: It is no such file, of another version, too large, or says a thing twice.
    """
    check_size(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ExchangeError(
            f"Byte {error.start} of the file is not UTF-8 text; choose a file that was exported "
            "as lessons."
        ) from error
    return parsed(text)


def written(lesson: TaughtPath) -> str:
    """One lesson as JSON in ASCII."""
    values = (lesson.detector_name, lesson.label.value, lesson.category, lesson.path, lesson.count)
    return json.dumps(dict(zip(_KEYS, values, strict=True)))


def parsed(text: str) -> tuple[TaughtPath, ...]:
    """What `from_json` gives, for text.

    Raises:
        ExchangeError: As there.
    """
    try:
        content = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ExchangeError(
            f"The file is no JSON ({shown(str(error), 120)}); choose a file that was exported as "
            "lessons."
        ) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ExchangeError(
            f"The file does not say that it is '{FORMAT}'; choose a file that was exported as "
            "lessons."
        )
    version = content.get("version")
    if type(version) is not int or version != VERSION:
        raise ExchangeError(
            f"The lessons are of version {shown(version)}, and version {VERSION} is read here; "
            "export them again with a product of the same version."
        )
    if content.keys() != {"format", "version", "lessons"} or not isinstance(
        content["lessons"], list
    ):
        raise ExchangeError(
            f"The file has the parts {shown(sorted(content))}; it must have 'format', 'version' "
            "and a list 'lessons'."
        )
    if len(content["lessons"]) > _MOST_LESSONS:
        raise ExchangeError(
            f"The file has {len(content['lessons']):,} lessons, and {_MOST_LESSONS:,} are read at "
            "most; export them in parts."
        )
    lessons = [_lesson(place, one) for place, one in enumerate(content["lessons"], 1)]
    known: set[tuple[str, str, str, tuple[str, ...]]] = set()
    for place, one in enumerate(lessons, 1):
        known.add((one.detector_name, one.label.value, one.category, one.path))
        if len(known) < place:
            raise ExchangeError(
                f"Lesson {place} of the file stands there twice, so that its count is not known; "
                "remove one of both."
            )
    return collected(lessons)


def check_size(content: bytes) -> None:
    """Refuse a file that is too large to be read.

    Raises:
        ExchangeError: It is.
    """
    if len(content) > LARGEST_FILE:
        raise ExchangeError(
            f"The file has {len(content) / 2**20:,.0f} MB, and {LARGEST_FILE // 2**20} MB are read "
            "at most; export fewer lessons."
        )


def shown(value: object, length: int = 60) -> str:
    """What a file says, for a sentence: in printable ASCII and short."""
    text = ascii(value)
    return text if len(text) <= length else text[: length - 3] + "..."


def _lesson(place: int, value: Any) -> TaughtPath:
    if not isinstance(value, dict) or value.keys() != set(_KEYS):
        raise _wrong(place, "is", value, f"an object of {', '.join(_KEYS)}")
    detector_name, label, category, path, count = (value[key] for key in _KEYS)
    for key in ("detector", "category"):
        if not _is_text(value[key]) or not value[key]:
            raise _wrong(place, f"has the {key}", value[key], "a text that is not empty")
    if not isinstance(label, str) or label not in _LABELS:
        raise _wrong(place, "has the label", label, " or ".join(f"'{one}'" for one in _LABELS))
    if not isinstance(path, list) or not 1 <= len(path) <= _MOST_STATES:
        raise _wrong(place, "has the path", path, f"a list of 1 to {_MOST_STATES:,} states")
    for state in path:
        if not _is_text(state):
            raise _wrong(place, "has the state", state, f"text of up to {_LONGEST_TEXT:,} letters")
    if type(count) is not int or not 1 <= count <= _HIGHEST_COUNT:
        raise _wrong(place, "has the count", count, f"a whole number from 1 to {_HIGHEST_COUNT:,}")
    return TaughtPath(detector_name, _LABELS[label], category, tuple(path), count)


def _wrong(place: int, what: str, value: object, wanted: str) -> ExchangeError:
    return ExchangeError(f"Lesson {place} of the file {what} {shown(value)}; it must be {wanted}.")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError(f"an object has one of {sorted(made)} twice")
    return made


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _joined(text: str) -> str:
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
