"""Writes and reads the segments of a meeting, each call in a unit of work of its own."""

from typing import Any

from db.database import Database
from domain.ids import DEFAULT_WORKSPACE_ID as WORKSPACE
from domain.ids import MeetingId
from domain.meetings import Meeting
from domain.segments import DeletedSegments, Segment, SegmentContent, UpsertedSegments


async def new_meeting(database: Database) -> MeetingId:
    async with database.unit_of_work(WORKSPACE) as uow:
        read_meeting = await uow.meetings.create(Meeting.create(title="Weekly"))
        await uow.commit()
    return read_meeting.id


def content(number: int | None = None, text: str = "Text", **fields: Any) -> SegmentContent:
    values: dict[str, Any] = {"start_time": 1.0, "end_time": 2.0, "speaker": "ann", "confidence": 0.5} | fields
    return SegmentContent(text, segment_id=number, **values)


async def upsert_segments(
    database: Database, meeting_id: MeetingId, *contents: SegmentContent | Segment
) -> UpsertedSegments:
    async with database.unit_of_work(WORKSPACE) as uow:
        result = await uow.segments.upsert(meeting_id, contents)
        await uow.commit()
    return result


async def delete_segments(database: Database, meeting_id: MeetingId, *numbers: int) -> DeletedSegments:
    async with database.unit_of_work(WORKSPACE) as uow:
        result = await uow.segments.delete(meeting_id, numbers)
        await uow.commit()
    return result


async def read_segments(database: Database, meeting_id: MeetingId) -> list[Segment]:
    return await database.repositories(WORKSPACE).segments.get_by_meeting(meeting_id)


async def read_meeting(database: Database, meeting_id: MeetingId) -> Meeting:
    found = await database.repositories(WORKSPACE).meetings.get(meeting_id)
    assert found is not None
    return found


async def read_texts(database: Database, meeting_id: MeetingId) -> dict[int, str]:
    return {segment.segment_id: segment.text for segment in await read_segments(database, meeting_id)}


async def segment_rows(observer: Any) -> list[dict[str, Any]]:
    """Reads all columns of all rows of segments, tombstones included."""
    return [dict(row) for row in await observer.fetch("SELECT * FROM segments ORDER BY meeting_id, segment_id")]


async def all_rows(observer: Any) -> list[Any]:
    return [*await segment_rows(observer), *await observer.fetch("SELECT * FROM meetings ORDER BY id")]


def write_counts(result: UpsertedSegments) -> tuple[int, int, int]:
    return result.created, result.updated, result.unchanged


WRITERS = 32
