"""Commands that look after API keys and workspaces, in the database itself: the first key has to come from somewhere."""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer

from db.database import Database
from db.workspaces import ensure_workspace, workspaces_by_age
from domain.api_keys import ApiKey, CreateApiKey, CreatedApiKey
from domain.errors import InvalidInput, RapporteurError
from domain.ids import WorkspaceId, new_id
from domain.pagination import PageRequest
from domain.principals import Scope, local
from resolvers import api_keys as resolve
from resolvers.context import Context
from resolvers.live.registry import HubRegistry
from server.auth.actor import user_name
from server.cli.database import DATABASE, run_on_database
from server.cli.options import fail, stderr
from server.cli.output import JsonOutput, print_json, print_table
from server.cli.settings_options import settings_options
from server.printable import printable
from server.settings import Settings

keys = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="API keys: who may use a server. Works on the database, not on the server.",
)
workspaces = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Workspaces: tenants, who see nothing of each other."
)

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
        list[UUID] | None, typer.Option(help="For ingest: a meeting's id that it reaches; may be given several times.")
    ] = None,
    workspace: Workspace = None,
    json: JsonOutput = False,
) -> None:
    """Make a key. Its token is printed, this once: keep it."""
    meetings = [str(id) for id in meeting or ()]

    async def create(database: Database, workspace_id: WorkspaceId) -> tuple[CreatedApiKey, bool]:
        credentials = database.credentials
        is_first = not await credentials.any_key_exists()
        now = await credentials.now()  # this machine's clock may be another one
        expires_at = None if expires_in is None else now + timedelta(days=expires_in)
        values = {"name": name, "scopes": scope, "expires_at": expires_at, "meeting_ids": meetings}
        try:
            command = CreateApiKey.parse(values)
            return await resolve.create(_context(database, workspace_id), command), is_first
        except InvalidInput as error:
            raise RapporteurError("; ".join(_argument_problems(error, meetings))) from error

    created, is_first = _run(settings, create, workspace)
    stderr.print("Keep this token: it is not stored, and cannot be shown again.", style="yellow", soft_wrap=True)
    if is_first:
        stderr.print(
            "It is the first key. A server that runs without asking for keys goes on so until it is started again; one with"
            " RAPPORTEUR_AUTH=true accepts the key now.",
            style="yellow",
            soft_wrap=True,
        )
    if json:
        print_json({**_as_json(created.api_key), "token": created.token})
    else:
        typer.echo(created.token)


_ARGUMENTS = {"name": "NAME", "scopes": "--scope", "expires_at": "--expires-in", "meeting_ids": "--meeting"}
"""The fields of `CreateApiKey` that the command's user gives, by name."""


def _argument_problems(error: InvalidInput, meetings: Sequence[str]) -> Iterator[str]:
    """Yields the problems of an input with the names of arguments and options, and with the meeting that one is about."""
    for problem in error.fields:
        _, field, *index = problem.path.split(".")
        value = f" {meetings[int(index[0])]}" if index and field == "meeting_ids" else ""
        yield f"{_ARGUMENTS[field]}{value}: {problem.message}"


def _as_json(key: ApiKey) -> dict[str, object]:
    """Returns a key as the API has it."""
    return {
        "id": key.id,
        "name": key.name,
        "scopes": [scope.name for scope in key.scopes],
        "isActive": key.is_active,
        "createdAt": key.created_at,
        "createdBy": key.created_by,
        "expiresAt": key.expires_at,
        "lastUsedAt": key.last_used_at,
        "revokedAt": key.revoked_at,
        "revokedBy": key.revoked_by,
    }


@keys.command("list")
@settings_options(*DATABASE)
def list_keys(settings: Settings, workspace: Workspace = None, json: JsonOutput = False) -> None:
    """Show the keys of a workspace, from the newest to the oldest."""

    async def read(database: Database, workspace_id: WorkspaceId) -> list[ApiKey]:
        found: list[ApiKey] = []
        more = True
        while more:
            page = await database.repositories(workspace_id).keys.page(
                PageRequest(PAGE_SIZE, after=(found[-1].id,) if found else None)
            )
            found += page.nodes
            more = page.more
        return found

    found = _run(settings, read, workspace)
    if json:
        print_json([_as_json(key) for key in found])
        return
    columns = ("id", "name", "scopes", "state", "created", "expires", "last used")
    print_table(columns, (_row(key) for key in found))


def _row(key: ApiKey) -> tuple[object, ...]:
    state = "active" if key.is_active else f"revoked by {key.revoked_by}" if key.revoked_at else "expired"
    times = (key.created_at, key.expires_at, key.last_used_at)
    scopes = " ".join(scope.value.lower() for scope in key.scopes)
    return (key.id, key.name, scopes, state, *(at and f"{at:%Y-%m-%d %H:%M}" for at in times))


@keys.command("revoke")
@settings_options(*DATABASE)
def revoke_key(
    settings: Settings,
    id: Annotated[UUID, typer.Argument(metavar="KEY", help="The key's id, as keys list shows it.")],
    workspace: Workspace = None,
    json: JsonOutput = False,
) -> None:
    """Have a key refused from now on, and its open subscriptions ended within seconds."""

    async def revoke(database: Database, workspace_id: WorkspaceId) -> ApiKey:
        return await resolve.revoke(_context(database, workspace_id), str(id))

    key = _run(settings, revoke, workspace)
    if json:
        print_json(_as_json(key))
        return
    typer.echo(f"{key.id}  {printable(key.name)}  revoked by {printable(key.revoked_by or '')}")


@workspaces.command("create")
@settings_options(*DATABASE)
def create_workspace(
    settings: Settings,
    name: Annotated[str, typer.Argument(help="For people; it need not be unique.")],
    json: JsonOutput = False,
) -> None:
    """Make a workspace, and print its id, for keys create --workspace."""

    async def create(database: Database, _: WorkspaceId) -> WorkspaceId:
        id = WorkspaceId(new_id())
        await ensure_workspace(database.engine, id, name)
        return id

    if not 0 < len(name) <= 200:
        raise fail("NAME: must have 1 to 200 characters")
    id = _run(settings, create)
    if json:
        print_json({"id": id, "name": name})
    else:
        typer.echo(id)


@workspaces.command("list")
@settings_options(*DATABASE)
def list_workspaces(settings: Settings, json: JsonOutput = False) -> None:
    """Show all workspaces, the oldest first."""

    async def read(database: Database, _: WorkspaceId) -> list[tuple[UUID, str]]:
        return await workspaces_by_age(database.engine)

    found = _run(settings, read)
    if json:
        print_json([{"id": id, "name": name} for id, name in found])
        return
    for id, name in found:
        typer.echo(f"{id}  {printable(name)}")


def _run(
    settings: Settings,
    work: Callable[[Database, WorkspaceId], Coroutine[Any, Any, Result]],
    workspace: UUID | None = None,
) -> Result:
    """Returns the result of `work` on the database and a workspace, by default the settings' own.

    An error of the domain ends the command with its message.
    """
    workspace_id = WorkspaceId(workspace or settings.workspace_id)

    async def run(database: Database) -> Result:
        if not await database.credentials.workspace_exists(workspace_id):
            raise RapporteurError(f"there is no workspace {workspace_id}: see rapporteur workspaces list")
        return await work(database, workspace_id)

    return run_on_database(settings, run)


def _context(database: Database, workspace_id: WorkspaceId) -> Context:
    """Returns the context of the person who runs the command: whoever reaches the database may do everything."""
    return Context(database, HubRegistry(database), local(workspace_id), user_name())
