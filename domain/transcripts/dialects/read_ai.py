"""Reads the transcripts of Read.ai, as its webhook sends them: blocks of a speaker, with times since 1970."""

from domain.transcripts.cues import Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, Path, SegmentReader, at, objects_at
from domain.transcripts.moments import since_first
from domain.transcripts.source import Source

_FIELDS = Fields(text=("words", "text"), words=(), segment_id=())
_PATHS: tuple[Path, ...] = (("transcript", "speaker_blocks"), ("speaker_blocks",))


def _read(source: Source) -> Reading:
    path = next(path for path in _PATHS if objects_at(source.document, *path))
    blocks = at(source.document, *path)
    items = since_first(blocks if isinstance(blocks, list) else [], _FIELDS.start + _FIELDS.end)
    title = at(source.document, "title")
    return Reading(SegmentReader(source, path, _FIELDS).read(items), title if isinstance(title, str) else "")


DIALECT = Dialect(
    "Read.ai",
    'is JSON with "speaker_blocks"',
    lambda source: any(objects_at(source.document, *path) for path in _PATHS),
    _read,
    has_units=True,
)
