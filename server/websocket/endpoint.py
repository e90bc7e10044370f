"""Accepts WebSocket connections at `/graphql`."""

from collections.abc import Callable

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from domain.principals import Principal
from resolvers.context import Context
from server.auth.guard import Guard
from server.middleware.cors import is_allowed
from server.operations.runner import OperationRunner
from server.settings import Settings
from server.websocket.connection import (
    PROTOCOL,
    SEND_TEXT_EXTENSION,
    SUBPROTOCOL_NOT_ACCEPTABLE,
    TRY_AGAIN_LATER,
    Connection,
)
from server.wire.connection_limit import ConnectionLimit, TooManyConnections
from server.wire.refusals import error_response


class WebSocketEndpoint:
    """The ASGI app that accepts connections of allowed origins, up to the limit, and serves them."""

    def __init__(
        self,
        runner: OperationRunner,
        guard: Guard,
        new_context: Callable[[Principal, str], Context],
        settings: Settings,
        connection_limit: ConnectionLimit,
    ) -> None:
        self._runner = runner
        self._guard = guard
        self._new_context = new_context
        self._settings = settings
        self._connection_limit = connection_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        # The extension is taken out, as otherwise the scope and the protocol would stay in a circle.
        sender = scope.get("extensions", {}).pop(SEND_TEXT_EXTENSION, None)
        headers = websocket.headers
        if not is_allowed(headers.get("origin"), headers.get("host"), self._settings.origins):
            # The refusal comes before the handshake: otherwise any web page could use the server of its visitor.
            message = "a page of this origin may open no WebSocket: name it in RAPPORTEUR_ORIGINS (--origins)"
            await error_response(message, 403)(scope, receive, send)
            return
        is_offered = PROTOCOL in scope["subprotocols"]
        # Other refusals come after the handshake: only then does a browser show their code and reason.
        await websocket.accept(PROTOCOL if is_offered else None)
        if not is_offered:
            await websocket.close(SUBPROTOCOL_NOT_ACCEPTABLE, f"the subprotocol must be {PROTOCOL}")
            return
        try:
            with self._connection_limit.hold():
                connection = Connection(
                    websocket, send, sender, self._runner, self._guard, self._new_context, self._settings
                )
                await connection.run()
        except TooManyConnections:
            await websocket.close(TRY_AGAIN_LATER, "too many connections: try again later")
