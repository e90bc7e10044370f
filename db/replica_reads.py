"""Reads of one operation, on a replica as long as one will do.

- An operation reads from one server of a replica, and from the primary from the first time that this would not do. So it never
  goes back in time.
- Each connection knows what its server had reached when it was last asked, and is asked again if a read needs more. It is the
  connection that must know, as an address may lead to several servers. Through a pooler it is asked in each transaction.
- A read that the replica cannot answer now, or only from what is too old, is answered by the primary: the replica is away, or a
  conflict with its recovery has ended the statement. The client notices nothing but the time.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Executable

from db.compiled_statements import driver_statement
from db.connections import AutocommitConnection, PooledConnection
from db.driver import DriverConnection, Record
from db.errors import translate_errors
from db.pool import ConnectionPool
from db.replicas import ReadOutcome, Replicas
from db.wal_positions import STANDBY_POSITION, StandbyPosition
from domain.consistency_tokens import ConsistencyToken
from domain.errors import ServiceUnavailable


class ReplicaConnection:
    """A `Connection` for the reads of one operation, which may run at the same time: each takes a connection of its own."""

    def __init__(self, replicas: Replicas, primary: ConnectionPool, token: ConsistencyToken | None) -> None:
        """`token` is the client's, if it has given one."""
        self._outcomes = replicas.outcomes
        self._primary = AutocommitConnection(primary)
        floor = replicas.log.floor
        self._needed = floor if token is None else floor.join(token)
        self._replica = replicas.choose(self._needed)
        self._server: datetime | None = None
        """The server that was read first, as another one behind the same address may be behind it."""
        self._otherwise = ReadOutcome.NO_REPLICA

    async def rows(self, statement: Executable, values: Mapping[str, object]) -> Sequence[Record]:
        """Does what `Connection.rows` does for a statement that only reads."""
        if self._replica is not None:
            try:
                standby, rows = await _read(self._replica.pool, statement, values, self._will_do)
                self._server = standby and standby.server
                self._outcomes[ReadOutcome.REPLICA] += 1
                return rows
            except NotReached:
                self._otherwise = ReadOutcome.BEHIND
            except ServiceUnavailable:
                self._otherwise = ReadOutcome.FAILED
            self._replica = None
        self._outcomes[self._otherwise] += 1
        return await self._primary.rows(statement, values)

    async def rows_after(
        self, lock: Executable, statement: Executable, values: Mapping[str, object]
    ) -> Sequence[Record]:
        raise NotImplementedError("a standby has no locks")

    def _will_do(self, standby: StandbyPosition | None) -> bool:
        return (
            standby is not None
            and self._server in (None, standby.server)
            and self._needed.is_reached_by(standby.reached)
        )


class TokenConnection:
    """A `Connection` for reads on a database that stands alone. If that is a standby, it must have reached a token."""

    def __init__(self, pool: ConnectionPool, token: ConsistencyToken) -> None:
        self._pool = pool
        self._token = token

    async def rows(self, statement: Executable, values: Mapping[str, object]) -> Sequence[Record]:
        """Does what `Connection.rows` does for a statement that only reads. Raises NotReached, too."""
        _, rows = await _read(self._pool, statement, values, self._will_do)
        return rows

    async def rows_after(
        self, lock: Executable, statement: Executable, values: Mapping[str, object]
    ) -> Sequence[Record]:
        raise NotImplementedError("a standby has no locks")

    def _will_do(self, standby: StandbyPosition | None) -> bool:
        return standby is None or self._token.is_reached_by(standby.reached)


class NotReached(ServiceUnavailable):
    """The standby has not got as far as the read needs."""

    def __init__(self) -> None:
        super().__init__("the standby has not got as far as the token: try again, or ask a server that writes")


async def _read(
    pool: ConnectionPool,
    statement: Executable,
    values: Mapping[str, object],
    will_do: Callable[[StandbyPosition | None], bool],
) -> tuple[StandbyPosition | None, Sequence[Record]]:
    """Runs one statement where the server will do, as far as it is known to have got; None stands for a primary.

    Returns the rows and where they are from. Raises NotReached, and what `Connection.rows` raises.
    """
    compiled = driver_statement(statement)
    arguments = compiled.arguments(values)
    async with _StandbyConnection(pool) as connection:
        started = time.monotonic()
        standby, rows = await connection.read(compiled.text, arguments, will_do)
    compiled.note_run(rows, time.monotonic() - started)
    return standby, rows


class _StandbyConnection(PooledConnection):
    """A connection to what may be a standby."""

    async def read(
        self, text: str, arguments: Sequence[object], will_do: Callable[[StandbyPosition | None], bool]
    ) -> tuple[StandbyPosition | None, Sequence[Record]]:
        async def read(driver: DriverConnection) -> tuple[StandbyPosition | None, Sequence[Record]]:
            if driver.is_pooled:
                (place,), rows = await driver.fetch_in_transaction([(STANDBY_POSITION, ()), (text, arguments)])
                return StandbyPosition.of(place), rows
            if driver.standby is None or not will_do(driver.standby):
                (place,) = await driver.fetch(STANDBY_POSITION)
                driver.standby = StandbyPosition.of(place)
                if not will_do(driver.standby):
                    return driver.standby, ()
            return driver.standby, await driver.fetch(text, *arguments)

        with translate_errors():
            standby, rows = await self._run(read)
        if not will_do(standby):
            raise NotReached  # not before: the connection is good, and stays in the pool
        return standby, rows
