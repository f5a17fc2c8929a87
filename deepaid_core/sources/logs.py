"""Raw log text as events: one event per line, seen after the lines before it in its session."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple, Self

import numpy as np

from deepaid_core.domain.batches import FloatArray, IntArray, ObjectArray, SequenceBatch
from deepaid_core.domain.details import NOT_SEEN
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.domain.schema import EventSchema, Vocabulary
from deepaid_core.domain.settings import LogSettings, Period, SourceSettings
from deepaid_core.errors import CancelledError, InvalidEventsError, InvalidParameterError
from deepaid_core.sources.base import RawEvents, Source, SourceReport
from deepaid_core.sources.log_formats import propose_settings
from deepaid_core.sources.log_lines import LineTimes, read_lines
from deepaid_core.sources.log_templates import Masks, TemplateMatcher, learn_templates
from deepaid_core.sources.patterns import compiled, searcher
from deepaid_core.sources.sessions import Sessions

__all__ = ["LogSource"]

"""Shown for a line that fits none."""

_SHOWN_EACH_SIDE: Final = 100
_ASKED_EVERY: Final = 1024
_OUT_OF_FORM, _NO_TIME = "lines not of the expected form", "lines without a readable time"
_COLUMNS: Final = ("position", "line", "template", "parameters", "host", "process")
_INTEGERS: Final = frozenset({"position"})

# Reading a line costs more than looking at what was learned of it; about 1 kB each is remembered.
_MOST_KEPT: Final = 200_000


class _Line(NamedTuple):
    place: int
    time_s: float
    text: str
    host: str
    process: str
    message: str
    groups: dict[str, str | None]


class _Event(NamedTuple):
    line: _Line
    session: str
    position: int
    window: tuple[int, ...]
    shape: str
    parameters: str


class LogSource(Source[SequenceBatch]):
    """Log text, plain or gzip: an event is a line with the h lines before it in its session.

    Templates are learned from the lines of the period when a detector is trained, and are then
    its vocabulary; later lines that fit none of them are of the unknown key. Every line of a
    session is the last one of one window; windows reach back before its first line as padding.
    Lines that are not of the settings' form are counted in the report and keep their place in
    `indices`. The entity is the session. Context columns: "position" of the line in its session
    from 1, "line" as it stands, "template", "parameters" that the template hides, "host" and
    "process".

    Args:
        path: The log.
        settings: How to read it.
        known: Vocabulary of a trained detector; None to learn one.
        period: Which lines templates are learned from.
        progress: Told the share read.
        cancelled: Asked every thousand lines.

    Raises:
        InvalidParameterError: A pattern of the settings is wrong.
    """

    modality = Modality.SEQUENCE

    def __init__(
        self,
        path: Path | str,
        settings: LogSettings,
        *,
        known: Vocabulary | None = None,
        period: Period = Period(),
        progress: Progress = silent,
        cancelled: Cancelled = never,
    ) -> None:
        super().__init__(path, progress=progress, cancelled=cancelled)
        if not 0 < settings.similarity <= 1:
            raise InvalidParameterError(
                f"A similarity of {settings.similarity:g} is impossible; use 0 to 1."
            )
        self.settings, self._period, self._vocabulary = settings, period, known
        self._pattern = compiled(settings.line, "pattern of a line", ("message",))
        self._distinct = searcher(settings.distinct, "distinct")
        self._timed = "time" in self._pattern.groupindex
        self._masks = Masks(settings)
        self._kept: list[_Event] | None = None
        Sessions(settings, self.name)  # says now what is wrong with them

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
        """A log, read with `LogSettings`."""
        if not isinstance(settings, LogSettings) or not isinstance(known, Vocabulary | None):
            raise InvalidParameterError(
                f"'{Path(path).name}' is to be read as a log, the settings or the detector are "
                "for another kind of data; choose those of a log."
            )
        return cls(
            path, settings, known=known, period=period, progress=progress, cancelled=cancelled
        )

    @classmethod
    def propose(cls, path: Path | str) -> LogSettings:
        """Settings that fit the first lines of a log.

        Raises:
            InvalidEventsError: The file cannot be read or holds no line.
        """
        return propose_settings(Path(path))

    def schema(self) -> Vocabulary:
        """The templates; learned from the file, once, where no detector brought its own."""
        if self._vocabulary is None:
            self._vocabulary = self._learned()
        return self._vocabulary

    def batches(self, size: int = 8192) -> Iterator[SequenceBatch]:
        """Read the lines in order; what a batch holds does not depend on `size`.

        Raises:
            InvalidParameterError: size is below 1.
            CancelledError: `cancelled` said so.
            InvalidEventsError: The file is missing, damaged, or no line is of the settings' form.
        """
        if size < 1:
            raise InvalidParameterError(
                f"A batch of {size} events is impossible; ask for 1 or more."
            )
        return self._batches(size)

    def _batches(self, size: int) -> Iterator[SequenceBatch]:
        schema = self.schema()
        waiting: list[_Event] = []
        for event in self._events():
            waiting.append(event)
            if len(waiting) == size:
                yield self._batch(schema, waiting)
                waiting = []
        if waiting:
            yield self._batch(schema, waiting)

    def rows(self, indices: IntArray) -> tuple[IntArray, FloatArray, dict[str, ObjectArray]]:
        """Raw columns of some lines, read again from the file.

        Args:
            indices: Positions of lines, rising.
        """
        wanted = set(indices.tolist())
        last = max(wanted, default=-1)
        found: list[_Event] = []
        if wanted:
            for event in self._events():
                if event.line.place in wanted:
                    found.append(event)
                if event.line.place >= last:
                    break
        positions, times = _places(found)
        return positions, times, self._columns(found)

    def around(self, indices: IntArray, entities: ObjectArray) -> RawEvents:
        """The sessions of some events: up to 100 lines before and 100 after each.

        Args:
            indices: (n,), positions of the events of interest.
            entities: (n,), their sessions.
        """
        views = [_View(index) for index in indices.tolist()]
        of_session: dict[str, list[_View]] = {}
        for view, session in zip(views, entities.tolist(), strict=True):
            of_session.setdefault(session, []).append(view)
        for event in self._events() if views else ():
            for view in of_session.get(event.session, ()):
                view.add(event)
        shown = {event.line.place: event for view in views for event in view.events}
        events = [shown[index] for index in sorted(shown)]
        positions, times = _places(events)
        near = tuple(
            np.searchsorted(positions, [event.line.place for event in view.events])
            for view in views
        )
        return RawEvents(positions, times, self._columns(events), near)

    def _lines(self) -> Iterator[_Line]:
        """Lines of the settings' form, with a report in the making."""
        times, clock_s, steps_back = LineTimes(self.settings.year), -np.inf, 0
        skipped: Counter[str] = Counter()
        events, first_s, seen = 0, None, 0
        for index, text, share in read_lines(self.path):
            seen = index + 1
            if index % _ASKED_EVERY == 0:
                if self.cancelled():
                    raise CancelledError(
                        f"Reading '{self.name}' was cancelled after {index:,} lines; nothing of "
                        "it was kept."
                    )
                self.progress(share, f"{index:,} lines of {self.name}")
            match = self._pattern.match(text)
            if match is None:
                skipped[_OUT_OF_FORM] += 1
                continue
            groups = match.groupdict()
            time_s = times.seconds(groups["time"] or "") if self._timed else float(index)
            if time_s is None:
                skipped[_NO_TIME] += 1
                continue
            if time_s < clock_s:
                steps_back += 1
                if clock_s - time_s <= 5.0:  # relayed lines overtake each other
                    time_s = clock_s
            clock_s = time_s
            events += 1
            first_s = time_s if first_s is None else first_s
            yield _Line(
                index,
                time_s,
                text,
                groups.get("host") or "",
                groups.get("process") or "",
                groups["message"] or "",
                groups,
            )
        self._report = SourceReport(
            self.name,
            events=events,
            seen=seen,
            skipped=tuple(skipped.most_common()),
            first_time=first_s,
            last_time=clock_s if events else None,
            clock_steps_back=steps_back,
        )
        if not events:
            why = ", ".join(f"{count:,} {reason}" for reason, count in skipped.most_common())
            raise InvalidEventsError(
                f"None of the {seen:,} lines of '{self.name}' can be used ({why or 'it is empty'});"
                " correct the pattern of a line."
            )

    def _events(self) -> Iterator[_Event]:
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[_Event] = []
        for event in self._read_events():
            if len(kept) <= _MOST_KEPT:
                kept.append(event)
            yield event
        if len(kept) <= _MOST_KEPT:
            self._kept = kept

    def _read_events(self) -> Iterator[_Event]:
        schema = self.schema()
        matcher, sessions = TemplateMatcher(schema), Sessions(self.settings, self.name)
        for line in self._lines():
            shape, parameters = self._masks.shape(line.process, line.message)
            session = sessions.of(line.groups, line.message, line.time_s)
            window = session.window(matcher.key(shape))
            yield _Event(line, session.title, session.lines, window, shape, parameters)

    def _learned(self) -> Vocabulary:
        shapes: dict[str, str] = {}
        for line in self._lines():
            if self._in_period(line.time_s):
                shape, _ = self._masks.shape(line.process, line.message)
                if shape not in shapes:
                    shapes[shape] = self._apart(line)
        if not shapes:
            raise InvalidEventsError(
                f"No line of '{self.name}' lies in the period to learn from; choose another."
            )
        return learn_templates(shapes.items(), self.name, self.settings.similarity)

    def _apart(self, line: _Line) -> str:
        found = self._distinct.search(line.message) if self._distinct is not None else None
        return f"{line.process}\n{found.group() if found is not None else ''}"

    def _in_period(self, time_s: float) -> bool:
        since, until = self._period.since, self._period.until
        return (since is None or time_s >= since) and (until is None or time_s < until)

    def _batch(self, schema: Vocabulary, events: list[_Event]) -> SequenceBatch:
        indices, times = _places(events)
        return SequenceBatch(
            schema=schema,
            keys=np.array([event.window for event in events], dtype=np.int64),
            times=times,
            entities=_objects([event.session for event in events]),
            indices=indices,
            context=self._columns(events),
        )

    def _columns(self, events: list[_Event]) -> dict[str, ObjectArray]:
        schema = self.schema()
        rows = [
            (
                event.position,
                event.line.text,
                schema.texts[event.window[-1]]
                if event.window[-1] < schema.unknown
                else event.shape + NOT_SEEN,
                event.parameters,
                event.line.host,
                event.line.process,
            )
            for event in events
        ]
        columns = zip(*rows, strict=True) if rows else ((),) * len(_COLUMNS)
        return {
            name: np.array(column, dtype=np.int64) if name in _INTEGERS else _objects(column)
            for name, column in zip(_COLUMNS, columns, strict=True)
        }


@dataclass(slots=True)
class _View:
    """The lines of a session nearest to one of them."""

    index: int
    events: deque[_Event] = field(default_factory=deque)
    after: int = 0

    def add(self, event: _Event) -> None:
        if event.line.place <= self.index:
            self.events.append(event)
            if len(self.events) > _SHOWN_EACH_SIDE + 1:
                self.events.popleft()
        elif self.after < _SHOWN_EACH_SIDE:
            self.events.append(event)
            self.after += 1


def _places(events: list[_Event]) -> tuple[IntArray, FloatArray]:
    return (
        np.array([event.line.place for event in events], dtype=np.int64),
        np.array([event.line.time_s for event in events], dtype=np.float64),
    )


def _objects(values: "list[str] | tuple[object, ...]") -> ObjectArray:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
