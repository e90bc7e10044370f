"""One WebSocket connection in the protocol graphql-transport-ws (github.com/enisdenjo/graphql-ws, PROTOCOL.md).

Each operation has a context of its own. Nothing a client sends raises: a breach of the protocol closes the socket with the code
that the protocol names, and a wrong operation gets an `error` message. Every wait has a bound: the one for `connection_init`,
the one for each send (a client that does not read loses its connection), and the one for a sign of life.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from starlette.types import Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from domain.consistency_tokens import ConsistencyToken, parse_tokens
from domain.errors import InvalidInput, RateLimited, ServiceUnavailable, Unauthenticated
from domain.history import ANONYMOUS
from domain.principals import Principal
from resolvers.context import Context
from server.auth.actor import actor_name
from server.auth.authenticator import TOKEN_INVALID
from server.auth.bearer import bearer_token
from server.auth.guard import Guard
from server.current_request import CurrentRequest, current_request, new_request_id, traceparent_in, valid_traceparent
from server.middleware.access_log import log_operation
from server.operations.consistency_tokens import CONSISTENCY, with_tokens
from server.operations.runner import OperationRunner
from server.settings import Settings
from server.wire.headers import request_headers
from server.wire.json import TooManyValues, decode_client_json, encode_json
from server.wire.request_errors import RequestErrors
from server.wire.requests import GraphQLRequest, MalformedRequest, parse_parameters
from server.wire.responses import MAX_WHOLE_BYTES
from server.wire.result_encoding import size_of

PROTOCOL = "graphql-transport-ws"
SEND_TEXT_EXTENSION = "rapporteur.websocket.send_text"
"""The name of an ASGI extension: a `TextSender`."""

BAD_REQUEST = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
SUBPROTOCOL_NOT_ACCEPTABLE = 4406
INIT_TIMEOUT = 4408
SUBSCRIBER_EXISTS = 4409
TOO_MANY_INITS = 4429
TRY_AGAIN_LATER = 1013
"""The code is in the registry of RFC 6455. Clients connect again after it."""
NO_STATUS_RECEIVED = 1005
ABNORMAL_CLOSURE = 1006
close_counts: Counter[int] = Counter()
"""Counts the WebSockets that this process has closed, by code."""
MAX_CLOSE_REASON_BYTES = 123
"""The longest reason in a close frame (RFC 6455, 5.5)."""


class _Close(Exception):
    """The socket must be closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason.encode(errors="replace")[:MAX_CLOSE_REASON_BYTES].decode(errors="ignore")


class TextSender(NamedTuple):
    """Sends text messages by a shorter way than `send`."""

    send: Callable[..., bool]
    """Takes the parts of a message, and sends it without waiting; returns False if `send` has to be awaited instead."""
    wait: Callable[[], Awaitable[object]]
    """Waits until the client has taken most of what was sent, or is gone."""


class Connection:
    """Serves one client."""

    def __init__(
        self,
        websocket: WebSocket,
        send: Send,
        sender: TextSender | None,
        runner: OperationRunner,
        guard: Guard,
        new_context: Callable[[Principal, str], Context],
        settings: Settings,
    ) -> None:
        """`send` is the ASGI callable below `websocket`, whose own checks of each message cost a tenth of all.

        `sender` is there if the server has it.
        """
        self._websocket = websocket
        self._asgi_send = send
        self._sender = sender
        self._runner = runner
        self._guard = guard
        self._new_context = new_context
        self._settings = settings
        self._session = contextlib.ExitStack()
        self._principal: Principal | None = None
        self._actor = ANONYMOUS
        self._traceparent = traceparent_in(request_headers(websocket.scope))
        self._token: ConsistencyToken | None = None
        """The token that every answer must have reached: the client's, joined with those of what was written here."""
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._closing: asyncio.Future[_Close] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Serves the connection until either side ends it, and then ends its operations."""
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
        """Closes the connection because its key or token has ended."""
        if not self._closing.done():
            self._closing.set_result(_Close(FORBIDDEN, TOKEN_INVALID))

    async def _close(self, close: _Close) -> None:
        close_counts[close.code] += 1
        # A client that does not read gets the close frame after what is on its way, if it reads on: see `WebSocketProtocol`.
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(self._settings.send_timeout):
                await self._websocket.close(close.code, close.reason)

    async def _read(self) -> None:
        """Handles messages until the connection ends. Raises _Close or WebSocketDisconnect."""
        try:
            async with asyncio.timeout(self._settings.init_timeout):
                while self._principal is None:
                    await self._handle(await self._receive())
        except TimeoutError:
            raise _Close(INIT_TIMEOUT, "Connection initialisation timeout") from None
        is_alive = True
        while True:
            try:
                async with asyncio.timeout(self._settings.ping_interval):
                    message = await self._receive()
            except TimeoutError:
                if not is_alive:
                    raise _Close(TRY_AGAIN_LATER, "no sign of life") from None
                is_alive = False
                await self._send({"type": "ping"})
            else:
                is_alive = True
                await self._handle(message)
                del message  # else it would stay until the next one comes

    async def _receive(self) -> dict[str, Any]:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", NO_STATUS_RECEIVED))
        text = message.get("text")
        if text is None:
            raise _Close(BAD_REQUEST, "messages must be text")
        try:
            parsed = await decode_client_json(text)
        except TooManyValues as error:
            raise _Close(BAD_REQUEST, f"a message {error}") from None
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
                if task := self._operations.pop(_operation_id(message), None):
                    task.cancel()
            case _:
                raise _Close(BAD_REQUEST, "unknown message type")

    async def _initialise(self, message: dict[str, Any]) -> None:
        if self._principal is not None:
            raise _Close(TOO_MANY_INITS, "Too many initialisation requests")
        payload = message.get("payload")
        if not isinstance(payload, dict | None):
            raise _Close(BAD_REQUEST, "the payload of connection_init must be an object")
        headers = request_headers(self._websocket.scope)
        token = bearer_token(headers, payload)
        try:
            principal = await self._guard.authenticator.principal(token)
            self._actor = actor_name(principal, headers, payload)
            if (tokens := (payload or {}).get(CONSISTENCY)) is not None:
                self._token = parse_tokens(tokens)
        except InvalidInput as error:
            raise _Close(BAD_REQUEST, str(error)) from error
        except Unauthenticated as error:
            # Clients connect again after FORBIDDEN, perhaps with a new token, and give up after UNAUTHORIZED.
            raise _Close(UNAUTHORIZED if token is None else FORBIDDEN, str(error)) from error
        except ServiceUnavailable as error:
            raise _Close(TRY_AGAIN_LATER, str(error)) from error
        self._session.enter_context(self._guard.sessions.track(principal, self._end))
        await self._send({"type": "connection_ack"})
        self._principal = principal

    async def _subscribe(self, message: dict[str, Any]) -> None:
        if self._principal is None:
            raise _Close(UNAUTHORIZED, "Unauthorized")
        id, payload = _operation_id(message), message.get("payload")
        if id in self._operations:
            raise _Close(SUBSCRIBER_EXISTS, f"Subscriber for {id} already exists")
        try:
            request = parse_parameters(payload)
        except MalformedRequest as error:
            raise _Close(BAD_REQUEST, f"the payload of subscribe: {error}") from error
        try:
            if len(self._operations) >= self._settings.max_operations:
                raise RateLimited(f"at most {self._settings.max_operations} operations at once on a connection")
            self._guard.rate_limiters.for_principal(self._principal).count_request()
        except RateLimited as error:
            await self._send({"id": id, "type": "error", "payload": RequestErrors.from_exception(error).errors})
            return
        if self._token is not None:
            request = with_tokens(request, str(self._token))
        context = self._new_context(self._principal, self._actor)
        self._operations[id] = asyncio.create_task(self._run_operation(id, request, context))

    async def _run_operation(self, id: str, request: GraphQLRequest, context: Context) -> None:
        """Sends the responses of one operation until it ends."""
        head = b'{"id":%b,"type":"next","payload":' % encode_json(id)
        stream = self._runner.stream(request, context)
        started, outcome = time.perf_counter(), "ended"
        current = self._current_request(request)
        current_request.set(current)  # each operation is a task of its own
        try:
            try:
                async with contextlib.aclosing(stream) as responses:
                    async for response in responses:
                        if context.written is not None:  # before the answer, after which the client may read
                            self._token = self._token.join(context.written) if self._token else context.written
                        await self._send_text(head, *response, b"}")
                        del response  # else it would stay until the next one comes: orjson gives the shortest 4 KB
                last: dict[str, Any] = {"id": id, "type": "complete"}
            except RequestErrors as error:
                last = {"id": id, "type": "error", "payload": error.errors}
            self._operations.pop(id, None)  # before the message: the client may use the id again as soon as it reads it
            await self._send(last)
            outcome = last["type"]
        except WebSocketDisconnect:
            self._operations.pop(id, None)
        except _Close as close:
            if not self._closing.done():
                self._closing.set_result(close)
        finally:
            log_operation(current, outcome, time.perf_counter() - started)

    def _current_request(self, request: GraphQLRequest) -> CurrentRequest:
        """Returns what the log says of an operation: its trace is the one that it names, or that of the connection."""
        assert self._principal is not None
        traceparent = (request.extensions or {}).get("traceparent")
        current = CurrentRequest(
            "WS", "/graphql", new_request_id(), valid_traceparent(traceparent) or self._traceparent
        )
        current.note_principal(self._principal)
        if request.operation_name is not None:
            current.operation = request.operation_name
        return current

    async def _send(self, message: dict[str, Any]) -> None:
        await self._send_text(encode_json(message))

    async def _send_text(self, *parts: bytes) -> None:
        """Sends a message, and returns when the client has taken most of a large one."""
        sender = self._sender
        is_sent = sender is not None and sender.send(*parts)
        if is_sent and size_of(parts) <= MAX_WHOLE_BYTES:
            return
        try:
            async with asyncio.timeout(self._settings.send_timeout):
                if sender is not None:
                    await sender.wait()
                if not is_sent:
                    await self._asgi_send({"type": "websocket.send", "text": b"".join(parts).decode()})
        except TimeoutError:
            raise _Close(TRY_AGAIN_LATER, "you do not read") from None
        except OSError:  # uvicorn raises it when the connection is gone
            raise WebSocketDisconnect(ABNORMAL_CLOSURE) from None


def _operation_id(message: dict[str, Any]) -> str:
    id = message.get("id")
    if not isinstance(id, str) or not id:
        raise _Close(BAD_REQUEST, f"the id of {message['type']} must be a text")
    return id
