"""Reads transcript files of all dialects into segments, and writes segments as WebVTT, SubRip, plain text and JSON."""

from domain.transcripts.cues import NotATranscript, Note
from domain.transcripts.reading import ReadTranscript, read_transcript
from domain.transcripts.writing import TranscriptFormat, TranscriptWriter, write_transcript

__all__ = [
    "NotATranscript",
    "Note",
    "ReadTranscript",
    "TranscriptFormat",
    "TranscriptWriter",
    "read_transcript",
    "write_transcript",
]
