"""Opens the database that the settings name, and prepares it before a server uses it."""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from db.data_dir import default_data_dir, has_database
from db.database import Database
from db.preflight import check_database, require_current, without_password
from db.schema_revisions import MIGRATION_TIMEOUT_SECONDS, current_revision, is_current
from db.search_index import index_segments
from db.workspaces import ensure_workspace
from domain.errors import DatabaseUnusable
from domain.ids import WorkspaceId
from server.database import create_database
from server.process.demo import load_demo
from server.process.startup_checks import resolve_auth
from server.settings import Settings


def data_dir(settings: Settings) -> Path:
    """Returns the data directory of the embedded PostgreSQL: the settings' own, or that of the installation.

    Raises DatabaseUnusable for a path that leads nowhere.
    """
    chosen = settings.data_dir or default_data_dir()
    try:
        return chosen.expanduser().resolve()
    except (OSError, RuntimeError) as error:  # a home of nobody, a circle of links
        raise DatabaseUnusable(f"the data directory {chosen} cannot be used: {error}") from error


def describe_database(settings: Settings) -> str:
    """Returns what database the settings name, for people; without its password."""
    if settings.database_url:
        return without_password(settings.database_url)
    return f"embedded PostgreSQL in {data_dir(settings)}"


@contextmanager
def database_url(settings: Settings, *, create: bool = False, keep_running: bool = False) -> Iterator[str]:
    """Gives the URL that the settings name, or that of the embedded PostgreSQL, which runs at least as long as the block.

    Only with `create` is an embedded one made where there is none: without it, that raises DatabaseUnusable.
    """
    if settings.database_url:
        yield settings.database_url
        return
    directory = data_dir(settings)
    if not create and not _has_database(directory):
        raise DatabaseUnusable(
            f"there is no database in {directory}: rapporteur serve makes one, and RAPPORTEUR_DATA_DIR (--data-dir) or"
            f" RAPPORTEUR_DATABASE_URL names another{_other_place(directory)}"
        )
    if sys.platform == "win32":
        raise DatabaseUnusable(
            "the embedded PostgreSQL needs Linux or macOS: name another with RAPPORTEUR_DATABASE_URL"
        )
    from db.embedded import embedded_postgres

    with embedded_postgres(directory, keep_running=keep_running) as url:
        yield url


def _has_database(directory: Path) -> bool:
    try:
        return has_database(directory)
    except OSError as error:
        raise DatabaseUnusable(f"the data directory {directory} cannot be read: {error.strerror}") from error


def _other_place(directory: Path) -> str:
    """Returns a hint at a database in the working directory, where it was by default in the past."""
    here = Path(".rapporteur").absolute()
    return f" ({here} has one)" if here != directory and _has_database(here) else ""


async def ready_to_serve(settings: Settings, url: str) -> Settings:
    """Prepares the database, and decides whether requests must carry keys. Raises UnsafeExposure."""
    await prepare(settings, url, demo=settings.demo)
    async with opened(settings, url) as database:
        return await resolve_auth(settings, database)


async def prepare(settings: Settings, url: str, *, demo: bool) -> None:
    """Migrates, makes the workspace, and loads the demo into an empty one if that is asked for.

    With the setting `read_only` only checks that the database is migrated.
    """
    if settings.read_only:
        await require_current(url, pooler=settings.pooler, read_only=True)
        return
    await check_database(url, pooler=settings.pooler)
    # A migration, or a new language, may take much longer than the statements of requests.
    async with opened(settings.model_copy(update={"statement_timeout": MIGRATION_TIMEOUT_SECONDS}), url) as database:
        if not is_current(await current_revision(database.engine)):
            from db.migrate import migrate  # with Alembic, whose import takes longer than all else here

            await migrate(database.engine)
        else:
            await index_segments(database.engine)  # which the start that has migrated may have left unfinished
        workspace_id = WorkspaceId(settings.workspace_id)
        await ensure_workspace(database.engine, workspace_id, settings.workspace_name, settings.search_language)
        if demo:
            await load_demo(database, workspace_id)


@asynccontextmanager
async def opened(settings: Settings, url: str) -> AsyncIterator[Database]:
    """Gives the database, for the length of the block."""
    database = create_database(settings, url)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def opened_migrated(settings: Settings, url: str) -> AsyncIterator[Database]:
    """Gives a database that is at the newest schema already, with the settings' workspace. Raises DatabaseUnusable."""
    await require_current(url, pooler=settings.pooler)
    async with opened(settings, url) as database:
        await ensure_workspace(database.engine, WorkspaceId(settings.workspace_id), settings.workspace_name)
        yield database
