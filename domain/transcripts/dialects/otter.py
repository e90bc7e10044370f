"""Reads the speeches of Otter's API, whose times are samples, of which a second has 16,000."""

from domain.transcripts.cues import Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, Path, SegmentReader, at, objects_at, speaker_of
from domain.transcripts.source import Source

_SAMPLES_PER_SECOND = 16_000
_FIELDS = Fields(
    text=("transcript",),
    start=("start_offset",),
    end=("end_offset",),
    segment_id=("uuid",),
    words=(),
    seconds_per_unit=1 / _SAMPLES_PER_SECOND,
)
_PATHS: tuple[Path, ...] = (("speech", "transcripts"), ("transcripts",))


def _path(document: object) -> Path | None:
    return next(
        (
            path
            for path in _PATHS
            if any({"start_offset", "transcript"} <= each.keys() for each in objects_at(document, *path)[:20])
        ),
        None,
    )


def _read(source: Source) -> Reading:
    """Returns the speeches, with the names of their speakers, or else the numbers that Otter tells voices apart by."""
    path = _path(source.document)
    assert path is not None  # as the dialect recognised the file
    speakers = objects_at(source.document, *path[:-1], "speakers")
    names = {speaker_of(each.get("id")): each.get("speaker_name", each.get("name")) for each in speakers}
    items: list[object] = []
    for item in objects_at(source.document, *path):
        named = item.get("speaker_name") or names.get(speaker_of(item.get("speaker_id")))
        items.append({**item, "speaker": named or item.get("speaker_model_label")})
    title = at(source.document, *path[:-1], "title")
    return Reading(SegmentReader(source, path, _FIELDS).read(items), title if isinstance(title, str) else "")


DIALECT = Dialect(
    "Otter",
    'is JSON with "transcripts" that have a "start_offset"',
    lambda source: _path(source.document) is not None,
    _read,
    has_units=True,
)
