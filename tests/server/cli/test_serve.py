"""The command line, as processes."""

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.harness import http
from tests.harness.commands import Serving, run, run_process, serving
from tests.harness.databases import TestPostgres, postgres_directory
from tests.harness.servers import segment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    with postgres_directory() as directory:
        yield directory


@pytest.fixture
def started(data_dir: Path) -> Iterator[Serving]:
    with serving(data_dir=str(data_dir)) as server:
        yield server


def test_serve_starts_from_nothing_with_the_demo(started: Serving) -> None:
    api = started.api
    assert api.run("Agents")["totalCount"] == 2
    (meeting,) = api.run("Meetings")["nodes"]
    assert meeting["segmentCount"] == 12
    assert http.get(f"{started.url}/readyz").status_code == 200
    assert started.stop() == 0


def test_a_second_server_shares_the_database_and_a_kill_loses_nothing(data_dir: Path) -> None:
    with serving(data_dir=str(data_dir)) as first, serving(data_dir=str(data_dir)) as second:
        meeting = first.api.meeting("Shared", segments=3)
        assert second.api.run("Meeting", id=meeting["id"])["segmentCount"] == 3
        first.kill()
        assert second.api.run("Meeting", id=meeting["id"])["title"] == "Shared"
        second.api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(4)])
        second.kill()
    with serving(data_dir=str(data_dir)) as third:
        assert third.api.run("Meeting", id=meeting["id"])["segmentCount"] == 4


async def test_database_url_is_one_that_tools_can_use(data_dir: Path, started: Serving) -> None:
    url = run_process("database-url", data_dir=str(data_dir)).stdout.decode().strip()
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT count(*) FROM agents") == 2
    await connection.close()


def test_migrate_and_demo_work_on_a_named_database(postgres: TestPostgres) -> None:
    with postgres.database("template0") as url:
        assert run("migrate", database_url=url).returncode == 0
        assert "Loaded" in run("demo", database_url=url).stdout
        assert "nothing changed" in run("demo", database_url=url).stdout
        with serving(database_url=url, demo="false") as server:
            assert server.api.run("Agents")["totalCount"] == 2


def test_demo_can_be_left_out_and_the_workspace_named(postgres: TestPostgres) -> None:
    mine = "01900000-0000-7000-8000-00000000cafe"
    with postgres.database() as url:
        with serving(database_url=url, demo="false", workspace_id=mine, workspace_name="Mine") as server:
            assert server.api.run("Agents")["totalCount"] == 0
            server.api.agent("Mine")
        with serving(database_url=url, demo="false") as server:
            assert server.api.run("Agents")["totalCount"] == 0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"port": "99999"}, "RAPPORTEUR_PORT"),
        ({"pool_size": "0"}, "RAPPORTEUR_POOL_SIZE"),
        ({"database_url": "mysql://localhost/x"}, "RAPPORTEUR_DATABASE_URL"),
        ({"log_level": "loud"}, "RAPPORTEUR_LOG_LEVEL"),
        ({"workspace_id": "mine"}, "RAPPORTEUR_WORKSPACE_ID"),
        ({"search_language": "klingon"}, "arabic, armenian, basque, catalan"),
        ({"search_language": "public.english"}, "RAPPORTEUR_SEARCH_LANGUAGE"),
        ({"database_url": "postgresql://u:p@127.0.0.1:1/x"}, "the database does not answer"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, str], says: str, tmp_path: Path) -> None:
    result = run("serve", data_dir=str(tmp_path), **settings)
    assert result.returncode != 0
    assert says in result.stderr
    assert "Traceback" not in result.stderr
