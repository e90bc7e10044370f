"""Watches the statements that an engine runs."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy import Executable, event
from sqlalchemy.ext.asyncio import AsyncEngine

from db.connections import AnyRow, AutocommitConnection, driver_statement


@contextmanager
def watched(engine: AsyncEngine, watch: Callable[[str, Any], None]) -> Iterator[None]:
    """Call `watch` with the text and the parameters of each statement before it runs, in the block's time.

    (Pings of the pool are none of them, nor are BEGIN and COMMIT.)
    """
    rows = AutocommitConnection.rows

    async def watched_rows(
        self: AutocommitConnection, statement: Executable, values: Mapping[str, Any]
    ) -> list[AnyRow]:
        if self.engine is engine:
            watch(*driver_statement(statement).filled(values))
        return list(await rows(self, statement, values))

    def of_sqlalchemy(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        watch(statement, parameters)

    event.listen(engine.sync_engine, "before_cursor_execute", of_sqlalchemy)
    try:
        with patch.object(AutocommitConnection, "rows", watched_rows):
            yield
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", of_sqlalchemy)


@contextmanager
def recorded(engine: AsyncEngine) -> Iterator[list[str]]:
    """The text of each statement, in order, while the block runs."""
    statements: list[str] = []
    with watched(engine, lambda statement, _: statements.append(statement)):
        yield statements
