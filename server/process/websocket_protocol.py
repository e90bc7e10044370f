"""WebSockets as uvicorn speaks them, with two differences.

Texts have a short way to the socket, and a client that does not read is told why its connection ends.
"""

import asyncio
from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import OPEN

from server.websocket.connection import SEND_TEXT_EXTENSION, TextSender
from server.wire.responses import MAX_WHOLE_BYTES

_FINAL_TEXT = 0x81
"""The first byte of a frame that is a whole text message (RFC 6455, 5.2)."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Serves one connection.

    uvicorn holds back everything while the client does not read what was sent before, the close frame too. Here the close
    frame follows what is on its way, so that a client that reads on gets its code. What such a client never takes is thrown
    away when the connection closes: a transport that is closed would wait for it.
    """

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[SEND_TEXT_EXTENSION] = TextSender(self.send_text, self.writable.wait)

    def send_text(self, *parts: bytes) -> bool:
        """Sends a message in UTF-8 at once, or returns False where `websocket.send` has to wait or to fail.

        It takes half the time of a `websocket.send`, and its caller needs no deadline. No extension changes frames here, as
        compression is off.
        """
        if not self.writable.is_set() or self.transport.is_closing() or self.conn.state is not OPEN:
            return False
        length = sum(map(len, parts))
        if length < 126:
            head = bytes((_FINAL_TEXT, length))
        elif length < 1 << 16:
            head = bytes((_FINAL_TEXT, 126)) + length.to_bytes(2)
        else:
            head = bytes((_FINAL_TEXT, 127)) + length.to_bytes(8)
        if length <= MAX_WHOLE_BYTES:
            self.transport.write(b"".join((head, *parts)))
        else:
            self.transport.writelines((head, *parts))
        return True

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
