"""Checks the formats of NIST's tools that have words: CTM and STM."""

import pytest

from tests.harness.transcript_files import refusal, timed, transcript


def test_ctm_is_a_list_of_words() -> None:
    file = ";; made by Kaldi\na 1 0.50 0.30 we 0.5\na 1 0.80 0.40 ship 1\na 1 1.2 0.1 <eps> 1\na 1 5.00 0.40 good\n"
    read = transcript(file)
    assert (read.dialect, read.notes) == ("CTM", [])
    assert timed(read) == [("", "we ship", 0.5, 1.2), ("", "good", 5.0, 5.4)]
    assert read.segments[0].confidence == 0.75


def test_channels_are_speakers() -> None:
    read = transcript("a A 0.5 0.5 we 1\na B 2.0 0.5 good 1\na A 5.0 0.5 so 1\n", "a.ctm")
    assert timed(read) == [("A", "we", 0.5, 1.0), ("B", "good", 2.0, 2.5), ("A", "so", 5.0, 5.5)]


def test_stm_is_a_list_of_utterances() -> None:
    file = """;; a reference
a 1 Ida_Holm 0.50 2.50 <o,f0,female> we ship
a 1 inter_segment_gap 2.50 3.00 <o,,> ignore_time_segment_in_scoring
a 1 Ole 3.00 3.50 <o,f0,male> good
"""
    read = transcript(file)
    assert (read.dialect, read.notes) == ("STM", [])
    assert timed(read) == [("Ida_Holm", "we ship", 0.5, 2.5), ("Ole", "good", 3.0, 3.5)]


def test_turns_of_rttm_are_neither() -> None:
    for file in ("SPEAKER a 1 0.5 1.5 <NA> <NA> S1 <NA> <NA>\n", "SPEAKER a 1 0.5 1.5 <NA> <NA> S1 0.9 <NA>\n" * 3):
        assert "RTTM names speakers" in refusal(file, "a.txt")


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("a 1 0.5 0.3 we\nb 1 0.5 0.3 good\n", "line 2 is of another recording"),
        ("a 1 Ida 0.5 0.8 <o> we\nb 1 Ida 0.5 0.8 <o> good\n", "line 2 is of another recording"),
        ("a 1 0.5 0.3 we\n" * 20 + "a 1 0.5 good\n", "line 21 cannot be read as a word"),
        ("a 1 Ida 0.5 0.8 <o> we\na 1 Ida 0.5\n", "line 2 cannot be read as an utterance"),
    ],
)
def test_broken_files_are_refused(file: str, message: str) -> None:
    assert message in refusal(file, "a.txt")
