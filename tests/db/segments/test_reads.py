"""Checks that pages of segments are slices of the list of a meeting's segments."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.database import Database
from db.row_mapping import TEXT_SEPARATOR, MappedRows
from domain.ids import DEFAULT_WORKSPACE_ID as WORKSPACE
from domain.ids import MeetingId, new_id
from domain.pagination import PageInfo, PageRequest, page_request
from domain.rules import INT32_MAX
from domain.segments import SEGMENTS_CURSOR, SegmentContent, SpeakerStats
from tests.harness.stored_segments import (
    content,
    delete_segments,
    new_meeting,
    upsert_segments,
)

pytestmark = pytest.mark.slow


@dataclass
class Transcript:
    """Holds the segments of a meeting by number, and the numbers that were deleted again."""

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
    await upsert_segments(database, meeting_id, *transcript.segments.values())
    await delete_segments(database, meeting_id, *transcript.deleted)
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


SPEAKERS = ["ann", "bob", "cleo"]
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
    segments = database.repositories(WORKSPACE).segments
    pages = await segments.pages([*meetings, nobody], request, speaker)
    counted = await segments.counts([*meetings, nobody], speaker)
    all_of_each = await segments.by_meetings([*meetings, nobody])
    stats = await segments.speakers([*meetings, nobody])
    assert pages.keys() == {*meetings, nobody}
    assert not pages[nobody].nodes
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
        by_time = sorted(transcript.live(), key=lambda number: (transcript.segments[number].start_time, number))
        assert [segment.segment_id for segment in all_of_each.get(meeting_id, [])] == by_time
        assert stats.get(meeting_id, []) == transcript.stats()


@settings(max_examples=30)
@given(transcript=transcripts(), size=st.integers(1, 5), backward=st.booleans(), speaker=speakers)
async def test_page_by_page_from_either_end_is_the_whole_list(
    database: Database, transcript: Transcript, size: int, backward: bool, speaker: str | None
) -> None:
    meeting_id = await store(database, transcript)
    collected: list[int] = []
    cursor: str | None = None
    for _ in range(len(transcript.segments) + 1):
        first, last = (None, size) if backward else (size, None)
        after, before = (None, cursor) if backward else (cursor, None)
        request = page_request(first, after, last, before, default=100, maximum=1000, cursor=SEGMENTS_CURSOR)
        page = (await database.repositories(WORKSPACE).segments.pages([meeting_id], request, speaker))[meeting_id]
        numbers = [node.segment_id for node in page.nodes]
        collected = numbers + collected if backward else collected + numbers
        cursor = page.page_info.start_cursor if backward else page.page_info.end_cursor
        if not page.more:
            break
    assert not page.more
    assert collected == transcript.live(speaker)


async def test_segments_are_found_by_their_keys_among_several_meetings(database: Database) -> None:
    one, two = await new_meeting(database), await new_meeting(database)
    await upsert_segments(database, one, content(1, "one 1"), content(2, "one 2"))
    await upsert_segments(database, two, content(2, "two 2"), content(3, "two 3"))
    wanted = [(one, 1), (two, 2), (two, 1), (one, 3), (MeetingId(new_id()), 1)]
    found = await database.repositories(WORKSPACE).segments.by_keys(wanted)
    assert {key: segment.text for key, segment in found.items()} == {(one, 1): "one 1", (two, 2): "two 2"}
    assert all((segment.meeting_id, segment.segment_id) == key for key, segment in found.items())


@pytest.mark.parametrize("text", ["one\x1ftwo", "\\u001f", '"", ""'])
async def test_a_text_may_have_what_separates_texts(database: Database, text: str) -> None:
    meeting, other = await new_meeting(database), await new_meeting(database)
    await upsert_segments(database, meeting, content(1, "first"), content(2, text, speaker=text), content(3, "last"))
    await upsert_segments(database, other, content(1, "alone"))
    repositories = database.repositories(WORKSPACE)
    pages = await repositories.segments.pages([other, meeting], PageRequest(2))
    variants = await repositories.variants.by_agents([])
    assert [segment.text for segment in pages[meeting].nodes] == ["first", text]
    assert [segment.speaker for segment in pages[meeting].nodes] == ["ann", text]
    assert (len(pages[meeting].nodes), pages[meeting].more) == (2, True)
    assert [segment.text for segment in pages[other].nodes] == ["alone"]
    assert variants == {}


async def test_ids_are_a_column_where_they_are_requested(database: Database) -> None:
    """Checks the ids of pages of several lengths in one statement, also where texts are no column of one text."""
    written = {await new_meeting(database): count for count in (0, 1, 3, 2)}
    segments = database.repositories(WORKSPACE).segments
    for text in ("plain", "one\x1ftwo"):
        for meeting, count in written.items():
            if count:
                await upsert_segments(database, meeting, *(content(10 * n, text) for n in range(count)))
        for requested in (frozenset(("id",)), frozenset(("id", "text")), None):
            pages = await segments.pages(list(written), PageRequest(2), requested=requested)
            for meeting, count in written.items():
                rows = pages[meeting].nodes
                expected = [f"{meeting}:{10 * n}" for n in range(min(count, 2))]
                assert [segment.id for segment in rows] == expected
                assert isinstance(rows, MappedRows)
                if requested is not None:
                    ids = rows.table.values[rows.table.columns.index("id")]
                    assert isinstance(ids, str)
                    assert ids.split(TEXT_SEPARATOR)[rows.start : rows.start + rows.length] == expected


async def test_numbers_are_as_they_were_written(database: Database) -> None:
    meeting = await new_meeting(database)
    times = [0.0, 1e-320, 0.1, 1 / 3, 1e7, 36_000_000.0]
    written = [
        content(INT32_MAX - n, start_time=start, end_time=36_000_000.0, confidence=None if n % 2 else 1 / (n + 1))
        for n, start in enumerate(times)
    ]
    await upsert_segments(database, meeting, *written)
    page = (await database.repositories(WORKSPACE).segments.pages([meeting], PageRequest(10, backward=True)))[meeting]
    assert [(each.segment_id, each.start_time, each.confidence) for each in page.nodes] == [
        (each.segment_id, each.start_time, each.confidence) for each in reversed(written)
    ]
