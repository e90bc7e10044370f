"""Transcript files: WebVTT, SubRip and JSON read into segments; the same and plain text written from them."""

from domain.transcripts.reading import NotATranscript, read_transcript
from domain.transcripts.writing import TranscriptFormat, write_transcript

__all__ = ["NotATranscript", "TranscriptFormat", "read_transcript", "write_transcript"]
