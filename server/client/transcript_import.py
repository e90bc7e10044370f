"""Imports transcript files as meetings, through the API of a running server (`rapporteur import`).

A meeting has the hash of the file that it came from in its metadata, so that the same file finds its meeting again. A meeting
that is complete is left as it is, with all corrections made since; an import that was interrupted is finished.
"""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from domain.segments import SegmentContent
from domain.transcripts import NotATranscript, Note, ReadTranscript, read_transcript
from server.client.api_client import ApiClient

SEGMENTS_PER_REQUEST = 500
MAX_FILE_BYTES = 256 * 1024 * 1024
"""The size of a file, which is more than any meeting's words take."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The way to read files. Without an `encoding` it is found; `offset` is in seconds; `strict` refuses what needs repair."""

    encoding: str | None = None
    offset: float = 0.0
    strict: bool = False

    def read(self, data: bytes, path: Path) -> ReadTranscript:
        """Raises NotATranscript."""
        return read_transcript(data, path.name, encoding=self.encoding, offset=self.offset, strict=self.strict)


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The result of importing a file."""

    meeting_id: str
    title: str
    segments: int
    """The number of segments that were created, which is 0 for a file that was imported before."""
    again: bool
    """Tells whether the file was imported before."""
    dialect: str
    notes: list[Note]


def import_file(
    client: ApiClient, path: Path, options: ReadOptions, title: str, progress: Callable[[int, int], None]
) -> ImportResult:
    """Imports one file; `progress` is called with the numbers of segments that are imported, and of all.

    Without a `title`, the meeting has that of the file, or the file's name. Raises NotATranscript (also for a file that
    cannot be read) before anything is written, and ApiError.
    """
    data = _read(path)
    transcript = options.read(data, path)
    contents = transcript.segments
    source = {"file": readable(path.name), "sha256": hashlib.sha256(data).hexdigest()}
    meeting = _meeting_of(client, source["sha256"])
    if meeting and meeting["state"] != "CREATED":
        progress(len(contents), len(contents))
        return ImportResult(meeting["id"], meeting["title"], 0, True, transcript.dialect, transcript.notes)
    if meeting is None:
        title = title or transcript.title or _title(path)
        meeting = client.run("CreateMeeting", input={"title": title, "metadata": {"import": source}})
    created = 0
    for start in range(0, len(contents), SEGMENTS_PER_REQUEST):
        batch = [segment_input(content) for content in contents[start : start + SEGMENTS_PER_REQUEST]]
        created += client.run("UpsertSegments", meetingId=meeting["id"], segments=batch)["created"]
        progress(start + len(batch), len(contents))
    client.run("UpdateMeeting", id=meeting["id"], input={"state": "COMPLETED"})
    return ImportResult(meeting["id"], meeting["title"], created, False, transcript.dialect, transcript.notes)


def read_file(path: Path, options: ReadOptions | None = None) -> ReadTranscript:
    """Reads a transcript file. Raises NotATranscript, also for a file that cannot be read."""
    return (options or ReadOptions()).read(_read(path), path)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise NotATranscript(f"is larger than {MAX_FILE_BYTES // 2**20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise NotATranscript(f"cannot be read: {error.strerror}") from error


def _title(path: Path) -> str:
    return readable(path.stem.strip() or path.name)[:500]


def readable(name: str) -> str:
    """Returns a file's name as text that can be encoded, with `?` for bytes that are not UTF-8."""
    return name.encode(errors="replace").decode()


def _meeting_of(client: ApiClient, sha256: str) -> Any:
    filter = {"metadata": {"import": {"sha256": sha256}}}
    found = client.run("Meetings", first=1, filter=filter, segments=0)["nodes"]
    return found[0] if found else None


def segment_input(content: SegmentContent) -> dict[str, Any]:
    """Returns the content as the input type `SegmentInput` has it."""
    camel = {
        "segment_id": "segmentId",
        "external_id": "externalId",
        "start_time": "startTime",
        "end_time": "endTime",
        "is_final": "isFinal",
    }
    return {camel.get(name, name): value for name, value in asdict(content).items()}
