"""Keys: what they open, what they do not, and that they end."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.api_keys import Token
from domain.principals import Scope
from server.auth import authenticator as authentication
from server.auth import sessions
from server.wire.graphql_files import operation
from tests.harness.api_keys import create_api_key
from tests.harness.servers import Api, RunningServer, running_server, segment
from tests.harness.sse_client import event_stream
from tests.harness.waiting import eventually
from tests.harness.websocket_client import WebSocketClient, websocket

UNKNOWN = "01900000-0000-7000-8000-00000000dead"
RESPONSE = "application/graphql-response+json"
VIEWER = "{ viewer { name scopes workspaceId } }"


@contextmanager
def key(admin: Api, *scopes: str, **input: Any) -> Iterator[tuple[Api, dict[str, Any]]]:
    """A client with a new key of these scopes, and what was said of the key."""
    created = admin.run("CreateApiKey", input={"name": f"key {uuid4()}", "scopes": list(scopes), **input})
    assert "token" in created, created
    api = Api(admin.url, created["token"])
    try:
        yield api, created["apiKey"] | {"token": created["token"]}
    finally:
        api.http.close()


def asked(api: Api, query: str, accept: str = RESPONSE, **headers: str) -> httpx.Response:
    return api.http.post("/graphql", json={"query": query}, headers={"Accept": accept, **headers})


def code(response: httpx.Response) -> str:
    (error,) = response.json()["errors"]
    found: str = error["extensions"]["code"]
    return found


# Without a key


@pytest.mark.parametrize("accept", [RESPONSE, "application/json", "text/event-stream"])
def test_without_a_key_nothing_is_answered(server: RunningServer, accept: str) -> None:
    response = asked(server.api, VIEWER, accept)
    assert (response.status_code, code(response)) == (401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"] == 'Bearer realm="rapporteur"'
    assert "Authorization: Bearer" in response.json()["errors"][0]["message"]


def wrong_tokens(good: str) -> dict[str, str]:
    token = Token.parsed(good)
    assert token is not None
    return {
        "another secret": f"Bearer {token._replace(secret=bytes(32)).text}",
        "another workspace": f"Bearer {token._replace(workspace_id=uuid4()).text}",  # type: ignore[arg-type]
        "another key": f"Bearer {token._replace(key_id=uuid4()).text}",  # type: ignore[arg-type]
        "cut": f"Bearer {good[:-1]}",
        "longer": f"Bearer {good}A",
        "mistyped": f"Bearer {good[:-5]}{'A' if good[-5] != 'A' else 'B'}{good[-4:]}",
        "of no alphabet": f"Bearer {'!' * len(good)}",
        "nothing": "Bearer",
        "no scheme": good,
        "another scheme": f"Basic {good}",
        "twice": f"Bearer {good}, Bearer {good}",
        "huge": f"Bearer {'A' * 10_000}",
        "a JWT": "Bearer eyJhbGciOiJub25lIn0.e30.",
    }


WRONG = list(wrong_tokens(Token.new(uuid4(), uuid4()).text))  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_key_is_refused(server: RunningServer, guarded: tuple[RunningServer, str], wrong: str) -> None:
    header = wrong_tokens(guarded[1])[wrong]
    response = asked(server.api, VIEWER, Authorization=header)
    assert (response.status_code, code(response)) == (401, "UNAUTHENTICATED")
    assert 'error="invalid_token"' in response.headers["www-authenticate"]


def test_two_keys_are_none(server: RunningServer, guarded: tuple[RunningServer, str]) -> None:
    """A proxy might have looked at the other one."""
    good = ("Authorization", f"Bearer {guarded[1]}")
    for other in (("Authorization", "Bearer x"), ("authorization", "Basic x"), good):
        for headers in ([good, other], [other, good]):
            response = server.api.http.post("/graphql", json={"query": VIEWER}, headers=headers)
            assert response.status_code == 401, headers


def test_health_needs_no_key(server: RunningServer) -> None:
    assert server.api.http.get("/healthz").status_code == 200
    assert server.api.http.get("/readyz").status_code == 200


def test_the_scheme_is_not_case_sensitive(server: RunningServer, guarded: tuple[RunningServer, str]) -> None:
    assert asked(server.api, VIEWER, Authorization=f"bearer  {guarded[1]}").json()["data"]["viewer"]["name"] == "ADMIN"


# Scopes


READ = "{ agents { totalCount } meetings { totalCount } }"
WRITE = 'mutation { createMeeting(input: {title: "New"}) { __typename } }'
ADMIN = "{ apiKeys { totalCount } }"
ALLOWED = {
    ("READ",): {READ},
    ("WRITE",): {READ, WRITE},
    ("ADMIN",): {READ, WRITE, ADMIN},
    ("INGEST",): {WRITE},
    ("READ", "INGEST"): {READ, WRITE},
}


@pytest.mark.parametrize("scopes", ALLOWED, ids=" ".join)
def test_scopes_open_what_they_are_for_and_nothing_else(admin: Api, scopes: tuple[str, ...]) -> None:
    with key(admin, *scopes) as (api, _):
        for query in (READ, WRITE, ADMIN):
            response = asked(api, query)
            if query in ALLOWED[scopes]:
                assert response.status_code == 200, response.text
            else:
                assert (response.status_code, code(response)) == (403, "FORBIDDEN")
                assert " needs the scope " in response.json()["errors"][0]["message"]


def test_nothing_is_done_of_a_document_that_is_forbidden_in_part(admin: Api) -> None:
    title = f"title {uuid4()}"
    query = f'mutation {{ createMeeting(input: {{title: "{title}"}}) {{ __typename }} revokeApiKey(id: "x") {{ __typename }} }}'
    with key(admin, "WRITE") as (api, _):
        assert code(asked(api, query)) == "FORBIDDEN"
    assert admin.run("Meetings", filter={"text": title}, segments=1)["totalCount"] == 0


@pytest.mark.parametrize(
    "query",
    [
        "query Skipped($no: Boolean = false) { viewer { name } agents @include(if: $no) { totalCount } }",
        '{ node(id: "x") { ... on Agent { id } } }',
        '{ node(id: "x") { ...F } } fragment F on Agent { __typename }',
        '{ meeting(id: "x") { agent { __typename } } }',
        '{ meeting(id: "x") { ... { history { totalCount } } } }',
    ],
)
def test_no_way_of_writing_a_document_gets_past_the_scopes(admin: Api, query: str) -> None:
    with key(admin, "INGEST") as (api, _):
        assert code(asked(api, query)) == "FORBIDDEN"


def test_the_other_operations_of_a_document_do_not_matter(admin: Api) -> None:
    with key(admin, "READ") as (api, _):
        body = {"query": f"query A {READ} query B {ADMIN}", "operationName": "A"}
        assert api.http.post("/graphql", json=body).json()["data"]["agents"]


# Ingest


def test_a_bot_may_create_its_meeting_again_and_gets_no_other(admin: Api) -> None:
    external_id = uuid4().hex
    with key(admin, "INGEST") as (bot, _), key(admin, "INGEST") as (other, _):
        query = """mutation ($id: String!) {
            createMeeting(input: {title: "Call", externalId: $id}) {
                __typename ... on Meeting { id externalId } ... on Error { code }
            }
        }"""
        find = "query ($id: String!) { meetingByExternalId(externalId: $id) { id } }"
        first, again = (bot.post(query, {"id": external_id})["data"]["createMeeting"] for _ in range(2))
        assert first == again
        assert bot.run("UpsertSegments", meetingId=first["id"], segments=[segment(1)])["created"] == 1
        assert bot.post(find, {"id": external_id})["data"]["meetingByExternalId"] == {"id": first["id"]}
        assert other.post(query, {"id": external_id})["data"]["createMeeting"]["code"] == "CONFLICT"
        assert other.post(find, {"id": external_id})["data"] == {"meetingByExternalId": None}


def test_a_bot_reaches_the_meetings_that_it_created_or_was_given(admin: Api) -> None:
    given, other = admin.meeting("Given", segments=2), admin.meeting("Other", segments=2)
    with key(admin, "INGEST", meetingIds=[given["id"], given["id"]]) as (bot, _):
        own = bot.post('mutation { createMeeting(input: {title: "Own"}) { ... on Meeting { id } } }')
        own = own["data"]["createMeeting"]
        for meeting in (given, own):
            bot.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(7)])
            assert bot.run("Transcript", id=meeting["id"])["segments"]["edges"][-1]["node"]["segmentId"] == 7
            found = bot.post(
                "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [meeting["id"], f"{meeting['id']}:7"]}
            )
            assert [node["id"] for node in found["data"]["nodes"]] == [meeting["id"], f"{meeting['id']}:7"]
            with open_socket(bot) as socket:
                socket.start("1", "SegmentUpdates", meetingId=meeting["id"])
                assert socket.next("1")["segments"][-1]["segmentId"] == 7
        others = [other["id"], UNKNOWN]
        for answers in (
            [bot.run("Transcript", id=id) for id in others],
            [bot.post("query($id: ID!) { node(id: $id) { id } }", {"id": f"{id}:1"})["data"] for id in others],
            [bot.post("query($id: ID!) { node(id: $id) { id } }", {"id": id})["data"] for id in others],
            [without(id, bot.run("UpsertSegments", meetingId=id, segments=[segment(1)])) for id in others],
            [without(id, followed(bot, id)) for id in others],
        ):
            assert answers[0] == answers[1]
        agent = admin.agent()
        assert bot.post("query($id: ID!) { node(id: $id) { id } }", {"id": agent["id"]})["data"] == {"node": None}
        assert (
            bot.expect_error("DeleteSegments", meetingId=given["id"], segmentIds=[1])["extensions"]["code"]
            == "FORBIDDEN"
        )
    assert admin.run("Transcript", id=other["id"])["segments"]["totalCount"] == 2


def followed(api: Api, id: str) -> Any:
    """Returns the answer to a subscription that must be refused."""
    with open_socket(api) as socket:
        socket.start("1", "SegmentUpdates", meetingId=id)
        return socket.expect_error("1")


def without(id: str, answer: Any) -> str:
    return str(answer).replace(id, "ID")


def test_a_bot_that_may_read_all_still_writes_only_where_it_may(admin: Api) -> None:
    other = admin.meeting("Other", segments=1)
    with key(admin, "INGEST", "READ") as (bot, _):
        assert bot.run("Transcript", id=other["id"])["segments"]["totalCount"] == 1
        assert bot.run("UpsertSegments", meetingId=other["id"], segments=[segment(2)])["code"] == "NOT_FOUND"


def test_only_bots_are_given_meetings(admin: Api) -> None:
    input = {"name": "no bot", "scopes": ["WRITE"], "meetingIds": [UNKNOWN]}
    assert admin.run("CreateApiKey", input=input)["fields"][0]["path"] == "input.meetingIds"


# What is known of a key


def test_a_key_is_shown_without_its_token(admin: Api) -> None:
    with key(admin, "READ") as (api, created):
        listed = admin.run("ApiKeys", first=100)["nodes"]
        (found,) = (each for each in listed if each["id"] == created["id"])
        assert found["isActive"]
        assert found["createdBy"] == "ADMIN"
        assert created["token"] not in str(listed)
        assert api.run("Viewer")["name"] == found["name"]


def test_the_name_of_a_key_is_its_own_until_it_is_revoked(admin: Api) -> None:
    name = f"name {uuid4()}"
    first = admin.run("CreateApiKey", input={"name": name, "scopes": ["READ"]})["apiKey"]
    assert admin.run("CreateApiKey", input={"name": name, "scopes": ["READ"]})["code"] == "CONFLICT"
    admin.run("RevokeApiKey", id=first["id"])
    assert admin.run("CreateApiKey", input={"name": name, "scopes": ["READ"]})["apiKey"]["id"] != first["id"]


def test_history_names_the_key_and_whom_it_speaks_for(admin: Api) -> None:
    with key(admin, "WRITE") as (api, created):
        agent = api.agent()
        api.http.headers["Rapporteur-Actor"] = "Ada"
        api.run("UpdateAgent", id=agent["id"], input={"name": "New"})
        events = api.run("AgentHistory", id=agent["id"])["history"]["nodes"]
    assert [event["actor"] for event in events] == [f"Ada via {created['name']}", created["name"]]


def test_the_use_of_a_key_is_noted(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "USE_RECORDING_INTERVAL_SECONDS", 0.05)
    with running_server(database_url, auth=True) as server:
        admin = Api(server.url, create_api_key(database_url, Scope.ADMIN))
        (key,) = admin.run("ApiKeys")["nodes"]
        assert key["lastUsedAt"] is None
        moment = eventually(lambda: admin.run("ApiKeys")["nodes"][0]["lastUsedAt"])
        assert datetime.fromisoformat(key["createdAt"]) < datetime.fromisoformat(moment) <= datetime.now(UTC)
        admin.http.close()


@pytest.mark.parametrize(
    "end", ["9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"]
)
def test_an_end_that_no_clock_reaches_is_refused(admin: Api, end: str) -> None:
    refused = admin.run("CreateApiKey", input={"name": "key", "scopes": ["READ"], "expiresAt": end})
    assert [field["path"] for field in refused["fields"]] == ["input.expiresAt"]
    assert asked(admin, "{ apiKeys { nodes { isActive } } }").status_code == 200


# The end of a key


def test_a_revoked_key_is_refused_at_once(admin: Api) -> None:
    with key(admin, "READ") as (api, created):
        assert api.run("Viewer")
        revoked = admin.run("RevokeApiKey", id=created["id"])
        assert (revoked["isActive"], revoked["revokedBy"]) == (False, "ADMIN")
        assert asked(api, VIEWER).status_code == 401
        assert admin.run("RevokeApiKey", id=created["id"]) == revoked


@pytest.mark.slow
def test_an_expired_key_is_refused(admin: Api) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=1)
    with key(admin, "READ", expiresAt=soon.isoformat()) as (api, _):
        assert asked(api, VIEWER).status_code == 200
        eventually(lambda: asked(api, VIEWER).status_code == 401)
        assert datetime.now(UTC) >= soon


@contextmanager
def initialised(url: str, payload: dict[str, Any]) -> Iterator[WebSocketClient]:
    """A connection to which nothing has been answered yet."""
    with websocket(url, initialise=False) as socket:
        socket.send("connection_init", payload=payload)
        yield socket


@contextmanager
def open_socket(api: Api) -> Iterator[WebSocketClient]:
    """An acknowledged connection with the key of `api`."""
    with initialised(api.url, {"Authorization": api.http.headers["authorization"]}) as socket:
        assert socket.receive() == {"type": "connection_ack"}
        yield socket


def test_a_revoked_key_ends_its_subscriptions_and_no_others(admin: Api) -> None:
    meeting = admin.meeting(segments=1)
    updates, ours = operation("SegmentUpdates"), {"meetingId": meeting["id"]}
    with (
        key(admin, "READ") as (api, created),
        key(admin, "READ") as (other, _),
        open_socket(api) as socket,
        open_socket(other) as kept,
        event_stream(api.url, updates, authorization=api.http.headers["authorization"], **ours) as stream,
    ):
        for each in (socket, kept):
            each.start("1", "SegmentUpdates", **ours)
            each.next("1")
        stream.next()
        admin.run("RevokeApiKey", id=created["id"])
        assert socket.expect_close() == (4403, authentication.TOKEN_INVALID)
        assert stream.event() is None
        kept.expect_pong()


@pytest.mark.slow
def test_an_expired_key_ends_its_subscriptions(admin: Api) -> None:
    meeting = admin.meeting(segments=1)
    soon = datetime.now(UTC) + timedelta(seconds=sessions.SESSION_CHECK_INTERVAL_SECONDS)
    with key(admin, "READ", expiresAt=soon.isoformat()) as (api, _):
        with open_socket(api) as socket:
            socket.start("1", "SegmentUpdates", meetingId=meeting["id"])
            socket.next("1")
            assert socket.expect_close()[0] == 4403
        assert datetime.now(UTC) >= soon


# Over a WebSocket


def test_a_websocket_without_a_key_is_closed_for_good(server: RunningServer) -> None:
    with initialised(server.url, {}) as socket:
        assert socket.expect_close()[0] == 4401


@pytest.mark.parametrize("wrong", WRONG)
def test_a_websocket_with_a_wrong_key_is_closed(guarded: tuple[RunningServer, str], wrong: str) -> None:
    header = wrong_tokens(guarded[1])[wrong]
    with initialised(guarded[0].url, {"Authorization": header}) as socket:
        assert socket.expect_close() == (4403, authentication.TOKEN_INVALID)


@pytest.mark.parametrize("place", ["Authorization", "authorization", "headers"])
def test_a_websocket_takes_the_key_from_its_first_message(guarded: tuple[RunningServer, str], place: str) -> None:
    header = f"Bearer {guarded[1]}"
    payload = {place: {"Authorization": header} if place == "headers" else header}
    with initialised(guarded[0].url, payload) as socket:
        assert socket.receive() == {"type": "connection_ack"}
        assert socket.run("1", VIEWER)["name"] == "ADMIN"


def test_a_websocket_takes_the_key_from_the_handshake(guarded: tuple[RunningServer, str]) -> None:
    headers = {"Authorization": f"Bearer {guarded[1]}"}
    with websocket(guarded[0].url, additional_headers=headers) as socket:
        assert socket.run("1", VIEWER)["name"] == "ADMIN"


def test_a_websocket_is_told_of_what_is_forbidden(admin: Api) -> None:
    with key(admin, "INGEST") as (api, _), open_socket(api) as socket:
        socket.subscribe("1", READ)
        assert socket.expect_error("1")["extensions"]["code"] == "FORBIDDEN"
        socket.subscribe("2", operation("ResolvedConfigUpdates"), agentSlug="meeting-scribe")
        assert socket.expect_error("2")["extensions"]["code"] == "FORBIDDEN"
