"""`/graphql` over WebSocket, spoken to word by word: graphql-transport-ws as its PROTOCOL.md has it, and what breaks it."""

import contextlib
import json
import logging
import socket as sockets
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

import psutil
import pytest
from websockets.exceptions import ConnectionClosed

from domain.change_stream import Position
from domain.ids import MeetingId
from server.wire.graphql_files import operation
from tests.harness.conditions import asking, eventually, locked
from tests.harness.raw_clients import PROTOCOL, Socket, Unread, connected
from tests.harness.recorded_statements import recorded
from tests.harness.servers import Api, RunningServer, running_server, segment

UNKNOWN = "01900000-0000-7000-8000-00000000dead"
COUNT = "{ meetingCount }"
UPDATES = "subscription ($id: ID!, $after: String) { segmentUpdates(meetingId: $id, after: $after) { %s } }"


@pytest.fixture
def socket(server: RunningServer) -> Iterator[Socket]:
    with connected(server.url) as socket:
        yield socket


@pytest.fixture(autouse=True)
def nothing_goes_wrong_in_the_server(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a client says, no error is logged: a client's fault is none of the server's."""
    yield
    errors = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not errors, caplog.text


def accepts(url: str) -> bool:
    """Whether the server takes another connection."""
    with connected(url, initialise=False) as socket:
        try:
            socket.initialise()
        except ConnectionClosed:
            return False
        return True


def told(updates: Any) -> dict[int, str]:
    return {segment["segmentId"]: segment["text"] for segment in updates["segments"]}


# The connection


@pytest.mark.parametrize("subprotocols", [None, ["graphql-ws"], ["soap", "graphql-ws"]])
def test_a_connection_without_the_protocol_is_refused(server: RunningServer, subprotocols: list[str] | None) -> None:
    with connected(server.url, initialise=False, subprotocols=subprotocols) as socket:
        code, reason = socket.closed()
    assert code == 4406
    assert PROTOCOL in reason


def test_the_protocol_may_be_one_of_several_that_are_offered(server: RunningServer) -> None:
    with connected(server.url, subprotocols=["graphql-ws", PROTOCOL]) as socket:
        assert socket.connection.subprotocol == PROTOCOL


def test_a_client_must_introduce_itself_in_time(database_url: str) -> None:
    with running_server(database_url, init_timeout=0.3) as server, connected(server.url) as introduced:
        with connected(server.url, initialise=False) as silent:
            silent.lives()  # a ping is no introduction
            assert silent.closed()[0] == 4408
        assert introduced.run("1", COUNT) == 0


def test_a_client_introduces_itself_once(socket: Socket) -> None:
    socket.send("connection_init")
    assert socket.closed()[0] == 4429


def test_nothing_is_executed_before_the_introduction(server: RunningServer) -> None:
    with connected(server.url, initialise=False) as socket:
        socket.subscribe("1", COUNT)
        assert socket.closed()[0] == 4401


def test_pings_are_answered_at_any_time_and_pongs_need_no_answer(server: RunningServer) -> None:
    with connected(server.url, initialise=False) as socket:
        socket.lives()
        socket.initialise()
        socket.send("pong", payload={"unasked": True})
        socket.send("ping", payload={"with": "a payload"})
        assert socket.receive()["type"] == "pong"
        socket.lives()


def test_who_answers_pings_stays_and_who_does_not_is_let_go(database_url: str) -> None:
    with running_server(database_url, ping_interval=0.2, max_connections=1) as server:
        with connected(server.url) as alive:
            for _ in range(4):
                assert alive.receive() == {"type": "ping"}
                alive.send("pong")
            assert alive.run("1", COUNT) == 0
        eventually(lambda: accepts(server.url))
        meeting = server.api.meeting()
        with connected(server.url) as dead:
            dead.subscribe("1", UPDATES % "caughtUp", id=meeting["id"])
            assert dead.next("1") == {"caughtUp": True}
            assert dead.receive() == {"type": "ping"}
            code, reason = dead.closed()
        assert code == 1013  # clients connect again after this one, and not after 1011
        assert "sign of life" in reason
        eventually(lambda: accepts(server.url))


# What breaks the protocol

AT_ANY_TIME = [
    b"\x00\x01",
    json.dumps({"type": "ping"}).encode(),  # right, but in a binary frame
    "",
    "hello",
    "{",
    '{"type": "ping"',
    "[" * 100_000,
    "5",
    "null",
    '"ping"',
    "[]",
    '[{"type": "ping"}]',
    "{}",
    '{"id": "1"}',
    '{"type": null}',
    '{"type": 5}',
    '{"type": ["ping"]}',
    '{"type": {"type": "ping"}}',
    '{"type": "nothing"}',
    '{"type": "next", "id": "1", "payload": {}}',
    '{"type": "\\ud800"}',
    '{"type": "complete"}',
    '{"type": "complete", "id": 1}',
]
"""Frames that are wrong before the introduction and after it."""

PAYLOAD = {"query": COUNT}
SUBSCRIPTIONS: list[dict[str, Any]] = [
    {"payload": PAYLOAD},
    {"id": None, "payload": PAYLOAD},
    {"id": "", "payload": PAYLOAD},
    {"id": 1, "payload": PAYLOAD},
    {"id": ["1"], "payload": PAYLOAD},
    {"id": {"of": "me"}, "payload": PAYLOAD},
    {"id": "1"},
    {"id": "1", "payload": None},
    {"id": "1", "payload": COUNT},
    {"id": "1", "payload": [PAYLOAD]},
    {"id": "1", "payload": 5},
    {"id": "1", "payload": {}},
    {"id": "1", "payload": {"query": None}},
    {"id": "1", "payload": {"query": [COUNT]}},
    {"id": "1", "payload": {"query": 5}},
    {"id": "1", "payload": {**PAYLOAD, "variables": []}},
    {"id": "1", "payload": {**PAYLOAD, "variables": "{}"}},
    {"id": "1", "payload": {**PAYLOAD, "variables": 5}},
    {"id": "1", "payload": {**PAYLOAD, "operationName": {}}},
    {"id": "1", "payload": {**PAYLOAD, "operationName": 5}},
]
"""Messages `subscribe` that are wrong by their form."""


def assert_bad_request(socket: Socket) -> None:
    code, reason = socket.closed()
    assert code == 4400
    assert 0 < len(reason.encode()) <= 123


@pytest.mark.parametrize("initialise", [False, True], ids=["at once", "later"])
@pytest.mark.parametrize("frame", AT_ANY_TIME, ids=lambda frame: ascii(frame)[:40])
def test_a_malformed_message_closes_the_socket_with_a_reason(
    server: RunningServer, frame: str | bytes, initialise: bool
) -> None:
    with connected(server.url, initialise=initialise) as socket:
        socket.say(frame)
        assert_bad_request(socket)


@pytest.mark.parametrize("message", SUBSCRIPTIONS, ids=json.dumps)
def test_a_malformed_operation_closes_the_socket_with_a_reason(socket: Socket, message: dict[str, Any]) -> None:
    socket.send("subscribe", **message)
    assert_bad_request(socket)


@pytest.mark.parametrize("payload", [[], [1], "token", 5, True], ids=json.dumps)
def test_the_payload_of_the_introduction_must_be_an_object(server: RunningServer, payload: Any) -> None:
    with connected(server.url, initialise=False) as socket:
        socket.send("connection_init", payload=payload)
        assert_bad_request(socket)


@pytest.mark.parametrize("payload", [None, {}, {"token": "x"}], ids=json.dumps)
def test_the_payload_of_the_introduction_may_be_any_object(server: RunningServer, payload: Any) -> None:
    with connected(server.url, initialise=False) as socket:
        socket.send("connection_init", payload=payload)
        assert socket.receive() == {"type": "connection_ack"}
        assert isinstance(socket.run("1", COUNT), int)


def test_an_id_is_used_by_one_operation_at_once(socket: Socket, api: Api) -> None:
    id = api.meeting()["id"]
    socket.subscribe("1", UPDATES % "caughtUp", id=id)
    assert socket.next("1") == {"caughtUp": True}
    socket.subscribe("1", COUNT)
    code, reason = socket.closed()
    assert code == 4409
    assert reason == "Subscriber for 1 already exists"


@pytest.mark.parametrize("start", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("letter", ["x", "é", "€", "𝄞"])
def test_a_long_reason_is_cut_between_characters(socket: Socket, api: Api, start: str, letter: str) -> None:
    id = start + letter * 200
    meeting_id = api.meeting()["id"]
    socket.subscribe(id, UPDATES % "caughtUp", id=meeting_id)
    assert socket.next(id) == {"caughtUp": True}
    socket.subscribe(id, COUNT)
    code, reason = socket.closed()
    assert code == 4409
    assert 119 < len(reason.encode()) <= 123
    assert f"Subscriber for {id}".startswith(reason)


def test_an_id_that_utf8_cannot_hold_breaks_nothing(socket: Socket, api: Api) -> None:
    meeting_id = api.meeting()["id"]
    socket.subscribe("\ud800", UPDATES % "caughtUp", id=meeting_id)
    assert socket.next("\ud800") == {"caughtUp": True}
    socket.subscribe("\ud800", COUNT)
    assert socket.closed()[0] == 4409


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
def test_what_is_wrong_with_a_document_is_said_and_the_socket_stays_open(socket: Socket, query: str, says: str) -> None:
    for _ in range(2):  # the id is free again
        socket.subscribe("1", query)
        error = socket.refused("1")
        assert says in error["message"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert isinstance(socket.run("1", COUNT), int)


def test_an_operation_that_the_document_lacks_is_named(socket: Socket) -> None:
    socket.subscribe("1", "query A { meetingCount }", "B")
    assert "B" in socket.refused("1")["message"]
    assert isinstance(socket.run("1", "query A { meetingCount } query B { agents { totalCount } }", "A"), int)


@pytest.mark.parametrize(
    ("variables", "field"),
    [
        ({"meetingId": "nonsense"}, "meetingId"),
        ({"meetingId": ""}, "meetingId"),
        ({"meetingId": "\0"}, "meetingId"),
        ({"meetingId": "\ud800"}, "meetingId"),
        ({"after": ""}, "after"),
        ({"after": "nonsense"}, "after"),
        ({"after": "\ud800"}, "after"),
        ({"after": "é"}, "after"),
        ({"after": "x" * 2000}, "after"),
        ({"batchSize": 0}, "batchSize"),
        ({"batchSize": 1001}, "batchSize"),
        ({"batchSize": -1}, "batchSize"),
        ({"batchSize": 2**31 - 1}, "batchSize"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_a_wrong_argument_of_segment_updates_is_named(
    socket: Socket, api: Api, variables: dict[str, Any], field: str
) -> None:
    socket.follow("1", "SegmentUpdates", **{"meetingId": api.meeting(segments=1)["id"]} | variables)
    error = socket.refused("1")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert [invalid["path"] for invalid in error["extensions"]["fields"]] == [field]
    assert field in error["message"]
    socket.lives()


def test_an_unknown_meeting_is_an_error(socket: Socket) -> None:
    socket.follow("1", "SegmentUpdates", meetingId=UNKNOWN)
    error = socket.refused("1")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"] == f"there is no meeting {UNKNOWN}"
    socket.lives()


def test_a_cursor_must_be_one_that_this_meeting_has_given(socket: Socket, api: Api) -> None:
    meeting, other = api.meeting(segments=1), api.meeting(segments=1)
    other_cursor = api.run("Meeting", id=other["id"])["updatesCursor"]
    ahead = Position.after_write(2).cursor(MeetingId(UUID(meeting["id"])))
    of_a_list = api.run("Meetings", first=1)["pageInfo"]["endCursor"]
    for cursor, says in (
        (other_cursor, "another meeting's"),
        (ahead, "ahead of the meeting"),
        (of_a_list, "must be a cursor"),
        (api.run("Meeting", id=meeting["id"])["updatesCursor"][:-2], "must be a cursor"),
    ):
        socket.follow("1", "SegmentUpdates", meetingId=meeting["id"], after=cursor)
        error = socket.refused("1")
        assert error["extensions"]["fields"][0]["path"] == "after"
        assert says in error["message"]


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({}, "agentId"),
        ({"agentId": UNKNOWN, "agentSlug": "meeting-scribe"}, "agentId"),
        ({"agentId": "nonsense"}, "agentId"),
        ({"agentId": UNKNOWN}, f"there is no agent {UNKNOWN}"),
        ({"agentSlug": "unknown"}, "agentSlug"),
        ({"agentSlug": "No Slug"}, "agentSlug"),
        ({"agentSlug": ""}, "agentSlug"),
        ({"agentSlug": "\0"}, "agentSlug"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_a_wrong_argument_of_resolved_config_updates_is_named(
    socket: Socket, variables: dict[str, Any], says: str
) -> None:
    socket.follow("1", "ResolvedConfigUpdates", **variables)
    error = socket.refused("1")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert says in error["message"]
    socket.lives()


# Queries and mutations


def test_a_mutation_is_answered_once_and_later_operations_see_it(socket: Socket) -> None:
    created = socket.run("1", operation("CreateMeeting"), "CreateMeeting", input={"title": "First"})
    read = "query ($id: ID!) { meeting(id: $id) { title segmentCount } }"
    assert socket.run("2", read, id=created["id"]) == {"title": "First", "segmentCount": 0}
    socket.run("3", operation("UpdateMeeting"), "UpdateMeeting", id=created["id"], input={"title": "Second"})
    socket.run("4", operation("UpsertSegments"), "UpsertSegments", meetingId=created["id"], segments=[segment(1)])
    assert socket.run("2", read, id=created["id"]) == {"title": "Second", "segmentCount": 1}


def test_an_operation_sees_what_others_wrote_since_the_one_before(socket: Socket, api: Api) -> None:
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


def test_the_mutations_of_a_document_run_in_order_and_each_sees_those_before(socket: Socket, api: Api) -> None:
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
    socket.completed("1")


def test_a_field_that_fails_is_an_error_beside_the_rest(socket: Socket) -> None:
    socket.subscribe("1", '{ meetingCount agent(id: "nonsense") { id } }')
    message = socket.receive()
    assert (message["type"], message["id"]) == ("next", "1")
    assert message["payload"]["data"]["agent"] is None
    assert [error["path"] for error in message["payload"]["errors"]] == [["agent"]]
    socket.completed("1")


def test_operations_of_one_connection_run_side_by_side(socket: Socket, api: Api) -> None:
    socket.subscribe("live", UPDATES % "segments { segmentId }", id=api.meeting()["id"])
    assert socket.next("live") == {"segments": []}
    ids = {f"{n}" for n in range(20)}
    for id in ids:
        socket.subscribe(id, COUNT)
    messages = [socket.receive() for _ in range(2 * len(ids))]
    assert {message["id"] for message in messages if message["type"] == "next"} == ids
    assert {message["id"] for message in messages if message["type"] == "complete"} == ids


# The ends of an operation


def test_a_completed_operation_is_over_and_its_id_free(socket: Socket, api: Api) -> None:
    meeting = api.meeting(segments=1)
    for _ in range(3):
        socket.subscribe("1", UPDATES % "segments { segmentId }", id=meeting["id"])
        assert socket.next("1") == {"segments": [{"segmentId": 1}]}
        socket.send("complete", id="1")
    socket.subscribe("1", UPDATES % "segments { segmentId }", id=meeting["id"])
    assert socket.next("1") == {"segments": [{"segmentId": 1}]}
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(2)])
    assert socket.next("1") == {"segments": [{"segmentId": 2}]}
    socket.lives()  # nobody else has told of segment 2


def test_completing_what_does_not_run_is_harmless(socket: Socket) -> None:
    socket.send("complete", id="never")
    assert isinstance(socket.run("1", COUNT), int)
    socket.send("complete", id="1")
    socket.lives()


@pytest.mark.parametrize("how", ["complete", "close", "drop"])
def test_what_nobody_follows_any_more_is_not_looked_at(database_url: str, how: str) -> None:
    with (
        running_server(database_url) as here,
        running_server(database_url) as there,
        asking(here, there) as looks_at,
        contextlib.ExitStack() as leaving,
    ):
        meeting = there.api.meeting()
        reader = leaving.enter_context(connected(here.url))
        reader.follow("1", "SegmentUpdates", meetingId=meeting["id"])
        assert not told(reader.next("1"))
        assert looks_at(meeting)
        assert told(reader.next("1"))
        match how:
            case "complete":
                reader.send("complete", id="1")
            case "close":
                leaving.close()
            case "drop":
                reader.connection.socket.shutdown(sockets.SHUT_RDWR)
        eventually(lambda: not looks_at(meeting))


@pytest.mark.parametrize("how", ["complete", "close"])
def test_what_a_client_has_given_up_keeps_no_connection_to_the_database(database_url: str, how: str) -> None:
    with running_server(database_url, pool_size=2, pool_timeout=2) as server:
        meeting = server.api.meeting("Before")
        with locked(database_url, meeting) as is_waited_for:
            for _ in range(4):  # more than there are connections
                with connected(server.url) as socket:
                    socket.follow("1", "UpdateMeeting", id=meeting["id"], input={"title": "After"})
                    eventually(is_waited_for)
                    if how == "complete":
                        socket.send("complete", id="1")
                        socket.lives()
                eventually(lambda: not is_waited_for())
        assert server.api.run("Meeting", id=meeting["id"])["title"] == "Before"


# Limits


def test_a_connection_has_so_many_operations_at_once_and_no_more(database_url: str) -> None:
    with running_server(database_url, max_operations=2) as server, connected(server.url) as socket:
        meeting = server.api.meeting()
        for id in ("1", "2"):
            socket.subscribe(id, UPDATES % "caughtUp", id=meeting["id"])
            socket.next(id)
        socket.subscribe("3", COUNT)
        assert "at most 2 operations" in socket.refused("3")["message"]
        socket.send("complete", id="1")
        assert socket.run("3", COUNT) == 1


def test_a_process_has_so_many_connections_at_once_and_no_more(database_url: str) -> None:
    with (
        running_server(database_url, max_connections=2) as server,
        contextlib.ExitStack() as one,
        connected(server.url) as other,
    ):
        one.enter_context(connected(server.url))
        with connected(server.url, initialise=False) as third:
            code, reason = third.closed()
        assert code == 1013
        assert "too many connections" in reason
        assert other.run("1", COUNT) == 0
        one.close()
        eventually(lambda: accepts(server.url))


def test_a_message_has_a_size_that_it_must_not_exceed(database_url: str) -> None:
    with running_server(database_url, max_message=2048) as server, connected(server.url) as socket:
        assert socket.run("1", COUNT + " " * 1500) == 0
        socket.subscribe("1", COUNT + " " * 2048)
        assert socket.closed()[0] == 1009


def test_a_text_frame_that_is_no_text_closes_the_socket(socket: Socket, caplog: pytest.LogCaptureFixture) -> None:
    socket.connection.send(b'{"type": "\xff"}', text=True)
    assert socket.closed()[0] == 1007
    caplog.clear()  # uvicorn logs this one itself


@pytest.mark.parametrize("kernel_helps", [True, False])
def test_a_reader_that_never_reads_is_ended_and_the_others_do_not_notice(
    database_url: str, monkeypatch: pytest.MonkeyPatch, kernel_helps: bool
) -> None:
    if not kernel_helps:  # as on systems without this option
        monkeypatch.delattr(sockets, "TCP_USER_TIMEOUT", raising=False)
    with (
        running_server(database_url, send_timeout=1.5, max_connections=2) as server,
        connected(server.url) as reader,
        Unread(server.url) as unread,
    ):
        meeting = server.api.meeting()
        for start in range(1, 401, 100):
            segments = [segment(number, text="x" * 20_000) for number in range(start, start + 100)]
            server.api.run("UpsertSegments", meetingId=meeting["id"], segments=segments)
        unread.open_websocket()
        assert not accepts(server.url)
        for subscribe in (unread.subscribe, partial(reader.subscribe, "1")):
            subscribe(UPDATES % "caughtUp segments { segmentId text }", id=meeting["id"])
        seen: dict[int, str] = {}
        while not (updates := reader.next("1"))["caughtUp"]:
            seen |= told(updates)
        assert len(seen | told(updates)) == 400
        eventually(lambda: accepts(server.url))
        if kernel_helps and hasattr(sockets, "TCP_USER_TIMEOUT"):
            eventually(lambda: not connections_from(unread.port))
        server.api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(1, text="Live")])
        assert told(reader.next("1")) == {1: "Live"}


def test_a_client_that_does_not_read_what_was_wrong_is_ended(database_url: str) -> None:
    query = "{ %s }" % " ".join(f"{'x' * 900}{number}" for number in range(10))  # noqa: UP031
    with (
        running_server(database_url, send_timeout=1.5, max_connections=1) as server,
        Unread(server.url) as unread,
    ):
        unread.open_websocket()
        unread.subscribe(query, times=1_000)
        assert not accepts(server.url)
        eventually(lambda: accepts(server.url))


def connections_from(port: int) -> list[Any]:
    """The server's ends, in this process, of connections from a port."""
    ends = psutil.Process().net_connections("tcp4")
    return [end for end in ends if end.raddr and end.raddr.port == port and end.status != psutil.CONN_TIME_WAIT]


# segmentUpdates


def test_the_transcript_is_replayed_in_batches_and_then_followed_live(socket: Socket, api: Api) -> None:
    meeting = api.meeting(segments=25)
    socket.follow("1", "SegmentUpdates", meetingId=meeting["id"], batchSize=10)
    batches = [socket.next("1") for _ in range(3)]
    assert [list(told(batch)) for batch in batches] == [[*range(1, 11)], [*range(11, 21)], [*range(21, 26)]]
    assert [batch["caughtUp"] for batch in batches] == [False, False, True]
    assert batches[-1]["cursor"] == api.run("Meeting", id=meeting["id"])["updatesCursor"]

    answer = api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(3, text="Revised"), segment(26)])
    live = socket.next("1")
    assert (told(live), live["deletedSegmentIds"]) == ({3: "Revised", 26: "Text 26"}, [])
    assert (live["cursor"], live["caughtUp"]) == (answer["cursor"], True)

    api.run("DeleteSegments", meetingId=meeting["id"], segmentIds=[3, 4])
    live = socket.next("1")
    assert (told(live), live["deletedSegmentIds"], live["caughtUp"]) == ({}, [3, 4], True)

    # Every place is one to go on from: what comes after it, each segment at its newest.
    after = {
        None: ([*range(1, 3), *range(5, 27)], [3, 4]),
        batches[0]["cursor"]: ([*range(11, 27)], [3, 4]),
        batches[1]["cursor"]: ([*range(21, 27)], [3, 4]),
        batches[2]["cursor"]: ([26], [3, 4]),
        live["cursor"]: ([], []),
    }
    for cursor, (left, deleted) in after.items():
        socket.follow("2", "SegmentUpdates", meetingId=meeting["id"], after=cursor)
        batch = socket.next("2")
        assert (sorted(told(batch)), sorted(batch["deletedSegmentIds"])) == (left, deleted)
        assert batch["caughtUp"]
        assert batch["cursor"] == live["cursor"]
        socket.send("complete", id="2")


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_live_batches_have_their_size_too(socket: Socket, api: Api, size: int) -> None:
    meeting = api.meeting()
    socket.follow("1", "SegmentUpdates", meetingId=meeting["id"], batchSize=size)
    assert socket.next("1")["caughtUp"]
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(number) for number in range(1, 8)])
    seen: list[int] = []
    while len(seen) < 7:
        batch = socket.next("1")
        assert 0 < len(batch["segments"]) <= size
        seen += told(batch)
        assert batch["caughtUp"] == (len(seen) == 7)
    assert seen == [*range(1, 8)]


def test_what_changes_nothing_wakes_nobody(socket: Socket, api: Api) -> None:
    meeting = api.meeting(segments=2)
    socket.follow("1", "SegmentUpdates", meetingId=meeting["id"])
    socket.next("1")
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(1), segment(2)])
    api.run("DeleteSegments", meetingId=meeting["id"], segmentIds=[7])
    api.run("UpdateMeeting", id=meeting["id"], input={"title": "Renamed"})
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(1, text="Changed")])
    assert told(socket.next("1")) == {1: "Changed"}


def test_each_event_reads_the_meeting_anew(socket: Socket, api: Api) -> None:
    meeting = api.meeting("First", segments=1)
    socket.subscribe("1", UPDATES % "meeting { title segmentCount }", id=meeting["id"])
    assert socket.next("1") == {"meeting": {"title": "First", "segmentCount": 1}}
    api.run("UpdateMeeting", id=meeting["id"], input={"title": "Second"})
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(2)])
    assert socket.next("1") == {"meeting": {"title": "Second", "segmentCount": 2}}


def test_the_stream_completes_when_the_meeting_is_deleted(socket: Socket, api: Api) -> None:
    meeting = api.meeting(segments=1)
    socket.follow("1", "SegmentUpdates", meetingId=meeting["id"])
    socket.next("1")
    api.run("DeleteMeeting", id=meeting["id"])
    socket.completed("1")
    socket.follow("1", "SegmentUpdates", meetingId=meeting["id"])
    assert "there is no meeting" in socket.refused("1")["message"]


def test_a_cursor_that_another_server_gave_is_good_before_the_news_are_here(database_url: str) -> None:
    with running_server(database_url) as server, connected(server.url) as reader, connected(server.url) as resuming:
        meeting = server.api.meeting(segments=1)
        reader.follow("1", "SegmentUpdates", meetingId=meeting["id"])
        assert told(reader.next("1")) == {1: "Text 1"}
        with dying_server(database_url) as dying:
            dying.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(2)])
        cursor = server.api.run("Meeting", id=meeting["id"])["updatesCursor"]
        resuming.follow("1", "SegmentUpdates", meetingId=meeting["id"], after=cursor)
        batch = resuming.next("1")
        assert (told(batch), batch["cursor"]) == ({}, cursor)


@contextlib.contextmanager
def dying_server(database_url: str) -> Iterator[Api]:
    """Another server on the same database, which dies each time between its commit and its NOTIFY."""
    with pytest.MonkeyPatch.context() as patch, running_server(database_url) as server:
        patch.setattr(server.database.notifier, "publish", lambda changes: None)
        yield server.api


# resolvedConfigUpdates


def test_the_current_configuration_comes_at_once_and_then_each_that_differs(socket: Socket, api: Api) -> None:
    agent = api.agent(temperature=0.5)
    active, idle = api.variant(agent, "Active", modelName="tuned"), api.variant(agent, "Idle", modelName="idle")
    socket.follow("1", "ResolvedConfigUpdates", agentId=agent["id"])
    fields = ("variantId", "modelName", "temperature")

    def current() -> tuple[Any, ...]:
        config = socket.next("1")
        assert config["agentId"] == agent["id"]
        assert config == api.run("ResolvedConfig", slug=agent["slug"])["resolvedConfig"]
        return tuple(config[field] for field in fields)

    assert current() == (None, "gpt", 0.5)
    api.run("ActivateVariant", id=active["id"])
    assert current() == (active["id"], "tuned", 0.5)
    api.run("UpdateAgent", id=agent["id"], input={"config": {"temperature": 0.7}})  # which the variant inherits
    assert current() == (active["id"], "tuned", 0.7)
    # What does not alter it is no event: the next one is of what does.
    api.run("UpdateAgent", id=agent["id"], input={"name": "Renamed", "description": "Anew"})
    api.run("UpdateAgent", id=agent["id"], input={"config": {"modelName": "overridden anyway"}})
    api.run("UpdateVariant", id=idle["id"], input={"overrides": {"modelName": "still idle"}})
    api.run("UpdateVariant", id=active["id"], input={"name": "Still active"})
    api.run("ActivateVariant", id=active["id"])
    api.run("UpdateVariant", id=active["id"], input={"overrides": {"modelName": "tuned"}})
    api.run("UpdateVariant", id=active["id"], input={"overrides": {"modelName": "tuned again"}})
    assert current() == (active["id"], "tuned again", 0.7)
    api.run("ActivateVariant", id=idle["id"])
    assert current() == (idle["id"], "still idle", 0.7)
    api.run("DeactivateVariant", agentId=agent["id"])
    assert current() == (None, "overridden anyway", 0.7)


def test_who_follows_later_begins_with_what_is_current_then(database_url: str) -> None:
    with running_server(database_url) as server, connected(server.url) as earlier, connected(server.url) as later:
        agent = server.api.agent(modelName="before")
        earlier.follow("1", "ResolvedConfigUpdates", agentId=agent["id"])
        assert earlier.next("1")["modelName"] == "before"
        with dying_server(database_url) as dying:
            dying.run("UpdateAgent", id=agent["id"], input={"config": {"modelName": "after"}})
        assert server.api.run("ResolvedConfig", slug=agent["slug"])["resolvedConfig"]["modelName"] == "after"
        later.follow("1", "ResolvedConfigUpdates", agentId=agent["id"])
        assert later.next("1")["modelName"] == "after"


def test_an_agent_is_followed_by_its_slug_as_well_until_it_is_deleted(socket: Socket, api: Api) -> None:
    agent = api.agent("To be deleted")
    socket.follow("1", "ResolvedConfigUpdates", agentSlug=agent["slug"])
    assert socket.next("1")["agentId"] == agent["id"]
    api.run("DeleteAgent", id=agent["id"])
    socket.completed("1")
    socket.follow("1", "ResolvedConfigUpdates", agentId=agent["id"])
    assert "there is no agent" in socket.refused("1")["message"]


# Events that several get


def test_each_subscriber_gets_the_fields_that_it_asked_for(socket: Socket, api: Api) -> None:
    meeting = api.meeting("Shared", segments=1)
    arguments = f'(meetingId: "{meeting["id"]}", after: "{api.run("Meeting", id=meeting["id"])["updatesCursor"]}")'
    shapes: dict[str, tuple[str, Any]] = {
        "text": ("segmentUpdates@ { segments { text } }", {"segmentUpdates": {"segments": [{"text": "New"}]}}),
        "again": ("segmentUpdates@ { segments { text } }", {"segmentUpdates": {"segments": [{"text": "New"}]}}),
        "aliases": (
            "updates: segmentUpdates@ { new: segments { says: text text: segmentId } }",
            {"updates": {"new": [{"says": "New", "text": 2}]}},
        ),
        "other alias": ("news: segmentUpdates@ { caughtUp }", {"news": {"caughtUp": True}}),
        "meeting": (
            "segmentUpdates@ { meeting { title } segments { meeting { segmentCount } } }",
            {"segmentUpdates": {"meeting": {"title": "Shared"}, "segments": [{"meeting": {"segmentCount": 2}}]}},
        ),
        "fragments": (
            "... on Subscription { segmentUpdates@ { ... { deletedSegmentIds } ... on SegmentUpdates { caughtUp } } }",
            {"segmentUpdates": {"deletedSegmentIds": [], "caughtUp": True}},
        ),
    }
    for id, (query, _) in shapes.items():
        socket.subscribe(id, "subscription { " + query.replace("@", arguments) + " }")
        assert socket.receive()["id"] == id
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(2, text="New")])
    messages = [socket.receive() for _ in shapes]
    assert {message["id"]: message["payload"] for message in messages} == {
        id: {"data": data} for id, (_, data) in shapes.items()
    }


def test_one_document_with_other_variables_is_another_shape(socket: Socket, api: Api) -> None:
    meeting = api.meeting(segments=3)
    query = """
        subscription First($id: ID!, $after: String, $n: Int! = 2, $with: Boolean!, $speaker: String, $unused: Int) {
          segmentUpdates(meetingId: $id, after: $after, batchSize: $unused) { ...Body }
        }
        subscription Second($id: ID!, $after: String, $n: Int! = 1, $with: Boolean!, $speaker: String) {
          segmentUpdates(meetingId: $id, after: $after) { ...Body }
        }
        fragment Body on SegmentUpdates {
          segments { segmentId text @include(if: $with) }
          meeting { ...Page }
        }
        fragment Page on Meeting {
          segments(first: $n, speaker: $speaker) { nodes { segmentId } }
          segmentCount @skip(if: $with)
        }
    """
    after = api.run("Meeting", id=meeting["id"])["updatesCursor"]

    def expected(ids: list[int], *, text: bool) -> Any:
        new = {"segmentId": 4, "text": "Text 4"} if text else {"segmentId": 4}
        page = {"segments": {"nodes": [{"segmentId": id} for id in ids]}}
        return {"segments": [new], "meeting": page if text else page | {"segmentCount": 4}}

    shapes: dict[str, tuple[str, dict[str, Any], Any]] = {
        "with": ("First", {"with": True}, expected([1, 2], text=True)),
        "without": ("First", {"with": False}, expected([1, 2], text=False)),
        "the default": ("First", {"with": True, "n": 2}, expected([1, 2], text=True)),
        "more": ("First", {"with": True, "n": 4}, expected([1, 2, 3, 4], text=True)),
        "of one speaker": ("First", {"with": True, "speaker": "Speaker 1"}, expected([1, 4], text=True)),
        "of another": ("First", {"with": True, "speaker": "Speaker 2"}, expected([2], text=True)),
        "of anybody": ("First", {"with": True, "speaker": None}, expected([1, 2], text=True)),
        "in other batches": ("First", {"with": True, "unused": 1}, expected([1, 2], text=True)),
        "the other operation": ("Second", {"with": True}, expected([1], text=True)),
    }
    for id, (name, variables, _) in shapes.items():
        socket.subscribe(id, query, name, **{"id": meeting["id"], "after": after} | variables)
        assert socket.next(id)["segments"] == []
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(4)])
    messages = [socket.receive() for _ in shapes]
    assert {message["id"]: message["payload"]["data"]["segmentUpdates"] for message in messages} == {
        id: data for id, (_, _, data) in shapes.items()
    }


def test_many_readers_of_one_shape_cost_as_many_statements_as_one(database_url: str) -> None:
    """The writes go through another server: all that this one asks then is for its subscribers."""
    with (
        running_server(database_url) as here,
        running_server(database_url) as there,
        connected(here.url) as socket,
        recorded(here.database.engine) as statements,
    ):
        meeting = there.api.meeting()
        ids = [f"{number}" for number in range(10)]
        for id in ids:
            socket.subscribe(id, UPDATES % "segments { text } meeting { title }", id=meeting["id"])
            socket.next(id)
        numbers = count(1)

        def asked() -> list[str]:
            statements.clear()
            there.api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(next(numbers))])
            assert {socket.receive()["id"] for _ in ids} == {*ids}
            return list(statements)

        # One for the changes, one for the meeting's title; again if it met the look that comes every few seconds.
        eventually(lambda: len(asked()) == 2)


def test_who_subscribes_later_gets_the_meeting_as_it_is_then(socket: Socket, api: Api) -> None:
    meeting = api.meeting("Before")
    query = UPDATES % "meeting { title }"
    socket.subscribe("earlier", query, id=meeting["id"])
    assert socket.next("earlier") == {"meeting": {"title": "Before"}}
    api.run("UpdateMeeting", id=meeting["id"], input={"title": "After"})
    socket.subscribe("later", query, id=meeting["id"])
    assert socket.next("later") == {"meeting": {"title": "After"}}
