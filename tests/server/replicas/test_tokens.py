"""Checks consistency tokens on a replica that replays nothing: who gives one reads what was written, others what was before."""

import json
from functools import partial

import pytest

from db.replicas import ReadOutcome
from tests.harness.replicas import READ_TITLE, SET_TITLE, ask, outcomes
from tests.harness.servers import RunningServer, running_server
from tests.harness.sse_client import event_stream
from tests.harness.standby import ReplicationPair
from tests.harness.waiting import eventually
from tests.harness.websocket_client import websocket

pytestmark = pytest.mark.slow

Servers = tuple[RunningServer, RunningServer]
NEW, OLD = {"title": "New"}, {"title": "Old"}


def is_known(server: RunningServer, id: str) -> bool:
    return bool(ask(server, READ_TITLE, id=id).value)


def old_meeting(servers: Servers) -> str:
    """A meeting with the title Old, of which the replica knows."""
    id: str = servers[0].api.meeting("Old")["id"]
    for server in servers:
        eventually(partial(is_known, server, id))
    return id


def until_replica_is_read(server: RunningServer, id: str) -> None:
    """Waits until the old title is read, of a replica that has no newer one: the primary answers if it is too slow."""
    eventually(lambda: ask(server, READ_TITLE, id=id).value == OLD)


def test_who_gives_a_token_back_reads_what_was_written(pair: ReplicationPair, servers: Servers) -> None:
    id, another_id = old_meeting(servers), old_meeting(servers)
    one, other = servers
    with pair.paused():
        written = ask(one, SET_TITLE, id=id, title="New")
        later = ask(other, SET_TITLE, id=another_id, title="New")
        assert (written.token, later.token) == (written.header, later.header)
        for server in servers:
            until_replica_is_read(server, id)
            assert ask(server, READ_TITLE, token="primary", id=id).value == NEW
            assert ask(server, READ_TITLE, token=written.token, id=id).value == NEW
            assert ask(server, READ_TITLE, header=written.token, id=id).value == NEW
            for tokens in (f"{written.token}, {later.token}", f"{later.token},{written.token}"):
                assert ask(server, READ_TITLE, header=tokens, id=another_id).value == NEW
            assert ask(server, READ_TITLE, token=written.token, header=later.token, id=another_id).value == NEW

    def is_read_from_the_replica() -> bool:
        before = outcomes(other)[ReadOutcome.REPLICA]
        assert ask(other, READ_TITLE, token=written.token, id=id).value == NEW
        return outcomes(other)[ReadOutcome.REPLICA] > before

    eventually(is_read_from_the_replica)


def test_what_follows_a_write_in_one_request_sees_it(pair: ReplicationPair, servers: Servers) -> None:
    meeting = servers[0].api.meeting("Old", segments=1)
    mutation = """
    mutation ($id: ID!) {
      upsertSegments(meetingId: $id, segments: [{ segmentId: 2, text: "Two", startTime: 9, endTime: 10 }]) {
        ... on UpsertedSegments { meeting { segmentCount segments { nodes { text } } } }
      }
    }
    """
    with pair.paused():
        after = ask(servers[0], mutation, id=meeting["id"]).value["meeting"]
    assert after == {"segmentCount": 2, "segments": {"nodes": [{"text": "Text 1"}, {"text": "Two"}]}}


def test_every_kind_of_read_takes_the_token(pair: ReplicationPair, servers: Servers) -> None:
    one, other = servers
    with pair.paused():
        slug = one.api.agent("Told", systemPrompt="Be brief.")["slug"]
        token = ask(one, SET_TITLE, id=one.api.meeting()["id"], title="New").token
        assert token is not None
        flag, flags = f"/ofrep/v1/evaluate/flags/{slug}", "/ofrep/v1/evaluate/flags"
        eventually(lambda: other.api.http.post(flag, json={}).status_code == 404)
        for path in (flag, flags):
            known = other.api.http.post(path, json={}, headers={"Rapporteur-Consistency": token})
            assert (known.status_code, slug in known.text) == (200, True)
        given = {
            "query": "query ($slug: String!) { agentBySlug(slug: $slug) { name } }",
            "variables": json.dumps({"slug": slug}),
            "extensions": json.dumps({"consistency": token}),
        }
        headers = {"Accept": "application/json", "Rapporteur-Preflight": "1"}
        found = other.api.http.get("/graphql", params=given, headers=headers)
        assert found.json() == {"data": {"agentBySlug": {"name": "Told"}}}
        again = headers | {"If-None-Match": found.headers["ETag"]}
        assert other.api.http.get("/graphql", params=given, headers=again).status_code == 304


def test_a_websocket_reads_what_was_written_on_it(pair: ReplicationPair, servers: Servers) -> None:
    id = old_meeting(servers)
    one, other = servers
    with pair.paused():
        with websocket(one.url) as socket:
            assert socket.run("1", READ_TITLE, id=id) == OLD
            socket.subscribe("2", SET_TITLE, id=id, title="New")
            token = socket.receive()["payload"]["extensions"]["consistency"]
            socket.expect_complete("2")
            assert socket.run("3", READ_TITLE, id=id) == NEW
        with websocket(other.url, initialise=False) as socket:
            socket.send("connection_init", payload={"consistency": token})
            assert socket.receive() == {"type": "connection_ack"}
            assert socket.run("1", READ_TITLE, id=id) == NEW
        with websocket(other.url) as socket:
            eventually(lambda: socket.run("1", READ_TITLE, id=id) == OLD)
            socket.send(
                "subscribe",
                id="2",
                payload={"query": READ_TITLE, "variables": {"id": id}, "extensions": {"consistency": token}},
            )
            assert socket.next("2") == NEW


def test_a_mutation_as_an_event_stream_gives_a_token(servers: Servers) -> None:
    with event_stream(servers[0].url, SET_TITLE, id=old_meeting(servers), title="New") as stream:
        assert stream.payload()["extensions"]["consistency"]


def test_live_updates_do_not_wait_for_the_replica(pair: ReplicationPair, servers: Servers) -> None:
    id = old_meeting(servers)
    with pair.paused(), websocket(servers[1].url) as socket:
        socket.start("1", "MeetingUpdates", meetingId=id)
        assert socket.next("1")["meeting"]["title"] == "Old"
        ask(servers[0], SET_TITLE, id=id, title="New")
        assert socket.next("1")["meeting"]["title"] == "New"


def test_keys_are_read_on_the_primary(pair: ReplicationPair, servers: Servers) -> None:
    with pair.paused():
        servers[0].api.run("CreateApiKey", input={"name": "Made while paused", "scopes": ["READ"]})
        names = [key["name"] for key in servers[0].api.run("ApiKeys")["nodes"]]
        assert "Made while paused" in names
        both = ask(servers[0], f'{{ apiKeys {{ totalCount }} agentBySlug(slug: "{"a" * 9}") {{ id }} }}')
        assert both.body["data"]["apiKeys"]["totalCount"] == len(names)


@pytest.mark.parametrize(
    "token", ["", "x", "1-1", "1-1-1-1", "1-1-g", "1-1-" + "1" * 17, "primary,", ",".join(["primary"] * 21), "1-1-１"]
)
def test_what_is_no_token_is_refused(server: RunningServer, token: str) -> None:
    answer = ask(server, "{ meetingCount }", token=token)
    assert answer.body["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "extensions.consistency" in answer.body["errors"][0]["message"]
    with websocket(server.url, initialise=False) as socket:
        socket.send("connection_init", payload={"consistency": token})
        code, reason = socket.expect_close()
        assert code == 4400
        assert "extensions.consistency" in reason


@pytest.mark.parametrize("token", [1, True, [], {}])
def test_only_a_text_is_a_token(server: RunningServer, token: object) -> None:
    for header in (None, "primary"):
        answer = ask(server, "{ meetingCount }", token=token, header=header)
        assert "extensions.consistency" in answer.body["errors"][0]["message"]


def test_a_server_without_replicas_gives_a_token_to_who_gives_one(fresh_server: RunningServer) -> None:
    id = fresh_server.api.meeting("Old")["id"]
    assert ask(fresh_server, SET_TITLE, id=id, title="New").body.keys() == {"data"}
    given = ask(fresh_server, SET_TITLE, token="primary", id=id, title="Newer")
    assert given.token
    assert given.header == given.token
    read = ask(fresh_server, READ_TITLE, token=given.token, id=id)
    assert (read.value, read.token) == ({"title": "Newer"}, None)


def test_a_token_of_another_database_leads_to_the_primary(
    pair: ReplicationPair, servers: Servers, fresh_server: RunningServer
) -> None:
    foreign = ask(fresh_server, SET_TITLE, token="primary", id=fresh_server.api.meeting()["id"], title="New").token
    id = old_meeting(servers)
    with pair.paused():
        ask(servers[0], SET_TITLE, id=id, title="New")
        assert ask(servers[0], READ_TITLE, token=foreign, id=id).value == NEW


def test_a_standby_that_is_served_alone_does_not_answer_before_it_has_reached_a_token(
    pair: ReplicationPair, servers: Servers
) -> None:
    id = old_meeting(servers)
    with running_server(pair.standby_url, read_only=True) as reader:
        with pair.paused():
            token = ask(servers[0], SET_TITLE, id=id, title="New").token
            (error,) = ask(reader, READ_TITLE, token=token, id=id).body["errors"]
            assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE"
            assert "token" in error["message"]
            assert ask(reader, READ_TITLE, id=id).value == OLD
        eventually(lambda: "errors" not in ask(reader, READ_TITLE, token=token, id=id).body)
        assert ask(reader, READ_TITLE, token=token, id=id).value == NEW
    with running_server(pair.primary_url, read_only=True) as reader:
        assert ask(reader, READ_TITLE, token="primary", id=id).value == NEW
