"""Reads and writes short transcript files of each format."""

from uuid import UUID

import pytest

from domain.ids import MeetingId
from domain.segments import Segment, SegmentContent
from domain.transcripts import NotATranscript, read_transcript

MEETING = MeetingId(UUID("01900000-0000-7000-8000-000000000001"))
TIMES = "00:00:01.000 --> 00:00:02.000"


def read(text: str, name: str = "meeting.vtt") -> list[SegmentContent]:
    return read_transcript(text.encode(), name)


def vtt(*payloads: str) -> str:
    return "WEBVTT\n\n" + "\n\n".join(f"{TIMES}\n{payload}" for payload in payloads) + "\n"


def srt(*payloads: str) -> str:
    times = TIMES.replace(".", ",")
    return "\n\n".join(f"{index}\n{times}\n{payload}" for index, payload in enumerate(payloads, 1)) + "\n"


def spoken(file: str) -> list[tuple[str, str]]:
    return [(content.speaker, content.text) for content in read(file)]


def refusal(file: str | bytes, name: str = "meeting.vtt") -> str:
    with pytest.raises(NotATranscript) as raised:
        read_transcript(file.encode() if isinstance(file, str) else file, name)
    return str(raised.value)


def segment(text: str, speaker: str = "", segment_id: int = 1, start: float = 1.0, end: float = 2.0) -> Segment:
    return Segment(MEETING, segment_id, text, start, end, speaker)
