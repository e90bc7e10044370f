"""Asks PostgreSQL what it expects of a statement, which is not executed."""

from typing import Any

from sqlalchemy import Executable, Select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ClauseElement

from db.driver import Record


class Explained(Executable, ClauseElement):
    """The plan of a query with these parameters, in one row."""

    inherit_cache = False

    def __init__(self, query: Select[Any]) -> None:
        self.query = query


@compiles(Explained)
def _compile(explained: Explained, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(explained.query, **options)}"


def expected_rows(plan: Record) -> int:
    """Returns how many rows PostgreSQL expects, from the row of an explained query."""
    rows: int = plan[0][0]["Plan"]["Plan Rows"]
    return rows
