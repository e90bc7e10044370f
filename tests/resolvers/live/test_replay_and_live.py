"""The hub: replay and live."""

import asyncio

import pytest

from domain.change_stream import SegmentUpdates
from domain.ids import DEFAULT_WORKSPACE_ID
from domain.segments import SegmentContent
from domain.stream_positions import START, Position
from resolvers.live import feeds
from resolvers.live import hub as hub_module
from tests.harness.live import (
    LAST,
    Process,
    Reader,
    Start,
    Writer,
    numbers,
    texts,
    within_timeout,
)


class TestReplayAndLive:
    async def test_a_reader_gets_the_transcript_and_then_what_is_written(self, process: Process) -> None:
        meeting = await process.write.meeting(segments=3)
        reader = process.reader(meeting)
        assert numbers(await reader.catch_up()) == [1, 2, 3]
        for number in (4, 5):
            waiting = process.spawn(reader.next())
            await process.write.upsert(meeting, [number])
            batch = await within_timeout(waiting)
            assert (numbers([batch]), batch.caught_up) == ([number], True)
        assert reader.transcript == await process.write.transcript(meeting)

    async def test_the_first_batch_of_an_empty_meeting_is_empty(self, process: Process) -> None:
        meeting = await process.write.meeting()
        assert await process.reader(meeting).next() == SegmentUpdates(meeting, START, [], [], caught_up=True)

    async def test_a_reader_from_the_end_gets_an_empty_batch_first_and_then_only_what_is_new(
        self, process: Process, silent: Writer
    ) -> None:
        meeting = await silent.meeting()
        end = await silent.upsert(meeting, [1, 2])
        for reader in (process.reader(meeting, end), process.reader(meeting, end)):  # the first makes the feed
            assert await reader.next() == SegmentUpdates(meeting, end, [], [], caught_up=True)
        await silent.upsert(meeting, [3])
        process.poll(meeting)
        for reader in process.readers:
            assert numbers([await reader.next()]) == [3]

    @pytest.mark.parametrize("live", [False, True], ids=["from the table", "from the feed"])
    async def test_a_write_is_split_into_batches_of_any_size_and_each_of_their_places_can_be_resumed_from(
        self, process: Process, silent: Writer, live: bool
    ) -> None:
        meeting, written = await silent.meeting(), list(range(1, 7))
        readers = [process.reader(meeting, batch_size=size) for size in range(1, 8)]
        if live:
            for reader in readers:
                assert (await reader.next()).caught_up
        end = await silent.upsert(meeting, written)
        process.poll(meeting)
        for reader in readers:
            batches = await reader.catch_up()
            assert numbers(batches) == written
            assert reader.place == end
            assert [len(batch.segments) for batch in batches][:-1] == [reader.batch_size] * (len(batches) - 1)
            for batch in batches[:-1]:
                seen = numbers([batch])[-1]
                assert batch.position == Position(1, seen)
                late = process.reader(meeting, batch.position, reader.batch_size)
                assert numbers(await late.catch_up()) == written[seen:]

    async def test_a_deletion_arrives_as_a_tombstone_and_a_segment_that_comes_back_as_a_newer_one(
        self, process: Process
    ) -> None:
        meeting = await process.write.meeting(segments=2)
        reader = await process.caught_up_reader(meeting)
        await process.write.delete(meeting, [1, 7])
        batch = await reader.next()
        assert (batch.segments, batch.deleted_segment_ids) == ([], [1])
        await process.write.upsert(meeting, [1], "Again")
        batch = await reader.next()
        assert ([(one.segment_id, one.version) for one in batch.segments], batch.deleted_segment_ids) == ([(1, 3)], [])
        assert reader.transcript == await process.write.transcript(meeting)

    async def test_a_reader_that_comes_back_hears_of_what_was_deleted_meanwhile(
        self, process: Process, silent: Writer
    ) -> None:
        meeting = await silent.meeting()
        place = await silent.upsert(meeting, [1, 2, 3])
        await silent.delete(meeting, [2])
        await silent.upsert(meeting, [3], "Revised")
        (batch,) = await process.reader(meeting, place).catch_up()
        assert (texts([batch]), batch.deleted_segment_ids) == (["Revised"], [2])

    async def test_the_same_content_again_wakes_nobody(self, process: Process) -> None:
        meeting = await process.write.meeting(segments=1)
        reader = await process.caught_up_reader(meeting)
        await process.write.upsert(meeting, [1])
        await process.write.delete(meeting, [9])
        process.poll(meeting)
        await process.write.upsert(meeting, [2])
        assert numbers([await reader.next()]) == [2]

    async def test_a_write_that_commits_late_is_not_skipped(self, start: Start, silent: Writer) -> None:
        """The first writer holds the lock: the second, who comes later, waits for it, and so does its number."""
        process = await start(with_notifier=True)
        meeting = await silent.meeting()
        reader = await process.caught_up_reader(meeting)
        async with process.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            await uow.segments.upsert(meeting, [SegmentContent("First", 0, 1, 1)])
            second = process.spawn(process.write.upsert(meeting, [2]))
            other = await silent.meeting(segments=1)
            assert numbers(await process.reader(other).catch_up()) == [1]  # meanwhile the second would have been seen
            process.poll(meeting)
            assert not second.done()
            await uow.commit()
        await reader.reach(await within_timeout(second))
        assert sorted(reader.transcript) == [1, 2]

    @pytest.mark.slow
    async def test_many_writers_through_two_processes_and_readers_of_any_size_end_with_the_table(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(feeds, "MIN_KEPT_CHANGES", 6)
        monkeypatch.setattr(hub_module, "MAX_CHANGES_PER_READ", 4)
        one, other = await start(with_notifier=True), await start(with_notifier=True)
        meeting = await one.write.meeting()
        readers = [process.reader(meeting, batch_size=size) for process in (one, other) for size in (1, 3, 100)]

        async def writing(writer: Writer, own: int) -> None:
            for round in range(12):
                await writer.upsert(meeting, [own, *range(10, 14)], f"{own} in round {round}")
                if round % 4 == 3:
                    await writer.delete(meeting, [own, 10 + round % 3])

        async def reading(reader: Reader) -> None:
            while LAST not in reader.transcript:
                await reader.next()

        readings = [one.spawn(reading(reader)) for reader in readers]
        writings = [one.spawn(writing(process.write, own)) for own, process in enumerate((one, other, one, other))]
        await within_timeout(asyncio.gather(*writings))
        await one.write.upsert(meeting, [LAST])
        await within_timeout(asyncio.gather(*readings))
        table = await one.write.transcript(meeting)
        assert all(reader.transcript == table for reader in readers)
