"""Columns that several tables have, with their constraints and indexes."""

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    func,
    literal_column,
    text,
)

from db.column_domains import EXTERNAL_ID


def times() -> list[Column[object]]:
    """Returns the columns that say when a row was created and last changed."""
    now = func.clock_timestamp()
    return [
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=now),
        Column("updated_at", DateTime(timezone=True), nullable=False, server_default=now),
    ]


def orders(table: str, name: str) -> list[Index]:
    """Returns an index for each order of a list: by time, and by the text `name` as `db.keyset` compares it."""
    folded = f"fold_case({name})"
    return [
        Index(None, "workspace_id", "created_at", "id"),
        Index(None, "workspace_id", "updated_at", "id"),
        # The collation stands among the operator classes: Alembic does not see one, and would take it for a difference.
        Index(
            f"{table}_{name}_idx",
            *("workspace_id", literal_column(folded), "id"),
            postgresql_ops={folded: 'COLLATE "C"'},
        ),
    ]


def external_id(table: str, *key: str) -> list[Column[object] | Index]:
    """Returns the column of the id that a caller gave to a row, which is unique among the rows with the same key."""
    return [
        Column("external_id", EXTERNAL_ID),
        Index(
            f"{table}_external_id_idx",
            *(*key, "external_id"),
            unique=True,
            postgresql_where=text("external_id IS NOT NULL"),
        ),
    ]


def version() -> Column[object]:
    """Returns the column of the version, which starts at 1."""
    return Column("version", Integer, nullable=False, server_default=text("1"))


def event_of_version(table: str) -> ForeignKeyConstraint:
    """Returns the foreign key that requires for each version the event that made it."""
    return ForeignKeyConstraint(
        ["workspace_id", "id", "version"],
        ["events.workspace_id", "events.entity_id", "events.version"],
        name=f"{table}_event_fkey",
    )
