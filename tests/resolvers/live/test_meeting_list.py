"""The hub: the list of meetings, of which readers get each meeting at its newest."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from db.change_notifier import Changes
from db.unit_of_work import UnitOfWork
from domain.change_stream import MeetingUpdate
from domain.errors import NotFound, ServiceUnavailable
from domain.ids import DEFAULT_WORKSPACE_ID, MeetingId
from resolvers.live import feeds, hub
from resolvers.live.feeds import LATE_COMMIT_SECONDS, MeetingListFeed
from tests.harness.databases import TestPostgres
from tests.harness.live import Process, Writer, some_meeting, within_timeout
from tests.harness.recorded_statements import recorded

Updates = AsyncIterator[MeetingUpdate]
Seen = tuple[MeetingId, int, bool]
"""The id and version of a meeting, and whether it exists."""


@pytest.fixture
def database_url(postgres: TestPostgres) -> Iterator[str]:
    """A database for each test: a new reader would get what another test has changed lately."""
    with postgres.database() as url:
        yield url


@pytest.fixture
def url_of_role(database_url: str) -> str:
    return database_url


def poll(process: Process) -> None:
    process.hub.request_poll(Changes(meeting_lists={DEFAULT_WORKSPACE_ID}))


async def take(stream: Updates, count: int = 1) -> list[Seen]:
    updates = [await within_timeout(anext(stream)) for _ in range(count)]
    assert all(update.meeting is None or update.meeting.id == update.meeting_id for update in updates)
    return [(update.meeting_id, update.version, update.meeting is not None) for update in updates]


async def rename(writer: Writer, id: MeetingId, title: str) -> None:
    async with writer.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
        await write_title(uow, id, title)
        await uow.commit()


async def write_title(uow: UnitOfWork, id: MeetingId, title: str) -> None:
    await uow.meetings.update(replace(await uow.meetings.get_for_update(id), title=title))


class TestMeetingList:
    async def test_a_commit_later_than_what_was_read_meanwhile_is_not_missed(
        self, process: Process, silent: Writer
    ) -> None:
        late, other = await silent.meeting(), await silent.meeting()
        reader = process.hub.meeting_updates()
        assert await take(reader, 2) == [(late, 1, True), (other, 1, True)]
        async with silent.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            await write_title(uow, late, "Written first")
            await rename(silent, other, "Committed first")
            poll(process)
            assert await take(reader) == [(other, 2, True)]
            await uow.commit()
        poll(process)
        assert await take(reader) == [(late, 2, True)]

    async def test_a_slow_reader_gets_the_newest_state_without_a_statement(
        self, process: Process, silent: Writer
    ) -> None:
        first, second = await silent.meeting(), await silent.meeting()
        pilot, slow = process.hub.meeting_updates(), process.hub.meeting_updates(first)
        slow_for_all = process.hub.meeting_updates()
        await take(pilot, 2)
        assert await take(slow) == [(first, 1, True)]
        assert await take(slow_for_all) == [(first, 1, True)]
        for version in (2, 3):
            await rename(silent, first, f"Title {version}")
            poll(process)
            assert await take(pilot) == [(first, version, True)]
        with recorded(process.database.engine) as statements:
            assert await take(slow_for_all, 2) == [(second, 1, True), (first, 3, True)]
            assert await take(slow) == [(first, 3, True)]
        assert statements == []
        await silent.delete_meeting(first)
        poll(process)
        assert await take(slow) == await take(slow_for_all) == await take(pilot) == [(first, 4, False)]
        with pytest.raises(StopAsyncIteration):
            await anext(slow)

    async def test_readers_at_the_same_place_get_the_same_update(self, process: Process, silent: Writer) -> None:
        meeting = await silent.meeting()
        readers = [process.hub.meeting_updates(id) for id in (None, None, meeting)]
        first, *others = [await within_timeout(anext(reader)) for reader in readers]
        assert all(update is first for update in others)

    async def test_readers_of_a_meeting_that_come_together_share_its_read(
        self, process: Process, silent: Writer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(feeds, "LATE_COMMIT_SECONDS", 0.0)  # nothing has changed lately
        meeting = await silent.meeting()
        readers = [process.hub.meeting_updates(meeting) for _ in range(10)]
        with recorded(process.database.engine) as statements:
            first, *others = await within_timeout(asyncio.gather(*(process.spawn(anext(reader)) for reader in readers)))
        assert all(update is first for update in others)
        assert len(statements) == 2, "the feed's poll, and the meeting"

    async def test_what_one_statement_does_not_read_the_next_one_does(
        self, process: Process, silent: Writer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hub, "MAX_MEETINGS_PER_READ", 2)
        meetings = [await silent.meeting() for _ in range(5)]
        reader = process.hub.meeting_updates()
        assert await take(reader, 5) == [(meeting, 1, True) for meeting in meetings]
        for meeting in reversed(meetings):
            await rename(silent, meeting, "Renamed")
        poll(process)
        assert await take(reader, 5) == [(meeting, 2, True) for meeting in reversed(meetings)]

    async def test_when_more_changes_than_a_feed_holds_its_readers_begin_again(
        self, process: Process, silent: Writer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(feeds, "MAX_KEPT_MEETINGS", 2)
        meetings = [await silent.meeting() for _ in range(2)]
        of_all, of_one = process.hub.meeting_updates(), process.hub.meeting_updates(meetings[0])
        await take(of_all, 2)
        await take(of_one)
        await silent.meeting()
        poll(process)
        for reader in (of_all, of_one):
            with pytest.raises(ServiceUnavailable, match="read the list again"):
                await within_timeout(anext(reader))
        monkeypatch.undo()
        assert await take(process.hub.meeting_updates(meetings[0])) == [(meetings[0], 1, True)]

    async def test_a_deleted_meeting_is_unknown(self, process: Process, silent: Writer) -> None:
        meeting = await silent.meeting()
        await silent.delete_meeting(meeting)
        for id in (meeting, some_meeting()):
            with pytest.raises(NotFound):
                await within_timeout(anext(process.hub.meeting_updates(id)))
        assert await process.keeps_nothing()


class TestMeetingListFeed:
    def test_a_poll_looks_back_to_the_last_one_that_read_everything(self) -> None:
        feed = MeetingListFeed()
        assert feed.drop_old(100.0) == LATE_COMMIT_SECONDS
        assert feed.append([_update()], 1, 100.0, 101.0)
        assert feed.drop_old(105.0) == LATE_COMMIT_SECONDS  # there may be more than the one that was read
        assert not feed.append([], 1, 105.0, 106.0)
        assert feed.drop_old(110.0) == LATE_COMMIT_SECONDS + 5

    def test_what_a_poll_cannot_find_again_is_dropped(self) -> None:
        feed = MeetingListFeed()
        updates = [_update() for _ in range(3)]
        for number, update in enumerate(updates):
            feed.append([update], 10, number, number)
        seconds = feed.drop_old(1.0 + LATE_COMMIT_SECONDS)
        assert seconds == 2 * LATE_COMMIT_SECONDS - 1, "the last poll is that long ago"
        assert feed.updates == updates
        feed.append([], 10, 1.0 + LATE_COMMIT_SECONDS, 1.0 + LATE_COMMIT_SECONDS)
        feed.drop_old(1.0 + LATE_COMMIT_SECONDS)
        assert (feed.floor, feed.updates) == (2, updates[2:])
        following = feed.next(feed.floor)
        assert following is not None
        assert following.update is updates[2]


def _update() -> MeetingUpdate:
    return MeetingUpdate(some_meeting(), 1, None)
