"""`/graphql` over WebSocket, spoken to word by word: graphql-transport-ws as its PROTOCOL.md has it, and what breaks it."""

import contextlib
import socket as sockets

import pytest

from server.wire.graphql_files import operation
from tests.harness.live_operations import MEETING_COUNT, SEGMENT_UPDATES, polled_meetings, texts_by_number
from tests.harness.servers import Api, RunningServer, running_server, segment
from tests.harness.waiting import eventually, locked_meeting
from tests.harness.websocket_client import PROTOCOL, WebSocketClient, accepts_websockets, websocket

# The connection


@pytest.mark.parametrize("subprotocols", [None, ["graphql-ws"], ["soap", "graphql-ws"]])
def test_a_connection_without_the_protocol_is_refused(server: RunningServer, subprotocols: list[str] | None) -> None:
    with websocket(server.url, initialise=False, subprotocols=subprotocols) as socket:
        code, reason = socket.expect_close()
    assert code == 4406
    assert PROTOCOL in reason


def test_the_protocol_may_be_one_of_several_that_are_offered(server: RunningServer) -> None:
    with websocket(server.url, subprotocols=["graphql-ws", PROTOCOL]) as socket:
        assert socket.connection.subprotocol == PROTOCOL


@pytest.mark.slow
def test_a_client_must_introduce_itself_in_time(database_url: str) -> None:
    with running_server(database_url, init_timeout=0.3) as server, websocket(server.url) as introduced:
        with websocket(server.url, initialise=False) as silent:
            silent.expect_pong()  # a ping is no introduction
            assert silent.expect_close()[0] == 4408
        assert introduced.run("1", MEETING_COUNT) == 0


def test_a_client_introduces_itself_once(socket: WebSocketClient) -> None:
    socket.send("connection_init")
    assert socket.expect_close()[0] == 4429


def test_nothing_is_executed_before_the_introduction(server: RunningServer) -> None:
    with websocket(server.url, initialise=False) as socket:
        socket.subscribe("1", MEETING_COUNT)
        assert socket.expect_close()[0] == 4401


def test_pings_are_answered_at_any_time_and_pongs_need_no_answer(server: RunningServer) -> None:
    with websocket(server.url, initialise=False) as socket:
        socket.expect_pong()
        socket.initialise()
        socket.send("pong", payload={"unasked": True})
        socket.send("ping", payload={"with": "a payload"})
        assert socket.receive()["type"] == "pong"
        socket.expect_pong()


@pytest.mark.slow
def test_who_answers_pings_stays_and_who_does_not_is_let_go(database_url: str) -> None:
    with running_server(database_url, ping_interval=0.2, max_connections=1) as server:
        with websocket(server.url) as alive:
            for _ in range(4):
                assert alive.receive_any() == {"type": "ping"}
                alive.send("pong")
            assert alive.run("1", MEETING_COUNT) == 0
        eventually(lambda: accepts_websockets(server.url))
        meeting = server.api.meeting()
        with websocket(server.url) as dead:
            dead.subscribe("1", SEGMENT_UPDATES % "caughtUp", id=meeting["id"])
            assert dead.next("1") == {"caughtUp": True}
            assert dead.receive_any() == {"type": "ping"}
            code, reason = dead.expect_close()
        assert code == 1013  # clients connect again after this one, and not after 1011
        assert "sign of life" in reason
        eventually(lambda: accepts_websockets(server.url))


# What is wrong with an operation


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "Syntax Error"),
        ("{", "Syntax Error"),
        ("subscription {", "Syntax Error"),
        ("{" * 40_000, "Syntax Error"),
        ('{ a(b: "' + "€" * 40_000, "Syntax Error"),
        ("{ nothing }", "Cannot query field 'nothing'"),
        ("{ " + " ".join(f"nothing{n}" for n in range(900)) + " }", "Cannot query field"),
        ("{ " + "x" * 40_000 + " }", "Cannot query field"),
        ("subscription { nothing }", "Cannot query field 'nothing'"),
        ("subscription { segmentUpdates { cursor } }", "meetingId"),
        ('subscription { segmentUpdates(meetingId: "x") }', "selection of subfields"),
        ("subscription { __typename }", "top level"),
        ("query A { meetingCount } query B { meetingCount }", "operationName"),
        ("fragment A on Query { meetingCount }", "A"),
        ("query ($n: Int!) { agents(first: $n) { totalCount } }", "$n"),
        ('subscription ($n: Int!) { segmentUpdates(meetingId: "x", batchSize: $n) { cursor } }', "$n"),
        ("{ agents(first: 1000) { totalCount } }", "first"),
        ("{ \ud800 }", "Syntax Error"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_what_is_wrong_with_a_document_is_said_and_the_socket_stays_open(
    socket: WebSocketClient, query: str, says: str
) -> None:
    for _ in range(2):  # the id is free again
        socket.subscribe("1", query)
        error = socket.expect_error("1")
        assert says in error["message"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert isinstance(socket.run("1", MEETING_COUNT), int)


def test_an_operation_that_the_document_lacks_is_named(socket: WebSocketClient) -> None:
    socket.subscribe("1", "query A { meetingCount }", "B")
    assert "B" in socket.expect_error("1")["message"]
    assert isinstance(socket.run("1", "query A { meetingCount } query B { agents { totalCount } }", "A"), int)


# Queries and mutations


def test_a_mutation_is_answered_once_and_later_operations_see_it(socket: WebSocketClient) -> None:
    created = socket.run("1", operation("CreateMeeting"), "CreateMeeting", input={"title": "First"})
    read = "query ($id: ID!) { meeting(id: $id) { title segmentCount } }"
    assert socket.run("2", read, id=created["id"]) == {"title": "First", "segmentCount": 0}
    socket.run("3", operation("UpdateMeeting"), "UpdateMeeting", id=created["id"], input={"title": "Second"})
    socket.run("4", operation("UpsertSegments"), "UpsertSegments", meetingId=created["id"], segments=[segment(1)])
    assert socket.run("2", read, id=created["id"]) == {"title": "Second", "segmentCount": 1}


def test_an_operation_sees_what_others_wrote_since_the_one_before(socket: WebSocketClient, api: Api) -> None:
    agent, meeting = api.agent("First"), api.meeting("First")
    read = """
        query ($agent: ID!, $meeting: ID!) {
          nodes(ids: [$agent, $meeting]) { ... on Agent { name } ... on Meeting { title } }
        }
    """
    variables = {"agent": agent["id"], "meeting": meeting["id"]}
    assert socket.run("1", read, None, **variables) == [{"name": "First"}, {"title": "First"}]
    api.run("UpdateAgent", id=agent["id"], input={"name": "Second"})
    api.run("UpdateMeeting", id=meeting["id"], input={"title": "Second"})
    assert socket.run("2", read, None, **variables) == [{"name": "Second"}, {"title": "Second"}]


def test_the_mutations_of_a_document_run_in_order_and_each_sees_those_before(socket: WebSocketClient, api: Api) -> None:
    meeting = api.meeting("None")
    query = """
        mutation ($id: ID!) {
          a: updateMeeting(id: $id, input: {title: "One"}) { ... on Meeting { title version } }
          b: updateMeeting(id: $id, input: {title: "Two"}) { ... on Meeting { title version } }
        }
    """
    socket.subscribe("1", query, id=meeting["id"])
    data = socket.receive()["payload"]["data"]
    assert data == {"a": {"title": "One", "version": 2}, "b": {"title": "Two", "version": 3}}
    socket.expect_complete("1")


def test_a_field_that_fails_is_an_error_beside_the_rest(socket: WebSocketClient) -> None:
    socket.subscribe("1", '{ meetingCount agent(id: "nonsense") { id } }')
    message = socket.receive()
    assert (message["type"], message["id"]) == ("next", "1")
    assert message["payload"]["data"]["agent"] is None
    assert [error["path"] for error in message["payload"]["errors"]] == [["agent"]]
    socket.expect_complete("1")


def test_operations_of_one_connection_run_side_by_side(socket: WebSocketClient, api: Api) -> None:
    socket.subscribe("live", SEGMENT_UPDATES % "segments { segmentId }", id=api.meeting()["id"])
    assert socket.next("live") == {"segments": []}
    ids = {f"{n}" for n in range(20)}
    for id in ids:
        socket.subscribe(id, MEETING_COUNT)
    messages = [socket.receive() for _ in range(2 * len(ids))]
    assert {message["id"] for message in messages if message["type"] == "next"} == ids
    assert {message["id"] for message in messages if message["type"] == "complete"} == ids


@pytest.mark.parametrize("bytes_of_message", [125, 126, 65_535, 65_536])
def test_messages_of_each_length_that_frames_know(socket: WebSocketClient, bytes_of_message: int) -> None:
    rest = len('{"id":"","type":"next","payload":{"data":{"__typename":"Query"}}}')
    id = "é" + "x" * (bytes_of_message - rest - len("é".encode()))
    socket.subscribe(id, "{ __typename }")
    assert socket.receive() == {"id": id, "type": "next", "payload": {"data": {"__typename": "Query"}}}
    socket.expect_complete(id)


# The ends of an operation


def test_a_completed_operation_is_over_and_its_id_free(socket: WebSocketClient, api: Api) -> None:
    meeting = api.meeting(segments=1)
    for _ in range(3):
        socket.subscribe("1", SEGMENT_UPDATES % "segments { segmentId }", id=meeting["id"])
        assert socket.next("1") == {"segments": [{"segmentId": 1}]}
        socket.send("complete", id="1")
    socket.subscribe("1", SEGMENT_UPDATES % "segments { segmentId }", id=meeting["id"])
    assert socket.next("1") == {"segments": [{"segmentId": 1}]}
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(2)])
    assert socket.next("1") == {"segments": [{"segmentId": 2}]}
    socket.expect_pong()  # nobody else has told of segment 2


def test_completing_what_does_not_run_is_harmless(socket: WebSocketClient) -> None:
    socket.send("complete", id="never")
    assert isinstance(socket.run("1", MEETING_COUNT), int)
    socket.send("complete", id="1")
    socket.expect_pong()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["complete", "close", "drop"])
def test_what_nobody_follows_any_more_is_not_polled(database_url: str, how: str) -> None:
    with (
        running_server(database_url) as server,
        running_server(database_url) as other_server,
        polled_meetings(server, other_server) as polls,
        contextlib.ExitStack() as leaving,
    ):
        meeting = other_server.api.meeting()
        reader = leaving.enter_context(websocket(server.url))
        reader.start("1", "SegmentUpdates", meetingId=meeting["id"])
        assert not texts_by_number(reader.next("1"))
        assert polls(meeting)
        assert texts_by_number(reader.next("1"))
        match how:
            case "complete":
                reader.send("complete", id="1")
            case "close":
                leaving.close()
            case "drop":
                reader.connection.socket.shutdown(sockets.SHUT_RDWR)
        eventually(lambda: not polls(meeting))


@pytest.mark.slow
@pytest.mark.parametrize("how", ["complete", "close"])
def test_what_a_client_has_given_up_keeps_no_connection_to_the_database(database_url: str, how: str) -> None:
    with running_server(database_url, pool_size=2, pool_timeout=2) as server:
        meeting = server.api.meeting("Before")
        with locked_meeting(database_url, meeting) as is_waited_for:
            for _ in range(4):  # more than there are connections
                with websocket(server.url) as socket:
                    socket.start("1", "UpdateMeeting", id=meeting["id"], input={"title": "After"})
                    eventually(is_waited_for)
                    if how == "complete":
                        socket.send("complete", id="1")
                        socket.expect_pong()
                eventually(lambda: not is_waited_for())
        assert server.api.run("Meeting", id=meeting["id"])["title"] == "Before"
