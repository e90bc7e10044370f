"""Defines cues, which every dialect of transcript files gives, and the notes on what a reader repaired or left out."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

MAX_CUES = 100_000
"""The most cues of a file: more than are spoken in a day."""
MAX_NOTES_PER_MESSAGE = 20
"""The number of lines that are named with the same message. The others are counted."""
MAX_NOTES = 1_000


class NotATranscript(ValueError):
    """The file cannot be read as a transcript. The message says why, and names the line, the cue or the segment."""


@dataclass(slots=True)
class CueWord:
    """A word of a cue, as the file has it.

    Times are seconds, `confidence` is 0.0 to 1.0; each is None if the file does not say it.
    """

    text: str
    start_time: float | None = None
    end_time: float | None = None
    confidence: float | None = None
    speaker: str = ""
    """The speaker of this word, in files that name one for each word."""


@dataclass(slots=True)
class Cue:
    """An utterance of a transcript file. Times are seconds from the start, and None if the file does not say them."""

    text: str
    start_time: float | None
    end_time: float | None
    speaker: str = ""
    line: int | None = None
    """The line of the file where the cue begins, from 1; None if the lines are not known."""
    item: int | None = None
    """The index of the cue's object in the list of a JSON document, of which the line is found when it is needed."""
    place: str = ""
    """The place of the cue in its file, as messages name it: `cue 2 (line 6)`, or `segments[1]`."""
    segment_id: object = None
    """The number that the file gives the cue, unchecked."""
    external_id: str | None = None
    confidence: float | None = None
    words: list[CueWord] = field(default_factory=list)
    is_final: bool = True
    is_verbatim: bool = False
    """Tells whether the file says that this cue repeats no other."""
    corrected_text: str | None = None
    """The text that a person gave it; None: it is not corrected. `text` is what was heard."""
    corrected_speaker: str | None = None
    correction_reason: str | None = None
    """The reason for the correction, and who made it when."""
    speaker_name: str | None = None
    """The name that was given to the speaker's label, which is `speaker`."""


class Note(NamedTuple):
    """Something that a reader repaired, left out or doubts. `line` counts from 1; None concerns the whole file."""

    line: int | None
    message: str


class Notes:
    """Collects notes. A message that comes often is listed for its first lines only, and then counted."""

    def __init__(self) -> None:
        self._notes: list[Note] = []
        self._counts: Counter[str] = Counter()

    def add(self, line: int | None, message: str, detail: str = "") -> None:
        """Adds a note. `detail` follows the message, and may differ from line to line."""
        self._counts[message] += 1
        if self._counts[message] <= MAX_NOTES_PER_MESSAGE and len(self._notes) < MAX_NOTES:
            self._notes.append(Note(line, message + detail))

    def list(self) -> list[Note]:
        """Returns the notes in the order of their lines."""
        more = [
            Note(None, f"{message}: {count - MAX_NOTES_PER_MESSAGE:,} more times")
            for message, count in self._counts.items()
            if count > MAX_NOTES_PER_MESSAGE
        ]
        return sorted(self._notes, key=lambda note: note.line or 0) + more


class Reading(NamedTuple):
    """The content of a transcript file, as a dialect reads it."""

    cues: list[Cue]
    title: str = ""
    has_ends: bool = True
    """Tells whether the dialect says when a cue ends; otherwise it ends where the next one starts."""
    in_milliseconds: bool = False
    """Tells whether the dialect writes milliseconds, which were divided."""
    has_units: bool = False
    """Tells whether the times say themselves that they are seconds, as clocks and dates do."""


def quoted(line: str) -> str:
    """Returns the beginning of a line in quotation marks, for a message."""
    line = line.strip()
    return f'"{line[:60]}..."' if len(line) > 60 else f'"{line}"'


def check_size(cues: int) -> None:
    """Raises NotATranscript if these are more cues than a file may have."""
    if cues > MAX_CUES:
        raise NotATranscript(
            f"the file has more than {MAX_CUES:,} cues, which take seconds to read: divide it, import the first part, and the"
            " others into the meeting that it became (--into MEETING, or into in the API)"
        )
