"""Commands that take erasures along to a database that was restored from a backup, which still has what was erased."""

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, NamedTuple, Self
from uuid import UUID

import orjson
import typer

from db.database import Database
from db.retention import DueMeeting
from db.unit_of_work import UnitOfWork
from db.workspaces import workspaces_by_age
from domain.erasures import ERASURE, Erasure
from domain.errors import NotFound, RapporteurError
from domain.ids import MeetingId, WorkspaceId
from domain.speaker_erasures import SpeakerErasure, SpeakerErasureMode
from resolvers.erasures import erase
from resolvers.retention import MAX_DUE_PER_READ
from resolvers.speaker_erasures import erase_speaker_again
from server.cli.database import DATABASE, run_on_database
from server.cli.options import fail
from server.cli.output import JsonOutput, print_json
from server.cli.settings_options import settings_options
from server.settings import Settings

erasures = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Erasures: take them along when a backup is restored. Works on the database, not on the server.",
)


class RecordedErasure(NamedTuple):
    """An erasure, as a line of a file has it."""

    workspace_id: WorkspaceId
    erasure: Erasure | SpeakerErasure
    key_id: str = ""
    """The id of the key that the fingerprints of a speaker's names were made with."""

    def values(self) -> dict[str, object]:
        values = {
            "workspaceId": str(self.workspace_id),
            "meetingId": str(self.erasure.meeting_id),
            "erasedBy": self.erasure.erased_by,
            "erasedAt": self.erasure.erased_at,
        }
        if isinstance(self.erasure, SpeakerErasure):
            values |= {
                "pseudonym": self.erasure.pseudonym,
                "mode": self.erasure.mode.value,
                "fingerprints": [fingerprint.hex() for fingerprint in self.erasure.fingerprints],
                "keyId": self.key_id,
            }
        return values

    @classmethod
    def read(cls, line: bytes) -> Self:
        """Raises ValueError, KeyError, TypeError or AttributeError if the line is no erasure."""
        values = orjson.loads(line)
        workspace_id, meeting_id = WorkspaceId(UUID(values["workspaceId"])), MeetingId(UUID(values["meetingId"]))
        erased_by, erased_at = values["erasedBy"], datetime.fromisoformat(values["erasedAt"])
        if erased_at.tzinfo is None or not erased_by or "\0" in erased_by:
            raise ValueError("a time without a zone, or nobody")
        if "pseudonym" not in values:
            return cls(workspace_id, Erasure(meeting_id, erased_by, erased_at))
        pseudonym, mode, key_id = values["pseudonym"], SpeakerErasureMode(values["mode"]), values["keyId"]
        if (
            not pseudonym
            or "\0" in pseudonym
            or not isinstance(key_id, str)
            or not isinstance(values["fingerprints"], list)
        ):
            raise ValueError("no pseudonym, key or fingerprints")
        fingerprints = [bytes.fromhex(fingerprint) for fingerprint in values["fingerprints"]]
        return cls(
            workspace_id, SpeakerErasure(meeting_id, pseudonym, mode, fingerprints, erased_by, erased_at), key_id
        )


@dataclass
class ReplayOutcome:
    """Counts what became of the erasures of a file."""

    meetings: int = 0
    erased_meetings: int = 0
    speakers: int = 0
    erased_speakers: int = 0
    other_keys: int = 0
    """The number of erasures of speakers whose names cannot be found, as the restored database has another key."""

    def values(self) -> dict[str, int]:
        return {
            "erased": self.erased_meetings,
            "unknown": self.meetings - self.erased_meetings,
            "speakersErased": self.erased_speakers,
            "speakersUnknown": self.speakers - self.erased_speakers - self.other_keys,
            "speakersWithAnotherKey": self.other_keys,
        }

    def print(self) -> None:
        typer.echo(f"{self.erased_meetings} of {self.meetings} meetings are erased; the backup never had the others.")
        if self.speakers:
            typer.echo(f"{self.erased_speakers} of {self.speakers} erasures of speakers are done.")

    def require_complete(self) -> None:
        """Ends the command with an error if there is something that only a person can do."""
        if self.other_keys:
            raise fail(
                f"{self.other_keys} erasures of speakers cannot be done again, as the backup is from before the database had"
                " the key of their fingerprints: do them by hand, with eraseSpeaker, in the meetings that the file names"
            )


@erasures.command("export")
@settings_options(*DATABASE)
def export_erasures(settings: Settings) -> None:
    """Print the erasures of all workspaces, as one JSON object a line, for erasures replay."""

    for line in run_on_database(settings, recorded_erasures):
        typer.echo(orjson.dumps(line.values()).decode())


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

    outcome = run_on_database(settings, lambda database: replay(database, read_erasures(file)))
    if json:
        print_json(outcome.values())
    else:
        outcome.print()
    outcome.require_complete()


class _Due(NamedTuple):
    """A meeting that retention erases."""

    workspace_id: WorkspaceId
    meeting: DueMeeting
    due_at: datetime


@erasures.command("due")
@settings_options(*DATABASE, "retention_days")
def list_due(
    settings: Settings,
    within: Annotated[
        int, typer.Option(metavar="DAYS", min=0, max=36_500, help="Also list what will be due in so many days.")
    ] = 0,
    json: JsonOutput = False,
) -> None:
    """List the meetings that retention would erase now, and since when each is due. Erases nothing."""
    days = settings.retention_days
    if days is None:
        raise fail("say for how many days meetings are kept: --retention-days, or RAPPORTEUR_RETENTION_DAYS")

    async def read(database: Database) -> list[_Due]:
        found: list[_Due] = []
        for id, _ in await workspaces_by_age(database.engine):
            after: DueMeeting | None = None
            while due := await database.repositories(WorkspaceId(id)).retention.due(
                max(0, days - within), MAX_DUE_PER_READ, after
            ):
                after = due[-1]
                found += [_Due(WorkspaceId(id), each, each.ended_at + timedelta(days=days)) for each in due]
        return found

    found = run_on_database(settings, read)
    if json:
        print_json(
            [
                {
                    "workspaceId": str(workspace_id),
                    "meetingId": str(meeting.id),
                    "endedAt": meeting.ended_at,
                    "dueAt": due_at,
                    "deleted": meeting.is_deleted,
                }
                for workspace_id, meeting, due_at in found
            ]
        )
        return
    for _, meeting, due_at in found:
        deleted = " (deleted)" if meeting.is_deleted else ""
        typer.echo(f"{meeting.id}  due {due_at:%Y-%m-%d}, ended {meeting.ended_at:%Y-%m-%d}{deleted}")
    when = f" within {within} days" if within else ""
    typer.echo(f"{len(found):,} due{when}; meetings are kept for {days:,} days after their end.")


async def recorded_erasures(database: Database) -> list[RecordedErasure]:
    """Returns the erasures of all workspaces."""
    found: list[RecordedErasure] = []
    for id, _ in await workspaces_by_age(database.engine):
        workspace_id = WorkspaceId(id)
        repositories = database.repositories(workspace_id)
        found += [RecordedErasure(workspace_id, erasure) for erasure in await repositories.erasures.by_time()]
        key = await repositories.speaker_erasures.key()
        speakers = await repositories.speaker_erasures.by_time()
        found += [RecordedErasure(workspace_id, erasure, key.id) for erasure in speakers]
    return found


async def replay(database: Database, erasures: Sequence[RecordedErasure]) -> ReplayOutcome:
    """Does erasures again, each in a transaction of its own. Doing so twice changes nothing."""
    outcome = ReplayOutcome()
    for each in erasures:
        async with database.unit_of_work(each.workspace_id, ERASURE) as uow:
            await _replay(uow, each, outcome)
            await uow.commit()
    return outcome


async def _replay(uow: UnitOfWork, recorded: RecordedErasure, outcome: ReplayOutcome) -> None:
    """Does one erasure again, and counts it."""
    erasure = recorded.erasure
    with contextlib.suppress(NotFound):  # the backup is older than the meeting
        if isinstance(erasure, Erasure):
            outcome.meetings += 1
            await erase(uow, erasure.meeting_id, erasure.erased_by, erasure.erased_at)
            outcome.erased_meetings += 1
        else:
            outcome.speakers += 1
            if await erase_speaker_again(uow, erasure, recorded.key_id):
                outcome.erased_speakers += 1
            else:
                outcome.other_keys += 1


def read_erasures(file: Path) -> list[RecordedErasure]:
    """Returns the erasures of a file. Raises RapporteurError for a line that is none."""
    try:
        content = sys.stdin.buffer.read() if file == Path("-") else file.read_bytes()
    except OSError as error:
        raise RapporteurError(f"{file}: {error.strerror}") from error
    found = []
    for number, line in enumerate(content.splitlines(), 1):
        try:
            found.append(RecordedErasure.read(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RapporteurError(f"{file}, line {number}: is no erasure as erasures export prints it") from error
    return found
