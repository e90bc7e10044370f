"""Segments: the utterances of a meeting, written by upsert and numbered by the meeting's change sequence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, NamedTuple

from domain.cursors import CursorFormat
from domain.errors import InvalidInput
from domain.ids import ExternalId, MeetingId
from domain.meetings import Meeting
from domain.rules import Integer, Number, Text
from domain.stream_positions import updates_cursor
from domain.validation import Problems

MAX_WRITE_SEGMENTS = 1_000
"""The most segments that one write can have."""
MAX_SPEAKERS = 1_000
"""The most speakers of a meeting that are listed: their list is not paged."""
MAX_TIME_SECONDS = 36_000_000
"""10,000 hours. Times count from the start of the meeting."""
_EPOCH = datetime.fromtimestamp(0, UTC)

SEGMENT_ID = Integer(0)
SPEAKER = Text(200, strip=True)
Seconds = Annotated[float, Number(0.0, MAX_TIME_SECONDS)]


@dataclass(slots=True)
class Segment:
    """An utterance, as stored. `segment_id` is unique in its meeting; times are seconds from the meeting's start."""

    meeting_id: MeetingId
    segment_id: int
    text: str
    start_time: float
    end_time: float
    speaker: str = ""
    is_final: bool = True
    confidence: float | None = None
    external_id: str | None = None
    version: int = 1
    created_at: datetime = _EPOCH
    updated_at: datetime = _EPOCH

    @property
    def id(self) -> str:
        return f"{self.meeting_id}:{self.segment_id}"


@dataclass(slots=True)
class SegmentContent:
    """The content of a segment that a caller writes.

    The segment is found by `segment_id` or by `external_id`; if both are given, they must agree. A new one without a number
    takes the next free one.
    """

    text: Annotated[str, Text(20_000, required=True)]
    start_time: Seconds
    end_time: Seconds
    segment_id: Annotated[int, SEGMENT_ID] | None = None
    speaker: Annotated[str, SPEAKER] = ""
    is_final: bool = True
    confidence: Annotated[float, Number(0.0, 1.0)] | None = None
    external_id: ExternalId | None = None

    @classmethod
    def parse(cls, values: Mapping[str, object], problems: Problems, path: str = "") -> "SegmentContent | None":
        """Returns the content of a caller's values by field name, or None if there are problems, which are noted."""
        content = problems.parse(cls, values, path)
        if content is not None and content.end_time < content.start_time:
            field = f"{path}.end_time" if path else "end_time"
            problems.add(field, f"must not be before the start ({content.start_time})")
            return None
        return content


@dataclass(slots=True)
class SpeakerStats:
    """A speaker's share of a meeting. Times are seconds; `speaking_time` is the sum of the lengths of the segments."""

    speaker: str
    segment_count: int
    speaking_time: float
    first_start_time: float
    last_end_time: float


@dataclass(frozen=True, slots=True)
class UpsertedSegments:
    """The numbers of segments that an upsert created, updated and left alone. `meeting` is the meeting after it."""

    meeting: Meeting
    created: int
    updated: int
    unchanged: int
    ignored: int
    """The number of hypotheses that came after the final text."""

    @property
    def cursor(self) -> str:
        return updates_cursor(self.meeting)


@dataclass(frozen=True, slots=True)
class DeletedSegments:
    """The number of segments that a deletion deleted. `meeting` is the meeting after it."""

    meeting: Meeting
    deleted: int

    @property
    def cursor(self) -> str:
        return updates_cursor(self.meeting)


class SegmentKey(NamedTuple):
    """The key of a segment in the list of a meeting's segments."""

    meeting_id: MeetingId
    segment_id: Annotated[int, SEGMENT_ID]


SEGMENTS_CURSOR = CursorFormat("segments", SegmentKey)


def segment_cursor(segment: Segment) -> str:
    """Returns the segment's cursor in the list of its meeting's segments."""
    return SEGMENTS_CURSOR.encode(str(segment.meeting_id), segment.segment_id)


def parse_segments(inputs: Sequence[Mapping[str, object]]) -> list[SegmentContent]:
    """Returns the segments of one write. Raises InvalidInput with every problem of every segment."""
    _check_size(len(inputs), "segments")
    problems = Problems()
    contents: list[SegmentContent] = []
    first_with: dict[tuple[str, object], int] = {}
    for index, values in enumerate(inputs):
        path = f"segments.{index}"
        content = SegmentContent.parse(values, problems, path)
        for name in ("segment_id", "external_id"):
            id = values.get(name)
            if id is not None and (first := first_with.setdefault((name, id), index)) != index:
                problems.add(f"{path}.{name}", f"is given twice in this call: segments.{first} has it too")
        if content is not None:
            contents.append(content)
    problems.raise_if_any()
    return contents


def parse_segment_ids(segment_ids: Sequence[int]) -> list[int]:
    """Returns the numbers of the segments of one deletion. Raises InvalidInput."""
    _check_size(len(segment_ids), "segment_ids")
    problems = Problems()
    ids = [problems.check(SEGMENT_ID, id, f"segment_ids.{index}") for index, id in enumerate(segment_ids)]
    problems.raise_if_any()
    return ids


def _check_size(size: int, path: str) -> None:
    if not 1 <= size <= MAX_WRITE_SEGMENTS:
        raise InvalidInput.of(path, f"must have 1 to {MAX_WRITE_SEGMENTS:,} items, has {size:,}")
