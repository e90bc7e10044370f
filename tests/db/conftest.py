"""Fixtures of the tests of the database."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from db.database import Database
from db.engine import Engine
from db.workspaces import ensure_workspace
from domain.ids import WorkspaceId, new_id
from tests.harness.databases import TestPostgres
from tests.harness.seed_rows import SEED


@pytest.fixture
async def other(engine: Engine) -> WorkspaceId:
    """A second workspace."""
    id = WorkspaceId(new_id())
    await ensure_workspace(engine, id, "other")
    return id


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=5)
    yield database
    await database.close()


@pytest.fixture
async def observer(database_url: str) -> AsyncIterator[Any]:
    """A connection that is none of the pool's."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
def seeded_url(postgres: TestPostgres) -> Iterator[str]:
    """A migrated database for the tests of one module."""
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="module")
def seeded(seeded_url: str, postgres: TestPostgres) -> str:
    """A database with the seed. No test changes it: each ends in a rollback."""
    postgres.run_in(seeded_url, *SEED)
    return seeded_url


@pytest.fixture
async def sql(seeded: str) -> AsyncIterator[Any]:
    """A connection to a database with the seed, in a transaction that is rolled back."""
    connection = await asyncpg.connect(seeded)
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()
