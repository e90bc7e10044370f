"""Reads a transcript file of any dialect into segments, and says what it repaired or left out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.corrections import CorrectSegment, NameSpeaker
from domain.errors import InvalidInput
from domain.ids import EXTERNAL_ID
from domain.rules import Violation
from domain.segments import SEGMENT_ID, SegmentContent
from domain.transcripts.captions import GROWN_NOTE
from domain.transcripts.cues import Cue, NotATranscript, Note, Notes, Reading, check_size
from domain.transcripts.dialect import Dialect, all_dialects, not_recognised
from domain.transcripts.encodings import decode, with_plain_lines
from domain.transcripts.repetition import Spoken, firsts_of_grown
from domain.transcripts.segment_words import words_of_cue
from domain.transcripts.source import FENCE, Source, without_fence, without_surrogates
from domain.transcripts.speaker_turns import Turn
from domain.transcripts.units import check_units
from domain.validation import Problems, parse

_RESTART_SECONDS = 10.0
"""The time by which a cue may start before the one above it without a note: captions of overlapping speech do."""


@dataclass(slots=True)
class ReadTranscript:
    """A transcript file that was read. `segments` has at least one item, in the order of the file, each with its own number.

    `cues` has the same items as they stand in the file.
    """

    dialect: str
    title: str
    cues: list[Cue]
    segments: list[SegmentContent]
    notes: list[Note] = field(default_factory=list)
    corrections: list[CorrectSegment] = field(default_factory=list)
    """The corrections of the segments, by their numbers: only our own export has any."""
    speaker_names: list[NameSpeaker] = field(default_factory=list)


def read_transcript(
    data: bytes | str, name: str, *, encoding: str | None = None, offset: float = 0.0, strict: bool = False
) -> ReadTranscript:
    """Returns the segments of a transcript file.

    The content decides the dialect, and the ending of the `name` where the content does not. `offset` is added to every
    time, in seconds. The numbers of the segments are those of the file if every segment has one and all differ, or else 1, 2,
    3... Raises NotATranscript if words could be lost, or put into the wrong mouth; `strict` raises it for every note.
    """
    source, dialect = open_source(data, name, encoding)
    reading = dialect.read(source)
    cues = [cue for cue in reading.cues if cue.text]
    if not cues:
        raise NotATranscript("there is no cue with words in the file")
    check_size(len(cues))
    _repair_times(cues, source, has_ends=reading.has_ends)
    if dialect.may_repeat:
        cues = _without_repetitions(cues, source)
    if not (dialect.has_units or reading.has_units):
        check_units(cues, source.notes, in_milliseconds=reading.in_milliseconds, has_ends=reading.has_ends)
    _note_restart(cues, source)
    _shift(cues, offset, source)
    _check_external_ids(cues)
    segments = [_segment(cue, source) for cue in cues]
    _number(segments, [cue.segment_id for cue in cues])
    notes = source.notes.list()
    if strict and notes:
        raise NotATranscript(_refusal(notes))
    corrections, names = _corrections(cues, segments)
    return ReadTranscript(dialect.name, _title(reading), cues, segments, notes, corrections, names)


def decode_transcript(data: bytes, encoding: str | None = None) -> tuple[str, list[Note]]:
    """Returns the text of a file, as `read_transcript` takes it, and the notes on its encoding. Raises NotATranscript."""
    notes = Notes()
    text = decode(data, encoding, notes)
    with_plain_lines(text, Notes())  # which refuses a binary file
    return text.removeprefix("\ufeff"), notes.list()


@dataclass(frozen=True, slots=True)
class SpeakerTurns:
    """The turns of a file that says who speaks when, and has no words."""

    dialect: str
    turns: list[Turn]
    notes: list[Note]


def read_turns(
    data: bytes | str, name: str, *, encoding: str | None = None, strict: bool = False
) -> SpeakerTurns | None:
    """Returns the turns of speakers, or None for a file that has words.

    Raises NotATranscript; `strict` raises it for every note.
    """
    source, dialect = open_source(data, name, encoding)
    if dialect.read_turns is None:
        return None
    turns, notes = dialect.read_turns(source), source.notes.list()
    if strict and notes:
        raise NotATranscript(_refusal(notes))
    return SpeakerTurns(dialect.name, turns, notes)


def open_source(data: bytes | str, name: str, encoding: str | None = None) -> tuple[Source, Dialect]:
    """Returns a file and its dialect. Raises NotATranscript, which lists the dialects, if it is of none."""
    source = Source("", name)
    text = decode(data, encoding, source.notes) if isinstance(data, bytes) else data
    source.text = with_plain_lines(text, source.notes)
    if not source.text.strip():
        raise NotATranscript("the file is empty")
    if source.first.startswith(FENCE) and source.text.lstrip().partition("\n")[2].lstrip()[:1] in ("[", "{"):
        source = Source("\n".join(without_fence(source)), name, source.notes)
    dialect = next((dialect for dialect in all_dialects() if dialect.recognises(source)), None)
    if dialect:
        return source, dialect
    raise NotATranscript(not_recognised(source))


def _repair_times(cues: Sequence[Cue], source: Source, *, has_ends: bool) -> None:
    """Gives each cue a start and an end, of which none is negative and the end is not before the start."""
    starts = [cue.start_time for cue in cues]
    following: float | None = None
    for index in range(len(cues) - 1, -1, -1):
        cue = cues[index]
        if cue.end_time is None:
            if has_ends:
                source.note(cue, "has no end, and ends where the next cue starts")
            if following is not None and (cue.start_time is None or following >= cue.start_time):
                cue.end_time = following
        start = starts[index]
        if start is not None and (index == 0 or starts[index - 1] != start):
            following = start
    before = 0.0
    for cue in cues:
        if cue.start_time is None:
            source.note(cue, "has no start, and starts where the cue before it ends")
            cue.start_time = before if cue.end_time is None else min(before, cue.end_time)
        if cue.end_time is None:
            cue.end_time = cue.start_time
        if cue.start_time < 0:
            source.note(cue, "starts before 0, and is moved there", f": {cue.start_time:g} s")
            cue.start_time, cue.end_time = 0.0, max(cue.end_time, 0.0)
        if cue.end_time < cue.start_time:
            times = f": {cue.start_time:g} s to {cue.end_time:g} s"
            source.note(cue, "ends before it starts, and is given no length", times)
            cue.end_time = cue.start_time
        before = cue.end_time


def _note_restart(cues: Sequence[Cue], source: Source) -> None:
    """Adds a note on the first cue that starts long before what the same speaker said above it.

    Files that were joined are so, and Hugging Face's chunks where each window of Whisper counts from 0. Lists that give one
    speaker after the other are not.
    """
    starts: dict[str, float] = {}
    for cue in cues:
        assert cue.start_time is not None
        before = starts.get(cue.speaker, 0.0)
        if cue.start_time < before - _RESTART_SECONDS:
            detail = f": {cue.start_time:g} s after {before:g} s"
            source.note(
                cue, "starts long before what is above it: the times begin again, or the file is in no order", detail
            )
            return
        starts[cue.speaker] = cue.start_time


def _without_repetitions(cues: list[Cue], source: Source) -> list[Cue]:
    """Returns the cues without earlier states of the same texts, as live transcripts have them. Each keeps its start."""
    firsts = firsts_of_grown(
        [
            Spoken(
                "" if cue.is_verbatim else cue.text,
                cue.start_time or 0.0,
                cue.end_time or 0.0,
                cue.speaker,
                cue.is_final,
            )
            for cue in cues
        ]
    )
    if firsts is None:
        return cues
    last_of = {first: index for index, first in enumerate(firsts)}
    source.notes.add(None, GROWN_NOTE, f" ({len(cues) - len(last_of):,} segments)")
    for first, last in last_of.items():
        cues[last].start_time = cues[first].start_time
    return [cues[last] for last in last_of.values()]


def _shift(cues: Sequence[Cue], offset: float, source: Source) -> None:
    if not offset:
        return
    for cue in cues:
        assert cue.start_time is not None and cue.end_time is not None  # noqa: PT018 - both are repaired
        if cue.start_time + offset < 0:
            source.note(cue, "starts before 0 with the offset, and is moved there")
        cue.start_time = max(0.0, cue.start_time + offset)
        cue.end_time = max(0.0, cue.end_time + offset)
        for word in cue.words:
            word.start_time = None if word.start_time is None else max(0.0, word.start_time + offset)
            word.end_time = None if word.end_time is None else max(0.0, word.end_time + offset)


def _segment(cue: Cue, source: Source) -> SegmentContent:
    """Returns the segment of a cue. Raises NotATranscript, which names the cue, if it breaks a rule of segments."""
    values: dict[str, object] = {"text": cue.text, "start_time": cue.start_time, "end_time": cue.end_time}
    # What most cues do not have is left out: it would take time.
    if cue.speaker:
        values["speaker"] = cue.speaker
    if not cue.is_final:
        values["is_final"] = False
    if cue.confidence is not None:
        values["confidence"] = cue.confidence
    if cue.external_id is not None:
        values["external_id"] = cue.external_id
    problems = Problems()
    content = SegmentContent.parse(values, problems)
    try:
        problems.raise_if_any()
    except InvalidInput as error:
        field_name, message = error.fields[0].path.replace("_", " "), error.fields[0].message
        raise NotATranscript(f"{cue.place}: its {field_name} {message}") from None
    assert content is not None  # as there are no problems
    if cue.words:
        content.words = words_of_cue(cue)
    if content.words is None and any(word.start_time is not None for word in cue.words):
        source.note(cue, "has words that a segment cannot have, and its list of words is left out", "")
    return content


def _check_external_ids(cues: Sequence[Cue]) -> None:
    """Removes the external ids of a file whose ids are not all different, and each one that is no id of a segment."""
    ids = [cue.external_id for cue in cues if cue.external_id is not None]
    differ = len(set(ids)) == len(ids)
    for cue in cues:
        if cue.external_id is not None:
            try:
                EXTERNAL_ID(cue.external_id if differ else None)
            except Violation:
                cue.external_id = None


def _number(segments: Sequence[SegmentContent], ids: Sequence[object]) -> None:
    """Gives the segments these numbers, if they are complete, valid and different, or else 1, 2, 3..."""
    numbers: list[int] = []
    for id in ids:
        try:
            numbers.append(SEGMENT_ID(id))
        except Violation:
            break
    if len(set(numbers)) < len(segments):
        numbers = list(range(1, len(segments) + 1))
    for segment, number in zip(segments, numbers, strict=True):
        segment.segment_id = number


def _corrections(
    cues: Sequence[Cue], segments: Sequence[SegmentContent]
) -> tuple[list[CorrectSegment], list[NameSpeaker]]:
    """Returns the corrections and the names of an export. Raises NotATranscript if one is not valid."""
    corrections: list[CorrectSegment] = []
    names: dict[str, NameSpeaker] = {}
    for cue, segment in zip(cues, segments, strict=True):
        try:
            if cue.corrected_text is not None or cue.corrected_speaker is not None:
                values = {
                    "segment_id": segment.segment_id,
                    "text": cue.corrected_text,
                    "speaker": cue.corrected_speaker,
                    "reason": cue.correction_reason,
                }
                corrections.append(parse(CorrectSegment, values))
            if cue.speaker_name is not None and segment.speaker not in names:
                names[segment.speaker] = parse(NameSpeaker, {"label": segment.speaker, "name": cue.speaker_name})
        except InvalidInput as error:
            raise NotATranscript(f"{cue.place}: its correction's {error}") from None
    return corrections, list(names.values())


def _refusal(notes: Sequence[Note]) -> str:
    shown = [f"line {note.line:,} {note.message}" if note.line else note.message for note in notes[:10]]
    more = f"; and {len(notes) - 10:,} more" if len(notes) > 10 else ""
    return f"it cannot be read strictly: {'; '.join(shown)}{more}"


def _title(reading: Reading) -> str:
    return without_surrogates(reading.title.replace("\x00", "")).strip()[:500]
