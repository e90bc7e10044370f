"""Checks the turns of RTTM, and how they are laid over segments."""

import pytest

from domain.transcripts.cues import NotATranscript
from domain.transcripts.dialects.rttm import DIALECT
from domain.transcripts.source import Source
from domain.transcripts.speaker_turns import Turn, speakers_during


def turns(source: Source) -> list[Turn]:
    assert DIALECT.read_turns
    return DIALECT.read_turns(source)


def test_turns_are_in_the_order_of_their_starts() -> None:
    file = ";; made by hand\nSPEAKER x 1 2.1 0.9 <NA> <NA> B <NA> <NA>\nSPEAKER x 1 0.5 1.5 <NA> <NA> A <NA> <NA>\n"
    assert turns(Source(file, "x.rttm")) == [Turn(0.5, 2.0, "A"), Turn(2.1, 3.0, "B")]


@pytest.mark.parametrize(
    "line", ["SPEAKER x 1 a 1 <NA> <NA> A", "SPEAKER x 1 0 -1 <NA> <NA> A", "SPEAKER x 1 nan 1 <NA> <NA> A", "SPEAKER"]
)
def test_broken_turns_are_refused(line: str) -> None:
    with pytest.raises(NotATranscript, match="line 2 cannot be read as a turn"):
        turns(Source(f"\n{line}\n", "x.rttm"))


def test_whoever_speaks_longest_in_a_segment_is_its_speaker() -> None:
    found = [Turn(0.0, 2.0, "A"), Turn(1.0, 9.0, "B"), Turn(9.5, 10.0, "A")]
    spans = [(0.0, 1.5), (1.5, 4.0), (9.1, 9.2), (9.4, 9.9), (9.6, 9.6), (20.0, 21.0)]
    assert speakers_during(found, spans) == ["A", "B", "", "A", "A", ""]
