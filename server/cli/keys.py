"""Commands that look after API keys and workspaces, in the database itself: the first key has to come from somewhere."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Column, Table

from db.database import Database
from db.workspaces import ensure_workspace, workspaces_by_age
from domain.api_keys import ApiKey, CreateApiKey
from domain.errors import RapporteurError
from domain.ids import WorkspaceId, new_id
from domain.pagination import PageRequest
from domain.principals import Scope, local
from resolvers import api_keys as resolve
from resolvers.context import Context
from resolvers.live.registry import HubRegistry
from server.auth.actor import user_name
from server.cli.database import DATABASE, existing_database
from server.cli.options import fail, stderr
from server.cli.settings_options import settings_options
from server.process.bootstrap import opened_migrated
from server.settings import Settings

keys = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="API keys: who may use a server. Works on the database, not on the server.",
)
workspaces = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Workspaces: tenants, who see nothing of each other."
)
output = Console(highlight=False, width=None if sys.stdout.isatty() else 200)

Result = TypeVar("Result")
PAGE_SIZE = 100
MAX_DAYS = 36_500

Workspace = Annotated[
    UUID | None,
    typer.Option("--workspace", envvar="RAPPORTEUR_WORKSPACE_ID", help="Its id. Default: that of the server."),
]


@keys.command("create")
@settings_options(*DATABASE)
def create_key(
    settings: Settings,
    name: Annotated[str, typer.Argument(help="Who it is for: what it does stands under this name in the history.")],
    scope: Annotated[
        list[Scope],
        typer.Option(case_sensitive=False, help="read, write, admin or ingest; may be given several times."),
    ],
    expires_in: Annotated[
        int | None, typer.Option(min=1, max=MAX_DAYS, metavar="DAYS", help="Left out: never.")
    ] = None,
    meeting: Annotated[
        list[str] | None, typer.Option(help="For ingest: a meeting's id that it reaches; may be given several times.")
    ] = None,
    workspace: Workspace = None,
) -> None:
    """Make a key. Its token is printed, this once: keep it."""
    expires_at = None if expires_in is None else datetime.now(UTC) + timedelta(days=expires_in)
    values = {"name": name, "scopes": scope, "expires_at": expires_at, "meeting_ids": meeting}

    async def create(database: Database, workspace_id: WorkspaceId) -> str:
        created = await resolve.create(_context(database, workspace_id), CreateApiKey.parse(values))
        return created.token

    token = _run(settings, create, workspace)
    stderr.print(
        "Keep this token: it is not stored, and cannot be shown again. Servers that were started without keys or"
        " RAPPORTEUR_AUTH ask for keys from their next start on.",
        style="yellow",
        soft_wrap=True,
    )
    typer.echo(token)


@keys.command("list")
@settings_options(*DATABASE)
def list_keys(settings: Settings, workspace: Workspace = None) -> None:
    """Show the keys of a workspace, from the newest to the oldest."""

    async def read(database: Database, workspace_id: WorkspaceId) -> list[ApiKey]:
        found: list[ApiKey] = []
        more = True
        async with database.reading(workspace_id) as repositories:
            while more:
                page = await repositories.keys.page(PageRequest(PAGE_SIZE, after=(found[-1].id,) if found else None))
                found += page.nodes
                more = page.more
        return found

    table = Table(
        Column("id", min_width=36),  # to be copied
        *("name", "scopes", "state", "created", "expires", "last used"),
        box=None,
        pad_edge=False,
    )
    for key in _run(settings, read, workspace):
        state = "active" if key.is_active else f"revoked by {key.revoked_by}" if key.revoked_at else "expired"
        scopes = " ".join(scope.value.lower() for scope in key.scopes)
        times = (key.created_at, key.expires_at, key.last_used_at)
        table.add_row(
            str(key.id), key.name, scopes, state, *("" if at is None else f"{at:%Y-%m-%d %H:%M}" for at in times)
        )
    output.print(table)


@keys.command("revoke")
@settings_options(*DATABASE)
def revoke_key(
    settings: Settings,
    id: Annotated[str, typer.Argument(help="The key's id, as keys list shows it.")],
    workspace: Workspace = None,
) -> None:
    """Have a key refused from now on, and its open subscriptions ended within seconds."""

    async def revoke(database: Database, workspace_id: WorkspaceId) -> ApiKey:
        return await resolve.revoke(_context(database, workspace_id), id)

    key = _run(settings, revoke, workspace)
    typer.echo(f"{key.id}  {key.name}  revoked by {key.revoked_by}")


@workspaces.command("create")
@settings_options(*DATABASE)
def create_workspace(
    settings: Settings,
    name: Annotated[str, typer.Argument(help="For people; it need not be unique.")],
) -> None:
    """Make a workspace, and print its id, for keys create --workspace."""

    async def create(database: Database, _: WorkspaceId) -> WorkspaceId:
        id = WorkspaceId(new_id())
        await ensure_workspace(database.engine, id, name)
        return id

    if not 0 < len(name) <= 200:
        raise fail("the name must have 1 to 200 characters")
    typer.echo(_run(settings, create))


@workspaces.command("list")
@settings_options(*DATABASE)
def list_workspaces(settings: Settings) -> None:
    """Show all workspaces, the oldest first."""

    async def read(database: Database, _: WorkspaceId) -> list[tuple[UUID, str]]:
        return await workspaces_by_age(database.engine)

    for id, name in _run(settings, read):
        typer.echo(f"{id}  {name}")


def _run(
    settings: Settings,
    work: Callable[[Database, WorkspaceId], Coroutine[Any, Any, Result]],
    workspace: UUID | None = None,
) -> Result:
    """Returns the result of `work` on the database and a workspace, by default the settings' own.

    An error of the domain ends the command with its message.
    """
    workspace_id = WorkspaceId(workspace or settings.workspace_id)
    with existing_database(settings) as url:
        return asyncio.run(_work(settings, work, url, workspace_id))


async def _work(
    settings: Settings,
    work: Callable[[Database, WorkspaceId], Coroutine[Any, Any, Result]],
    url: str,
    workspace_id: WorkspaceId,
) -> Result:
    async with opened_migrated(settings, url) as database:
        async with database.credentials() as credentials:
            if not await credentials.workspace_exists(workspace_id):
                raise RapporteurError(f"there is no workspace {workspace_id}: see rapporteur workspaces list")
        result = await work(database, workspace_id)
        await database.notifier.flush()
        return result


def _context(database: Database, workspace_id: WorkspaceId) -> Context:
    """Returns the context of the person who runs the command: whoever reaches the database may do everything."""
    return Context(database, HubRegistry(database), local(workspace_id), user_name())
