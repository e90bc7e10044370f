"""Writes that make events: each statement that changes an agent, a variant or a meeting also inserts the event of the change.

Nothing else inserts, updates or deletes rows of the tables that have a history, and nothing could: the database refuses a
change that does not raise the version, a version that has no event, and a deletion that has none (see `db.tables`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    FromClause,
    Index,
    Integer,
    Table,
    Text,
    bindparam,
    case,
    delete,
    func,
    literal,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from db.repository import EXPECTED_VERSION, ID, KEY, WORKSPACE
from db.row_mapping import AnySelect
from db.tables import events, recorded_columns
from domain.history import Aggregate, EventKind

REASON = bindparam("reason", type_=Text)
RESTORED_VERSION = bindparam("restored_version", type_=Integer)
_ACTOR = bindparam("actor", type_=Text)
_NULL: ColumnElement[Any] = literal_column("'null'::jsonb")
_EMPTY: ColumnElement[Any] = literal_column("'{}'::jsonb")
_EVENT = (
    "workspace_id",
    "aggregate",
    "aggregate_id",
    "entity_id",
    "version",
    "kind",
    "actor",
    "reason",
    "restored_version",
    "changes",
)


def new_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the parameters `new_<name>` of `AuditedTable.insert_one` and `update_one`."""
    return {f"new_{name}": value for name, value in values.items()}


Values = Mapping[str, ColumnElement[Any]]
"""The recorded columns of a row."""
EventKindOfUpdate = Callable[[Values, Values], ColumnElement[str]]
"""Returns the kind of event that an update is, from the row before and after it."""
Returning = Callable[[FromClause], Sequence[ColumnElement[Any]]]
"""Returns what a statement returns of the rows that it has written."""


class AuditedTable:
    """Builds the statements that write one table. Each writes the events of its changes, too.

    `insert`, `update` and `delete` return two parts of a statement: the written (or deleted) rows, and the writing of their
    events.

        written, event = audited.delete(condition)
        statement = select(written.c.id).add_cte(event)
    """

    def __init__(
        self,
        table: Table,
        aggregate: Aggregate,
        kind: EventKindOfUpdate | None = None,
        clocked: Sequence[str] = (),
    ) -> None:
        """`aggregate` is the kind of history that the events belong to. Without a `kind`, each update is UPDATED.

        `clocked` are columns with times that the database's clock sets, as it does with all other times of the row. Their
        parameters `new_<name>` only say whether there is a time; a time that is set already stays.
        """
        self.table = table
        self._clocked = clocked
        self._fields = recorded_columns(table)
        self._aggregate = literal(aggregate.value)
        self._aggregate_id = table.info.get("aggregate_id", "id")
        self._kind = kind

    @property
    def _new_values(self) -> dict[str, ColumnElement[Any]]:
        """A parameter `new_<name>` for each recorded column; their own names are SQLAlchemy's in an INSERT or UPDATE."""
        types = {name: self.table.c[name].type for name in self._fields} | dict.fromkeys(self._clocked, Boolean())
        return {name: bindparam(f"new_{name}", type_=type_) for name, type_ in types.items()}

    def insert_one(
        self, returning: Returning, *, unless_in: Index | None = None, **keys: ColumnElement[Any]
    ) -> AnySelect:
        """Returns the statement that inserts the row `id` with `new_<name>` for each recorded column, and these keys.

        If the unique index `unless_in` has the row's key already, the statement does nothing, and returns no row.
        """
        times = {name: case((self._new_values[name], func.statement_timestamp())) for name in self._clocked}
        values = {"workspace_id": WORKSPACE, "id": ID, **keys, **self._new_values, **times}
        written, event = self.insert(values, unless_in)
        return select(*returning(written)).add_cte(event)

    def update_one(self, returning: Returning) -> AnySelect:
        """Returns the statement that gives the row `key` its `new_<name>` values, if it is at the version expected."""
        columns = self.table.c
        present = select(self.table).where(
            columns.workspace_id == WORKSPACE, columns.id == KEY, columns.version == EXPECTED_VERSION
        )
        before = present.with_for_update(key_share=True).cte("before")
        # Another server of the database, before it failed over, may have had a clock that was ahead.
        now = func.greatest(func.clock_timestamp(), *(before.c[name] for name in self._clocked))
        times = {name: case((self._new_values[name], func.coalesce(before.c[name], now))) for name in self._clocked}
        written, event = self.update(before, {**self._new_values, **times})
        return select(*returning(written)).add_cte(event)

    def update_rows(self, locked: AnySelect, values: Mapping[str, ColumnElement[Any]]) -> AnySelect:
        """Returns the statement that gives all rows of `locked`, which locks them and has all columns, these values."""
        written, event = self.update(locked.cte("before"), values)
        return select(written.c.id).add_cte(event)

    def delete_rows(self, *conditions: ColumnElement[bool]) -> AnySelect:
        """Returns the statement that deletes the rows for which the conditions hold."""
        deleted, event = self.delete(*conditions)
        return select(deleted.c.id).add_cte(event)

    def insert(self, values: Mapping[str, ColumnElement[Any]], unless_in: Index | None = None) -> tuple[CTE, CTE]:
        now = func.statement_timestamp()  # the same for both, which the clock is not
        inserted = insert(self.table).values({**values, "created_at": now, "updated_at": now})
        if unless_in is not None:
            where = unless_in.dialect_options["postgresql"]["where"]
            inserted = inserted.on_conflict_do_nothing(index_elements=unless_in.columns, index_where=where)
        written = inserted.returning(*self.table.c).cte("written")
        created = literal(EventKind.CREATED.value)
        return written, self._event(written, created, written.c.version, {}, self._values(written))

    def update(
        self, before: CTE, values: Mapping[str, ColumnElement[Any]], *conditions: ColumnElement[bool]
    ) -> tuple[CTE, CTE]:
        """Returns the updated rows and their events; `before` has locked the rows, and has all their columns."""
        table = self.table
        written = (
            update(table)
            .where(table.c.workspace_id == before.c.workspace_id, table.c.id == before.c.id, *conditions)
            .values({**values, "version": before.c.version + 1, "updated_at": func.clock_timestamp()})
            .returning(*table.c, *(before.c[name].label(f"old_{name}") for name in self._fields))
            .cte("written")
        )
        old, new = self._values(written, "old_"), self._values(written)
        kind = case(
            (RESTORED_VERSION.is_not(None), EventKind.ROLLED_BACK.value),
            else_=self._kind(old, new) if self._kind else EventKind.UPDATED.value,
        )
        return written, self._event(written, kind, written.c.version, old, new)

    def delete(self, *conditions: ColumnElement[bool]) -> tuple[CTE, CTE]:
        name = f"deleted_{self.table.name}"
        deleted = delete(self.table).where(*conditions).returning(*self.table.c).cte(name)
        kind = literal(EventKind.DELETED.value)
        return deleted, self._event(deleted, kind, deleted.c.version + 1, self._values(deleted), {})

    def _values(self, row: CTE, prefix: str = "") -> Values:
        return {name: row.c[prefix + name] for name in self._fields}

    def _event(self, row: CTE, kind: ColumnElement[str], version: ColumnElement[int], old: Values, new: Values) -> CTE:
        recorded = select(
            *(row.c.workspace_id, self._aggregate, row.c[self._aggregate_id], row.c.id, version),
            *(kind, _ACTOR, REASON, RESTORED_VERSION, _changes(old, new)),
        )
        return insert(events).from_select(_EVENT, recorded).cte(f"event_of_{row.name}")


def _changes(old: Values, new: Values) -> ColumnElement[Any]:
    """Returns the fields that differ, each with both values: {"name": ["Old", "New"]}. A missing row has only nulls."""
    before = _object(old).table_valued("key", "value", name="old")
    after = _object(new).table_valued("key", "value", name="new")
    old_value, new_value = (func.nullif(values.c.value, _NULL) for values in (before, after))
    pair = func.jsonb_build_array(old_value, new_value)
    return (
        select(func.coalesce(func.jsonb_object_agg(func.coalesce(before.c.key, after.c.key), pair), _EMPTY))
        .select_from(before.outerjoin(after, before.c.key == after.c.key, full=True))
        .where(old_value.is_distinct_from(new_value))
        .scalar_subquery()
    )


def _object(values: Values) -> Any:
    pairs = [part for name, value in values.items() for part in (literal_column(f"'{name}'"), value)]
    return func.jsonb_each(func.jsonb_build_object(*pairs))
