"""Checks the JSON of Attendee."""

import pytest

from tests.harness.transcript_files import messages, timed, transcript


@pytest.mark.parametrize("first", [1_079, 1_760_890_193_721])
def test_times_count_from_the_recording_or_the_first_utterance(first: int) -> None:
    utterance = {"speaker_uuid": "16778240", "speaker_user_uuid": None, "duration_ms": 1_500}
    read = transcript(
        [
            {**utterance, "speaker_name": "Ida", "timestamp_ms": first, "transcription": "Who comes today?"},
            {**utterance, "speaker_name": "Ole", "timestamp_ms": first + 2_000, "transcription": {"transcript": "Me."}},
            {**utterance, "speaker_name": "Ole", "timestamp_ms": first + 4_000, "transcription": {"transcript": ""}},
        ]
    )
    start = 1.079 if first < 10_000 else 0.0
    assert read.dialect == "Attendee"
    assert [(speaker, text) for speaker, text, *_ in timed(read)] == [("Ida", "Who comes today?"), ("Ole", "Me.")]
    assert [round(time, 3) for _, _, *times in timed(read) for time in times] == [
        round(start + offset, 3) for offset in (0, 1.5, 2, 3.5)
    ]
    assert messages(read) == []
