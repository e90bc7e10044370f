"""Writes segments as WebVTT, SubRip, plain text or JSON, in the order of the segments."""

import html
import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import NamedTuple

import orjson

from domain.segments import Segment
from domain.times import MAX_TIME_SECONDS
from domain.transcripts.clocks import could_be_times
from domain.transcripts.cues import Notes
from domain.transcripts.labels import LabelledText, hide_labels, labelled_texts
from domain.transcripts.markup import BREAK, NOBODY, OVERRIDE, TAG, VERBATIM, one_line, unescape, without_tags
from domain.transcripts.repetition import grows
from domain.word_timings import Word


class TranscriptFormat(Enum):
    """The file format of a transcript."""

    VTT = "VTT"
    SRT = "SRT"
    TEXT = "TEXT"
    JSON = "JSON"


_PUNCTUATION = re.compile("[!-/:-@\\[-`{-~\uff1a\ufe55\u2060]")
_REFERENCE = re.compile(r"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[^\t\n\f <&#;]{1,32});?")


class TranscriptWriter:
    """Writes one transcript in parts, which together are the file; it is well-formed even without segments.

    SubRip has no place for the title, and is written at the end: whether labels have to be marked depends on all segments.
    """

    def __init__(self, format: TranscriptFormat, title: str = "") -> None:
        self._shape = _SHAPES[format](title)
        self._is_empty = True
        self._unwritten: list[Segment] = []

    def write(self, segments: Sequence[Segment]) -> str:
        """Returns the part of the file with some segments, which follow those that were written before."""
        if not segments:
            return ""
        shape = self._shape
        if shape.segment is None:
            self._unwritten += segments
            return ""
        before = shape.heading + shape.gap if self._is_empty else shape.separator
        self._is_empty = False
        return before + shape.separator.join(map(shape.segment, segments))

    def end(self) -> str:
        """Returns the last part of the file."""
        if self._shape.segment is None:
            return _srt(self._unwritten)
        return (self._shape.heading if self._is_empty else "") + self._shape.end


def write_transcript(segments: Sequence[Segment], format: TranscriptFormat, *, title: str = "") -> str:
    """Returns the transcript as one text, which is well-formed even without segments. SubRip has no place for the title.

    `read_transcript` reads back exactly what was written as JSON, and what was written as VTT or SRT up to the millisecond,
    without blank lines in texts and line breaks in names.
    """
    writer = TranscriptWriter(format, title)
    return writer.write(segments) + writer.end()


class _Shape(NamedTuple):
    """The shape of a file: what comes first, how a segment is written, what separates segments, and what comes last."""

    heading: str
    segment: Callable[[Segment], str] | None
    """Is None if segments are written together."""
    gap: str = ""
    """Stands between the heading and the first segment."""
    separator: str = "\n"
    end: str = ""


class _VttCues:
    """Writes cues, and marks those that a reader could take for a repetition of the one before: see `VERBATIM`."""

    def __init__(self) -> None:
        self._written = _Written()

    def cue(self, segment: Segment) -> str:
        # Both times are rounded the same way, so that the end is never before the start. WebVTT has no cues without length.
        start, end = _milliseconds(segment.start_time), _milliseconds(segment.end_time)
        end = max(end, start + 1)
        if end > MAX_TIME_SECONDS * 1000:
            start, end = start - 1, end - 1
        times = f"{_clock(start)} --> {_clock(end)}"
        said, speaker = _without_blank_lines(segment.text), one_line(segment.speaker)
        text = html.escape(said, quote=False).replace("{\\", "&#123;\\")
        if VERBATIM in text:
            text = text.replace(VERBATIM, f"&#{ord(VERBATIM)};")
        text = "\n".join(f"&#{ord(line[0])};{line[1:]}" if could_be_times(line) else line for line in text.split("\n"))
        mark = VERBATIM if self._written.repeats(speaker, said) else ""
        speaker = html.escape(speaker, quote=False).replace("{\\", "&#123;\\").replace(VERBATIM, f"&#{ord(VERBATIM)};")
        speaker = f"&#{ord(speaker)};" if speaker == NOBODY else speaker
        payload = f"<v {speaker}>{mark}{text}" if speaker else mark + hide_labels(text)
        return f"{segment.segment_id}\n{times}\n{payload}\n"


class _Written:
    """Remembers what was written last, to find texts that a reader could take for live captions, which repeat themselves."""

    def __init__(self) -> None:
        self._latest: dict[str, str] = {}
        self._before = ""

    def repeats(self, speaker: str, text: str) -> bool:
        """Returns whether the text continues the last one of its speaker, or begins with a line of the last one of all."""
        labelled = f"{speaker}: {text}" if speaker else text
        found = grows(self._latest.get(speaker, ""), text) or grows(self._before, labelled)
        found = found or labelled.split("\n")[0] in self._before.split("\n")
        self._latest[speaker], self._before = text, labelled
        return found


def _srt(segments: Sequence[Segment]) -> str:
    """Returns the cues. Labels are marked if the reader could not tell who speaks: see `VERBATIM`."""
    spoken = [(one_line(segment.speaker), _without_blank_lines(segment.text)) for segment in segments]
    plain = [_srt_payload(f"{speaker}: {text}" if speaker else text) for speaker, text in spoken]
    marked = [_marked_payload(speaker, text) for speaker, text in spoken]
    with_unnamed_marked = [p if speaker else m for p, m, (speaker, _) in zip(plain, marked, spoken, strict=True)]
    written = _Written()
    repeats = any(written.repeats(speaker, text) for speaker, text in spoken)
    choices = (each for each in (plain, with_unnamed_marked) if not repeats and _reads_as(each, spoken))
    payloads = next(choices, marked)
    return "\n".join(map(_srt_cue, segments, payloads))


def _reads_as(payloads: Sequence[str], spoken: Sequence[tuple[str, str]]) -> bool:
    """Returns whether a reader finds these speakers and texts in the payloads."""
    shown = labelled_texts([without_tags(payload) for payload in payloads], [None] * len(payloads), Notes())
    return shown == [[LabelledText(*each)] for each in spoken]


def _srt_cue(segment: Segment, payload: str) -> str:
    times = f"{_stamp(segment.start_time)} --> {_stamp(segment.end_time)}".replace(".", ",")
    return f"{segment.segment_id}\n{times}\n{payload}\n"


def _srt_payload(text: str) -> str:
    # SubRip has no escaping, but players take `<b>` for a tag, and some resolve references. So only these are escaped, and
    # every `<` of a text that has a tag, as the next one could become part of a tag then.
    payload = _REFERENCE.sub(lambda found: _escaped_if_active(found[0]), text)
    if TAG.search(payload) or BREAK.search(payload):
        payload = payload.replace("<", "&lt;")
    if OVERRIDE.search(payload):
        payload = payload.replace("{\\", "&#123;\\")
    payload = payload.replace("-->", "--&gt;").replace(VERBATIM, f"&#{ord(VERBATIM)};")
    return "\n".join(VERBATIM + line if could_be_times(line) else line for line in payload.split("\n"))


def _marked_payload(speaker: str, text: str) -> str:
    lines = _srt_payload(text).split("\n")
    marked = "\n".join(line if line.startswith(VERBATIM) else VERBATIM + line for line in lines)
    if not speaker:
        return marked
    # The first line follows the label, so that nothing in it is taken for another one.
    name = _PUNCTUATION.sub(lambda found: f"&#{ord(found[0])};", speaker)
    return f"{name}{VERBATIM}: {marked}"


def _escaped_if_active(reference: str) -> str:
    return reference if unescape(reference) == reference else f"&amp;{reference[1:]}"


def _paragraph(segment: Segment) -> str:
    time = _stamp(segment.start_time).partition(".")[0]
    return f"[{time}] {_line(segment)}\n"


def _json_segment(segment: Segment) -> str:
    fields: dict[str, object] = {
        "segmentId": segment.segment_id,
        "speaker": segment.speaker,
        "startTime": segment.start_time,
        "endTime": segment.end_time,
        "text": segment.text,
        "isFinal": segment.is_final,
        "confidence": segment.confidence,
    }
    # What few segments have is left out where it is not there.
    if segment.external_id is not None:
        fields["externalId"] = segment.external_id
    heard = segment.heard
    if (heard.text, heard.speaker) != (segment.text, segment.speaker):
        fields["heard"] = {"text": heard.text, "speaker": heard.speaker}
    if correction := segment.correction:
        fields["correction"] = {
            "text": correction.text,
            "speaker": correction.speaker,
            "by": correction.by,
            "at": correction.at.isoformat(),
            "reason": correction.reason,
        }
    if segment.words:
        fields["words"] = [_word(word) for word in segment.words]
    return orjson.dumps(fields).decode()


def _word(word: Word) -> dict[str, object]:
    return {
        "text": word.text,
        "startTime": word.start_time,
        "endTime": word.end_time,
        "confidence": word.confidence,
    }


def _line(segment: Segment) -> str:
    speaker, text = one_line(segment.speaker), _without_blank_lines(segment.text)
    return f"{speaker}: {text}" if speaker else text


def _without_blank_lines(text: str) -> str:
    """Returns the text with its lines ended by `\\n`, without blank lines: a blank line would end the cue."""
    text = text.strip()
    if "\n" not in text and "\r" not in text:  # a tenth of the time
        return text
    return "\n".join(line for line in re.split(r"\r\n|\r|\n", text) if line.strip())


def _stamp(seconds: float) -> str:
    return _clock(_milliseconds(seconds))


def _milliseconds(seconds: float) -> int:
    """Returns the time in milliseconds. Halves are rounded up."""
    milliseconds = int(seconds * 1000 + 0.5)
    if abs(milliseconds - seconds * 1000) > 0.4999:  # a half as it is written need not be one as a float
        milliseconds = int(Decimal(repr(seconds)).scaleb(3).to_integral_value(ROUND_HALF_UP))
    return milliseconds


def _clock(milliseconds: int) -> str:
    """Returns `HH:MM:SS.mmm`, with as many digits for the hours as are needed."""
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"


def _vtt_shape(title: str) -> _Shape:
    title = one_line(title).replace("-->", "→")
    return _Shape(f"WEBVTT - {title}\n" if title else "WEBVTT\n", _VttCues().cue, gap="\n")


def _srt_shape(title: str) -> _Shape:
    return _Shape("", None)


def _text_shape(title: str) -> _Shape:
    title = one_line(title)
    return _Shape(f"{title}\n", _paragraph, gap="\n") if title else _Shape("", _paragraph)


def _json_shape(title: str) -> _Shape:
    heading = f'{{"title":{orjson.dumps(title).decode()},"segments":['
    return _Shape(heading, _json_segment, separator=",", end="]}")


_SHAPES: dict[TranscriptFormat, Callable[[str], _Shape]] = {
    TranscriptFormat.VTT: _vtt_shape,
    TranscriptFormat.SRT: _srt_shape,
    TranscriptFormat.TEXT: _text_shape,
    TranscriptFormat.JSON: _json_shape,
}
