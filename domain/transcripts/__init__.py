"""Reads transcript files of all dialects into segments, and writes segments as WebVTT, SubRip, plain text and JSON."""

from domain.transcripts.cues import NotATranscript, Note
from domain.transcripts.reading import ReadTranscript, SpeakerTurns, decode_transcript, read_transcript, read_turns
from domain.transcripts.writing import TranscriptFormat, TranscriptWriter, write_transcript

__all__ = [
    "NotATranscript",
    "Note",
    "ReadTranscript",
    "SpeakerTurns",
    "TranscriptFormat",
    "TranscriptWriter",
    "decode_transcript",
    "read_transcript",
    "read_turns",
    "write_transcript",
]
