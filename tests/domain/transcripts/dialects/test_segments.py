"""Checks JSON and JSON Lines whose segments have the names that most programs use."""

import json

import pytest

from tests.harness.transcript_files import messages, refusal, timed, transcript


@pytest.mark.parametrize(
    "item",
    [
        {"text": "Go on.", "start": 1, "end": 2.5, "speaker": "Ida"},
        {"text": "Go on.", "start": "1.0", "end": "2.5s", "speakerName": "Ida"},
        {"content": "Go on.", "start_time": "00:00:01.000", "end_time": "00:00:02,500", "speaker_label": "Ida"},
        {"transcript": "Go on.", "start_ms": 1000, "end_ms": 2500, "speaker": {"id": 3, "name": "Ida"}},
        {"sentence": "Go on.", "begin": 1, "duration": 1.5, "participant": "Ida"},
        {"body": "Go on.", "from": 1, "to": 2.5, "speaker": "Ida", "speaker_id": 4},
    ],
)
def test_names_of_fields(item: dict[str, object]) -> None:
    for file in ([item], {"segments": [item]}, {"transcript": [item]}):
        read = transcript(file)
        assert (timed(read), messages(read)) == ([("Ida", "Go on.", 1.0, 2.5)], [])


def test_numbered_speakers() -> None:
    read = transcript([{"text": "a b", "start": 1, "end": 2, "speaker": number} for number in (0, 1.0, "2", None)])
    assert [segment.speaker for segment in read.segments] == ["0", "1", "2", ""]


def test_a_field_that_may_name_speakers_is_not_ignored_in_silence() -> None:
    read = transcript(
        '[\n{"text": "a b", "start": 1, "end": 2, "speakerTag": "Ida"},\n{"text": "c", "start": 1, "end": 2}]'
    )
    assert messages(read) == ["2: the field 'speakerTag' is not read: it may name speakers ([0])"]


def test_json_lines_name_the_line() -> None:
    file = '{"text": "a b", "start": 1, "end": 2}\n\n{"text": "c d", "start": 4, "end": 3}\n'
    assert messages(transcript(file)) == ["3: ends before it starts, and is given no length ([1]: 4 s to 3 s)"]
    assert "line 3 is no valid JSON" in refusal('{"text": "a", "start": 1, "end": 2}\n[]\n{"text"\n')


def test_json_lines_may_be_few_and_each_may_have_nan() -> None:
    line = '{"text": "a b", "start": 1, "end": 2, "score": NaN}\n'
    assert timed(transcript(line.replace("NaN", "0.5"), "live.jsonl")) == [("", "a b", 1.0, 2.0)]
    for file, numbers in ((line, [1]), (line + '{"text": "c d", "start": 3, "end": 4}\n', [1])):
        assert [note.line for note in transcript(file, "live.jsonl").notes] == numbers
    assert "line 2 is no valid JSON" in refusal(line + '{"text"\n', "live.jsonl")
    assert timed(transcript('{"segments": [{"text": "a b", "start": 1, "end": 2}]}', "all.jsonl"))


def test_the_last_version_of_a_live_segment_counts() -> None:
    lines = [
        '{"id": "x", "text": "We", "start": 1, "end": 1.5, "is_final": false}',
        '{"id": "y", "text": "Never.", "start": 2, "end": 2.5}',
        '{"id": "x", "text": "We do.", "start": 1, "end": 2, "is_final": true}',
    ]
    assert [segment.text for segment in transcript("\n".join(lines)).segments] == ["Never.", "We do."]


class TestUnits:
    @pytest.mark.parametrize("unit", ["ms", "s"])
    def test_whole_numbers_that_cannot_be_seconds_are_milliseconds(self, unit: str) -> None:
        factor = 1000 if unit == "ms" else 1
        items = [
            {"text": "so it is", "start": second * factor, "end": (second + 2) * factor} for second in (1, 4, 3600)
        ]
        read = transcript(items)
        assert [segment.start_time for segment in read.segments] == [1.0, 4.0, 3600.0]
        assert any("read as milliseconds" in message for message in messages(read)) == (unit == "ms")

    def test_fractions_that_cannot_be_seconds_are_refused(self) -> None:
        assert "the times cannot be seconds" in refusal('[{"text": "a b", "start": 1000.5, "end": 90000.25}]')

    def test_a_long_silence_is_no_unit(self) -> None:
        items = [
            {"text": "so it is", "start": 1, "end": 3},
            {"text": "[Music]", "start": 3, "end": 600},
            {"text": "a b c", "start": 600, "end": 602},
        ]
        assert messages(transcript(items)) == []

    def test_a_sound_can_last(self) -> None:
        assert timed(transcript([{"text": "[Music]", "start": 0, "end": 300}])) == [("", "[Music]", 0.0, 300.0)]

    def test_more_words_than_anybody_speaks_are_doubtful(self) -> None:
        text = "these are all of the words that anybody could ever want to say"
        assert "words are said in a second" in messages(transcript([{"text": text, "start": 0.01, "end": 0.05}]))[0]


class TestRepairs:
    def test_times_that_are_not_there(self) -> None:
        items = [
            {"text": "a b", "start": None, "end": 1.5},
            {"text": "c d", "start": 2, "end": None},
            {"text": "e f", "start": 3, "end": 4},
            {"text": "g h", "start": None, "end": None},
        ]
        read = transcript(items)
        assert timed(read) == [
            ("", "a b", 0.0, 1.5),
            ("", "c d", 2.0, 3.0),
            ("", "e f", 3.0, 4.0),
            ("", "g h", 4.0, 4.0),
        ]
        assert [message.partition(",")[0] for message in messages(read)] == [
            "1: has no end",
            "1: has no end",
            "1: has no start",
            "1: has no start",
        ]

    def test_negative_starts_and_odd_confidences(self) -> None:
        read = transcript([{"text": "a b", "start": -0.5, "end": 1, "confidence": 97}])
        assert timed(read) == [("", "a b", 0.0, 1.0)]
        assert read.segments[0].confidence is None
        assert sorted(messages(read)) == [
            "1: confidence is no number from 0 to 1, and is left out ([0])",
            "1: starts before 0, and is moved there ([0]: -0.5 s)",
        ]

    def test_half_a_character(self) -> None:
        assert timed(transcript('[{"text": "a \\ud83d", "start": 1, "end": 2}]')) == [("", "a \ufffd", 1.0, 2.0)]

    def test_notes_are_bounded(self) -> None:
        notes = messages(transcript([{"text": f"{n} b", "start": 2, "end": 1} for n in range(5_000)]))
        assert len(notes) == 21
        assert notes[-1] == "None: ends before it starts, and is given no length: 4,980 more times"


def test_vosk_gives_words_only_their_times() -> None:
    result = [
        {"conf": 0.9, "start": 1.0, "end": 1.4, "word": "we"},
        {"conf": 0.8, "start": 1.5, "end": 2.0, "word": "ship"},
    ]
    one = {"result": result, "text": "we ship"}
    assert timed(transcript(one)) == [("", "we ship", 1.0, 2.0)]
    assert timed(transcript([one, one | {"text": "it"}])) == [("", "we ship", 1.0, 2.0), ("", "it", 1.0, 2.0)]


def test_manifests_of_nemo_have_an_offset_and_a_duration() -> None:
    read = transcript([{"audio_filepath": "a.wav", "offset": 1.5, "duration": 2.0, "text": "We ship."}])
    assert timed(read) == [("", "We ship.", 1.5, 3.5)]


def test_a_list_called_data() -> None:
    read = transcript({"meetingId": "x", "data": [{"startTime": 1, "endTime": 3, "speaker": "Ida", "text": "Hello."}]})
    assert timed(read) == [("Ida", "Hello.", 1.0, 3.0)]


def test_several_documents_of_many_lines_follow_each_other() -> None:
    said = [{"text": "we ship", "result": [{"word": "we ship", "start": 1, "end": 2, "conf": 0.5}]}, {"text": ""}]
    file = "".join(f"{json.dumps(each, indent=2)}\n" for each in (*said, {"text": "x", "start": 4, "end": 3}))
    read = transcript(file)
    assert timed(read) == [("", "we ship", 1.0, 2.0), ("", "x", 4.0, 4.0)]
    assert [note.line for note in read.notes] == [file.count("\n") - 4]
    for broken in (file + "{", file + "1", file + "[]"):
        assert "no valid JSON" in refusal(broken, "a.json")


def test_times_alone_end_where_the_next_one_starts() -> None:
    for name, text in (("transcript", "text"), ("sentences", "transcript")):
        file: dict[str, object] = {
            name: [
                {text: "We ship.", "timestamp": "00:00:03", "speaker": {"display_name": "Ida"}},
                {text: "Good.", "timestamp": 8.5, "speaker": "Ole"},
            ]
        }
        read = transcript(file)
        assert (timed(read), read.notes) == ([("Ida", "We ship.", 3.0, 8.5), ("Ole", "Good.", 8.5, 8.5)], [])
    assert "[1].duration: is needed" in refusal(
        '[{"text": "a", "start": 1, "end": 2}, {"text": "b", "start": 3}]', "a.json"
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2025-01-07T15:00:03.100Z", "2025-01-07T16:00:08.000+01:00"),
        ("2025-01-07 15:00:03.1", "2025-01-07 15:00:08"),
        (1_736_262_003.1, 1_736_262_008),
        (1_736_262_003_100, "1736262008000"),
    ],
)
def test_moments_count_from_the_first_one(first: object, second: object) -> None:
    items = [{"text": "Good.", "timestamp": second, "role": "user"}, {"text": "Hi.", "timestamp": first, "role": "bot"}]
    assert timed(transcript(items)) == [("user", "Good.", 4.9, 4.9), ("bot", "Hi.", 0.0, 0.0)]
    pairs = [{"text": "Hi.", "start_timestamp": first, "end_timestamp": second, "source": "microphone"}]
    assert timed(transcript(pairs)) == [("", "Hi.", 0.0, 4.9)]


def test_a_date_that_is_none_is_refused() -> None:
    assert "must be a time in numbers" in refusal(
        '[{"text": "a", "start": "2025-13-07T15:00:03Z", "end": 1}]', "a.json"
    )


def test_milliseconds_beside_a_date_are_no_seconds() -> None:
    items = [{"text": "a b", "start": 3000, "end": 5000, "timestamp": "2025-01-07T15:00:03Z"}]
    assert timed(transcript(items)) == [("", "a b", 3.0, 5.0)]


@pytest.mark.parametrize(("voice", "speaker"), [("Ida", "Ida"), ("", "7"), (None, "7")])
def test_podlove_calls_a_name_a_voice(voice: str | None, speaker: str) -> None:
    item = {"start": "00:00:01.000", "start_ms": 1000, "end": "00:00:02.000", "end_ms": 2000, "text": "a b"}
    assert timed(transcript([{**item, "speaker": "7", "voice": voice}])) == [(speaker, "a b", 1.0, 2.0)]


def test_pairs_of_times() -> None:
    assert timed(transcript([{"timestamp": [1, 2.5], "text": " Go."}])) == [("", "Go.", 1.0, 2.5)]


def test_a_text_without_times_is_refused() -> None:
    assert "its text has no times" in refusal('{"text": "So be it.", "usage": {}}', "a.json")


@pytest.mark.parametrize(
    ("times", "starts"),
    [
        (["2025-01-07T15:00:00Z", "2025-01-07T15:10:00Z", "2025-01-07T15:25:00Z"], [0.0, 600.0, 1500.0]),
        (["00:00:00", "00:10:00", "00:25:00"], [0.0, 600.0, 1500.0]),
        ([0, 400, 402], [0.0, 400.0, 402.0]),
        ([1000, 2400, 3000], [1.0, 2.4, 3.0]),
    ],
)
def test_pauses_do_not_make_seconds_milliseconds(times: list[object], starts: list[float]) -> None:
    read = transcript([{"text": "Yes.", "timestamp": time} for time in times])
    assert [segment.start_time for segment in read.segments] == starts


def test_a_fence_of_markdown_around_json() -> None:
    read = transcript('```json\n[\n{"text": "So.", "start": 2, "end": 1}\n]\n```\n')
    assert timed(read) == [("", "So.", 2.0, 2.0)]
    assert [note.line for note in read.notes] == [1, 3, 5]
