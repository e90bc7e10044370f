"""The client for asyncio."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

from rapporteur_client.answers import ConfigAnswer
from rapporteur_client.config_feed import ConfigFeed
from rapporteur_client.config_store import ConfigStore, Listener
from rapporteur_client.configs import ResolvedConfig
from rapporteur_client.disk_cache import DiskCache
from rapporteur_client.errors import RapporteurError
from rapporteur_client.keys import Key
from rapporteur_client.manifests import ManifestFolder
from rapporteur_client.meeting_updates import BATCH_SEGMENTS, MeetingUpdate, follow_meeting
from rapporteur_client.segment_writer import MAX_QUEUED_SEGMENTS, AsyncSegmentWriter, OnRefused
from rapporteur_client.server import Server

CLOSE_TIMEOUT_SECONDS = 5.0

_log = logging.getLogger("rapporteur_client")


class AsyncClient:
    """A connection to Rapporteur that a worker keeps for as long as it runs: `async with AsyncClient(url) as client`."""

    def __init__(
        self,
        url: str,
        *,
        key: Key = None,
        actor: str | None = None,
        agents: Sequence[str] | None = None,
        cache: str | os.PathLike[str] | None = None,
        manifests: str | os.PathLike[str] | None = None,
        defaults: Mapping[str, ResolvedConfig] | None = None,
    ) -> None:
        """Reads the disk cache, and asks the server for nothing yet: `start` does, or entering the client.

        `agents` are the slugs of the agents to follow; None: all of the workspace; an empty list: none. `cache` is a folder
        for one workspace, and `manifests` one that `rapporteur agents pull` has written.

        Raises ValueError if `url` is no URL, and ImportError if `manifests` is given and PyYAML is missing.
        """
        self._server = Server(url, key, actor)
        disk = None if cache is None else DiskCache(cache, self._server.http_url)
        folder = None if manifests is None else ManifestFolder(manifests)
        self._store = ConfigStore(disk, folder, defaults, agents)
        self._feed = ConfigFeed(self._server, self._store, disk, agents)
        self._follows_agents = agents is None or len(agents) > 0
        self._task: asyncio.Task[None] | None = None
        self._writers: set[AsyncSegmentWriter] = set()

    async def __aenter__(self) -> AsyncClient:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self.close()

    def start(self) -> None:
        """Begins to follow the agents, if that has not begun. Raises RuntimeError outside of an event loop."""
        if self._follows_agents and self._task is None:
            self._task = asyncio.create_task(self._feed.run())

    def config(self, slug: str, default: ResolvedConfig | None = None) -> ConfigAnswer:
        """Returns the agent's configuration at once: from memory, disk, the manifests or the default, in this order.

        Raises NoConfig if none of them has it, and nothing else. Any thread may call it.
        """
        return self._store.get(slug, default)

    def on_change(self, listener: Listener) -> Callable[[], None]:
        """Has a function called at each change of an agent, in the event loop; the returned function ends that."""
        return self._store.listen(listener)

    @property
    def last_error(self) -> Exception | None:
        """Returns why configurations are not kept fresh now; None if they are, or if nothing has been tried yet."""
        return self._feed.last_error

    async def wait_until_current(self, timeout: float = 10.0) -> bool:
        """Waits until the server has said what there is, at most `timeout` seconds. Returns whether it has."""
        try:
            await asyncio.wait_for(self._feed.has_begun.wait(), timeout)
        except asyncio.TimeoutError:
            return False
        return True

    def segments(
        self, meeting_id: str, *, max_queued: int = MAX_QUEUED_SEGMENTS, on_refused: OnRefused | None = None
    ) -> AsyncSegmentWriter:
        """Returns a writer for the segments of a meeting. `on_refused` is called with what the server refuses, and why."""
        writer = AsyncSegmentWriter(self._server, meeting_id, max_queued, on_refused)
        self._writers.add(writer)
        writer.task.add_done_callback(lambda _: self._writers.discard(writer))
        return writer

    def follow(
        self, meeting_id: str, after: str | None = None, batch_size: int = BATCH_SEGMENTS
    ) -> AsyncGenerator[MeetingUpdate, None]:
        """Yields a meeting's transcript after a cursor (None: from its start) and then each change, until it is deleted.

        Nothing is missed, whatever happens to the connection. Raises Refused, for example if there is no such meeting. Whoever
        leaves the loop early closes it, as with any asynchronous generator: `contextlib.aclosing`.
        """
        return follow_meeting(self._server, meeting_id, after, batch_size)

    async def request(self, query: str, variables: Mapping[str, Any] | None = None) -> Any:
        """Returns the data of any query or mutation. Raises Unavailable, Refused or ClientClosed; it does not try again."""
        return await self._server.run(query, variables or {})

    @property
    def consistency(self) -> str | None:
        """Returns the consistency tokens of what this client has written; None if there are none."""
        return str(self._server.tokens) or None

    def read_after(self, consistency: str) -> None:
        """Has this client read, from now on, no less than another one that has these tokens. Raises ValueError for others.

        `primary` in place of tokens has the primary answer until this client has written. Any thread may call it.
        """
        self._server.tokens.add(consistency)

    async def close(self, timeout: float = CLOSE_TIMEOUT_SECONDS) -> None:
        """Ends all that the client does. Writers that are open have `timeout` seconds to write what they have."""
        closing = [writer.close(timeout) for writer in self._writers]
        for result in await asyncio.gather(*closing, return_exceptions=True):
            if isinstance(result, RapporteurError):
                _log.error("at the end of the client: %s", result)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._server.close()
