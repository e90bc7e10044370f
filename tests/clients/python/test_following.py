"""Follows meetings with the Python library, through losses of the connection."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from rapporteur_client import AsyncClient, Client, ClientClosed, MeetingUpdate, Refused, subscription
from tests.harness.network import Network
from tests.harness.servers import Api, RunningServer, segment

UNKNOWN = "01900000-0000-7000-8000-00000000ffff"
TIMEOUT_SECONDS = 60.0


async def next_texts(updates: AsyncIterator[MeetingUpdate]) -> list[str]:
    """Returns the texts of the next update that has segments."""
    while True:
        update = await asyncio.wait_for(anext(updates), TIMEOUT_SECONDS)
        if update.segments:
            return [each.text for each in update.segments]


def write(api: Api, meeting_id: str, *numbers: int) -> None:
    api.run("UpsertSegments", meetingId=meeting_id, segments=[segment(number) for number in numbers])


async def test_following_goes_on_from_where_it_was(api: Api, network: Network) -> None:
    meeting_id = api.meeting(segments=2)["id"]
    async with AsyncClient(network.url, agents=[]) as client:
        updates = client.follow(meeting_id)
        assert await next_texts(updates) == ["Text 1", "Text 2"]
        network.cut()
        write(api, meeting_id, 3)
        assert await next_texts(updates) == ["Text 3"]
        network.go_down()
        write(api, meeting_id, 4)
        waiting = asyncio.ensure_future(next_texts(updates))
        write(api, meeting_id, 5)
        network.come_back()
        assert await waiting == ["Text 4", "Text 5"]
        api.run("DeleteSegments", meetingId=meeting_id, segmentIds=[1])
        update = await asyncio.wait_for(anext(updates), TIMEOUT_SECONDS)
        assert update.deleted_segment_ids == (1,)
        again = client.follow(meeting_id, after=update.cursor)
        write(api, meeting_id, 6)
        assert await next_texts(again) == ["Text 6"]
        await again.aclose()
        api.run("DeleteMeeting", id=meeting_id)
        assert [each.cursor async for each in updates][1:] == []


async def test_a_connection_that_says_nothing_is_given_up(
    api: Api, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "KEEP_ALIVE_SECONDS", 0.1)
    monkeypatch.setattr(subscription, "PONG_TIMEOUT_SECONDS", 1.0)
    meeting_id = api.meeting(segments=1)["id"]
    async with AsyncClient(network.url, agents=[]) as client:
        updates = client.follow(meeting_id)
        assert await next_texts(updates) == ["Text 1"]
        network.forget()  # both sides take the connection for open
        write(api, meeting_id, 2)
        assert await next_texts(updates) == ["Text 2"]
        await updates.aclose()


async def test_a_meeting_that_is_not_there_is_refused(server: RunningServer) -> None:
    async with AsyncClient(server.url, agents=[]) as client:
        with pytest.raises(Refused, match="there is no meeting"):
            await anext(client.follow(UNKNOWN))


def test_a_thread_follows_until_the_meeting_is_deleted(api: Api, server: RunningServer) -> None:
    meeting = api.meeting("Weekly", segments=1)
    with Client(server.url, agents=[]) as client, client.follow(meeting["id"]) as updates:
        first = next(updates)
        assert (first.title, first.state, first.caught_up) == ("Weekly", "CREATED", True)
        assert [each.text for each in first.segments] == ["Text 1"]
        api.run("DeleteMeeting", id=meeting["id"])
        assert list(updates)[1:] == []


def test_closing_ends_a_wait_in_another_thread(api: Api, server: RunningServer) -> None:
    meeting = api.meeting()
    client = Client(server.url, agents=[])
    updates = client.follow(meeting["id"])
    next(updates)
    ended: list[BaseException] = []

    def wait() -> None:
        try:
            next(updates)
        except BaseException as error:
            ended.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    client.close()
    waiting.join(TIMEOUT_SECONDS)
    assert [type(error) for error in ended] == [ClientClosed]
    updates.close()
    client.close()
