"""`rapporteur backup` and `restore`: everything is there on an empty machine, or nothing is, and one line says why."""

import asyncio
import gzip
import io
import os
import re
import resource
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import psutil
import pytest

from db.embedded import embedded_postgres
from db.embedded.backup_file import opened_backup
from db.schema_revisions import head
from domain.errors import RapporteurError
from tests.harness.commands import COMMAND, environment, run, run_process
from tests.harness.databases import postgres_directory
from tests.harness.forked_commands import ForkedCommand
from tests.harness.servers import Api, running_server, segment
from tests.harness.waiting import eventually, until_lock_is_awaited
from tests.harness.websocket_client import websocket

pytestmark = pytest.mark.slow

SECRET = "Zanzibar"


@dataclass
class BackedUpServer:
    """A data directory with a database, and what became of it after its backup was made."""

    directory: Path
    backup: Path
    erasures: Path
    token: str
    followed: str
    """The id of the meeting that a subscriber follows."""
    kept_cursor: str
    lost_cursor: str
    answers: list[Any]
    """The answers of queries at the time of the backup."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user may enter, too."""
    with postgres_directory() as path:
        path.chmod(0o755)
        yield path.resolve()


@pytest.fixture(scope="module")
def backed_up() -> Iterator[BackedUpServer]:
    with postgres_directory() as path:
        path.chmod(0o755)
        directory = path.resolve() / "data"
        backup, erasures = path / "backup.sql.gz", path / "erasures.jsonl"
        with embedded_postgres(directory) as url, running_server(url, demo=True) as server:
            api = server.api
            created = run("keys", "create", "operator", "--scope", "admin", "--json", data_dir=str(directory))
            token = orjson.loads(created.stdout)["token"]
            followed, erased = api.meeting(title="Followed"), api.meeting(title=SECRET, segments=2)
            kept = api.run("UpsertSegments", meetingId=followed["id"], segments=[segment(1, text="kept")])["cursor"]
            answers = everything(api)
            done = run("backup", backup, data_dir=str(directory))
            assert done.returncode == 0, done.stderr
            lost = api.run("UpsertSegments", meetingId=followed["id"], segments=[segment(2, text="lost")])["cursor"]
            api.run("EraseMeeting", id=erased["id"])
            erasures.write_text(run("erasures", "export", data_dir=str(directory)).stdout)
        yield BackedUpServer(directory, backup, erasures, token, followed["id"], kept, lost, answers)


def everything(api: Api) -> list[Any]:
    """Returns what queries tell about the demo and the meetings, but for cursors, which are others after a restore."""
    meeting = "01900000-0000-7000-8000-0000000000c1"
    return [
        api.run("Agents"),
        [{**node, "updatesCursor": None} for node in api.run("Meetings")["nodes"]],
        api.run("Transcript", id=meeting),
        api.run("MeetingHistory", id=meeting),
        api.run("SearchSegments", query="launch"),
    ]


def settled(directory: Path) -> list[str]:
    """Returns the folders of clusters in a data directory."""
    return sorted(each.name for each in directory.iterdir() if each.is_dir())


def test_a_backup_of_a_running_server_is_restored_on_an_empty_machine(backed_up: BackedUpServer, folder: Path) -> None:
    restored = run("restore", backed_up.backup, data_dir=str(folder / "data"))
    assert restored.returncode == 0, restored.stderr
    assert "2 agents, 3 meetings, 15 segments" in restored.stdout
    assert settled(folder / "data") == ["postgres"]
    with embedded_postgres(folder / "data") as url, running_server(url, auth=True) as server:
        api = Api(server.url, backed_up.token)
        assert everything(api) == backed_up.answers
        api.run("UpsertSegments", meetingId=backed_up.followed, segments=[segment(2, text="again")])
        with websocket(server.url, additional_headers={"Authorization": f"Bearer {backed_up.token}"}) as socket:
            socket.start("kept", "SegmentUpdates", meetingId=backed_up.followed, after=backed_up.kept_cursor)
            assert [each["text"] for each in socket.next("kept")["segments"]] == ["again"]
            socket.start("lost", "SegmentUpdates", meetingId=backed_up.followed, after=backed_up.lost_cursor)
            assert "was lost when a backup was restored" in str(socket.receive()["payload"])


def test_what_was_erased_since_is_erased_again_by_a_file_or_by_what_the_replaced_database_knows(
    backed_up: BackedUpServer, folder: Path
) -> None:
    data_dir = str(folder / "data")
    restored = run("restore", backed_up.backup, "--erasures", backed_up.erasures, data_dir=data_dir)
    assert restored.returncode == 0, restored.stderr
    assert "1 of 1 meetings are erased" in restored.stdout
    refused = run("restore", backed_up.backup, data_dir=data_dir)
    assert (refused.returncode, settled(folder / "data")) == (4, ["postgres"])
    assert "--replace" in refused.stderr
    replaced = run("restore", backed_up.backup, "--replace", "--json", data_dir=data_dir)
    assert replaced.returncode == 0, replaced.stderr
    assert orjson.loads(replaced.stdout)["erasures"]["erased"] == 1
    kept, now = settled(folder / "data")[::-1]
    assert (now, kept.partition("-")[0]) == ("postgres", "postgres")
    with embedded_postgres(folder / "data") as url, running_server(url) as server:
        titles = [meeting["title"] for meeting in server.api.run("Meetings")["nodes"]]
        assert "Followed" in titles
        assert SECRET not in titles
    dumped = run("backup", folder / "again.sql.gz", data_dir=data_dir)
    assert dumped.returncode == 0, dumped.stderr
    assert SECRET not in gzip.decompress((folder / "again.sql.gz").read_bytes()).decode()


def test_a_backup_is_readable_by_its_owner_only_and_writes_over_nothing(
    backed_up: BackedUpServer, folder: Path
) -> None:
    file = folder / "backup.sql.gz"
    for arguments, code in (((), 0), ((), 2), (("--force",), 0)):
        done = run("backup", file, *arguments, "--json", data_dir=str(backed_up.directory))
        assert done.returncode == code, done.stderr
    assert orjson.loads(done.stdout)["rows"]["public.agents"] == 2
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in folder.iterdir()] == [file.name]
    missing = run("backup", folder / "nowhere" / "file", data_dir=str(backed_up.directory))
    assert (missing.returncode, "No such file" in missing.stderr) == (1, True)
    inside = run("backup", folder, "--force", data_dir=str(backed_up.directory))
    assert (inside.returncode, "name a file" in inside.stderr) == (2, True)


def test_a_backup_goes_through_pipes(backed_up: BackedUpServer, folder: Path) -> None:
    data_dir = str(backed_up.directory)
    made = run_process("backup", "-", data_dir=data_dir)
    assert made.returncode == 0, made.stderr
    checked = run_process("restore", "-", "--check", input=made.stdout, data_dir=data_dir)
    assert checked.returncode == 0, checked.stderr
    assert b"The backup is good" in checked.stdout


def test_a_full_disk_leaves_nothing_but_one_line(backed_up: BackedUpServer, folder: Path) -> None:
    def limit_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    with embedded_postgres(backed_up.directory):
        command = [*COMMAND, "backup", str(folder / "backup.sql.gz")]
        # Python would keep half of a module that it compiles under the limit.
        settings = environment(data_dir=str(backed_up.directory)) | {"PYTHONDONTWRITEBYTECODE": "1"}
        full = subprocess.run(
            command, env=settings, capture_output=True, text=True, timeout=60, check=False, preexec_fn=limit_files
        )
        assert full.returncode == 1
        assert full.stderr.splitlines()[-1] == f"error: {folder / 'backup.sql.gz'}: File too large"
        assert list(folder.iterdir()) == []
        with Path("/dev/full").open("wb") as nowhere:
            command = [*COMMAND, "backup", "-"]
            full = subprocess.run(
                command, env=settings, stdout=nowhere, stderr=subprocess.PIPE, text=True, timeout=60, check=False
            )
        assert (full.returncode, full.stderr.splitlines()[-1]) == (
            1,
            "error: the backup cannot be written: No space left on device",
        )


async def test_a_backup_that_is_ended_leaves_nothing(backed_up: BackedUpServer, folder: Path) -> None:
    with embedded_postgres(backed_up.directory) as url:
        migration, watcher = [await asyncpg.connect(url) for _ in range(2)]
        async with migration.transaction():
            await migration.execute("LOCK TABLE segments")
            settings = environment(data_dir=str(backed_up.directory))
            process = ForkedCommand(["backup", str(folder / "backup.sql.gz")], settings)
            with process.stderr:
                await until_lock_is_awaited(watcher)
                assert len(os.listdir(folder)) == 1
                process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(process.wait, 60) == 128 + signal.SIGTERM
        await migration.close()
        await watcher.close()
    assert os.listdir(folder) == []


def read(content: bytes) -> bytes:
    with opened_backup(io.BytesIO(content), "backup") as (_, parts):
        return b"".join(parts)


def problem_of(content: bytes) -> str:
    """Returns why a backup cannot be read, or the empty string."""
    try:
        read(content)
    except RapporteurError as error:
        return str(error)
    return ""


def test_a_byte_that_has_changed_or_is_missing_is_noticed(backed_up: BackedUpServer) -> None:
    content = backed_up.backup.read_bytes()
    whole = read(content)
    assert whole.startswith(b"--\n-- PostgreSQL database dump")
    for position in range(10, len(content), 97):  # gzip's first ten bytes say nothing about the content
        changed = content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]
        # Nor does a bit that fills up a byte after what was compressed.
        assert re.search("is damaged|is cut short|is no backup", problem_of(changed)) or read(changed) == whole
    for length in range(0, len(content), 997):
        with pytest.raises(RapporteurError, match=r"is cut short|is no backup"):
            read(content[:length])


def test_what_cannot_be_restored_is_refused_in_one_line_and_leaves_nothing(
    backed_up: BackedUpServer, folder: Path
) -> None:
    content = backed_up.backup.read_bytes()
    heading, _, rest = gzip.decompress(content).partition(b"\n")
    rows = heading.replace(b'"public.meetings":3', b'"public.meetings":4')
    newer = heading.replace(head().encode(), b"9999").replace(b'"rapporteur":"', b'"rapporteur":"7.')
    sql = rest.replace(b"CREATE TABLE public.segments", b"CREATE TABEL public.segments")
    files = {
        "no backup that rapporteur backup has written": b"PGDMP",
        "is no backup": gzip.compress(b"-- PostgreSQL database dump\n"),
        "is of a newer Rapporteur (7.": gzip.compress(newer + b"\n" + rest),
        "is cut short": content[:-5],
        "is damaged": content[:-5] + b"12345",
        "3 of 4 rows of the table public.meetings have arrived": gzip.compress(rows + b"\n" + rest),
        'the dump cannot be loaded: syntax error at or near "TABEL"': gzip.compress(heading + b"\n" + sql),
    }
    assert len({*files.values()}) == len(files)
    for message, damaged in files.items():
        (folder / "backup.sql.gz").write_bytes(damaged)
        done = run("restore", folder / "backup.sql.gz", data_dir=str(folder / "data"))
        assert done.returncode in (1, 4)
        database, line = done.stderr.splitlines()
        assert database == f"database: embedded PostgreSQL in {folder / 'data'}"
        assert message in line
        assert not (folder / "data").exists() or settled(folder / "data") == []
    missing = run("restore", folder / "nothing", data_dir=str(folder / "data"))
    assert (missing.returncode, missing.stderr) == (1, f"error: {folder / 'nothing'}: No such file or directory\n")


def test_a_data_directory_in_use_is_not_replaced(backed_up: BackedUpServer) -> None:
    with embedded_postgres(backed_up.directory):
        done = run_process("restore", backed_up.backup, "--replace", data_dir=str(backed_up.directory))
    assert done.returncode == 3
    assert "a server or another command uses the data directory" in done.stderr
    assert settled(backed_up.directory) == ["postgres"]


def postgres_processes(directory: Path) -> list[psutil.Process]:
    """Lists the processes of PostgreSQL that work in a folder of the data directory."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.name().startswith("postgres") and Path(process.cwd()).parent == directory:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_restore_that_is_ended_halfway_leaves_no_database_and_can_be_done_again(
    backed_up: BackedUpServer, folder: Path, number: signal.Signals
) -> None:
    directory = folder / "data"
    reading, writing = os.pipe()
    restoring = ForkedCommand(["restore", "-"], environment(data_dir=str(directory)), stdin=reading)
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe, restoring.stderr:
        pipe.write(backed_up.backup.read_bytes()[:-100])  # it waits for the rest
        pipe.flush()
        eventually((directory / "postgres-making" / "postmaster.pid").exists)
        restoring.send_signal(number)
        assert restoring.wait(60) in (128 + number, -number)
    if number == signal.SIGTERM:
        assert postgres_processes(directory) == []
        assert settled(directory) == []
    assert "there is no database" in run("keys", "list", data_dir=str(directory)).stderr
    assert run("restore", backed_up.backup, data_dir=str(directory)).returncode == 0
    assert settled(directory) == ["postgres"]
    assert postgres_processes(directory) == []


def test_commands_for_the_embedded_database_say_what_to_do_with_another(
    backed_up: BackedUpServer, database_url: str
) -> None:
    for arguments in (("backup", "file"), ("restore", backed_up.backup)):
        done = run(*arguments, database_url=database_url)
        assert done.returncode == 2
        assert "docs/backup.md" in done.stderr


def test_after_restore_finishes_what_other_tools_have_restored(backed_up: BackedUpServer, database_url: str) -> None:
    for _ in range(2):
        done = run("after-restore", "--erasures", backed_up.erasures, "--json", database_url=database_url)
        assert done.returncode == 0, done.stderr
        assert orjson.loads(done.stdout)["erasures"]["unknown"] == 1
