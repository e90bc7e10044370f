"""Checks which labels of captions name speakers, and which are prose."""

import pytest

from domain.transcripts import TranscriptFormat, write_transcript
from tests.harness.transcript_files import messages, segment, spoken, srt, timed, transcript, vtt


@pytest.mark.parametrize("write", [vtt, srt])
class TestSecondVoices:
    @pytest.mark.parametrize(
        "payload",
        [
            "<v Ida>Now?</v>\n<v Ole>Now.</v>",
            "<v Ida>Now? <v Ole>Now.",
            "- <v Ida>Now?\n- <v Ole>Now.",
            "Ida: Now?\nOle: Now.",
            "- Ida: Now?\n- Ole: Now.",
            "[Ida]: Now?\n[Ole]: Now.",
            ">> Ida: Now?\n>> Ole: Now.",
            "&gt;&gt; Ida: Now?\n&gt;&gt; Ole: Now.",
        ],
    )
    def test_are_segments_of_their_own(self, write: object, payload: str) -> None:
        file = (vtt if write is vtt else srt)(payload, "Ole: Go.", "Ida: Gone.")
        assert spoken(file) == [("Ida", "Now?"), ("Ole", "Now."), ("Ole", "Go."), ("Ida", "Gone.")]

    def test_words_outside_of_a_voice_are_nobody_s(self, write: object) -> None:
        file = (vtt if write is vtt else srt)("<v Ida>Now?</v> (a door shuts)")
        assert spoken(file) == [("Ida", "Now?"), ("", "(a door shuts)")]

    @pytest.mark.parametrize("mark", [">>", "&gt;&gt;"])
    def test_two_arrows_end_what_the_one_before_says(self, write: object, mark: str) -> None:
        payload = f"{mark} Ida: There are\nthree.\n{mark} And four?"
        assert spoken((vtt if write is vtt else srt)(payload, f"{mark} Ole: So.")) == [
            ("Ida", "There are\nthree."),
            ("", ">> And four?"),
            ("Ole", "So."),
        ]

    def test_a_name_may_stand_inside_of_a_voice(self, write: object) -> None:
        file = (vtt if write is vtt else srt)("<v>Ida Berg:</v>Now?", "<v>Ole:</v> Now: yes.", "<v>So</v> be it.")
        assert spoken(file) == [("Ida Berg", "Now?"), ("Ole", "Now: yes."), ("", "So be it.")]

    def test_a_dash_is_nobody(self, write: object) -> None:
        file = (vtt if write is vtt else srt)("<v ->Now?</v>", "<v Ole>Now.</v>")
        assert spoken(file) == [("", "Now?"), ("Ole", "Now.")]

    def test_a_line_with_a_colon_is_no_second_voice(self, write: object) -> None:
        payload = "Ida: There are three\nBudget: none\nPlan B: wait"
        assert spoken((vtt if write is vtt else srt)(payload, "Ole: So.")) == [
            ("Ida", "There are three\nBudget: none\nPlan B: wait"),
            ("Ole", "So."),
        ]


class TestSpeakersThatGoOn:
    def test_not_where_two_arrows_say_that_another_speaks(self) -> None:
        read = spoken(srt(">> Ida: a", "b", ">> c", ">> Ole: d", "e", ">> Ida: f"))
        assert read == [("Ida", "a"), ("Ida", "b"), ("", ">> c"), ("Ole", "d"), ("Ole", "e"), ("Ida", "f")]

    def test_until_the_next_name(self) -> None:
        read = transcript(srt("Ida: a", "b", "c", "Ole: d", "e", "Ida: f"))
        assert [segment.speaker for segment in read.segments] == ["Ida", "Ida", "Ida", "Ole", "Ole", "Ida"]
        assert [message.partition(":")[0] for message in messages(read)] == ["6", "10", "18"]

    def test_not_where_each_cue_names_its_speaker(self) -> None:
        assert [name for name, _ in spoken(vtt("Ida: a", "Ida: b", "Ole: c", "d", "Ole: e", "Ida: f"))][3] == ""

    def test_not_from_the_only_name(self) -> None:
        assert spoken(vtt("Host: welcome", "to the show", "we begin")) == [
            ("Host", "welcome"),
            ("", "to the show"),
            ("", "we begin"),
        ]

    def test_not_after_a_voice(self) -> None:
        assert spoken(vtt("<v Ida>a", "b", "<v Ole>c", "d"))[1] == ("", "b")


class TestForms:
    @pytest.mark.parametrize(
        ("payload", "speaker", "text"),
        [
            ("[SPEAKER_00]: So.", "SPEAKER_00", "So."),
            ("[SPEAKER_00] So.", "SPEAKER_00", "So."),
            ("(Speaker 2): So.", "Speaker 2", "So."),
            ("(SPEAKER_00) So.", "SPEAKER_00", "So."),
            ("<SPEAKER_00> So.", "SPEAKER_00", "So."),
            ("{speaker 1}: So.", "speaker 1", "So."),
            ("Спикер №1: Так.", "Спикер №1", "Так."),
            ("佐藤：はい。", "佐藤", "はい。"),
            ("【佐藤】はい。", "佐藤", "はい。"),
            ("דנה לוי: שלום", "דנה לוי", "שלום"),
            ("محمد علي: مرحبا", "محمد علي", "مرحبا"),
            ("राहुल शर्मा: नमस्ते", "राहुल शर्मा", "नमस्ते"),
            ("Анна Ким: привет", "Анна Ким", "привет"),
            ("Ludwig van Beethoven: So.", "Ludwig van Beethoven", "So."),
            ("**Ida**: So.", "Ida", "So."),
            ("**Ida:** So.", "Ida", "So."),
            (">> IDA: So.", "IDA", "So."),
            ("[Music] la la", "", "[Music] la la"),
            ("[laughs]", "", "[laughs]"),
            ("10:30 Meeting: So.", "", "10:30 Meeting: So."),
        ],
    )
    @pytest.mark.parametrize("others", [("Ole: a", "Ole: b", "Ole: c", "Ole: d"), ("a b", "c d")])
    def test_at_the_start_of_a_file(self, payload: str, speaker: str, text: str, others: tuple[str, ...]) -> None:
        assert spoken(vtt(payload, *others))[0] == (speaker, text)


class TestLabelsWithoutColons:
    def test_are_numbered_speakers_at_the_start_of_nearly_every_cue(self) -> None:
        cues = ["Speaker 1 Hello.", "Speaker 2\nHi: how\nare you?", "Speaker 1 Fine.", "SPEAKER 2 Good."]
        assert spoken(vtt(*cues)) == [
            ("Speaker 1", "Hello."),
            ("Speaker 2", "Hi: how\nare you?"),
            ("Speaker 1", "Fine."),
            ("SPEAKER 2", "Good."),
        ]

    @pytest.mark.parametrize(
        "cues", [("Speaker 1 is mute.", "Yes.", "No."), ("Speaker 1 is mute.", "Speaker 1 is gone."), ("Speaker 1",)]
    )
    def test_not_in_prose(self, cues: tuple[str, ...]) -> None:
        assert spoken(vtt(*cues)) == [("", cue) for cue in cues]


class TestLabelsWithoutTexts:
    def test_are_left_out(self) -> None:
        read = transcript(
            vtt("Ida Berg: So.", "Ole Moe:", "Ida Berg：", "Ole Moe: Yes.", "SPEAKER_00:", "Ole Moe: <b></b>")
        )
        assert timed(read) == [("Ida Berg", "So.", 1.0, 2.0), ("Ole Moe", "Yes.", 1.0, 2.0)]
        assert messages(read) == []

    def test_with_a_note_where_the_name_says_nothing(self) -> None:
        read = transcript(vtt("Ida Berg: So.", "Ann Lee:", "Ida Berg: Yes.", "Ole Moe: No.", "Ole Moe: Go."))
        assert [segment.text for segment in read.segments] == ["So.", "Yes.", "No.", "Go."]
        assert messages(read) == ['6: has only the name of a speaker, and is left out: "Ann Lee:"']

    def test_name_who_speaks_next(self) -> None:
        read = spoken(vtt("Ida: a", "b", "Ole:", "c", "Ida: d", "e", "Ole: f"))
        assert read == [("Ida", "a"), ("Ida", "b"), ("Ole", "c"), ("Ida", "d"), ("Ida", "e"), ("Ole", "f")]

    def test_name_who_speaks_in_the_cues_below(self) -> None:
        read = transcript(vtt("Speaker 1:", "a", "b", "Speaker 2:", "c", "Speaker 1:"))
        assert [(each.speaker, each.text) for each in read.segments] == [
            ("Speaker 1", "a"),
            ("Speaker 1", "b"),
            ("Speaker 2", "c"),
        ]
        assert [note.line for note in read.notes] == [6, 9, 15]
        file = vtt("Ida: a", "Ida: b", "Ole: x", "Ole:", "c", "Ida: d", "e")
        assert spoken(file)[2:] == [("Ole", "x"), ("Ole", "c"), ("Ida", "d"), ("", "e")]

    @pytest.mark.parametrize("line", ["We need this:", "Listen:", "The following:", "Next Steps:", ":"])
    def test_not_prose(self, line: str) -> None:
        for file in (vtt("Ida: So.", line, "Ole: Yes.", "Ole: Go.", "Ida: I go."), vtt("So.", line, "Yes.")):
            assert ("", line) in spoken(file)


class TestNamesInLines:
    def test_of_their_own_in_parentheses(self) -> None:
        cues = ["(Ida Berg)\nHello.", "(Ida Berg)\nWho else?\n-\n \n(Ole Moe)\nI am.", "(Ole Moe)\nSo."]
        assert spoken(vtt(*cues)) == [
            ("Ida Berg", "Hello."),
            ("Ida Berg", "Who else?"),
            ("Ole Moe", "I am."),
            ("Ole Moe", "So."),
        ]

    @pytest.mark.parametrize("others", [("We go.", "Good."), ("(Cheers)\nHello.", "(Music)\nSo.")])
    def test_not_sounds(self, others: tuple[str, ...]) -> None:
        assert spoken(vtt("(Applause)\nHello.", *others))[0] == ("", "(Applause)\nHello.")


class TestProse:
    @pytest.mark.parametrize(
        "line",
        [
            "Warning: do not touch it",
            "Note: this is recorded",
            "Next Steps: none",
            "Step 2: drain the queue",
            "so: we wait",
            "https://example.com: see it",
            "Question: who owns it?",
            "Reminder: bring a laptop",
            "Wichtig: nicht löschen",
            "注意：削除しない",
        ],
    )
    def test_is_no_speaker(self, line: str) -> None:
        for file in (
            vtt(line, "we begin", "and on"),
            vtt("we begin", line, "and on"),
            vtt(line),
            vtt("x", line, "y", line, "z"),
        ):
            assert ("", line) in spoken(file)
        assert ("Ida", line) in spoken(vtt("Ida: a", line, "Ole: b", "c", "Ida: d"))

    def test_a_capital_word_once_in_a_file_without_speakers_is_no_speaker(self) -> None:
        assert spoken(vtt("we begin", "Monday: we ship", "and so on"))[1] == ("", "Monday: we ship")

    def test_questions_and_answers_throughout_are_speakers(self) -> None:
        file = vtt("Question: a", "Answer: b", "Question: c", "Answer: d")
        assert [speaker for speaker, _ in spoken(file)] == ["Question", "Answer", "Question", "Answer"]


@pytest.mark.parametrize("format", [TranscriptFormat.VTT, TranscriptFormat.SRT])
@pytest.mark.parametrize(
    "texts", [("Speaker 1 is mute.", "Speaker 2 is gone."), ("Ole Moe:", "So."), ("Speaker 1:", "So.", "Speaker 2:")]
)
def test_texts_of_nobody_stay_so_in_an_export(format: TranscriptFormat, texts: tuple[str, ...]) -> None:
    segments = [segment(text, "", number, number * 2.0, number * 2.0 + 1) for number, text in enumerate(texts, 1)]
    assert spoken(write_transcript(segments, format)) == [("", text) for text in texts]
