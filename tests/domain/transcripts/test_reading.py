"""Checks what transcript files of each format are read as, and what is refused."""

import re

import orjson
import pytest

from domain.segments import SegmentContent
from domain.times import MAX_TIME_SECONDS
from domain.transcripts import read_transcript
from tests.harness.transcript_files import TIMES, read, refusal, spoken, srt, transcript, vtt


class TestFormats:
    def test_webvtt_may_be_named_subrip(self) -> None:
        assert transcript("WEBVTT - Weekly\n\nNOTE so\n\n" + srt("Hello.").replace(",", "."), "a.srt").title == "Weekly"

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "file",
        [
            pytest.param(vtt("Hello."), id="WebVTT"),
            pytest.param(
                vtt("Hello.").replace("WEBVTT", "WEBVTT - the title\nKind: captions"), id="WebVTT with a header"
            ),
            pytest.param("\n \n" + vtt("Hello."), id="WebVTT after blank lines"),
            pytest.param(srt("Hello."), id="SubRip"),
            pytest.param("\n \n" + srt("Hello."), id="SubRip after blank lines"),
            pytest.param(srt("Hello.").replace("1\n", "1 \n", 1), id="SubRip, white space after the number"),
            pytest.param(srt("Hello.").replace(",", "."), id="SubRip with dots"),
            pytest.param('[{"text": "Hello.", "start": 1, "end": 2}]', id="a JSON list"),
            pytest.param('\n{"segments": [{"text": "Hello.", "start": 1.0, "end": 2.0}]}', id="a JSON object"),
        ],
    )
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le with BOM", "utf-16-be with BOM"])
    @pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("name", ["a.vtt", "a.srt", "a.json", "a", ""])
    def test_the_content_decides(self, file: str, encoding: str, line_break: str, name: str) -> None:
        text = file.replace("\n", line_break)
        if encoding.endswith("with BOM"):
            text, encoding = "\ufeff" + text, encoding.removesuffix(" with BOM")
        assert read_transcript(text.encode(encoding), name).segments == [SegmentContent("Hello.", 1.0, 2.0, 1)]

    @pytest.mark.parametrize(
        ("file", "name", "message"),
        [
            (b"", "a.vtt", "the file is empty"),
            (b"\xef\xbb\xbf \r\n", "a.vtt", "the file is empty"),
            (b"WEBVTT\n\n\xe4\n", "a.vtt", "line 3 is not in UTF-8"),
            (b"\xff\xfeW\x00\n\x00\x00\xd8", "a.vtt", "line 2 is not in UTF-16"),
            (b"\x89PNG\r\n\x1a\n\x00", "a.vtt", "line 1 is not in UTF-8"),
            (b"ab\r\r\x00", "a.dat", "line 3 contains a NUL: this is a binary file"),
            (b"WEBVTT\n\nH\x00", "a.vtt", "line 3 contains a NUL"),
            (b"Hello.\n", "a.vtt", 'line 1 begins no transcript (WebVTT begins with the word WEBVTT): "Hello."'),
            (b"WEBVTTX\n\n", "a.vtt", "line 1 begins no transcript (WebVTT begins"),
            (b"Hello.\n", "a.JSON", "line 1 begins no transcript (the file looks like text without times): "),
            (
                b"\n\nHello.\n",
                "a.docx",
                'line 3 begins no transcript (the file looks like text without times): "Hello."',
            ),
            (b"Hello.\n", "a.docx", "What is read: WebVTT, SubRip, "),
            (b"Hello.\n", "a.docx", "(all of them are in docs/transcript-files.md)"),
            (b"Ann: Hello.\nBo: Yes.\n", "", "the file looks like what was said, without times"),
            (b"North,12,2024\nSouth,9,2024\n", "", "the file looks like a table: its first row must name the columns"),
            (b"<!DOCTYPE html>\n<html></html>", "", "the file looks like a web page"),
            (b"<a>b</a>", "", "the file looks like XML of another kind"),
            (b"{\\rtf1 Hello}", "", "the file looks like a document of a word processor"),
            (b'<?xml version="1.0"?>\n<ANNOTATION_DOCUMENT>', "a.eaf", "looks like a document of ELAN: export"),
            (b'File type = "ooTextFile"\n', "a.TextGrid", "looks like a TextGrid of Praat: export"),
            (b"Scenarist_SCC V1.0\n\n00:00:01:00\t9420", "a.scc", "looks like SCC, whose"),
            (b"850STL25.01", "a.stl", "looks like EBU STL"),
            (b"Hello.\n", "a.txt", "Plain text has headers such as"),
            (b'{"words": [], "text": "a"}', "a.json", 'list as "segments", and has "words", "text"'),
            (b"7", "a.srt", "line 1 begins no transcript (SubRip begins"),
            (b"WEBVTT\n", "a.vtt", "no cue with words"),
            (b"WEBVTT", "a.vtt", "no cue with words"),
            (b"1\n00:00:01,000 --> 00:00:02,000\n", "a.srt", "no cue with words"),
            (b"[]", "a.json", "no cue with words"),
            (b"09:00:12\t From Dana Reyes to Everyone:\n\tHi\n", "chat.txt", "the chat of a meeting"),
            (b"SPEAKER call 1 0.5 1.5 <NA> <NA> S1 <NA> <NA>\n", "a.rttm", "RTTM names speakers and has no words"),
        ],
    )
    def test_what_is_no_transcript_is_refused(self, file: bytes, name: str, message: str) -> None:
        assert message in refusal(file, name)


class TestNothingIsLost:
    @pytest.mark.parametrize(
        ("file", "message"),
        [
            pytest.param(vtt("a").replace("00:00:02", "99999999999:00:02"), "line 3", id="too many digits"),
            pytest.param(vtt("a") + "\n00:01 -->\nb\n", "line 6", id="half a time"),
            pytest.param("\n\n" + vtt("a") + "\n00:01 -->\nb\n", "line 8", id="lines count from the file's first"),
        ],
    )
    def test_webvtt(self, file: str, message: str) -> None:
        assert message in refusal(file)

    @pytest.mark.parametrize(
        ("file", "message"),
        [
            pytest.param(srt("a", "b").replace("2\n00", "2\n0x"), "line 6 cannot be read as the times", id="no digits"),
            pytest.param(srt("a\n\nb --> c"), "line 5 cannot be read as the times", id="an arrow after a blank line"),
            pytest.param(srt("in\n2020\nb --> c"), "line 5 cannot be read", id="an arrow after a number"),
            pytest.param(
                "\n" + srt("in\n2020\nb --> c"), "line 6 cannot be read", id="lines count from the file's first"
            ),
        ],
    )
    def test_subrip(self, file: str, message: str) -> None:
        assert message in refusal(file, "a.srt")

    def test_subrip_texts_keep_blank_lines_arrows_and_numbers(self) -> None:
        file = srt("so a --> b\n\n2020\n\nit was", "next")
        assert spoken(file) == [("", "so a --> b\n2020\nit was"), ("", "next")]

    def test_subrip_cues_need_no_blank_lines_between_them(self) -> None:
        assert spoken(srt("a", "b", "c").replace("\n\n", "\n")) == [("", "a"), ("", "b"), ("", "c")]

    def test_a_subrip_number_may_stand_apart(self) -> None:
        assert spoken(srt("a", "b").replace("2\n", "2\n\n")) == [("", "a"), ("", "b")]


class TestTimes:
    @pytest.mark.parametrize(
        ("written", "seconds"),
        [
            ("00:00.001", 0.001),
            ("59:59.999", 3599.999),
            ("00:05:37.030", 337.03),
            ("0:1:5.2", 65.2),
            ("123:00:00.000", 442_800.0),
            ("9999:59:59.999", 35_999_999.999),
            ("10000:00:00.000", float(MAX_TIME_SECONDS)),
        ],
    )
    def test_are_exact(self, written: str, seconds: float) -> None:
        (content,) = read(f"WEBVTT\n\n{written}-->{written} align:start position:0%\nHello.")
        assert (content.start_time, content.end_time) == (seconds, seconds)
        if re.fullmatch(r"\d+:\d+:\d+\.\d{3}", written):
            comma = written.replace(".", ",")
            assert read(f"1\n{comma} --> {comma} X1:40 X2:600\nHello.") == [content]

    @pytest.mark.parametrize(
        ("times", "message"),
        [
            (
                "00:02.000 --> 10000:00:00.001",
                "cue 2 (line 6): its end time must be a finite number from 0.0 to 36,000,000",
            ),
        ],
    )
    def test_outside_the_rules_name_the_cue(self, times: str, message: str) -> None:
        assert refusal(vtt("a") + f"\n{times}\nb\n") == message

    def test_the_cue_s_number_counts_those_without_words(self) -> None:
        file = srt("", "a", "b").replace("3\n00:00:01,000 --> 00", "3\n00:00:01,000 --> 99999")
        assert refusal(file).startswith("cue 3 (line 10): its end time")

    def test_texts_and_speakers_keep_the_rules(self) -> None:
        assert refusal(vtt("x" * 20_001)) == "cue 1 (line 3): its text must have at most 20,000 characters, has 20,001"
        assert "its speaker must have at most 200 characters" in refusal(vtt(f"<v {'x' * 201}>a"))


class TestTexts:
    @pytest.mark.parametrize(
        ("payload", "text"),
        [
            ("  one\n two  ", "one\n two"),
            ("<i>yes</i> <b.loud.red>no</b> <U>so</U >", "yes no so"),
            ("<c.colorE5E5E5>a</c><00:00:01.500><c> b</c><00:01.700>", "a b"),
            ("<lang en-GB>colour</lang> <ruby>漢<rt>kan</rt></ruby>", "colour 漢kan"),
            ('<font color="#fff">a</font> <FONT size=2>b</FONT>', "a b"),
            ("a < b and c > d", "a < b and c > d"),
            ("if a <b and c> d", "if a <b and c> d"),
            ("List<String>, Map<K, V> and <bra>", "List<String>, Map<K, V> and <bra>"),
            ("One<br>two<BR />three", "One\ntwo\nthree"),
            ("{\\an8}Up {\\i1}there{\\i0} {not here}", "Up there {not here}"),
            ("<vector> <cat> <i2> <00:01>", "<vector> <cat> <i2> <00:01>"),
            ("<i unfinished", "<i unfinished"),
            ("&lt;b&gt; Q&amp;A R&D &#233;&nbsp;&hellip;", "<b> Q&A R&D é\u00a0…"),
            ("&amp;lt;", "&lt;"),
            ("&#0; &#" + "9" * 5000 + "; &#xD800;", "\ufffd \ufffd \ufffd"),
            ("NOTE this is said", "NOTE this is said"),
        ],
    )
    def test_lose_their_tags_and_references_only(self, payload: str, text: str) -> None:
        assert spoken(vtt(payload)) == [("", text)]
        assert spoken(srt(payload)) == [("", text)]

    def test_settings_comments_styles_and_regions_are_ignored(self) -> None:
        file = (
            "WEBVTT\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:fred width:40%\n\nNOTE a --> b\nc\n\nNOTE\nmore\n\n"
            f"{TIMES} align:start position:0% region:fred\na\n\nNOTE\n\nSTYLE\nx\n\nREGION\ny\n\n{TIMES} \nb\n\nNOTE end"
        )
        assert spoken(file) == [("", "a"), ("", "b")]

    def test_cues_without_words_are_none(self) -> None:
        payloads = ("", "a", "<b></b>", "&nbsp;", "<v Bob> ", " ", "b")
        assert spoken(vtt(*payloads)) == [("", "a"), ("", "b")]
        assert spoken(srt(*payloads)) == [("", "a"), ("", "b")]

    def test_white_space_may_stand_between_webvtt_cues(self) -> None:
        contents = read(f"WEBVTT\n \n7\n{TIMES}\na\n \nb\n\t\n8\n{TIMES}\nc\n ")
        assert [(content.segment_id, content.text) for content in contents] == [(7, "a\n \nb"), (8, "c")]

    def test_a_blank_first_line_as_youtube_writes_it(self) -> None:
        assert spoken(vtt(" \nhello<00:00:01.500><c> world</c>")) == [("", "hello world")]


class TestJson:
    def test_whisper(self) -> None:
        file = """{"text": " Hello there. Yes: all.", "language": "en", "segments": [
            {"id": 0, "seek": 0, "start": 0.0, "end": 2.5, "text": " Hello there.", "tokens": [1], "avg_logprob": -0.3},
            {"id": 1, "seek": 0, "start": 2.5, "end": 4, "text": " Yes: all.", "words": [{"word": " Yes"}]},
            {"id": 2, "seek": 0, "start": 4.0, "end": 4.0, "text": " "}]}"""
        assert read(file) == [SegmentContent("Hello there.", 0.0, 2.5, 0), SegmentContent("Yes: all.", 2.5, 4.0, 1)]

    @pytest.mark.parametrize(
        "names",
        [("startTime", "endTime", "isFinal", "segmentId"), ("start_time", "end_time", "is_final", "segment_id")],
    )
    def test_names_in_both_styles(self, names: tuple[str, ...]) -> None:
        item = dict(zip(names, (1.25, 2, False, 7), strict=True)) | {"text": "a", "speaker": " B ", "confidence": 1}
        assert read(orjson.dumps([item]).decode()) == [SegmentContent("a", 1.25, 2.0, 7, "B", False, 1.0)]

    def test_speaker_may_be_null(self) -> None:
        assert read('[{"text": "a", "start": 1, "end": 2, "speaker": null}]')[0].speaker == ""

    @pytest.mark.parametrize(
        ("file", "message"),
        [
            ("{", "this is no valid JSON: "),
            ("[" * 100_000, "this is no valid JSON: "),
            ("{}", "must be a list of segments, or an object"),
            ('{"segments": {}}', "must be a list of segments, or an object"),
            ("[1]", "[0] must be an object with text, start and end"),
            ('{"segments": [{"start": 1, "end": 2}]}', "segments[0].text: is needed"),
            ('[{"text": "a", "end": 2}]', "[0].start: is needed"),
            ('[{"text": "a", "start": 1, "end": 2}, {"text": 3, "start": 1, "end": 2}]', "[1].text: must be a text"),
            ('[{"text": "a", "startTime": "noon", "end": 2}]', "[0].startTime: must be a time in numbers, is 'noon'"),
            ('[{"text": "a", "start": true, "end": 2}]', "[0].start: must be a time in numbers, is True"),
            ('[{"text": "a", "start": 1, "endTime": 1e300}]', "[0]: its end time must be a finite number from 0.0"),
            ('[{"text": "\\u0000", "start": 1, "end": 2}]', "[0]: its text must not contain the NUL character"),
        ],
    )
    def test_refusals_name_the_place(self, file: str, message: str) -> None:
        assert message in refusal(file, "a.json")
