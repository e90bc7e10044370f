"""Checks what is counted of operations, subscriptions and errors."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from server.wire.graphql_files import operation
from tests.harness import http
from tests.harness.databases import TestPostgres
from tests.harness.scrapes import Scrape, scrape
from tests.harness.servers import Api, RunningServer, running_server, segment
from tests.harness.sse_client import event_stream
from tests.harness.waiting import eventually, locked_meeting
from tests.harness.websocket_client import websocket

RENAME = 'mutation UpdateMeeting { updateMeeting(id: "%s", input: { title: "x" }, expectedVersion: 9) { __typename } }'


def grown(after: Scrape, before: Scrape, name: str) -> dict[str, float]:
    """Returns by how much the samples of one name have grown, by the values of their labels; without those that have not."""
    keys = {key for key in after if key.partition(" ")[0] == name}
    return {key.partition(" ")[2]: after[key] - before[key] for key in sorted(keys) if after[key] != before[key]}


def test_operations_are_counted_by_name_type_and_outcome(fresh_api: Api) -> None:
    meeting = fresh_api.meeting()
    before = scrape(fresh_api)
    fresh_api.run("Meetings")
    fresh_api.run("UpdateMeeting", id=meeting["id"], input={"title": "New"})
    fresh_api.post("query Meetings($first: Int) { meetings(first: $first) { totalCount } }", {"first": "two"})
    fresh_api.post("query Meetings { meetings(first: 5000) { totalCount } }")
    fresh_api.post("query Meetings { nothing }")  # never becomes an operation
    after = scrape(fresh_api)
    assert grown(after, before, "rapporteur_operation_duration_seconds_count") == {
        "Meetings ok query": 1,
        "Meetings client_error query": 2,
        "UpdateMeeting ok mutation": 1,
    }
    assert grown(after, before, "rapporteur_operations_total") == {
        "ok query": 1,
        "client_error query": 2,
        "ok mutation": 1,
    }
    buckets = [
        after[f"rapporteur_operation_duration_seconds_bucket {le} Meetings ok query"] for le in ("0.001", "+Inf")
    ]
    assert buckets[0] <= buckets[1] == after["rapporteur_operation_duration_seconds_count Meetings ok query"]


def test_names_that_clients_make_up_are_not_kept(fresh_api: Api) -> None:
    before = scrape(fresh_api)
    for number in range(20):
        fresh_api.post(f"query Made{number} {{ meetings {{ totalCount }} }}")
    fresh_api.post("{ meetings { totalCount } }")
    after = scrape(fresh_api)
    assert grown(after, before, "rapporteur_operation_duration_seconds_count") == {"other ok query": 21}
    assert len(after) == len(scrape(fresh_api))


def test_names_of_trusted_documents_are_told_apart(postgres: TestPostgres, tmp_path: Path) -> None:
    document = "# of ours\nquery Board {\n  meetings { totalCount }\n}\n"
    (tmp_path / "board.graphql").write_text(document)
    with postgres.database() as url, running_server(url, trusted_documents=tmp_path) as server:
        server.api.post(document)
        assert scrape(server.api)["rapporteur_operation_duration_seconds_count Board ok query"] == 1


def test_the_cost_is_the_one_that_keys_are_charged(fresh_api: Api) -> None:
    before = scrape(fresh_api)
    body = {"query": operation("Meetings"), "operationName": "Meetings", "extensions": {"cost": True}}
    cost = fresh_api.http.post("/graphql", json=body).json()["extensions"]["cost"]
    assert grown(scrape(fresh_api), before, "rapporteur_operation_cost_total") == {"Meetings query": cost}


def test_errors_are_counted_by_code_also_those_that_are_data(fresh_api: Api) -> None:
    meeting = fresh_api.meeting()
    before = scrape(fresh_api)
    fresh_api.post(RENAME % meeting["id"])
    fresh_api.post(RENAME % "00000000-0000-4000-8000-000000000000")
    fresh_api.post('mutation { createMeeting(input: { title: "" }) { __typename } }')
    fresh_api.post("{ meetings(first: 5000) { totalCount } }")
    fresh_api.post("{")
    http.post(f"{fresh_api.url}/graphql", content="{", headers={"Content-Type": "application/json"})
    assert grown(scrape(fresh_api), before, "rapporteur_errors_total") == {
        "BAD_USER_INPUT": 3,
        "CONFLICT": 1,
        "INVALID_INPUT": 1,
        "NOT_FOUND": 1,
    }


def test_an_error_of_an_operation_over_a_websocket_is_counted_once(fresh_server: RunningServer) -> None:
    before = scrape(fresh_server.api)
    with websocket(fresh_server.url) as client:
        client.subscribe("1", "query Meetings { meetings(first: 5000) { totalCount } }")
        client.expect_error("1")
    after = scrape(fresh_server.api)
    assert grown(after, before, "rapporteur_errors_total") == {"BAD_USER_INPUT": 1}
    assert grown(after, before, "rapporteur_operations_total") == {"client_error query": 1}


def test_requests_are_counted_by_path_and_status(fresh_api: Api) -> None:
    before = scrape(fresh_api)
    for path in ("/healthz", "/nowhere", "/elsewhere", "/ofrep/v1/evaluate/flags", "/graphql?query=%7B__typename%7D"):
        fresh_api.http.get(path)
    fresh_api.run("Meetings")
    requests = grown(scrape(fresh_api), before, "rapporteur_http_requests_total")
    assert requests.pop("/metrics 200") == 1
    assert requests == {"/graphql 200": 1, "/graphql 400": 1, "/healthz 200": 1, "/ofrep 405": 1, "other 404": 2}


def test_subscriptions_their_events_and_their_lag_are_counted(fresh_server: RunningServer) -> None:
    api = fresh_server.api
    meeting = api.meeting(segments=3)
    document = operation("SegmentUpdates")
    with websocket(fresh_server.url) as client:
        client.start("1", "SegmentUpdates", meetingId=meeting["id"])
        assert len(client.next("1")["segments"]) == 3  # it catches up, which is no lag
        with event_stream(fresh_server.url, document, meetingId=meeting["id"]) as stream:
            stream.next()
            before = scrape(api)
            assert before["rapporteur_subscriptions_open SegmentUpdates"] == 2
            assert before["rapporteur_live_lag_seconds_count"] == 0
            assert before["rapporteur_live_workspaces"] == 1
            for number in (4, 5):
                api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(number)])
                client.next("1")
                stream.next()
        # An event counts once the next one is asked for, which the client does not see.
        eventually(lambda: scrape(api)["rapporteur_live_lag_seconds_count"] == 4)
        eventually(lambda: scrape(api)["rapporteur_subscription_events_total SegmentUpdates"] == 6)
        eventually(lambda: scrape(api)["rapporteur_subscriptions_open SegmentUpdates"] == 1)
    eventually(lambda: scrape(api)["rapporteur_subscriptions_ended_total SegmentUpdates abandoned"] == 2)
    after = scrape(api)
    assert after["rapporteur_subscriptions_open SegmentUpdates"] == 0
    assert after["rapporteur_live_lag_seconds_bucket 30.0"] == 4


def test_a_subscription_that_fails_is_counted_as_such(fresh_server: RunningServer) -> None:
    with websocket(fresh_server.url) as client:
        client.start("1", "SegmentUpdates", meetingId="00000000-0000-4000-8000-000000000000")
        client.expect_error("1")
    after = scrape(fresh_server.api)
    assert after["rapporteur_subscriptions_ended_total SegmentUpdates client_error"] == 1
    assert after["rapporteur_subscription_events_total SegmentUpdates"] == 0


def test_sockets_that_the_server_closes_are_counted(fresh_server: RunningServer) -> None:
    before = scrape(fresh_server.api)
    with websocket(fresh_server.url) as client:
        client.send_text("nonsense")
        client.expect_close()
    assert grown(scrape(fresh_server.api), before, "rapporteur_websocket_closes_total")["4400"] == 1


def test_an_operation_that_its_client_leaves_is_counted_as_abandoned(
    fresh_server: RunningServer, database_url: str
) -> None:
    meeting = fresh_server.api.meeting()
    with locked_meeting(database_url, meeting) as is_lock_awaited, websocket(fresh_server.url) as client:
        client.start("1", "UpdateMeeting", id=meeting["id"], input={"title": "New"})
        eventually(is_lock_awaited)
        client.send("complete", id="1")
        name = "rapporteur_operation_duration_seconds_count UpdateMeeting abandoned mutation"
        eventually(lambda: scrape(fresh_server.api)[name] == 1)


def is_connected(api: Api) -> bool:
    return scrape(api)["rapporteur_notifier_connected"] == 1


def test_notifications_of_two_servers_are_counted(database_url: str) -> None:
    with running_server(database_url) as first, running_server(database_url) as second:
        for server in (first, second):
            eventually(partial(is_connected, server.api))
        first.api.meeting()
        eventually(lambda: scrape(second.api)["rapporteur_notifications_received_total"] >= 1)
        counted = scrape(first.api)
        assert counted["rapporteur_notifications_sent_total"] >= 1
        assert counted["rapporteur_notifier_connections_total"] == 1


def test_waits_for_a_connection_are_counted(database_url: str) -> None:
    alone = {"pool_size": 1, "webhook_concurrency": 0}
    with running_server(database_url, **alone) as server, ThreadPoolExecutor(1) as others:
        meeting = server.api.meeting()
        server.database.pool._timeout = 0.1  # the connection is there: only who finds none must wait
        before = scrape(server.api)
        assert before["rapporteur_database_connections_max"] == 1
        assert before["rapporteur_database_connection_timeouts_total"] == 0
        with locked_meeting(database_url, meeting) as is_lock_awaited:
            holder = Api(server.url)
            held = others.submit(holder.run, "UpdateMeeting", id=meeting["id"], input={"title": "New"})
            eventually(is_lock_awaited)
            assert server.api.expect_error("Meetings")["extensions"]["code"] == "SERVICE_UNAVAILABLE"
            during = scrape(server.api)
        held.result()
        holder.http.close()
        assert during["rapporteur_database_connections_busy"] == 1
        assert during["rapporteur_database_connection_timeouts_total"] == 1
        assert (
            during["rapporteur_errors_total SERVICE_UNAVAILABLE"]
            > before["rapporteur_errors_total SERVICE_UNAVAILABLE"]
        )
        assert during["rapporteur_operations_total server_error query"] == 1
        waits = grown(scrape(server.api), before, "rapporteur_database_connection_wait_seconds_count")
        assert waits == {"": 2}  # to read the meeting, and to write it


def test_statements_and_their_rows_are_counted_by_table(fresh_api: Api) -> None:
    meeting = fresh_api.meeting(segments=3)
    before = scrape(fresh_api)
    fresh_api.post("query ($id: ID!) { meeting(id: $id) { segments(first: 10) { nodes { text } } } }", meeting)
    after = scrape(fresh_api)
    runs = grown(after, before, "rapporteur_database_statement_duration_seconds_count")
    rows = grown(after, before, "rapporteur_database_rows_total")
    assert (runs["SELECT meetings"] >= 1, runs["SELECT segments"] >= 1) == (
        True,
        True,
    )  # others may run in this process
    assert rows["SELECT segments"] >= 3
    assert after["rapporteur_database_statement_duration_seconds_sum SELECT segments"] > 0
