"""Tables of logins: who went from where to where, and whether it was let in."""

from collections.abc import Iterator
from dataclasses import dataclass
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
from deepaid_core.errors import InvalidParameterError
from deepaid_core.sources.base import RawEvents, Source, SourceReport
from deepaid_core.sources.column_problems import Problems, usable_rows
from deepaid_core.sources.columns import read_frame, texts_of, times_of
from deepaid_core.sources.login_columns import outcomes_of, propose_logins
from deepaid_core.sources.opening import known_as, settings_as

__all__ = ["LoginSource"]

ROLES: Final = LinkSchema().roles
_OWN_SIDE, _SOURCE_SIDE = 8, 4  # logins of the same user, and of the same source, on each side


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
        known_as(LinkSchema, known, "logins")
        return cls(
            path,
            settings_as(LoginSettings, settings, "logins"),
            progress=progress,
            cancelled=cancelled,
        )

    @staticmethod
    def propose(path: Path | str) -> LoginSettings:
        """How a table of logins should probably be read, from the names of its columns.

        What no column is named for stays empty, for an analyst to fill in. Columns are proposed
        by name only, so that none with the truth about attacks is.

        Raises:
            InvalidEventsError: The file cannot be read as a table.
        """
        return propose_logins(Path(path))

    def schema(self) -> LinkSchema:
        """User, source and destination."""
        return LinkSchema()

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
        good = usable_rows(self.name, len(frame), problems, skip=settings.skip_bad_rows)
        outcomes = outcomes_of(frame, settings.outcome)[good] if settings.outcome else None
        yes = {text.lower() for text in settings.success}
        succeeded = (
            np.ones(len(good), dtype=bool)
            if outcomes is None
            else np.array([text.lower() in yes for text in outcomes.tolist()], dtype=bool)
        )
        return _Logins(nodes[good], times[good], outcomes, succeeded, good, len(frame))


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


def _rows_by_name(names: ObjectArray) -> dict[str, IntArray]:
    codes, unique = pd.factorize(names)
    order = codes.argsort(kind="stable")
    parts = np.split(order, np.bincount(codes, minlength=len(unique)).cumsum()[:-1])
    return dict(zip(unique.tolist(), parts, strict=True))


def _beside(rows: IntArray, row: int, side: int) -> IntArray:
    at = int(np.searchsorted(rows, row))
    return rows[max(0, at - side) : at + side + 1]
