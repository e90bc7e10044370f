"""Checks that a server of before erasures can go on writing beside one that erases, as in a rolling deploy."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
import pytest

from db.database import Database
from domain.erasures import ERASURE
from domain.ids import DEFAULT_WORKSPACE_ID as WORKSPACE
from domain.ids import MeetingId
from domain.principals import local
from domain.speaker_erasures import ErasedSpeaker, EraseSpeaker, SpeakerErasureMode
from resolvers.context import Context
from resolvers.erasures import erase
from resolvers.live.registry import HubRegistry
from resolvers.speaker_erasures import erase_speaker
from tests.harness.dumps import dump
from tests.harness.older_meeting_statements import DELETE, RENAME, UPDATE
from tests.harness.older_statements import UPSERT
from tests.harness.stored_segments import new_meeting, read_segments

NAME, LABEL = "Zanzibar", "SPEAKER_00"
WRITE_COUNT = 60


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=4)
    yield database
    await database.close()


class OlderServer:
    """Writes as a server of revision 0008 does, on a connection of its own."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def hear(self, id: MeetingId, number: int, text: str, speaker: str = LABEL) -> None:
        values = ([number], [None], [text], [speaker], [1.0], [2.0], [True], [0.5])
        await self._connection.fetchrow(UPSERT, WORKSPACE, id, number, *values)

    async def version(self, id: MeetingId) -> int | None:
        found: int | None = await self._connection.fetchval("SELECT version FROM meetings WHERE id = $1", id)
        return found

    async def update(self, id: MeetingId, version: int | None, title: str) -> bool:
        row = await self._connection.fetchrow(UPDATE, WORKSPACE, id, version, title, None, NAME, f"{NAME} says so")
        return row is not None

    async def name(self, id: MeetingId, name: str) -> None:
        async with self._connection.transaction():
            version = await self._connection.fetchval(
                "SELECT version FROM meetings WHERE id = $1 FOR NO KEY UPDATE", id
            )
            names = orjson.dumps({LABEL: name}).decode()
            await self._connection.fetchrow(UPDATE, WORKSPACE, id, version, None, names, "another", None)
            await self._connection.execute(RENAME, WORKSPACE, id, [LABEL])

    async def delete(self, id: MeetingId) -> None:
        await self._connection.fetchrow(DELETE, WORKSPACE, id, NAME, None)


@pytest.fixture
async def older(database_url: str) -> AsyncIterator[OlderServer]:
    connection = await asyncpg.connect(database_url)
    yield OlderServer(connection)
    await connection.close()


async def erase_named(database: Database, *ids: MeetingId) -> ErasedSpeaker:
    context = Context(database, HubRegistry(database), local(WORKSPACE))
    return await erase_speaker(context, EraseSpeaker(NAME, SpeakerErasureMode.TEXT, list(ids)), None)


async def erase_all(database: Database, id: MeetingId) -> None:
    async with database.unit_of_work(WORKSPACE, ERASURE) as uow:
        await erase(uow, id, "key")
        await uow.commit()


@pytest.mark.slow
async def test_what_it_wrote_is_erased(database: Database, database_url: str, older: OlderServer) -> None:
    kept, deleted, erased = [await new_meeting(database) for _ in range(3)]
    for id in (kept, deleted, erased):
        await older.hear(id, 1, f"{NAME} speaks")
        await older.name(id, NAME)
        assert await older.update(id, await older.version(id), "Weekly")
    await older.delete(deleted)
    await erase_all(database, erased)
    assert sorted((await erase_named(database, kept, deleted)).meeting_ids) == sorted([kept, deleted])
    assert NAME not in dump(database_url)
    (segment,) = await read_segments(database, kept)
    assert (segment.text, segment.heard.speaker) == ("[…]", segment.speaker)


async def test_it_cannot_bring_names_back_that_it_has_read_before(
    database: Database, database_url: str, older: OlderServer
) -> None:
    id = await new_meeting(database)
    await older.hear(id, 1, "We ship.")
    await older.name(id, NAME)
    version = await older.version(id)
    await erase_named(database, id)
    assert not await older.update(id, version, f"{NAME}'s weekly")
    assert await older.update(id, await older.version(id), "Weekly")
    await erase_named(database, id)
    assert NAME not in dump(database_url)


async def test_its_writes_to_an_erased_meeting_do_nothing(
    database: Database, database_url: str, older: OlderServer
) -> None:
    id = await new_meeting(database)
    await older.hear(id, 1, f"{NAME} speaks")
    version = await older.version(id)
    await erase_all(database, id)
    await older.hear(id, 2, f"{NAME} speaks")
    assert not await older.update(id, version, NAME)
    await older.delete(id)
    assert NAME not in dump(database_url)


async def test_a_workspace_that_it_makes_has_a_key(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    for _ in range(2):
        await connection.execute("INSERT INTO workspaces (id, name, language) VALUES ($1, 'x', 'english')", uuid4())
    keys = [row["erasure_key"] for row in await connection.fetch("SELECT erasure_key FROM workspaces")]
    await connection.close()
    assert len(set(keys)) == len(keys)


@pytest.mark.slow
async def test_both_write_at_once(database: Database, database_url: str, older: OlderServer) -> None:
    """Checks that neither fails, and that what is left when the older one has stopped can be erased."""
    meetings = [await new_meeting(database) for _ in range(3)]
    chosen = random.Random(3)

    async def write_as_before() -> None:
        for number in range(WRITE_COUNT):
            id = chosen.choice(meetings)
            await older.hear(id, number % 7, f"We ship {number}.")
            await older.update(id, await older.version(id), f"Weekly {number}")
            await older.name(id, NAME if number % 3 else "Omar")

    async def erase_meanwhile() -> None:
        while not writing.done():
            await erase_named(database, *meetings)
            await erase_all(database, meetings[2])

    await older.name(meetings[0], NAME)
    writing = asyncio.create_task(write_as_before())
    async with asyncio.TaskGroup() as group:
        group.create_task(erase_meanwhile())
        await writing
    await erase_named(database, *meetings)
    left = [line for line in dump(database_url).splitlines() if NAME in line]
    assert left == []
