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
from domain.transcripts import NotATranscript, read_transcript
from server.client.api_client import ApiClient

SEGMENTS_PER_REQUEST = 500
MAX_FILE_BYTES = 256 * 1024 * 1024
"""The size of a file, which is more than any meeting's words take."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The result of importing a file."""

    meeting_id: str
    title: str
    segments: int
    """The number of segments that were created, which is 0 for a file that was imported before."""
    again: bool
    """Tells whether the file was imported before."""


def import_file(client: ApiClient, path: Path, progress: Callable[[int, int], None]) -> ImportResult:
    """Imports one file; `progress` is called with the numbers of segments that are imported, and of all.

    Raises NotATranscript (also for a file that cannot be read) before anything is written, and ApiError.
    """
    data = _read(path)
    contents = read_transcript(data, path.name)
    source = {"file": readable(path.name), "sha256": hashlib.sha256(data).hexdigest()}
    meeting = _meeting_of(client, source["sha256"])
    if meeting and meeting["state"] != "CREATED":
        progress(len(contents), len(contents))
        return ImportResult(meeting["id"], meeting["title"], 0, again=True)
    if meeting is None:
        meeting = client.run("CreateMeeting", input={"title": _title(path), "metadata": {"import": source}})
    created = 0
    for start in range(0, len(contents), SEGMENTS_PER_REQUEST):
        batch = [segment_input(content) for content in contents[start : start + SEGMENTS_PER_REQUEST]]
        created += client.run("UpsertSegments", meetingId=meeting["id"], segments=batch)["created"]
        progress(start + len(batch), len(contents))
    client.run("UpdateMeeting", id=meeting["id"], input={"state": "COMPLETED"})
    return ImportResult(meeting["id"], meeting["title"], created, again=False)


def read_file(path: Path) -> list[SegmentContent]:
    """Returns the segments of a transcript file. Raises NotATranscript, also for a file that cannot be read."""
    return read_transcript(_read(path), path.name)


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
