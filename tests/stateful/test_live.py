"""Readers of a meeting against a plain model: whatever is written, killed, left and resumed, nothing is lost.

Two servers stand on one database, each with a feed so short and pages so small that readers are in turn in it and behind it.
The model knows the content of each version of each segment; a reader takes only what it does not have yet, and in the end has
what the table has. What a reader must still get is known to the step, so it waits for nothing that does not come.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, ClassVar

import orjson
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import make_url
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from db import change_notifier
from resolvers.live import feeds, hub
from server.wire.graphql_files import operation
from tests.harness.databases import TestPostgres
from tests.harness.servers import Api, RunningServer, running_server

pytestmark = pytest.mark.slow

TIMEOUT_SECONDS = 10.0
"""Seconds in which what is due must come."""
SERVERS = st.integers(0, 1)
NUMBERS = st.integers(0, 7)
WRITES = st.dictionaries(NUMBERS, st.sampled_from(["Yes.", "No.", "Perhaps.", "Well, ..."]), min_size=1, max_size=6)
SIZES = st.sampled_from([1, 2, 3, 5, 1000])


@dataclass
class Meeting:
    """The model. A segment's versions are counted from 1, and None is a deletion."""

    id: str
    cursor: str
    history: dict[int, list[str | None]] = field(default_factory=dict)

    def live(self) -> dict[int, tuple[int, str]]:
        """The version and text of each segment."""
        newest = {number: (len(versions), versions[-1]) for number, versions in self.history.items()}
        return {number: (version, text) for number, (version, text) in newest.items() if text is not None}

    def write(self, number: int, text: str | None) -> None:
        versions = self.history.get(number, [])
        if text != (versions[-1] if versions else None):
            self.history[number] = [*versions, text]


class Reader:
    """A client that follows the meeting, keeps its cursor, and comes back to any server."""

    def __init__(self, meeting: Meeting) -> None:
        self._meeting = meeting
        self._socket: ClientConnection | None = None
        self._closing = ExitStack()
        self._greeted = False
        self._caught_up = False
        self._seen: dict[int, int] = {}
        """The version that it has of each segment; a deletion counts as one."""
        self.cursor: str | None = None
        self.transcript: dict[int, tuple[int, str]] = {}

    @property
    def is_reading(self) -> bool:
        return self._socket is not None

    def start(self, server: RunningServer, size: int) -> None:
        url = server.url.replace("http", "ws") + "/graphql"
        protocol = Subprotocol("graphql-transport-ws")
        connecting = connect(url, subprotocols=[protocol], proxy=None, ping_interval=None, max_queue=None)
        self._socket = self._closing.enter_context(connecting)
        self._greeted = self._caught_up = False
        variables = {"meetingId": self._meeting.id, "after": self.cursor, "batchSize": size}
        self._send(type="connection_init")
        assert self._receive() == {"type": "connection_ack"}
        self._send(type="subscribe", id="1", payload={"query": operation("SegmentUpdates"), "variables": variables})

    def stop(self, *, politely: bool = True) -> None:
        """Leave, with what has come and was not read yet."""
        if politely:
            self._send(type="complete", id="1")
        self._socket = None
        self._closing.close()

    @property
    def is_due(self) -> bool:
        """Tells whether another batch must come."""
        return not (self._greeted and self._caught_up and self.cursor == self._meeting.cursor)

    def read(self, batches: int) -> None:
        while self.is_due and batches:
            batches -= 1
            message = self._receive()
            assert message["type"] == "next", message
            self._take(**message["payload"]["data"]["segmentUpdates"])

    def drain(self) -> None:
        while self.is_due:
            self.read(1)
        assert self.transcript == self._meeting.live()

    def end(self) -> None:
        """The meeting is deleted: after what was on its way the stream completes."""
        while (message := self._receive())["type"] == "next":
            pass
        assert message == {"type": "complete", "id": "1"}

    def _take(self, cursor: str, caughtUp: bool, deletedSegmentIds: list[int], segments: list[Any]) -> None:  # noqa: N803
        for number in deletedSegmentIds:
            known = self._seen.get(number, 0)
            versions = self._meeting.history[number]
            assert None in versions[known:], f"the deletion of {number} comes again"
            self._seen[number] = versions.index(None, known) + 1
            self.transcript.pop(number, None)
        for segment in segments:
            number, version = segment["segmentId"], segment["version"]
            assert version > self._seen.get(number, 0), f"{number} goes backwards"
            assert segment["text"] == self._meeting.history[number][version - 1]
            self._seen[number] = version
            self.transcript[number] = (version, segment["text"])
        self.cursor, self._caught_up, self._greeted = cursor, caughtUp, True

    def _send(self, **message: Any) -> None:
        assert self._socket
        self._socket.send(orjson.dumps(message).decode())

    def _receive(self) -> Any:
        assert self._socket
        while True:
            message = orjson.loads(self._socket.recv(TIMEOUT_SECONDS))
            if message["type"] != "ping":
                return message
            self._send(type="pong")


class LiveMachine(RuleBasedStateMachine):
    postgres: ClassVar[TestPostgres]
    database: ClassVar[str]
    servers: ClassVar[list[RunningServer]]

    @initialize(server=SERVERS)
    def create(self, server: int) -> None:
        id = self.api(server).meeting()["id"]
        self.meeting = Meeting(id, self.run(server, CURSOR, id=id)["updatesCursor"])
        self.readers: list[Reader] = []

    def api(self, server: int) -> Api:
        return self.servers[server].api

    def run(self, server: int, query: str, **variables: Any) -> Any:
        """The answer, be it at a later try: the backends may just have been killed."""
        for _ in range(20):
            answer = self.api(server).post(query, variables)
            if "errors" not in answer:
                (value,) = answer["data"].values()
                return value
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["SERVICE_UNAVAILABLE"]
        raise AssertionError(f"the server does not recover: {answer}")

    def upsert(self, server: int, contents: dict[int, str]) -> Any:
        segments = [
            {"segmentId": number, "text": text, "startTime": 0, "endTime": 1} for number, text in contents.items()
        ]
        result = self.run(server, operation("UpsertSegments"), meetingId=self.meeting.id, segments=segments)
        for number, text in contents.items():
            self.meeting.write(number, text)
        return result

    @rule(server=SERVERS, contents=WRITES)
    def write(self, server: int, contents: dict[int, str]) -> None:
        self.meeting.cursor = self.upsert(server, contents)["cursor"]

    @precondition(lambda self: self.meeting.live())
    @rule(server=SERVERS)
    def write_the_same_again(self, server: int) -> None:
        same = {number: text for number, (_, text) in self.meeting.live().items()}
        result = self.upsert(server, same)
        assert (result["unchanged"], result["cursor"]) == (len(same), self.meeting.cursor)

    @rule(server=SERVERS, numbers=st.sets(NUMBERS, min_size=1, max_size=4))
    def delete(self, server: int, numbers: set[int]) -> None:
        variables = {"meetingId": self.meeting.id, "segmentIds": list(numbers)}
        self.meeting.cursor = self.run(server, operation("DeleteSegments"), **variables)["cursor"]
        for number in numbers:
            self.meeting.write(number, None)

    @precondition(lambda self: len(self.readers) < 6)
    @rule(server=SERVERS, size=SIZES)
    def start_from_the_beginning(self, server: int, size: int) -> None:
        self.readers.append(Reader(self.meeting))
        self.readers[-1].start(server=self.servers[server], size=size)

    @precondition(lambda self: any(not reader.is_reading for reader in self.readers))
    @rule(server=SERVERS, size=SIZES, data=st.data())
    def resume(self, server: int, size: int, data: st.DataObject) -> None:
        self.pick(data, is_reading=False).start(self.servers[server], size)

    @precondition(lambda self: any(reader.is_reading for reader in self.readers))
    @rule(batches=st.sampled_from([1, 1, 2, 5]), data=st.data())
    def read(self, batches: int, data: st.DataObject) -> None:
        self.pick(data, is_reading=True).read(batches)

    @precondition(lambda self: any(reader.is_reading for reader in self.readers))
    @rule(politely=st.booleans(), data=st.data())
    def stop(self, politely: bool, data: st.DataObject) -> None:
        self.pick(data, is_reading=True).stop(politely=politely)

    def pick(self, data: st.DataObject, *, is_reading: bool) -> Reader:
        numbers = [number for number, reader in enumerate(self.readers) if reader.is_reading == is_reading]
        return self.readers[data.draw(st.sampled_from(numbers))]

    @rule()
    def kill_the_backends(self) -> None:
        """Kills all connections of both servers. The servers may still use some before they are dead."""
        self.postgres.run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.database}'"
            " AND backend_type = 'client backend'"
        )

    def teardown(self) -> None:
        try:
            self.readers.append(Reader(self.meeting))
            for number, reader in enumerate(self.readers):
                if not reader.is_reading:
                    reader.start(self.servers[number % 2], size=3)
                reader.drain()
            self.meeting_is_in_the_table()
            assert self.run(0, operation("DeleteMeeting"), id=self.meeting.id) == {
                "__typename": "Deleted",
                "id": self.meeting.id,
            }
            for reader in self.readers:
                reader.end()
        finally:
            for reader in self.readers:
                reader.stop(politely=False)

    def meeting_is_in_the_table(self) -> None:
        for server in (0, 1):
            meeting = self.run(server, TRANSCRIPT, id=self.meeting.id)
            found = meeting["segments"]["nodes"]
            assert {one["segmentId"]: (one["version"], one["text"]) for one in found} == self.meeting.live()
            assert meeting["updatesCursor"] == self.meeting.cursor


CURSOR = "query ($id: ID!) { meeting(id: $id) { updatesCursor } }"
TRANSCRIPT = """
query ($id: ID!) { meeting(id: $id) { updatesCursor segments(first: 1000) { nodes { segmentId version text } } } }
"""


@pytest.fixture
def two_servers(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[RunningServer]]:
    monkeypatch.setattr(feeds, "MIN_KEPT_CHANGES", 2)
    monkeypatch.setattr(hub, "MAX_CHANGES_PER_READ", 3)
    monkeypatch.setattr(hub, "RETRY_DELAY_SECONDS", 0.05)
    monkeypatch.setattr(hub, "POLL_INTERVAL_SECONDS", 1.0)  # a write whose commit is not answered notifies nobody
    monkeypatch.setattr(change_notifier, "HEARTBEAT_SECONDS", 0.2)
    with running_server(database_url) as one, running_server(database_url) as other:
        yield [one, other]


def test_readers_lose_nothing_and_nothing_goes_backwards(
    postgres: TestPostgres, database_url: str, two_servers: list[RunningServer]
) -> None:
    LiveMachine.postgres = postgres
    LiveMachine.servers = two_servers
    LiveMachine.database = str(make_url(database_url).database)
    run_state_machine_as_test(
        LiveMachine, settings=settings(max_examples=12, stateful_step_count=30, report_multiple_bugs=False)
    )
