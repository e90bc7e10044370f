"""Reads the transcripts of Microsoft Graph with metadata: WebVTT whose captions are JSON objects (`metadataContent`)."""

import orjson

from domain.transcripts.captions import Caption, as_payload, cues_of
from domain.transcripts.cues import NotATranscript, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.dialects.webvtt import captions_and_title
from domain.transcripts.json_segments import speaker_of
from domain.transcripts.labels import hide_labels
from domain.transcripts.source import Source, without_surrogates

_FIRST_LINES = 40


def _recognises(source: Source) -> bool:
    lines = source.lines[source.first_line : source.first_line + _FIRST_LINES]
    return source.first.startswith("WEBVTT") and any(
        line.startswith("{") and '"spokenText"' in line and '"startDateTime"' in line for line in lines
    )


def _read(source: Source) -> Reading:
    captions, title = captions_and_title(source)
    return Reading(cues_of([_spoken(caption) for caption in captions], source.notes), title)


def _spoken(caption: Caption) -> Caption:
    """Returns the caption with the text and the speaker that its object names. Raises NotATranscript."""
    try:
        item = orjson.loads(caption.payload)
    except orjson.JSONDecodeError:
        item = None
    text = item.get("spokenText") if isinstance(item, dict) else None
    speaker = speaker_of(item.get("speakerName")) if isinstance(item, dict) else None
    if not isinstance(text, str) or speaker is None:
        raise NotATranscript(
            f'cue {caption.number:,} (line {caption.line:,}) must be a JSON object with "speakerName" and "spokenText"'
        )
    payload = as_payload(without_surrogates(text), speaker)
    return caption._replace(payload=payload if speaker else hide_labels(payload))


DIALECT = Dialect(
    "Teams metadata",
    'is WebVTT whose captions are JSON with "spokenText"',
    _recognises,
    _read,
    (),
    has_units=True,
)
