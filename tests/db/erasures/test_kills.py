"""An erasure whose process is killed has erased nothing, and the next one erases all."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.harness.commands import environment, run, serving
from tests.harness.databases import TestPostgres
from tests.harness.dumps import dump
from tests.harness.forked_commands import ForkedCommand
from tests.harness.servers import Api, running_server, segment
from tests.harness.waiting import eventually, locked_rows

pytestmark = pytest.mark.slow

SENTINEL = "Zanzibar"
LOCK_EVENTS = "SELECT FROM events WHERE entity_id = $1 FOR UPDATE"
"""Holds up an erasure late: the meeting's row, its segments and words are gone by then, in its transaction."""


def said(api: Api) -> Any:
    """Returns a meeting in which the sentinel is said, and named as a speaker."""
    meeting = api.meeting(title=SENTINEL)
    words = [segment(n, text=f"{SENTINEL} {n}", speaker=SENTINEL) for n in range(1, 4)]
    api.run("UpsertSegments", meetingId=meeting["id"], segments=words)
    api.run("NameSpeakers", meetingId=meeting["id"], names=[{"label": SENTINEL, "name": f"{SENTINEL} Moe"}])
    return meeting


@pytest.mark.parametrize("mutation", ["EraseMeeting", "EraseSpeaker"])
def test_a_server_that_is_killed_has_erased_nothing(database_url: str, mutation: str) -> None:
    with running_server(database_url) as server:
        meeting = said(server.api)
    variables = {"id": meeting["id"]}
    if mutation == "EraseSpeaker":
        variables = {"name": f"{SENTINEL} Moe", "mode": "TEXT", "meetingIds": [meeting["id"]]}
    before = _rows(database_url)
    with serving(database_url=database_url) as doomed, ThreadPoolExecutor(1) as threads:
        with locked_rows(database_url, LOCK_EVENTS, meeting["id"]) as is_waited_for:
            asked = threads.submit(doomed.api.run, mutation, **variables)
            eventually(is_waited_for)
            doomed.kill()
            assert asked.exception() is not None
        assert _rows(database_url) == before
    with running_server(database_url) as server:
        answer = server.api.run(mutation, **variables)
        assert answer["__typename"] == ("Erasure" if mutation == "EraseMeeting" else "ErasedSpeaker")
    assert f"{SENTINEL} 1" not in dump(database_url)


def test_a_replay_that_is_killed_is_finished_by_the_next_one(
    database_url: str, postgres: TestPostgres, tmp_path: Path
) -> None:
    with running_server(database_url) as server:
        meetings = [said(server.api) for _ in range(3)]
    with postgres.database(template=database_url.partition("?")[0].rpartition("/")[2]) as restored:
        with running_server(database_url) as server:
            for meeting in meetings:
                server.api.run("EraseMeeting", id=meeting["id"])
        file = tmp_path / "erasures.jsonl"
        file.write_text(run("erasures", "export", database_url=database_url).stdout)
        with locked_rows(restored, LOCK_EVENTS, meetings[1]["id"]) as is_waited_for:
            replay = ForkedCommand(["erasures", "replay", str(file)], environment(database_url=restored))
            eventually(is_waited_for)
            replay.kill()
            replay.wait(60)
            replay.stderr.close()
        left = dump(restored)
        assert [meeting["id"] in _meetings_in(left) for meeting in meetings] == [False, True, True]
        replayed = run("erasures", "replay", file, database_url=restored)
        assert "3 of 3 meetings are erased" in replayed.stdout
        assert SENTINEL not in dump(restored)


def _meetings_in(dumped: str) -> str:
    return "\n".join(line for line in dumped.splitlines() if line.startswith("INSERT INTO public.meetings "))


def _rows(database_url: str) -> list[str]:
    """Returns the rows of all that can be erased, and of the records of erasures."""
    tables = ("meetings", "segments", "events", "erasures", "speaker_erasures", "corrections", "words")
    starts = tuple(f"INSERT INTO public.{table}" for table in tables)
    return sorted(line for line in dump(database_url).splitlines() if line.startswith(starts))
