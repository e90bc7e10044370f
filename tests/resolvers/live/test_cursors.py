"""The hub: cursors."""

import pytest

from domain.change_stream import SegmentUpdates
from domain.errors import InvalidInput, NotFound
from domain.stream_positions import Position
from resolvers.live import hub as hub_module
from tests.harness.live import (
    Process,
    Writer,
    numbers,
    some_meeting,
)


class TestCursors:
    async def test_the_cursor_of_a_write_can_be_followed_at_once(self, process: Process) -> None:
        meeting = await process.write.meeting()
        await process.caught_up_reader(meeting)
        end = await process.write.upsert(meeting, [1])
        reader = process.reader(meeting, end)  # before the hub has had time to look
        assert await reader.next() == SegmentUpdates(meeting, end, [], [], caught_up=True)

    async def test_a_cursor_that_the_tail_has_not_reached_yet_is_right(self, process: Process, silent: Writer) -> None:
        """Another process gave it, and its notification is still on its way."""
        meeting = await silent.meeting()
        await process.caught_up_reader(meeting)
        end = await silent.upsert(meeting, [1, 2])
        for place in (end, Position(end.change_seq, 1)):
            reader = process.reader(meeting, place)
            assert (await reader.next()).position >= place
        await silent.upsert(meeting, [3])
        process.poll(meeting)
        for reader, due in zip(process.readers[1:], ([3], [2, 3]), strict=True):
            await reader.reach(Position.after_write(end.change_seq + 1))
            assert sorted(reader.transcript) == due

    async def test_a_cursor_more_than_a_page_ahead_of_the_tail_is_right(
        self, process: Process, silent: Writer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Checks the state during an import through another process, which one poll of the feed does not catch up with."""
        monkeypatch.setattr(hub_module, "MAX_CHANGES_PER_READ", 2)
        meeting = await silent.meeting()
        await process.caught_up_reader(meeting)
        end = await silent.upsert(meeting, range(1, 8))
        reader = process.reader(meeting, end)
        assert (await reader.next()).position == end
        await silent.upsert(meeting, [8])
        process.poll(meeting)
        await reader.reach(Position.after_write(end.change_seq + 1))
        assert sorted(reader.transcript) == [8]

    async def test_a_reader_begins_with_what_is_there_when_it_comes(self, process: Process, silent: Writer) -> None:
        """Also where others read already, and no notification has told of it."""
        meeting = await silent.meeting()
        place = (await process.caught_up_reader(meeting)).place
        await silent.upsert(meeting, [1])
        assert numbers([await process.reader(meeting, place).next()]) == [1]

    @pytest.mark.parametrize("is_read", [False, True])
    async def test_a_cursor_ahead_of_the_meeting_is_an_error(self, process: Process, is_read: bool) -> None:
        meeting = await process.write.meeting(segments=2)
        if is_read:
            await process.caught_up_reader(meeting)
        with pytest.raises(InvalidInput, match="after"):
            await process.reader(meeting, Position(2, 0)).next()

    async def test_an_unknown_meeting_is_an_error_and_leaves_nothing_behind(self, process: Process) -> None:
        with pytest.raises(NotFound):
            await process.reader(some_meeting()).next()
        assert await process.keeps_nothing()
