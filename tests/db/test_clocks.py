"""Checks that all times of the database's rows come from its own clock, however wrong that of a server is."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from domain.principals import Scope
from tests.harness.api_keys import create_api_key
from tests.harness.base_calls import BASE_CALLS, DOCUMENTS
from tests.harness.clocks import wrong_clock
from tests.harness.commands import run
from tests.harness.sample_entities import SampleEntities
from tests.harness.servers import Api, running_server
from tests.harness.suggested_variables import MUTATIONS

ERROR = timedelta(hours=3)
GIVEN = {("api_keys", "expires_at")}
"""The columns whose times callers give."""
COLUMNS = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public' AND data_type LIKE 'timestamp%'"""


def read(database_url: str, query: str) -> list[Any]:
    """Returns the rows of a query."""

    async def rows() -> list[Any]:
        connection = await asyncpg.connect(database_url)
        try:
            return list(await connection.fetch(query))
        finally:
            await connection.close()

    return asyncio.run(rows())


@pytest.mark.slow
@pytest.mark.parametrize("error", [-ERROR, ERROR], ids=["behind", "ahead"])
def test_every_time_is_the_databases(database_url: str, error: timedelta) -> None:
    ((started,),) = read(database_url, "SELECT min(created_at) FROM workspaces")
    with wrong_clock(error):
        token = create_api_key(database_url, Scope.ADMIN, Scope.INGEST)
        with running_server(database_url, auth=True, demo=True) as server:
            call_all_mutations(Api(server.url, token))
        created = run("keys", "create", "brief", "--scope", "read", "--expires-in", "1", database_url=database_url)
        assert created.returncode == 0, created.stderr
    found = times(database_url)
    assert {("meetings", "started_at"), ("meetings", "ended_at"), ("api_keys", "last_used_at")} <= found.keys()
    ((now,),) = read(database_url, "SELECT clock_timestamp()")
    assert [place for place, values in found.items() for value in values if not started <= value <= now] == []
    ((lifetime,),) = read(database_url, "SELECT expires_at - created_at FROM api_keys WHERE name = 'brief'")
    assert timedelta(hours=23) < lifetime < timedelta(hours=25)
    ordered = "created_at <= updated_at AND created_at <= started_at AND started_at <= ended_at"
    assert read(database_url, f"SELECT FROM meetings WHERE NOT ({ordered})") == []


def call_all_mutations(api: Api) -> None:
    for name in MUTATIONS:
        variables = BASE_CALLS[name](SampleEntities.create(api))
        assert "errors" not in api.post(DOCUMENTS[name], variables, name)
    meeting = api.meeting()
    for state in ("RECORDING", "STOPPED", "RECORDING", "STOPPING", "STOPPED", "COMPLETED"):
        api.run("UpdateMeeting", id=meeting["id"], input={"state": state})
    api.http.close()


def times(database_url: str) -> dict[tuple[str, str], list[datetime]]:
    """Returns the times in each column that has some, by table and column."""
    found = {}
    for table, column in read(database_url, COLUMNS):
        values = [row[0] for row in read(database_url, f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")]
        if values and (table, column) not in GIVEN:
            found[table, column] = values
    return found
