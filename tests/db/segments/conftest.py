"""Fixtures: a database, a meeting in it, and a connection that observes."""

from collections.abc import AsyncIterator

import pytest

from db.database import Database
from domain.ids import MeetingId
from tests.harness.stored_segments import WRITERS, new_meeting


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=WRITERS + 1)
    yield database
    await database.close()


@pytest.fixture
async def meeting_id(database: Database) -> MeetingId:
    return await new_meeting(database)
