"""Checks the transcripts of Vexa."""

from tests.harness.transcript_files import messages, timed, transcript


def test_segments_are_named_by_texts_and_the_last_version_counts() -> None:
    def segment(id: str, text: str, completed: bool) -> dict[str, object]:
        return {"start": 1.0, "end": 2.0, "text": text, "speaker": "Ida", "segment_id": id, "completed": completed}

    segments = [segment("s:1", "We sh", False), segment("s:1", "We ship.", True), segment("s:2", "Good.", True)]
    read = transcript({"platform": "google_meet", "segments": segments})
    assert read.dialect == "Vexa"
    assert timed(read) == [("Ida", "We ship.", 1.0, 2.0), ("Ida", "Good.", 1.0, 2.0)]
    assert [cue.external_id for cue in read.cues] == ["s:1", "s:2"]
    assert messages(read) == ["None: segments come more than once: the last version of each is taken (1)"]


def test_versions_without_ids_are_told_apart_by_their_moments() -> None:
    def segment(text: str, moment: str) -> dict[str, object]:
        return {"start": 1.0, "end": 2.0, "text": text, "speaker": "Ida", "absolute_start_time": moment}

    segments = [segment("We ship.", "10:00:01"), segment("We ship.", "10:00:01"), segment("We ship.", "10:00:03")]
    assert len(transcript({"segments": segments}).segments) == 2
