"""Cursors across a restored backup: those from before it go on, and those of what was lost are refused, whatever is written."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest

from db.engine import create_engine
from db.lost_changes import skip_lost_changes
from tests.harness.databases import TestPostgres
from tests.harness.servers import Api, running_server, segment
from tests.harness.websocket_client import websocket

pytestmark = pytest.mark.slow


@contextmanager
def restored(postgres: TestPostgres, database_url: str) -> Iterator[str]:
    """Gives a copy of the database as it is now, as a restored backup of now is."""
    with postgres.database(template=database_url.partition("?")[0].rpartition("/")[2]) as copy:
        yield copy


async def skip_changes(url: str) -> None:
    engine = create_engine(url)
    try:
        await skip_lost_changes(engine)
    finally:
        await engine.dispose()


def finish_restore(url: str) -> None:
    asyncio.run(skip_changes(url))


def write(api: Api, meeting: Any, *numbers: int, text: str) -> str:
    """Returns the cursor of the position after the write."""
    result = api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(n, text=text) for n in numbers])
    cursor: str = result["cursor"]
    return cursor


def texts_after(api: Api, meeting: Any, cursor: str | None) -> dict[int, str] | str:
    """Returns what a subscriber gets by number of segment until it has caught up, or the message of its error."""
    texts: dict[int, str] = {}
    with websocket(api.url) as socket:
        socket.start("1", "SegmentUpdates", meetingId=meeting["id"], after=cursor)
        while True:
            message = socket.receive()
            if message["type"] == "error" or "errors" in message["payload"]:
                payload = message["payload"]
                (error,) = payload if message["type"] == "error" else payload["errors"]
                assert error["extensions"]["code"] == "BAD_USER_INPUT"
                return str(error["message"])
            batch = message["payload"]["data"]["segmentUpdates"]
            texts |= {each["segmentId"]: each["text"] for each in batch["segments"]}
            if batch["caughtUp"]:
                return texts


def test_what_is_written_after_a_restore_reaches_everybody_and_cursors_of_what_was_lost_are_refused(
    postgres: TestPostgres, database_url: str
) -> None:
    with running_server(database_url) as server:
        meeting = server.api.meeting()
        first = write(server.api, meeting, 1, text="kept")
        kept = write(server.api, meeting, 2, text="kept")
    with restored(postgres, database_url) as second_url:
        with running_server(database_url) as server:
            lost = [write(server.api, meeting, number, text="lost") for number in (3, 4, 5)]
        finish_restore(second_url)
        with running_server(second_url) as server:
            assert texts_after(server.api, meeting, first) == {2: "kept"}
            assert texts_after(server.api, meeting, kept) == {}
            again = [write(server.api, meeting, number, text="again") for number in (3, 4, 5, 6)]
            assert texts_after(server.api, meeting, kept) == dict.fromkeys((3, 4, 5, 6), "again")
            assert texts_after(server.api, meeting, again[0]) == dict.fromkeys((4, 5, 6), "again")
            assert texts_after(server.api, meeting, None) == {1: "kept", 2: "kept"} | dict.fromkeys(
                (3, 4, 5, 6), "again"
            )
            for cursor in lost:
                assert "was lost when a backup was restored" in texts_after(server.api, meeting, cursor)
        with restored(postgres, second_url) as third_url:
            with running_server(second_url) as server:
                lost += [write(server.api, meeting, number, text="lost") for number in (7, 8)]
            finish_restore(third_url)
            finish_restore(third_url)
            with running_server(third_url) as server:
                write(server.api, meeting, 7, 8, text="at last")
                assert texts_after(server.api, meeting, again[3]) == dict.fromkeys((7, 8), "at last")
                assert texts_after(server.api, meeting, kept) == dict.fromkeys((3, 4, 5, 6), "again") | dict.fromkeys(
                    (7, 8), "at last"
                )
                for cursor in lost:
                    assert "was lost when a backup was restored" in texts_after(server.api, meeting, cursor)


def test_the_same_backup_restored_twice_does_not_give_the_numbers_of_the_first_time_again(
    postgres: TestPostgres, database_url: str
) -> None:
    with running_server(database_url) as server:
        meeting = server.api.meeting(segments=1)
    with restored(postgres, database_url) as once, restored(postgres, database_url) as twice:
        finish_restore(once)
        with running_server(once) as server:
            lost = [write(server.api, meeting, number, text="lost") for number in (2, 3)]
        finish_restore(twice)
        with running_server(twice) as server:
            write(server.api, meeting, 2, 3, text="again")
            for cursor in lost:
                assert "was lost when a backup was restored" in texts_after(server.api, meeting, cursor)


async def test_a_restore_is_no_write_that_webhooks_are_told_of(database_url: str) -> None:
    with running_server(database_url) as server:
        server.api.meeting(segments=1)
        events = ["MEETING_SEGMENTS_CHANGED"]
        hook = {"name": "Receiver", "url": "https://example.com/hook", "events": events}
        assert server.api.run("CreateWebhook", input=hook)["__typename"] == "WebhookSecret"
    await skip_changes(database_url)
    connection = await asyncpg.connect(database_url)
    try:
        assert await connection.fetchval("SELECT count(*) FROM webhook_deliveries") == 0
        written = await connection.fetch("UPDATE meetings SET change_seq = change_seq + 1 RETURNING id")
        assert await connection.fetchval("SELECT count(*) FROM webhook_deliveries") == len(written) > 0
    finally:
        await connection.close()


def test_a_clock_that_was_set_back_gives_no_number_again(postgres: TestPostgres, database_url: str) -> None:
    with running_server(database_url) as server:
        meeting = server.api.meeting(segments=1)
    postgres.run_in(database_url, "UPDATE meetings SET change_seq = 4000000000000000000")
    with restored(postgres, database_url) as url:
        with running_server(database_url) as server:
            lost = write(server.api, meeting, 2, text="lost")
        finish_restore(url)
        with running_server(url) as server:
            write(server.api, meeting, 2, text="again")
            assert "was lost when a backup was restored" in texts_after(server.api, meeting, lost)
