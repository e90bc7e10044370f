"""Checks the output of Amazon Transcribe."""

from tests.harness.transcript_files import timed, transcript


def _item(content: str, start: str | None, end: str | None = None) -> dict[str, object]:
    times = {"start_time": start, "end_time": end} if start else {}
    kind = "pronunciation" if start else "punctuation"
    return {"type": kind, "alternatives": [{"confidence": "0.5", "content": content}], **times}


ITEMS = [
    _item("Who", "1.0", "1.2"),
    _item("knows", "1.2", "1.6"),
    _item("?", None),
    _item("Me", "2.0", "2.2"),
    _item(".", None),
]


def test_audio_segments() -> None:
    segments = [
        {
            "id": 0,
            "transcript": "Who knows?",
            "start_time": "1.0",
            "end_time": "1.6",
            "speaker_label": "spk_0",
            "items": [0, 1, 2],
        },
        {
            "id": 1,
            "transcript": "Me.",
            "start_time": "2.0",
            "end_time": "2.2",
            "speaker_label": "spk_1",
            "items": [3, 4],
        },
    ]
    read = transcript({"results": {"items": ITEMS, "audio_segments": segments}})
    assert read.dialect == "AWS Transcribe"
    assert timed(read) == [("spk_0", "Who knows?", 1.0, 1.6), ("spk_1", "Me.", 2.0, 2.2)]
    assert [word.text for word in read.cues[0].words] == ["Who", "knows?"]
    assert read.cues[0].words[0].confidence == 0.5


def test_without_audio_segments_speakers_are_found_by_the_times_of_the_words() -> None:
    labels = [
        {
            "speaker_label": "spk_0",
            "items": [{"start_time": "1.0", "speaker_label": "spk_0"}, {"start_time": "1.2", "speaker_label": "spk_0"}],
        },
        {"speaker_label": "spk_1", "items": [{"start_time": "2.0", "speaker_label": "spk_1"}]},
    ]
    read = transcript({"jobName": "j", "results": {"items": ITEMS, "speaker_labels": {"segments": labels}}})
    assert timed(read) == [("spk_0", "Who knows?", 1.0, 1.6), ("spk_1", "Me.", 2.0, 2.2)]


def test_channels_name_the_speakers_where_the_items_do_not() -> None:
    channels = [{"channel_label": "ch_0", "items": ITEMS[:3]}, {"channel_label": "ch_1", "items": ITEMS[3:]}]
    read = transcript({"results": {"channel_labels": {"channels": channels}, "items": ITEMS}})
    assert timed(read) == [("ch_0", "Who knows?", 1.0, 1.6), ("ch_1", "Me.", 2.0, 2.2)]


def test_call_analytics() -> None:
    said = [
        {"Id": "a", "BeginOffsetMillis": 1000, "EndOffsetMillis": 1600, "Content": "Who?", "ParticipantRole": "AGENT"},
        {
            "Id": "b",
            "BeginOffsetMillis": 2000,
            "EndOffsetMillis": 2200,
            "Content": "Me.",
            "ParticipantRole": "CUSTOMER",
        },
    ]
    read = transcript({"JobName": "call", "Transcript": said})
    assert read.dialect == "AWS Transcribe"
    assert timed(read) == [("AGENT", "Who?", 1.0, 1.6), ("CUSTOMER", "Me.", 2.0, 2.2)]
    assert [cue.external_id for cue in read.cues] == ["a", "b"]


def test_words_that_only_the_channels_have() -> None:
    channels = [
        {"channel_label": "ch_0", "items": ITEMS[:3]},
        {"channel_label": "ch_1", "items": ITEMS[3:]},
    ]
    read = transcript({"results": {"channel_labels": {"channels": channels, "number_of_channels": 2}}})
    assert timed(read) == [("ch_0", "Who knows?", 1.0, 1.6), ("ch_1", "Me.", 2.0, 2.2)]
