"""Migrations: up, down, at once, in the way of others; and that they make what `db.tables` says."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

import db
import db.triggers  # attaches them to the tables, which are compared with what the migrations made
import db.webhook_triggers
from db.engine import Engine, create_engine
from db.migrate import migrate
from db.schema_revisions import MIGRATIONS, current_revision, head, revisions
from db.tables import metadata
from domain.errors import DatabaseUnusable, ServiceUnavailable
from tests.harness.databases import TestPostgres
from tests.harness.seed_rows import SEED
from tests.harness.waiting import TIMEOUT_SECONDS, until_lock_is_awaited

pytestmark = pytest.mark.slow

ROOT = Path(db.__file__).parents[1]
REVISIONS = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]

# What the catalog says of a schema, each as rows of text: nothing that alembic's comparison leaves out is left out here.
CATALOG = {
    "columns": """
        SELECT table_name, column_name, data_type, is_nullable, column_default, generation_expression
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'""",
    "constraints": """
        SELECT conrelid::regclass, conname, pg_get_constraintdef(oid), condeferrable, convalidated
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'""",
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'",
    "sequences": "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'",
    "functions": "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "triggers": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "types": """
        SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typname !~ '^_?alembic_version$'""",
}

Schema = dict[str, list[str]]


@pytest.fixture
def empty_url(postgres: TestPostgres) -> Iterator[str]:
    """A database in which nothing ever was."""
    with postgres.database(template="template0") as url:
        yield url


@pytest.fixture
async def empty(empty_url: str) -> AsyncIterator[Engine]:
    engine = create_engine(empty_url)
    yield engine
    await engine.dispose()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    """A connection of asyncpg."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def schema(url: str) -> Schema:
    async with connected(url) as connection:
        return {
            kind: sorted(str(tuple(row)) for row in await connection.fetch(query)) for kind, query in CATALOG.items()
        }


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    found: list[Any] = compare_metadata(context, metadata)
    return found


def test_the_names_of_the_files_are_the_revisions() -> None:
    assert list(revisions()) == REVISIONS[::-1]


async def test_up_down_and_up_again_ends_where_it_began(empty_url: str, empty: Engine) -> None:
    before = await schema(empty_url)
    assert await current_revision(empty) is None

    await migrate(empty)
    assert await current_revision(empty) == head()
    at_head = await schema(empty_url)
    assert at_head != before

    await migrate(empty, "base")
    assert await current_revision(empty) is None
    assert await schema(empty_url) == before

    await migrate(empty)
    assert await current_revision(empty) == head()
    assert await schema(empty_url) == at_head


async def test_each_revision_steps_up_and_down_to_what_it_was(empty_url: str, empty: Engine) -> None:
    stages = [("base", await schema(empty_url))]
    for revision in REVISIONS:
        await migrate(empty, revision)
        assert await current_revision(empty) == revision
        stages.append((revision, await schema(empty_url)))
    assert stages[-1][0] == head()
    for revision, expected in reversed(stages[:-1]):
        await migrate(empty, revision)
        assert await schema(empty_url) == expected


async def test_migrating_what_is_migrated_changes_nothing(empty_url: str, empty: Engine) -> None:
    await migrate(empty)
    before = await schema(empty_url)
    await migrate(empty)
    await migrate(empty, head())
    assert await schema(empty_url) == before
    assert await current_revision(empty) == head()


async def test_there_is_nothing_to_step_down_from_in_an_empty_database(empty_url: str, empty: Engine) -> None:
    before = await schema(empty_url)
    await migrate(empty, "base")
    await migrate(empty, "base")
    assert await schema(empty_url) == before


async def test_alembic_sees_no_difference_to_the_tables(engine: Engine) -> None:
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_alembic_would_see_a_difference(engine: Engine, database_url: str) -> None:
    async with connected(database_url) as connection:
        await connection.execute("ALTER TABLE meetings ALTER last_segment_id TYPE bigint, ALTER version DROP DEFAULT")
    async with engine.connect() as connection:
        assert len(await connection.run_sync(differences)) == 2


async def test_the_migrated_schema_is_that_of_the_tables_to_the_last_constraint(
    database_url: str, empty_url: str, empty: Engine
) -> None:
    async with empty.begin() as connection:
        await connection.run_sync(metadata.create_all)
    migrated = await schema(database_url)
    assert migrated == await schema(empty_url)
    assert len(migrated["constraints"]) > 30


async def test_several_servers_can_migrate_an_empty_database_at_once(empty_url: str) -> None:
    engines = [create_engine(empty_url) for _ in range(4)]
    try:
        await asyncio.gather(*(migrate(engine) for engine in engines))
        assert [await current_revision(engine) for engine in engines] == [head()] * 4
    finally:
        for engine in engines:
            await engine.dispose()


async def test_a_migration_that_gets_no_lock_gives_up_and_leaves_all_as_it_was(
    database_url: str, engine: Engine
) -> None:
    before = await schema(database_url)
    async with connected(database_url) as other, other.transaction():
        await other.execute("LOCK TABLE workspaces IN ACCESS EXCLUSIVE MODE")  # the last table to be dropped
        async with asyncio.timeout(20):  # far beyond the wait for a lock, and no statement timeout ends a migration
            with pytest.raises(ServiceUnavailable):
                await migrate(engine, "base")
        assert await current_revision(engine) == head()
    assert await schema(database_url) == before

    await migrate(engine, "base")
    assert await current_revision(engine) is None


async def test_a_revision_that_fails_leaves_nothing_behind(empty_url: str, empty: Engine) -> None:
    async with connected(empty_url) as connection:
        await connection.execute("CREATE TABLE segments (in_the_way int)")  # the last table to be made
    before = await schema(empty_url)
    with pytest.raises(Exception, match='relation "segments" already exists'):
        await migrate(empty)
    assert await schema(empty_url) == before
    assert await current_revision(empty) is None


async def test_columns_take_domains_without_being_written_anew(
    database_url: str, engine: Engine, postgres: TestPostgres
) -> None:
    postgres.run_in(database_url, *SEED)
    await migrate(engine, "0018")
    files = "SELECT relname, relfilenode FROM pg_class WHERE relname ~ '^segments(_pkey|_change_idx|_search_idx|)$' ORDER BY 1"
    async with connected(database_url) as connection:
        before = await connection.fetch(files), await connection.fetch("SELECT * FROM segments")
        await migrate(engine)
        await connection.reload_schema_state()
        assert (await connection.fetch(files), await connection.fetch("SELECT * FROM segments")) == before
        await migrate(engine, "0018")
        assert await connection.fetch(files) == before[0]


async def test_columns_that_take_domains_keep_the_statistics_that_plans_are_made_by(
    database_url: str, engine: Engine, postgres: TestPostgres
) -> None:
    await migrate(engine, "0018")
    postgres.run_in(database_url, *SEED, "ANALYZE")
    known = "SELECT tablename, attname FROM pg_stats WHERE tablename ~ '^(meetings|segments)' ORDER BY 1, 2"
    async with connected(database_url) as connection:
        before = await connection.fetch(known)
        assert before
        for revision in ("head", "0018"):
            await migrate(engine, revision)
            assert await connection.fetch(known) == before


async def test_a_migration_and_a_writer_that_took_a_table_first_do_not_wait_for_each_other(
    database_url: str, engine: Engine
) -> None:
    await migrate(engine, "0018")
    pause = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
    async with connected(database_url) as writer, connected(database_url) as observer:
        async with asyncio.timeout(TIMEOUT_SECONDS), writer.transaction():
            await writer.execute("LOCK TABLE segments IN ROW EXCLUSIVE MODE")
            migration = asyncio.create_task(migrate(engine))
            while not await observer.fetch(pause):
                pass
            await writer.execute("LOCK TABLE meetings IN ROW EXCLUSIVE MODE")
        await migration
    assert await current_revision(engine) == head()


async def test_a_migration_gives_up_in_time_where_a_table_that_it_takes_with_another_stays_locked(
    database_url: str, engine: Engine
) -> None:
    async with connected(database_url) as other, other.transaction():
        await other.execute("LOCK TABLE meetings IN ROW EXCLUSIVE MODE")
        async with asyncio.timeout(20):  # far beyond the wait for a lock
            with pytest.raises(ServiceUnavailable):
                await migrate(engine, "0018")
    assert await current_revision(engine) == head()


async def test_a_migration_waits_for_a_vacuum_while_others_write(database_url: str, engine: Engine) -> None:
    await migrate(engine, "0018")
    async with connected(database_url) as vacuum, connected(database_url) as writer:
        async with asyncio.timeout(TIMEOUT_SECONDS), vacuum.transaction():
            await vacuum.execute("LOCK TABLE segments IN SHARE UPDATE EXCLUSIVE MODE")
            migration = asyncio.create_task(migrate(engine))
            await until_lock_is_awaited(writer)
            async with writer.transaction():
                await writer.execute("LOCK TABLE segments, meetings IN ROW EXCLUSIVE MODE NOWAIT")
        await migration
    assert await current_revision(engine) == head()


async def test_a_migration_leaves_the_triggers_of_others_as_they_are(
    database_url: str, engine: Engine, postgres: TestPostgres
) -> None:
    create = "CREATE TRIGGER \"Audit\" AFTER UPDATE ON meetings FOR EACH ROW EXECUTE FUNCTION refuse('audited')"
    postgres.run_in(database_url, create, 'ALTER TABLE meetings DISABLE TRIGGER "Audit"')
    enabled = "SELECT tgenabled FROM pg_trigger WHERE tgname = 'Audit'"
    async with connected(database_url) as connection:
        for revision in ("0018", "head"):
            await migrate(engine, revision)
            assert await connection.fetchval(enabled) == b"D"


async def test_a_view_that_is_in_the_way_is_named(database_url: str, engine: Engine, postgres: TestPostgres) -> None:
    await migrate(engine, "0018")
    postgres.run_in(database_url, "CREATE VIEW titles AS SELECT title FROM meetings")
    with pytest.raises(DatabaseUnusable, match=r'cannot alter type .*view titles depends on column "title"'):
        await migrate(engine)
    assert await current_revision(engine) == "0018"


async def test_a_table_that_has_a_domain_is_named(database_url: str, engine: Engine, postgres: TestPostgres) -> None:
    postgres.run_in(database_url, "CREATE TABLE theirs (odds probability)")
    with pytest.raises(DatabaseUnusable, match="column odds of table theirs depends on type probability"):
        await migrate(engine, "0018")
    assert await current_revision(engine) == head()


async def test_the_command_line_of_alembic_migrates_too(empty_url: str, empty: Engine) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "alembic", "upgrade", "head"),
        cwd=ROOT,
        env=os.environ | {"RAPPORTEUR_DATABASE_URL": empty_url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    assert await current_revision(empty) == head()
