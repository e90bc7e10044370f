"""Checks the transcripts of Soniox."""

from tests.harness.transcript_files import messages, timed, transcript


def _token(text: str, start: int, speaker: str = "1", **more: object) -> dict[str, object]:
    return {"text": text, "start_ms": start, "end_ms": start + 100, "confidence": 0.5, "speaker": speaker, **more}


def test_tokens_are_joined_to_words() -> None:
    tokens = [_token("Who", 1000), _token(" com", 1200), _token("es", 1300), _token("?", 1400), _token("<end>", 1500)]
    tokens += [_token("Me", 2000, "2"), _token(".", 2100, "2")]
    read = transcript({"id": "1", "text": "Who comes?Me.", "tokens": tokens})
    assert (read.dialect, read.notes) == ("Soniox", [])
    assert timed(read) == [("1", "Who comes?", 1.0, 1.5), ("2", "Me.", 2.0, 2.2)]
    assert [word.text for word in read.segments[0].words or ()] == ["Who", "comes?"]


def test_a_translation_was_not_said() -> None:
    tokens = [_token("Ja.", 1000), _token("Yes.", 1000, translation_status="translation")]
    read = transcript({"tokens": tokens})
    assert [text for _, text, *_ in timed(read)] == ["Ja."]
    assert messages(read) == ["None: the file has a translation beside what was said, which is left out"]


def test_in_scripts_without_spaces_each_token_is_a_word() -> None:
    tokens = [_token(text, 1000 + 100 * index) for index, text in enumerate(["日本", "語", "。", "はい", "。"])]
    read = transcript({"tokens": tokens})
    assert [text for _, text, *_ in timed(read)] == ["日本語。", "はい。"]
    assert [word.text for word in read.segments[0].words or ()] == ["日本", "語。"]
