"""Segments: what a write numbers, counts and stamps, also among many writers, and what the reads give back."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.database import Database
from db.segments import CURSOR
from domain.errors import InvalidInput, NotFound
from domain.ids import DEFAULT_WORKSPACE_ID as WORKSPACE
from domain.ids import MeetingId, new_id
from domain.meetings import Meeting
from domain.pagination import PageInfo, PageRequest, page_request
from domain.segments import DeletedSegments, Segment, SegmentContent, SpeakerStats, UpsertedSegments
from domain.validation import INT32_MAX

WRITERS = 32


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=WRITERS + 1)
    yield database
    await database.close()


@pytest.fixture
async def observer(database_url: str) -> AsyncIterator[Any]:
    """A connection that is none of the pool's."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def new_meeting(database: Database) -> MeetingId:
    async with database.unit_of_work(WORKSPACE) as uow:
        meeting = await uow.meetings.create(Meeting.create(title="Weekly"))
        await uow.commit()
    return meeting.id


@pytest.fixture
async def meeting_id(database: Database) -> MeetingId:
    return await new_meeting(database)


def content(number: int | None = None, text: str = "Text", **fields: Any) -> SegmentContent:
    values: dict[str, Any] = {"start_time": 1.0, "end_time": 2.0, "speaker": "ann", "confidence": 0.5} | fields
    return SegmentContent(text, segment_id=number, **values)


async def upsert(database: Database, meeting_id: MeetingId, *contents: SegmentContent | Segment) -> UpsertedSegments:
    async with database.unit_of_work(WORKSPACE) as uow:
        result = await uow.segments.upsert(meeting_id, contents)
        await uow.commit()
    return result


async def delete(database: Database, meeting_id: MeetingId, *numbers: int) -> DeletedSegments:
    async with database.unit_of_work(WORKSPACE) as uow:
        result = await uow.segments.delete(meeting_id, numbers)
        await uow.commit()
    return result


async def read(database: Database, meeting_id: MeetingId) -> list[Segment]:
    async with database.reading(WORKSPACE) as repositories:
        return await repositories.segments.get_by_meeting(meeting_id)


async def meeting(database: Database, meeting_id: MeetingId) -> Meeting:
    async with database.reading(WORKSPACE) as repositories:
        found = await repositories.meetings.get(meeting_id)
    assert found is not None
    return found


async def texts(database: Database, meeting_id: MeetingId) -> dict[int, str]:
    return {segment.segment_id: segment.text for segment in await read(database, meeting_id)}


async def stored(observer: Any) -> list[dict[str, Any]]:
    """All columns of all rows of segments, tombstones as well."""
    return [dict(row) for row in await observer.fetch("SELECT * FROM segments ORDER BY meeting_id, segment_id")]


async def everything(observer: Any) -> list[Any]:
    return [*await stored(observer), *await observer.fetch("SELECT * FROM meetings ORDER BY id")]


def counts(result: UpsertedSegments) -> tuple[int, int, int]:
    return result.created, result.updated, result.unchanged


# Numbering


async def test_segments_without_a_number_are_numbered_from_one_in_the_order_given(
    database: Database, meeting_id: MeetingId
) -> None:
    await upsert(database, meeting_id, content(text="a"), content(text="b"), content(text="c"))
    await upsert(database, meeting_id, content(text="d"))
    assert await texts(database, meeting_id) == {1: "a", 2: "b", 3: "c", 4: "d"}


async def test_in_a_call_with_given_numbers_the_others_come_after_the_highest_of_them(
    database: Database, meeting_id: MeetingId
) -> None:
    await upsert(database, meeting_id, content(text="a"), content(10, "b"), content(text="c"), content(3, "d"))
    assert await texts(database, meeting_id) == {3: "d", 10: "b", 11: "a", 12: "c"}


async def test_given_numbers_below_the_highest_used_one_move_nothing(database: Database, meeting_id: MeetingId) -> None:
    await upsert(database, meeting_id, content(20, "a"))
    await upsert(database, meeting_id, content(5, "b"))
    await upsert(database, meeting_id, content(6, "c"), content(text="d"))
    await upsert(database, meeting_id, content(text="e"))
    assert await texts(database, meeting_id) == {5: "b", 6: "c", 20: "a", 21: "d", 22: "e"}


async def test_a_number_that_was_used_once_is_not_given_again(database: Database, meeting_id: MeetingId) -> None:
    await upsert(database, meeting_id, content(text="a"), content(text="b"), content(7, "c"))
    assert await texts(database, meeting_id) == {7: "c", 8: "a", 9: "b"}
    await delete(database, meeting_id, 8, 9)
    await upsert(database, meeting_id, content(text="d"))
    assert await texts(database, meeting_id) == {7: "c", 10: "d"}


async def test_the_first_number_may_be_zero_and_the_next_is_one(database: Database, meeting_id: MeetingId) -> None:
    await upsert(database, meeting_id, content(0, "a"))
    await upsert(database, meeting_id, content(text="b"))
    assert await texts(database, meeting_id) == {0: "a", 1: "b"}


async def test_numbers_are_each_meetings_own(database: Database, meeting_id: MeetingId) -> None:
    await upsert(database, meeting_id, content(50, "a"))
    other = await new_meeting(database)
    await upsert(database, other, content(text="b"))
    assert await texts(database, other) == {1: "b"}


async def test_past_the_highest_number_there_is_no_free_one_and_nothing_is_written(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    with pytest.raises(InvalidInput, match="no free number") as refused:
        await upsert(database, meeting_id, content(INT32_MAX, "a"), content(text="b"))
    assert [problem.path for problem in refused.value.fields] == ["segments"]
    assert await stored(observer) == []

    await upsert(database, meeting_id, content(INT32_MAX - 1, "a"))
    await upsert(database, meeting_id, content(text="last"))
    before = await everything(observer)
    with pytest.raises(InvalidInput, match="no free number"):
        await upsert(database, meeting_id, content(1, "c"), content(text="d"))
    assert await everything(observer) == before

    await upsert(database, meeting_id, content(1, "e"), content(INT32_MAX, "revised"))
    assert await texts(database, meeting_id) == {1: "e", INT32_MAX - 1: "a", INT32_MAX: "revised"}


# Counting and stamping


async def test_the_same_content_again_changes_nothing_at_all(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    given = [content(1, "a"), content(2, "b", confidence=None, is_final=False), content(3, "c", start_time=0.1 + 0.2)]
    first = await upsert(database, meeting_id, *given)
    assert counts(first) == (3, 0, 0)
    before = await everything(observer)

    again = await upsert(database, meeting_id, *reversed(given))
    assert counts(again) == (0, 0, 3)
    assert again.cursor == first.cursor
    assert again.meeting == first.meeting == await meeting(database, meeting_id)
    assert counts(await upsert(database, meeting_id, *await read(database, meeting_id))) == (0, 0, 3)
    assert await everything(observer) == before


async def test_created_updated_and_unchanged_ones_are_counted_and_only_what_changed_is_stamped(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    await upsert(database, meeting_id, content(1, "a"), content(2, "b"))
    before = await stored(observer)
    result = await upsert(
        database, meeting_id, content(1, "a"), content(2, "revised"), content(3, "c"), content(text="d")
    )
    assert counts(result) == (2, 1, 1)
    first, *changed = await stored(observer)
    assert first == before[0]
    assert [row["segment_id"] for row in changed] == [2, 3, 4]
    assert {row["change_seq"] for row in changed} == {result.meeting.change_seq} == {2}
    assert [row["version"] for row in changed] == [2, 1, 1]


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Revised"},
        {"speaker": "bob"},
        {"speaker": ""},
        {"start_time": 0.5},
        {"end_time": 2.5},
        {"is_final": False},
        {"confidence": 0.6},
        {"confidence": None},
    ],
)
async def test_a_change_of_any_field_is_a_revision(
    database: Database, meeting_id: MeetingId, observer: Any, change: dict[str, Any]
) -> None:
    original = content(1)
    await upsert(database, meeting_id, original)
    (before,) = await stored(observer)
    revised = replace(original, **change)
    assert counts(await upsert(database, meeting_id, revised)) == (0, 1, 0)

    (after,) = await stored(observer)
    assert after["updated_at"] > before["updated_at"]
    words = {"search_vector": "'revis':1" if "text" in change else "'text':1"}
    assert after == before | change | words | {"version": 2, "change_seq": 2, "updated_at": after["updated_at"]}
    assert counts(await upsert(database, meeting_id, original)) == (0, 1, 0)
    assert [row["version"] for row in await stored(observer)] == [3]


async def test_a_segment_that_comes_back_after_its_deletion_is_created_and_its_version_goes_on(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    await upsert(database, meeting_id, content(1), content(2))
    (before, _) = await stored(observer)
    await delete(database, meeting_id, 1)
    assert counts(await upsert(database, meeting_id, content(1), content(2))) == (1, 0, 1)

    (after, _) = await stored(observer)
    assert after["created_at"] == after["updated_at"] > before["updated_at"]
    times = {"created_at": after["created_at"], "updated_at": after["updated_at"]}
    assert after == before | times | {"version": 3, "change_seq": 3}


async def test_a_tombstone_keeps_no_words(database: Database, meeting_id: MeetingId, observer: Any) -> None:
    await upsert(database, meeting_id, content(1, "Secret", speaker="Spy"), content(2, "Public"))
    before, other = await stored(observer)
    result = await delete(database, meeting_id, 1)
    assert result.deleted == 1
    assert result.meeting.change_seq == 2

    tombstone, same = await stored(observer)
    assert same == other
    assert tombstone["updated_at"] > before["updated_at"]
    erased = {"text": "", "speaker": "", "confidence": None, "deleted": True, "search_vector": ""}
    assert tombstone == before | erased | {"version": 2, "change_seq": 2, "updated_at": tombstone["updated_at"]}


async def test_a_deleted_segment_is_in_no_answer(database: Database, meeting_id: MeetingId) -> None:
    await upsert(database, meeting_id, content(1, speaker="ann"), content(2, speaker="bob"))
    await delete(database, meeting_id, 1)
    async with database.reading(WORKSPACE) as repositories:
        segments = repositories.segments
        (left,) = await segments.get_by_meeting(meeting_id)
        assert left.segment_id == 2
        assert (await segments.pages([meeting_id], PageRequest(10)))[meeting_id].nodes == [left]
        assert (await segments.pages([meeting_id], PageRequest(10), ""))[meeting_id].nodes == []
        assert await segments.by_keys([(meeting_id, 1), (meeting_id, 2)]) == {(meeting_id, 2): left}
        assert await segments.counts([meeting_id]) == {meeting_id: 1}
        assert await segments.counts([meeting_id], "ann") == {}
        assert [stats.speaker for stats in (await segments.speakers([meeting_id]))[meeting_id]] == ["bob"]


async def test_only_what_was_there_is_deleted_and_counted(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    await upsert(database, meeting_id, *(content(number) for number in range(1, 6)))
    assert (await delete(database, meeting_id, 2, 2, 4, 99)).deleted == 2
    assert list(await texts(database, meeting_id)) == [1, 3, 5]

    before = await everything(observer)
    again = await delete(database, meeting_id, 2, 4, 99)
    assert again.deleted == 0
    assert again.meeting == await meeting(database, meeting_id)
    assert await everything(observer) == before


async def test_writes_of_segments_are_no_change_of_the_meeting_but_of_its_change_sequence(
    database: Database, meeting_id: MeetingId
) -> None:
    before = await meeting(database, meeting_id)
    written = await upsert(database, meeting_id, content(1), content(2))
    assert written.meeting == replace(before, change_seq=1) == await meeting(database, meeting_id)
    deleted = await delete(database, meeting_id, 1)
    assert deleted.meeting == replace(before, change_seq=2) == await meeting(database, meeting_id)
    assert written.cursor != deleted.cursor


async def test_an_unknown_meeting_is_not_found(database: Database, observer: Any) -> None:
    unknown = MeetingId(new_id())
    with pytest.raises(NotFound, match=str(unknown)):
        await upsert(database, unknown, content(1))
    with pytest.raises(NotFound, match=str(unknown)):
        await delete(database, unknown, 1)
    assert await stored(observer) == []


# Many writers


async def queued_behind_the_meeting(observer: Any, writers: int) -> None:
    """Return when that many sessions wait for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    try:
        async with asyncio.timeout(10):
            while await observer.fetchval(waiting) < writers:  # noqa: ASYNC110 - PostgreSQL rings no bell for this
                await asyncio.sleep(0.01)
    except TimeoutError:
        pytest.fail("they do not wait")


async def test_concurrent_writes_are_numbered_one_by_one_and_none_is_lost(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    """Each writer writes one of: its own segment, one that all revise, one that all give alike, the next free one."""

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

    await upsert(database, meeting_id, content(1, "at first"), content(1000, "the highest number"))
    async with database.unit_of_work(WORKSPACE) as uow:
        await uow.meetings.get_for_update(meeting_id)
        writes = [asyncio.create_task(upsert(database, meeting_id, written_by(writer))) for writer in range(WRITERS)]
        await queued_behind_the_meeting(observer, WRITERS)
    results = await asyncio.gather(*writes)

    changing = [writer for writer, result in enumerate(results) if result.created + result.updated]
    assert len([writer for writer in range(WRITERS) if writer not in changing]) == WRITERS // 4 - 1
    numbers = {results[writer].meeting.change_seq: writer for writer in changing}
    assert sorted(numbers) == list(range(2, len(changing) + 2))
    assert (await meeting(database, meeting_id)).change_seq == len(changing) + 1

    rows = {row["segment_id"]: row for row in await stored(observer)}
    quarter = WRITERS // 4
    assert sorted(rows) == [1, 2, *range(10, 10 + WRITERS, 4), *range(1000, 1001 + quarter)]
    assert rows.pop(1000)["change_seq"] == 1
    assert len({row["change_seq"] for row in rows.values()}) == len(rows)
    assert all(row["text"] == written_by(numbers[row["change_seq"]]).text for row in rows.values())
    assert {number: row["version"] for number, row in rows.items() if row["version"] > 1} == {1: 1 + quarter}


async def test_concurrent_deletions_of_the_same_segments_delete_each_once(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    await upsert(database, meeting_id, *(content(number) for number in range(1, 11)))
    async with database.unit_of_work(WORKSPACE) as uow:
        await uow.meetings.get_for_update(meeting_id)
        deletions = [asyncio.create_task(delete(database, meeting_id, *range(1, 11))) for _ in range(8)]
        await queued_behind_the_meeting(observer, 8)
    results = await asyncio.gather(*deletions)
    assert sorted(result.deleted for result in results) == [0] * 7 + [10]
    assert {result.meeting.change_seq for result in results} == {2}
    assert {(row["version"], row["change_seq"]) for row in await stored(observer)} == {(2, 2)}


async def test_a_deletion_that_waits_for_an_upsert_deletes_all_that_this_wrote(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    """One revised and one new segment: a deletion that finds the one must find the other."""
    await upsert(database, meeting_id, content(1, "a"))
    async with database.unit_of_work(WORKSPACE) as uow:
        await uow.segments.upsert(meeting_id, [content(1, "revised"), content(2, "new")])
        deletion = asyncio.create_task(delete(database, meeting_id, 1, 2))
        await queued_behind_the_meeting(observer, 1)
        await uow.commit()
    assert (await deletion).deleted == 2
    assert await texts(database, meeting_id) == {}


async def test_an_upsert_that_waits_for_a_deletion_creates_anew(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    await upsert(database, meeting_id, content(1, "a"), content(2, "b"))
    async with database.unit_of_work(WORKSPACE) as uow:
        await uow.segments.delete(meeting_id, [1, 2])
        write = asyncio.create_task(upsert(database, meeting_id, content(1, "a"), content(3, "c"), content(text="d")))
        await queued_behind_the_meeting(observer, 1)
        await uow.commit()
    assert counts(await write) == (3, 0, 0)
    assert await texts(database, meeting_id) == {1: "a", 3: "c", 4: "d"}


async def test_an_upsert_that_waits_compares_with_what_the_other_has_written(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    """Whether that was there before, was the same, or is now the same."""
    await upsert(database, meeting_id, content(1, "a"), content(2, "b"), content(3, "c"))
    async with database.unit_of_work(WORKSPACE) as uow:
        await uow.segments.upsert(meeting_id, [content(1, "x"), content(2, "x"), content(4, "x"), content(5, "x")])
        wanted = [content(1, "a"), content(2, "x"), content(3, "y"), content(4, "x"), content(5, "y"), content(6, "y")]
        write = asyncio.create_task(upsert(database, meeting_id, *wanted))
        await queued_behind_the_meeting(observer, 1)
        await uow.commit()
    assert counts(await write) == (1, 3, 2)
    assert await texts(database, meeting_id) == {1: "a", 2: "x", 3: "y", 4: "x", 5: "y", 6: "y"}
    versions = {row["segment_id"]: (row["version"], row["change_seq"]) for row in await stored(observer)}
    assert versions == {1: (3, 3), 2: (2, 2), 3: (2, 3), 4: (1, 2), 5: (2, 3), 6: (1, 3)}


async def test_a_write_that_waits_for_the_deletion_of_its_meeting_finds_none(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    async with database.unit_of_work(WORKSPACE) as uow:
        await uow.meetings.delete(meeting_id)
        writes = [
            asyncio.create_task(upsert(database, meeting_id, content(1))),
            asyncio.create_task(delete(database, meeting_id, 1)),
        ]
        await queued_behind_the_meeting(observer, 2)
        await uow.commit()
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [NotFound, NotFound]


async def test_writers_of_different_meetings_do_not_wait_for_each_other(
    database: Database, meeting_id: MeetingId
) -> None:
    other = await new_meeting(database)
    async with database.unit_of_work(WORKSPACE) as uow, asyncio.timeout(10):
        await uow.segments.upsert(meeting_id, [content(1)])
        assert counts(await upsert(database, other, content(1))) == (1, 0, 0)


# Reads, against lists

SPEAKERS = ["ann", "bob", "cleo"]


@dataclass
class Transcript:
    """What a meeting is to hold: its segments by number, and the numbers that were deleted again."""

    segments: dict[int, SegmentContent]
    deleted: set[int]

    def live(self, speaker: str | None = None) -> list[int]:
        """The numbers of what is left, in order."""
        return [
            number
            for number in sorted(self.segments.keys() - self.deleted)
            if speaker is None or self.segments[number].speaker == speaker
        ]

    def stats(self) -> list[SpeakerStats]:
        result = []
        for speaker in SPEAKERS:
            mine = [self.segments[number] for number in self.live(speaker)]
            if mine:
                speaking_time = sum(segment.end_time - segment.start_time for segment in mine)
                first = min(segment.start_time for segment in mine)
                last = max(segment.end_time for segment in mine)
                result.append(SpeakerStats(speaker, len(mine), speaking_time, first, last))
        return sorted(result, key=lambda stats: (-stats.speaking_time, stats.speaker))


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    numbers = draw(st.sets(st.integers(0, 12), max_size=10))
    segments = {}
    for number in numbers:
        start, length = draw(st.integers(0, 20)), draw(st.integers(0, 3))
        segments[number] = SegmentContent(
            f"Text {number}", float(start), float(start + length), number, draw(st.sampled_from(SPEAKERS))
        )
    return Transcript(segments, draw(st.sets(st.sampled_from(sorted(numbers)))) if numbers else set())


async def store(database: Database, transcript: Transcript) -> MeetingId:
    meeting_id = await new_meeting(database)
    await upsert(database, meeting_id, *transcript.segments.values())
    await delete(database, meeting_id, *transcript.deleted)
    return meeting_id


def slice_of(numbers: Sequence[int], request: PageRequest) -> tuple[list[int], bool]:
    """The page of a list, and whether there is more in its direction."""
    after = -1 if request.after is None else request.after[-1]
    before = INT32_MAX if request.before is None else request.before[-1]
    between = [number for number in numbers if after < number < before]
    more = len(between) > request.limit
    if request.backward:
        return between[max(0, len(between) - request.limit) :], more
    return between[: request.limit], more


bounds = st.none() | st.integers(0, 13)
speakers = st.none() | st.sampled_from([*SPEAKERS, "dora"])


@settings(max_examples=60)
@given(
    stored_ones=st.lists(transcripts(), min_size=1, max_size=3),
    limit=st.integers(0, 11),
    backward=st.booleans(),
    after=bounds,
    before=bounds,
    speaker=speakers,
)
async def test_a_page_of_each_meeting_is_a_slice_of_its_list(
    database: Database,
    stored_ones: list[Transcript],
    limit: int,
    backward: bool,
    after: int | None,
    before: int | None,
    speaker: str | None,
) -> None:
    meetings = {await store(database, transcript): transcript for transcript in stored_ones}
    nobody = MeetingId(new_id())
    request = PageRequest(
        limit, backward, None if after is None else (nobody, after), None if before is None else (nobody, before)
    )
    async with database.reading(WORKSPACE) as repositories:
        segments = repositories.segments
        pages = await segments.pages([*meetings, nobody], request, speaker)
        counted = await segments.counts([*meetings, nobody], speaker)
        all_of_each = await segments.by_meetings([*meetings, nobody])
        stats = await segments.speakers([*meetings, nobody])
    assert pages.keys() == {*meetings, nobody}
    assert pages[nobody].nodes == []
    for meeting_id, transcript in meetings.items():
        live, page = transcript.live(speaker), pages[meeting_id]
        numbers, more = slice_of(live, request)
        assert [node.segment_id for node in page.nodes] == numbers
        assert page.more == more
        for node in page.nodes:
            expected = transcript.segments[node.segment_id]
            assert (node.meeting_id, node.text, node.speaker) == (meeting_id, expected.text, expected.speaker)
            assert (node.start_time, node.end_time) == (expected.start_time, expected.end_time)
        assert page.page_info == PageInfo(
            has_next_page=before is not None if backward else more,
            has_previous_page=more if backward else after is not None,
            start_cursor=page.edges[0].cursor if numbers else None,
            end_cursor=page.edges[-1].cursor if numbers else None,
        )
        assert counted.get(meeting_id, 0) == len(live)
        assert [segment.segment_id for segment in all_of_each.get(meeting_id, [])] == transcript.live()
        assert stats.get(meeting_id, []) == transcript.stats()


@settings(max_examples=30)
@given(transcript=transcripts(), size=st.integers(1, 5), backward=st.booleans(), speaker=speakers)
async def test_page_by_page_from_either_end_is_the_whole_list(
    database: Database, transcript: Transcript, size: int, backward: bool, speaker: str | None
) -> None:
    meeting_id = await store(database, transcript)
    collected: list[int] = []
    cursor: str | None = None
    async with database.reading(WORKSPACE) as repositories:
        for _ in range(len(transcript.segments) + 1):
            first, last = (None, size) if backward else (size, None)
            after, before = (None, cursor) if backward else (cursor, None)
            request = page_request(first, after, last, before, default=100, maximum=1000, cursor=CURSOR)
            page = (await repositories.segments.pages([meeting_id], request, speaker))[meeting_id]
            numbers = [node.segment_id for node in page.nodes]
            collected = numbers + collected if backward else collected + numbers
            cursor = page.page_info.start_cursor if backward else page.page_info.end_cursor
            if not page.more:
                break
    assert not page.more
    assert collected == transcript.live(speaker)


async def test_segments_are_found_by_their_keys_among_several_meetings(database: Database) -> None:
    one, two = await new_meeting(database), await new_meeting(database)
    await upsert(database, one, content(1, "one 1"), content(2, "one 2"))
    await upsert(database, two, content(2, "two 2"), content(3, "two 3"))
    wanted = [(one, 1), (two, 2), (two, 1), (one, 3), (MeetingId(new_id()), 1)]
    async with database.reading(WORKSPACE) as repositories:
        found = await repositories.segments.by_keys(wanted)
    assert {key: segment.text for key, segment in found.items()} == {(one, 1): "one 1", (two, 2): "two 2"}
    assert all((segment.meeting_id, segment.segment_id) == key for key, segment in found.items())
