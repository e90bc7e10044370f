"""Watches the statements that an engine runs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy import Executable, event

from db.compiled_statements import driver_statement
from db.connections import AutocommitConnection, Session
from db.driver import Record
from db.engine import Engine

Rows = Callable[[Any, Executable, Mapping[str, Any]], Any]


@contextmanager
def watched(engine: Engine, watch: Callable[[str, Any], None]) -> Iterator[None]:
    """Calls `watch` with the text and the parameters of each statement before it runs, in the block's time.

    (Pings of the pool are none of them, nor are BEGIN and COMMIT.)
    """

    def watching(rows: Rows) -> Rows:
        async def watched_rows(
            self: AutocommitConnection | Session, statement: Executable, values: Mapping[str, Any]
        ) -> Sequence[Record]:
            if self.pool is engine.pool:
                compiled = driver_statement(statement)
                watch(compiled.text, compiled.arguments(values))
            return list(await rows(self, statement, values))

        return watched_rows

    def of_sqlalchemy(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        watch(statement, parameters)

    event.listen(engine.sync_engine, "before_cursor_execute", of_sqlalchemy)
    try:
        with (
            patch.object(AutocommitConnection, "rows", watching(AutocommitConnection.rows)),
            patch.object(Session, "rows", watching(Session.rows)),
        ):
            yield
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", of_sqlalchemy)


@contextmanager
def recorded(engine: Engine) -> Iterator[list[str]]:
    """Yields a list that gets the text of each statement, in order, while the block runs."""
    statements: list[str] = []
    with watched(engine, lambda statement, _: statements.append(statement)):
        yield statements
