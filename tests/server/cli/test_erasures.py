"""`rapporteur erasures`: what was erased is erased again where a backup brought it back."""

from pathlib import Path
from uuid import UUID

import pytest

from tests.harness.commands import run
from tests.harness.databases import TestPostgres
from tests.harness.dumps import dump
from tests.harness.servers import running_server

pytestmark = pytest.mark.slow

SENTINEL = "Zanzibar"


def test_erasures_are_done_again_in_a_restored_database(
    database_url: str, postgres: TestPostgres, tmp_path: Path
) -> None:
    with running_server(database_url) as server:
        kept = server.api.meeting(segments=1)
        meetings = [server.api.meeting(title=SENTINEL, segments=1) for _ in range(2)]
        server.api.run("DeleteMeeting", id=meetings[1]["id"])
    database = database_url.partition("?")[0].rpartition("/")[2]
    with postgres.database(template=database) as restored:  # a backup of now
        with running_server(database_url) as server:
            later = server.api.meeting()
            for meeting in (*meetings, later):
                server.api.run("EraseMeeting", id=meeting["id"])
        exported = run("erasures", "export", database_url=database_url)
        assert exported.returncode == 0, exported.stderr
        file = tmp_path / "erasures.jsonl"
        file.write_text(exported.stdout)

        assert SENTINEL in dump(restored)
        for _ in range(2):
            replayed = run("erasures", "replay", file, database_url=restored)
            assert replayed.returncode == 0, replayed.stderr
            assert "2 of 3 meetings are erased" in replayed.stdout
            assert SENTINEL not in dump(restored)
        assert run("erasures", "export", database_url=restored).stdout == "".join(
            line for line in exported.stdout.splitlines(keepends=True) if later["id"] not in line
        )
        with running_server(restored) as server:
            assert server.api.run("Meeting", id=kept["id"])["id"] == kept["id"]


@pytest.mark.parametrize(
    "line",
    ["{}", "[]", "1", "not JSON", '{"workspaceId": 1, "meetingId": 2, "erasedBy": "x", "erasedAt": "now"}'],
)
def test_a_file_of_something_else_is_refused_before_anything_is_done(
    database_url: str, tmp_path: Path, line: str
) -> None:
    with running_server(database_url) as server:
        meeting = server.api.meeting()
        workspace = server.api.run("Viewer")["workspaceId"]
        good = f'{{"workspaceId": "{workspace}", "meetingId": "{UUID(meeting["id"])}", "erasedBy": "x",'
        file = tmp_path / "erasures.jsonl"
        file.write_text(f'{good} "erasedAt": "2026-11-28T12:00:00+00:00"}}\n{line}\n')
        refused = run("erasures", "replay", file, database_url=database_url)
        assert refused.returncode == 1
        assert "line 2: is no erasure" in refused.stderr
        assert server.api.run("Meeting", id=meeting["id"])["id"] == meeting["id"]
