"""Tells the subscribers of every process which meetings, agents, API keys and webhooks have changed.

A unit of work publishes its changes after its commit. The subscribers in the same process are called at once. Those in other
processes are reached by NOTIFY, which this module sends on a connection of its own: PostgreSQL takes a lock for the whole
database at the commit of a transaction that has notified, and no user's transaction is to wait for that. While a NOTIFY is
under way, and for `DEBOUNCE_SECONDS` after it, further changes collect and go out together with the next one.

A pooler in transaction mode loses notifications, and would keep the LISTEN on a connection that others use. So where one is
found before the database, changes are only sent; they are received on a URL of its own, which leads past the pooler.

A notification carries ids and nothing else. It can be lost (the process may die between commit and NOTIFY, or the connection
may break), so subscribers must also poll now and then, and they are told to read everything again after a reconnect.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import orjson

from db.driver import ConnectionSettings, DriverConnection
from domain.ids import AgentId, KeyId, MeetingId, WebhookId, WorkspaceId

logger = logging.getLogger("rapporteur.notifier")

CHANNEL = "rapporteur"
MAX_IDS_PER_NOTIFY = 150
"""PostgreSQL limits a payload to 8,000 bytes."""
HEARTBEAT_SECONDS = 5.0
"""The time between pings on an idle connection, which would not notice by itself that the server is gone."""
TIMEOUT_SECONDS = 5.0
"""The time in which the server must answer."""
DEBOUNCE_SECONDS = 0.01
"""The time after a NOTIFY in which changes only collect: each one costs PostgreSQL a transaction, and every process a poll."""
MIN_RECONNECT_DELAY_SECONDS, MAX_RECONNECT_DELAY_SECONDS = 0.1, 2.0
"""The delay before a lost connection is opened again doubles with each failure."""


_OWN_PID = "SELECT pg_backend_pid()"


@dataclass(slots=True)
class Changes:
    """Holds the ids of meetings that changed (or their segments), of agents whose configuration did, and of API keys.

    `meeting_lists` are the workspaces in which a meeting was created, changed or deleted, and `config_sets` those in which an
    agent was, or what one resolves to. `webhooks` are those that were created or changed, or have something to send now.
    """

    meetings: set[MeetingId] = field(default_factory=set)
    agents: set[AgentId] = field(default_factory=set)
    keys: set[KeyId] = field(default_factory=set)
    meeting_lists: set[WorkspaceId] = field(default_factory=set)
    config_sets: set[WorkspaceId] = field(default_factory=set)
    webhooks: set[WebhookId] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(
            self.meetings or self.agents or self.keys or self.meeting_lists or self.config_sets or self.webhooks
        )

    def add(self, others: "Changes") -> None:
        self.meetings |= others.meetings
        self.agents |= others.agents
        self.keys |= others.keys
        self.meeting_lists |= others.meeting_lists
        self.config_sets |= others.config_sets
        self.webhooks |= others.webhooks

    def drain(self) -> "Changes":
        """Returns everything collected so far and leaves nothing."""
        drained = Changes(self.meetings, self.agents, self.keys, self.meeting_lists, self.config_sets, self.webhooks)
        self.meetings, self.agents, self.keys = set(), set(), set()
        self.meeting_lists, self.config_sets, self.webhooks = set(), set(), set()
        return drained


Subscriber = Callable[[Changes | None], None]
"""A function that is called in the event loop with what has changed, or with None if anything may have changed."""


class ChangeNotifier:
    """Publishes changes to all processes on one database. `publish` works before `run`, and while the connection is lost."""

    def __init__(
        self, url: str, *, listen_url: str | None = None, pooler: bool | None = None, read_only: bool = False
    ) -> None:
        """`listen_url` leads to the same database, past a pooler or through one that keeps sessions.

        With `read_only` the database may be a standby, on which there are no notifications.
        """
        if listen_url is None:
            self._connection_settings = ConnectionSettings(url, TIMEOUT_SECONDS, TIMEOUT_SECONDS, pooler, read_only)
        else:
            self._connection_settings = ConnectionSettings(listen_url, TIMEOUT_SECONDS, TIMEOUT_SECONDS)
        self._listens_through_pooler = listen_url is not None
        self.is_idle = read_only and listen_url is None
        """True on a standby, on which there are no notifications."""
        self._subscribers: list[Subscriber] = []
        self._unsent = Changes()
        self._has_unsent = asyncio.Event()
        self.is_connected = False
        """True while notifications are sent."""
        self.connections = 0
        """The number of connections that were opened for notifications: each after the first replaces a lost one."""
        self.sent = 0
        self.received = 0
        """The numbers of notifications; of other processes only."""

    def subscribe(self, subscriber: Subscriber) -> None:
        self._subscribers.append(subscriber)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        self._subscribers.remove(subscriber)

    def publish(self, changes: Changes) -> None:
        """Calls the subscribers in this process now. Subscribers in other processes are notified soon."""
        self._call_subscribers(changes)
        self._unsent.add(changes)
        self._has_unsent.set()

    def _call_subscribers(self, changes: Changes | None) -> None:
        for subscriber in self._subscribers:
            subscriber(changes)

    async def run(self) -> None:
        """Sends and receives notifications until it is cancelled, through every loss of the connection."""
        if self.is_idle:
            logger.info("no notifications reach a standby: live updates come with the next poll")
            return
        clock = asyncio.get_running_loop().time
        delay = MIN_RECONNECT_DELAY_SECONDS
        while True:
            began = clock()
            try:
                async with self._connected() as connection:
                    self.connections += 1
                    self.is_connected = True
                    await self._serve(connection)
            except Exception as error:  # whatever it is: without notifications, subscribers still poll
                logger.warning("no connection for notifications: %s", error)
            finally:
                self.is_connected = False
            if clock() - began > MAX_RECONNECT_DELAY_SECONDS:  # the connection did work
                delay = MIN_RECONNECT_DELAY_SECONDS
            await asyncio.sleep(delay)
            delay = min(delay * 2, MAX_RECONNECT_DELAY_SECONDS)

    async def flush(self) -> None:
        """Sends what has been published, once: for a process that ends and does not `run`."""
        if not self._unsent:
            return
        try:
            async with self._connected() as connection:
                await self._send(connection)
        except Exception as error:  # the write itself is committed already
            logger.warning("other processes will notice later: %s", error)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[DriverConnection]:
        connection = await self._connection_settings.connect()
        try:
            yield connection
        finally:
            connection.terminate()

    async def _send(self, connection: DriverConnection) -> bool:
        """Sends what has been published since the last call, and returns whether there was anything."""
        sending = self._unsent.drain()
        try:
            for payload in _encode(sending):
                await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)
                self.sent += 1
        except BaseException:
            self._unsent.add(sending)  # for the next connection
            self._has_unsent.set()
            raise
        return bool(sending)

    async def _serve(self, connection: DriverConnection) -> None:
        own_pid = await connection.fetchval(_OWN_PID)
        listens = self._listens_through_pooler or not connection.is_pooled

        def receive(_: object, pid: int, channel: str, payload: object) -> None:
            if pid != own_pid:  # the subscribers in this process have been called already
                self.received += 1
                self._call_subscribers(_decode(str(payload)))

        if listens:
            await connection.add_listener(CHANNEL, receive)
        else:
            logger.warning(
                "a pooler stands before the database: other servers' live updates come with the next poll, unless"
                " RAPPORTEUR_LISTEN_URL leads to PostgreSQL itself"
            )
        self._call_subscribers(None)  # notifications sent before this LISTEN are lost
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._has_unsent.wait()
            self._has_unsent.clear()
            if not await self._send(connection) and await connection.fetchval(_OWN_PID) != own_pid and listens:
                self._listens_through_pooler = False
                raise ConnectionError("RAPPORTEUR_LISTEN_URL leads to a pooler in transaction mode, which loses them")
            await asyncio.sleep(DEBOUNCE_SECONDS)


def _encode(changes: Changes) -> list[str]:
    """Returns payloads: JSON lists of strings, each a letter for the kind followed by the hexadecimal digits of the id."""
    named = (
        ("m", changes.meetings),
        ("a", changes.agents),
        ("k", changes.keys),
        ("l", changes.meeting_lists),
        ("c", changes.config_sets),
        ("w", changes.webhooks),
    )
    words = [f"{kind}{id.hex}" for kind, ids in named for id in ids]
    parts = (words[start : start + MAX_IDS_PER_NOTIFY] for start in range(0, len(words), MAX_IDS_PER_NOTIFY))
    return [orjson.dumps(part).decode() for part in parts]


def _decode(payload: str) -> Changes | None:
    """Returns what was sent, or None (anything may have changed) if this version does not understand the payload."""
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
            elif kind == "l":
                changes.meeting_lists.add(WorkspaceId(id))
            elif kind == "c":
                changes.config_sets.add(WorkspaceId(id))
            elif kind == "w":
                changes.webhooks.add(WebhookId(id))
            else:
                return None
    except (ValueError, TypeError, AttributeError, LookupError):
        return None
    return changes
