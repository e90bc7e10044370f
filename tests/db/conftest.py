"""Fixtures of the tests of the database."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from db.engine import Engine
from db.workspaces import ensure_workspace
from domain.ids import WorkspaceId, new_id


@pytest.fixture
async def other(engine: Engine) -> WorkspaceId:
    """A second workspace."""
    id = WorkspaceId(new_id())
    await ensure_workspace(engine, id, "other")
    return id


@pytest.fixture
async def observer(database_url: str) -> AsyncIterator[Any]:
    """A connection that is none of the pool's."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()
