"""Checks that our own export reads back as it was written."""

from domain.transcripts import TranscriptFormat, write_transcript
from domain.word_timings import Word
from tests.harness.transcript_files import messages, segment, transcript


def test_a_round_trip_keeps_title_numbers_and_white_space() -> None:
    segments = [segment(" Two\n\nlines ", "Ida", 7, 0.001, 0.002), segment("ms?", "", 9, 500.0, 2_000_000.0)]
    segments[1].is_final = False
    segments[0].words = [Word(" Two", 0.001, 0.0015, 0.5), Word("lines ", 0.0015, 0.002)]
    read = transcript(write_transcript(segments, TranscriptFormat.JSON, title="A  review"))
    assert (read.dialect, read.title, messages(read)) == ("Rapporteur", "A  review", [])
    assert [(each.segment_id, each.text, each.start_time, each.end_time) for each in read.segments] == [
        (7, " Two\n\nlines ", 0.001, 0.002),
        (9, "ms?", 500.0, 2_000_000.0),
    ]
    assert [each.words for each in read.segments] == [segments[0].words, None]
    assert [each.is_final for each in read.segments] == [True, False]
