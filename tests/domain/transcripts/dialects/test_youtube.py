"""Checks the captions of YouTube's player, as JSON and as timed text."""

import pytest

from tests.harness.transcript_files import messages, refusal, timed, transcript


def test_json3() -> None:
    events = [
        {"tStartMs": 0, "dDurationMs": 9000, "id": 1},
        {"tStartMs": 1000, "dDurationMs": 1000, "segs": [{"utf8": "we"}, {"utf8": " ship", "tOffsetMs": 400}]},
        {"tStartMs": 2000, "dDurationMs": 10, "aAppend": 1, "segs": [{"utf8": "\n"}]},
        {"tStartMs": 2100, "dDurationMs": 900, "segs": [{"utf8": "it"}]},
    ]
    read = transcript({"wireMagic": "pb3", "events": events})
    assert read.dialect == "YouTube JSON"
    assert timed(read) == [("", "we ship", 1.0, 2.0), ("", "it", 2.1, 3.0)]
    assert [(word.text, word.start_time, word.end_time) for word in read.segments[0].words or []] == [
        ("we", 1.0, 1.4),
        ("ship", 1.4, 2.0),
    ]


@pytest.mark.parametrize(
    "file",
    [
        '<?xml version="1.0"?><transcript><text start="1" dur="1">Q&amp;amp;A &amp;lt;b&amp;gt;</text></transcript>',
        '<timedtext><text t="1000" d="1000">Q&amp;A &lt;b&gt;</text><text t="1500" append="1">\n</text></timedtext>',
        '<timedtext format="3"><body><p t="1000" d="1000">Q&amp;A <s t="200">&lt;b&gt;</s></p></body></timedtext>',
    ],
)
def test_timed_text(file: str) -> None:
    read = transcript(file)
    assert read.dialect == "YouTube timed text"
    assert timed(read) == [("", "Q&A <b>", 1.0, 2.0)]
    assert messages(read) == []


def test_timed_text_that_cannot_be_read_is_refused_with_its_line() -> None:
    assert (
        refusal('<transcript>\n<text start="x">a</text></transcript>') == "line 2: a text has no time that can be read"
    )
    assert refusal("<transcript>\n<text").startswith("line 2: this is no valid XML")
    assert "declares an entity" in refusal('<!DOCTYPE a [<!ENTITY b "c">]><transcript></transcript>')
