"""The client for threads: a face over `AsyncClient`, which runs in a thread of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any

from rapporteur_client.answers import ConfigAnswer
from rapporteur_client.async_client import CLOSE_TIMEOUT_SECONDS, AsyncClient
from rapporteur_client.config_store import Listener
from rapporteur_client.configs import ResolvedConfig
from rapporteur_client.errors import ClientClosed
from rapporteur_client.keys import Key
from rapporteur_client.loop_thread import LoopThread
from rapporteur_client.meeting_updates import BATCH_SEGMENTS, MeetingUpdate
from rapporteur_client.segment_writer import FLUSH_TIMEOUT_SECONDS, MAX_QUEUED_SEGMENTS, AsyncSegmentWriter, OnRefused
from rapporteur_client.segments import SegmentInput


class Client:
    """A connection to Rapporteur that a worker keeps for as long as it runs: `with Client(url) as client`.

    All threads may share it. A process that is forked needs a client of its own: in the fork, this one still answers
    `config()` with what it knew, and raises ClientClosed for all else.
    """

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
        """Begins at once to follow the agents; it does not wait for the server. See `AsyncClient` for the arguments."""
        self._client = AsyncClient(
            url, key=key, actor=actor, agents=agents, cache=cache, manifests=manifests, defaults=defaults
        )
        self._thread = LoopThread()
        self._thread.run(self._client.__aenter__())

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def config(self, slug: str, default: ResolvedConfig | None = None) -> ConfigAnswer:
        """Returns the agent's configuration at once: from memory, disk, the manifests or the default, in this order.

        Raises NoConfig if none of them has it, and nothing else.
        """
        return self._client.config(slug, default)

    def on_change(self, listener: Listener) -> Callable[[], None]:
        """Has a function called at each change of an agent, in the client's thread; the returned function ends that."""
        return self._client.on_change(listener)

    @property
    def last_error(self) -> Exception | None:
        """Returns why configurations are not kept fresh now; None if they are, or if nothing has been tried yet."""
        return self._client.last_error

    def wait_until_current(self, timeout: float = 10.0) -> bool:
        """Waits until the server has said what there is, at most `timeout` seconds. Returns whether it has."""
        return self._thread.run(self._client.wait_until_current(timeout))

    def segments(
        self, meeting_id: str, *, max_queued: int = MAX_QUEUED_SEGMENTS, on_refused: OnRefused | None = None
    ) -> SegmentWriter:
        """Returns a writer for the segments of a meeting. `on_refused` is called with what the server refuses, and why."""

        async def make() -> AsyncSegmentWriter:
            return self._client.segments(meeting_id, max_queued=max_queued, on_refused=on_refused)

        return SegmentWriter(self._thread, self._thread.run(make()))

    def follow(self, meeting_id: str, after: str | None = None, batch_size: int = BATCH_SEGMENTS) -> MeetingUpdates:
        """Returns a meeting's transcript after a cursor (None: from its start) and then each change, until it is deleted.

        Nothing is missed, whatever happens to the connection. Iterating raises Refused, for example if there is no such
        meeting, and ClientClosed when the client is closed.
        """
        return MeetingUpdates(self._thread, self._client, meeting_id, after, batch_size)

    def request(self, query: str, variables: Mapping[str, Any] | None = None) -> Any:
        """Returns the data of any query or mutation. Raises Unavailable, Refused or ClientClosed; it does not try again."""
        return self._thread.run(self._client.request(query, variables))

    @property
    def consistency(self) -> str | None:
        """Returns the consistency tokens of what this client has written; None if there are none."""
        return self._client.consistency

    def read_after(self, consistency: str) -> None:
        """Has this client read, from now on, no less than another one that has these tokens. Raises ValueError for others.

        `primary` in place of tokens has the primary answer until this client has written.
        """
        self._client.read_after(consistency)

    def close(self, timeout: float = CLOSE_TIMEOUT_SECONDS) -> None:
        """Ends all that the client does. Writers that are open have `timeout` seconds to write what they have."""
        with suppress(ClientClosed):
            self._thread.run(self._client.close(timeout))
        self._thread.end()


class SegmentWriter:
    """Takes segments at once, and writes them in the background: see `AsyncSegmentWriter`."""

    def __init__(self, thread: LoopThread, writer: AsyncSegmentWriter) -> None:
        self._thread = thread
        self._writer = writer

    def __enter__(self) -> SegmentWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def write(self, segment: SegmentInput) -> SegmentInput:
        """Takes a segment, and returns it with the id by which it can be revised; never waits.

        A segment that waits and is written again is sent once, at its newest. Raises QueueFull if `max_queued` segments wait:
        nothing is dropped to make room. Raises Refused if the segment has what JSON cannot, and ClientClosed after `close`.
        """
        if not self._thread.is_usable:
            raise ClientClosed("the client is closed, or belongs to the process that this one was forked from")
        return self._writer.write(segment)

    def flush(self, timeout: float = FLUSH_TIMEOUT_SECONDS) -> None:
        """Waits until all segments that were written so far are at the server.

        Raises NotWritten if that takes longer than `timeout` seconds; they are still tried. Raises SegmentsRefused if the
        server has refused some since the last call.
        """
        self._thread.run(self._writer.flush(timeout))

    def close(self, timeout: float = FLUSH_TIMEOUT_SECONDS) -> None:
        """Takes no more, does what `flush` does, and ends: what is not written then will not be. Raises as `flush` does."""
        self._thread.run(self._writer.close(timeout))


class MeetingUpdates:
    """Iterates over the updates of a meeting; `close`, or leaving its block, ends the subscription."""

    def __init__(
        self, thread: LoopThread, client: AsyncClient, meeting_id: str, after: str | None, batch_size: int
    ) -> None:
        self._thread = thread
        self._updates = client.follow(meeting_id, after, batch_size)

    def __enter__(self) -> MeetingUpdates:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def __iter__(self) -> Iterator[MeetingUpdate]:
        return self

    def __next__(self) -> MeetingUpdate:
        async def take() -> MeetingUpdate | None:
            return await anext(self._updates, None)

        update = self._thread.run(take())
        if update is None:
            raise StopIteration
        return update

    def close(self) -> None:
        """Ends the subscription. An interrupted wait for the next update has ended it already."""
        with suppress(ClientClosed, RuntimeError):
            self._thread.run(self._updates.aclose())
