"""Large transcript files of each dialect, as programs write them: with times for every word where the dialect has words."""

import json
from collections.abc import Callable, Iterator
from typing import NamedTuple

SPEAKERS = ("Dana Reyes", "Omar Lund", "Ida Holm")
SAID = "so the plan stands as it was, and we ship what is ready by the end of the week, as we said before"
WORDS = SAID.split()
TEXTS = [" ".join(WORDS[n:] + WORDS[:n]) for n in range(len(WORDS))]


class File(NamedTuple):
    """A file that consists of a head, of parts by their numbers, and of a tail."""

    name: str
    part: Callable[[int], str]
    head: str = ""
    tail: str = ""

    def content(self, chars: int) -> str:
        """Returns the file with as many parts as are about this long."""
        count = max(1, (chars - len(self.head) - len(self.tail)) // len(self.part(50_000)))
        return self.head + "".join(map(self.part, range(count))) + self.tail


def clock(seconds: float, fraction: str = ".") -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{fraction}{milliseconds:03}"


def text(n: int) -> str:
    return TEXTS[n % len(TEXTS)]


def speaker(n: int) -> str:
    return SPEAKERS[n % 3]


def cue(n: int, payload: str, fraction: str = ".") -> str:
    return f"{n + 1}\n{clock(n * 2, fraction)} --> {clock(n * 2 + 1.9, fraction)}\n{payload}\n\n"


def timed(n: int) -> str:
    times = (f"<{clock(n * 2 + index * 0.1)}>" for index in range(len(WORDS)))
    return f"{n}" + "".join(f"{time}<c> {word}</c>" for time, word in zip(times, WORDS, strict=True))


def rolling(n: int) -> str:
    return f"{text(n)} {n}\n{text(n + 1)} {n + 1}"


def items(document: Callable[[int], object], head: str, tail: str, name: str = "a.json") -> File:
    """Returns a JSON file whose parts are the items of a list."""
    return File(name, lambda n: ("," if n else "") + json.dumps(document(n), separators=(",", ":")), head, tail)


def words(n: int, key: str, start: str, end: str, unit: float = 1.0, **more: object) -> list[dict[str, object]]:
    return [
        {key: word, start: (n * 2 + i * 0.1) * unit, end: (n * 2 + i * 0.1 + 0.05) * unit, **more}
        for i, word in enumerate(WORDS)
    ]


def usual_files() -> Iterator[tuple[str, File]]:
    """Yields files as programs write them."""
    webvtt = "WEBVTT\n\n"
    yield "WebVTT, labels", File("a.vtt", lambda n: cue(n, f"{speaker(n)}: {text(n)}"), webvtt)
    yield "WebVTT, no speakers", File("a.vtt", lambda n: cue(n, text(n)), webvtt)
    yield "WebVTT, voices", File("a.vtt", lambda n: cue(n, f"<v {speaker(n)}>{text(n)}</v>"), webvtt)
    yield "WebVTT, times of words", File("a.vtt", lambda n: cue(n, timed(n)), webvtt)
    yield (
        "WebVTT, voices and times of words",
        File("a.vtt", lambda n: cue(n, f"<v {speaker(n)}>{timed(n)}</v>"), webvtt),
    )
    yield "WebVTT, rolling", File("a.vtt", lambda n: cue(n, rolling(n)), webvtt)
    yield "WebVTT, two voices a cue", File("a.vtt", lambda n: cue(n, f"<v Ann>{text(n)}</v>\n<v Bo>{text(n)}"), webvtt)
    yield (
        "WebVTT, tags and references",
        File("a.vtt", lambda n: cue(n, "<i>so</i> <b>it</b> &amp; is &lt;x&gt; " * 3), webvtt),
    )
    yield "SubRip", File("a.srt", lambda n: cue(n, text(n), ","))
    yield "SubRip, labels", File("a.srt", lambda n: cue(n, f"{speaker(n)}: {text(n)}", ","))
    yield "SubRip, tags", File("a.srt", lambda n: cue(n, f'{{\\an8}}<font color="#fff">{text(n)}</font>', ","))
    yield "SBV", File("a.sbv", lambda n: f"{clock(n * 2)[1:]},{clock(n * 2 + 1.9)[1:]}\n{text(n)}[br]{n} {text(n)}\n\n")
    ttml = '<tt xmlns="http://www.w3.org/ns/ttml"><body><div>\n'
    yield (
        "TTML",
        File(
            "a.ttml",
            lambda n: (
                f'<p begin="{clock(n * 2)}" end="{clock(n * 2 + 1.9)}">{text(n)}<br/>{speaker(n)}: {text(n)}</p>\n'
            ),
            ttml,
            "</div></body></tt>",
        ),
    )
    spans = "".join(
        f'<span begin="{index * 0.1:.1f}s" end="{index * 0.1 + 0.1:.1f}s">{{}}</span> ' for index in range(3)
    )
    yield (
        "TTML, spans with times",
        File(
            "a.ttml",
            lambda n: f'<p begin="{clock(n * 2)}">{spans.format(text(n), text(n + 1), text(n + 2))}</p>\n',
            ttml,
            "</div></body></tt>",
        ),
    )
    yield "Teams and Otter, headers", File("a.txt", lambda n: f"{speaker(n)}   {clock(n * 2)[:-4]}\n{text(n)}\n\n")
    yield "our own text", File("a.txt", lambda n: f"[{clock(n * 2)[:-4]}] {speaker(n)}: {text(n)}\n\n")
    yield (
        "Teams document",
        File(
            "a.txt",
            lambda n: f"0:{n // 60 % 60}:{n % 60}.0 --> 0:{n // 60 % 60}:{n % 60}.9\n{speaker(n)}\n{text(n)}\n\n",
        ),
    )
    table = "Speaker,Start,End,Text\n"
    yield "table", File("a.csv", lambda n: f'{speaker(n)},{clock(n * 2)},{clock(n * 2 + 1.9)},"{text(n)}"\n', table)
    yield "LRC", File("a.lrc", lambda n: f"[{n // 30:02}:{n * 2 % 60:02}.00]{speaker(n)}: {text(n)}\n")
    yield "MicroDVD", File("a.sub", lambda n: f"{{{n * 50}}}{{{n * 50 + 40}}}{text(n)}|{n} {text(n)}\n", "{1}{1}25\n")
    yield "RTTM", File("a.rttm", lambda n: f"SPEAKER call 1 {n * 2:.3f} 1.500 <NA> <NA> SPEAKER_{n % 7:02} <NA> <NA>\n")
    own = '{"title":"Weekly","segments":['

    def segment(n: int) -> dict[str, object]:
        return {"segmentId": n, "speaker": speaker(n), "startTime": n * 2.0, "endTime": n * 2 + 1.9, "text": text(n)}

    yield "Rapporteur", items(segment, own, "]}")
    yield (
        "Rapporteur, words",
        items(lambda n: {**segment(n), "words": words(n, "text", "startTime", "endTime")}, own, "]}"),
    )
    yield (
        "Rapporteur, corrections",
        items(
            lambda n: {
                **segment(n),
                "heard": {"text": text(n)[:20], "speaker": "S1"},
                "correction": {"text": text(n), "speaker": None},
            },
            own,
            "]}",
        ),
    )

    def whisper(n: int) -> dict[str, object]:
        return {"id": n, "seek": 0, "start": n * 2.0, "end": n * 2 + 1.9, "text": f" {text(n)}"}

    yield "Whisper", items(lambda n: {**whisper(n), "tokens": [1, 2, 3], "avg_logprob": -0.2}, '{"segments":[', "]}")
    yield (
        "WhisperX, speakers of words",
        items(
            lambda n: {**whisper(n), "words": words(n, "word", "start", "end", score=0.9, speaker=f"SPEAKER_{n % 3}")},
            '{"segments":[',
            '],"word_segments":[]}',
        ),
    )
    yield (
        "whisper.cpp",
        items(
            lambda n: {"offsets": {"from": n * 2000, "to": n * 2000 + 1900}, "text": f" {text(n)}"},
            '{"transcription":[',
            "]}",
        ),
    )
    yield (
        "Hugging Face",
        items(lambda n: {"timestamp": [n * 2.0, n * 2 + 1.9], "text": f" {text(n)}"}, '{"chunks":[', "]}"),
    )
    yield (
        "Deepgram",
        items(
            lambda n: {
                "start": n * 2.0,
                "end": n * 2 + 1.9,
                "confidence": 0.9,
                "transcript": text(n),
                "speaker": n % 3,
                "words": words(n, "punctuated_word", "start", "end", confidence=0.9, speaker=n % 3),
            },
            '{"results":{"channels":[],"utterances":[',
            "]}}",
        ),
    )
    yield (
        "Deepgram, words of a channel",
        items(
            lambda n: {
                "word": WORDS[n % 20],
                "start": n / 10,
                "end": n / 10 + 0.1,
                "confidence": 0.9,
                "speaker": n // 40 % 3,
            },
            '{"results":{"channels":[{"alternatives":[{"words":[',
            "]}]}]}}",
        ),
    )
    yield (
        "Deepgram, live",
        File(
            "a.jsonl",
            lambda n: (
                json.dumps(
                    {
                        "is_final": True,
                        "start": n * 2.0,
                        "duration": 1.9,
                        "channel": {
                            "alternatives": [{"transcript": text(n), "words": words(n, "word", "start", "end")[:3]}]
                        },
                    }
                )
                + "\n"
            ),
        ),
    )
    yield (
        "AssemblyAI",
        items(
            lambda n: {
                "start": n * 2000,
                "end": n * 2000 + 1900,
                "text": text(n),
                "speaker": "ABC"[n % 3],
                "words": words(n, "text", "start", "end", 1000.0, confidence=0.9),
            },
            '{"utterances":[',
            "]}",
        ),
    )

    def pronounced(n: int) -> dict[str, object]:
        return {
            "type": "pronunciation",
            "start_time": f"{n / 10:.2f}",
            "end_time": f"{n / 10 + 0.1:.2f}",
            "speaker_label": f"spk_{n // 40 % 3}",
            "alternatives": [{"confidence": "0.99", "content": WORDS[n % 20] + ("." if n % 12 == 0 else "")}],
        }

    yield "AWS Transcribe", items(pronounced, '{"results":{"items":[', "]}}")
    yield (
        "Podcasting 2.0",
        items(
            lambda n: {"startTime": n * 2.0, "endTime": n * 2 + 1.9, "speaker": speaker(n), "body": text(n)},
            '{"segments":[',
            "]}",
        ),
    )
    yield (
        "Fireflies",
        items(
            lambda n: {
                "index": n,
                "text": text(n),
                "start_time": n * 2.0,
                "end_time": n * 2 + 1.9,
                "speaker_name": speaker(n),
            },
            '{"sentences":[',
            "]}",
        ),
    )
    yield (
        "Vexa",
        items(
            lambda n: {
                "segment_id": f"s:{n}",
                "start": n * 2.0,
                "end": n * 2 + 1.9,
                "text": text(n),
                "speaker": speaker(n),
                "completed": True,
                "absolute_start_time": "2026-01-01T00:00:00Z",
            },
            '{"segments":[',
            "]}",
        ),
    )

    def spoken(n: int, i: int) -> dict[str, object]:
        return {
            "text": WORDS[i],
            "start_timestamp": {"relative": n * 2 + i * 0.1},
            "end_timestamp": {"relative": n * 2 + i * 0.1 + 0.05},
        }

    yield (
        "Recall.ai",
        items(
            lambda n: {"participant": {"id": n % 3, "name": speaker(n)}, "words": [spoken(n, i) for i in range(20)]},
            "[",
            "]",
        ),
    )
    yield (
        "Jitsi",
        items(
            lambda n: {
                "event": "SPEECH",
                "timestamp": f"2026-01-01T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}Z",
                "participant": {"name": speaker(n)},
                "transcript": [{"text": text(n), "confidence": 0.9}],
            },
            '{"start_time":"2026-01-01T00:00:00Z","events":[',
            "]}",
        ),
    )
    yield (
        "JSON Lines",
        File(
            "a.jsonl",
            lambda n: json.dumps({"text": text(n), "start": n * 2.0, "end": n * 2 + 1.9, "speaker": speaker(n)}) + "\n",
        ),
    )
    yield (
        "JSON segments, revisions",
        items(
            lambda n: {
                "id": f"x{n // 3}",
                "text": text(n),
                "start": n * 2.0,
                "end": n * 2 + 1.9,
                "isFinal": n % 3 == 2,
            },
            "[",
            "]",
        ),
    )
