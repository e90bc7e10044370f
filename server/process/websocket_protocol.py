"""WebSockets as uvicorn speaks them, except that a client that does not read is told why its connection ends."""

import asyncio

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Serves one connection.

    uvicorn holds back everything while the client does not read what was sent before, the close frame too. Here the close
    frame follows what is on its way, so that a client that reads on gets its code. What such a client never takes is thrown
    away when the connection closes: a transport that is closed would wait for it.
    """

    async def send(self, message: ASGISendEvent) -> None:
        if self.writable.is_set() or message["type"] != "websocket.close":
            await super().send(message)
            return
        held_back, self.writable = self.writable, asyncio.Event()
        self.writable.set()
        try:
            await super().send(message)  # without waiting
        finally:
            self.writable = held_back
        if self.close_timer is not None:
            self.close_timer.cancel()
            self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)
