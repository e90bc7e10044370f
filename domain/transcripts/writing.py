"""Writes segments as WebVTT, SubRip, plain text or JSON, in the order of the segments."""

import html
import re
from collections.abc import Sequence
from enum import Enum

import orjson
from webvtt.models import Timestamp

from domain.segments import Segment
from domain.transcripts.speakers import TAG, hide_labels, one_line, unescape


class TranscriptFormat(Enum):
    """The file format of a transcript."""

    VTT = "VTT"
    SRT = "SRT"
    TEXT = "TEXT"
    JSON = "JSON"


_REFERENCE = re.compile(r"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[^\t\n\f <&#;]{1,32});?")


def write_transcript(segments: Sequence[Segment], format: TranscriptFormat, *, title: str = "") -> str:
    """Returns the transcript as one text, which is well-formed even without segments. SubRip has no place for the title.

    `read_transcript` reads back exactly what was written as JSON, and what was written as VTT up to the millisecond and
    without blank lines in texts. SRT loses the exact end of a speaker's name.
    """
    match format:
        case TranscriptFormat.VTT:
            return _vtt(segments, one_line(title))
        case TranscriptFormat.SRT:
            return "\n".join(map(_srt_cue, segments))
        case TranscriptFormat.TEXT:
            heading = [one_line(title) + "\n"] if one_line(title) else []
            return "\n".join([*heading, *map(_paragraph, segments)])
        case TranscriptFormat.JSON:
            return _json(segments, title)


def _vtt(segments: Sequence[Segment], title: str) -> str:
    title = title.replace("-->", "→")
    return "\n".join([f"WEBVTT - {title}\n" if title else "WEBVTT\n", *map(_vtt_cue, segments)])


def _vtt_cue(segment: Segment) -> str:
    # Both times are rounded the same way (half up), so that the end is never before the start.
    times = f"{_stamp(segment.start_time)} --> {_stamp(segment.end_time)}"
    text = html.escape(_without_blank_lines(segment.text), quote=False)
    speaker = html.escape(one_line(segment.speaker), quote=False)
    payload = f"<v {speaker}>{text}" if speaker else hide_labels(text)
    return f"{segment.segment_id}\n{times}\n{payload}\n"


def _srt_cue(segment: Segment) -> str:
    times = f"{_stamp(segment.start_time)} --> {_stamp(segment.end_time)}".replace(".", ",")
    # SubRip has no escaping, but players take `<b>` for a tag, and some resolve references. So only these are escaped, and
    # every `<` of a text that has a tag, as the next one could become part of a tag then.
    payload = _REFERENCE.sub(lambda found: _escaped_if_active(found[0]), _line(segment))
    if TAG.search(payload):
        payload = payload.replace("<", "&lt;")
    payload = payload.replace("-->", "--&gt;")
    return f"{segment.segment_id}\n{times}\n{payload}\n"


def _escaped_if_active(reference: str) -> str:
    return reference if unescape(reference) == reference else f"&amp;{reference[1:]}"


def _paragraph(segment: Segment) -> str:
    time = _stamp(segment.start_time).partition(".")[0]
    return f"[{time}] {_line(segment)}\n"


def _json(segments: Sequence[Segment], title: str) -> str:
    document = {
        "title": title,
        "segments": [
            {
                "segmentId": segment.segment_id,
                "speaker": segment.speaker,
                "startTime": segment.start_time,
                "endTime": segment.end_time,
                "text": segment.text,
                "isFinal": segment.is_final,
                "confidence": segment.confidence,
            }
            for segment in segments
        ],
    }
    return orjson.dumps(document).decode()


def _line(segment: Segment) -> str:
    speaker, text = one_line(segment.speaker), _without_blank_lines(segment.text)
    return f"{speaker}: {text}" if speaker else text


def _without_blank_lines(text: str) -> str:
    """Returns the text with its lines ended by `\\n`, without blank lines: a blank line would end the cue."""
    return "\n".join(line for line in re.split(r"\r\n|\r|\n", text.strip()) if line.strip())


def _stamp(seconds: float) -> str:
    """Returns `HH:MM:SS.mmm`, with as many digits for the hours as are needed."""
    return str(Timestamp.from_seconds(seconds))
