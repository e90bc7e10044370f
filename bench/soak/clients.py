"""Writes segments and follows meetings, as clients do that lag, leave, break off and come back."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from bench.soak.shared_state import (
    BATCH_SIZES,
    CROWD_SEGMENTS,
    SEGMENTS_PER_WRITER,
    SHARED_SEGMENTS,
    SPEAKER_LABELS,
    SharedState,
    Transcript,
    transcript,
)
from server.wire.graphql_files import operation


class Writer:
    """Writes until the stop; each write is repeated until it is acknowledged."""

    def __init__(self, state: SharedState, number: int) -> None:
        self._state = state
        self._draw = random.Random(number)
        self._own = range(100 + number * SEGMENTS_PER_WRITER, 100 + (number + 1) * SEGMENTS_PER_WRITER)
        self._revision = 0
        self._final: dict[str, set[int]] = {meeting: set() for meeting in state.meetings}
        """The own segments that were sent as final, which no hypothesis would replace."""
        self.acknowledged: dict[str, dict[int, str | None]] = {meeting: {} for meeting in state.meetings}
        """The text of each of its own segments; None where it was deleted."""

    async def run(self, pace: float) -> None:
        async with httpx.AsyncClient(timeout=15) as client:
            while not self._state.stopping.is_set():
                await self._write(client, self._draw.choice(self._state.meetings))
                await self._state.rest(self._draw.uniform(0, 2 * pace))

    async def _write(self, client: httpx.AsyncClient, meeting: str) -> None:
        own = self._draw.sample(self._own, self._draw.randint(1, 6))
        what = self._draw.choices(["upsert", "again", "delete", "crowd"], [70, 10, 19, 1])[0]
        if what == "delete":
            await self._state.ask(client, operation("DeleteSegments"), meetingId=meeting, segmentIds=own)
            self.acknowledged[meeting].update(dict.fromkeys(own))
            self._final[meeting].difference_update(own)
        else:
            shared = self._draw.sample(SHARED_SEGMENTS, 2)
            segments = [self._segment(meeting, number) for number in [*own, *shared]]
            for _ in range(2 if what == "again" else 1):
                await self._state.ask(client, operation("UpsertSegments"), meetingId=meeting, segments=segments)
            self.acknowledged[meeting].update({one["segmentId"]: one["text"] for one in segments[: len(own)]})
            for start in range(0, len(CROWD_SEGMENTS) if what == "crowd" else 0, 1000):
                segments = [self._segment(meeting, number) for number in CROWD_SEGMENTS[start : start + 1000]]
                await self._state.ask(client, operation("UpsertSegments"), meetingId=meeting, segments=segments)
        self._state.counts["writes"] += 1

    def _segment(self, meeting: str, number: int) -> dict[str, Any]:
        self._revision += 1
        text = f"{number} as {self._own.start} says it at {self._revision} {'and so on ' * self._draw.randint(0, 20)}"
        is_final = self._draw.random() < 0.5
        if number in self._own:
            is_final |= number in self._final[meeting]
            if is_final:
                self._final[meeting].add(number)
        fields = {"speaker": self._draw.choice(SPEAKER_LABELS), "isFinal": is_final}
        return {"segmentId": number, "text": text, "startTime": number, "endTime": number + 1, **fields}


class Broken(Exception):
    """The stream has broken off; the reader can go on from its cursor."""


class Reader:
    """Follows one meeting, now at one server and now at the other."""

    def __init__(self, state: SharedState, number: int) -> None:
        self._state = state
        self._draw = random.Random(1000 + number)
        self.name = f"reader {number}"
        self.meeting = state.meetings[number % len(state.meetings)]
        self._forget()

    def _forget(self) -> None:
        self.cursor: str | None = None
        self.transcript: Transcript = {}
        self._seen: dict[int, int] = {}
        """The least version that each segment has; a deletion counts as one."""

    async def run(self) -> None:
        while not self._state.stopping.is_set():
            with contextlib.suppress(Broken):
                await self._visit(self._draw.choice(self._state.urls), self._draw.choice(BATCH_SIZES), self._follow)
            self._state.counts["visits"] += 1
            if self._draw.random() < 0.05:
                self._forget()
            await self._state.rest(self._draw.choice([0, 0.1, 0.5, 1, 4]))

    async def drain(self, number: int, end: str) -> None:
        """Reads up to the cursor after which nothing was written, at one server until it breaks off."""

        async def to_the_end(socket: ClientConnection) -> None:
            while not await self._next(socket, end):
                pass

        while True:
            try:
                await self._visit(self._state.urls[number % 2], max(BATCH_SIZES), to_the_end)
            except Broken:
                self._state.counts["broken while draining"] += 1
            else:
                return

    async def _visit(self, url: str, size: int, read: Callable[[ClientConnection], Awaitable[None]]) -> None:
        """Subscribes after the cursor and reads. Raises Broken."""
        options: dict[str, Any] = {"proxy": None, "ping_interval": None, "max_size": None, "close_timeout": 2}
        protocol = Subprotocol("graphql-transport-ws")
        address = url.replace("http", "ws") + "/graphql"
        try:
            async with connect(address, subprotocols=[protocol], max_queue=4, open_timeout=10, **options) as socket:
                await socket.send('{"type":"connection_init"}')
                variables = {"meetingId": self.meeting, "after": self.cursor, "batchSize": size}
                payload = {"query": operation("SegmentUpdates"), "variables": variables}
                subscribe = {"type": "subscribe", "id": "1", "payload": payload}
                await socket.send(orjson.dumps(subscribe).decode())
                await read(socket)
        except (OSError, TimeoutError, WebSocketException) as error:
            self._state.counts["connections broken"] += 1
            raise Broken from error

    async def _follow(self, socket: ClientConnection) -> None:
        """Reads for a while, at times slower than updates come, and then leaves, at times without closing."""
        lag = self._draw.choice([0, 0, 0, 0.05, 0.5])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._draw.uniform(0.1, 8)):
                while not self._state.stopping.is_set():
                    await self._next(socket, None)
                    if lag:
                        await asyncio.sleep(lag)
        match self._draw.randint(1, 3):
            case 1:
                socket.transport.abort()
            case 2:
                await socket.send('{"type":"complete","id":"1"}')

    async def _next(self, socket: ClientConnection, end: str | None) -> bool:
        """Takes the next message, and returns whether it was the last up to `end`."""
        message = orjson.loads(await socket.recv())
        match message["type"]:
            case "next":
                updates = message["payload"]["data"]["segmentUpdates"]
                self._take(updates)
                return bool(updates["caughtUp"] and updates["cursor"] == end)
            case "ping":
                await socket.send('{"type":"pong"}')
            case "error":
                codes = {error["extensions"].get("code") for error in message["payload"]}
                if codes != {"SERVICE_UNAVAILABLE"}:
                    self._state.wrong(f"{self.name} was refused: {message['payload']}")
                self._state.counts["subscriptions refused"] += 1
                raise Broken
            case "complete":
                self._state.wrong(f"{self.name}: the stream of a meeting that is there has completed")
                raise Broken
        return False

    def _take(self, updates: dict[str, Any]) -> None:
        counts = self._state.counts
        counts["events"] += 1
        for number in updates["deletedSegmentIds"]:
            counts["deletions read"] += 1
            self._seen[number] = self._seen.get(number, 0) + 1
            self.transcript.pop(number, None)
        for segment in updates["segments"]:
            counts["segments read"] += 1
            number, version = segment["segmentId"], segment["version"]
            if version <= self._seen.get(number, 0):
                counts["gone backwards"] += 1
                self._state.wrong(f"{self.name}: {number} is {version} after {self._seen[number]}")
            self._seen[number] = version
        self.transcript |= transcript(updates["segments"])
        self.cursor = updates["cursor"]
