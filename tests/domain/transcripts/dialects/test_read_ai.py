"""Checks the transcripts of Read.ai."""

from tests.harness.transcript_files import timed, transcript


def _block(speaker: str, words: str, start: int, end: int) -> dict[str, object]:
    return {"start_time": str(start), "end_time": str(end), "speaker": {"name": speaker}, "words": words}


def test_times_count_from_the_first_block() -> None:
    first = 1_709_632_803_100
    blocks = [_block("Ida", "We ship.", first, first + 2_100), _block("Ole", "Good.", first + 4_900, first + 5_400)]
    read = transcript({"title": "Weekly", "transcript": {"speakers": [{"name": "Ida"}], "speaker_blocks": blocks}})
    assert (read.dialect, read.title, read.notes) == ("Read.ai", "Weekly", [])
    assert timed(read) == [("Ida", "We ship.", 0.0, 2.1), ("Ole", "Good.", 4.9, 5.4)]
