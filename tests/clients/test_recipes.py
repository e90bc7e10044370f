"""The recipes of docs/recipes/, run as they stand against a server that is killed while they follow a meeting."""

import contextlib
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.harness.client_processes import TIMEOUT_SECONDS, Program, TcpProxy, restartable_server, running_programs
from tests.harness.servers import Api, RunningServer, segment
from tests.harness.websocket_client import websocket_url

pytestmark = pytest.mark.slow

RECIPES = Path(__file__).parents[2] / "docs" / "recipes"
FIELDS = ("segmentId", "speaker", "text", "startTime", "endTime", "isFinal", "version")


@pytest.fixture(params=["resume.mjs", "resume.py"])
def recipe(request: pytest.FixtureRequest, tmp_path: Path) -> list[str | Path]:
    """The command that runs a recipe, where it has the packages that it names."""
    file = tmp_path / request.param
    shutil.copy(RECIPES / file.name, file)
    if file.suffix == ".py":
        pytest.importorskip("gql")
        return [sys.executable, file]
    (tmp_path / "node_modules").symlink_to(request.getfixturevalue("node_modules"))
    return ["node", file]


def table(api: Api, meeting: Any) -> list[Any]:
    page = api.run("Transcript", id=meeting["id"], first=1000)["segments"]
    return [{field: edge["node"][field] for field in FIELDS} for edge in page["edges"]]


def test_a_recipe_has_in_the_end_what_the_table_has(database_url: str, recipe: list[str | Path]) -> None:
    with restartable_server(database_url) as server:
        meeting = server.api.meeting(segments=3)
        with running_programs({"recipe": [*recipe, websocket_url(server.url), meeting["id"]]}) as running:
            program = running["recipe"]

            def write(*numbers: int, **fields: Any) -> None:
                segments = [segment(number, **fields) for number in numbers]
                server.api.run("UpsertSegments", meetingId=meeting["id"], segments=segments)

            assert_it_comes_to_have(program, table(server.api, meeting))
            for by in (signal.SIGKILL, signal.SIGTERM):
                write(1, 4, text=f"Before {by.name}")
                server.end(by)
                server.start()
                write(4, 5, text=f"After {by.name}", isFinal=False)
                server.api.run("DeleteSegments", meetingId=meeting["id"], segmentIds=[2, 3])
                assert_it_comes_to_have(program, table(server.api, meeting))
                write(2, text=f"Live after {by.name}")
                assert_it_comes_to_have(program, table(server.api, meeting))
            assert_never_backwards(program)
            assert any("not connected" in line for line in program.errors)
            server.api.run("DeleteMeeting", id=meeting["id"])
            assert program.end(time.monotonic() + TIMEOUT_SECONDS) == 0, program.errors


def assert_it_comes_to_have(program: Program, wanted: list[Any]) -> None:
    there = program.has(lambda running: running.messages[-1:] == [wanted], time.monotonic() + TIMEOUT_SECONDS)
    assert there, (wanted, program.messages, program.errors)


def assert_never_backwards(program: Program) -> None:
    newest: dict[int, int] = {}
    for transcript in program.messages:
        for each in transcript:
            assert each["version"] >= newest.get(each["segmentId"], 0), orjson.dumps(program.messages)
            newest[each["segmentId"]] = each["version"]


def test_a_recipe_goes_on_from_its_cursor_and_not_from_the_start(
    server: RunningServer, recipe: list[str | Path]
) -> None:
    meeting = server.api.meeting(segments=2)
    with (
        contextlib.closing(TcpProxy(server.url)) as wire,
        running_programs({"recipe": [*recipe, f"ws://{wire.address}/graphql", meeting["id"]]}) as running,
    ):
        program = running["recipe"]
        for number in (3, 4):
            assert_it_comes_to_have(program, table(server.api, meeting))
            wire.cut()
            server.api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(number)])
        assert_it_comes_to_have(program, table(server.api, meeting))
        texts = [[number for number in range(1, 5) if f"Text {number}".encode() in said] for said in wire.answers]
        assert [told for told in texts if told] == [[1, 2], [3], [4]]


def test_a_recipe_ends_with_what_the_server_says_of_a_wrong_request(
    server: RunningServer, recipe: list[str | Path]
) -> None:
    with running_programs({"recipe": [*recipe, websocket_url(server.url), "nonsense"]}) as running:
        program = running["recipe"]
        code = program.end(time.monotonic() + TIMEOUT_SECONDS)
    assert code not in (0, None)
    assert "meetingId" in "".join(program.errors)
