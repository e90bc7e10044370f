"""Checks how speakers and segment numbers are found in transcript files."""

import orjson
import pytest

from tests.harness.transcript_files import TIMES, read, spoken, srt, vtt

PROSE = ("we begin", "so it goes", "and on", "and on it goes", "until the end", "of it")


class TestSpeakers:
    @pytest.mark.parametrize(
        ("payload", "speaker", "text"),
        [
            ("<v Alice>Hello</v>", "Alice", "Hello"),
            ("<v.first.loud Alice  B. >Hello", "Alice  B.", "Hello"),
            ("<v Tom &amp; &lt;Jerry&gt;>Hello", "Tom & <Jerry>", "Hello"),
            ("- <v A>one", "A", "one"),
            ("<v>one <v &nbsp;>two", "", "one two"),
            ("<v Alice>Bob: Hello", "Alice", "Bob: Hello"),
            ("<v A&#10;B>Hello", "A B", "Hello"),
            ("<v A\nB>Hello", "", "<v A\nB>Hello"),
        ],
    )
    def test_in_voice_tags(self, payload: str, speaker: str, text: str) -> None:
        assert spoken(vtt(payload)) == [(speaker, text)]

    @pytest.mark.parametrize(
        ("payload", "speaker", "text"),
        [
            ("Alice: Hello", "Alice", "Hello"),
            ("potuz: 10:30 it is: fine", "potuz", "10:30 it is: fine"),
            ("<b>Alice</b>:\nHello", "Alice", "Hello"),
            ("Tullio | Erigon: Hello", "Tullio | Erigon", "Hello"),
            ("the man with the plan (of 2020): Hello", "the man with the plan (of 2020)", "Hello"),
            ("a:b: Hello", "a:b", "Hello"),
            ("10: 30", "10", "30"),
            ("Q&amp;A: Hello", "Q&A", "Hello"),
            ("x" * 100 + ": Hello", "x" * 100, "Hello"),
            ("x" * 101 + ": Hello", "", "x" * 101 + ": Hello"),
            ("Alice:Hello", "", "Alice:Hello"),
            ("Alice\nEve: Hello", "", "Alice\nEve: Hello"),
            ("Alice\n: Hello", "", "Alice\n: Hello"),
            ("Alice : Hello", "Alice", "Hello"),
            ("Alice&#58; Hello", "", "Alice: Hello"),
            (": Hello", "", ": Hello"),
        ],
    )
    def test_in_labels_where_nearly_every_cue_has_one(self, payload: str, speaker: str, text: str) -> None:
        labelled = ("Alice: a", "Bob: b", "Alice: c", "Bob: d")
        for file in (vtt(*labelled, payload), srt(*labelled, payload)):
            assert spoken(file)[4] == (speaker, text)

    def test_in_labels_of_four_cues_in_five(self) -> None:
        labelled = ("the chair: a", "<v Eve>b", "the chair: c", "the chair: d", "the chair: e", "", "f")
        assert [speaker for speaker, _ in spoken(vtt(*labelled))] == ["the chair", "Eve", *["the chair"] * 3, ""]
        assert [speaker for speaker, _ in spoken(vtt(*labelled, "g"))] == ["", "Eve", "", "", "", "", ""]

    @pytest.mark.parametrize(
        "speaker",
        [
            "Alice",
            "potuz",
            "jochem-brouwer",
            "Alice Jones",
            "Z. Victor Zhou (xinbenlv)",
            "Dr. Ada Lovelace",
            "J.R. Ewing Jr.",
            "Speaker 1",
            "SPEAKER_00",
            "Raúl Kripalani",
            "Élise 2 (guest)",
        ],
    )
    def test_in_name_like_labels_of_other_files(self, speaker: str) -> None:
        assert spoken(vtt(f"{speaker}: Hello", *PROSE))[0] == (speaker, "Hello")

    @pytest.mark.parametrize(
        "payload",
        [
            "Here is the point: it works",
            "Right. So: it works",
            "Really? Yes: it works",
            "10: 30",
            "10:30: it works",
            "One Two Three Four Five Six: it works",
            "X" * 61 + ": it works",
            "Alice:",
            "Alice:it works",
            "Alice\nBob: it works",
        ],
    )
    def test_not_in_other_labels_of_other_files(self, payload: str) -> None:
        assert spoken(vtt(payload, *PROSE))[0] == ("", payload)


class TestNumbers:
    @pytest.mark.parametrize(
        ("identifiers", "numbers"),
        [
            (["5", "007", "2147483647"], [5, 7, 2**31 - 1]),
            (["0", "1", "2"], [0, 1, 2]),
            (["3", "2", "1"], [3, 2, 1]),
            (["5", "7", "5"], [1, 2, 3]),
            (["5", "", "7"], [1, 2, 3]),
            (["5", "intro", "7"], [1, 2, 3]),
            (["5", "6", "2147483648"], [1, 2, 3]),
            (["5", "-6", "7"], [1, 2, 3]),
            (["5", "²", "7"], [1, 2, 3]),
            (["5", "9" * 5000, "7"], [1, 2, 3]),
        ],
    )
    def test_are_the_cue_identifiers_if_these_can_be(self, identifiers: list[str], numbers: list[int]) -> None:
        cues = [f"{identifier}\n{TIMES}\nHello".lstrip() for identifier in identifiers]
        assert [content.segment_id for content in read("\n\n".join(["WEBVTT", *cues]))] == numbers

    def test_a_cue_without_words_needs_none(self) -> None:
        file = f"WEBVTT\n\n5\n{TIMES}\na\n\n{TIMES}\n\n\n6\n{TIMES}\nb"
        assert [content.segment_id for content in read(file)] == [5, 6]

    def test_are_those_of_subrip_too(self) -> None:
        file = srt("a", "", "b", "c").replace("3\n00", "9\n00")
        assert [content.segment_id for content in read(file)] == [1, 9, 4]

    @pytest.mark.parametrize(
        ("given", "numbers"),
        [
            ([{"id": 0}, {"id": 1}], [0, 1]),
            ([{"id": 4}, {"id": 4}], [1, 2]),
            ([{"id": "a:4"}, {"id": "a:5"}], [1, 2]),
            ([{"id": True}, {"id": -1}], [1, 2]),
            ([{"id": 1, "segmentId": 8}, {"id": 1, "segment_id": 9}], [8, 9]),
            ([{"segmentId": 8}, {}], [1, 2]),
        ],
    )
    def test_in_json(self, given: list[dict[str, object]], numbers: list[int]) -> None:
        items = [{"text": "a", "start": 1, "end": 2, **item} for item in given]
        assert [content.segment_id for content in read(orjson.dumps(items).decode())] == numbers


def test_dashes_stand_before_each_of_several_speakers() -> None:
    file = srt("- Dana: Hi\n- Omar: Yes", "- Dana: So\n- Omar: Fine")
    assert spoken(file) == [
        ("Dana", "Hi"),
        ("Omar", "Yes"),
        ("Dana", "So"),
        ("Omar", "Fine"),
    ]
