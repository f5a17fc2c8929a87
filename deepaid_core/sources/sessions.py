"""Which session each line of a log belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from deepaid_core.domain.batches import PADDING
from deepaid_core.domain.settings import LogSettings
from deepaid_core.errors import InvalidParameterError
from deepaid_core.sources.patterns import compiled, searcher

__all__ = ["Session", "Sessions"]

_LINGERS_S: Final = 5.0  # a session's own lines may still be written just after its last one
_MANY: Final = 50_000

_Key = tuple[str, ...]


@dataclass(slots=True, eq=False)
class Session:
    """A session as far as it has been read.

    Attributes:
        title: Unique in its log, e.g. "web01:623".
        recent: The last h keys, oldest first.
        last_s: Time of the latest line.
        lines: Number of lines so far.
        ended_s: Time of its closing line; None while it is open.
        user: Whose it is; empty where no line said so.
    """

    title: str
    recent: tuple[int, ...]
    last_s: float
    lines: int = 0
    ended_s: float | None = None
    user: str = ""

    def window(self, key: int) -> tuple[int, ...]:
        """The h keys before the latest line and its own."""
        window = (*self.recent, key)
        self.recent = window[1:]
        return window


class Sessions:
    """Assigns lines to sessions, in order of the log.

    Args:
        settings: What a session is.
        name: Title of the only session where settings name no group.

    Raises:
        InvalidParameterError: A pattern is wrong, a group that names sessions does not exist, or a
            number is out of range.
    """

    def __init__(self, settings: LogSettings, name: str) -> None:
        line = compiled(settings.line, "pattern of a line", ("message",))
        for group in settings.session:
            if group not in line.groupindex:
                raise InvalidParameterError(
                    f"Sessions are told apart by '{group}', but the pattern of a line has no "
                    f"group of that name; add (?P<{group}>...) or name another."
                )
        if settings.history < 1 or settings.pause_s <= 0 or settings.longest < 0:
            raise InvalidParameterError(
                f"History {settings.history}, pause {settings.pause_s:g} s and longest "
                f"{settings.longest} do not make sessions; use at least 1, above 0 and at least 0."
            )
        self._settings, self._name = settings, name
        self._child = searcher(settings.child, "child", ("pid",))
        self._user = searcher(settings.user, "user", ("user",))
        self._joins = searcher(settings.joins, "joins", ("user",))
        self._end = searcher(settings.end, "end")
        self._pid = settings.session.index("pid") if "pid" in settings.session else None
        self._of: dict[_Key, tuple[Session, str]] = {}
        self._of_user: dict[_Key, Session] = {}
        self._used: dict[str, int] = {}

    def of(self, groups: Mapping[str, str | None], message: str, time_s: float) -> Session:
        """The session of the next line; the line then belongs to it."""
        process = groups.get("process") or ""
        key = tuple(groups[name] or "" for name in self._settings.session)
        numbered = self._pid is None or bool(key[self._pid])
        if self._pid is not None and not numbered:
            # Without a number, lines of a host and process belong together.
            key = (*key[: self._pid], process, *key[self._pid + 1 :])
        session = self._open(key, process, time_s)
        if session is None or not numbered:
            joined = self._joined(key, message, time_s)
            if joined is not None:
                session = joined
                if numbered:
                    self._of[key] = (session, process)
        if session is None:
            session = self._begin(key, process, time_s)
        session.last_s = time_s
        session.lines += 1
        longest = self._settings.longest
        if longest and session.lines > longest:
            session.title, session.lines = self._title(key), 1
        self._learn(session, key, process, message, time_s)
        return session

    def _open(self, key: _Key, process: str, time_s: float) -> Session | None:
        session, owner = self._of.get(key, (None, ""))
        if session is None or owner != process or not self._goes_on(session, time_s):
            return None
        return session

    def _goes_on(self, session: Session, time_s: float) -> bool:
        if session.ended_s is not None:
            return time_s - session.ended_s <= _LINGERS_S
        return time_s - session.last_s <= self._settings.pause_s

    def _joined(self, key: _Key, message: str, time_s: float) -> Session | None:
        found = self._joins.search(message) if self._joins is not None else None
        if found is None:
            return None
        session = self._of_user.get((*self._place(key), found["user"]))
        return session if session is not None and self._goes_on(session, time_s) else None

    def _begin(self, key: _Key, process: str, time_s: float) -> Session:
        if len(self._of) > _MANY:
            self._forget(time_s)
        session = Session(self._title(key), (PADDING,) * self._settings.history, time_s)
        self._of[key] = (session, process)
        return session

    def _title(self, key: _Key) -> str:
        title = ":".join(key) or self._name
        used = self._used[title] = self._used.get(title, 0) + 1
        return title if used == 1 else f"{title}#{used}"

    def _learn(
        self, session: Session, key: _Key, process: str, message: str, time_s: float
    ) -> None:
        if self._pid is not None and self._child is not None:
            found = self._child.search(message)
            if found is not None:
                child = (*key[: self._pid], found["pid"] or "", *key[self._pid + 1 :])
                self._of[child] = (session, process)
        if self._user is not None and (found := self._user.search(message)) is not None:
            session.user = found["user"] or ""
            self._of_user[(*self._place(key), session.user)] = session
        if self._end is not None and self._end.search(message) is not None:
            session.ended_s = time_s

    def _place(self, key: _Key) -> _Key:
        return key if self._pid is None else (*key[: self._pid], *key[self._pid + 1 :])

    def _forget(self, time_s: float) -> None:
        self._of = {k: v for k, v in self._of.items() if self._goes_on(v[0], time_s)}
        self._of_user = {k: v for k, v in self._of_user.items() if self._goes_on(v, time_s)}
