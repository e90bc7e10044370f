"""SQLAlchemy's statements as the driver takes them.

Compiling a statement takes longer than running it, so each one is compiled once. Statements must be few: built when a module is
imported, or cached by what they are made of.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

MAX_COMPILED_STATEMENTS = 1_000
_DIALECT = PGDialect_asyncpg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


class DriverStatement(NamedTuple):
    """A text with the placeholders `$1`, `$2`, ..., and the names of the parameters that they stand for."""

    text: str
    names: tuple[str, ...]
    literals: Mapping[str, Any]
    """The values that the statement brings itself."""

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Returns the values in the order of the placeholders."""
        literals = self.literals
        return [literals[name] if name in literals else values[name] for name in self.names]


@lru_cache(maxsize=MAX_COMPILED_STATEMENTS)
def driver_statement(statement: Executable) -> DriverStatement:
    compiled = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
    required = {name for name, bind in compiled.binds.items() if bind.required}
    literals = {name: value for name, value in compiled.params.items() if name not in required}
    return DriverStatement(compiled.string, tuple(compiled.positiontup), literals)
