"""Reads the JSON that Rapporteur exports, and segments as its API gives them: nothing is changed, not even white space."""

import re

from domain.transcripts.cues import Cue, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, SegmentReader, at, objects_at
from domain.transcripts.source import Source, without_surrogates

_MAX_REASON_CHARS = 1_000
_REPORT = re.compile(r"\[by .{1,200} at [^\]]{1,40}\]$")
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
    cue.correction_reason = _reason(at(item, "correction"))
    if speaker != cue.speaker and cue.corrected_speaker is None:
        cue.speaker_name = cue.speaker
    cue.text, cue.speaker = without_surrogates(text), without_surrogates(speaker)


def _reason(correction: object) -> str | None:
    """Returns the reason for a correction with who made it when, as a file says it: an import can only report this.

    A reason that says so already, of an earlier import, stays as it is.
    """
    reason, by, moment = (at(correction, name) for name in ("reason", "by", "at"))
    given = reason.strip() if isinstance(reason, str) else ""
    if not isinstance(by, str) or not isinstance(moment, str) or _REPORT.search(given):
        return without_surrogates(given)[:_MAX_REASON_CHARS] or None
    report = f"[by {by[:200]} at {moment[:40]}]"
    return without_surrogates(f"{given[: _MAX_REASON_CHARS - len(report) - 1]} {report}".strip())


DIALECT = Dialect(
    "Rapporteur", 'is JSON whose "segments" have a "segmentId"', _recognises, _read, may_repeat=False, has_units=True
)
