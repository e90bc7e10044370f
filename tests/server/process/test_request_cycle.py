"""Apps that know nothing of whole bodies and responses find ASGI, whatever they do, and HTTP/1.0 is served."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from server.process.listening import bind, listen
from server.process.uvicorn_server import configuration
from server.settings import Settings

Handler = Callable[[Scope, Receive, Send], Awaitable[None]]
Ask = Callable[..., Awaitable[bytes]]
START: Message = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = b""
    message: Message = {"more_body": True}
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    await send(START)
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b"."})
    assert (await receive())["type"] == "http.disconnect"


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    raise ZeroDivisionError


async def failing_after_the_start(scope: Scope, receive: Receive, send: Send) -> None:
    await send(START)
    raise ZeroDivisionError


async def failing_in_the_body(scope: Scope, receive: Receive, send: Send) -> None:
    await send(START)
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise ZeroDivisionError


async def silent(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers nothing."""


async def half(scope: Scope, receive: Receive, send: Send) -> None:
    await send({**START, "headers": [(b"content-length", b"10")]})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})


async def too_long(scope: Scope, receive: Receive, send: Send) -> None:
    await send({**START, "headers": [(b"content-length", b"1")], "body": b"long"})


async def split(scope: Scope, receive: Receive, send: Send) -> None:
    await send({**START, "headers": [(b"x", b"a\r\nset-cookie: b")], "body": b""})


async def whole(scope: Scope, receive: Receive, send: Send) -> None:
    await send({**START, "headers": [(b"content-length", b"5")], "body": b"whole"})


async def later(scope: Scope, receive: Receive, send: Send) -> None:
    await whole(scope, receive, send)
    await send({"type": "http.response.body", "body": b"more"})


@pytest.fixture
async def ask(request: pytest.FixtureRequest) -> AsyncIterator[Ask]:
    """Sends bytes to the app of the test, and returns what it says until it closes; or leaves after what is awaited."""
    settings = Settings(port=0)  # type: ignore[call-arg]
    handler: Handler = request.param

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await handler(scope, receive, send)

    server = uvicorn.Server(configuration(settings, app))
    listening = bind(settings)
    listen(listening, settings)
    running = asyncio.create_task(server._serve([listening]))

    async def answer(sent: bytes, until: bytes = b"") -> bytes:
        reader, writer = await asyncio.open_connection(*listening.getsockname()[:2])
        writer.write(sent)
        said = await (reader.readuntil(until) if until else reader.read())
        writer.close()
        if server.server_state.tasks:
            await asyncio.wait(server.server_state.tasks)
        return said

    yield answer
    server.should_exit = True
    await running
    assert not server.server_state.tasks
    listening.close()


def parametrized(*cases: tuple[Any, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("ask", "expected"), cases, indirect=["ask"])


@parametrized((echo, b"4\r\nbody\r\n1\r\n.\r\n0\r\n\r\n"), (whole, b"\r\n\r\nwhole"))
@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 4\r\n\r\nbody",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n",
        b"Content-Length: 4\r\nExpect: 100-continue\r\n\r\nbody",
    ],
)
async def test_bodies_come_and_go(ask: Ask, expected: bytes, body: bytes) -> None:
    said = await ask(POST + body)
    assert b"HTTP/1.1 200 OK\r\n" in said
    assert said.endswith(expected)


@parametrized(
    (failing, b"HTTP/1.1 500 "),
    (failing_after_the_start, b"HTTP/1.1 500 "),
    (failing_in_the_body, b"HTTP/1.1 200 OK"),
    (silent, b"HTTP/1.1 500 "),
    (half, b"HTTP/1.1 200 OK"),
    (too_long, b"HTTP/1.1 500 "),
    (split, b"HTTP/1.1 500 "),
    (later, b"HTTP/1.1 200 OK"),
)
async def test_what_an_app_does_wrong_ends_the_response(ask: Ask, expected: bytes) -> None:
    said = await ask(POST.replace(b"Connection: close\r\n", b"") + b"Content-Length: 4\r\n\r\nbody")
    assert said.startswith(expected)
    assert not said.endswith(b"0\r\n\r\n")
    assert said.count(b"HTTP/1.1") == 1
    assert b"set-cookie" not in said


@parametrized((whole, b"\r\nconnection: close\r\n"))
@pytest.mark.parametrize("more", [b"", b"Connection: keep-alive\r\n"])
async def test_a_request_of_an_older_version_is_the_last(ask: Ask, expected: bytes, more: bytes) -> None:
    said = await ask(b"GET / HTTP/1.0\r\n" + more + b"\r\n")
    assert said.startswith(b"HTTP/1.1 200 OK\r\n")
    assert expected in said


@parametrized((echo, b"\r\nconnection: close\r\n\r\nbody."))
@pytest.mark.parametrize("more", [b"", b"Expect: 100-continue\r\n"])
async def test_an_older_version_knows_neither_chunks_nor_interim_responses(
    ask: Ask, expected: bytes, more: bytes
) -> None:
    said = await ask(b"POST / HTTP/1.0\r\n" + more + b"Content-Length: 4\r\n\r\nbody")
    assert said.startswith(b"HTTP/1.1 200 OK\r\n")
    assert said.endswith(expected)
    assert b"transfer-encoding" not in said


async def version(scope: Scope, receive: Receive, send: Send) -> None:
    await send({**START, "body": scope["http_version"].encode()})


@parametrized((version, None))
@pytest.mark.parametrize("head", [b"1.1\r\n\r\n", b"1.1\r\nConnection: keep-alive\r\n\r\n", b"1.0\r\n\r\n"])
async def test_apps_are_told_the_version(ask: Ask, expected: None, head: bytes) -> None:
    said = await ask(b"GET / HTTP/" + head + b"GET / HTTP/1.0\r\n\r\n" * (not head.startswith(b"1.0")))
    assert said.count(b"\r\n\r\n" + head[:3]) == 1


async def watching(scope: Scope, receive: Receive, send: Send) -> None:
    """Begins a response, and waits until the client has left."""
    await send(START)
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    while (await receive())["type"] != "http.disconnect":
        pass


@pytest.mark.parametrize("ask", [watching], indirect=True)
@pytest.mark.parametrize("count", [1, 2, 3])
async def test_an_app_is_told_that_its_client_has_left_though_more_requests_have_come(ask: Ask, count: int) -> None:
    async with asyncio.timeout(10):
        await ask(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * count, until=b"begun")
