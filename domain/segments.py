"""Segments: the utterances of a meeting, written by upsert and numbered by the meeting's change sequence."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

from domain.bulk_validation import ValueColumns, valid_columns
from domain.cursors import CursorFormat
from domain.errors import InvalidInput
from domain.ids import ExternalId, MeetingId
from domain.meetings import Meeting
from domain.ordering import SegmentOrder, SegmentOrderField
from domain.rules import Integer, Number, Text
from domain.stream_positions import updates_cursor
from domain.times import Seconds
from domain.validation import Problems
from domain.word_timings import Word, Words

MAX_WRITE_SEGMENTS = 1_000
"""The most segments that one write can have."""
MAX_SPEAKERS = 1_000
"""The most speakers of a meeting that are listed: their list is not paged."""
_EPOCH = datetime.fromtimestamp(0, UTC)

SEGMENT_ID = Integer(0)
SEGMENT_TEXT = Text(20_000, required=True)
SPEAKER = Text(200, strip=True)


@dataclass(frozen=True, slots=True)
class HeardSegment:
    """The text and the speaker's label as a recogniser heard them."""

    text: str
    speaker: str


@dataclass(frozen=True, slots=True)
class SegmentCorrection:
    """A person's correction of a segment. A field that is None is not corrected."""

    text: str | None
    speaker: str | None
    by: str
    at: datetime
    reason: str | None


@dataclass(slots=True)
class Segment:
    """An utterance, as stored. `segment_id` is unique in its meeting; times are seconds from the meeting's start.

    `text` and `speaker` are resolved: the correction, else the name given to the speaker's label, else what was heard.
    """

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
    heard_text: str | None = None
    """The text as it was heard; None: it is the same as `text`."""
    heard_speaker: str | None = None
    corrected_text: str | None = None
    corrected_speaker: str | None = None
    corrected_by: str | None = None
    corrected_at: datetime | None = None
    correction_reason: str | None = None
    words: list[Word] | None = None
    """The words as they were heard; None: they were not asked for."""

    @property
    def id(self) -> str:
        return f"{self.meeting_id}:{self.segment_id}"

    @property
    def heard(self) -> HeardSegment:
        return HeardSegment(
            self.text if self.heard_text is None else self.heard_text,
            self.speaker if self.heard_speaker is None else self.heard_speaker,
        )

    @property
    def correction(self) -> SegmentCorrection | None:
        if self.corrected_by is None or self.corrected_at is None:
            return None
        return SegmentCorrection(
            self.corrected_text, self.corrected_speaker, self.corrected_by, self.corrected_at, self.correction_reason
        )


@dataclass(slots=True)
class SegmentContent:
    """The content of a segment that a caller writes.

    The segment is found by `segment_id` or by `external_id`; if both are given, they must agree. A new one without a number
    takes the next free one.
    """

    text: Annotated[str, SEGMENT_TEXT]
    start_time: Seconds
    end_time: Seconds
    segment_id: Annotated[int, SEGMENT_ID] | None = None
    speaker: Annotated[str, SPEAKER] = ""
    is_final: bool = True
    confidence: Annotated[float, Number(0.0, 1.0)] | None = None
    external_id: ExternalId | None = None
    words: Words | None = None

    @classmethod
    def parse(cls, values: Mapping[str, object], problems: Problems, path: str = "") -> "SegmentContent | None":
        """Returns the content of a caller's values by field name, or None if there are problems, which are noted."""
        content = problems.parse(cls, values, path)
        if content is None:
            return None
        starts = {"end_time": content.start_time} if content.end_time < content.start_time else {}
        for index, word in enumerate(content.words or ()):
            if word.end_time < word.start_time:
                starts[f"words.{index}.end_time"] = word.start_time
        for name, start in starts.items():
            problems.add(f"{path}.{name}" if path else name, f"must not be before the start ({start})")
        return None if starts else content


_CONTENT_DEFAULTS = {field.name: field.default for field in fields(SegmentContent)}


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
    deleted: int

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


class SegmentCursorKey(NamedTuple):
    """The key of a segment in the list of a meeting's segments."""

    meeting_id: MeetingId
    segment_id: Annotated[int, SEGMENT_ID]


class TimedSegmentCursorKey(NamedTuple):
    """The key of a segment in the list of a meeting's segments by time."""

    meeting_id: MeetingId
    start_time: Seconds
    segment_id: Annotated[int, SEGMENT_ID]


SEGMENTS_CURSOR = CursorFormat("segments", SegmentCursorKey)
_CURSORS: dict[SegmentOrderField, CursorFormat[Any]] = {
    SegmentOrderField.SEGMENT_ID: SEGMENTS_CURSOR,
    SegmentOrderField.START_TIME: CursorFormat("segments.start_time", TimedSegmentCursorKey),
}


def segments_cursor(order: SegmentOrder) -> CursorFormat[Any]:
    """Returns the format of the cursors in the list of a meeting's segments in this order."""
    return _CURSORS[order.field]


def segment_cursor(segment: Segment, order: SegmentOrder) -> str:
    """Returns the segment's cursor in the list of its meeting's segments in this order."""
    key = (getattr(segment, field) for field in order.fields)
    return segments_cursor(order).encode(str(segment.meeting_id), *key)


def valid_segment_columns(given: ValueColumns, deleted_ids: Sequence[int]) -> ValueColumns | None:
    """Returns what `parse_segments` would return for these values, or None if one is wrong or a segment has words."""
    if not 1 <= len(given["text"]) <= MAX_WRITE_SEGMENTS:
        return None
    for name in given.keys() & {"segment_id", "external_id"}:
        ids = [id for id in given[name] if id is not None]
        if len(set(ids)) != len(ids):
            return None
    columns = valid_columns(SegmentContent, given)
    if columns is None:
        return None
    if [end for start, end in zip(columns["start_time"], columns["end_time"], strict=True) if end < start]:
        return None
    return None if deleted_ids and not set(deleted_ids).isdisjoint(columns.get("segment_id", ())) else columns


def segment_columns(contents: "Sequence[SegmentContent | Segment]") -> ValueColumns:
    """Returns the contents by the names of their fields, without the fields of which all have the default."""
    columns = {}
    for name, default in _CONTENT_DEFAULTS.items():
        values = [getattr(content, name) for content in contents]
        if default is MISSING or values.count(default) != len(values):
            columns[name] = values
    return columns


def with_defaults(columns: ValueColumns) -> ValueColumns:
    """Returns the columns with those that are missing."""
    size = len(columns["text"])
    return {name: columns.get(name, [default] * size) for name, default in _CONTENT_DEFAULTS.items()}


def parse_segments(inputs: Sequence[Mapping[str, object]], deleted_ids: Sequence[int] = ()) -> ValueColumns:
    """Returns the segments of one write, which deletes others. Raises InvalidInput with every problem of every segment."""
    if inputs or not deleted_ids:
        check_item_count(len(inputs), "segments")
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
            if content.segment_id in deleted_ids:
                problems.add(f"{path}.segment_id", "is to be deleted by this call, too")
    problems.raise_if_any()
    return segment_columns(contents)


def parse_segment_ids(segment_ids: Sequence[int], path: str = "segment_ids") -> list[int]:
    """Returns the numbers of the segments of one deletion. Raises InvalidInput."""
    check_item_count(len(segment_ids), path)
    problems = Problems()
    ids = [problems.check(SEGMENT_ID, id, f"{path}.{index}") for index, id in enumerate(segment_ids)]
    problems.raise_if_any()
    return ids


def check_item_count(size: int, path: str, max_items: int = MAX_WRITE_SEGMENTS) -> None:
    """Raises InvalidInput unless the list of a call has as many items as it may have."""
    if not 1 <= size <= max_items:
        raise InvalidInput.of(path, f"must have 1 to {max_items:,} items, has {size:,}")
