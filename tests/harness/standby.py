"""A primary and its streaming standby, for tests of failover."""

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psutil

from db.embedded.cluster import data_argument
from db.embedded.os_account import account_for
from db.embedded.postmaster import ensure_postmaster, find_postmaster
from db.embedded.programs import find_programs, run
from tests.harness.databases import TestPostgres, postgres_directory, running_postgres
from tests.harness.waiting import eventually


@dataclass(frozen=True)
class ReplicationPair:
    """A database on both servers."""

    postgres: TestPostgres
    primary_url: str
    standby_url: str
    _primary: Path
    _standby: Path

    @property
    def url(self) -> str:
        """Both servers, the first primary first."""
        hosts, ports = [], []
        for url in (self.primary_url, self.standby_url):
            values = dict(pair.split("=") for pair in urlsplit(url).query.split("&"))
            hosts.append(values["host"])
            ports.append(values["port"])
        base = self.primary_url.partition("?")[0]
        return f"{base}?host={','.join(hosts)}&port={','.join(ports)}"

    def kill_primary(self) -> None:
        running = find_postmaster(self._primary)
        assert running is not None
        running.process.send_signal(signal.SIGQUIT)
        running.process.wait(60)

    def on_standby(self, *statements: str) -> None:
        """Runs statements on the standby, each on its own."""
        self.postgres.run_in(self.standby_url, *statements)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Lets the standby replay nothing while the block runs."""
        self.on_standby("SELECT pg_wal_replay_pause()")
        try:
            yield
        finally:
            self.on_standby("SELECT pg_wal_replay_resume()")

    def delay(self, milliseconds: int) -> None:
        """Lets the standby replay each commit so much later; 0 for none."""
        self.on_standby(
            f"ALTER SYSTEM SET recovery_min_apply_delay = {milliseconds}",
            "SELECT pg_reload_conf()",
        )

    @contextmanager
    def synchronous(self) -> Iterator[None]:
        """Lets each commit wait for the standby while the block runs, which may kill the primary."""
        self.postgres.run("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
        waits = "DO $$ BEGIN ASSERT (SELECT sync_state = 'sync' FROM pg_stat_replication); END $$"

        def is_waited_for() -> bool:
            try:
                self.postgres.run(waits)
            except asyncpg.AssertError:
                return False
            return True

        try:
            eventually(is_waited_for)
            yield
        finally:
            settings = self._primary / "postgresql.auto.conf"  # the server may be gone
            lines = settings.read_text().splitlines(keepends=True)
            settings.write_text("".join(line for line in lines if "synchronous_standby_names" not in line))

    def start_standby(self) -> None:
        ensure_postmaster(self._standby, account_for(self._primary))

    def stop_standby(self) -> None:
        running = find_postmaster(self._standby)
        assert running is not None
        running.stop()

    @property
    def standby_process(self) -> psutil.Process:
        running = find_postmaster(self._standby)
        assert running is not None
        return running.process

    async def promote(self) -> None:
        connection = await asyncpg.connect(self.standby_url)
        try:
            assert await connection.fetchval("SELECT pg_promote()")
        finally:
            await connection.close()


@contextmanager
def primary_and_standby() -> Iterator[ReplicationPair]:
    with (
        postgres_directory() as directory,
        running_postgres(directory) as postgres,
        postgres.database() as url,
        tempfile.TemporaryDirectory(prefix="rapporteur-standby-", ignore_cleanup_errors=True) as other,
    ):
        primary, standby = directory.resolve() / "postgres", Path(other).resolve() / "postgres"
        account = account_for(primary)
        standby.mkdir(mode=0o700)
        account.own(Path(other))
        account.own(standby)
        source = postgres.url.partition("?")[0] + "?" + urlsplit(postgres.url).query
        run(
            [
                *(find_programs(account) / "pg_basebackup", "--checkpoint=fast", "--write-recovery-conf"),
                *("--pgdata", data_argument(standby), "--dbname", source),
            ],
            account,
            cwd=standby,
            timeout=120,
        )
        (standby / "postmaster.pid").unlink(missing_ok=True)
        running = ensure_postmaster(standby, account)
        try:
            query = urlsplit(running.url).query
            yield ReplicationPair(postgres, url, f"{url.partition('?')[0]}?{query}", primary, standby)
        finally:
            if found := find_postmaster(standby):
                found.stop()
            ensure_postmaster(primary, account)
