"""Followers of meetings against a plain model: whatever is written, killed, left and resumed, each has the newest state.

Two servers stand on one database, each reading so few meetings at once that a poll needs several statements. A follower takes
no state that is older than what it has, and in the end has what the model has. What it must still get is known, so it waits for
nothing that does not come.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import make_url

from db import change_notifier
from domain.ids import new_id
from resolvers.live import hub
from server.wire.graphql_files import operation
from tests.harness.databases import TestPostgres
from tests.harness.servers import RunningServer, running_server, segment
from tests.harness.websocket_client import WebSocketClient, websocket

pytestmark = pytest.mark.slow

SERVERS = st.integers(0, 1)
TITLES = st.sampled_from(["Weekly", "Retrospective", "Launch"])
NEXT_STATES = {"CREATED": "RECORDING", "RECORDING": "STOPPED", "STOPPED": "RECORDING"}
State = tuple[int, str, str] | None
"""The version, title and state of a meeting; None: it was deleted."""


class Follower:
    """A client that follows all meetings or one, keeps what it was told, and comes back to any server."""

    def __init__(self, model: dict[str, State], meeting_id: str | None) -> None:
        self._model = model
        self.meeting_id = meeting_id
        self._socket: WebSocketClient | None = None
        self._closing = ExitStack()
        self.picture: dict[str, State] = {}
        self._told: set[str] = set()
        """The meetings of which the present subscription has told something."""
        self.has_ended = False

    @property
    def is_following(self) -> bool:
        return self._socket is not None

    def start(self, server: RunningServer) -> None:
        self._socket = self._closing.enter_context(websocket(server.url))
        self._subscribe()

    def _subscribe(self) -> None:
        assert self._socket
        self._told.clear()
        self._socket.start("1", "MeetingUpdates", **({"meetingId": self.meeting_id} if self.meeting_id else {}))

    def stop(self) -> None:
        self._socket = None
        self._closing.close()

    @property
    def is_due(self) -> bool:
        """Tells whether another update must come."""
        if self.meeting_id is not None:
            return not self.has_ended and (
                self.meeting_id not in self._told or self.picture[self.meeting_id] != self._model[self.meeting_id]
            )
        return any(self.picture.get(id, ()) != state for id, state in self._model.items())

    def read(self, updates: int) -> None:
        while self.is_due and updates:
            assert self._socket
            message = self._socket.receive()
            match message["type"]:
                case "next":
                    updates -= 1
                    self._take(message["payload"]["data"]["meetingUpdates"])
                case _:  # it was deleted while the follower was away, or the backends have just been killed
                    (error,) = message["payload"]
                    self.has_ended = self.meeting_id is not None and "there is no meeting" in error["message"]
                    if self.has_ended:
                        assert self.meeting_id is not None
                        assert self._model[self.meeting_id] is None
                        return
                    assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE", error
                    self._subscribe()

    def drain(self) -> None:
        while self.is_due:
            self.read(1)

    def _take(self, update: dict[str, Any]) -> None:
        meeting, deleted = update["meeting"], update["deletedMeetingId"]
        assert (meeting is None) != (deleted is None)
        id = deleted or meeting["id"]
        assert self.meeting_id in (None, id)
        if id not in self._model:
            return  # a meeting of an earlier example
        known = self.picture.get(id, (0,))
        if deleted:
            assert self._model[id] is None
            assert not (known is None and id in self._told), "it was deleted twice"
            self.picture[id] = None
            self.has_ended = self.meeting_id is not None
        else:
            assert known is not None, "it comes back after its deletion"
            is_new = meeting["version"] > known[0] if id in self._told else meeting["version"] >= known[0]
            assert is_new, f"{id} goes backwards"
            self.picture[id] = (meeting["version"], meeting["title"], meeting["state"])
        self._told.add(id)


class MeetingUpdatesMachine(RuleBasedStateMachine):
    postgres: ClassVar[TestPostgres]
    database: ClassVar[str]
    servers: ClassVar[list[RunningServer]]

    @initialize()
    def begin(self) -> None:
        self.model: dict[str, State] = {}
        self.followers: list[Follower] = []

    def run(self, server: int, name: str, **variables: Any) -> Any:
        """The answer, be it at a later try: the backends may just have been killed."""
        for _ in range(20):
            answer = self.servers[server].api.post(operation(name), variables, name)
            if "errors" not in answer:
                (value,) = answer["data"].values()
                return value
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["SERVICE_UNAVAILABLE"]
        raise AssertionError(f"the server does not recover: {answer}")

    def present(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from([id for id, state in self.model.items() if state is not None]))

    def keep(self, meeting: Any) -> None:
        self.model[meeting["id"]] = (meeting["version"], meeting["title"], meeting["state"])

    @precondition(lambda self: len(self.model) < 6)
    @rule(server=SERVERS, title=TITLES)
    def create(self, server: int, title: str) -> None:
        self.keep(self.run(server, "CreateMeeting", input={"title": title, "externalId": str(new_id())}))

    @precondition(lambda self: any(self.model.values()))
    @rule(server=SERVERS, title=TITLES, data=st.data())
    def rename(self, server: int, title: str, data: st.DataObject) -> None:
        self.keep(self.run(server, "UpdateMeeting", id=self.present(data), input={"title": title}))

    @precondition(lambda self: any(self.model.values()))
    @rule(server=SERVERS, data=st.data())
    def step(self, server: int, data: st.DataObject) -> None:
        id = self.present(data)
        known = self.model[id]
        assert known
        self.keep(self.run(server, "UpdateMeeting", id=id, input={"state": NEXT_STATES[known[2]]}))

    @precondition(lambda self: any(self.model.values()))
    @rule(server=SERVERS, number=st.integers(1, 3), data=st.data())
    def write_segments(self, server: int, number: int, data: st.DataObject) -> None:
        """Writes what is no change of a meeting."""
        self.run(server, "UpsertSegments", meetingId=self.present(data), segments=[segment(number)])

    @precondition(lambda self: any(self.model.values()))
    @rule(server=SERVERS, name=st.sampled_from(["DeleteMeeting", "EraseMeeting"]), data=st.data())
    def delete(self, server: int, name: str, data: st.DataObject) -> None:
        id = self.present(data)
        self.run(server, name, id=id)
        self.model[id] = None

    @precondition(lambda self: len(self.followers) < 5)
    @rule(server=SERVERS, of_one=st.booleans(), data=st.data())
    def follow(self, server: int, of_one: bool, data: st.DataObject) -> None:
        id = self.present(data) if of_one and any(self.model.values()) else None
        self.followers.append(Follower(self.model, id))
        self.followers[-1].start(self.servers[server])

    @precondition(lambda self: any(not follower.is_following for follower in self.followers))
    @rule(server=SERVERS, data=st.data())
    def come_back(self, server: int, data: st.DataObject) -> None:
        self.pick(data, is_following=False).start(self.servers[server])

    @precondition(lambda self: any(follower.is_following for follower in self.followers))
    @rule(updates=st.sampled_from([1, 2, 5]), data=st.data())
    def read(self, updates: int, data: st.DataObject) -> None:
        self.pick(data, is_following=True).read(updates)

    @precondition(lambda self: any(follower.is_following for follower in self.followers))
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        self.pick(data, is_following=True).stop()

    def pick(self, data: st.DataObject, *, is_following: bool) -> Follower:
        found = [number for number, each in enumerate(self.followers) if each.is_following == is_following]
        return self.followers[data.draw(st.sampled_from(found))]

    @rule()
    def kill_the_backends(self) -> None:
        """Kills all connections of both servers. The servers may still use some before they are dead."""
        self.postgres.run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.database}'"
            " AND backend_type = 'client backend'"
        )

    def teardown(self) -> None:
        try:
            self.followers.append(Follower(self.model, None))
            for number, follower in enumerate(self.followers):
                if not follower.is_following:
                    follower.start(self.servers[number % 2])
                follower.drain()
        finally:
            for follower in self.followers:
                follower.stop()


@pytest.fixture
def two_servers(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[RunningServer]]:
    monkeypatch.setattr(hub, "MAX_MEETINGS_PER_READ", 2)
    monkeypatch.setattr(hub, "RETRY_DELAY_SECONDS", 0.05)
    monkeypatch.setattr(hub, "POLL_INTERVAL_SECONDS", 1.0)  # a write whose commit is not answered notifies nobody
    monkeypatch.setattr(change_notifier, "HEARTBEAT_SECONDS", 0.2)
    with running_server(database_url) as one, running_server(database_url) as other:
        yield [one, other]


def test_followers_get_the_newest_state_of_each_meeting(
    postgres: TestPostgres, database_url: str, two_servers: list[RunningServer]
) -> None:
    MeetingUpdatesMachine.postgres = postgres
    MeetingUpdatesMachine.servers = two_servers
    MeetingUpdatesMachine.database = str(make_url(database_url).database)
    run_state_machine_as_test(
        MeetingUpdatesMachine, settings=settings(max_examples=12, stateful_step_count=30, report_multiple_bugs=False)
    )
