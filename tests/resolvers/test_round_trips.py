"""Checks that a write of one agent or variant is four round trips: BEGIN, two statements, COMMIT."""

from typing import Any

import pytest

from tests.harness.postgres_proxy import PostgresProxy, postgres_proxy
from tests.harness.servers import Api, running_server

STATEMENT = "BES"
"""Bind, Execute, Sync: a statement that the connection has prepared before."""
UNIT_OF_WORK = ["BEGIN", STATEMENT, STATEMENT, "COMMIT"]

UPDATE_VARIANT = """mutation ($id: ID!, $input: UpdateVariantInput!, $version: Int) {
    updateVariant(id: $id, input: $input, expectedVersion: $version) { __typename ... on AgentVariant { version slug name } }
}"""
UPDATE_AGENT = """mutation ($id: ID!, $input: UpdateAgentInput!, $version: Int) {
    updateAgent(id: $id, input: $input, expectedVersion: $version) { __typename ... on Agent { version slug name } }
}"""


def trips_of(between: PostgresProxy, api: Api, query: str, variables: dict[str, Any]) -> tuple[list[str], Any]:
    """The round trips of a mutation that was run once before, without the one of the notification; and its answer."""
    for trips in between.connections:
        trips.clear()
    (answer,) = api.post(query, variables)["data"].values()
    busy = [trips for trips in between.connections if "BEGIN" in trips]
    assert len(busy) == 1
    return busy[0], answer


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "field"),
    [(UPDATE_VARIANT, "name"), (UPDATE_AGENT, "name"), (UPDATE_VARIANT, "slug"), (UPDATE_AGENT, "slug")],
)
def test_an_update_is_two_statements(database_url: str, query: str, field: str) -> None:
    with postgres_proxy(database_url) as (url, between), running_server(url, pool_size=1) as server:
        agent = server.api.agent()
        id = server.api.variant(agent)["id"] if query is UPDATE_VARIANT else agent["id"]
        server.api.post(query, {"id": id, "input": {field: "first"}})  # the statements are prepared
        trips, answer = trips_of(between, server.api, query, {"id": id, "input": {field: "second"}, "version": 2})
        assert (answer["version"], answer[field]) == (3, "second")
        assert trips == UNIT_OF_WORK


@pytest.mark.parametrize("query", [UPDATE_VARIANT, UPDATE_AGENT])
def test_an_update_of_another_version_is_one_statement(database_url: str, query: str) -> None:
    with postgres_proxy(database_url) as (url, between), running_server(url, pool_size=1) as server:
        agent = server.api.agent()
        id = server.api.variant(agent)["id"] if query is UPDATE_VARIANT else agent["id"]
        server.api.post(query, {"id": id, "input": {"name": "first"}})
        trips, answer = trips_of(between, server.api, query, {"id": id, "input": {"name": "second"}, "version": 1})
        assert answer["__typename"] == "Conflict"
        assert trips == ["BEGIN", STATEMENT, "ROLLBACK"]
