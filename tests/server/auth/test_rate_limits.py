"""How much a key may ask for: a minute, and at once."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import pytest

from domain.principals import Scope
from server.auth import rate_limits as rates
from server.auth.rate_limits import RateLimiter, RateLimits, TokenBucket
from tests.harness.api_keys import create_api_key
from tests.harness.databases import TestPostgres
from tests.harness.servers import Api, running_server
from tests.harness.sse_client import event_stream
from tests.harness.waiting import eventually, locked_meeting
from tests.harness.websocket_client import WebSocketClient, websocket

pytestmark = pytest.mark.slow

VIEWER = "{ viewer { name } }"


@contextmanager
def limited(postgres: TestPostgres, **limits: int) -> Iterator[tuple[Api, Api]]:
    """Clients with two keys, of a server with these limits."""
    with postgres.database() as url, running_server(url, auth=True, **limits) as server:
        apis = [Api(server.url, create_api_key(url, Scope.WRITE, name=name)) for name in ("one", "other")]
        try:
            yield apis[0], apis[1]
        finally:
            for api in apis:
                api.http.close()


def asked(api: Api, query: str = VIEWER, accept: str = "application/json") -> httpx.Response:
    return api.http.post("/graphql", json={"query": query}, headers={"Accept": accept})


@contextmanager
def open_socket(api: Api) -> Iterator[WebSocketClient]:
    with websocket(api.url, additional_headers={"Authorization": api.http.headers["authorization"]}) as socket:
        yield socket


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json", "text/event-stream"])
def test_requests_a_minute(postgres: TestPostgres, accept: str) -> None:
    with limited(postgres, rate_requests=3) as (api, other):
        left = [asked(api).headers["ratelimit"].split(";")[1] for _ in range(3)]
        assert left == ["r=2", "r=1", "r=0"]
        refused = asked(api, accept=accept)
        assert refused.status_code == 429
        (error,) = refused.json()["errors"]
        assert error["extensions"]["code"] == "RATE_LIMITED"
        assert 0 < error["extensions"]["retryAfter"] <= 20
        assert refused.headers["retry-after"] == str(error["extensions"]["retryAfter"])
        assert refused.headers["ratelimit-policy"].startswith('"requests";q=3;w=60')
        with open_socket(api) as socket:
            socket.subscribe("1", VIEWER)
            assert socket.expect_error("1")["extensions"]["code"] == "RATE_LIMITED"
            socket.expect_pong()
        assert asked(other).status_code == 200


def test_cost_a_minute(postgres: TestPostgres) -> None:
    with limited(postgres, rate_cost=1_000) as (api, other):
        dear = "{ agents(first: 100) { nodes { id } } }"
        answers = [asked(api, dear) for _ in range(10)]
        assert answers[0].status_code == 200
        assert '"cost";r=1000;' not in answers[0].headers["ratelimit"]  # what it cost itself is taken off
        refused = next(answer for answer in answers if answer.status_code != 200)
        assert refused.status_code == 429
        (error,) = refused.json()["errors"]
        assert error["extensions"]["code"] == "RATE_LIMITED"
        assert refused.headers["retry-after"] == str(error["extensions"]["retryAfter"])
        assert '"cost";q=1000;w=60' in refused.headers["ratelimit-policy"]
        assert asked(api).status_code == 200  # which costs next to nothing
        assert asked(other, dear).status_code == 200


def test_subscriptions_at_once(postgres: TestPostgres) -> None:
    with limited(postgres, max_key_subscriptions=2) as (api, other), open_socket(api) as socket:
        updates = 'subscription { segmentUpdates(meetingId: "%s") { cursor } }' % api.meeting()["id"]  # noqa: UP031
        socket.subscribe("1", updates)
        socket.next("1")
        with event_stream(api.url, updates, authorization=api.http.headers["authorization"]) as stream:
            stream.next()
            socket.subscribe("3", updates)
            refused = socket.expect_error("3")
            assert refused["extensions"]["code"] == "RATE_LIMITED"
            with open_socket(other) as theirs:
                theirs.subscribe("1", updates)
                theirs.next("1")
        socket.send("complete", id="1")
        socket.expect_pong()
        socket.subscribe("4", updates)
        socket.next("4")


def test_operations_at_once(postgres: TestPostgres) -> None:
    with (
        postgres.database() as url,
        running_server(url, auth=True, max_key_operations=2) as server,
    ):
        api = Api(server.url, create_api_key(url, Scope.WRITE))
        meeting = api.meeting()
        write = f'mutation {{ deleteMeeting(id: "{meeting["id"]}") {{ __typename }} }}'
        with locked_meeting(url, meeting) as waited_for, open_socket(api) as socket:
            for id in ("1", "2"):
                socket.subscribe(id, write)
            while not waited_for():
                pass
            socket.subscribe("3", VIEWER)
            assert socket.expect_error("3")["extensions"]["code"] == "RATE_LIMITED"
        api.http.close()


def test_without_keys_there_are_no_limits(postgres: TestPostgres) -> None:
    with postgres.database() as url, running_server(url, rate_requests=1) as server:
        for _ in range(3):
            response = asked(server.api)
            assert response.status_code == 200
            assert "ratelimit" not in response.headers


# The bucket


class Clock:
    now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(rates, "time", clock)
    return clock


def test_a_bucket_is_refilled_evenly(clock: Clock) -> None:
    bucket = TokenBucket(60)
    assert [bucket.spend(50), bucket.spend(10)] == [0, 0]
    assert bucket.spend(5) == 5
    clock.now += 4.9
    assert bucket.spend(5) == pytest.approx(0.1)
    clock.now += 0.1
    assert bucket.spend(5) == 0
    clock.now += 1_000
    assert bucket.level == 60


def test_what_is_more_than_a_bucket_holds_is_given_when_it_is_full(clock: Clock) -> None:
    bucket = TokenBucket(60)
    assert bucket.spend(180) == 0
    assert bucket.spend(1) == 121
    clock.now += 121
    assert bucket.spend(1) == 0


def test_a_limiter_is_removed_only_when_that_makes_no_difference(clock: Clock) -> None:
    limiter = RateLimiter(RateLimits(requests=1, cost=60, operations=1))
    limiter.count_request()
    assert not limiter.is_unused
    with limiter.operations:
        clock.now += 61
        assert not limiter.is_unused
    assert limiter.is_unused
    limiter.spend_cost(180)
    clock.now += 61
    assert not limiter.is_unused
    clock.now += 120
    assert limiter.is_unused


def test_the_memory_of_open_subscriptions(postgres: TestPostgres) -> None:
    with limited(postgres, max_key_memory=60_000) as (api, other), open_socket(api) as socket:
        meeting = api.meeting()["id"]
        query = "subscription ($id: ID!) { segmentUpdates(meetingId: $id) { cursor } }" + " " * 300
        for id in ("1", "2"):
            socket.subscribe(id, query, id=meeting)
            socket.next(id)
        socket.subscribe("3", query, id=meeting)
        error = socket.expect_error("3")
        assert error["extensions"]["code"] == "RATE_LIMITED"
        assert "at most 60,000" in error["message"]
        with open_socket(other) as others:
            others.subscribe("1", query, id=other.meeting()["id"])
            others.next("1")
        socket.send("complete", id="1")
        socket.expect_pong()
        socket.subscribe("4", query, id=meeting)
        socket.next("4")


def test_the_memory_of_bodies_under_way(postgres: TestPostgres) -> None:
    body = json.dumps({"query": VIEWER, "extensions": {"note": "x" * 400_000}}).encode()
    with limited(postgres, max_key_memory=500_000) as (api, other):
        address = urlsplit(api.url)
        with socket.create_connection((address.hostname, address.port)) as slow:
            head = [
                f"POST /graphql HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close",
                f"Authorization: {api.http.headers['Authorization']}",
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n",
            ]
            slow.sendall("\r\n".join(head).encode() + body[:390_000])
            for _ in range(
                10
            ):  # rounds of the server's loop, in which it reads that: else it would refuse the slow one
                asked(api)

            def is_refused() -> bool:  # once so much of the slow body has come
                answer = api.http.post_json("/graphql", body)
                return b"RATE_LIMITED" in answer.content and b"at most 500,000" in answer.content

            eventually(is_refused)
            assert asked(api).json()["data"]  # a small one
            assert b"data" in other.http.post_json("/graphql", body).content
            slow.sendall(body[390_000:])
            with slow.makefile("rb") as answer:
                assert any(b'"data"' in line for line in answer)
        for _ in range(3):  # nothing is held on to
            assert b'"data"' in api.http.post_json("/graphql", body).content
