"""Tables of logins: who went from where to where, and whether it was let in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deepaid_core.domain.batches import FloatArray, IntArray, LinkBatch, ObjectArray
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress, never, silent, stop_if
from deepaid_core.domain.schema import EventSchema, LinkSchema
from deepaid_core.domain.settings import LoginSettings, Period, SourceSettings
from deepaid_core.errors import DetectorMismatchError, InvalidParameterError
from deepaid_core.sources.base import RawEvents, Source, SourceReport
from deepaid_core.sources.columns import (
    Problems,
    read_frame,
    refuse,
    rows_with_problems,
    texts_of,
    times_of,
)

__all__ = ["LoginSource"]

ROLES: Final = LinkSchema().roles
_OWN_SIDE, _SOURCE_SIDE = 8, 4  # logins of the same user, and of the same source, on each side
_LOOKED_AT: Final = 1000  # rows that a proposal is made from

# Whole names, most telling first: a column is proposed for what it is called, so that one with
# the truth in it ("label", "note", "red_team") never is.
_NAMES: Final = {
    "time": "time timestamp datetime event_time eventtime date ts when",
    "user": (
        "user username user_name account account_name login login_name src_user source_user "
        "target_user_name targetusername principal"
    ),
    "source": (
        "src_host source_host src_computer source_computer client_host workstation "
        "workstation_name workstationname src_ip source_ip client_ip ip_address ipaddress "
        "remote_ip rhost source src client from"
    ),
    "destination": (
        "dst_host dest_host destination_host dst_computer destination_computer target_host "
        "server_host server computer computer_name hostname host dst_ip dest_ip destination_ip "
        "server_ip destination dst dest target to"
    ),
    "outcome": (
        "success succeeded is_success outcome result auth_result login_result accepted granted "
        "success_failure status"
    ),
}
_SUCCESS: Final = (
    "1 true t yes y ok success successful succeeded accepted accept allowed allow granted pass "
    "passed permitted"
)


@dataclass(frozen=True, eq=False, slots=True)
class _Logins:
    """The file, read and checked.

    Attributes:
        nodes: (n, 3), names of user, source and destination.
        times: (n,), Unix seconds.
        outcomes: (n,), as text; None where no column says.
        succeeded: (n,).
        positions: (n,), rows of the file, from 0, that are used, rising.
        rows: How many rows the file has.
    """

    nodes: ObjectArray
    times: FloatArray
    outcomes: ObjectArray | None
    succeeded: NDArray[np.bool_]
    positions: IntArray
    rows: int

    def columns(self, rows: IntArray | slice) -> dict[str, ObjectArray]:
        shown = {role: self.nodes[rows, place] for place, role in enumerate(ROLES)}
        if self.outcomes is not None:
            shown["outcome"] = self.outcomes[rows]
        return shown


class LoginSource(Source[LinkBatch]):
    """Rows of a CSV or Parquet file with a login each.

    An event is a login; its entity is the user. Raw columns: "user", "source" and "destination",
    and "outcome" where a column says so. No other column of the file is read. The whole file is
    held in memory while it is read.

    Args:
        path: The file.
        settings: What each column is.
        progress: Told the share done.
        cancelled: Asked before each batch.

    Raises:
        InvalidParameterError: A column is not named, or one has two roles.
    """

    modality = Modality.LINK
    entity_columns = ("user",)

    def __init__(
        self,
        path: Path | str,
        settings: LoginSettings,
        *,
        progress: Progress = silent,
        cancelled: Cancelled = never,
    ) -> None:
        super().__init__(path, progress=progress, cancelled=cancelled)
        _check(settings)
        self.settings = settings

    @classmethod
    def open(
        cls,
        path: Path | str,
        settings: SourceSettings,
        *,
        known: EventSchema | None = None,
        period: Period = Period(),
        progress: Progress = silent,
        cancelled: Cancelled = never,
    ) -> Self:
        """Logins, read as the settings say; nothing of it depends on the detector or the period.

        Raises:
            InvalidParameterError: The settings are of another kind of source, or contradict
                themselves.
            DetectorMismatchError: The detector knows events of another kind.
        """
        if not isinstance(settings, LoginSettings):
            raise InvalidParameterError(f"{type(settings).__name__} cannot say how to read logins.")
        if known is not None and not isinstance(known, LinkSchema):
            raise DetectorMismatchError(
                f"The detector knows '{known.name}', no logins; choose one of logins."
            )
        return cls(path, settings, progress=progress, cancelled=cancelled)

    @staticmethod
    def propose(path: Path | str) -> LoginSettings:
        """How a table of logins should probably be read, from the names of its columns.

        What no column is named for stays empty, for an analyst to fill in. Columns are proposed
        by name only, so that none with the truth about attacks is.

        Raises:
            InvalidEventsError: The file cannot be read as a table.
        """
        frame = read_frame(Path(path), limit=_LOOKED_AT)
        plain: dict[str, str] = {}
        for name in frame.columns:
            plain.setdefault(re.sub(r"[\W_]+", "_", name.lower()).strip("_"), name)
        guesses = {
            role: next((plain[word] for word in words.split() if word in plain), "")
            for role, words in _NAMES.items()
        }
        success: tuple[str, ...] = ()
        if guesses["outcome"]:
            values = {text.lower() for text in _outcomes(frame, guesses["outcome"])}
            success = tuple(word for word in _SUCCESS.split() if word in values)
        settings = LoginSettings(
            time=guesses["time"],
            user=guesses["user"],
            source=guesses["source"],
            destination=guesses["destination"],
        )
        if not success:
            return settings
        return replace(settings, outcome=guesses["outcome"], success=success)

    def schema(self) -> LinkSchema:
        """User, source and destination."""
        return LinkSchema()

    def batches(self, size: int = 8192) -> Iterator[LinkBatch]:
        """Read the logins in the order of the file.

        Raises:
            InvalidParameterError: size is below 1.
            CancelledError: `cancelled` said so.
            InvalidEventsError: The file is missing or no table, lacks a column, or a login has no
                name or time; names row and column.
        """
        if size < 1:
            raise InvalidParameterError(
                f"A batch of {size} events is impossible; ask for 1 or more."
            )
        return self._batches(size)

    def _batches(self, size: int) -> Iterator[LinkBatch]:
        logins = self._logins
        n = len(logins.times)
        skipped = logins.rows - n
        self._report = SourceReport(
            self.name,
            events=n,
            seen=logins.rows,
            skipped=(("rows without a name or a time", skipped),) if skipped else (),
            first_time=float(logins.times.min()) if n else None,
            last_time=float(logins.times.max()) if n else None,
        )
        for start in range(0, n, size):
            stop_if(self.cancelled)
            rows = slice(start, start + size)
            yield LinkBatch(
                schema=LinkSchema(),
                nodes=logins.nodes[rows],
                succeeded=logins.succeeded[rows],
                times=logins.times[rows],
                entities=logins.nodes[rows, 0],
                indices=logins.positions[rows],
                context=logins.columns(rows),
            )
            done = min(start + size, n)
            self.progress(done / n, f"{done:,} logins of {self.name}")

    def rows(self, indices: IntArray) -> tuple[IntArray, FloatArray, dict[str, ObjectArray]]:
        """Raw columns of some logins.

        Args:
            indices: Positions in the file, rising.

        Returns:
            Positions of those that are used, (m,); their times, (m,), Unix seconds; and their raw
            columns.
        """
        logins = self._logins
        found = np.flatnonzero(np.isin(logins.positions, indices))
        return logins.positions[found], logins.times[found], logins.columns(found)

    def around(self, indices: IntArray, entities: ObjectArray) -> RawEvents:
        """The logins of the same user, and those from the same source, around each login.

        Args:
            indices: (n,), positions of the logins of interest.
            entities: (n,), their users.
        """
        logins = self._logins
        by_user, by_source = (_rows_by_name(logins.nodes[:, place]) for place in (0, 1))
        near: list[IntArray] = []
        nothing = np.zeros(0, dtype=np.int64)
        at = np.searchsorted(logins.positions, indices)
        for row, user in zip(at.tolist(), entities.tolist(), strict=True):
            own = by_user.get(user, nothing)
            source = by_source.get(logins.nodes[row, 1], nothing)
            near.append(
                np.union1d(_beside(own, row, _OWN_SIDE), _beside(source, row, _SOURCE_SIDE))
            )
        shown = np.unique(np.concatenate([nothing, *near]))
        return RawEvents(
            logins.positions[shown],
            logins.times[shown],
            logins.columns(shown),
            tuple(np.searchsorted(shown, rows) for rows in near),
        )

    @cached_property
    def _logins(self) -> _Logins:
        settings = self.settings
        named = [settings.time, settings.user, settings.source, settings.destination]
        wanted = [*named, settings.outcome] if settings.outcome else named
        frame = read_frame(self.path, columns=wanted)
        problems = Problems()
        times = times_of(frame, settings.time, problems)
        nodes = np.empty((len(frame), len(ROLES)), dtype=object)
        for place, column in enumerate(named[1:]):
            nodes[:, place] = _names(frame, column)
            problems.note(frame, column, nodes[:, place] == "", "is empty")
        good = np.ones(len(frame), dtype=bool)
        if problems:
            if not settings.skip_bad_rows:
                refuse(self.name, problems)
            good = ~rows_with_problems(problems, len(frame))
        outcomes = _outcomes(frame, settings.outcome)[good] if settings.outcome else None
        yes = {text.lower() for text in settings.success}
        succeeded = (
            np.ones(int(good.sum()), dtype=bool)
            if outcomes is None
            else np.array([text.lower() in yes for text in outcomes.tolist()], dtype=bool)
        )
        return _Logins(
            nodes[good], times[good], outcomes, succeeded, np.flatnonzero(good), len(frame)
        )


def _check(settings: LoginSettings) -> None:
    named = {"time": settings.time, **{role: getattr(settings, role) for role in ROLES}}
    if missing := [role for role, column in named.items() if not column]:
        raise InvalidParameterError(
            f"No column is named for the {missing[0]} of a login; choose one."
        )
    if settings.outcome:
        named["outcome"] = settings.outcome
    columns = list(named.values())
    if twice := [column for column in columns if columns.count(column) > 1]:
        raise InvalidParameterError(
            f"The column '{twice[0]}' is named for two parts of a login; choose another for one."
        )


def _names(frame: pd.DataFrame, column: str) -> ObjectArray:
    texts = texts_of(frame, column)
    return np.array([text.strip() for text in texts.tolist()], dtype=object)


def _outcomes(frame: pd.DataFrame, column: str) -> ObjectArray:
    # Parquet keeps 1 as 1.0 where other rows are empty.
    texts = [text.strip() for text in texts_of(frame, column).tolist()]
    return np.array([re.sub(r"^(\d+)\.0$", r"\1", text) for text in texts], dtype=object)


def _rows_by_name(names: ObjectArray) -> dict[str, IntArray]:
    codes, unique = pd.factorize(names)
    order = codes.argsort(kind="stable")
    parts = np.split(order, np.bincount(codes, minlength=len(unique)).cumsum()[:-1])
    return dict(zip(unique.tolist(), parts, strict=True))


def _beside(rows: IntArray, row: int, side: int) -> IntArray:
    at = int(np.searchsorted(rows, row))
    return rows[max(0, at - side) : at + side + 1]
