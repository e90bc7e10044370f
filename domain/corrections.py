"""Corrections lie over what was heard, and names lie over the labels of speakers.

A correction is given field by field: what is left out stays as it is, and null takes the correction back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, TypeVar

from domain.errors import InvalidInput
from domain.history import REASON
from domain.meetings import Meeting
from domain.optimistic_locking import ensure_version
from domain.partial_updates import OMITTED, Omitted
from domain.rules import INT32_MAX, Integer, Text
from domain.segments import (
    MAX_SPEAKERS,
    MAX_WRITE_SEGMENTS,
    SEGMENT_ID,
    SEGMENT_TEXT,
    SPEAKER,
    Segment,
    check_item_count,
)
from domain.stream_positions import updates_cursor
from domain.validation import Problems

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

C = TypeVar("C", bound="DataclassInstance")


@dataclass(frozen=True, slots=True)
class CorrectSegment:
    """The command to correct one segment."""

    segment_id: Annotated[int, SEGMENT_ID]
    text: Annotated[str, SEGMENT_TEXT] | Omitted | None = OMITTED
    speaker: Annotated[str, SPEAKER] | Omitted | None = OMITTED
    expected_version: Annotated[int, Integer(-INT32_MAX - 1)] | None = None
    reason: Annotated[str, REASON] | None = None
    """The reason for this correction alone; None: that for all corrections of the call."""

    def apply(self, segment: Segment) -> Segment:
        """Returns the segment with its new corrections; its text and speaker do not change yet. Raises Conflict."""
        ensure_version(segment.version, self.expected_version)
        return replace(
            segment,
            corrected_text=segment.corrected_text if self.text is OMITTED else self.text,
            corrected_speaker=segment.corrected_speaker if self.speaker is OMITTED else self.speaker,
        )


@dataclass(frozen=True, slots=True)
class CorrectedSegments:
    """The result of a correction: the meeting and the segments after it, and how many of them changed."""

    meeting: Meeting
    segments: list[Segment]
    updated: int
    unchanged: int

    @property
    def cursor(self) -> str:
        return updates_cursor(self.meeting)


@dataclass(frozen=True, slots=True)
class SpeakerName:
    """The name of the speaker whom a recogniser calls `label`."""

    label: str
    name: str


@dataclass(frozen=True, slots=True)
class NameSpeaker:
    """The command to name the speaker with this label; None takes the name back."""

    label: Annotated[str, SPEAKER]
    name: Annotated[str, Text(200, required=True, strip=True)] | None


def parse_corrections(inputs: Sequence[Mapping[str, object]]) -> list[CorrectSegment]:
    """Returns the corrections of one call. Raises InvalidInput with every problem of every correction."""
    return _parse(CorrectSegment, inputs, "corrections", "segment_id", MAX_WRITE_SEGMENTS)


def parse_speaker_names(inputs: Sequence[Mapping[str, object]]) -> list[NameSpeaker]:
    """Returns the names of one call. Raises InvalidInput with every problem of every name."""
    return _parse(NameSpeaker, inputs, "names", "label", MAX_SPEAKERS)


def name_speakers(meeting: Meeting, names: Sequence[NameSpeaker]) -> Meeting:
    """Returns the meeting with these names in addition to its present ones. Raises InvalidInput if it would have too many."""
    given = {each.label: each.name for each in names}
    present = {label: name for label, name in (meeting.speaker_names | given).items() if name is not None}
    if len(present) > MAX_SPEAKERS:
        raise InvalidInput.of("names", f"a meeting has at most {MAX_SPEAKERS:,} names, and would have {len(present):,}")
    return replace(meeting, speaker_names=present)


def speaker_names(meeting: Meeting) -> list[SpeakerName]:
    """Returns the names of the meeting's speakers, by label."""
    return [SpeakerName(label, name) for label, name in sorted(meeting.speaker_names.items())]


def _parse(command: type[C], inputs: Sequence[Mapping[str, object]], path: str, key: str, max_items: int) -> list[C]:
    check_item_count(len(inputs), path, max_items)
    problems = Problems()
    commands: list[C] = []
    first_with: dict[object, int] = {}
    for index, values in enumerate(inputs):
        if (first := first_with.setdefault(values[key], index)) != index:
            problems.add(f"{path}.{index}.{key}", f"is given twice in this call: {path}.{first} has it too")
        if parsed := problems.parse(command, values, f"{path}.{index}"):
            commands.append(parsed)
    problems.raise_if_any()
    return commands
