"""Imports transcript files through the API of a running server (`rapporteur import`), and reads them for other commands.

The server reads the file. Only its bytes are decoded here, as the API takes a text.
"""

import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from domain.segments import SegmentContent
from domain.transcripts import (
    NotATranscript,
    Note,
    ReadTranscript,
    SpeakerTurns,
    decode_transcript,
    read_transcript,
    read_turns,
)
from server.client.api_client import ApiClient, InputRefused

MAX_FILE_BYTES = 256 * 1024 * 1024
"""The size of a file, which is more than any meeting's words take."""
STANDARD_INPUT = Path("-")


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The way to read files. Without an `encoding` it is found; `offset` is in seconds; `strict` refuses what needs repair."""

    encoding: str | None = None
    offset: float = 0.0
    strict: bool = False


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The result of importing a file."""

    meeting_id: str
    title: str
    segments: int
    """The number of segments that were created, which is 0 for a file that was imported before."""
    updated: int
    again: bool
    """Tells whether the file was imported before, so that nothing was changed."""
    dialect: str
    notes: list[Note]


def import_file(
    client: ApiClient, path: Path, options: ReadOptions, *, title: str = "", into: str | None = None
) -> ImportResult:
    """Imports one file as a meeting, or `into` the meeting with this id, and returns what became of it.

    Without a `title`, the meeting has that of the file, or the file's name. Raises NotATranscript for a file that cannot be
    read, and ApiError.
    """
    content, notes = decode_transcript(_read(path), options.encoding)
    if options.strict and notes:
        raise NotATranscript(f"it cannot be read strictly: {notes[0].message}")
    name = "" if path == STANDARD_INPUT else readable(path.name)
    input: dict[str, object] = {"content": content, "fileName": name[-255:]}
    input |= {"offset": options.offset, "strict": options.strict}
    input |= {"title": title} if title else {}
    input |= {"into": into} if into is not None else {}
    try:
        imported = client.run("ImportTranscript", input=input)
    except InputRefused as error:
        if error.paths == ["input.content"]:
            raise NotATranscript(str(error).removeprefix("content ")) from None
        raise
    meeting = imported["meeting"]
    created, updated = imported["created"], imported["updated"]
    notes += [Note(note["line"], note["message"]) for note in imported["notes"]]
    return ImportResult(
        meeting["id"], meeting["title"], created, updated, not (created or updated), imported["dialect"], notes
    )


def check_file(path: Path, options: ReadOptions, *, into: str | None) -> ReadTranscript | SpeakerTurns:
    """Reads a transcript file, or the turns of one without words if it goes `into` a meeting. Raises NotATranscript."""
    data, name = _read(path), path.name
    if into is not None and (turns := read_turns(data, name, encoding=options.encoding, strict=options.strict)):
        return turns
    return read_transcript(data, name, encoding=options.encoding, offset=options.offset, strict=options.strict)


def read_file(path: Path, options: ReadOptions | None = None) -> ReadTranscript:
    """Reads a transcript file. Raises NotATranscript, also for a file that cannot be read."""
    options = options or ReadOptions()
    return read_transcript(
        _read(path), path.name, encoding=options.encoding, offset=options.offset, strict=options.strict
    )


def _read(path: Path) -> bytes:
    """Returns the content of a file, or of standard input for `-`. Raises NotATranscript."""
    try:
        if path == STANDARD_INPUT:
            data = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
        else:
            with path.open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise NotATranscript(f"cannot be read: {error.strerror}") from error
    if len(data) > MAX_FILE_BYTES:
        raise NotATranscript(f"is larger than {MAX_FILE_BYTES // 2**20} MiB")
    return data


def readable(name: str) -> str:
    """Returns a file's name as text that can be encoded, with `?` for bytes that are not UTF-8."""
    return name.encode(errors="replace").decode()


def segment_input(content: SegmentContent) -> dict[str, object]:
    """Returns the content as the input type `SegmentInput` has it."""
    camel = {
        "segment_id": "segmentId",
        "external_id": "externalId",
        "start_time": "startTime",
        "end_time": "endTime",
        "is_final": "isFinal",
    }
    return {camel.get(name, name): value for name, value in asdict(content).items()}
