"""Streaming replicas, which reads may be sent to: which of them can be used now, and how far they must have got.

Every half second each process asks the primary and each replica where it is in the log, on connections of its own. A replica
that does not answer, is no standby (any more), is one of another cluster, has another schema or is too far behind is left out
until a check finds it well again. What a read needs beyond that is checked on the connection that it runs on: see
`db.replica_reads`.
"""

import asyncio
import logging
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import NoReturn

from db.driver import ConnectionSettings, DriverConnection, Record
from db.errors import WRONG_SCHEMA
from db.pool import ConnectionPool
from db.preflight import without_password
from db.schema_revisions import is_current
from db.wal_positions import FLUSHED_POSITION, STANDBY_POSITION, StandbyPosition, token_of
from domain.consistency_tokens import PRIMARY, ConsistencyToken

logger = logging.getLogger("rapporteur.replicas")

CHECK_INTERVAL_SECONDS = 0.5
CHECK_TIMEOUT_SECONDS = 2.0
"""The time in which a server must answer a check, the opening of a connection included."""
REPLICA_TIMEOUT_SECONDS = 2.0
"""The time that a read waits for a connection to a replica, before it goes to the primary."""
KEPT_SECONDS = 600.0
"""The time for which the positions of the primary are kept; a lag is known up to that."""

_CHECK = f"SELECT standby.*, (SELECT version_num FROM alembic_version) AS revision FROM ({STANDBY_POSITION}) AS standby"


class ReplicaStatus(StrEnum):
    """Says whether a replica is read, and if not, why."""

    UNCHECKED = "unchecked"
    IN_USE = "in use"
    AWAY = "away"
    NO_STANDBY = "no standby"
    OTHER_CLUSTER = "of another cluster"
    OTHER_SCHEMA = "without this version's schema"
    BEHIND = "behind"


class ReadOutcome(StrEnum):
    """Says where a read of an operation that may read from replicas was answered, and why there."""

    REPLICA = "replica"
    NO_REPLICA = "none_in_use"
    BEHIND = "behind"
    FAILED = "failed"


class PrimaryLog:
    """Remembers where the log of the primary was in the last minutes."""

    def __init__(self, max_lag: float) -> None:
        """`max_lag` is the time in seconds that a replica may be behind the primary."""
        self.max_lag = max_lag
        self._times: list[float] = []
        self._positions: list[ConsistencyToken] = []
        self.floor = PRIMARY
        """The position that a replica must have reached so as not to be too far behind; PRIMARY as long as none is known."""

    def add(self, position: ConsistencyToken) -> None:
        """Adds the position that the primary has now."""
        if self._positions and position.cluster != self._positions[-1].cluster:
            self._times, self._positions = [], []
        self._times.append(time.monotonic())
        self._positions.append(position)

    def advance(self) -> None:
        """Moves the floor with the time. While the primary is away, it stays at the primary's last known position."""
        now = time.monotonic()
        forgotten = bisect_right(self._times, now - KEPT_SECONDS, hi=max(len(self._times) - 1, 0))
        del self._times[:forgotten], self._positions[:forgotten]
        if self._positions:
            self.floor = self._positions[max(bisect_right(self._times, now - self.max_lag) - 1, 0)]

    def lag(self, position: ConsistencyToken) -> float:
        """Returns for how many seconds the primary has had something that a copy at this position lacks, as far as is known."""
        now = missing = time.monotonic()
        for since, written in zip(reversed(self._times), reversed(self._positions), strict=True):
            if written.is_reached_by(position):
                break
            missing = since
        return now - missing


class Replica:
    """A replica: the connections to it, and what the last check found."""

    def __init__(self, settings: ConnectionSettings, pool_size: int) -> None:
        self.settings = settings
        self.pool = ConnectionPool(settings, size=pool_size, timeout=REPLICA_TIMEOUT_SECONDS)
        self.name = without_password(str(settings.url))
        """The name for the log."""
        self.status = ReplicaStatus.UNCHECKED
        self.reached: ConsistencyToken | None = None
        """The position that the replica has reached at least."""


class Replicas:
    """All replicas of a primary. Nothing is connected, and none is used, until `run`."""

    def __init__(self, primary: ConnectionPool, urls: Sequence[str], max_lag: float, pooler: bool | None) -> None:
        """`max_lag` is the time in seconds that a replica may be behind. The pools are as large as that of the primary.

        `pooler` is that of `ConnectionSettings`. Raises DatabaseUnusable for a URL that cannot be understood.
        """
        self.log = PrimaryLog(max_lag)
        self.all = [
            Replica(
                replace(
                    primary.settings, url=url, pooler=pooler, read_only=True, connect_timeout=REPLICA_TIMEOUT_SECONDS
                ),
                primary.size(),
            )
            for url in urls
        ]
        self._primary = primary.settings
        self.outcomes: Counter[ReadOutcome] = Counter()
        """The reads that might have been answered by a replica."""

    def choose(self, token: ConsistencyToken) -> Replica | None:
        """Returns the replica to read from, if there is one: one that has reached the token, and has the least to do.

        If none has, as far as is known, it may have since.
        """
        usable = [each for each in self.all if each.status is ReplicaStatus.IN_USE and each.reached is not None]

        def preference(replica: Replica) -> tuple[bool, int]:
            return not (replica.reached and token.is_reached_by(replica.reached)), replica.pool.checkedout()

        return min(usable, key=preference, default=None)

    async def run(self) -> None:
        """Checks the servers until it is cancelled."""
        async with asyncio.TaskGroup() as checks:
            checks.create_task(self._follow_primary())
            for replica in self.all:
                checks.create_task(self._follow(replica))

    async def close(self) -> None:
        await asyncio.gather(*(replica.pool.close() for replica in self.all))

    async def _follow_primary(self) -> NoReturn:
        check = _Check(self._primary, FLUSHED_POSITION)
        try:
            while True:
                if isinstance(found := await check.row(), Record):
                    self.log.add(token_of(found))
                self.log.advance()
                await asyncio.sleep(CHECK_INTERVAL_SECONDS)
        finally:
            check.close()

    async def _follow(self, replica: Replica) -> NoReturn:
        check = _Check(replica.settings, _CHECK)
        try:
            while True:
                found = await check.row()
                status = self._status(replica, found)
                if status is not replica.status:
                    self._change(replica, status, found)
                await asyncio.sleep(CHECK_INTERVAL_SECONDS)
        finally:
            check.close()

    def _status(self, replica: Replica, found: Record | Exception) -> ReplicaStatus:
        """Returns what a check means for the replica."""
        replica.reached = None
        if isinstance(found, Exception):
            return ReplicaStatus.OTHER_SCHEMA if isinstance(found, WRONG_SCHEMA) else ReplicaStatus.AWAY
        if (standby := StandbyPosition.of(found)) is None:
            return ReplicaStatus.NO_STANDBY
        if self.log.floor == PRIMARY:
            return ReplicaStatus.UNCHECKED
        if standby.reached.cluster != self.log.floor.cluster:
            return ReplicaStatus.OTHER_CLUSTER
        if not is_current(found.revision):
            return ReplicaStatus.OTHER_SCHEMA
        replica.reached = standby.reached
        return ReplicaStatus.IN_USE if self.log.floor.is_reached_by(standby.reached) else ReplicaStatus.BEHIND

    def _change(self, replica: Replica, status: ReplicaStatus, found: Record | Exception) -> None:
        replica.status = status
        reason = f": {found}" if isinstance(found, Exception) else ""
        level = logging.INFO if status in (ReplicaStatus.IN_USE, ReplicaStatus.UNCHECKED) else logging.WARNING
        logger.log(level, "the replica %s is %s%s", replica.name, status, reason)
        if status is ReplicaStatus.AWAY:
            replica.pool.terminate()  # whoever waits for an answer asks the primary instead


class _Check:
    """Runs one statement again and again on its own connection, so that it does not wait for the statements of users."""

    def __init__(self, settings: ConnectionSettings, statement: str) -> None:
        self._settings = settings
        self._statement = statement
        self._connection: DriverConnection | None = None

    async def row(self) -> Record | Exception:
        """Returns the row that the statement gives, or the error that kept the server from answering in time."""
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                if self._connection is None:
                    self._connection = await self._settings.connect()
                (row,) = await self._connection.fetch_alone(self._statement, ())
                return row
        except Exception as error:  # whatever it is: the next check may find it over
            self.close()
            return error if str(error) else TimeoutError("it does not answer")

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
