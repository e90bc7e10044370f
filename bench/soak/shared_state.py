"""Holds what writers and readers share: where the servers are, when to stop, and what was counted."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

MEETING_COUNT = 4
SEGMENTS_PER_WRITER = 60
"""Segments of each writer in each meeting: only it writes them, so what the table must hold is known."""
SHARED_SEGMENTS = range(1, 11)
"""Segments that all writers write."""
CROWD_SEGMENTS = range(10_000, 13_000)
"""Segments that are all written now and then, a thousand after the other: each as many as a page of the hub's."""
SPEAKER_LABELS = tuple(f"SPEAKER_{number:02}" for number in range(5))
"""The speakers whom recognisers hear."""
BATCH_SIZES = (1, 3, 10, 100, 1000)
"""The sizes of the readers' batches."""

CURSOR_QUERY = "query ($id: ID!) { meeting(id: $id) { updatesCursor } }"
PAGE_QUERY = """
query ($id: ID!, $after: String) {
  meeting(id: $id) {
    segments(first: 1000, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { segmentId version text speaker startTime endTime isFinal confidence heard { text speaker } }
    }
  }
}
"""
CONTENT = ("version", "text", "speaker", "startTime", "endTime", "isFinal", "confidence", "heard")
Transcript = dict[int, dict[str, Any]]
"""The fields of CONTENT of each segment."""


def transcript(segments: list[dict[str, Any]]) -> Transcript:
    return {segment["segmentId"]: {name: segment[name] for name in CONTENT} for segment in segments}


class Refused(Exception):
    """The server answered that it is unavailable, and that the request can be tried again later."""


@dataclass
class SharedState:
    """Holds what all clients share: where the servers are, when to stop, what was counted and what went wrong."""

    urls: list[str]
    meetings: list[str]
    agents: list[str]
    counts: Counter[str] = field(default_factory=Counter)
    wrongs: list[str] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def wrong(self, what: str) -> None:
        self.counts["wrongs"] += 1
        if len(self.wrongs) < 50:
            self.wrongs.append(what)

    async def rest(self, seconds: float) -> None:
        """Waits for some seconds, or until the stop if that comes first."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.stopping.wait()

    async def ask(
        self, client: httpx.AsyncClient, query: str, *, handled: Collection[str] = (), **variables: Any
    ) -> Any:
        """Returns what `ask_once` does, from any server, when there is one that can answer."""
        while True:
            try:
                return await self.ask_once(client, query, variables, handled)
            except (httpx.HTTPError, Refused):
                self.counts["requests tried again"] += 1
                await asyncio.sleep(random.uniform(0.05, 0.3))

    async def ask_once(
        self, client: httpx.AsyncClient, query: str, variables: dict[str, Any], handled: Collection[str] = ()
    ) -> Any:
        """Returns the value of the query's only field, which may be an error with a code that the caller handles.

        Raises httpx.HTTPError, or Refused, if a server did not answer or could not.
        """
        url = random.choice(self.urls)
        response = await client.post(f"{url}/graphql", json={"query": query, "variables": variables})
        try:
            answer = orjson.loads(response.content)
        except orjson.JSONDecodeError as error:
            raise Refused from error  # cut off in the middle
        if errors := answer.get("errors"):
            if {error["extensions"].get("code") for error in errors} != {"SERVICE_UNAVAILABLE"}:
                self.wrong(f"a request was answered {errors}")
            raise Refused
        (value,) = answer["data"].values()
        if "code" in value and value["code"] not in handled:
            self.wrong(f"a request was answered {value}")
        return value
