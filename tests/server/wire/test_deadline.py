"""Operations that end before they are done, for their time is up or their client has left: nothing of them goes on."""

import asyncio
import json
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from domain.errors import ServiceUnavailable
from server.wire.deadline import Deadline
from tests.harness import http
from tests.harness.scrapes import scrape
from tests.harness.servers import RunningServer, running_server, segment
from tests.harness.sse_client import event_stream
from tests.harness.waiting import eventually
from tests.harness.websocket_client import websocket

pytestmark = pytest.mark.slow

RESPONSE = "application/graphql-response+json"
POOL_SIZE = 5
COUNT = "{ meetingCount }"
BY_LOADER = "{ agents { nodes { name variants { id } } } }"
CREATE = 'mutation { createMeeting(input: {title: "Too late"}) { __typename } }'
OPERATIONS = [COUNT, BY_LOADER, CREATE]
"""Operations that wait for a lock of `held`: in a resolver, in a batch of a loader, in a transaction."""


@contextmanager
def held(database_url: str, tables: str = "meetings, agent_variants") -> Iterator[Callable[[], int]]:
    """Nobody gets at these tables until the block is left. Gives how many statements of servers are under way."""
    busy = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'rapporteur'"
    )
    with asyncio.Runner() as runner:
        locking, looking = (runner.run(asyncpg.connect(database_url)) for _ in range(2))
        try:
            runner.run(locking.execute("BEGIN"))
            runner.run(locking.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"))
            yield lambda: int(runner.run(looking.fetchval(f"{busy} AND state <> 'idle'")))
        finally:
            runner.run(locking.close())
            runner.run(looking.close())


@pytest.fixture(autouse=True)
def nothing_goes_wrong_in_the_server(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    errors = [record for record in caplog.get_records("call") if record.levelno >= logging.WARNING]
    assert not errors, caplog.text


@pytest.fixture
def hasty(database_url: str) -> Iterator[RunningServer]:
    """A server that gives up soon."""
    with running_server(database_url, pool_size=POOL_SIZE, operation_timeout=1) as server:
        server.api.agent()
        yield server


@pytest.fixture
def patient(database_url: str) -> Iterator[RunningServer]:
    """A server that gives up late."""
    with running_server(database_url, pool_size=POOL_SIZE, pool_timeout=60, operation_timeout=600) as server:
        server.api.agent()
        yield server


def taken(server: RunningServer) -> int:
    """Connections that the pool has given out."""
    return server.database.pool.checkedout()


def assert_whole(server: RunningServer, busy: Callable[[], int]) -> None:
    """While the tables are held: no statement is left running, and no connection given out."""
    eventually(lambda: busy() == 0 and taken(server) == 0)


def has_abandoned(server: RunningServer, count: int) -> bool:
    """Returns whether as many operations have ended because their clients had left."""
    scraped = scrape(server.api)
    return sum(scraped[f"rapporteur_operations_total abandoned {type_}"] for type_ in ("query", "mutation")) == count


def assert_too_late(error: Any) -> None:
    assert error["message"] == "the operation took longer than 1 seconds"
    assert error["extensions"] == {"code": "SERVICE_UNAVAILABLE", "retryAfter": 1}


@pytest.mark.parametrize("query", OPERATIONS)
def test_an_operation_ends_when_its_time_is_up(hasty: RunningServer, database_url: str, query: str) -> None:
    with held(database_url) as busy:
        for accept, status in (("application/json", 200), (RESPONSE, 503)):
            response = http.post(f"{hasty.url}/graphql", json={"query": query}, headers={"accept": accept})
            assert response.status_code == status
            assert response.json().keys() == {"errors"}
            assert_too_late(response.json()["errors"][0])
            assert_whole(hasty, busy)
        with event_stream(hasty.url, query) as stream:
            payload = stream.payload()
            assert payload.keys() == {"errors"}
            assert_too_late(payload["errors"][0])
            stream.expect_complete()
        with websocket(hasty.url) as connection:
            connection.subscribe("1", query)
            assert_too_late(connection.expect_error("1"))
            connection.expect_pong()
        assert_whole(hasty, busy)
    assert hasty.api.post(COUNT) == {"data": {"meetingCount": 0}}  # what was not committed has not happened
    assert "errors" not in hasty.api.post(query)


def test_what_a_document_has_done_before_its_time_was_up_stays_done(hasty: RunningServer, database_url: str) -> None:
    done = 'createAgent(input: {name: "In time", config: {modelProvider: "openai", modelName: "gpt"}}) { __typename }'
    with held(database_url, "meetings"):
        (error,) = hasty.api.post(f"mutation {{ {done} late: {CREATE.removeprefix('mutation {')}")["errors"]
        assert_too_late(error)
    answer = hasty.api.post("{ meetingCount agents { nodes { name } } }")["data"]
    assert answer == {"meetingCount": 0, "agents": {"nodes": [{"name": "Agent"}, {"name": "In time"}]}}


def test_an_event_has_its_time_and_the_stream_has_all_the_time(hasty: RunningServer, database_url: str) -> None:
    meeting = hasty.api.meeting(agentId=hasty.api.agent()["id"])
    query = "subscription ($id: ID!) { segmentUpdates(meetingId: $id) { meeting { agent { variants { id } } } } }"
    with websocket(hasty.url) as socket:
        socket.start("quick", "SegmentUpdates", meetingId=meeting["id"])
        assert socket.next("quick")["caughtUp"]
        with held(database_url, "agent_variants") as busy:
            socket.subscribe("slow", query, id=meeting["id"])
            assert_too_late(socket.expect_error("slow"))
            assert_whole(hasty, busy)
        hasty.api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(1)])
        assert socket.next("quick")["segments"]
        socket.subscribe("slow", query, id=meeting["id"])
        assert socket.next("slow") == {"meeting": {"agent": {"variants": []}}}


def test_a_body_has_to_come_in_time(hasty: RunningServer) -> None:
    with sent(hasty, COUNT, cut=1) as client:
        answer = client.recv(65536)
        assert b" 408 " in answer
        assert b"1 seconds" in answer


@contextmanager
def sent(server: RunningServer, query: str, *, cut: int = 0) -> Iterator[socket.socket]:
    """A request that has been sent, but for the last bytes; the client leaves with the block."""
    address = urlsplit(server.url)
    body = json.dumps({"query": query}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((address.hostname, address.port), 20) as client:
        client.sendall(head.encode() + body[: len(body) - cut])
        yield client


@pytest.mark.parametrize("query", OPERATIONS)
def test_the_operation_of_a_client_that_leaves_ends(patient: RunningServer, database_url: str, query: str) -> None:
    with held(database_url) as busy:
        with sent(patient, query):
            eventually(lambda: busy() == 1)
        assert_whole(patient, busy)
        with websocket(patient.url) as connection:
            connection.subscribe("1", query)
            eventually(lambda: busy() == 1)
        assert_whole(patient, busy)
        with event_stream(patient.url, query):
            eventually(lambda: busy() == 1)
        assert_whole(patient, busy)
    assert patient.api.post(COUNT) == {"data": {"meetingCount": 0}}


def test_who_leaves_before_the_body_has_come_is_gone(patient: RunningServer, database_url: str) -> None:
    with sent(patient, COUNT, cut=1):
        pass
    assert patient.api.post(COUNT) == {"data": {"meetingCount": 0}}
    assert taken(patient) == 0


def test_500_that_leave_take_no_connection_with_them(patient: RunningServer, database_url: str) -> None:
    with held(database_url) as busy:
        for turn in range(1, 26):
            with ExitStack() as clients:
                for number in range(20):  # most of them wait for a connection
                    clients.enter_context(sent(patient, OPERATIONS[number % len(OPERATIONS)]))
                eventually(lambda: busy() == POOL_SIZE)
            eventually(partial(has_abandoned, patient, 20 * turn))
            assert_whole(patient, busy)
    for _ in range(2 * POOL_SIZE):
        assert patient.api.post(COUNT) == {"data": {"meetingCount": 0}}
    with held(database_url) as busy, ExitStack() as clients:
        for _ in range(2 * POOL_SIZE):
            clients.enter_context(sent(patient, COUNT))
        eventually(lambda: busy() == POOL_SIZE)  # all of the pool can be had


# The block


async def forever() -> Message:
    await asyncio.get_running_loop().create_future()
    raise AssertionError


async def left() -> Message:
    return {"type": "http.disconnect"}


@pytest.mark.parametrize("receive", [None, forever])
async def test_a_block_that_is_late_raises_and_the_task_goes_on(receive: Receive | None) -> None:
    with pytest.raises(ServiceUnavailable, match=r"longer than 0\.01 seconds"), Deadline(0.01, receive):
        await forever()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    with Deadline(60, receive):
        await asyncio.sleep(0)


async def test_a_block_whose_client_has_left_raises() -> None:
    with pytest.raises(ClientDisconnect), Deadline(60, left):
        await forever()


@pytest.mark.parametrize("seconds", [0, 60])
async def test_who_else_cancels_the_task_is_not_overlooked(seconds: float) -> None:
    inside = asyncio.Event()

    async def block() -> None:
        with Deadline(seconds):
            inside.set()
            try:
                await forever()
            except asyncio.CancelledError:
                if seconds == 0 and (task := asyncio.current_task()):
                    task.cancel()  # at the same time as the limit
                raise

    task = asyncio.create_task(block())
    await inside.wait()
    if seconds:
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_block_that_fails_fails_as_it_does() -> None:
    with pytest.raises(KeyError), Deadline(60, forever):
        raise KeyError
