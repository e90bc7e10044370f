"""Commands that take erasures along to a database that was restored from a backup, which still has what was erased."""

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, NamedTuple
from uuid import UUID

import orjson
import typer

from db.database import Database
from db.workspaces import workspaces_by_age
from domain.erasures import Erasure
from domain.errors import NotFound, RapporteurError
from domain.ids import MeetingId, WorkspaceId
from resolvers.erasures import erase
from server.cli.database import DATABASE, run_on_database
from server.cli.output import JsonOutput, print_json
from server.cli.settings_options import settings_options
from server.settings import Settings

erasures = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Erasures: take them along when a backup is restored. Works on the database, not on the server.",
)


class _Line(NamedTuple):
    """A line of a file of erasures."""

    workspace_id: WorkspaceId
    erasure: Erasure


@erasures.command("export")
@settings_options(*DATABASE)
def export_erasures(settings: Settings) -> None:
    """Print the erasures of all workspaces, as one JSON object a line, for erasures replay."""

    async def read(database: Database) -> list[_Line]:
        found: list[_Line] = []
        for id, _ in await workspaces_by_age(database.engine):
            workspace_id = WorkspaceId(id)
            async with database.reading(workspace_id) as repositories:
                found += [_Line(workspace_id, erasure) for erasure in await repositories.erasures.by_time()]
        return found

    for workspace_id, erasure in run_on_database(settings, read):
        values = {
            "workspaceId": str(workspace_id),
            "meetingId": str(erasure.meeting_id),
            "erasedBy": erasure.erased_by,
            "erasedAt": erasure.erased_at,
        }
        typer.echo(orjson.dumps(values).decode())


@erasures.command("replay")
@settings_options(*DATABASE)
def replay_erasures(
    settings: Settings,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What erasures export has printed; - reads standard input.")
    ],
    json: JsonOutput = False,
) -> None:
    """Do the erasures of a file again, after a backup was restored. Doing so twice changes nothing."""

    async def replay(database: Database) -> tuple[int, int]:
        lines, erased = list(_lines(file)), 0
        for workspace_id, erasure in lines:
            async with database.unit_of_work(workspace_id) as uow:
                try:
                    await erase(uow, erasure.meeting_id, erasure.erased_by, erasure.erased_at)
                except NotFound:
                    continue  # the backup is older than the meeting
                await uow.commit()
            erased += 1
        return erased, len(lines)

    erased, total = run_on_database(settings, replay)
    if json:
        print_json({"erased": erased, "unknown": total - erased})
    else:
        typer.echo(f"{erased} of {total} meetings are erased; the backup never had the others.")


def _lines(file: Path) -> Iterator[_Line]:
    """Yields the lines of a file. Raises RapporteurError for one that is no erasure."""
    try:
        content = sys.stdin.buffer.read() if file == Path("-") else file.read_bytes()
    except OSError as error:
        raise RapporteurError(f"{file}: {error.strerror}") from error
    for number, line in enumerate(content.splitlines(), 1):
        try:
            values = orjson.loads(line)
            erased_at = datetime.fromisoformat(values["erasedAt"])
            erased_by = values["erasedBy"]
            if erased_at.tzinfo is None or not erased_by or "\0" in erased_by:
                raise ValueError("a time without a zone, or nobody")
            erasure = Erasure(MeetingId(UUID(values["meetingId"])), erased_by, erased_at)
            yield _Line(WorkspaceId(UUID(values["workspaceId"])), erasure)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RapporteurError(f"{file}, line {number}: is no erasure as erasures export prints it") from error
