"""Streams a transcript into a live meeting as if it were being spoken (`rapporteur replay`).

Each segment first grows as a hypothesis, word by word, as speech-to-text engines send it; then comes its final text, and
later, where a corrected transcript is given, its correction.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from domain.segments import SegmentContent
from server.client.api_client import ApiClient, ApiError
from server.client.transcript_import import segment_input

SAMPLE_TRANSCRIPT = Path(__file__).parents[1] / "process" / "demo.vtt"
"""The transcript of the demo, which is replayed where no other is given."""
WORDS_PER_STEP = 3
MAX_STEPS = 8
"""The number of hypotheses of one segment."""
CORRECTION_DELAY_SECONDS = 10.0
"""The time of the meeting between the end of a segment and its correction."""
TICK_SECONDS = 0.05
"""The real time in which everything that is due is sent together."""
MAX_SEGMENTS_PER_REQUEST = 500
FOLLOW_TIMEOUT_SECONDS = 5
"""The time that the last updates may take to be shown."""


@dataclass(frozen=True, slots=True)
class ScheduledSegment:
    """A segment to send at a time, in seconds of the meeting."""

    time: float
    content: SegmentContent


def schedule(contents: Sequence[SegmentContent], corrected: Mapping[int, SegmentContent]) -> list[ScheduledSegment]:
    """Returns all that will be sent, in order. `corrected` has corrected segments by number; unchanged ones are left out."""
    lines: list[ScheduledSegment] = []
    for content in contents:
        lines += _growing(content)
        lines.append(ScheduledSegment(content.end_time, content))
        better = corrected.get(content.segment_id or 0)
        if better and (better.text, better.speaker) != (content.text, content.speaker):
            revised = replace(content, text=better.text, speaker=better.speaker)
            lines.append(ScheduledSegment(content.end_time + CORRECTION_DELAY_SECONDS, revised))
    return sorted(lines, key=lambda line: line.time)


def _growing(content: SegmentContent) -> Iterator[ScheduledSegment]:
    """Yields the hypotheses: growing beginnings of the text, at times spread evenly over the segment."""
    words = content.text.split()
    steps = min(MAX_STEPS, (len(words) - 1) // WORDS_PER_STEP)
    for step in range(1, steps + 1):
        share = step / (steps + 1)
        moment = content.start_time + share * (content.end_time - content.start_time)
        said = " ".join(words[: max(1, round(share * len(words)))])
        yield ScheduledSegment(moment, replace(content, text=said, end_time=moment, is_final=False))


def replay(
    client: ApiClient,
    meeting_id: str,
    lines: Sequence[ScheduledSegment],
    speed: float,
    show: Callable[[int, SegmentContent], None],
) -> None:
    """Sends the lines into the meeting, `speed` times as fast as spoken; `show` gets the number sent and the last one.

    The meeting is recording meanwhile and completed afterwards; if the replay fails, it is stopped. Raises ApiError.
    """
    client.run("UpdateMeeting", id=meeting_id, input={"state": "RECORDING"})
    beginning, started = lines[0].time, time.monotonic()
    try:
        sent = 0
        while sent < len(lines):
            due = started + (lines[sent].time - beginning) / speed
            time.sleep(max(0.0, due - time.monotonic()))
            horizon = beginning + (time.monotonic() + TICK_SECONDS - started) * speed
            batch: dict[int | None, SegmentContent] = {}
            while sent < len(lines) and lines[sent].time <= horizon and len(batch) < MAX_SEGMENTS_PER_REQUEST:
                batch[lines[sent].content.segment_id] = lines[sent].content  # only the newest text of a segment matters
                sent += 1
            client.run(
                "UpsertSegments", meetingId=meeting_id, segments=[segment_input(content) for content in batch.values()]
            )
            show(sent, lines[sent - 1].content)
    except BaseException:
        with contextlib.suppress(ApiError):  # the error that ended the replay is raised, not this one
            client.run("UpdateMeeting", id=meeting_id, input={"state": "STOPPED"})
        raise
    client.run("UpdateMeeting", id=meeting_id, input={"state": "STOPPED"})
    client.run("UpdateMeeting", id=meeting_id, input={"state": "COMPLETED"})


class Follower:
    """Subscribes to the meeting in a thread, as any client does, and shows the updates."""

    def __init__(self, url: str, key: str | None, meeting_id: str, show: Callable[[Mapping[str, Any]], None]) -> None:
        self._url = url
        self._key = key
        self._meeting_id = meeting_id
        self._show = show
        self._seen = threading.Condition()
        self._cursor: str | None = None
        self._ended = False
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        try:
            with ApiClient(self._url, self._key) as client:
                for updates in client.events("SegmentUpdates", meetingId=self._meeting_id):
                    self._show(updates)
                    with self._seen:
                        self._cursor = updates["cursor"]
                        self._seen.notify_all()
        except ApiError:
            pass  # the replay meets the same error, and reports it
        finally:
            with self._seen:
                self._ended = True
                self._seen.notify_all()

    def wait_for(self, cursor: str) -> None:
        """Waits until everything up to this cursor is shown, for a few seconds at most."""
        with self._seen:
            self._seen.wait_for(lambda: self._ended or self._cursor == cursor, timeout=FOLLOW_TIMEOUT_SECONDS)
