"""Reads and writes short transcript files of each dialect."""

import json
from collections.abc import Mapping, Sequence
from uuid import UUID

import pytest

from domain.ids import MeetingId
from domain.segments import Segment, SegmentContent
from domain.transcripts import NotATranscript, ReadTranscript, read_transcript

MEETING = MeetingId(UUID("01900000-0000-7000-8000-000000000001"))
TIMES = "00:00:01.000 --> 00:00:02.000"

Spoken = tuple[str, str]
"""A speaker and a text."""
Timed = tuple[str, str, float, float]
"""A speaker, a text, a start and an end."""


def transcript(file: str | bytes | Mapping[str, object] | Sequence[object], name: str = "meeting") -> ReadTranscript:
    """Returns a file as it is read; an object or a list is written as JSON first."""
    text = file if isinstance(file, str | bytes) else json.dumps(file)
    return read_transcript(text.encode() if isinstance(text, str) else text, name)


def read(text: str, name: str = "meeting.vtt") -> list[SegmentContent]:
    return read_transcript(text.encode(), name).segments


def vtt(*payloads: str) -> str:
    return "WEBVTT\n\n" + "\n\n".join(f"{TIMES}\n{payload}" for payload in payloads) + "\n"


def srt(*payloads: str) -> str:
    times = TIMES.replace(".", ",")
    return "\n\n".join(f"{index}\n{times}\n{payload}" for index, payload in enumerate(payloads, 1)) + "\n"


def spoken(file: str) -> list[Spoken]:
    return [(content.speaker, content.text) for content in read(file)]


def timed(read: ReadTranscript) -> list[Timed]:
    return [(segment.speaker, segment.text, segment.start_time, segment.end_time) for segment in read.segments]


def messages(read: ReadTranscript) -> list[str]:
    """Returns the notes as `line: message`."""
    return [f"{note.line}: {note.message}" for note in read.notes]


def refusal(file: str | bytes, name: str = "meeting.vtt") -> str:
    with pytest.raises(NotATranscript) as raised:
        read_transcript(file.encode() if isinstance(file, str) else file, name)
    return str(raised.value)


def segment(text: str, speaker: str = "", segment_id: int = 1, start: float = 1.0, end: float = 2.0) -> Segment:
    return Segment(MEETING, segment_id, text, start, end, speaker)
