"""Checks that readers of the list of meetings are told of each that is created, changed or deleted, on every server."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest

from domain.principals import Scope
from resolvers.live import hub
from server.wire.graphql_files import operation
from tests.harness.api_keys import create_api_key
from tests.harness.commands import serving
from tests.harness.databases import TestPostgres
from tests.harness.live_operations import UNKNOWN_ID
from tests.harness.meeting_calls import update
from tests.harness.recorded_statements import recorded
from tests.harness.servers import Api, RunningServer, running_server, segment, server_that_never_notifies
from tests.harness.sse_client import event_stream
from tests.harness.websocket_client import WebSocketClient, websocket

Event = tuple[str, int] | str
"""The title and version of a meeting, or the id of a deleted one."""


@pytest.fixture
def database_url(postgres: TestPostgres) -> Iterator[str]:
    """A database for each test, which has no other meetings than those of the test."""
    with postgres.database() as url:
        yield url


@pytest.fixture
def servers(database_url: str) -> Iterator[tuple[RunningServer, RunningServer]]:
    """Two servers on one database."""
    with running_server(database_url) as one, running_server(database_url) as other:
        yield one, other


@pytest.fixture
def server(servers: tuple[RunningServer, RunningServer]) -> RunningServer:
    return servers[0]


@pytest.fixture
def other(servers: tuple[RunningServer, RunningServer]) -> RunningServer:
    return servers[1]


def event(update: Any) -> Event:
    meeting, deleted = update["meeting"], update["deletedMeetingId"]
    assert (meeting is None) != (deleted is None)
    return deleted if meeting is None else (meeting["title"], meeting["version"])


def next_event(socket: WebSocketClient, id: str = "1") -> Event:
    return event(socket.next(id))


def followed(socket: WebSocketClient, api: Api) -> str:
    """Follows all meetings, awaits the first updates, and returns the id of a meeting that was made and deleted for it."""
    fence = api.meeting("Fence")
    socket.start("1", "MeetingUpdates")
    while next_event(socket) != ("Fence", 1):
        pass
    api.run("DeleteMeeting", id=fence["id"])
    assert next_event(socket) == fence["id"]
    return str(fence["id"])


@pytest.mark.slow
def test_each_change_of_any_meeting_comes_on_every_server(server: RunningServer, other: RunningServer) -> None:
    api = server.api
    first = api.meeting("First")
    with ExitStack() as opened:
        followers: list[Callable[[], Event]] = []
        for each in (server, server, other):
            socket = opened.enter_context(websocket(each.url))
            socket.start("1", "MeetingUpdates")
            followers.append(partial(next_event, socket))
            stream = opened.enter_context(event_stream(each.url, operation("MeetingUpdates")))
            followers.append(lambda stream=stream: event(stream.next()))  # type: ignore[misc]

        def all_get(expected: Event) -> None:
            assert [follower() for follower in followers] == [expected] * len(followers)

        all_get(("First", 1))
        update(other.api, first, state="RECORDING")
        all_get(("First", 2))
        api.run("NameSpeakers", meetingId=first["id"], names=[{"label": "A", "name": "Dana"}])
        all_get(("First", 3))
        other.api.meeting("Second")
        all_get(("Second", 1))
        other.api.run("DeleteMeeting", id=first["id"])
        all_get(first["id"])
        erased = other.api.meeting("Erased")
        all_get(("Erased", 1))
        api.run("EraseMeeting", id=erased["id"])
        all_get(erased["id"])
        api.run("EraseMeeting", id=first["id"])  # which was deleted before
        other.api.meeting("Third")
        all_get(("Third", 1))


@pytest.mark.slow
def test_the_deletion_of_an_agent_changes_its_meetings(server: RunningServer) -> None:
    agent = server.api.agent()
    with websocket(server.url) as socket:
        followed(socket, server.api)
        server.api.meeting("With an agent", agentId=agent["id"])
        assert next_event(socket) == ("With an agent", 1)
        server.api.run("DeleteAgent", id=agent["id"])
        assert next_event(socket) == ("With an agent", 2)


@pytest.mark.slow
def test_what_is_no_change_of_a_meeting_is_no_event(server: RunningServer) -> None:
    api = server.api
    with websocket(server.url) as socket:
        followed(socket, api)
        meeting = api.meeting("Weekly", externalId="weekly")
        api.meeting("Again", externalId="weekly")
        update(api, meeting, title="Weekly")
        api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(1)])
        api.run("CorrectSegments", meetingId=meeting["id"], corrections=[{"segmentId": 1, "text": "Corrected"}])
        api.meeting("Next")
        assert [next_event(socket), next_event(socket)] == [("Weekly", 1), ("Next", 1)]


def test_a_new_subscriber_gets_what_changed_lately_and_each_meeting_at_its_newest(server: RunningServer) -> None:
    api = server.api
    first, second, third = (api.meeting(title) for title in ("First", "Second", "Third"))
    update(api, first, title="First again")
    api.run("DeleteMeeting", id=second["id"])
    with websocket(server.url) as earlier, websocket(server.url) as later:
        for socket in (earlier, later):
            socket.start("1", "MeetingUpdates")
            assert [next_event(socket) for _ in range(3)] == [("Third", 1), ("First again", 2), second["id"]]
        update(api, third, title="Third again")
        assert next_event(earlier) == next_event(later) == ("Third again", 2)


@pytest.mark.slow
def test_one_meeting_is_followed_from_its_present_state_to_its_deletion(
    server: RunningServer, other: RunningServer
) -> None:
    api = server.api
    meeting, noise = api.meeting("Weekly"), api.meeting("Noise")
    with (
        websocket(other.url) as socket,
        event_stream(server.url, operation("MeetingUpdates"), meetingId=meeting["id"]) as stream,
    ):
        socket.start("1", "MeetingUpdates", meetingId=meeting["id"])
        assert next_event(socket) == event(stream.next()) == ("Weekly", 1)
        update(api, noise, title="More noise")
        update(api, meeting, title="Renamed")
        assert next_event(socket) == event(stream.next()) == ("Renamed", 2)
        api.run("DeleteMeeting", id=noise["id"])
        api.run("DeleteMeeting", id=meeting["id"])
        assert next_event(socket) == event(stream.next()) == meeting["id"]
        socket.expect_complete("1")
        stream.expect_complete()
        socket.start("1", "MeetingUpdates", meetingId=meeting["id"])
        assert "there is no meeting" in socket.expect_error("1")["message"]


@pytest.mark.parametrize(
    ("id", "says"), [("nonsense", "meetingId"), ("", "meetingId"), (UNKNOWN_ID, f"there is no meeting {UNKNOWN_ID}")]
)
def test_a_wrong_id_is_named(id: str, says: str, server: RunningServer) -> None:
    with websocket(server.url) as socket:
        socket.start("1", "MeetingUpdates", meetingId=id)
        error = socket.expect_error("1")
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert says in error["message"]
        socket.expect_pong()


@pytest.mark.slow
def test_a_bot_follows_only_the_meetings_that_it_was_given(database_url: str) -> None:
    with running_server(database_url, auth=True) as server:
        admin, bot = (create_api_key(database_url, scope) for scope in (Scope.ADMIN, Scope.INGEST))
        apis = {token: Api(server.url, token) for token in (admin, bot)}
        hidden = apis[admin].meeting("Hidden")
        created = apis[bot].post('mutation { createMeeting(input: {title: "Own"}) { ... on Meeting { id } } }')
        own = created["data"]["createMeeting"]
        with websocket(server.url, additional_headers={"Authorization": f"Bearer {bot}"}) as socket:
            for variables, says in (({}, "meetingId"), ({"meetingId": hidden["id"]}, "there is no meeting")):
                socket.start("1", "MeetingUpdates", **variables)
                assert says in socket.expect_error("1")["message"]
            socket.start("1", "MeetingUpdates", meetingId=own["id"])
            assert next_event(socket) == ("Own", 1)
            update(apis[admin], hidden, title="Still hidden")
            update(apis[admin], own, state="RECORDING")
            assert next_event(socket) == ("Own", 2)


@pytest.mark.slow
def test_a_lost_notification_is_made_up_for_by_the_poll(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "POLL_INTERVAL_SECONDS", 0.1)
    with (
        running_server(database_url) as server,
        server_that_never_notifies(database_url) as dying,
        websocket(server.url) as socket,
    ):
        followed(socket, server.api)
        meeting = dying.meeting("Quiet")
        assert next_event(socket) == ("Quiet", 1)
        update(dying, meeting, title="Still quiet")
        assert next_event(socket) == ("Still quiet", 2)
        dying.run("DeleteMeeting", id=meeting["id"])
        assert next_event(socket) == meeting["id"]


@pytest.mark.slow
def test_who_comes_back_after_a_kill_gets_what_changed_meanwhile(database_url: str) -> None:
    with (
        serving(database_url=database_url, demo="false") as one,
        serving(database_url=database_url, demo="false") as two,
    ):
        meeting, doomed = one.api.meeting("Weekly"), one.api.meeting("Doomed")
        with websocket(one.url) as socket:
            fence = followed(socket, two.api)
            update(two.api, meeting, title="Second")
            assert next_event(socket) == ("Second", 2)
            one.kill()
        update(two.api, meeting, title="Third")
        update(two.api, meeting, title="Fourth")
        two.api.run("DeleteMeeting", id=doomed["id"])
        with websocket(two.url) as all_meetings, websocket(two.url) as of_one:
            of_one.start("1", "MeetingUpdates", meetingId=meeting["id"])
            assert next_event(of_one) == ("Fourth", 4)
            all_meetings.start("1", "MeetingUpdates")
            replayed = [next_event(all_meetings) for _ in range(3)]
            assert replayed == [fence, ("Fourth", 4), doomed["id"]]
            update(two.api, meeting, title="Fifth")
            assert next_event(all_meetings) == next_event(of_one) == ("Fifth", 5)


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 20])
def test_however_many_subscribers_cost_one_statement(count: int, servers: tuple[RunningServer, RunningServer]) -> None:
    here, there = servers
    meeting = there.api.meeting("Weekly")
    with ExitStack() as opened:
        sockets = [opened.enter_context(websocket(here.url)) for _ in range(count)]
        for nth, socket in enumerate(sockets):
            socket.start("1", "MeetingUpdates", **({"meetingId": meeting["id"]} if nth % 2 else {}))
            assert next_event(socket) == ("Weekly", 1)
        update(there.api, meeting, title="Fence")  # after which no earlier notification is under way
        for socket in sockets:
            assert next_event(socket) == ("Fence", 2)
        with recorded(here.database.engine) as statements:
            update(there.api, meeting, title="Renamed")
            for socket in sockets:
                assert next_event(socket) == ("Renamed", 3)
            polled = list(statements)
        assert len(polled) == 1, polled


def test_writes_of_segments_cost_followers_of_meetings_nothing(
    servers: tuple[RunningServer, RunningServer],
) -> None:
    here, there = servers
    meeting = there.api.meeting("Weekly")
    with websocket(here.url) as socket:
        socket.start("1", "MeetingUpdates")
        assert next_event(socket) == ("Weekly", 1)
        update(there.api, meeting, title="Fence")  # after which no earlier notification is under way
        assert next_event(socket) == ("Fence", 2)
        with recorded(here.database.engine) as statements:
            for number in range(1, 6):
                there.api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(number)])
            update(there.api, meeting, title="Renamed")
            assert next_event(socket) == ("Renamed", 3)
        assert len(statements) == 1
