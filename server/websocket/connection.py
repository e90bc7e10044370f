"""`/graphql` over WebSocket: the protocol graphql-transport-ws (github.com/enisdenjo/graphql-ws, PROTOCOL.md).

Each operation has a context of its own. Nothing a client sends raises: what breaks the protocol closes the socket with the
code that the protocol names, what is wrong with an operation is an `error` message. Every wait has a bound: for the
`connection_init`, for each send (a client that does not read is let go), for a sign of life.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

from starlette.types import Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from domain.errors import InvalidInput, RateLimited, ServiceUnavailable, Unauthenticated
from domain.history import ANONYMOUS
from domain.principals import Principal
from resolvers.context import Context
from server.auth.actor import actor_name
from server.auth.authenticator import TOKEN_INVALID
from server.auth.bearer import bearer_token
from server.auth.guard import Guard
from server.middleware.access_log import log_operation
from server.operations.runner import OperationRunner
from server.settings import Settings
from server.wire.headers import request_headers
from server.wire.json import decode_json, encode_json
from server.wire.request_errors import RequestErrors
from server.wire.requests import GraphQLRequest, MalformedRequest, parse_parameters

PROTOCOL = "graphql-transport-ws"

BAD_REQUEST = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
SUBPROTOCOL_NOT_ACCEPTABLE = 4406
INIT_TIMEOUT = 4408
SUBSCRIBER_EXISTS = 4409
TOO_MANY_INITS = 4429
TRY_AGAIN_LATER = 1013
"""Of RFC 6455's registry; clients take it for a reason to reconnect."""
MAX_CLOSE_REASON_BYTES = 123
"""Bytes of a close frame's reason (RFC 6455, 5.5)."""


class _Close(Exception):
    """The socket is to be closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason.encode(errors="replace")[:MAX_CLOSE_REASON_BYTES].decode(errors="ignore")


class Connection:
    def __init__(
        self,
        websocket: WebSocket,
        send: Send,
        runner: OperationRunner,
        guard: Guard,
        new_context: Callable[[Principal, str], Context],
        settings: Settings,
    ) -> None:
        """`send` is the one beneath `websocket`, whose checks of each message would cost a tenth of the whole way."""
        self._websocket = websocket
        self._raw_send = send
        self._runner = runner
        self._guard = guard
        self._new_context = new_context
        self._settings = settings
        self._session = contextlib.ExitStack()
        self._principal: Principal | None = None
        self._actor = ANONYMOUS
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._closing: asyncio.Future[_Close] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Serve the connection until either side ends it, then end its operations."""
        reading = asyncio.create_task(self._read())
        try:
            ends: set[asyncio.Future[Any]] = {reading, self._closing}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if self._closing.done():
                await self._close(self._closing.result())
            else:
                try:
                    reading.result()
                except _Close as close:
                    await self._close(close)
                except WebSocketDisconnect:
                    pass
        finally:
            tasks = [reading, *self._operations.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._session.close()

    def _end(self) -> None:
        """The key or token that the connection came with is no longer good."""
        if not self._closing.done():
            self._closing.set_result(_Close(FORBIDDEN, TOKEN_INVALID))

    async def _close(self, close: _Close) -> None:
        # Who does not read does not get this either; uvicorn and the kernel see to the end of the connection then.
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(self._settings.send_timeout):
                await self._websocket.close(close.code, close.reason)

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(self._settings.init_timeout):
                while self._principal is None:
                    await self._handle(await self._receive())
        except TimeoutError:
            raise _Close(INIT_TIMEOUT, "Connection initialisation timeout") from None
        alive = True
        while True:
            try:
                async with asyncio.timeout(self._settings.ping_interval):
                    message = await self._receive()
            except TimeoutError:
                if not alive:
                    raise _Close(TRY_AGAIN_LATER, "no sign of life") from None
                alive = False
                await self._send({"type": "ping"})
            else:
                alive = True
                await self._handle(message)

    async def _receive(self) -> dict[str, Any]:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text = message.get("text")
        if text is None:
            raise _Close(BAD_REQUEST, "messages must be text")
        try:
            parsed = decode_json(text)
        except (ValueError, RecursionError):
            raise _Close(BAD_REQUEST, "messages must be JSON") from None
        if not isinstance(parsed, dict) or not isinstance(parsed.get("type"), str):
            raise _Close(BAD_REQUEST, "messages must be JSON objects with a type")
        return parsed

    async def _handle(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "connection_init":
                await self._initialise(message)
            case "ping":
                await self._send({"type": "pong"})
            case "pong":
                pass
            case "subscribe":
                await self._subscribe(message)
            case "complete":
                if task := self._operations.pop(_id_of(message), None):
                    task.cancel()
            case _:
                raise _Close(BAD_REQUEST, "unknown message type")

    async def _initialise(self, message: dict[str, Any]) -> None:
        if self._principal is not None:
            raise _Close(TOO_MANY_INITS, "Too many initialisation requests")
        if not isinstance(message.get("payload"), dict | None):
            raise _Close(BAD_REQUEST, "the payload of connection_init must be an object")
        headers, payload = request_headers(self._websocket.scope), message.get("payload")
        token = bearer_token(headers, payload)
        try:
            principal = await self._guard.authenticator.principal(token)
            self._actor = actor_name(principal, headers, payload)
        except InvalidInput as error:
            raise _Close(BAD_REQUEST, str(error)) from error
        except Unauthenticated as error:
            # Clients take the second for a reason to come again, perhaps with a new token; the first they give up on.
            raise _Close(UNAUTHORIZED if token is None else FORBIDDEN, str(error)) from error
        except ServiceUnavailable as error:
            raise _Close(TRY_AGAIN_LATER, str(error)) from error
        self._session.enter_context(self._guard.sessions.track(principal, self._end))
        await self._send({"type": "connection_ack"})
        self._principal = principal

    async def _subscribe(self, message: dict[str, Any]) -> None:
        if self._principal is None:
            raise _Close(UNAUTHORIZED, "Unauthorized")
        id, payload = _id_of(message), message.get("payload")
        if id in self._operations:
            raise _Close(SUBSCRIBER_EXISTS, f"Subscriber for {id} already exists")
        try:
            asked = parse_parameters(payload)
        except MalformedRequest as error:
            raise _Close(BAD_REQUEST, f"the payload of subscribe: {error}") from error
        if len(self._operations) >= self._settings.max_operations:
            most = RateLimited(f"at most {self._settings.max_operations} operations at once on a connection")
            await self._refuse(id, most)
            return
        try:
            self._guard.rate_limiters.for_principal(self._principal).count_request()
        except RateLimited as error:
            await self._refuse(id, error)
            return
        context = self._new_context(self._principal, self._actor)
        self._operations[id] = asyncio.create_task(self._operate(id, asked, context))

    async def _operate(self, id: str, asked: GraphQLRequest, context: Context) -> None:
        """One operation, from its first answer to its end."""
        head = f'{{"id":{encode_json(id).decode()},"type":"next","payload":'
        stream = self._runner.stream(asked, context)
        began, outcome = time.perf_counter(), "ended"
        try:
            try:
                async with contextlib.aclosing(stream) as answers:
                    async for answer in answers:
                        await self._send_text(f"{head}{answer.decode()}}}")
                last: dict[str, Any] = {"id": id, "type": "complete"}
            except RequestErrors as error:
                last = {"id": id, "type": "error", "payload": error.errors}
            self._operations.pop(id, None)  # first: the client may use the id again as soon as it hears
            await self._send(last)
            outcome = last["type"]
        except WebSocketDisconnect:
            self._operations.pop(id, None)
        except _Close as close:
            if not self._closing.done():
                self._closing.set_result(close)
        finally:
            log_operation(asked.operation_name, outcome, time.perf_counter() - began)

    async def _refuse(self, id: str, error: RateLimited) -> None:
        await self._send({"id": id, "type": "error", "payload": RequestErrors.from_exception(error).errors})

    async def _send(self, message: dict[str, Any]) -> None:
        await self._send_text(encode_json(message).decode())

    async def _send_text(self, text: str) -> None:
        try:
            async with asyncio.timeout(self._settings.send_timeout):
                await self._raw_send({"type": "websocket.send", "text": text})
        except TimeoutError:
            raise _Close(TRY_AGAIN_LATER, "you do not read") from None
        except OSError:  # what uvicorn says of a connection that is gone
            raise WebSocketDisconnect(1006) from None


def _id_of(message: dict[str, Any]) -> str:
    id = message.get("id")
    if not isinstance(id, str) or not id:
        raise _Close(BAD_REQUEST, f"the id of {message['type']} must be a text")
    return id
