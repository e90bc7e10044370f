"""The base of all repositories: a connection, and the workspace that all of their statements are confined to."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, Executable, FromClause, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Integer, Uuid

from db.change_notifier import Changes
from db.column_queries import are_separable
from db.connections import Connection
from db.driver import Record
from db.row_mapping import MappedQuery
from domain.history import Author
from domain.ids import AgentId, WorkspaceId

T = TypeVar("T")

# Parameters of statements. Those of an UPDATE must not have the name of a column, which SQLAlchemy keeps for its new value.
WORKSPACE = bindparam("workspace", type_=Uuid)
ID = bindparam("id", type_=Uuid)
KEY = bindparam("key", type_=Uuid)
"""The id of the row to update."""
EXPECTED_VERSION = bindparam("expected_version", type_=Integer)
"""The version that the row to update must be at."""
IDS = bindparam("ids", type_=ARRAY(Uuid))

ColumnNames = frozenset[str] | None
"""The names of the columns that the caller will read, or None for all. Entities are without the others."""


def columns(source: FromClause, names: Iterable[str], requested: ColumnNames = None) -> list[ColumnElement[Any]]:
    """Returns the columns of these names, as far as they are requested."""
    return [source.c[name] for name in names if requested is None or name in requested]


class Shared(Protocol):
    """Holds what the repositories of one connection share."""

    connection: Connection
    workspace_id: WorkspaceId
    author: Author
    """The one who writes, and why."""

    @property
    def changes(self) -> Changes:
        """Collects what their statements change, to be published."""


class Repository:
    """Takes and returns entities, and reads and writes them in SQL.

    Concurrent tasks may use it if they may use its connection.
    """

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._connection = shared.connection
        self._workspace_id = shared.workspace_id

    @property
    def _author(self) -> Author:
        return self._shared.author

    @property
    def _changes(self) -> Changes:
        return self._shared.changes

    def _note_agent_change(self, id: AgentId) -> None:
        """Lets the notifier publish after the commit that an agent was created or deleted, or may resolve to something else."""
        self._changes.agents.add(id)
        self._changes.config_sets.add(self._workspace_id)

    def _rows(self, statement: Executable, **values: object) -> Awaitable[Sequence[Record]]:
        """Runs one statement with these parameters, and `workspace`. Raises the domain's errors, not the driver's."""
        return self._connection.rows(statement, {"workspace": self._workspace_id, **values})

    async def _entities(self, query: MappedQuery[T], **values: object) -> list[T]:
        """Runs one query with these parameters, and `workspace`, and returns the entities of its rows."""
        return query.entities(await self._rows(query.statement, **values))

    async def _column_rows(
        self, query_of: Callable[..., MappedQuery[T]], first: int, **values: object
    ) -> tuple[MappedQuery[T], Sequence[Record]]:
        """Runs a query whose rows come as columns, from the place `first` on (see `db.column_queries`).

        `query_of` gives the query for `joined` texts or not: it is run a second time, without, if a text has the separator.
        Returns the query that has given the rows, and them.
        """
        query = query_of(joined=True)
        rows = await self._rows(query.statement, **values)
        if not all(are_separable(row, first, query.leaf_classes) for row in rows):
            query = query_of(joined=False)
            rows = await self._rows(query.statement, **values)
        return query, rows

    async def _write(
        self, statement: Executable, *, restored_version: int | None = None, **values: object
    ) -> Sequence[Record]:
        """Runs one statement of `db.event_writes`, with the author for its events."""
        return await self._rows(
            statement,
            actor=self._author.actor,
            reason=self._author.reason,
            restored_version=restored_version,
            **values,
        )
