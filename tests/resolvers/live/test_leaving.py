"""The hub: leaving."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from domain.stream_positions import START
from tests.harness.live import (
    Process,
    numbers,
    some_meeting,
    within_timeout,
)


class TestLeaving:
    async def test_after_the_readers_have_left_nothing_is_kept(self, process: Process) -> None:
        meetings = [await process.write.meeting(segments=3) for _ in range(3)]
        agent = await process.write.agent()
        readers = [await process.caught_up_reader(meeting) for meeting in meetings for _ in range(2)]
        configs = [process.hub.resolved_config_updates(agent) for _ in range(2)]
        for stream in configs:
            await within_timeout(anext(stream))
        assert {id: feed.readers for id, feed in process.hub._meeting_feeds.items()} == dict.fromkeys(meetings, 2)
        assert {id: feed.readers for id, feed in process.hub._config_feeds.items()} == {agent: 2}
        for reader in readers[1:]:
            await reader.stream.aclose()
        assert {id: feed.readers for id, feed in process.hub._meeting_feeds.items()} == {meetings[0]: 1}
        await readers[0].stream.aclose()
        for stream in configs:
            await stream.aclose()
        assert await process.keeps_nothing()
        assert numbers(await process.reader(meetings[0]).catch_up()) == [1, 2, 3]

    async def test_one_that_leaves_costs_the_others_nothing(self, process: Process) -> None:
        meeting = await process.write.meeting()
        leaving, staying = [await process.caught_up_reader(meeting) for _ in range(2)]
        task = process.spawn(leaving.next())
        waiting = process.spawn(staying.next())
        await process.write.meeting()  # both wait by now
        task.cancel()
        await process.write.upsert(meeting, [1])
        assert numbers([await within_timeout(waiting)]) == [1]
        assert task.cancelled()

    @pytest.mark.slow
    @pytest.mark.parametrize("is_read", [False, True])
    async def test_readers_cancelled_at_any_point_leave_the_counts_right(self, process: Process, is_read: bool) -> None:
        meeting, agent = await process.write.meeting(segments=5), await process.write.agent()
        if is_read:
            staying = await process.caught_up_reader(meeting)

        async def read(stream: AsyncIterator[object]) -> None:
            async for _ in stream:
                pass

        for steps in range(60):
            streams = [
                process.hub.segment_updates(meeting, START, 2),
                process.hub.segment_updates(some_meeting(), START, 2),
                process.hub.resolved_config_updates(agent),
                process.hub.meeting_updates(),
                process.hub.meeting_updates(meeting),
                process.hub.meeting_updates(some_meeting()),
                process.hub.resolved_configs_updates(None),
                process.hub.resolved_configs_updates(frozenset({"scribe"})),
            ]
            tasks = [process.spawn(read(stream)) for stream in streams]
            for _ in range(steps):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await within_timeout(asyncio.gather(*tasks, return_exceptions=True))
            for stream in streams:
                await stream.aclose()
        assert {id: feed.readers for id, feed in process.hub._meeting_feeds.items()} == (
            {meeting: 1} if is_read else {}
        )
        assert not process.hub._config_feeds
        assert not process.hub._list_feeds
        assert not process.hub._set_feeds
        assert numbers(await process.reader(meeting).catch_up()) == [1, 2, 3, 4, 5]
        if is_read:
            await process.write.upsert(meeting, [6])
            assert numbers([await staying.next()]) == [6]
        await process.has_all_its_connections()
