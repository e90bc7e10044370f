"""Checks that concurrent writes of a meeting's segments are numbered one by one, and that none is lost."""

import asyncio
from typing import Any

import pytest

from db.database import Database
from domain.errors import NotFound
from domain.ids import DEFAULT_WORKSPACE_ID as WORKSPACE
from domain.ids import MeetingId
from domain.segments import SegmentContent
from tests.harness.stored_segments import (
    WRITERS,
    content,
    delete_segments,
    new_meeting,
    read_meeting,
    read_texts,
    segment_rows,
    upsert_segments,
    write_counts,
)
from tests.harness.waiting import until_lock_is_awaited

pytestmark = pytest.mark.slow


async def test_concurrent_writes_are_numbered_one_by_one_and_none_is_lost(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    """Has each writer write its own segment, one that all revise, one that all give alike, or the next free one."""

    def written_by(writer: int) -> SegmentContent:
        match writer % 4:
            case 0:
                return content(10 + writer, f"of {writer}")
            case 1:
                return content(1, f"of {writer}")
            case 2:
                return content(2, "of all")
            case _:
                return content(None, f"of {writer}")

    await upsert_segments(database, meeting_id, content(1, "at first"), content(1000, "the highest number"))
    async with database.unit_of_work(WORKSPACE) as uow:
        await uow.meetings.get_for_update(meeting_id)
        writes = [
            asyncio.create_task(upsert_segments(database, meeting_id, written_by(writer))) for writer in range(WRITERS)
        ]
        await until_lock_is_awaited(observer, WRITERS)
    results = await asyncio.gather(*writes)

    changing = [writer for writer, result in enumerate(results) if result.created + result.updated]
    assert len([writer for writer in range(WRITERS) if writer not in changing]) == WRITERS // 4 - 1
    numbers = {results[writer].meeting.change_seq: writer for writer in changing}
    assert sorted(numbers) == list(range(2, len(changing) + 2))
    assert (await read_meeting(database, meeting_id)).change_seq == len(changing) + 1

    rows = {row["segment_id"]: row for row in await segment_rows(observer)}
    quarter = WRITERS // 4
    assert sorted(rows) == [1, 2, *range(10, 10 + WRITERS, 4), *range(1000, 1001 + quarter)]
    assert rows.pop(1000)["change_seq"] == 1
    assert len({row["change_seq"] for row in rows.values()}) == len(rows)
    assert all(row["text"] == written_by(numbers[row["change_seq"]]).text for row in rows.values())
    assert {number: row["version"] for number, row in rows.items() if row["version"] > 1} == {1: 1 + quarter}


async def test_concurrent_deletions_of_the_same_segments_delete_each_once(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    await upsert_segments(database, meeting_id, *(content(number) for number in range(1, 11)))
    async with database.unit_of_work(WORKSPACE) as uow:
        await uow.meetings.get_for_update(meeting_id)
        deletions = [asyncio.create_task(delete_segments(database, meeting_id, *range(1, 11))) for _ in range(8)]
        await until_lock_is_awaited(observer, 8)
    results = await asyncio.gather(*deletions)
    assert sorted(result.deleted for result in results) == [0] * 7 + [10]
    assert {result.meeting.change_seq for result in results} == {2}
    assert {(row["version"], row["change_seq"]) for row in await segment_rows(observer)} == {(2, 2)}


async def test_a_deletion_that_waits_for_an_upsert_deletes_all_that_this_wrote(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    """Checks that a deletion that finds the revised segment finds the new one, too."""
    await upsert_segments(database, meeting_id, content(1, "a"))
    async with database.unit_of_work(WORKSPACE) as uow:
        await uow.segments.upsert(meeting_id, [content(1, "revised"), content(2, "new")])
        deletion = asyncio.create_task(delete_segments(database, meeting_id, 1, 2))
        await until_lock_is_awaited(observer, 1)
        await uow.commit()
    assert (await deletion).deleted == 2
    assert await read_texts(database, meeting_id) == {}


async def test_an_upsert_that_waits_for_a_deletion_creates_anew(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    await upsert_segments(database, meeting_id, content(1, "a"), content(2, "b"))
    async with database.unit_of_work(WORKSPACE) as uow:
        await uow.segments.delete(meeting_id, [1, 2])
        write = asyncio.create_task(
            upsert_segments(database, meeting_id, content(1, "a"), content(3, "c"), content(text="d"))
        )
        await until_lock_is_awaited(observer, 1)
        await uow.commit()
    assert write_counts(await write) == (3, 0, 0)
    assert await read_texts(database, meeting_id) == {1: "a", 3: "c", 4: "d"}


async def test_an_upsert_that_waits_compares_with_what_the_other_has_written(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    """Checks segments that were there before, that were the same, and that are the same now."""
    await upsert_segments(database, meeting_id, content(1, "a"), content(2, "b"), content(3, "c"))
    async with database.unit_of_work(WORKSPACE) as uow:
        await uow.segments.upsert(
            meeting_id,
            [content(1, "x"), content(2, "x"), content(4, "x"), content(5, "x")],
        )
        wanted = [
            content(1, "a"),
            content(2, "x"),
            content(3, "y"),
            content(4, "x"),
            content(5, "y"),
            content(6, "y"),
        ]
        write = asyncio.create_task(upsert_segments(database, meeting_id, *wanted))
        await until_lock_is_awaited(observer, 1)
        await uow.commit()
    assert write_counts(await write) == (1, 3, 2)
    assert await read_texts(database, meeting_id) == {1: "a", 2: "x", 3: "y", 4: "x", 5: "y", 6: "y"}
    versions = {row["segment_id"]: (row["version"], row["change_seq"]) for row in await segment_rows(observer)}
    assert versions == {1: (3, 3), 2: (2, 2), 3: (2, 3), 4: (1, 2), 5: (2, 3), 6: (1, 3)}


async def test_a_hypothesis_that_waits_for_the_final_text_is_ignored(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    """Checks it for a segment that the hypothesis has not seen yet, which the other write creates."""
    async with database.unit_of_work(WORKSPACE) as uow:
        await uow.segments.upsert(meeting_id, [content(1, "We ship on Friday.")])
        late = asyncio.create_task(upsert_segments(database, meeting_id, content(1, "We ship", is_final=False)))
        await until_lock_is_awaited(observer, 1)
        await uow.commit()
    result = await late
    assert (*write_counts(result), result.ignored) == (0, 0, 0, 1)
    assert await read_texts(database, meeting_id) == {1: "We ship on Friday."}


async def test_a_write_that_waits_for_the_deletion_of_its_meeting_finds_none(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    async with database.unit_of_work(WORKSPACE) as uow:
        await uow.meetings.delete(meeting_id)
        writes = [
            asyncio.create_task(upsert_segments(database, meeting_id, content(1))),
            asyncio.create_task(delete_segments(database, meeting_id, 1)),
        ]
        await until_lock_is_awaited(observer, 2)
        await uow.commit()
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [NotFound, NotFound]


async def test_writers_of_different_meetings_do_not_wait_for_each_other(
    database: Database, meeting_id: MeetingId
) -> None:
    other = await new_meeting(database)
    async with database.unit_of_work(WORKSPACE) as uow, asyncio.timeout(10):
        await uow.segments.upsert(meeting_id, [content(1)])
        assert write_counts(await upsert_segments(database, other, content(1))) == (1, 0, 0)
