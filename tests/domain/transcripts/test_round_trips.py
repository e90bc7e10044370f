"""Checks that what was written reads back the same, and that any file is read or refused, in linear time."""

import contextlib
import re
import time
from copy import deepcopy
from dataclasses import asdict
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.segments import Segment, SegmentContent
from domain.times import MAX_TIME_SECONDS
from domain.transcripts import NotATranscript, TranscriptFormat, read_transcript, read_turns, write_transcript
from domain.validation import parse
from tests.harness import hostile_transcripts
from tests.harness.large_meeting_transcripts import meeting_files
from tests.harness.large_transcripts import usual_files
from tests.harness.large_word_transcripts import word_files
from tests.harness.transcript_files import TIMES, read, segment, srt, vtt

pytestmark = pytest.mark.slow

# Words in which something could be taken for markup, between characters of all kinds.
FRAGMENTS = st.one_of(
    st.sampled_from(
        ["-->", "\n", "\r\n\r\n", "\r", " ", ":", ": ", "Alice: ", ";", '"', "'", "7", "\n\n9\n", "NOTE", "{"]
    ),
    st.sampled_from(
        ["<", ">", "<v Bob>", "<v ", "<b>", "</i>", "&", "&amp;", "&#58;", "&#10;", TIMES, TIMES.replace(".", ",")]
    ),
    st.sampled_from(
        [
            "-",
            "\n>> ",
            "Speaker 1 ",
            "Speaker 2\n",
            "(SPEAKER_00) ",
            "{speaker 1}",
            "(Bob)\n",
            f"7 {TIMES}",
            "Спикер №1: ",
        ]
    ),
    st.sampled_from(
        ["שלום", "مرحبا", "\u202e", "👩‍🚀", "\u2028", "\x85", "\u00a0", "\x1c", "\ufeff", "WEBVTT", "STYLE"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8),
)
WORDS = st.lists(FRAGMENTS, max_size=8).map("".join)
SECONDS = (
    st.floats(0, MAX_TIME_SECONDS)
    | st.floats(0, 10)
    | st.integers(0, MAX_TIME_SECONDS * 1000).map(lambda ms: ms / 1000)
)


SMALL_FILES = [
    "Ida Berg  0:03\nHello.\n\nOle  0:04\nHi.\n",
    "0:03 Ida: Hello.\n0:04 Ole: Hi.\n",
    "Ida: (0:03)\nHello.\n\nOle: (0:04)\nHi.\n",
    "[Ida] 10:00:03\nHello.\n\n[Ole] 10:00:05\nHi.\n",
    "Start,End,Text\n1,2,Hello.\n",
    "0:00:01.000,0:00:02.000\nIda: Hello.\n",
    "[ti:Weekly]\n[00:01.00]Ida: Hello.\n",
    "{25}{50}Hello.|Hi.\n",
    "0:0:3.240 --> 0:0:8.100\nIda\nHello.\n",
    "Ida  0:03  Hello.\nOle  0:04  Hi.\n",
    "Ida 0 minutes 3 seconds\nHello.\nOle 0 minutes 4 seconds\nHi.\n",
    "00:00:03:12 - 00:00:05:00\nIda\nHello.\n",
    "<SAMI><SYNC Start=1000><P Class=EN>Hello.\n",
    "a 1 0.5 0.3 hello 0.9\na 1 0.9 0.3 hi 0.9\n",
    "a 1 Ida 0.5 0.9 <o> hello\n",
    "1.0\t2.0\tIda: Hello.\n",
    vtt("<v Ida>Hello.</v>"),
    srt(">> IDA: Hello."),
]


@st.composite
def segment_lists(draw: st.DrawFn) -> list[Segment]:
    segments = []
    for id in draw(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=6, unique=True)):
        start, end = sorted((draw(SECONDS), draw(SECONDS)))
        speaker = draw(st.just("") | WORDS.map(lambda words: words[:200].strip()))
        written = segment(draw(WORDS.filter(str.strip)), speaker, id, start, end)
        written.is_final = draw(st.booleans())
        written.confidence = draw(st.none() | st.floats(0, 1))
        segments.append(written)
    return segments


def milliseconds(seconds: float) -> Decimal:
    return Decimal(repr(seconds)).quantize(Decimal("0.001"), ROUND_HALF_UP)


def without_blank_lines(text: str) -> str:
    return "\n".join(line for line in re.split(r"\r\n|\r|\n", text) if line.strip()).strip()


def same_times(content: SegmentContent, segment: Segment) -> bool:
    wanted = (segment.start_time, segment.end_time)
    read_times = (content.start_time, content.end_time)
    return all(float(milliseconds(a)) == b for a, b in zip(wanted, read_times, strict=True))


def is_lengthened(content: SegmentContent, segment: Segment) -> bool:
    """Returns whether a segment without length has become a cue of a millisecond, as near as can be."""
    moment, millisecond = milliseconds(segment.start_time), Decimal("0.001")
    later = (moment, moment + millisecond) if moment < MAX_TIME_SECONDS else (moment - millisecond, moment)
    is_empty = moment == milliseconds(segment.end_time)
    return is_empty and (milliseconds(content.start_time), milliseconds(content.end_time)) == later


class TestRoundTrips:
    @given(segment_lists(), WORDS)
    @example([segment("Alice: Hello", "Bob"), segment("Alice: Bob: Hello", segment_id=2)], "")
    @example([segment("A:\nB: c"), segment("a", "x-->y: z", 0)], "-->\r\n\r\n1\r\n")
    def test_vtt(self, segments: list[Segment], title: str) -> None:
        contents = read(write_transcript(segments, TranscriptFormat.VTT, title=title))
        for content, written in zip(contents, segments, strict=True):
            assert content.segment_id == written.segment_id
            assert content.text == without_blank_lines(written.text)
            assert content.speaker == re.sub(r"\r\n|\r|\n", " ", written.speaker)
            assert same_times(content, written) or is_lengthened(content, written)

    @given(segment_lists())
    @example([segment("5\na --> b"), segment("&lt;v A> <v B>", "<v x", 2), segment("x>", "<v y", 3)])
    @example([segment("a", "Ann"), segment("b", "", 2), segment("c", "Bo", 3), segment("so: d", "", 4)])
    @example([segment("a", "Warning"), segment("b\nBo: c", "the chair", 2), segment("[x] d", "[y]", 3)])
    @example([segment("a", "", id) for id in range(1, 6)])
    def test_srt(self, segments: list[Segment]) -> None:
        contents = read(write_transcript(segments, TranscriptFormat.SRT))
        for content, written in zip(contents, segments, strict=True):
            assert content.segment_id == written.segment_id
            assert content.text == without_blank_lines(written.text)
            assert content.speaker == re.sub(r"\r\n|\r|\n", " ", written.speaker)
            assert same_times(content, written)

    @given(segment_lists(), WORDS)
    def test_json(self, segments: list[Segment], title: str) -> None:
        contents = read(write_transcript(segments, TranscriptFormat.JSON, title=title))
        for content, written in zip(contents, segments, strict=True):
            assert (content.segment_id, content.text, content.speaker) == (
                written.segment_id,
                written.text,
                written.speaker,
            )
            assert (content.start_time, content.end_time) == (written.start_time, written.end_time)
            assert (content.is_final, content.confidence) == (written.is_final, written.confidence)

    @given(segment_lists(), WORDS)
    def test_text_has_a_paragraph_per_segment(self, segments: list[Segment], title: str) -> None:
        text = write_transcript(segments, TranscriptFormat.TEXT, title=title)
        assert len(text.rstrip("\n").split("\n\n")) == len(segments) + bool(title.strip())


LINES = st.one_of(
    st.sampled_from(
        ["", " ", "1", "2", "1 ", "²", "x", "Bob: hi", "<v Bob>hi", "<v", "&#1", "\ufeff", "\x0c", "\u2028"]
    ),
    st.sampled_from(["", "NOTE", "NOTE a --> b", "NOTEx", "STYLE", "REGION", "id:a", "WEBVTT", "a --> b", "-->"]),
    st.sampled_from(["", TIMES, TIMES.replace(".", ","), f"{TIMES} line:0", f"{TIMES} x", "00:02.000 --> 00:01.000"]),
    st.sampled_from(["1", "2", TIMES, TIMES.replace(".", ","), "00:00:01,000 --> 00:00:02,5", "99:99.000 --> 1.000"]),
)
FILES = st.one_of(
    st.binary(),
    st.text().map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.text().map(lambda text: text.encode("utf-16", "surrogatepass")),
    st.tuples(
        st.sampled_from(["", "WEBVTT\n\n", f"1\n{TIMES.replace('.', ',')}\n", "[", '{"segments": [']),
        st.lists(LINES, max_size=20),
        st.sampled_from(["\n", "\r\n", "\r"]),
    ).map(lambda parts: (parts[0] + "\n".join(parts[1])).replace("\n", parts[2]).encode()),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | WORDS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
            ["segments", "text", "start", "end", "startTime", "end_time", "speaker", "id", "segmentId", "isFinal"]
        ), inner),
    ).map(orjson.dumps),
)  # fmt: skip


DOCUMENTS = [
    orjson.loads(file.content(1_000))
    for _, file in chain(usual_files(), word_files(), meeting_files())
    if file.name == "a.json"
]
"""Short files of each JSON dialect."""
VALUES: st.SearchStrategy[object] = st.one_of(
    st.sampled_from([None, True, "12:00:00", "1.5", "PT1S", [], {}]),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False),
    WORDS,
)


@st.composite
def damaged_documents(draw: st.DrawFn) -> object:
    """Draws a document of which some values are replaced."""
    document = deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 3))):
        place: Any = document
        while True:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            key = draw(st.sampled_from(keys)) if keys else None
            if key is None or not isinstance(place[key], dict | list) or draw(st.integers(0, 7)) == 0:
                break
            place = place[key]
        if key is not None:
            place[key] = draw(VALUES)
    return document


class TestAnyFile:
    @given(damaged_documents())
    @settings(max_examples=100)
    def test_a_document_with_other_values_is_read_or_refused(self, document: object) -> None:
        with contextlib.suppress(NotATranscript):
            assert read_transcript(orjson.dumps(document), "a.json").segments

    @given(
        st.sampled_from([*hostile_transcripts.STARTS.values()]),
        st.lists(st.sampled_from(hostile_transcripts.FRAGMENTS), max_size=5),
        st.integers(0, 60),
    )
    @settings(max_examples=200)
    @example("<SAMI>", ["<!--"], 0)
    @example("\u00a0", ["00:00:03:12 - 00:00:05:00\n"], 0)
    def test_of_any_dialect_is_read_or_refused(self, start: str, fragments: list[str], cut: int) -> None:
        for file in (start + "".join(fragments), start[:-cut] + "".join(fragments), "".join(fragments) + start):
            for read_file in (read_transcript, read_turns):
                with contextlib.suppress(NotATranscript):
                    read_file(file, "a")

    @given(FILES, st.text())
    @settings(max_examples=200)
    def test_is_read_or_refused(self, data: bytes, name: str) -> None:
        try:
            contents = read_transcript(data, name).segments
        except NotATranscript:
            return
        assert contents
        for content in contents:
            assert parse(SegmentContent, asdict(content)) == content
            assert content.start_time <= content.end_time
        assert len({content.segment_id for content in contents} - {None}) == len(contents)

    @pytest.mark.parametrize("start", ["", vtt("").rstrip("\n") + "\n", srt("").rstrip("\n") + "\n", "WEBVTT\n\n", "["])
    @pytest.mark.parametrize(
        "repeated",
        [
            *("<", "<v ", "<v a", "<c.a", "<0000", ".", "&", "&#1", "&lt;", "1", ":", ": ", "Aa. ", " "),
            *(" \n", "-->", "--> \n", "1\n", "1\n\n", "NOTE x\n\n", "STYLE\na\n\n", f"{TIMES}\na\n\n"),
            *("[", '{"a":', '[{"text":"a","start":1,"end":1},'),
        ],
    )
    def test_takes_time_linear_in_its_size(self, start: str, repeated: str) -> None:
        self._read_in_time(start + repeated * (200_000 // len(repeated)))

    @given(st.sampled_from(SMALL_FILES), st.integers(0, 60), st.sampled_from([*" \t\n0:.-,;([{<&>_A", "\n ", "0:"]))
    @settings(max_examples=80)
    @example("0:03 Ida: Hello.\n0:04 Ole: Hi.\n", 22, " ")
    @example("Start,End,Text\n1,2,Hello.\n", 16, "\t")
    def test_takes_time_linear_in_the_length_of_a_line(self, file: str, at: int, repeated: str) -> None:
        # Lines of plain text are read up to 20,000 characters.
        self._read_in_time(file[:at] + repeated * (19_000 // len(repeated)) + file[at:])
        self._read_in_time((file[:at] + repeated * (19_000 // len(repeated)) + file[at:]) * 10)

    def _read_in_time(self, file: str) -> None:
        began = time.process_time()
        with contextlib.suppress(NotATranscript):
            read(file)
        assert time.process_time() - began < 5  # it takes a twentieth of that; in quadratic time, minutes
