"""The GraphQL types, the input and the mutation that import transcript files."""

import strawberry
from strawberry import Maybe

from domain import meetings
from domain import transcript_imports as entities
from domain.transcripts import Note
from executor import InstancesOf
from resolvers import transcript_imports as resolve
from resolvers.context import Info
from schema.field_declarations import WRITERS, Cost, declared, root_field
from schema.inputs import parsed
from schema.meetings import Meeting
from schema.results import result_union


@strawberry.input(description="A transcript file, and the meeting that it belongs to.")
class ImportTranscriptInput:
    content: str = strawberry.field(
        description="The text of the file, at most 10,000,000 characters: WebVTT, SubRip, SBV, TTML, plain text with times,"
        " RTTM, or JSON of one of many programs."
    )
    file_name: Maybe[str | None] = strawberry.field(
        description="The file's name: it is the title of a file that has none, and its ending helps where the content"
        " decides nothing."
    )
    title: Maybe[str | None] = strawberry.field(
        description="The title of the new meeting. Left out: that of the file, or its name."
    )
    external_id: Maybe[str | None] = strawberry.field(
        description="The externalId of the new meeting. If a meeting has it already, and came of the same file, it is the"
        " result, unchanged."
    )
    into: Maybe[strawberry.ID | None] = strawberry.field(
        description="The id of a meeting to add the segments to, or whose speakers an RTTM file names. Left out: a new"
        " meeting, or the one that came of the same file before."
    )
    offset: Maybe[float | None] = strawberry.field(description="Seconds that are added to every time.")
    strict: Maybe[bool | None] = strawberry.field(description="Refuse a file that needs any repair.")


@strawberry.type(description="Something that was repaired, left out or is doubtful in a file.")
class TranscriptNote:
    line: int | None = strawberry.field(description="The line of the file, from 1; null: the file as a whole.")
    message: str = strawberry.field(description="What was found, and what was done.")

    is_type_of = InstancesOf(Note)


@strawberry.type(description="What an import did, in numbers of segments.")
class ImportedTranscript:
    meeting: meetings.Meeting = strawberry.field(description="The meeting after it.", graphql_type=Meeting)
    created: int = strawberry.field(description="The number of new segments.")
    updated: int = strawberry.field(description="The number of revised segments.")
    unchanged: int = strawberry.field(description="The number of segments whose content was there already.")
    dialect: str = strawberry.field(description="The kind of file that was read, such as `WebVTT` or `Deepgram`.")
    notes: list[TranscriptNote] = strawberry.field(
        description="What was repaired, left out or is doubtful, by line.", metadata=declared(length=20)
    )

    is_type_of = InstancesOf(entities.ImportedTranscript)


ImportTranscriptResult = result_union("ImportTranscriptResult", ImportedTranscript)


@strawberry.type
class TranscriptImportMutations:
    @root_field(
        scopes=WRITERS,
        cost=Cost(5_000),
        graphql_type=ImportTranscriptResult,
        description="Reads a transcript file, and writes all of its segments or none: as a new meeting, which is completed, or"
        " into one that is there. The same file again changes nothing.",
    )
    async def import_transcript(
        self, info: Info, input: ImportTranscriptInput, reason: str | None = None
    ) -> entities.ImportedTranscript:
        return await resolve.import_transcript(info.context, parsed(entities.ImportTranscript, input), reason)
