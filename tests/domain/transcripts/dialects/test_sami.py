"""Checks SAMI."""

from tests.harness.transcript_files import messages, refusal, timed, transcript

HEAD = """<SAMI>
<HEAD><TITLE>The
weekly</TITLE><STYLE><!-- P { color: white; }
.EN { Name: English; } --></STYLE></HEAD>
<BODY>
"""


def test_each_caption_ends_with_the_next() -> None:
    file = f"""{HEAD}<SYNC Start=1000>
<P Class=EN>We <i>ship</i>,<br>Ida &amp; I.
<SYNC Start="2500"><P Class=EN>&nbsp;
<sync start=4000><p class=en>Good.</p></sync>
<SYNC Start=5000><P Class=EN>&nbsp;</BODY></SAMI>"""
    read = transcript(file)
    assert (read.dialect, read.title, read.notes) == ("SAMI", "The weekly", [])
    assert timed(read) == [("", "We ship,\nIda & I.", 1.0, 2.5), ("", "Good.", 4.0, 5.0)]


def test_another_language_is_left_out_with_a_note() -> None:
    file = f"{HEAD}<SYNC Start=1000><P Class=EN>We ship.<P Class=FR>On y va.\n<SYNC Start=2000><P Class=FR>Bien.\n"
    read = transcript(f"{file}<SYNC Start=3000><P Class=EN>Good.")
    assert timed(read) == [("", "We ship.", 1.0, 3.0), ("", "Good.", 3.0, 3.0)]
    assert messages(read) == [f"{line}: has another language, too, which is left out" for line in (6, 7)]


def test_a_time_that_cannot_be_read_is_refused() -> None:
    assert "line 6 has a time that cannot be read" in refusal(f"{HEAD}<SYNC Begin=1>a", "a.smi")


def test_a_file_without_captions_is_refused() -> None:
    for body in ("", "<!-- <SYNC Start=1000><P>a"):
        assert "no cue with words" in refusal(f"<SAMI>{body}", "a.smi")
