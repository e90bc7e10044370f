"""`rapporteur import`: transcript files become meetings, through the API of a running server.

A meeting remembers the file it came from by the hash of its bytes in its metadata. So the same file again finds its meeting:
one that is complete is left as it is, with whatever corrections it has had since; one whose import was interrupted is
finished.
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
"""Segments of one request."""
MAX_FILE_BYTES = 256 * 1024 * 1024
"""Bytes: more than any meeting's words."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a file. `segments` counts those created now: 0 where it had been imported before."""

    meeting_id: str
    title: str
    segments: int
    again: bool


def import_file(client: ApiClient, path: Path, progress: Callable[[int, int], None]) -> ImportResult:
    """Import one file; `progress` is told how many of how many segments are in.

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
    """The segments of a transcript file. Raises NotATranscript, also for a file that cannot be read."""
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
    """A file's name as text: one that is not in UTF-8 has bytes that no text has."""
    return name.encode(errors="replace").decode()


def _meeting_of(client: ApiClient, sha256: str) -> Any:
    filter = {"metadata": {"import": {"sha256": sha256}}}
    found = client.run("Meetings", first=1, filter=filter, segments=0)["nodes"]
    return found[0] if found else None


def segment_input(content: SegmentContent) -> dict[str, Any]:
    """The content as the API takes it."""
    camel = {"segment_id": "segmentId", "start_time": "startTime", "end_time": "endTime", "is_final": "isFinal"}
    return {camel.get(name, name): value for name, value in asdict(content).items()}
