"""Actions, cases, drafts and saved views in SQLite or PostgreSQL."""
# ruff: noqa: D102 - what each method promises is said once, in desk.py

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from deepaid_core.domain.actions import Action, ActionLine, NewRecord, Note
from deepaid_core.domain.case import Case, CaseQuery, CaseRow
from deepaid_core.store import actions, cases, take_back
from deepaid_core.store.connect import Database
from deepaid_core.store.desk import Desk, SavedView, TakenBack
from deepaid_core.store.desk_tables import actions as log
from deepaid_core.store.desk_tables import drafts, saved_views

__all__ = ["SqlDesk"]

_DRAFTS_LAST_S = 30 * 86_400


class SqlDesk(Desk):
    """The desk of a SQL store.

    Args:
        database: Shared with the store.
        clock: Gives the time of an action, Unix seconds, UTC.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._insert = postgresql.insert if database.dialect == "postgresql" else sqlite.insert
        self._clock = clock

    def act(
        self, actions_: Sequence[Action], *, expected: Mapping[int, int] | None = None
    ) -> tuple[ActionLine, ...]:
        with self._database.writing() as connection:
            return actions.act(connection, actions_, now=self._clock(), expected=expected or {})

    def take_back(self, numbers: Sequence[int], *, author: str) -> TakenBack:
        with self._database.writing() as connection:
            return take_back.take_back(connection, numbers, author=author, now=self._clock())

    def version(self) -> int:
        with self._database.reading() as connection:
            return connection.scalar(select(func.max(log.c.number))) or 0

    def actions(
        self,
        *,
        number: int | None = None,
        subject: str | None = None,
        finding_id: str | None = None,
        case_number: int | None = None,
        limit: int = 200,
    ) -> tuple[ActionLine, ...]:
        with self._database.reading() as connection:
            return actions.lines(
                connection,
                number=number,
                subject=subject,
                finding_id=finding_id,
                case_number=case_number,
                limit=limit,
            )

    def notes(self, subject: str) -> tuple[Note, ...]:
        with self._database.reading() as connection:
            return actions.notes(connection, subject)

    def case(self, number: int) -> Case:
        with self._database.reading() as connection:
            return cases.case(connection, number)

    def cases(
        self, query: CaseQuery = CaseQuery(), *, limit: int = 200, offset: int = 0
    ) -> tuple[CaseRow, ...]:
        with self._database.reading() as connection:
            return cases.page(connection, query, limit=limit, offset=offset)

    def count_cases(self, query: CaseQuery = CaseQuery()) -> int:
        with self._database.reading() as connection:
            return cases.count(connection, query)

    def cases_of(self, finding_ids: Sequence[str]) -> Mapping[str, tuple[int, ...]]:
        with self._database.reading() as connection:
            return cases.cases_of(connection, finding_ids)

    def assignees(self) -> tuple[str, ...]:
        with self._database.reading() as connection:
            return cases.assignees(connection)

    def views(self) -> tuple[SavedView, ...]:
        c = saved_views.c
        with self._database.reading() as connection:
            found = connection.execute(
                select(c.name, c.author, c.params, c.time).order_by(c.name)
            ).all()
        return tuple(SavedView(*row) for row in found)

    def save_view(self, name: str, params: str, *, author: str) -> None:
        now = self._clock()
        values = {"author": author, "params": params, "time": now}
        statement = self._insert(saved_views).values(name=name, **values)
        saved = NewRecord("saved view", name, {"filters": params}, author)
        with self._database.writing() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=["name"], set_=values)
            )
            actions.act(connection, [saved], now=now, expected={})

    def drop_view(self, name: str, *, author: str) -> None:
        gone = NewRecord("dropped view", name, {}, author)
        with self._database.writing() as connection:
            if connection.execute(delete(saved_views).where(saved_views.c.name == name)).rowcount:
                actions.act(connection, [gone], now=self._clock(), expected={})

    def draft(self, owner: str, subject: str) -> str | None:
        c = drafts.c
        with self._database.reading() as connection:
            return connection.scalar(
                select(c.payload).where(c.owner == owner, c.subject == subject)
            )

    def keep_draft(self, owner: str, subject: str, text: str | None) -> None:
        c, now = drafts.c, self._clock()
        with self._database.writing() as connection:
            if text is None:
                connection.execute(delete(drafts).where(c.owner == owner, c.subject == subject))
            else:
                values = {"payload": text, "time": now}
                statement = self._insert(drafts).values(owner=owner, subject=subject, **values)
                connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=["owner", "subject"], set_=values
                    )
                )
            connection.execute(delete(drafts).where(c.time < now - _DRAFTS_LAST_S))
