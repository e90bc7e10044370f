"""Large transcript files of meeting services, and of the programs of linguists and editors, as they write them."""

from collections.abc import Iterator

from tests.harness.large_transcripts import File, clock, items, speaker, text, words


def meeting_files() -> Iterator[tuple[str, File]]:
    """Yields files as programs write them."""
    frames = "{}:10 - {}:05\n{}\n{}\n\n"
    yield (
        "Premiere",
        File("a.txt", lambda n: frames.format(*(clock(n * 2 + i)[:-4] for i in (0, 1)), speaker(n), text(n))),
    )
    yield (
        "SAMI",
        File("a.smi", lambda n: f"<SYNC Start={n * 2000}>\n<P Class=EN>{text(n)}<br>&amp; so\n", "<SAMI><BODY>\n"),
    )
    yield "CTM", File("a.ctm", lambda n: f"call 1 {n * 0.3:.2f} 0.20 word{n % 99} 0.9{n % 10}\n")
    yield "STM", File("a.stm", lambda n: f"call 1 {speaker(n)[:4]} {n * 2:.2f} {n * 2 + 1.9:.2f} <o,f0,> {text(n)}\n")
    yield "Audacity", File("a.txt", lambda n: f"{n * 2:.6f}\t{n * 2 + 1.9:.6f}\t{speaker(n)}: {text(n)}\n")
    yield (
        "Teams, spelled times",
        File("a.txt", lambda n: f"{speaker(n)} {n // 30} minutes {n * 2 % 60} seconds\n{text(n)}\n"),
    )
    yield "Rev.ai, text", File("a.txt", lambda n: f"Speaker {n % 3}    {clock(n * 2)[:-4]}    {text(n)}    \n")
    sentence = {"start": 0, "end": 0, "text": ""}
    yield (
        "Gong",
        items(
            lambda n: {
                "speakerId": f"{n % 3}",
                "sentences": [sentence | {"start": n * 2000, "end": n * 2000 + 1900, "text": text(n)}],
            },
            '{"callTranscripts":[{"callId":"1","transcript":[',
            "]}]}",
        ),
    )
    yield (
        "Otter",
        items(
            lambda n: {
                "start_offset": n * 32_000,
                "end_offset": n * 32_000 + 30_000,
                "transcript": text(n),
                "speaker_id": n % 3,
                "uuid": f"u{n}",
            },
            '{"speech":{"title":"Weekly","speakers":[{"id":1,"speaker_name":"Ida"}],"transcripts":[',
            "]}}",
        ),
    )
    yield (
        "Read.ai",
        items(
            lambda n: {
                "start_time": f"{1_709_632_803_100 + n * 2000}",
                "end_time": f"{1_709_632_803_100 + n * 2000 + 1900}",
                "speaker": {"name": speaker(n)},
                "words": text(n),
            },
            '{"title":"Weekly","transcript":{"speaker_blocks":[',
            "]}}",
        ),
    )
    yield (
        "Symbl",
        items(
            lambda n: {
                "id": f"{n}",
                "text": text(n),
                "from": {"name": speaker(n)},
                "startTime": f"2026-03-02T09:{n // 60 % 60:02}:{n % 60:02}.000Z",
                "endTime": f"2026-03-02T09:{n // 60 % 60:02}:{n % 60:02}.900Z",
            },
            '{"messages":[',
            "]}",
        ),
    )
    yield (
        "Happy Scribe",
        items(lambda n: {"speaker": speaker(n), "words": words(n, "text", "data_start", "data_end")}, "[", "]"),
    )
    yield (
        "Zoom timeline",
        items(lambda n: {"ts": clock(n * 2), "users": [{"username": speaker(n)}]}, '{"timeline":[', "]}"),
    )
    yield (
        "Fathom",
        items(
            lambda n: {"speaker": {"display_name": speaker(n)}, "text": text(n), "timestamp": clock(n * 2)[:-4]},
            '{"transcript":[',
            "]}",
        ),
    )
