"""Checks TTML."""

import pytest

from tests.harness.transcript_files import messages, refusal, timed, transcript

HEAD = """<?xml version="1.0" encoding="UTF-16"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata" xmlns:ttp="http://www.w3.org/ns/ttml#parameter"
 ttp:frameRate="25" ttp:tickRate="10">
<head><metadata><ttm:title>The  review</ttm:title>
<ttm:agent xml:id="p1" type="person"><ttm:name type="full">Ida Moe</ttm:name></ttm:agent></metadata></head><body>"""


def test_agents_title_and_breaks() -> None:
    file = f"""{HEAD}<div><p xml:id="c1" ttm:agent="p1" begin="00:00:01.000" end="00:00:02.500">1 &lt; 2<br/>
        <span>so &amp; so</span></p></div></body></tt>"""
    read = transcript(file)
    assert (read.dialect, read.title) == ("TTML", "The review")
    assert timed(read) == [("Ida Moe", "1 < 2\nso & so", 1.0, 2.5)]
    assert read.cues[0].external_id == "c1"


@pytest.mark.parametrize(
    ("times", "start", "end"),
    [
        ('begin="1.5s" dur="500ms"', 1.5, 2.0),
        ('begin="00:00:01:05" end="00:01:00"', 1.2, 60.0),
        ('begin="15t" end="50f"', 1.5, 2.0),
        ('begin="0.5m" end="1h"', 30.0, 3600.0),
    ],
)
def test_times(times: str, start: float, end: float) -> None:
    assert timed(transcript(f"{HEAD}<div><p {times}>So.</p></div></body></tt>")) == [("", "So.", start, end)]


def test_times_count_from_those_around_them() -> None:
    file = f"""{HEAD}<div begin="10s"><p begin="1s" end="4s">
        <span begin="0s" end="1s">a</span><span begin="1s" end="2s">b</span></p></div></body></tt>"""
    assert timed(transcript(file)) == [("", "a", 11.0, 12.0), ("", "b", 12.0, 13.0)]


def test_entities_are_refused() -> None:
    bomb = """<!DOCTYPE tt [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>
        <tt><body><div><p begin="1s" end="2s">&b;</p></div></body></tt>"""
    assert "declares an entity of XML" in refusal(bomb)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('<p begin="soon" end="2s">a</p>', "has a time that cannot be read"),
        ("<p>", "no valid XML"),
        ("<div>" * 200, "more than 100 levels"),
    ],
)
def test_what_cannot_be_read_is_refused(body: str, message: str) -> None:
    assert message in refusal(f"<tt><body>{body}</body></tt>")


def test_a_paragraph_without_an_end_is_noted() -> None:
    read = transcript(f'{HEAD}<div>\n<p begin="1s">a</p></div></body></tt>')
    assert timed(read) == [("", "a", 1.0, 1.0)]
    assert messages(read) == ["6: a paragraph has no end, and ends where it begins"]


APPLE = '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:x="http://{}.apple.com/{}"><body dur="99.0"><div begin="10.0" end="20">'


def test_apple_s_podcasts_have_words_in_sentences() -> None:
    def spans(start: int, *words: str) -> str:
        timed = "".join(f'<span x:unit="word" begin="{start}.5" end="{start}.6">{word}</span>' for word in words)
        return f'<span x:unit="sentence" begin="{start}.0" end="{start + 1}">{timed}</span>'

    head = APPLE.format("podcasts", "transcript-ttml-internal")
    paragraph = f'<p begin="11.0" end="13" ttm:agent="SPEAKER_1">{spans(11, "We", "ship.")}{spans(12, "Now.")}</p>'
    read = transcript(f"{head}{paragraph}</div></body></tt>")
    assert (read.dialect, read.notes) == ("TTML", [])
    assert timed(read) == [("SPEAKER_1", "We ship.", 11.0, 12.0), ("SPEAKER_1", "Now.", 12.0, 13.0)]


def test_apple_s_lyrics_have_syllables() -> None:
    head = APPLE.format("music", "lyric-ttml-internal")
    words = (
        '<span begin="11.0" end="11.5">We</span> <span begin="11.5" end="11.7">sai</span><span begin="12">ling</span>'
    )
    assert timed(transcript(f'{head}<p begin="11.0" end="1:02.5">{words}</p></div></body></tt>')) == [
        ("", "We sailing", 11.0, 62.5)
    ]


def test_seconds_without_a_unit_need_a_point() -> None:
    assert timed(transcript(f'{HEAD}<div><p begin="1.5" end="2.0">So.</p></div></body></tt>')) == [
        ("", "So.", 1.5, 2.0)
    ]
    assert "a time that cannot be read" in refusal(
        f'{HEAD}<div><p begin="1" end="2">So.</p></div></body></tt>', "a.ttml"
    )
