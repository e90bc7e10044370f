"""Reads Server-Sent Events as they come, also when they break the protocol."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.harness import http
from tests.harness.waiting import TIMEOUT_SECONDS


class EventStream:
    """An open stream of Server-Sent Events."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._received = bytearray()
        self.blocks = self._split(response.iter_bytes())

    @property
    def text(self) -> str:
        """The stream so far."""
        return self._received.decode()

    def _split(self, parts: Iterator[bytes]) -> Iterator[str]:
        """Yields the blocks between empty lines as they come."""
        block = bytearray()
        for part in parts:
            self._received += part
            seen = max(0, len(block) - 1)
            block += part
            while (end := block.find(b"\n\n", seen)) >= 0:
                yield block[:end].decode()
                del block[: end + 2]
                seen = 0
        assert not block

    def event(self) -> tuple[str, str] | None:
        """Returns the name and data of the next event, or None where the stream has ended."""
        for block in self.blocks:
            if block != ":":  # a comment
                name, data = block.split("\n")
                return name.removeprefix("event: "), data.removeprefix("data:").removeprefix(" ")
        return None

    def payload(self) -> Any:
        """Returns the payload of the next event, which must be a `next`."""
        event = self.event()
        assert event is not None
        assert event[0] == "next"
        return json.loads(event[1])

    def next(self) -> Any:
        """Returns the value of the only field in the next event, which must be a `next` without errors."""
        payload = self.payload()
        assert payload.keys() == {"data"}, payload
        (value,) = payload["data"].values()
        return value

    def expect_complete(self) -> None:
        """Checks that the next event is a `complete`, and the last."""
        assert self.event() == ("complete", "")
        assert self.event() is None


@contextmanager
def streamed_response(
    url: str, query: str, /, *, accept: str = "text/event-stream", authorization: str = "", **variables: Any
) -> Iterator[httpx.Response]:
    """Yields the answer to an operation, of which the head has come."""
    body = {"query": query, "variables": variables}
    headers = {"Accept": accept} | ({"Authorization": authorization} if authorization else {})
    with (
        http.Client(timeout=TIMEOUT_SECONDS) as client,
        client.stream("POST", f"{url}/graphql", json=body, headers=headers) as response,
    ):
        yield response


@contextmanager
def event_stream(url: str, query: str, /, **options: Any) -> Iterator[EventStream]:
    """Yields the events of an operation's answer, which must be a stream. `options` are those of `streamed_response`."""
    with streamed_response(url, query, **options) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        yield EventStream(response)
