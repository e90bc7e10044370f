"""What repositories have in common: a connection, and the workspace that every statement of theirs is about."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Executable, Table, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Integer, Uuid

from db.change_notifier import Changes
from db.connections import Connection
from db.driver import Record
from domain.history import Author
from domain.ids import WorkspaceId

WORKSPACE = bindparam("workspace", type_=Uuid)  # not a column's name: UPDATE keeps those for itself
ID = bindparam("id", type_=Uuid)
KEY = bindparam("key", type_=Uuid)
EXPECTED_VERSION = bindparam("expected_version", type_=Integer)
"""Of the row that an UPDATE is about, where `id` and `version` would be new values."""
IDS = bindparam("ids", type_=ARRAY(Uuid))
"""The keys of a batch."""


def columns(table: Table, names: Iterable[str]) -> list[ColumnElement[Any]]:
    """A table's columns in the order of an entity's fields, so that a row is the entity's arguments."""
    return [table.c[name] for name in names]


ColumnNames = frozenset[str] | None
"""The names of the columns that somebody will look at; None: all. Entities are without the others (see `db.row_mapping`)."""


def select_columns(wanted: ColumnNames, columns: Iterable[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    return [column for column in columns if wanted is None or column.name in wanted]


class Repository:
    """SQL in, entities out. Not safe for use in concurrent tasks: it has one connection."""

    def __init__(
        self, connection: Connection, workspace_id: WorkspaceId, changes: Changes, author: Author | None = None
    ) -> None:
        """`changes` is told what the statements have changed, for those who wait for it after the commit.

        `author` is who writes, for the events that tell of it.
        """
        self._connection = connection
        self._workspace_id = workspace_id
        self._changes = changes
        self._author = author or Author()

    async def _rows(self, statement: Executable, **values: Any) -> Sequence[Record]:
        """Run one statement with the given parameters, and `workspace`. Raises the domain's errors, not the driver's."""
        return await self._connection.rows(statement, {"workspace": self._workspace_id, **values})

    async def _write(
        self, statement: Executable, *, restored_version: int | None = None, **values: Any
    ) -> Sequence[Record]:
        """Run one statement of `db.event_writes`, with who writes and why."""
        return await self._rows(
            statement,
            actor=self._author.actor,
            reason=self._author.reason,
            restored_version=restored_version,
            **values,
        )
