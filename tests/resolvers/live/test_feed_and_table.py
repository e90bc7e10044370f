"""The hub: readers take what they missed from the feed, or from the table where the feed does not reach."""

import pytest

from domain.rules import INT32_MAX
from resolvers.live import feeds
from resolvers.live import hub as hub_module
from tests.harness.live import (
    Process,
    Writer,
    numbers,
    texts,
)
from tests.harness.recorded_statements import recorded


class TestFeedAndTable:
    async def test_readers_at_the_same_place_get_the_same_batch(self, process: Process) -> None:
        meeting = await process.write.meeting()
        readers = [await process.caught_up_reader(meeting, size) for size in (100, 100, 7)]
        await process.write.upsert(meeting, [1])
        first, second, of_another_size = [await reader.next() for reader in readers]
        assert first is second
        assert first is not of_another_size
        assert first == of_another_size

    async def test_one_that_lags_within_the_tail_costs_no_statement(self, process: Process, silent: Writer) -> None:
        meeting = await silent.meeting()
        pilot, slow = [await process.caught_up_reader(meeting) for _ in range(2)]
        for number in range(1, 6):
            await silent.upsert(meeting, [number])
            process.poll(meeting)
            await pilot.next()
        with recorded(process.database.engine) as statements:
            assert numbers(await slow.catch_up()) == [1, 2, 3, 4, 5]
        assert statements == []

    async def test_one_that_lags_behind_the_tail_reads_the_table(
        self, process: Process, silent: Writer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(feeds, "MIN_KEPT_CHANGES", 3)
        meeting = await silent.meeting()
        pilot, slow, slower = [await process.caught_up_reader(meeting, size) for size in (100, 100, 2)]
        places = []
        for number in range(1, 8):  # one more than twice the feed: it is cut back to the last three
            places.append(await silent.upsert(meeting, [number]))
            process.poll(meeting)
            await pilot.next()
        with recorded(process.database.engine) as statements:
            within = process.reader(meeting, places[3])
            assert numbers(await within.catch_up()) == [5, 6, 7]
            assert len(statements) == 1  # the look that each begins with
            assert numbers(await slow.catch_up()) == [1, 2, 3, 4, 5, 6, 7]
            assert len(statements) == 2
            assert numbers(await slower.catch_up()) == [1, 2, 3, 4, 5, 6, 7]  # two batches bring it to the feed
            assert len(statements) == 4
        await silent.upsert(meeting, [8])
        process.poll(meeting)
        for reader in process.readers:
            assert numbers([await reader.next()]) == [8]

    @pytest.mark.slow
    @pytest.mark.parametrize("written", range(1, 10))
    async def test_more_than_a_page_is_read_page_by_page(
        self, process: Process, silent: Writer, monkeypatch: pytest.MonkeyPatch, written: int
    ) -> None:
        monkeypatch.setattr(hub_module, "MAX_CHANGES_PER_READ", 3)
        monkeypatch.setattr(feeds, "MIN_KEPT_CHANGES", 2)
        meeting = await silent.meeting()
        live, slow = [await process.caught_up_reader(meeting, size) for size in (100, 2)]
        end = await silent.upsert(meeting, range(1, written + 1))
        process.poll(meeting)
        for reader in (live, slow):
            await reader.catch_up()  # says so at the end only, not after a page
        late = await process.caught_up_reader(meeting, 4)
        table = await silent.transcript(meeting)
        assert live.transcript == slow.transcript == late.transcript == table
        assert live.place == slow.place == late.place == end

    async def test_a_page_that_ends_with_the_highest_number_is_the_end_all_the_same(
        self, process: Process, silent: Writer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hub_module, "MAX_CHANGES_PER_READ", 2)
        meeting, other = await silent.meeting(), await silent.meeting()
        reader, fence = [await process.caught_up_reader(id) for id in (meeting, other)]
        end = await silent.upsert(meeting, [1, INT32_MAX])
        process.poll(meeting)
        await reader.reach(end)
        for number in (1, 2):  # by the second of these looks the one for more has been as well
            await silent.upsert(other, [number])
            process.poll(other)
            await fence.next()
        assert (await process.reader(meeting, end).next()).caught_up

    async def test_a_full_batch_from_the_table_that_ends_with_the_highest_number_is_the_end_all_the_same(
        self, process: Process, silent: Writer
    ) -> None:
        meeting = await silent.meeting()
        end = await silent.upsert(meeting, [1, INT32_MAX])
        reader = process.reader(meeting, batch_size=2)
        batch = await reader.next()
        assert (numbers([batch]), batch.position) == ([1, INT32_MAX], end)
        if not batch.caught_up:
            assert (await reader.next()).caught_up

    async def test_one_that_lags_gets_the_newest_text_only_in_one_batch(self, process: Process, silent: Writer) -> None:
        meeting = await silent.meeting()
        pilot, slow = [await process.caught_up_reader(meeting) for _ in range(2)]
        for text in ("I", "I see", "I see that"):
            await silent.upsert(meeting, [1], text)
            process.poll(meeting)
            assert texts([await pilot.next()]) == [text]
        await silent.delete(meeting, [1])
        await silent.upsert(meeting, [1, 2], "I see that now")
        process.poll(meeting)
        await pilot.next()
        batch = await slow.next()
        assert (texts([batch]), batch.deleted_segment_ids, batch.caught_up) == (["I see that now"] * 2, [], True)

    async def test_one_that_lags_gets_the_newest_text_only_however_small_its_batches(
        self, process: Process, silent: Writer
    ) -> None:
        """docs/live.md: a slow consumer "gets the newest text of each segment it missed rather than every revision"."""
        meeting = await silent.meeting()
        pilot, slow = [await process.caught_up_reader(meeting, size) for size in (100, 1)]
        for text in ("I", "I see", "I see that", "I see that now"):
            end = await silent.upsert(meeting, [1], text)
            process.poll(meeting)
            await pilot.next()
        heard = []
        while slow.place < end:
            heard += texts([await slow.next()])
        assert heard == ["I see that now"]

    async def test_one_behind_the_tail_gets_the_newest_text_only(
        self, process: Process, silent: Writer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(feeds, "MIN_KEPT_CHANGES", 1)
        meeting = await silent.meeting()
        pilot, slow = [await process.caught_up_reader(meeting, size) for size in (100, 1)]
        for text in ("I", "I see", "I see that", "I see that now"):
            await silent.upsert(meeting, [1], text)
            process.poll(meeting)
            await pilot.next()
        assert texts([await slow.next()]) == ["I see that now"]

    async def test_one_that_is_ahead_of_the_tail_by_the_table_waits_for_it_and_misses_nothing(
        self, process: Process, silent: Writer
    ) -> None:
        meeting = await silent.meeting(segments=1)
        await process.caught_up_reader(meeting)  # the feed starts here, and hears of nothing
        await silent.upsert(meeting, [2, 3])
        replaying = process.reader(meeting, batch_size=2)
        assert numbers([await replaying.next()]) == [1, 2]
        end = await silent.upsert(meeting, [2, 4], "Later")
        process.poll(meeting)
        await replaying.reach(end)
        assert replaying.transcript == await silent.transcript(meeting)
