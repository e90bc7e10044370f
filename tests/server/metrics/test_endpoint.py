"""`/metrics`."""

from domain.principals import Scope
from tests.harness.api_keys import create_api_key, create_workspace
from tests.harness.databases import TestPostgres
from tests.harness.scrapes import scrape
from tests.harness.servers import Api, RunningServer, running_server
from tests.harness.websocket_client import websocket


def test_values_are_counted_by_who_completed_them(fresh_api: Api) -> None:
    fresh_api.agent()
    before = scrape(fresh_api)
    fresh_api.run("Agents")
    fresh_api.post("{ __schema { queryType { name } } }")
    after = scrape(fresh_api)
    grown = {
        outcome: after[f"rapporteur_executor_values_total {outcome}"]
        - before[f"rapporteur_executor_values_total {outcome}"]
        for outcome in ("completed", "fell_back", "delegated")
    }
    assert grown == {"completed": 1, "fell_back": 0, "delegated": 1}


def test_inputs_that_libraries_read_are_counted(fresh_api: Api) -> None:
    document = "query ($first: Int) { agents(first: $first) { totalCount } }"
    counter = "rapporteur_executor_inputs_fell_back_total"
    fresh_api.post(document, {"first": 1})
    before = scrape(fresh_api)[counter]
    fresh_api.post(document, {"first": 2})
    assert scrape(fresh_api)[counter] == before
    assert "errors" in fresh_api.post(document, {"first": "two"})
    assert scrape(fresh_api)[counter] == before + 1


def test_open_streams_and_connections_are_counted(fresh_server: RunningServer) -> None:
    before = scrape(fresh_server.api)
    with websocket(fresh_server.url):
        during = scrape(fresh_server.api)
    assert during["rapporteur_streams_open"] == before["rapporteur_streams_open"] + 1
    assert 0 <= during["rapporteur_database_connections_busy"] <= during["rapporteur_database_connections"]
    assert during["process_resident_memory_bytes"] > 0


def test_a_guarded_server_shows_them_to_administrators(postgres: TestPostgres) -> None:
    with postgres.database() as url, running_server(url, auth=True) as server:
        admin, reader = (
            Api(server.url, create_api_key(url, Scope.ADMIN)),
            Api(server.url, create_api_key(url, Scope.READ)),
        )
        other = Api(server.url, create_api_key(url, Scope.ADMIN, workspace_id=create_workspace(url)))
        assert scrape(admin)
        refusals = [(api.http.get("/metrics")) for api in (reader, other, server.api)]
        assert [(each.status_code, each.json()["errors"][0]["extensions"]["code"]) for each in refusals] == [
            (403, "FORBIDDEN"),
            (403, "FORBIDDEN"),  # whose numbers they are not alone
            (401, "UNAUTHENTICATED"),
        ]
        for api in (admin, reader, other):
            api.http.close()
