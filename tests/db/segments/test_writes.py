"""Checks how a write numbers, counts and stamps segments."""

from dataclasses import replace
from typing import Any

import pytest

from db.database import Database
from domain.errors import InvalidInput, NotFound
from domain.ids import DEFAULT_WORKSPACE_ID as WORKSPACE
from domain.ids import MeetingId, new_id
from domain.pagination import PageRequest
from domain.rules import INT32_MAX
from tests.harness.stored_segments import (
    all_rows,
    content,
    delete_segments,
    new_meeting,
    read_meeting,
    read_segments,
    read_texts,
    segment_rows,
    upsert_segments,
    write_counts,
)

# Numbering


@pytest.mark.parametrize(
    ("texts", "speakers"),
    [
        (["only"], [""]),
        (["only"], ["ann"]),
        (["one", "two", "three"], ["", "", ""]),
        (["NULL", '{"a",b}', "\\\n", "😀 é"], ["NULL", "", "'", "%s :x $1"]),
        (["one\x1ftwo", "three"], ["ann", "bob"]),
        (["one", "two"], ["\x1f", "bob"]),
        (["\x1f"], [""]),
        (["\\x1f", "\\u001f"], ["a", "b"]),
    ],
)
async def test_segments_without_ids_are_stored_as_those_with_ids_are(
    database: Database, texts: list[str], speakers: list[str]
) -> None:
    given = [
        content(text=text, speaker=speaker, is_final=bool(place), confidence=1 / place if place else None)
        for place, (text, speaker) in enumerate(zip(texts, speakers, strict=True))
    ]
    stored = []
    for first_id in (None, 1):
        meeting_id = await new_meeting(database)
        await upsert_segments(
            database,
            meeting_id,
            *(replace(each, segment_id=first_id and first_id + place) for place, each in enumerate(given)),
        )
        stored.append([as_given(segment) for segment in await read_segments(database, meeting_id)])
    assert stored[0] == stored[1] == [as_given(each) for each in given]


async def test_times_without_ids_are_stored_to_the_last_bit(database: Database) -> None:
    meeting_id = await new_meeting(database)
    times = [0.0, 5e-324, 1e-7, 0.1 + 0.2, 100 / 3, 1_700_000.123456789, 35_999_999.99999999]
    await upsert_segments(
        database,
        meeting_id,
        *(content(start_time=time, end_time=time, confidence=time % 1 or None, is_final=time > 1) for time in times),
    )
    stored = [(each.start_time, each.end_time) for each in await read_segments(database, meeting_id)]
    assert stored == [(time, time) for time in times]
    confidences = [each.confidence for each in await read_segments(database, meeting_id)]
    assert confidences == [time % 1 or None for time in times]


def as_given(segment: Any) -> list[Any]:
    return [getattr(segment, name) for name in ("text", "speaker", "start_time", "end_time", "is_final", "confidence")]


async def test_segments_without_a_number_are_numbered_from_one_in_the_order_given(
    database: Database, meeting_id: MeetingId
) -> None:
    await upsert_segments(database, meeting_id, content(text="a"), content(text="b"), content(text="c"))
    await upsert_segments(database, meeting_id, content(text="d"))
    assert await read_texts(database, meeting_id) == {1: "a", 2: "b", 3: "c", 4: "d"}


async def test_in_a_call_with_given_numbers_the_others_come_after_the_highest_of_them(
    database: Database, meeting_id: MeetingId
) -> None:
    await upsert_segments(
        database,
        meeting_id,
        content(text="a"),
        content(10, "b"),
        content(text="c"),
        content(3, "d"),
    )
    assert await read_texts(database, meeting_id) == {3: "d", 10: "b", 11: "a", 12: "c"}


async def test_given_numbers_below_the_highest_used_one_move_nothing(database: Database, meeting_id: MeetingId) -> None:
    await upsert_segments(database, meeting_id, content(20, "a"))
    await upsert_segments(database, meeting_id, content(5, "b"))
    await upsert_segments(database, meeting_id, content(6, "c"), content(text="d"))
    await upsert_segments(database, meeting_id, content(text="e"))
    assert await read_texts(database, meeting_id) == {5: "b", 6: "c", 20: "a", 21: "d", 22: "e"}


async def test_a_number_that_was_used_once_is_not_given_again(database: Database, meeting_id: MeetingId) -> None:
    await upsert_segments(database, meeting_id, content(text="a"), content(text="b"), content(7, "c"))
    assert await read_texts(database, meeting_id) == {7: "c", 8: "a", 9: "b"}
    await delete_segments(database, meeting_id, 8, 9)
    await upsert_segments(database, meeting_id, content(text="d"))
    assert await read_texts(database, meeting_id) == {7: "c", 10: "d"}


async def test_the_first_number_may_be_zero_and_the_next_is_one(database: Database, meeting_id: MeetingId) -> None:
    await upsert_segments(database, meeting_id, content(0, "a"))
    await upsert_segments(database, meeting_id, content(text="b"))
    assert await read_texts(database, meeting_id) == {0: "a", 1: "b"}


async def test_numbers_are_each_meetings_own(database: Database, meeting_id: MeetingId) -> None:
    await upsert_segments(database, meeting_id, content(50, "a"))
    other = await new_meeting(database)
    await upsert_segments(database, other, content(text="b"))
    assert await read_texts(database, other) == {1: "b"}


async def test_past_the_highest_number_there_is_no_free_one_and_nothing_is_written(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    with pytest.raises(InvalidInput, match="no free number") as refused:
        await upsert_segments(database, meeting_id, content(INT32_MAX, "a"), content(text="b"))
    assert [problem.path for problem in refused.value.fields] == ["segments"]
    assert await segment_rows(observer) == []

    await upsert_segments(database, meeting_id, content(INT32_MAX - 1, "a"))
    await upsert_segments(database, meeting_id, content(text="last"))
    before = await all_rows(observer)
    with pytest.raises(InvalidInput, match="no free number"):
        await upsert_segments(database, meeting_id, content(1, "c"), content(text="d"))
    assert await all_rows(observer) == before

    await upsert_segments(database, meeting_id, content(1, "e"), content(INT32_MAX, "revised"))
    assert await read_texts(database, meeting_id) == {1: "e", INT32_MAX - 1: "a", INT32_MAX: "revised"}


# Counting and stamping


async def test_the_same_content_again_changes_nothing_at_all(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    given = [
        content(1, "a"),
        content(2, "b", confidence=None, is_final=False),
        content(3, "c", start_time=0.1 + 0.2),
    ]
    first = await upsert_segments(database, meeting_id, *given)
    assert write_counts(first) == (3, 0, 0)
    before = await all_rows(observer)

    again = await upsert_segments(database, meeting_id, *reversed(given))
    assert write_counts(again) == (0, 0, 3)
    assert again.cursor == first.cursor
    assert again.meeting == first.meeting == await read_meeting(database, meeting_id)
    assert write_counts(await upsert_segments(database, meeting_id, *await read_segments(database, meeting_id))) == (
        0,
        0,
        3,
    )
    assert await all_rows(observer) == before


async def test_created_updated_and_unchanged_ones_are_counted_and_only_what_changed_is_stamped(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    await upsert_segments(database, meeting_id, content(1, "a"), content(2, "b"))
    before = await segment_rows(observer)
    result = await upsert_segments(
        database,
        meeting_id,
        content(1, "a"),
        content(2, "revised"),
        content(3, "c"),
        content(text="d"),
    )
    assert write_counts(result) == (2, 1, 1)
    first, *changed = await segment_rows(observer)
    assert first == before[0]
    assert [row["segment_id"] for row in changed] == [2, 3, 4]
    assert {row["change_seq"] for row in changed} == {result.meeting.change_seq} == {2}
    assert [row["version"] for row in changed] == [2, 1, 1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        {"text": "Revised"},
        {"speaker": "bob"},
        {"speaker": ""},
        {"start_time": 0.5},
        {"end_time": 2.5},
        {"is_final": True},
        {"confidence": 0.6},
        {"confidence": None},
    ],
)
async def test_a_change_of_any_field_is_a_revision(
    database: Database, meeting_id: MeetingId, observer: Any, change: dict[str, Any]
) -> None:
    original = content(1, is_final=False)
    await upsert_segments(database, meeting_id, original)
    (before,) = await segment_rows(observer)
    revised = replace(original, **change)
    assert write_counts(await upsert_segments(database, meeting_id, revised)) == (0, 1, 0)

    (after,) = await segment_rows(observer)
    assert after["updated_at"] > before["updated_at"]
    words = {"search_vector": "'revis':1" if "text" in change else "'text':1"}
    assert after == before | change | words | {"version": 2, "change_seq": 2, "updated_at": after["updated_at"]}
    is_ignored = "is_final" in change  # a hypothesis after the final text
    assert write_counts(await upsert_segments(database, meeting_id, original)) == (0, int(not is_ignored), 0)
    assert [row["version"] for row in await segment_rows(observer)] == [2 if is_ignored else 3]


async def test_a_segment_that_comes_back_after_its_deletion_is_created_and_its_version_goes_on(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    await upsert_segments(database, meeting_id, content(1), content(2))
    (before, _) = await segment_rows(observer)
    await delete_segments(database, meeting_id, 1)
    assert write_counts(await upsert_segments(database, meeting_id, content(1), content(2))) == (
        1,
        0,
        1,
    )

    (after, _) = await segment_rows(observer)
    assert after["created_at"] == after["updated_at"] > before["updated_at"]
    times = {"created_at": after["created_at"], "updated_at": after["updated_at"]}
    assert after == before | times | {"version": 3, "change_seq": 3}


async def test_a_tombstone_keeps_no_words(database: Database, meeting_id: MeetingId, observer: Any) -> None:
    await upsert_segments(database, meeting_id, content(1, "Secret", speaker="Spy"), content(2, "Public"))
    before, other = await segment_rows(observer)
    result = await delete_segments(database, meeting_id, 1)
    assert result.deleted == 1
    assert result.meeting.change_seq == 2

    tombstone, same = await segment_rows(observer)
    assert same == other
    assert tombstone["updated_at"] > before["updated_at"]
    erased = {"text": "", "speaker": "", "confidence": None, "deleted": True, "search_vector": ""}
    assert tombstone == before | erased | {"version": 2, "change_seq": 2, "updated_at": tombstone["updated_at"]}


async def test_a_deleted_segment_is_in_no_answer(database: Database, meeting_id: MeetingId) -> None:
    await upsert_segments(database, meeting_id, content(1, speaker="ann"), content(2, speaker="bob"))
    await delete_segments(database, meeting_id, 1)
    segments = database.repositories(WORKSPACE).segments
    (left,) = await segments.get_by_meeting(meeting_id)
    assert left.segment_id == 2
    assert list((await segments.pages([meeting_id], PageRequest(10)))[meeting_id].nodes) == [left]
    assert not (await segments.pages([meeting_id], PageRequest(10), ""))[meeting_id].nodes
    assert await segments.by_keys([(meeting_id, 1), (meeting_id, 2)]) == {(meeting_id, 2): left}
    assert await segments.counts([meeting_id]) == {meeting_id: 1}
    assert await segments.counts([meeting_id], "ann") == {}
    assert [stats.speaker for stats in (await segments.speakers([meeting_id]))[meeting_id]] == ["bob"]


async def test_only_what_was_there_is_deleted_and_counted(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    await upsert_segments(database, meeting_id, *(content(number) for number in range(1, 6)))
    assert (await delete_segments(database, meeting_id, 2, 2, 4, 99)).deleted == 2
    assert list(await read_texts(database, meeting_id)) == [1, 3, 5]

    before = await all_rows(observer)
    again = await delete_segments(database, meeting_id, 2, 4, 99)
    assert again.deleted == 0
    assert again.meeting == await read_meeting(database, meeting_id)
    assert await all_rows(observer) == before


async def test_writes_of_segments_are_no_change_of_the_meeting_but_of_its_change_sequence(
    database: Database, meeting_id: MeetingId
) -> None:
    before = await read_meeting(database, meeting_id)
    written = await upsert_segments(database, meeting_id, content(1), content(2))
    assert written.meeting == replace(before, change_seq=1) == await read_meeting(database, meeting_id)
    deleted = await delete_segments(database, meeting_id, 1)
    assert deleted.meeting == replace(before, change_seq=2) == await read_meeting(database, meeting_id)
    assert written.cursor != deleted.cursor


async def test_an_unknown_meeting_is_not_found(database: Database, observer: Any) -> None:
    unknown = MeetingId(new_id())
    with pytest.raises(NotFound, match=str(unknown)):
        await upsert_segments(database, unknown, content(1))
    with pytest.raises(NotFound, match=str(unknown)):
        await delete_segments(database, unknown, 1)
    assert await segment_rows(observer) == []
