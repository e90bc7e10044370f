"""Reads the transcripts of Gong's API: speeches of a speaker, each a list of sentences, in milliseconds."""

from domain.transcripts.cues import Cue, NotATranscript, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, Path, SegmentReader, at, objects_at, speaker_of
from domain.transcripts.source import Source

_FIELDS = Fields(segment_id=(), speaker=(), words=(), seconds_per_unit=0.001)


def _path(document: object) -> Path | None:
    """Returns the place of the speeches. Raises NotATranscript for those of several calls."""
    path: Path = ("transcript",)
    if calls := objects_at(document, "callTranscripts"):
        if len(calls) > 1:
            raise NotATranscript(f"callTranscripts has {len(calls):,} calls: import each in a file of its own")
        path = ("callTranscripts", 0, "transcript")
    speeches = objects_at(document, *path)[:20]
    return path if any("speakerId" in speech and objects_at(speech, "sentences") for speech in speeches) else None


def _read(source: Source) -> Reading:
    """Returns the sentences. Speakers are called by their ids: their names are in another answer of the API."""
    path = _path(source.document)
    assert path is not None  # as the dialect recognised the file
    cues: list[Cue] = []
    for index, speech in enumerate(objects_at(source.document, *path)):
        sentences = at(speech, "sentences")
        found = SegmentReader(source, (*path, index, "sentences"), _FIELDS).read(
            sentences if isinstance(sentences, list) else []
        )
        for cue in found:
            cue.speaker, cue.item = speaker_of(speech.get("speakerId")) or "", index
        cues += found
    source.items_path = path
    return Reading(cues, in_milliseconds=True)


DIALECT = Dialect(
    "Gong",
    'is JSON with "callTranscripts"',
    lambda source: _path(source.document) is not None,
    _read,
)
