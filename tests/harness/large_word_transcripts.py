"""Large transcript files of speech services that list words: every word has times."""

from collections.abc import Iterator

from tests.harness.large_transcripts import WORDS, File, items, speaker, text, words


def word_files() -> Iterator[tuple[str, File]]:
    """Yields files as the services write them."""

    def result(n: int) -> dict[str, object]:
        alternative = {
            "content": WORDS[n % 20] + ("." if n % 12 == 0 else ""),
            "confidence": 0.9,
            "speaker": f"S{n // 40 % 3}",
        }
        return {"type": "word", "start_time": n / 10, "end_time": n / 10 + 0.1, "alternatives": [alternative]}

    yield "Speechmatics", items(result, '{"results":[', "]}")
    yield (
        "ElevenLabs Scribe",
        items(
            lambda n: {
                "text": WORDS[n // 2 % 20] if n % 2 else " ",
                "start": n / 10,
                "end": n / 10 + 0.1,
                "type": "word" if n % 2 else "spacing",
                "speaker_id": f"speaker_{n // 40 % 3}",
            },
            '{"words":[',
            "]}",
        ),
    )
    yield (
        "Soniox",
        items(
            lambda n: {"text": f" {WORDS[n % 20]}" if n % 3 else "s", "start_ms": n * 100, "end_ms": n * 100 + 90},
            '{"tokens":[',
            "]}",
        ),
    )
    yield (
        "Rev",
        items(
            lambda n: {
                "speaker": n % 3,
                "elements": [
                    {"type": "text", "value": word, "ts": n * 2 + i * 0.1, "end_ts": n * 2 + i * 0.1 + 0.05}
                    for i, word in enumerate(WORDS)
                ],
            },
            '{"monologues":[',
            "]}",
        ),
    )
    yield (
        "Meeting BaaS",
        items(lambda n: {"speaker": speaker(n), "words": words(n, "word", "start", "end")}, "[", "]"),
    )
    yield (
        "Google Speech-to-Text",
        items(
            lambda n: {
                "alternatives": [
                    {
                        "transcript": text(n),
                        "words": [
                            {
                                "word": w,
                                "startTime": f"{n * 2 + i * 0.1:.3f}s",
                                "endTime": f"{n * 2 + i * 0.1 + 0.05:.3f}s",
                            }
                            for i, w in enumerate(text(n).split())
                        ],
                    }
                ]
            },
            '{"results":[',
            "]}",
        ),
    )
    yield (
        "Azure Speech",
        items(
            lambda n: {
                "recognitionStatus": "Success",
                "speaker": n % 3,
                "offsetInTicks": n * 20_000_000,
                "durationInTicks": 19_000_000,
                "nBest": [{"confidence": 0.9, "display": text(n)}],
            },
            '{"recognizedPhrases":[',
            "]}",
        ),
    )
