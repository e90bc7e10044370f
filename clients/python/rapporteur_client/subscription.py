"""Subscriptions by WebSocket, in the protocol graphql-transport-ws: each on a connection of its own.

On a connection of its own, a reader that takes its time holds up nobody but itself.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any, NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from rapporteur_client.backoff import Backoff
from rapporteur_client.errors import Refused, Unauthenticated, Unavailable
from rapporteur_client.server import CONNECT_TIMEOUT_SECONDS, Server, error_of

PROTOCOL = Subprotocol("graphql-transport-ws")
KEEP_ALIVE_SECONDS = 10.0
"""The silence after which the server is asked for a sign of life."""
PONG_TIMEOUT_SECONDS = 10.0
CLOSE_TIMEOUT_SECONDS = 1.0
MAX_WAITING_EVENTS = 16
"""The most events that wait for whoever takes them; the server keeps the others."""
UNAUTHORIZED_CODES = (4401, 4403)
REFUSED_CODES = (4400, 4406)
UNAUTHORIZED_STATUSES = (401, 403)

_Events = asyncio.Queue[dict[str, Any] | Exception | None]
"""The data of each event; last the reason why there are no more, or None where the server has completed."""

_log = logging.getLogger("rapporteur_client")


class Event(NamedTuple):
    """The data of one event, and whether it is the first one of its connection."""

    data: dict[str, Any]
    is_first: bool


async def follow(
    server: Server,
    query: str,
    variables: Callable[[], Mapping[str, Any]],
    *,
    heard: Callable[[], None] | None = None,
    lost: Callable[[Exception], None] | None = None,
) -> AsyncGenerator[Event, None]:
    """Yields the events of a subscription, through every loss of the connection, until the server completes it.

    `variables` is asked for the variables of each connection. `heard` is called at each sign of life of a subscription
    that has had its first event, and `lost` with the reason when a connection ends. Raises Refused.
    """
    backoff = Backoff()
    while True:
        try:
            is_first = True
            async with aclosing(_events(server, query, variables(), heard)) as events:
                async for data in events:
                    backoff.reset()
                    yield Event(data, is_first)
                    is_first = False
            return
        except Unavailable as error:
            pause = backoff.next_pause(error.retry_after)
            _log.warning("not connected, trying again in %.1f s: %s", pause, error)
            if lost is not None:
                lost(error)
        await asyncio.sleep(pause)


async def _events(
    server: Server, query: str, variables: Mapping[str, Any], heard: Callable[[], None] | None
) -> AsyncGenerator[dict[str, Any], None]:
    """Yields the data of each event of one connection, until it completes. Raises Unavailable or Refused."""
    key = await server.keys.current()
    try:
        async with connect(
            server.websocket_url,
            subprotocols=[PROTOCOL],
            additional_headers=server.headers(key),
            open_timeout=CONNECT_TIMEOUT_SECONDS,
            close_timeout=CLOSE_TIMEOUT_SECONDS,
            ping_interval=None,  # the protocol's own pings also tell that the server reads and answers
            compression=None,
            max_size=None,
        ) as socket:
            await _send(socket, {"type": "connection_init"})
            await _receive(socket, "connection_ack")
            subscribe = {"id": "1", "type": "subscribe", "payload": {"query": query, "variables": variables}}
            await _send(socket, subscribe)
            events: _Events = asyncio.Queue(MAX_WAITING_EVENTS)
            reading = asyncio.create_task(_read(socket, events, heard))
            try:
                while (event := await events.get()) is not None:
                    if isinstance(event, Exception):
                        raise event
                    yield event
            finally:
                reading.cancel()
                await asyncio.wait([reading])
    except Unauthenticated:
        server.keys.reject(key)
        raise
    except ConnectionClosed as error:
        code, reason = (error.rcvd.code, error.rcvd.reason) if error.rcvd else (None, "the connection was lost")
        if code in UNAUTHORIZED_CODES:
            server.keys.reject(key)
            raise Unauthenticated(reason) from error
        if code in REFUSED_CODES:
            raise Refused(reason, str(code)) from error
        raise Unavailable(f"{reason} ({code})") from error
    except InvalidStatus as error:
        status = error.response.status_code
        if status in UNAUTHORIZED_STATUSES:
            server.keys.reject(key)
            raise Unauthenticated(f"the connection was refused with HTTP {status}") from error
        raise Unavailable(f"the connection was refused with HTTP {status}") from error
    except (OSError, WebSocketException, asyncio.TimeoutError, EOFError) as error:
        raise Unavailable(f"{server.websocket_url} does not answer: {error!r}") from error


async def _read(socket: ClientConnection, events: _Events, heard: Callable[[], None] | None) -> None:
    """Takes what the server sends, and gives it signs of life meanwhile: whoever takes the events may need minutes for one."""
    has_begun = False
    try:
        while True:
            message = await _next_message(socket)
            if has_begun and heard is not None:
                heard()
            kind = message.get("type")
            if kind == "next":
                payload = message["payload"]
                if payload.get("errors"):
                    raise error_of(payload["errors"])
                await events.put(payload["data"])
                has_begun = True
            elif kind == "error":
                raise error_of(message["payload"])
            elif kind == "complete":
                await events.put(None)
                return
            elif kind == "ping":
                await _send(socket, {"type": "pong"})
    except Exception as error:
        await events.put(error)


async def _next_message(socket: ClientConnection) -> dict[str, Any]:
    """Returns the next message. Asks for one after a while. Raises TimeoutError if there is none then, either."""
    try:
        return await _receive_within(socket, KEEP_ALIVE_SECONDS)
    except asyncio.TimeoutError:
        await _send(socket, {"type": "ping"})
        return await _receive_within(socket, PONG_TIMEOUT_SECONDS)


async def _receive(socket: ClientConnection, kind: str) -> None:
    """Waits for a message of a kind. Raises TimeoutError, or Unavailable if another one comes."""
    message = await _receive_within(socket, CONNECT_TIMEOUT_SECONDS)
    if message.get("type") != kind:
        raise Unavailable(f"the server sent {message.get('type')} in place of {kind}")


async def _receive_within(socket: ClientConnection, seconds: float) -> dict[str, Any]:
    try:
        message = json.loads(await asyncio.wait_for(socket.recv(), seconds))
    except ValueError as error:
        raise Unavailable("the server sent what is not JSON") from error
    if not isinstance(message, dict):
        raise Unavailable("the server sent what is no message")
    return message


async def _send(socket: ClientConnection, message: Mapping[str, Any]) -> None:
    """Sends a message. Raises TimeoutError if the server does not read."""
    await asyncio.wait_for(socket.send(json.dumps(message)), CONNECT_TIMEOUT_SECONDS)
