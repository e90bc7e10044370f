"""Reads the transcripts of Fireflies' API, with or without the answer around them."""

from domain.transcripts.cues import Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, Path, SegmentReader, at, objects_at
from domain.transcripts.source import Source

_FIELDS = Fields(
    text=("text", "raw_text", "sentence"),
    speaker=("speaker_name", "speaker", "speaker_id", "speaker_label"),
    segment_id=("index",),
)
_PATHS: tuple[Path, ...] = (("sentences",), ("transcript", "sentences"), ("data", "transcript", "sentences"))


def _recognises(source: Source) -> bool:
    document = source.document
    if any("transcript" not in sentence for path in _PATHS for sentence in objects_at(document, *path)[:1]):
        return True
    return isinstance(document, list) and all("speaker_name" in item for item in objects_at(document)[:3] or [{}])


def _read(source: Source) -> Reading:
    document = source.document
    path = next((path for path in _PATHS if objects_at(document, *path)), ())
    items = at(document, *path)
    title = at(document, *path[:-1], "title") if path else None
    cues = SegmentReader(source, path, _FIELDS).read(items if isinstance(items, list) else [])
    return Reading(cues, title if isinstance(title, str) else "")


DIALECT = Dialect("Fireflies", 'is JSON with a list "sentences"', _recognises, _read)
