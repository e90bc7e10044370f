"""Asks PostgreSQL what it expects of a statement, which is not executed."""

from sqlalchemy import Executable
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

from db.driver import Record
from db.row_mapping import AnySelect


class Explained(Executable, ClauseElement):
    """The plan of a query with these parameters, in one row."""

    inherit_cache = False

    def __init__(self, query: AnySelect) -> None:
        self.query = query


@compiles(Explained)
def _compile(explained: Explained, compiler: SQLCompiler, **options: object) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(explained.query, **options)}"


def expected_rows(plan: Record) -> int:
    """Returns how many rows PostgreSQL expects, from the row of an explained query."""
    rows: int = plan[0][0]["Plan"]["Plan Rows"]
    return rows
