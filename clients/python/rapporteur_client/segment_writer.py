"""Writes the segments of one meeting: in batches, in their order, again and again while the server is away."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType

from rapporteur_client.backoff import Backoff
from rapporteur_client.errors import ClientClosed, NotWritten, Refused, SegmentsRefused, Unavailable
from rapporteur_client.segment_queue import SegmentQueue
from rapporteur_client.segments import SegmentInput
from rapporteur_client.server import PAYLOAD_TOO_LARGE, Server, encode_json

BATCH_SEGMENTS = 200
MAX_QUEUED_SEGMENTS = 10_000
MAX_REFUSALS = 1_000
"""The most refusals that are kept for `flush`; of more, the oldest are only logged."""
FLUSH_TIMEOUT_SECONDS = 30.0
TOO_LARGE_CODES = (PAYLOAD_TOO_LARGE, "QUERY_TOO_COMPLEX")

OnRefused = Callable[[Refused, Sequence[SegmentInput]], None]

UPSERT_SEGMENTS = """
mutation UpsertSegments($meetingId: ID!, $segments: [SegmentInput!]!) {
  upsertSegments(meetingId: $meetingId, segments: $segments) {
    __typename
    ... on Error { code message }
    ... on InvalidInput { fields { path message } }
  }
}
"""

_PLACE = re.compile(r"segments\.(\d+)\b")
_log = logging.getLogger("rapporteur_client")


class AsyncSegmentWriter:
    """Takes segments at once, and writes them in the background.

    Each batch is tried until the server has answered; writing it twice changes nothing, as every segment has an id. Segments
    that the server refuses are logged, given to `on_refused`, and raised by the next `flush` or `close`; the others of their
    batch are written.
    """

    def __init__(
        self,
        server: Server,
        meeting_id: str,
        max_queued: int = MAX_QUEUED_SEGMENTS,
        on_refused: OnRefused | None = None,
    ) -> None:
        self._server = server
        self._meeting_id = meeting_id
        self._on_refused = on_refused
        self._queue = SegmentQueue(max_queued)
        self._refusals: deque[tuple[Refused, Sequence[SegmentInput]]] = deque(maxlen=MAX_REFUSALS)
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._settled = asyncio.Condition()
        self._closed = False
        self._batch_limit = BATCH_SEGMENTS
        self.task = asyncio.create_task(self._run())

    async def __aenter__(self) -> AsyncSegmentWriter:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self.close()

    def write(self, segment: SegmentInput) -> SegmentInput:
        """Takes a segment, and returns it with the id by which it can be revised; never waits. Any thread may call it.

        A segment that waits and is written again is sent once, at its newest. Raises QueueFull if `max_queued` segments wait:
        nothing is dropped to make room. Raises Refused if the segment has what JSON cannot, and ClientClosed after `close`.
        """
        if self._closed:
            raise ClientClosed("the writer is closed")
        named = segment.named()
        encode_json(named.to_json())
        self._queue.put(named)
        self._loop.call_soon_threadsafe(self._wake.set)
        return named

    async def flush(self, timeout: float = FLUSH_TIMEOUT_SECONDS) -> None:
        """Waits until all segments that were written so far are at the server.

        Raises NotWritten if that takes longer than `timeout` seconds; they are still tried. Raises SegmentsRefused if the
        server has refused some since the last call.
        """
        puts = self._queue.puts
        try:
            await asyncio.wait_for(self._wait_until_settled(puts), timeout)
        except asyncio.TimeoutError:
            raise NotWritten(self._queue.unsettled()) from None
        refusals = list(self._refusals)
        self._refusals.clear()
        if refusals:
            raise SegmentsRefused(refusals)

    async def close(self, timeout: float = FLUSH_TIMEOUT_SECONDS) -> None:
        """Takes no more, does what `flush` does, and ends: what is not written then will not be. Raises as `flush` does."""
        self._closed = True
        try:
            if not self.task.done():
                await self.flush(timeout)
        finally:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    async def _wait_until_settled(self, puts: int) -> None:
        async with self._settled:
            await self._settled.wait_for(lambda: self._queue.is_settled(puts))

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while batch := self._queue.take(self._batch_limit):
                await self._write(batch)
                self._queue.settle()
                async with self._settled:
                    self._settled.notify_all()

    async def _write(self, batch: Sequence[SegmentInput]) -> None:
        """Writes a batch, however long that takes; what the server refuses is reported."""
        backoff = Backoff()
        while batch:
            try:
                await self._write_once(batch)
                return
            except Unavailable as error:
                pause = backoff.next_pause(error.retry_after)
                _log.warning("%d segments are not written, trying again in %.1f s: %s", len(batch), pause, error)
                await asyncio.sleep(pause)
            except Refused as error:
                batch = await self._handle_refusal(error, batch)
            except Exception as error:  # a fault of ours must not stop the writing of what follows
                self._report(Refused(f"the answer is not understood: {error!r}"), batch)
                return

    async def _write_once(self, batch: Sequence[SegmentInput]) -> None:
        variables = {"meetingId": self._meeting_id, "segments": [segment.to_json() for segment in batch]}
        result = (await self._server.run(UPSERT_SEGMENTS, variables))["upsertSegments"]
        if "code" in result:
            paths = [field["path"] for field in result.get("fields") or ()]
            raise Refused(result["message"], result["code"], paths)

    async def _handle_refusal(self, error: Refused, batch: Sequence[SegmentInput]) -> Sequence[SegmentInput]:
        """Reports what cannot be written, and returns what is left to write of the batch."""
        if error.code in TOO_LARGE_CODES and len(batch) > 1:
            middle = len(batch) // 2
            self._batch_limit = max(1, middle)
            await self._write(batch[:middle])
            return batch[middle:]
        named = {int(place[1]) for path in error.paths if (place := _PLACE.search(path))}
        refused = [segment for index, segment in enumerate(batch) if index in named] or batch
        self._report(error, refused)
        return [segment for index, segment in enumerate(batch) if index not in named] if named else ()

    def _report(self, error: Refused, segments: Sequence[SegmentInput]) -> None:
        _log.error("the server refused %d segments of meeting %s: %s", len(segments), self._meeting_id, error)
        self._refusals.append((error, segments))
        if self._on_refused is not None:
            try:
                self._on_refused(error, segments)
            except Exception:
                _log.exception("on_refused failed")
