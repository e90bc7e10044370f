"""Checks that a server of before corrections and names can go on writing beside one that knows them, as in a rolling deploy."""

from dataclasses import replace
from typing import Any

from db.database import Database
from domain.ids import DEFAULT_WORKSPACE_ID as WORKSPACE
from domain.ids import MeetingId
from domain.segments import Segment
from tests.harness.older_statements import DELETE, UPSERT
from tests.harness.stored_segments import content, read_segments, segment_rows, upsert_segments, write_counts

LABEL, NAME = "SPEAKER_00", "Dana"


async def write_as_before(observer: Any, meeting_id: MeetingId, *numbered: tuple[int | None, str]) -> tuple[int, int]:
    """Writes segments of one label, and returns how many were created and updated."""
    numbers = [number for number, _ in numbered]
    nths = [numbers[: place + 1].count(None) if number is None else None for place, number in enumerate(numbers)]
    size, texts = len(numbered), [text for _, text in numbered]
    highest = max((number for number in numbers if number is not None), default=0)
    row = await observer.fetchrow(
        *(UPSERT, WORKSPACE, meeting_id, highest, numbers, nths, texts, [LABEL] * size),
        *([1.0] * size, [2.0] * size, [True] * size, [0.5] * size),
    )
    return row["created"], row["updated"]


async def name_speaker(database: Database, meeting_id: MeetingId) -> None:
    async with database.unit_of_work(WORKSPACE) as uow:
        meeting = await uow.meetings.get_for_update(meeting_id)
        await uow.meetings.update(replace(meeting, speaker_names={LABEL: NAME}))
        await uow.corrections.rename_speakers(meeting_id, [LABEL])
        await uow.commit()


async def correct(database: Database, segment: Segment, **corrected: Any) -> None:
    async with database.unit_of_work(WORKSPACE) as uow:
        await uow.corrections.correct(segment.meeting_id, [replace(segment, **corrected)])
        await uow.commit()


async def test_what_it_writes_is_what_was_heard(database: Database, meeting_id: MeetingId, observer: Any) -> None:
    assert await write_as_before(observer, meeting_id, (1, "We chip."), (None, "And then?")) == (2, 0)
    assert await write_as_before(observer, meeting_id, (1, "We chip."), (2, "And when?")) == (0, 1)
    first, second = await read_segments(database, meeting_id)
    assert (first.text, first.heard.text, second.heard.text) == ("We chip.", "We chip.", "And when?")
    assert write_counts(await upsert_segments(database, meeting_id, content(1, "We chip.", speaker=LABEL))) == (0, 0, 1)


async def test_its_last_word_does_not_touch_a_correction(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    await write_as_before(observer, meeting_id, (1, "We chip."))
    (segment,) = await read_segments(database, meeting_id)
    await correct(database, segment, corrected_text="We ship.", corrected_speaker="Omar")
    assert await write_as_before(observer, meeting_id, (1, "We chip on Friday.")) == (0, 1)
    (segment,) = await read_segments(database, meeting_id)
    assert (segment.text, segment.speaker) == ("We ship.", "Omar")
    assert (segment.heard.text, segment.heard.speaker) == ("We chip on Friday.", LABEL)
    await correct(database, segment, corrected_text=None, corrected_speaker=None)
    (segment,) = await read_segments(database, meeting_id)
    assert (segment.text, segment.speaker, segment.correction) == ("We chip on Friday.", LABEL, None)


async def test_a_name_comes_back_with_the_next_write(database: Database, meeting_id: MeetingId, observer: Any) -> None:
    """Checks it for a segment that the older server writes again, and for one that it creates."""
    await write_as_before(observer, meeting_id, (1, "We chip."))
    await name_speaker(database, meeting_id)
    assert [segment.speaker for segment in await read_segments(database, meeting_id)] == [NAME]
    await write_as_before(observer, meeting_id, (1, "We ship."), (2, "Good."))
    again = [content(1, "We ship.", speaker=LABEL), content(2, "Good.", speaker=LABEL)]
    assert write_counts(await upsert_segments(database, meeting_id, *again)) == (0, 2, 0)
    found = await read_segments(database, meeting_id)
    assert [(segment.speaker, segment.heard.speaker) for segment in found] == [(NAME, LABEL)] * 2
    assert write_counts(await upsert_segments(database, meeting_id, *again)) == (0, 0, 2)


async def test_its_deletion_leaves_nothing_of_a_correction(
    database: Database, meeting_id: MeetingId, observer: Any
) -> None:
    await write_as_before(observer, meeting_id, (1, "We chip."))
    await name_speaker(database, meeting_id)
    (segment,) = await read_segments(database, meeting_id)
    await correct(database, segment, corrected_text="We ship.", corrected_speaker="Omar")
    await observer.fetch(DELETE, WORKSPACE, meeting_id, [1])
    (row,) = await segment_rows(observer)
    assert row["deleted"]
    kept = (
        "heard_text",
        "heard_speaker",
        "corrected_text",
        "corrected_speaker",
        "corrected_by",
        "corrected_at",
        "words",
    )
    assert [row[name] for name in kept] == [None] * len(kept)
    assert (row["text"], row["speaker"]) == ("", "")
    assert await write_as_before(observer, meeting_id, (1, "Anew.")) == (1, 0)
    (segment,) = await read_segments(database, meeting_id)
    assert (segment.text, segment.correction) == ("Anew.", None)
