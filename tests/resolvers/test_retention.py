"""Retention: what ended longer ago is erased, by one server at a time, and nothing else is."""

import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from db.database import Database
from db.retention import ADVISORY_LOCK_KEY
from domain.ids import DEFAULT_WORKSPACE_ID, WorkspaceId
from domain.principals import Scope
from resolvers import retention
from resolvers.retention import Retention
from tests.harness.api_keys import create_api_key, create_workspace
from tests.harness.dumps import dump
from tests.harness.meeting_calls import in_state, read, update
from tests.harness.servers import Api, RunningServer, running_server
from tests.harness.waiting import eventually

RETENTION_DAYS = 30
SENTINEL = "Zanzibar"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PAUSE_SECONDS", 0.0)


@pytest.fixture
def server(database_url: str) -> Iterator[RunningServer]:
    """A server whose database has this test's meetings only."""
    with running_server(database_url) as server:
        yield server


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[Any]:
    """A connection that no trigger holds up, to have things happen longer ago."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("SET session_replication_role = replica")
    yield connection
    await connection.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=2, statement_timeout=2.0)
    yield database
    await database.close()


@pytest.fixture
def other_workspace(database_url: str) -> WorkspaceId:
    return create_workspace(database_url)


@pytest.fixture
def theirs(database_url: str, other_workspace: WorkspaceId) -> Iterator[RunningServer]:
    """A server of the other workspace."""
    with running_server(database_url, workspace_id=other_workspace) as server:
        yield server


@pytest.fixture
def keys(database_url: str, other_workspace: WorkspaceId) -> list[str]:
    """The tokens of an administrator of each workspace."""
    workspaces = (DEFAULT_WORKSPACE_ID, other_workspace)
    return [create_api_key(database_url, Scope.ADMIN, workspace_id=id) for id in workspaces]


def retained(database: Database, *workspaces: WorkspaceId) -> Retention:
    async def all_workspaces() -> tuple[WorkspaceId, ...]:
        return workspaces or (DEFAULT_WORKSPACE_ID,)

    return Retention(database, RETENTION_DAYS, all_workspaces)


async def age(sql: Any, meeting: Any, days: int) -> None:
    """Has all of a meeting happen that many days earlier."""
    interval = f"interval '{days} days'"
    await sql.execute(
        f"UPDATE meetings SET updated_at = updated_at - {interval}, started_at = started_at - {interval},"
        f" ended_at = ended_at - {interval} WHERE id = $1",
        meeting["id"],
    )


async def age_deletion(sql: Any, meeting: Any, days: int) -> None:
    await sql.execute(
        f"UPDATE events SET created_at = created_at - interval '{days} days' WHERE entity_id = $1 AND kind = 'DELETED'",
        meeting["id"],
    )


def named(api: Api, meeting: Any, title: str) -> Any:
    return update(api, meeting, title=title)


@pytest.mark.slow
async def test_what_ended_longer_ago_is_erased_and_nothing_else(
    server: RunningServer, database: Database, database_url: str, sql: Any
) -> None:
    api = server.api
    due = {state: named(api, in_state(api, state), SENTINEL) for state in ("STOPPED", "COMPLETED", "ERROR")}
    due |= {"stopped later": named(api, in_state(api, "STOPPED"), SENTINEL)}
    kept = {state: in_state(api, state) for state in ("CREATED", "RECORDING", "STOPPING")}
    kept |= {"recent": in_state(api, "STOPPED"), "recent import": in_state(api, "COMPLETED")}
    held = in_state(api, "STOPPED")
    api.run("HoldMeeting", id=held["id"])
    for meeting in (*due.values(), held, *(kept[state] for state in ("CREATED", "RECORDING", "STOPPING"))):
        await age(sql, meeting, RETENTION_DAYS + 1)
    for name in ("recent", "recent import"):
        await age(sql, kept[name], RETENTION_DAYS - 1)

    assert await retained(database).erase_due() == len(due)
    assert await retained(database).erase_due() == 0
    left = dump(database_url)
    assert SENTINEL not in left
    for meeting in due.values():
        assert read(api, meeting) is None
        assert api.run("EraseMeeting", id=meeting["id"])["erasedBy"] == "retention"
    for meeting in (*kept.values(), held):
        assert read(api, meeting) is not None


@pytest.mark.slow
async def test_deleted_meetings_are_erased_by_their_end_or_else_their_deletion(
    server: RunningServer, database: Database, sql: Any
) -> None:
    api = server.api
    ended_and_deleted, deleted, ended_lately, never_ended = (
        named(api, in_state(api, state), f"{SENTINEL} {number}")
        for number, state in enumerate(("STOPPED", "CREATED", "STOPPED", "RECORDING"))
    )
    await age(sql, ended_and_deleted, RETENTION_DAYS + 1)
    await age(sql, ended_lately, RETENTION_DAYS - 1)
    await age(sql, never_ended, RETENTION_DAYS + 1)
    for meeting in (ended_and_deleted, deleted, ended_lately, never_ended):
        api.run("DeleteMeeting", id=meeting["id"])
    await age_deletion(sql, deleted, RETENTION_DAYS + 1)
    assert await retained(database).erase_due() == 2
    erased = {
        title
        for number, meeting in enumerate((ended_and_deleted, deleted, ended_lately, never_ended))
        if (title := f"{SENTINEL} {number}") not in str(api.run("HistoryOfMeeting", meetingId=meeting["id"]))
    }
    assert erased == {f"{SENTINEL} 0", f"{SENTINEL} 1"}
    assert await retained(database).erase_due() == 0


@pytest.mark.slow
async def test_all_is_erased_however_little_is_looked_up_at_once(
    server: RunningServer, database: Database, sql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MAX_DUE_PER_READ", 2)
    meetings = [in_state(server.api, "STOPPED") for _ in range(5)]
    for days, meeting in enumerate(meetings, RETENTION_DAYS + 1):
        await age(sql, meeting, days)
    assert await retained(database).erase_due() == 5
    assert [read(server.api, meeting) for meeting in meetings] == [None] * 5


@pytest.mark.slow
async def test_each_workspace_has_its_own(
    server: RunningServer, theirs: RunningServer, database: Database, other_workspace: WorkspaceId, sql: Any
) -> None:
    meetings = {each: in_state(each.api, "STOPPED") for each in (server, theirs)}
    for meeting in meetings.values():
        await age(sql, meeting, RETENTION_DAYS + 1)
    assert await retained(database).erase_due() == 1
    assert [read(each.api, meeting) is None for each, meeting in meetings.items()] == [True, False]
    assert await retained(database, DEFAULT_WORKSPACE_ID, other_workspace).erase_due() == 1


async def test_while_another_server_erases_nothing_is_done(server: RunningServer, database: Database, sql: Any) -> None:
    meeting = in_state(server.api, "STOPPED")
    await age(sql, meeting, RETENTION_DAYS + 1)
    async with sql.transaction():
        await sql.execute("SELECT pg_advisory_xact_lock($1)", ADVISORY_LOCK_KEY)
        assert await retained(database).erase_due() == 0
    assert await retained(database).erase_due() == 1


async def test_one_that_cannot_be_erased_now_keeps_no_other_from_it(
    server: RunningServer, database: Database, sql: Any, caplog: pytest.LogCaptureFixture
) -> None:
    locked, free = (in_state(server.api, "STOPPED") for _ in range(2))
    await age(sql, locked, RETENTION_DAYS + 2)
    await age(sql, free, RETENTION_DAYS + 1)
    async with sql.transaction():
        await sql.execute("SELECT FROM meetings WHERE id = $1 FOR UPDATE", locked["id"])
        assert await retained(database).erase_due() == 1
    assert f"cannot erase the meeting {locked['id']} now: the database took too long" in caplog.text
    assert read(server.api, free) is None
    assert await retained(database).erase_due() == 1


@pytest.mark.parametrize("change", ["resumed", "held"])
async def test_one_that_is_due_no_more_when_its_turn_comes_is_kept(
    server: RunningServer, database: Database, sql: Any, change: str
) -> None:
    meeting = in_state(server.api, "STOPPED")
    await age(sql, meeting, RETENTION_DAYS + 1)
    retaining = retained(database)
    (due,) = await retaining._due(DEFAULT_WORKSPACE_ID, None)
    if change == "resumed":
        update(server.api, meeting, state="RECORDING")
    else:
        server.api.run("HoldMeeting", id=meeting["id"])
    assert await retaining._erase(DEFAULT_WORKSPACE_ID, due)
    assert read(server.api, meeting) is not None


@pytest.mark.slow
async def test_a_server_erases_in_all_workspaces_that_it_serves(database_url: str, keys: list[str], sql: Any) -> None:
    with running_server(database_url, auth=True) as server:
        apis = [Api(server.url, key) for key in keys]
        meetings = [in_state(api, "STOPPED") for api in apis]
    for meeting in meetings:
        await age(sql, meeting, RETENTION_DAYS + 1)
    with running_server(database_url, auth=True, retention_days=RETENTION_DAYS) as server:
        for key, meeting in zip(keys, meetings, strict=True):
            api = Api(server.url, key)
            eventually(lambda api=api, meeting=meeting: read(api, meeting) is None)  # type: ignore[misc]


async def test_the_log_names_what_was_erased_by_its_id_only(
    server: RunningServer, database: Database, sql: Any, caplog: pytest.LogCaptureFixture
) -> None:
    meeting = named(server.api, in_state(server.api, "STOPPED"), SENTINEL)
    await age(sql, meeting, RETENTION_DAYS + 1)
    with caplog.at_level(logging.INFO):
        await retained(database).erase_due()
    (line,) = (record.getMessage() for record in caplog.records if record.name == "rapporteur.erasures")
    assert line.startswith(f"erased the meeting {meeting['id']} for retention: it ended on ")
    assert SENTINEL not in caplog.text
