"""Passes TCP connections on, and does to them what networks do: cuts, freezes and forgets them, and loses answers."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

CHUNK_BYTES = 65_536
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(eq=False)
class Link:
    """A connection that is passed on, with what is done to it."""

    client: asyncio.StreamWriter
    target: asyncio.StreamWriter
    forgotten: bool = False
    """Nothing passes any more, and neither side hears of it: a firewall forgot the connection."""
    answers_lost: bool = False
    """The next answer is not passed on: the connection is reset in its place."""

    def reset(self) -> None:
        for writer in (self.client, self.target):
            with contextlib.suppress(OSError):
                writer.transport.abort()


@dataclass
class FaultProxy:
    """Listens on a port of its own, and connects each client to the target that stands there at that time.

    `connect` opens a connection to the target. Raises OSError in it where the target is down; the client is reset then.
    """

    connect: Callable[[], Awaitable[Streams]]
    port: int = 0
    _links: set[Link] = field(default_factory=set)
    _tasks: "set[asyncio.Task[None] | None]" = field(default_factory=set)
    _passing: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> "FaultProxy":
        self._passing.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.thaw()
        self.cut()
        await asyncio.gather(*filter(None, self._tasks))

    def cut(self) -> None:
        """Resets all connections."""
        for link in self._links:
            link.reset()

    def freeze(self) -> None:
        """Passes nothing on, on these connections and on new ones, until `thaw`."""
        self._passing.clear()

    def thaw(self) -> None:
        self._passing.set()

    def forget(self) -> None:
        """Passes nothing on any more on these connections, which both sides take for open; new ones are passed on."""
        for link in self._links:
            link.forgotten = True

    def lose_answers(self) -> None:
        """Resets each of these connections when its next answer comes: what was asked was done, and nobody was told."""
        for link in self._links:
            link.answers_lost = True

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            target_reader, target_writer = await self.connect()
        except OSError:
            writer.transport.abort()
            return
        link, task = Link(writer, target_writer), asyncio.current_task()
        self._links.add(link)
        self._tasks.add(task)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass_on(link, reader, target_writer, answers=False))
                both.create_task(self._pass_on(link, target_reader, writer, answers=True))
        finally:
            link.reset()
            self._links.discard(link)
            self._tasks.discard(task)

    async def _pass_on(
        self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                await self._passing.wait()
                if link.forgotten:
                    continue
                if answers and link.answers_lost:
                    link.reset()
                    return
                writer.write(data)
                await writer.drain()
            if not link.forgotten:
                writer.close()
