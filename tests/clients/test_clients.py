"""Real clients against a server that goes away and comes back: they ask, write and follow, and lose nothing.

All follow one meeting at once, through one restart; each is then judged by what it has said (see common.mjs).
"""

import asyncio
import importlib.util
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from db.database import Database
from domain.ids import DEFAULT_WORKSPACE_ID, MeetingId
from domain.segments import SegmentContent
from tests.harness.client_processes import TIMEOUT_SECONDS, Program, restartable_server, running_programs
from tests.harness.databases import TestPostgres
from tests.harness.servers import Api, segment

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
RESUMING = ["graphql-ws", "graphql-sse", "apollo", "urql", "urql-ws"]
"""The clients in JavaScript that go on from their last cursor."""
REPEATING = ["graphql-ws-retrying"]
"""These clients reconnect by themselves, and repeat the subscription as it was at first."""
PYTHON = "gql"
CLIENTS = [*RESUMING, *REPEATING, PYTHON]

Segments = dict[int, tuple[int, str]]
"""Version and text of each segment by its number."""


@dataclass
class Story:
    """Holds the output and the exit code of one client."""

    messages: list[Any]
    errors: str
    exit_code: int | None

    @property
    def updates(self) -> list[Any]:
        return [message["updates"] for message in self.messages if "updates" in message]


@dataclass
class Ending:
    """How it ended for all: the meeting as it stood in the table, and each client's story."""

    table: Segments
    written: dict[str, int]
    stories: dict[str, Story]


def replayed(updates: list[Any]) -> Segments:
    """Returns the segments of a client that applied every batch in order."""
    segments: Segments = {}
    for batch in updates:
        segments |= {each["segmentId"]: (each["version"], each["text"]) for each in batch["segments"]}
        for number in batch["deletedSegmentIds"]:
            segments.pop(number, None)
    return segments


def table_of(api: Api, meeting: Any) -> Segments:
    page = api.run("Transcript", id=meeting["id"], first=1000)["segments"]
    assert not page["pageInfo"]["hasNextPage"]
    return {edge["node"]["segmentId"]: (edge["node"]["version"], edge["node"]["text"]) for edge in page["edges"]}


async def write_elsewhere(database_url: str, meeting: Any) -> None:
    """Revise and delete while no server is there."""
    database = Database(database_url)
    meeting_id = MeetingId(UUID(meeting["id"]))
    async with database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
        await uow.segments.add(meeting_id, SegmentContent("Nobody listens", 2, 3, segment_id=1))
        await uow.segments.add(meeting_id, SegmentContent("New meanwhile", 2, 3, segment_id=50))
        await uow.segments.delete(meeting_id, [2])
        await uow.commit()
    await database.close()


@pytest.fixture(scope="module", params=[signal.SIGTERM, signal.SIGKILL], ids=lambda signal: signal.name)
def ending(request: pytest.FixtureRequest, postgres: TestPostgres, node_modules: Path) -> Iterator[Ending]:
    with postgres.database() as url, restartable_server(url) as server:
        meeting = server.api.meeting("Followed", segments=5)
        written = {name: 100 + number for number, name in enumerate(CLIENTS)}
        commands = {
            name: [
                *(["node", HERE / f"{name}.mjs"] if name != PYTHON else [sys.executable, HERE / "gql_client.py"]),
                server.url,
                meeting["id"],
                str(written[name]),
            ]
            for name in CLIENTS
            if name != PYTHON or importlib.util.find_spec("gql")
        }
        with running_programs(commands) as clients:

            def wait_until_all_have(table: Segments) -> None:
                deadline = time.monotonic() + TIMEOUT_SECONDS
                for client in clients.values():
                    client.has(lambda client: replayed(updates_of(client)) == table, deadline)

            deadline = time.monotonic() + TIMEOUT_SECONDS
            for client in clients.values():
                client.has(lambda client: bool(updates_of(client)), deadline)
            server.api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(1, text="Heard by all")])
            server.api.run("DeleteSegments", meetingId=meeting["id"], segmentIds=[5])
            wait_until_all_have(table_of(server.api, meeting))

            server.end(request.param)
            asyncio.run(write_elsewhere(url, meeting))
            server.start()
            server.api.run("DeleteSegments", meetingId=meeting["id"], segmentIds=[4])
            for number in (1, 3, 60):
                segments = [segment(number, text="After the restart")]
                server.api.run("UpsertSegments", meetingId=meeting["id"], segments=segments)
            table = table_of(server.api, meeting)
            wait_until_all_have(table)

            server.api.run("DeleteMeeting", id=meeting["id"])
            deadline = time.monotonic() + TIMEOUT_SECONDS
            codes = {name: client.end(deadline) for name, client in clients.items()}
            stories = {
                name: Story(client.messages, "".join(client.errors), codes[name]) for name, client in clients.items()
            }
        yield Ending(table, written, stories)


def updates_of(client: Program) -> list[Any]:
    return [message["updates"] for message in client.messages if "updates" in message]


@pytest.fixture(params=CLIENTS)
def name(request: pytest.FixtureRequest) -> str:
    client: str = request.param
    if client == PYTHON:
        pytest.importorskip("gql")
    return client


def test_it_is_answered(ending: Ending, name: str) -> None:
    story = ending.stories[name]
    assert story.messages[:2] == [{"title": "Followed"}, {"created": 1}], story


def test_it_has_in_the_end_what_the_table_has(ending: Ending, name: str) -> None:
    story = ending.stories[name]
    assert replayed(story.updates) == ending.table, story
    assert ending.table[ending.written[name]] == (1, "Written")


def test_no_text_goes_backwards(ending: Ending, name: str) -> None:
    story = ending.stories[name]
    newest: dict[int, int] = {}
    for batch in story.updates:
        for each in batch["segments"]:
            number, version = each["segmentId"], each["version"]
            if name in REPEATING:
                assert version >= newest.get(number, 0), story
            else:
                assert version > newest.get(number, 0), story
            newest[number] = version


def test_it_noticed_the_loss_and_the_end(ending: Ending, name: str) -> None:
    story = ending.stories[name]
    assert any("lost" in message for message in story.messages) == (name not in REPEATING), story
    assert story.messages[-1] == {"complete": True}, story
    assert (story.exit_code, story.errors) == (0, ""), story
