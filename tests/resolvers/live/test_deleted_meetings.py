"""The hub: deleted meetings."""

import asyncio

import pytest

from domain.errors import NotFound
from tests.harness.live import (
    Process,
    Start,
    Writer,
    numbers,
    within_timeout,
)


class TestDeletedMeetings:
    async def test_all_its_readers_come_to_their_end(self, process: Process) -> None:
        meeting = await process.write.meeting(segments=5)
        waiting = [process.spawn((await process.caught_up_reader(meeting)).ended()) for _ in range(3)]
        replaying = process.reader(meeting, batch_size=2)
        assert numbers([await replaying.next()]) == [1, 2]
        await process.write.delete_meeting(meeting)
        assert await within_timeout(asyncio.gather(*waiting)) == [True] * 3
        assert await replaying.ended()
        with pytest.raises(NotFound):
            await process.reader(meeting).next()
        assert await process.keeps_nothing()

    async def test_one_that_comes_while_another_has_not_noticed_yet_is_told(self, process: Process) -> None:
        meeting = await process.write.meeting(segments=1)
        slow = await process.caught_up_reader(meeting)
        waiting = process.spawn((await process.caught_up_reader(meeting)).ended())
        await process.write.delete_meeting(meeting)
        assert await within_timeout(waiting)
        with pytest.raises(NotFound):
            await process.reader(meeting).next()
        assert await slow.ended()
        assert await process.keeps_nothing()

    async def test_one_that_comes_before_its_ring_is_told(self, process: Process, silent: Writer) -> None:
        meeting = await silent.meeting(segments=1)
        waiting = await process.caught_up_reader(meeting)
        await silent.delete_meeting(meeting)
        with pytest.raises(NotFound):
            await process.reader(meeting).next()
        assert await waiting.ended()

    async def test_another_process_hears_of_it(self, start: Start) -> None:
        here, there = await start(with_notifier=True), await start(with_notifier=True)
        meeting = await here.write.meeting()
        reader = await there.caught_up_reader(meeting)
        await here.write.delete_meeting(meeting)
        assert await reader.ended()
