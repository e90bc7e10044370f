"""Segments: the utterances of a meeting, written by upsert and numbered by the meeting's change sequence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain import cursors
from domain.errors import InvalidInput
from domain.ids import MeetingId, uuid
from domain.meetings import Meeting
from domain.validation import INT32_MAX, Check, Rule, boolean, integer, nullable, number, text

MAX_WRITE_SEGMENTS = 1_000
"""Segments of one write."""
MAX_SPEAKERS = 1_000
"""Of one meeting: the list of speakers is not paged."""
MAX_TIME_SECONDS = 36_000_000
"""10,000 hours: times count from the start of the meeting."""
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(slots=True)
class Segment:
    """One utterance, as stored. `segment_id` is unique in its meeting; times are seconds from the meeting's start."""

    meeting_id: MeetingId
    segment_id: int
    text: str
    start_time: float
    end_time: float
    speaker: str = ""
    is_final: bool = True
    confidence: float | None = None
    version: int = 1
    created_at: datetime = _EPOCH
    updated_at: datetime = _EPOCH

    @property
    def id(self) -> str:
        return f"{self.meeting_id}:{self.segment_id}"


CURSOR: Rule = cursors.cursor("segments", uuid, integer(0))


def segment_cursor(segment: Segment) -> str:
    return cursors.encode("segments", str(segment.meeting_id), segment.segment_id)


@dataclass(slots=True)
class SegmentContent:
    """What a caller says of a segment. `segment_id` is None where the next free number is to be taken."""

    text: str
    start_time: float
    end_time: float
    segment_id: int | None = None
    speaker: str = ""
    is_final: bool = True
    confidence: float | None = None


@dataclass(slots=True)
class SpeakerStats:
    """One speaker's share of a meeting; times are seconds, `speaking_time` is the sum of the lengths of the segments."""

    speaker: str
    segment_count: int
    speaking_time: float
    first_start_time: float
    last_end_time: float


def updates_cursor(meeting: Meeting) -> str:
    """The place in the stream of the meeting's changes after its last write."""
    return cursors.encode("updates", str(meeting.id), meeting.change_seq, INT32_MAX)


@dataclass(frozen=True, slots=True)
class UpsertedSegments:
    """What an upsert did; `meeting` is as of after it."""

    meeting: Meeting
    created: int
    updated: int
    unchanged: int

    @property
    def cursor(self) -> str:
        return updates_cursor(self.meeting)


@dataclass(frozen=True, slots=True)
class DeletedSegments:
    """What a deletion did; `meeting` is as of after it. Segments that were not there are not counted."""

    meeting: Meeting
    deleted: int

    @property
    def cursor(self) -> str:
        return updates_cursor(self.meeting)


SEGMENT_ID: Rule = integer(0)
SPEAKER: Rule = text(200, strip=True)
SEGMENT_RULES: dict[str, Rule] = {
    "segment_id": nullable(SEGMENT_ID),
    "text": text(20_000, required=True),
    "speaker": SPEAKER,
    "start_time": number(0.0, MAX_TIME_SECONDS),
    "end_time": number(0.0, MAX_TIME_SECONDS),
    "is_final": boolean,
    "confidence": nullable(number(0.0, 1.0)),
}


def segment_batch(inputs: Sequence[Mapping[str, Any]]) -> list[SegmentContent]:
    """Check the segments of one write. Raises InvalidInput with every problem of every segment."""
    check_batch_size(len(inputs), "segments")
    check = Check()
    contents: list[SegmentContent] = []
    first_with: dict[int, int] = {}
    for index, values in enumerate(inputs):
        path = f"segments.{index}"
        problems = len(check.problems)
        content = SegmentContent(**check.fields(SEGMENT_RULES, values, path))
        if len(check.problems) == problems and content.end_time < content.start_time:
            check.add(f"{path}.end_time", f"must not be before the start ({content.start_time})")
        if content.segment_id is not None:
            first = first_with.setdefault(content.segment_id, index)
            if first != index:
                check.add(f"{path}.segment_id", f"is given twice in this call: segments.{first} has it too")
        contents.append(content)
    check.done()
    return contents


def segment_numbers(segment_ids: Sequence[int]) -> list[int]:
    """Check the numbers of one deletion. Raises InvalidInput."""
    check_batch_size(len(segment_ids), "segment_ids")
    check = Check()
    numbers = [check.value(SEGMENT_ID, number, f"segment_ids.{index}") for index, number in enumerate(segment_ids)]
    check.done()
    return numbers


def check_batch_size(size: int, path: str) -> None:
    if not 1 <= size <= MAX_WRITE_SEGMENTS:
        raise InvalidInput.of(path, f"must have 1 to {MAX_WRITE_SEGMENTS:,} items, has {size:,}")
