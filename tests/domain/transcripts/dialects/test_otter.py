"""Checks the speeches of Otter's API."""

from tests.harness.transcript_files import timed, transcript


def test_times_are_samples() -> None:
    speeches = [
        {"start_offset": 48_000, "end_offset": 128_000, "transcript": "We ship.", "speaker_id": 7, "uuid": "u1"},
        {
            "start_offset": 128_000,
            "end_offset": 136_000,
            "transcript": "Good.",
            "speaker_model_label": "2",
            "uuid": "u2",
        },
    ]
    speech = {"title": "Weekly", "speakers": [{"id": 7, "speaker_name": "Ida Holm"}], "transcripts": speeches}
    for file, title in (({"status": "OK", "speech": speech}, "Weekly"), (speech, "Weekly")):
        read = transcript(file)
        assert (read.dialect, read.title, read.notes) == ("Otter", title, [])
        assert timed(read) == [("Ida Holm", "We ship.", 3.0, 8.0), ("2", "Good.", 8.0, 8.5)]
        assert [segment.external_id for segment in read.segments] == ["u1", "u2"]
