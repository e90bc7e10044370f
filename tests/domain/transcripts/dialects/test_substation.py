"""Checks (Advanced) SubStation Alpha."""

from tests.harness.transcript_files import refusal, timed, transcript

HEAD = "[Script Info]\nTitle: Weekly\n\n[V4+ Styles]\nFormat: Name\n\n[Events]\n"
FORMAT = "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"


def test_names_and_texts_are_read_without_overrides_comments_and_drawings() -> None:
    events = (
        "Dialogue: 0,0:00:01.00,0:00:02.50,Default,Ida,0,0,0,,We {\\i1}ship{\\i0}, <b> & more\\Nit\n"
        "Comment: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,not said\n"
        "Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\p1}m 0 0 l 1 1{\\p0}\n"
        "Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,Good.\n"
    )
    for file in (HEAD + FORMAT + events, HEAD + events):
        read = transcript(file)
        assert (read.dialect, read.title) == ("SubStation Alpha", "Weekly")
        assert timed(read) == [("Ida", "We ship, <b> & more\nit", 1.0, 2.5), ("", "Good.", 5.0, 6.0)]


def test_the_format_tells_the_order_of_the_fields() -> None:
    read = transcript(
        "[Script Info]\n[Events]\nFormat: Start, End, Actor, Text\nDialogue: 0:00:01.00,0:00:02.00,Ida,a, b\n"
    )
    assert timed(read) == [("Ida", "a, b", 1.0, 2.0)]


def test_dialogue_without_times_is_refused() -> None:
    assert refusal(HEAD + "Dialogue: 0,x,0:00:02.00,,,0,0,0,,a\n").startswith("line 8 cannot be read as dialogue")
