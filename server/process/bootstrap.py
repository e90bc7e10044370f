"""What must be true of a database before a server can use it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from db.database import Database
from db.embedded import embedded_postgres
from db.migrate import MIGRATION_TIMEOUT_SECONDS, migrate
from db.workspaces import ensure_workspace
from domain.ids import WorkspaceId
from server.database import create_database
from server.process.demo import load_demo
from server.process.startup_checks import resolve_auth
from server.settings import Settings


@contextmanager
def database_url(settings: Settings, *, keep_running: bool = False) -> Iterator[str]:
    """The URL that the settings name, or that of the embedded PostgreSQL, which runs at least as long as the block."""
    if settings.database_url:
        yield settings.database_url
    else:
        with embedded_postgres(settings.data_dir, keep_running=keep_running) as url:
            yield url


async def ready_to_serve(settings: Settings, url: str) -> Settings:
    """Prepare the database, and decide whether requests must carry keys. Raises UnsafeExposure."""
    await prepare(settings, url, demo=settings.demo)
    async with opened(settings, url) as database:
        return await resolve_auth(settings, database)


async def prepare(settings: Settings, url: str, *, demo: bool) -> bool:
    """Migrate, make the workspace, and load the demo into an empty one; says whether it did."""
    # A migration, or a new language, may take much longer than the statements of requests.
    workspace_id = WorkspaceId(settings.workspace_id)
    async with opened(settings.model_copy(update={"statement_timeout": MIGRATION_TIMEOUT_SECONDS}), url) as database:
        await migrate(database.engine)
        await ensure_workspace(database.engine, workspace_id, settings.workspace_name, settings.search_language)
        return demo and await load_demo(database, workspace_id)


@asynccontextmanager
async def opened(settings: Settings, url: str) -> AsyncIterator[Database]:
    """The database, for the length of the block."""
    database = create_database(settings, url)
    try:
        yield database
    finally:
        await database.close()
