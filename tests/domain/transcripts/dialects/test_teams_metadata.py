"""Checks WebVTT whose captions are JSON, as Microsoft Graph gives it."""

import json

from tests.harness.transcript_files import refusal, timed, transcript


def _caption(second: int, speaker: str | None, text: str | None) -> str:
    item = {
        "startDateTime": f"2026-03-02T09:00:0{second}.0000000Z",
        "endDateTime": f"2026-03-02T09:00:0{second + 1}.0000000Z",
        "speakerName": speaker,
        "spokenText": text,
        "spokenLanguage": "en-us",
    }
    return f"00:00:0{second}.000 --> 00:00:0{second + 1}.000\n{json.dumps(item)}\n\n"


def test_captions_are_objects() -> None:
    read = transcript(
        "WEBVTT\n\n" + _caption(1, "Ida Moe", "So 1 < 2 & more.") + _caption(3, None, "Ole: Yes."), "a.vtt"
    )
    assert read.dialect == "Teams metadata"
    assert timed(read) == [("Ida Moe", "So 1 < 2 & more.", 1.0, 2.0), ("", "Ole: Yes.", 3.0, 4.0)]


def test_a_caption_without_a_text_is_refused() -> None:
    file = "WEBVTT\n\n" + _caption(1, "Ida", "Hello.") + _caption(3, "Ida", None)
    assert 'cue 2 (line 6) must be a JSON object with "speakerName" and "spokenText"' in refusal(file)
