"""What an unfinished training was asked for, as a file that a later process reads."""

import hashlib
import json
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from deepaid_core.domain.converters import Convert, check_keys, converters, shown
from deepaid_core.errors import DeepAidError, TrainingRefusedError
from deepaid_core.figures.text import shorten, visible
from deepaid_core.registry import DETECTORS, SOURCES
from deepaid_core.workflow.train import TrainingPlan, checked_name

__all__ = ["Request", "is_id", "number_of", "read", "write", "write_whole"]

_FORMAT: Final = 1
_LARGEST: Final = 1 << 20  # bytes; thousands of column names take a tenth of that
_ID: Final = re.compile(r"T-[0-9a-f]{10}")
_KEYS: Final = ("format", "request")


@dataclass(frozen=True, slots=True)
class Request:
    """What a training was asked for.

    Attributes:
        name: What the detector will be called.
        path: The file as it was given, absolute; it may have gone since.
        sha256: Digest of its content.
        plan: How to read it and what to learn.
        device: Where it was trained last.
        author: Who asked for it.
        started_time: Unix seconds, UTC.
    """

    name: str
    path: str
    sha256: str
    plan: TrainingPlan
    device: str
    author: str
    started_time: float

    @property
    def id(self) -> str:
        """The training's id: the same for the same content, name and plan."""
        return number_of(self.sha256, self.name, self.plan)


def number_of(sha256: str, name: str, plan: TrainingPlan) -> str:
    """The id of a training; device, author and time are no part of what is learned."""
    encode, _ = _converters(TrainingPlan)
    asked = json.dumps([sha256, name, encode(plan)], sort_keys=True, ensure_ascii=True)
    return "T-" + hashlib.sha256(asked.encode()).hexdigest()[:10]


def is_id(text: str) -> bool:
    """Whether a text can be the id of a training, and so the name of its folder."""
    return _ID.fullmatch(text) is not None


def write(request: Request, path: Path) -> None:
    """Write a request, whole or not at all.

    Raises:
        OSError: It cannot be written.
    """
    encode, _ = _converters(Request)
    document = {"format": _FORMAT, "request": encode(request)}
    text = json.dumps(document, indent=1, ensure_ascii=True, allow_nan=False)
    write_whole(path, text.encode())


def read(path: Path, training_id: str) -> Request:
    """Read the request of a training.

    Raises:
        TrainingRefusedError: It is missing, damaged, of another version, or asks for something
            else than the training's checkpoints came from.
    """
    try:
        document = json.loads(_content(path).decode("utf-8"), parse_constant=_refuse_constant)
        check_keys(document, _KEYS)
        if type(document["format"]) is not int or document["format"] != _FORMAT:
            raise ValueError(f"its format is {str(document['format'])[:20]!r}, not {_FORMAT}")
        _, decode = _converters(Request)
        request: Request = decode(document["request"])
        _check(request)
        if request.id != training_id:
            raise ValueError(f"it asks for another training, {request.id}")
    except OSError as error:
        raise _refused(training_id, f"cannot be read ({error.strerror or error})") from error
    except (ValueError, TypeError, OverflowError, RecursionError, DeepAidError) as error:
        why = shorten(visible(str(error)).removesuffix("."), 160)
        raise _refused(training_id, f"is damaged ({why})") from error
    return request


def write_whole(path: Path, content: bytes) -> None:
    """Put content in the place of a file, whole or not at all.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=".unfinished-", delete=False
    ) as unfinished:
        unfinished.write(content)
    Path(unfinished.name).replace(path)


def _check(request: Request) -> None:
    """Refuse what the types allow and a training does not; imports no detector, which takes long.

    Hyperparameters are checked when the training goes on.
    """
    if checked_name(request.name) != request.name:
        raise ValueError("its name holds superfluous space")
    if request.plan.source_kind not in SOURCES:
        raise ValueError(f"there is no source {shown(request.plan.source_kind)}")
    if request.plan.detector_kind not in DETECTORS:
        raise ValueError(f"there is no detector {shown(request.plan.detector_kind)}")


def _content(path: Path) -> bytes:
    # Neither a link to elsewhere nor a pipe that never ends.
    facts = path.lstat()
    if not stat.S_ISREG(facts.st_mode):
        raise ValueError("it is no regular file")
    if facts.st_size > _LARGEST:
        raise ValueError(f"it is larger than {_LARGEST:,} bytes")
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(descriptor, "rb") as file:
        return file.read(_LARGEST)


@cache
def _converters(shape: Any) -> tuple[Convert, Convert]:
    return converters(shape)


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _refused(training_id: str, why: str) -> TrainingRefusedError:
    return TrainingRefusedError(
        f"The request of training {training_id} {why}; discard it and train anew."
    )
