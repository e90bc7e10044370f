"""Reads transcripts in WebVTT, SubRip and JSON into segments, and writes segments as these and as plain text."""

from domain.transcripts.reading import NotATranscript, read_transcript
from domain.transcripts.writing import TranscriptFormat, write_transcript

__all__ = ["NotATranscript", "TranscriptFormat", "read_transcript", "write_transcript"]
