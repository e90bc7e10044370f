"""Checks that a replica that would not do is left out, that it is used again, and that no client notices."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from db.database import Database
from db.replica_reads import ReplicaConnection
from db.replicas import ReadOutcome, ReplicaStatus
from db.schema_revisions import head
from tests.harness import commands, http
from tests.harness.pgbouncer import needs_pgbouncer, pgbouncer
from tests.harness.pooled_connections import eventually as eventually_async
from tests.harness.pooled_connections import opened
from tests.harness.replicas import READ_TITLE, SET_TITLE, ask, never_behind, outcomes, until
from tests.harness.servers import RunningServer, running_server
from tests.harness.standby import ReplicationPair
from tests.harness.waiting import TIMEOUT_SECONDS, eventually

pytestmark = pytest.mark.slow

WHERE = text("SELECT pg_is_in_recovery() AS is_standby")


@asynccontextmanager
async def connected(pair: ReplicationPair, **options: Any) -> AsyncIterator[Database]:
    """A database whose replica is in use."""
    async with opened(
        pair.primary_url, **{"replica_urls": [pair.standby_url], "replica_max_lag": 300.0} | options
    ) as database:
        assert database.replicas is not None
        checks = asyncio.create_task(database.replicas.run())
        (replica,) = database.replicas.all
        try:

            async def is_in_use() -> bool:
                return replica.status is ReplicaStatus.IN_USE

            await eventually_async(is_in_use)
            yield database
        finally:
            checks.cancel()
            await asyncio.gather(checks, return_exceptions=True)


async def reads_of_standby(database: Database) -> ReplicaConnection:
    """Returns the reads of an operation that has read from the standby: the primary answers if that is too slow."""
    assert database.replicas is not None
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not await is_standby(reads := ReplicaConnection(database.replicas, database.pool, None)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return reads


async def is_standby(reads: ReplicaConnection) -> bool:
    (row,) = await reads.rows(WHERE, {})
    return bool(row.is_standby)


async def test_a_conflict_with_recovery_is_read_again_on_the_primary(pair: ReplicationPair) -> None:
    pair.on_standby("ALTER SYSTEM SET max_standby_streaming_delay = 0", "SELECT pg_reload_conf()")
    conflicting = text(
        "SELECT pg_is_in_recovery() AS is_standby, CASE WHEN pg_is_in_recovery() THEN pg_sleep(600) END FROM"
        " (SELECT count(*) FROM meetings) AS counted"
    )
    async with connected(pair) as database:
        reads = await reads_of_standby(database)
        reading = asyncio.create_task(reads.rows(conflicting, {}))
        watcher = await asyncpg.connect(pair.standby_url)

        async def sleeps() -> bool:
            return bool(await watcher.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))

        try:
            await eventually_async(sleeps)
        finally:
            await watcher.close()
        pair.postgres.run_in(pair.primary_url, "BEGIN; LOCK TABLE meetings; COMMIT")
        (row,) = await reading
        assert not row.is_standby
        assert not await is_standby(reads), "the operation goes on where it was answered"
        await reads_of_standby(database)  # the next one reads from the replica again


async def test_an_operation_reads_from_one_server_only(pair: ReplicationPair) -> None:
    """Another server may stand behind the same address, as a load balancer has it: here the same after a restart."""
    async with connected(pair) as database:
        reads = await reads_of_standby(database)
        pair.stop_standby()
        pair.start_standby()
        assert not await is_standby(reads)
        await reads_of_standby(database)


def test_a_replica_that_is_away_is_left_out_and_comes_back(pair: ReplicationPair, server: RunningServer) -> None:
    id = server.api.meeting("Old")["id"]
    pair.stop_standby()
    try:
        until(server, ReplicaStatus.AWAY)
        assert ask(server, READ_TITLE, id=id).value == {"title": "Old"}
        assert outcomes(server)[ReadOutcome.NO_REPLICA]
        ready = server.api.http.get("/readyz")
        assert (ready.status_code, ready.json()["replicas"]) == (200, ["away"])
        shown = commands.run("status", "--url", server.url)
        assert (shown.returncode, "replicas: away" in shown.stdout) == (0, True)
        with running_server(pair.primary_url, replica_url=pair.standby_url) as begun:
            assert ask(begun, READ_TITLE, id=id).value == {"title": "Old"}
    finally:
        pair.start_standby()
    until(server, ReplicaStatus.IN_USE)


def test_reads_of_a_replica_that_hangs_are_answered_by_the_primary(
    pair: ReplicationPair, server: RunningServer
) -> None:
    id = server.api.meeting("Old")["id"]
    process = pair.standby_process
    hanging = [process, *process.children()]
    eventually(lambda: ask(server, READ_TITLE, id=id).value)
    for each in hanging:
        each.suspend()
    try:
        assert ask(server, READ_TITLE, id=id).value == {"title": "Old"}
        until(server, ReplicaStatus.AWAY)
    finally:
        for each in hanging:
            each.resume()
    until(server, ReplicaStatus.IN_USE)


def test_a_replica_that_is_behind_is_left_out(pair: ReplicationPair, server: RunningServer) -> None:
    with running_server(pair.primary_url, replica_url=pair.standby_url, replica_max_lag=1) as strict:
        until(strict, ReplicaStatus.IN_USE)
        meeting = strict.api.meeting("Old")
        with pair.paused():
            ask(strict, SET_TITLE, id=meeting["id"], title="New")
            until(strict, ReplicaStatus.BEHIND)
            assert ask(strict, READ_TITLE, id=meeting["id"]).value == {"title": "New"}
            shown = metrics(strict)
            assert 'rapporteur_replica_in_use{replica="1"} 0.0' in shown
            assert lag(shown) >= 1
        until(strict, ReplicaStatus.IN_USE)
        shown = metrics(strict)
        assert 'rapporteur_replica_in_use{replica="1"} 1.0' in shown
        assert 'rapporteur_replica_reads_total{outcome="none_in_use"}' in shown


def metrics(server: RunningServer) -> str:
    return http.get(f"{server.url}/metrics").text


def lag(shown: str) -> float:
    (line,) = (line for line in shown.splitlines() if line.startswith('rapporteur_replica_lag_seconds{replica="1"}'))
    return float(line.split()[1])


def test_a_replica_without_the_schema_is_left_out(pair: ReplicationPair, server: RunningServer) -> None:
    pair.postgres.run_in(pair.primary_url, "UPDATE alembic_version SET version_num = '0001'")
    try:
        until(server, ReplicaStatus.OTHER_SCHEMA)
    finally:
        pair.postgres.run_in(pair.primary_url, f"UPDATE alembic_version SET version_num = '{head()}'")
    until(server, ReplicaStatus.IN_USE)


def test_what_is_no_standby_of_the_database_is_left_out(pair: ReplicationPair, database_url: str) -> None:
    with running_server(pair.primary_url, replica_url=pair.primary_url) as itself:
        until(itself, ReplicaStatus.NO_STANDBY)
        assert itself.api.meeting("One")
    with running_server(database_url, replica_url=pair.standby_url) as foreign:
        until(foreign, ReplicaStatus.OTHER_CLUSTER)
        assert foreign.api.run("Meeting", id=foreign.api.meeting("One")["id"])["title"] == "One"


@needs_pgbouncer
def test_tokens_hold_through_poolers(pair: ReplicationPair) -> None:
    with (
        pgbouncer(pair.primary_url, "transaction", size=5) as primary,
        pgbouncer(pair.standby_url, "transaction", size=5) as standby,
        running_server(primary.url, listen_url=pair.primary_url, replica_url=standby.url) as server,
    ):
        never_behind(server)
        until(server, ReplicaStatus.IN_USE)
        id = server.api.meeting("Old")["id"]
        eventually(lambda: ask(server, READ_TITLE, id=id).value)
        with pair.paused():
            token = ask(server, SET_TITLE, id=id, title="New").token
            eventually(lambda: ask(server, READ_TITLE, id=id).value == {"title": "Old"})
            assert ask(server, READ_TITLE, token=token, id=id).value == {"title": "New"}
