"""`/graphql` as Server-Sent Events: graphql-sse's "distinct connections" mode (github.com/enisdenjo/graphql-sse, PROTOCOL.md).

One POST, one operation, one stream of `next` events and a `complete`. A stream that the server has to end (it is stopping,
or the client does not read) ends without `complete`, which clients take for a reason to connect again.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from starlette.types import Receive, Scope, Send

from domain.principals import Principal
from server.settings import Settings
from server.wire.request_errors import RequestErrors, encode_errors

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),  # nginx would collect the events
]


class EventStream:
    """An ASGI response of the answers of one operation."""

    def __init__(
        self,
        answers: AsyncGenerator[bytes, None],
        principal: Principal,
        closing: asyncio.Event,
        settings: Settings,
    ) -> None:
        """`principal` is whose stream it is."""
        self.principal = principal
        self._ended = asyncio.Event()
        self._answers = answers
        self._closing = closing
        self._send_timeout = settings.send_timeout
        self._ping_interval = settings.ping_interval

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        ends = {
            asyncio.create_task(self._stream(send)),
            asyncio.create_task(self._keep_alive(send)),
            asyncio.create_task(_disconnected(receive)),
            asyncio.create_task(self._closing.wait()),
            asyncio.create_task(self._ended.wait()),
        }
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in ends:
                task.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(1):
                await send({"type": "http.response.body", "body": b""})

    def end(self) -> None:
        """The key or token that the request came with is no longer good: end the stream; a client that comes again is told."""
        self._ended.set()

    async def _stream(self, send: Send) -> None:
        await self._write(send, b":\n\n")  # so that the client sees at once that the stream is open
        try:
            async with contextlib.aclosing(self._answers) as answers:
                async for answer in answers:
                    await self._write(send, b"event: next\ndata: " + answer + b"\n\n")
        except RequestErrors as error:
            await self._write(send, b"event: next\ndata: " + encode_errors(error) + b"\n\n")
        await self._write(send, b"event: complete\ndata:\n\n")

    async def _keep_alive(self, send: Send) -> None:
        while True:
            await asyncio.sleep(self._ping_interval)
            await self._write(send, b":\n\n")

    async def _write(self, send: Send, text: bytes) -> None:
        async with asyncio.timeout(self._send_timeout):
            await send({"type": "http.response.body", "body": text, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
