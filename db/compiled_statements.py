"""SQLAlchemy's statements as the driver takes them.

Compiling a statement takes longer than running it, so each one is compiled once. Statements must be few: built when a module is
imported, or cached by what they are made of.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

from sqlalchemy import Executable, Select
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from db.column_queries import ROW_COUNT
from db.driver import Record
from db.statistics import StatementCounts, statement_counts
from db.tables import metadata

MAX_COMPILED_STATEMENTS = 1_000
_DIALECT = PGDialect_asyncpg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
_TARGET = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM|FROM|JOIN)\s+(\w+)")
_VERBS = {"INSERT INTO": "INSERT", "DELETE FROM": "DELETE", "UPDATE": "UPDATE"}


@dataclass(slots=True)
class DriverStatement:
    """A text with the placeholders `$1`, `$2`, ..., and what stands for them."""

    text: str
    arguments: Callable[[Mapping[str, object]], Sequence[object]]
    """Returns the values in the order of the placeholders, of those of the parameters by their names."""
    counts: StatementCounts
    """The counts of this statement, and of others with the same summary."""
    is_in_columns: bool
    """Tells whether each row stands for several (see `db.column_queries`)."""

    def note_run(self, rows: Sequence[Record], seconds: float) -> None:
        """Counts a run of the statement that has returned these rows."""
        counts = self.counts
        counts.runs += 1
        counts.rows += sum(map(itemgetter(ROW_COUNT), rows)) if self.is_in_columns else len(rows)
        counts.seconds += seconds


@lru_cache(maxsize=MAX_COMPILED_STATEMENTS)
def driver_statement(statement: Executable) -> DriverStatement:
    compiled = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
    required = {name for name, bind in compiled.binds.items() if bind.required}
    literals = {name: value for name, value in compiled.params.items() if name not in required}
    counts = statement_counts.setdefault(summary(compiled.string), StatementCounts())
    names = tuple(compiled.positiontup)
    take = itemgetter(*names) if len(names) > 1 else lambda values: [values[name] for name in names]
    arguments = (
        (lambda values: take({**values, **literals})) if literals else take
    )  # with what the statement brings itself
    is_in_columns = isinstance(statement, Select) and ROW_COUNT in statement.selected_columns
    return DriverStatement(compiled.string, arguments, counts, is_in_columns)


@lru_cache(maxsize=MAX_COMPILED_STATEMENTS)
def summary(text: str) -> str:
    """Returns the verb and the table of a statement, such as `UPDATE meetings`; the verb alone if it names no table of ours.

    It is the first table that the statement writes, or else the first that it reads: `db.query.summary` of OpenTelemetry.
    """
    targets = [(verb, table) for verb, table in _TARGET.findall(text) if table in metadata.tables]
    for verb, table in targets:
        if verb in _VERBS:
            return f"{_VERBS[verb]} {table}"
    verb = text.split(maxsplit=1)[0].upper().rstrip(";")
    return f"SELECT {targets[0][1]}" if targets else "SELECT" if verb == "WITH" else verb
