"""Checks how the encoding of a file is found, and guessed."""

import pytest

from domain.transcripts import NotATranscript, read_transcript
from tests.harness.transcript_files import messages, srt

SAMPLES = {
    "cp1252": "Élise Müller says: c’est très bien, naïve à l’été, señor, größer",
    "cp1251": "Анна: привет всем, начнём наше собрание сегодня",
    "shift_jis": "司会：それでは会議を始めましょう。よろしくお願いします。",
    "gb18030": "主持人：我们现在开始开会，请大家注意这个问题。",
    "euc_kr": "사회자: 회의를 시작하겠습니다. 감사합니다.",
}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_forms_of_unicode_are_recognised(encoding: str) -> None:
    read = read_transcript(srt("so it is").encode(encoding), "a.srt")
    assert read.segments[0].text == "so it is"
    assert bool(messages(read)) == encoding.endswith(("le", "be"))


@pytest.mark.parametrize("encoding", SAMPLES)
def test_another_encoding_is_refused_with_a_good_guess(encoding: str) -> None:
    data = srt("plain", SAMPLES[encoding]).encode(encoding)
    with pytest.raises(
        NotATranscript, match=rf"line 7 is not in UTF-8: it may be in {encoding} \(--encoding {encoding}\)"
    ):
        read_transcript(data, "a.srt")
    assert SAMPLES[encoding].endswith(read_transcript(data, "a.srt", encoding=encoding).segments[1].text)


@pytest.mark.parametrize("text", ["Привет", "Да, конечно. Спасибо"])
def test_a_few_words_in_cyrillic_are_not_taken_for_accents(text: str) -> None:
    with pytest.raises(NotATranscript, match=f"it may be in cp1251 .*{text}"):
        read_transcript(srt(text).encode("cp1251"), "a.srt")


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ("ebcdic-martian", "there is no encoding"),
        ("ascii", "line 3 is not in ascii"),
        ("rot13", "there is no encoding"),
    ],
)
def test_an_encoding_that_does_not_fit_is_refused(encoding: str, message: str) -> None:
    with pytest.raises(NotATranscript, match=message):
        read_transcript(srt("größer").encode(), "a.srt", encoding=encoding)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PK\x03\x04\x14\x00", "this is a document of a word processor, or another ZIP: save it as plain text first"),
        (b"%PDF-1.7\n%\xe2\xe3", "this is a PDF: copy its text first"),
        (b"\x1f\x8b\x08\x00", "this is compressed with gzip: decompress it first"),
        (b"ID3\x04\x00", "this is a recording: have it transcribed first"),
    ],
)
def test_what_is_no_text_is_called_by_its_name(data: bytes, message: str) -> None:
    with pytest.raises(NotATranscript, match=message):
        read_transcript(data, "meeting.docx")
