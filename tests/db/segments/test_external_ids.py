"""Checks how a write finds segments by the ids that its caller gave them, and which of two writes of one segment counts."""

import asyncio
from typing import Any

import pytest

from db.database import Database
from domain.errors import InvalidInput
from domain.ids import DEFAULT_WORKSPACE_ID as WORKSPACE
from domain.ids import MeetingId
from domain.segments import UpsertedSegments
from tests.harness.stored_segments import (
    content,
    delete_segments,
    new_meeting,
    read_segments,
    read_texts,
    segment_rows,
    upsert_segments,
    write_counts,
)

WRITER_COUNT = 8


async def read_ids(database: Database, meeting_id: MeetingId) -> dict[str | None, int]:
    return {segment.external_id: segment.segment_id for segment in await read_segments(database, meeting_id)}


async def write(database: Database, meeting_id: MeetingId, *contents: Any) -> UpsertedSegments:
    """Writes as the API does: without a transaction of its own."""
    with database.writing(WORKSPACE) as repositories:
        return await repositories.segments.upsert(meeting_id, contents)


async def test_a_new_one_gets_the_next_free_number_and_is_found_again(
    database: Database, meeting_id: MeetingId
) -> None:
    await upsert_segments(database, meeting_id, content(7, "first"))
    named = [content(text="a", external_id="SG_a"), content(text="without"), content(text="b", external_id="SG_b")]
    assert write_counts(await write(database, meeting_id, *named)) == (3, 0, 0)
    assert await read_texts(database, meeting_id) == {7: "first", 8: "a", 9: "without", 10: "b"}
    revised = await write(
        database, meeting_id, content(text="b", external_id="SG_b"), content(text="A", external_id="SG_a")
    )
    assert write_counts(revised) == (0, 1, 1)
    assert await read_texts(database, meeting_id) == {7: "first", 8: "A", 9: "without", 10: "b"}
    assert await read_ids(database, meeting_id) == {None: 9, "SG_a": 8, "SG_b": 10}


async def test_it_may_be_given_together_with_its_number(database: Database, meeting_id: MeetingId) -> None:
    await write(database, meeting_id, content(5, "a", external_id="SG_a"))
    assert write_counts(await write(database, meeting_id, content(5, "A", external_id="SG_a"))) == (0, 1, 0)
    assert write_counts(await write(database, meeting_id, content(5, "A"))) == (0, 0, 1)
    assert await read_ids(database, meeting_id) == {"SG_a": 5}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("contents", "path"),
    [
        ([content(1, "x", external_id="SG_b")], "segments.0.external_id"),  # of another segment
        ([content(1, "x", external_id="SG_new")], "segments.0.external_id"),
        ([content(3, "x", external_id="SG_a")], "segments.0.external_id"),  # the number is new
        ([content(2, "x", external_id="SG_new")], "segments.0.external_id"),  # the segment has none
        ([content(9, "x"), content(1, "x"), content(text="y", external_id="SG_a")], "segments.1.external_id"),
    ],
)
async def test_ids_that_do_not_agree_are_refused_and_nothing_is_written(
    contents: list[Any], path: str, database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    await write(database, meeting_id, content(1, "a", external_id="SG_a"), content(2, "b"))
    await write(database, meeting_id, content(4, "c", external_id="SG_b"))
    before = await segment_rows(observer)
    with pytest.raises(InvalidInput) as refused:
        await write(database, meeting_id, *contents)
    assert path in {field.path for field in refused.value.fields}
    assert await segment_rows(observer) == before


async def test_a_deleted_segment_comes_back_under_its_number(database: Database, meeting_id: MeetingId) -> None:
    await write(database, meeting_id, content(text="a", external_id="SG_a"), content(text="b"))
    await delete_segments(database, meeting_id, 1)
    assert write_counts(await write(database, meeting_id, content(text="again", external_id="SG_a"))) == (1, 0, 0)
    assert await read_texts(database, meeting_id) == {1: "again", 2: "b"}


async def test_meetings_do_not_share_ids(database: Database, meeting_id: MeetingId) -> None:
    other = await new_meeting(database)
    for meeting in (meeting_id, other):
        assert write_counts(await write(database, meeting, content(text="a", external_id="SG_a"))) == (1, 0, 0)


@pytest.mark.slow
async def test_of_writers_at_once_one_creates_and_the_others_revise(database: Database, meeting_id: MeetingId) -> None:
    results = await asyncio.gather(
        *(write(database, meeting_id, content(text=f"of {n}", external_id="SG_a")) for n in range(WRITER_COUNT))
    )
    assert sorted(map(write_counts, results)) == [(0, 1, 0)] * (WRITER_COUNT - 1) + [(1, 0, 0)]
    (segment,) = await read_segments(database, meeting_id)
    assert (segment.segment_id, segment.version) == (1, WRITER_COUNT)


async def test_a_second_session_of_a_recogniser_leaves_the_first_as_it_is(
    database: Database, meeting_id: MeetingId
) -> None:
    for session in ("morning", "afternoon"):
        for number in (1, 2):
            await write(database, meeting_id, content(text=f"{session} {number}", external_id=f"{session}-{number}"))
    assert list((await read_texts(database, meeting_id)).values()) == [
        *("morning 1", "morning 2"),
        *("afternoon 1", "afternoon 2"),
    ]


async def test_a_hypothesis_never_replaces_a_final_text(database: Database, meeting_id: MeetingId) -> None:
    await write(database, meeting_id, content(1, "We", is_final=False))
    assert write_counts(await write(database, meeting_id, content(1, "We ship", is_final=False))) == (0, 1, 0)
    await write(database, meeting_id, content(1, "We ship on Friday."))
    late = await write(database, meeting_id, content(1, "We ship on", is_final=False), content(2, "And"))
    assert (*write_counts(late), late.ignored) == (1, 0, 0, 1)
    (first, _) = await read_segments(database, meeting_id)
    assert (first.text, first.is_final, first.version) == ("We ship on Friday.", True, 3)
    assert write_counts(await write(database, meeting_id, content(1, "We ship on Monday."))) == (0, 1, 0)


async def test_a_hypothesis_may_follow_a_deletion(database: Database, meeting_id: MeetingId) -> None:
    await write(database, meeting_id, content(1, "Final."))
    await delete_segments(database, meeting_id, 1)
    assert write_counts(await write(database, meeting_id, content(1, "Fi", is_final=False))) == (1, 0, 0)
