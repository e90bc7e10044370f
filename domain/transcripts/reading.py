"""Reads transcripts in WebVTT and SubRip (with webvtt-py) and JSON: a whole file, or nothing of it."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson
import webvtt
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError
from webvtt.errors import MalformedCaptionError, MalformedFileError

from domain.errors import InvalidInput
from domain.rules import Violation
from domain.segments import SEGMENT_ID, SegmentContent
from domain.transcripts.speakers import spoken
from domain.validation import Problems


class NotATranscript(ValueError):
    """The file cannot be read as a transcript. The message says why, and names the line, the cue or the segment."""


_VTT_HEADER = re.compile(r"WEBVTT(?:[ \t]|$)")
_BEGINNINGS = {
    "vtt": "WebVTT begins with the word WEBVTT",
    "srt": "SubRip begins with the number of its first cue, and the times in the next line",
    "json": "JSON begins with { or [",
}
_TEXT_EXPORT = re.compile(r"\[\d{2,}:\d\d:\d\d\] ")

# webvtt-py accepts much that only resembles these times, and drops or guesses the rest.
_MINUTES = r"[0-5]?[0-9]:[0-5]?[0-9]"
_SETTINGS = r"(?:\s+(?:\w+:\S.*)?)?"
_VTT_TIME = rf"(?:[0-9]{{1,10}}:)?{_MINUTES}\.[0-9]{{1,3}}"
_VTT_TIMES = re.compile(rf"\s*{_VTT_TIME}\s*-->\s*{_VTT_TIME}{_SETTINGS}", re.ASCII)
_VTT_IGNORED = re.compile(r"NOTE(?:[ \t]|$)|(?:STYLE|REGION)\s*$")
_SRT_TIME = rf"[0-9]{{1,10}}:{_MINUTES}[,.][0-9]{{3}}"
_SRT_TIMES = re.compile(rf"\s*{_SRT_TIME}\s*-->\s*{_SRT_TIME}{_SETTINGS}", re.ASCII)


class _Cue(NamedTuple):
    """A cue as it stands in the file. `number` and `line` count from 1; times are seconds."""

    number: int
    line: int
    start: float
    end: float
    identifier: str
    payload: str


def read_transcript(data: bytes, name: str) -> list[SegmentContent]:
    """Returns the segments of a transcript file in the order of the file: at least one, each with its own `segment_id`.

    The content decides the format; `name` only helps to say what is wrong. The encoding is UTF-8, or UTF-16 with a byte
    order mark. Cues without words are left out. The numbers are those of the file if every segment has one and all differ,
    or else 1, 2, 3... Raises NotATranscript even if only a part of the file cannot be read.
    """
    text = _decode(data)
    if not text.strip():
        raise NotATranscript("the file is empty")
    if text.lstrip().startswith(("{", "[")):
        return _read_json(text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    skipped = next(number for number, line in enumerate(lines) if line.strip())
    lines = lines[skipped:]
    if _VTT_HEADER.match(lines[0]):
        return _contents(_read_vtt(lines, skipped))
    lines[0] = lines[0].strip()  # webvtt-py does not recognise a SubRip file that begins with white space
    if lines[0].isdigit() and any("-->" in line for line in lines[1:2]):
        return _contents(_read_srt(lines, skipped))
    expected = _BEGINNINGS.get(name.lower()[-5:].rpartition(".")[2], "; ".join(_BEGINNINGS.values()))
    raise NotATranscript(f"line {skipped + 1:,} begins no transcript ({expected}): {_quoted(lines[0])}")


def _decode(data: bytes) -> str:
    encoding, shown = "utf-8-sig", "UTF-8"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = shown = "UTF-16"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = _line_after(error.object[: error.start].decode(encoding, "ignore"))
        raise NotATranscript(
            f"line {line:,} is not in {shown}: if this is a text file, save it in UTF-8 and try again"
        ) from None
    before, nul, _ = text.partition("\x00")
    if nul:
        line = _line_after(before)
        raise NotATranscript(f"line {line:,} contains a NUL: this is a binary file, or a text in an unusual encoding")
    return text


def _read_vtt(lines: list[str], skipped: int) -> list[_Cue]:
    """Returns the cues of a WebVTT file. `lines` are without the `skipped` blank lines at its start."""
    for index in range(2, len(lines)):
        # A line between two cues that has white space in it would belong to the text of the first, with the number after it.
        if "-->" in lines[index] and lines[index - 1].isdigit() and not lines[index - 2].strip():
            lines[index - 2] = ""
    times: list[int] = []
    placed = True  # the lines of this block belong to the header, to a comment or to a cue
    stray: int | None = None  # the first line of a block that has no times yet: it may still be a cue's identifier
    for number, line in enumerate(lines, 1):
        if not placed and _VTT_IGNORED.match(line):
            placed = True
        elif "-->" in line:
            if not _VTT_TIMES.fullmatch(line):
                raise _bad_times(line, skipped + number, "00:00:01.000 --> 00:00:02.500")
            if stray and stray < number - 1:
                break
            times.append(number)
            placed, stray = True, None
        elif not line:
            if stray:
                break
            placed = False
        elif not placed and not stray and line.strip():
            stray = number
    if stray:
        raise NotATranscript(f"line {skipped + stray:,} belongs to no cue: {_quoted(lines[stray - 1])}")
    return _read_cues("vtt", lines, dict(enumerate(times, 1)), skipped)


def _read_srt(lines: list[str], skipped: int) -> list[_Cue]:
    """Returns the cues of a SubRip file. `lines` are without the `skipped` blank lines at its start."""
    starts: list[tuple[int, int]] = []  # the lines of the number and of the times of each cue
    written = 0  # the last line that is not blank
    for number, line in enumerate(lines, 1):
        if "-->" in line:
            new_block = written < number - 1
            numbered = _is_cue_number(lines, written, alone=new_block)
            if _SRT_TIMES.fullmatch(line):
                if not numbered:
                    raise NotATranscript(f"line {skipped + number:,} gives times, but no cue number stands before it")
                starts.append((written, number))
            elif numbered or new_block:
                raise _bad_times(line, skipped + number, "00:00:01,000 --> 00:00:02,500")
        if line.strip():
            written = number
    ends = [index for index, _ in starts[1:]] + [len(lines) + 1]
    with_words = {
        number: times
        for number, ((_, times), end) in enumerate(zip(starts, ends, strict=True), 1)
        if any(line.strip() for line in lines[times : end - 1])
    }
    # webvtt-py drops the numbers.
    return [
        cue._replace(identifier=lines[starts[cue.number - 1][0] - 1])
        for cue in _read_cues("srt", lines, with_words, skipped)
    ]


def _is_cue_number(lines: Sequence[str], number: int, *, alone: bool) -> bool:
    """Returns whether the line with this number, from 1, can be the number of a cue.

    `alone` demands that it begins a block.
    """
    if not lines[number - 1].strip().isdigit():
        return False
    return not alone or number == 1 or not lines[number - 2].strip()


def _read_cues(format: str, lines: Sequence[str], times: Mapping[int, int], skipped: int) -> list[_Cue]:
    """Returns the cues as webvtt-py reads them. `times` has the line of the times of each cue.

    webvtt-py drops what it cannot read, so that the cues must be as many as the times.
    """
    try:
        captions = webvtt.from_buffer(lines, format=format).captions if times else []
    except (MalformedFileError, MalformedCaptionError) as error:
        raise NotATranscript(f"the cues cannot be read: {error}") from error
    if len(captions) != len(times):
        raise NotATranscript(f"only {len(captions):,} of {len(times):,} cues can be read")
    return [
        _Cue(
            number,
            skipped + line,
            caption.start_time.in_milliseconds() / 1000,
            caption.end_time.in_milliseconds() / 1000,
            caption.identifier or "",
            caption.raw_text,
        )
        for (number, line), caption in zip(times.items(), captions, strict=True)
    ]


def _contents(cues: Sequence[_Cue]) -> list[SegmentContent]:
    contents: list[SegmentContent] = []
    ids: list[object] = []
    for cue, (speaker, text) in zip(cues, spoken([cue.payload for cue in cues]), strict=True):
        if text:
            values = {"text": text, "start_time": cue.start, "end_time": cue.end, "speaker": speaker}
            try:
                contents.append(_content(values))
            except InvalidInput as error:
                field, message = error.fields[0].path.replace("_", " "), error.fields[0].message
                raise NotATranscript(f"cue {cue.number:,} (line {cue.line:,}): its {field} {message}") from None
            identifier = cue.identifier.strip()
            ids.append(int(identifier) if re.fullmatch("[0-9]{1,10}", identifier) else None)
    return _numbered(contents, ids)


def _content(values: Mapping[str, object]) -> SegmentContent:
    """Returns the segment with these values. Raises InvalidInput."""
    problems = Problems()
    content = SegmentContent.parse(values, problems)
    problems.raise_if_any()
    assert content is not None  # as there are no problems
    return content


def _numbered(contents: list[SegmentContent], ids: Sequence[object]) -> list[SegmentContent]:
    """Returns the segments with these numbers, if they are complete, valid and different, or else with 1, 2, 3..."""
    if not contents:
        raise NotATranscript("there is no cue with words in the file")
    numbers: list[int] = []
    for id in ids:
        try:
            numbers.append(SEGMENT_ID(id))
        except Violation:
            break
    if len(set(numbers)) < len(contents):
        numbers = list(range(1, len(contents) + 1))
    for content, number in zip(contents, numbers, strict=True):
        content.segment_id = number
    return contents


class _JsonSegment(BaseModel):
    """A segment of our own export, of the API, or of Whisper, whose files also have an `id` that often starts anew."""

    model_config = ConfigDict(strict=True, extra="ignore")

    text: str
    start_time: float = Field(validation_alias=AliasChoices("start", "startTime", "start_time"))
    end_time: float = Field(validation_alias=AliasChoices("end", "endTime", "end_time"))
    speaker: str | None = None
    segment_id: int | None = Field(default=None, validation_alias=AliasChoices("segmentId", "segment_id"))
    id: object = None
    is_final: bool = Field(default=True, validation_alias=AliasChoices("isFinal", "is_final"))
    confidence: float | None = None


def _read_json(text: str) -> list[SegmentContent]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if _TEXT_EXPORT.match(text.lstrip()):
            raise NotATranscript(
                "a transcript in plain text does not say when each segment ends: use VTT, SRT or JSON"
            ) from None
        raise NotATranscript(f"this is no valid JSON: {error}") from None
    path = ""
    if isinstance(document, dict):
        document, path = document.get("segments"), "segments"
    if not isinstance(document, list):
        raise NotATranscript('the JSON must be a list of segments, or an object with such a list as "segments"')
    contents: list[SegmentContent] = []
    ids: list[object] = []
    for index, item in enumerate(document):
        where = f"{path}[{index}]"
        segment = _json_segment(item, where)
        if segment.text.strip():
            # Whisper's texts begin with a space. The text of a segment with a number of ours is kept as it is.
            spoken_text = segment.text.strip() if segment.segment_id is None else segment.text
            values = segment.model_dump(exclude={"id"})
            values |= {"text": spoken_text, "speaker": (segment.speaker or "").strip()}
            try:
                contents.append(_content(values))
            except InvalidInput as error:
                field, message = _spelling(item, error.fields[0].path), error.fields[0].message
                raise NotATranscript(f"{where}.{field} {message}") from None
            ids.append(segment.id if segment.segment_id is None else segment.segment_id)
    return _numbered(contents, ids)


def _json_segment(item: object, where: str) -> _JsonSegment:
    if not isinstance(item, dict):
        raise NotATranscript(f"{where} must be an object with text, start and end")
    try:
        return _JsonSegment.model_validate(item)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
        message = problem["msg"][0].lower() + problem["msg"][1:]
        raise NotATranscript(f"{where}.{problem['loc'][0]}: {message}") from None


def _spelling(item: Mapping[str, object], field: str) -> str:
    """Returns the name that the field has in this object."""
    aliases = _JsonSegment.model_fields[field].validation_alias
    choices = aliases.choices if isinstance(aliases, AliasChoices) else []
    return next((str(alias) for alias in choices if alias in item), field)


def _bad_times(line: str, number: int, example: str) -> NotATranscript:
    return NotATranscript(f"line {number:,} cannot be read as the times of a cue ({example}): {_quoted(line)}")


def _quoted(line: str) -> str:
    line = line.strip()
    return f'"{line[:60]}..."' if len(line) > 60 else f'"{line}"'


def _line_after(text: str) -> int:
    """Returns the number of the line in which this text ends."""
    return 1 + text.count("\n") + text.count("\r") - text.count("\r\n")
