"""The bell: tells the listeners of every process which meetings, agents and keys have changed.

A unit of work rings after its commit. The listeners of the same process hear it at once; those of the others by NOTIFY, which
this module sends from a connection of its own: PostgreSQL takes a lock for the whole database at the commit of a transaction
that has notified, and no user's transaction is to wait for that. While a NOTIFY is on its way, and a moment longer, further
rings collect, and go out together with the next.

A ring says where to look and nothing else. It can be lost (the process may die between commit and NOTIFY, the connection may
break): who listens must also look unasked now and then, and is told to look at everything after a reconnect.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import orjson

from db.changes import Changes
from db.engine import dsn
from domain.ids import AgentId, KeyId, MeetingId

logger = logging.getLogger("rapporteur.bell")

CHANNEL = "rapporteur"
IDS_PER_NOTIFY = 150
"""PostgreSQL's limit is 8,000 bytes of payload."""
HEARTBEAT = 5.0
"""Seconds between signs of life on an idle connection: it would not notice by itself that the server is gone."""
ANSWER = 5.0
"""Seconds in which the server must answer."""
COLLECTING = 0.01
"""Seconds after a NOTIFY in which further rings only collect: each costs PostgreSQL a transaction, and every process a look."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
"""Seconds before a lost connection is made again; longer each time that this fails."""

Listener = Callable[[Changes | None], None]
"""Called in the event loop with what has changed; with None where anything may have."""


class Bell:
    """One for a process and database. `ring` may be called before `run`, and while the connection is lost."""

    def __init__(self, url: str) -> None:
        self._dsn = dsn(url)
        self._listeners: list[Listener] = []
        self._rung = Changes()
        self._waiting = asyncio.Event()

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def forget(self, listener: Listener) -> None:
        """It is not called any more."""
        self._listeners.remove(listener)

    def ring(self, changes: Changes) -> None:
        """Tell the listeners of this process now, and those of the others soon."""
        self._hear(changes)
        self._rung.add(changes)
        self._waiting.set()

    def _hear(self, changes: Changes | None) -> None:
        for listener in self._listeners:
            listener(changes)

    async def run(self) -> None:
        """Send and receive until cancelled, through every loss of the connection."""
        clock = asyncio.get_running_loop().time
        pause = SHORTEST_PAUSE
        while True:
            began = clock()
            try:
                async with self._connected() as connection:
                    await self._serve(connection)
            except Exception as error:  # whatever it is, without the bell each look waits for its time
                logger.warning("no connection for notifications: %s", error)
            if clock() - began > LONGEST_PAUSE:  # it did work
                pause = SHORTEST_PAUSE
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def send(self) -> None:
        """Tell the others what has rung, once: for a process that ends and does not `run`."""
        if not self._rung:
            return
        try:
            async with self._connected() as connection:
                await self._send(connection)
        except Exception as error:  # what was written stays written
            logger.warning("other processes will notice later: %s", error)

    @asynccontextmanager
    async def _connected(self) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
        connection = await asyncpg.connect(self._dsn, timeout=ANSWER, command_timeout=ANSWER)
        try:
            yield connection
        finally:
            connection.terminate()

    async def _send(self, connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
        """Whether anything has rung."""
        sending = self._rung.take()
        try:
            for payload in _encoded(sending):
                await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)
        except BaseException:
            self._rung.add(sending)  # for the next connection
            self._waiting.set()
            raise
        return bool(sending)

    async def _serve(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        own_pid = connection.get_server_pid()

        def receive(_: object, pid: int, channel: str, payload: object) -> None:
            if pid != own_pid:  # our own listeners have heard it already
                self._hear(_decoded(str(payload)))

        await connection.add_listener(CHANNEL, receive)
        self._hear(None)  # what was sent before we listened is lost
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT):
                    await self._waiting.wait()
            self._waiting.clear()
            if not await self._send(connection):
                await connection.execute("SELECT 1")
            await asyncio.sleep(COLLECTING)


def _encoded(changes: Changes) -> list[str]:
    """Payloads: a letter for the kind and the ids' hexadecimal digits, in a JSON list."""
    named = (("m", changes.meetings), ("a", changes.agents), ("k", changes.keys))
    words = [f"{kind}{id.hex}" for kind, ids in named for id in ids]
    parts = (words[start : start + IDS_PER_NOTIFY] for start in range(0, len(words), IDS_PER_NOTIFY))
    return [orjson.dumps(part).decode() for part in parts]


def _decoded(payload: str) -> Changes | None:
    """What was sent; None (anything may have changed) for what this version does not understand."""
    changes = Changes()
    try:
        for word in orjson.loads(payload):
            kind, id = word[:1], UUID(word[1:])
            if kind == "m":
                changes.meetings.add(MeetingId(id))
            elif kind == "a":
                changes.agents.add(AgentId(id))
            elif kind == "k":
                changes.keys.add(KeyId(id))
            else:
                return None
    except (ValueError, TypeError, AttributeError, LookupError):
        return None
    return changes
