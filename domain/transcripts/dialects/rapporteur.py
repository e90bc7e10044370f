"""Reads the JSON that Rapporteur exports, and segments as its API gives them: nothing is changed, not even white space."""

from domain.transcripts.cues import Cue, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, SegmentReader, at, objects_at
from domain.transcripts.source import Source, without_surrogates

_FIELDS = Fields(segment_id=("segmentId", "segment_id", "externalId"), keeps_text=True)


def _recognises(source: Source) -> bool:
    segments = objects_at(source.document, "segments") or objects_at(source.document)
    return any("segmentId" in segment for segment in segments[:3])


def _read(source: Source) -> Reading:
    document = source.document
    path = ("segments",) if isinstance(document, dict) else ()
    segments = at(document, *path)
    title = at(document, "title")
    cues = SegmentReader(source, path, _FIELDS).read(segments if isinstance(segments, list) else [])
    for cue in cues:
        item = at(segments, cue.item if cue.item is not None else -1)
        if isinstance(item, dict):
            _set_heard(cue, item)
    return Reading(cues, title if isinstance(title, str) else "")


def _set_heard(cue: Cue, item: dict[str, object]) -> None:
    """Tells what was heard of a segment from its corrections, and from the name of its speaker."""
    text, speaker = at(item, "heard", "text"), at(item, "heard", "speaker")
    if not isinstance(text, str) or not isinstance(speaker, str):
        text, speaker = cue.text, cue.speaker
    corrected_text, corrected_speaker = at(item, "correction", "text"), at(item, "correction", "speaker")
    cue.corrected_text = corrected_text if isinstance(corrected_text, str) else None
    cue.corrected_speaker = corrected_speaker if isinstance(corrected_speaker, str) else None
    if speaker != cue.speaker and cue.corrected_speaker is None:
        cue.speaker_name = cue.speaker
    cue.text, cue.speaker = without_surrogates(text), without_surrogates(speaker)


DIALECT = Dialect(
    "Rapporteur", 'is JSON whose "segments" have a "segmentId"', _recognises, _read, may_repeat=False, has_units=True
)
