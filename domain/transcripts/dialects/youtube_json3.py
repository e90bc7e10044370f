"""Reads the captions of YouTube's player (`fmt=json3`), whose times are milliseconds: automatic ones have times of words."""

from domain.transcripts.cues import Cue, CueWord, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, SegmentReader, at, objects_at, seconds_of
from domain.transcripts.source import Source, without_surrogates


def _recognises(source: Source) -> bool:
    return any("tStartMs" in event for event in objects_at(source.document, "events")[:20])


def _read(source: Source) -> Reading:
    reader = SegmentReader(source, ("events",), Fields())
    events = at(source.document, "events")
    cues: list[Cue] = []
    for index, event in enumerate(events if isinstance(events, list) else []):
        pieces = [
            (text, at(each, "tOffsetMs"))
            for each in objects_at(event, "segs")
            if isinstance(text := each.get("utf8"), str)
        ]
        text = without_surrogates("".join(text for text, _ in pieces)).strip()
        start, duration = (seconds_of(at(event, name), 0.001) for name in ("tStartMs", "dDurationMs"))
        if text and start is not None:
            cue = Cue(text, start, start + (duration or 0.0), item=index, place=reader.place(index))
            if any(offset is not None for _, offset in pieces):
                cue.words = [
                    CueWord(without_surrogates(word), start + (seconds_of(offset, 0.001) or 0.0))
                    for text, offset in pieces
                    if (word := text.strip())
                ]
            cues.append(cue)
    return Reading(cues)


DIALECT = Dialect("YouTube JSON", 'is JSON whose "events" have a "tStartMs"', _recognises, _read, has_units=True)
