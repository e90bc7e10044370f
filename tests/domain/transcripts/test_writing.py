"""Checks transcripts as files of each format."""

import orjson
import pytest

from domain.transcripts import TranscriptFormat, write_transcript
from tests.harness.transcript_files import segment


class TestWriting:
    SEGMENTS = (
        segment("Hello <all>\r\n\r\nand Q&A", "Alice\nB.", 3, 1.9996, 3599.9),
        segment("Note: yes", segment_id=4, start=445_000.5, end=445_000.5),
    )

    def test_vtt(self) -> None:
        assert write_transcript(self.SEGMENTS, TranscriptFormat.VTT, title="A\n--> B") == (
            "WEBVTT - A → B\n\n"
            "3\n00:00:02.000 --> 00:59:59.900\n<v Alice B.>Hello &lt;all&gt;\nand Q&amp;A\n\n"
            "4\n123:36:40.500 --> 123:36:40.501\nNote&#58; yes\n"
        )

    def test_srt(self) -> None:
        assert write_transcript(self.SEGMENTS, TranscriptFormat.SRT, title="A") == (
            "3\n00:00:02,000 --> 00:59:59,900\nAlice B.: Hello <all>\nand Q&A\n\n"
            "4\n123:36:40,500 --> 123:36:40,500\nNote: yes\n"
        )

    def test_srt_escapes_only_what_would_not_be_shown(self) -> None:
        text = "a < b & c > d, <b>bold</b>, &amp; and -->"
        shown = "a &lt; b & c > d, &lt;b>bold&lt;/b>, &amp;amp; and --&gt;"
        assert write_transcript([segment(text)], TranscriptFormat.SRT).endswith(f"\n{shown}\n")
        text = "a < b & c > d, R&D; 1 -> 2"
        assert write_transcript([segment(text)], TranscriptFormat.SRT).endswith(f"\n{text}\n")

    def test_text(self) -> None:
        paragraphs = "[00:00:02] Alice B.: Hello <all>\nand Q&A\n\n[123:36:40] Note: yes\n"
        assert write_transcript(self.SEGMENTS, TranscriptFormat.TEXT) == paragraphs
        assert write_transcript(self.SEGMENTS, TranscriptFormat.TEXT, title=" A\nB") == f"A B\n\n{paragraphs}"

    def test_json(self) -> None:
        assert orjson.loads(write_transcript(self.SEGMENTS[1:], TranscriptFormat.JSON, title="A\nB")) == {
            "title": "A\nB",
            "segments": [
                {
                    "segmentId": 4,
                    "speaker": "",
                    "startTime": 445_000.5,
                    "endTime": 445_000.5,
                    "text": "Note: yes",
                    "isFinal": True,
                    "confidence": None,
                }
            ],
        }

    @pytest.mark.parametrize(
        ("format", "file"),
        [
            (TranscriptFormat.VTT, "WEBVTT\n"),
            (TranscriptFormat.SRT, ""),
            (TranscriptFormat.TEXT, ""),
            (TranscriptFormat.JSON, '{"title":"","segments":[]}'),
        ],
    )
    def test_nothing(self, format: TranscriptFormat, file: str) -> None:
        assert write_transcript([], format) == file
        assert TranscriptFormat(format.name) is format
