"""Reads the output of Hugging Face's pipeline for speech recognition: `chunks` with a pair of times."""

from domain.transcripts.cues import Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, SegmentReader, at, objects_at
from domain.transcripts.source import Source

_FIELDS = Fields(segment_id=())


def _recognises(source: Source) -> bool:
    return any("timestamp" in chunk for chunk in objects_at(source.document, "chunks")[:3])


def _read(source: Source) -> Reading:
    """Returns the chunks. The last one often has no end: Whisper was cut off in it."""
    # Programs that know the speakers give them in a list of their own, with the same texts.
    name = "speakers" if any("timestamp" in each for each in objects_at(source.document, "speakers")[:3]) else "chunks"
    chunks = at(source.document, name)
    items: list[object] = []
    for chunk in chunks if isinstance(chunks, list) else []:
        pair = at(chunk, "timestamp")
        times = {"start": at(pair, 0), "end": at(pair, 1)} if isinstance(pair, list) else {}
        items.append({**chunk, **times} if isinstance(chunk, dict) else chunk)
    return Reading(SegmentReader(source, (name,), _FIELDS).read(items))


DIALECT = Dialect("Hugging Face", 'is JSON with a list "chunks"', _recognises, _read)
