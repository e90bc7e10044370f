"""`/graphql` as Server-Sent Events: the "distinct connections" mode of graphql-sse (github.com/enisdenjo/graphql-sse).

One POST has one operation and one stream of `next` events and a `complete`. A stream that the server has to end, because it
stops or the client does not read, ends without `complete`, so that clients connect again.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from starlette.types import Receive, Scope, Send

from domain.principals import Principal
from server.settings import Settings
from server.wire.request_errors import RequestErrors, encode_errors
from server.wire.responses import MAX_WHOLE_BYTES
from server.wire.result_encoding import Body, size_of

LAST_WRITE_TIMEOUT_SECONDS = 1
"""The time that a client has for the end of a stream."""
_COMMENT = b":\n\n"
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),  # nginx would collect events before it sends them
]


class EventStream:
    """An ASGI response with the responses of one operation as events."""

    def __init__(
        self,
        responses: AsyncGenerator[Body, None],
        principal: Principal,
        closing: asyncio.Event,
        settings: Settings,
    ) -> None:
        """`principal` is the owner of the stream; `closing` ends it when the server stops."""
        self.principal = principal
        self._ended = asyncio.Event()
        self._writing = asyncio.Lock()
        self._responses = responses
        self._closing = closing
        self._send_timeout = settings.send_timeout
        self._ping_interval = settings.ping_interval

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        tasks = {
            asyncio.create_task(self._stream(send)),
            asyncio.create_task(self._keep_alive(send)),
            asyncio.create_task(_disconnected(receive)),
            asyncio.create_task(self._closing.wait()),
            asyncio.create_task(self._ended.wait()),
        }
        last_write_timeout: float = LAST_WRITE_TIMEOUT_SECONDS
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if any(isinstance(task.exception(), TimeoutError) for task in done):
                # The client does not read, so that the kernel ends the connection soon: see `server.process.listening`.
                last_write_timeout += self._send_timeout
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(last_write_timeout):
                await send({"type": "http.response.body", "body": b""})

    def end(self) -> None:
        """Ends the stream because its key or token has ended; a client that connects again is told so."""
        self._ended.set()

    async def _stream(self, send: Send) -> None:
        await self._write(send, _COMMENT)  # the client sees at once that the stream is open
        try:
            async with contextlib.aclosing(self._responses) as responses:
                async for response in responses:
                    await self._write(send, b"event: next\ndata: ", *response, b"\n\n")
                    del response  # else it would stay until the next one comes
        except RequestErrors as error:
            await self._write(send, b"event: next\ndata: " + encode_errors(error) + b"\n\n")
        await self._write(send, b"event: complete\ndata:\n\n")

    async def _keep_alive(self, send: Send) -> None:
        while True:
            await asyncio.sleep(self._ping_interval)
            await self._write(send, _COMMENT)

    async def _write(self, send: Send, *parts: bytes) -> None:
        """Sends an event or a comment, and returns when the client has taken most of a large one."""
        is_whole = size_of(parts) <= MAX_WHOLE_BYTES
        async with self._writing:  # else a comment could come between two parts
            for part in (b"".join(parts),) if is_whole else (*parts, b""):
                async with asyncio.timeout(self._send_timeout):
                    await send({"type": "http.response.body", "body": part, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
