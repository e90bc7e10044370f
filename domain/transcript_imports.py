"""Imports of transcript files, into a new meeting or into an existing one."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated

from domain.errors import InvalidInput
from domain.ids import ExternalId, MeetingId
from domain.meetings import Meeting, Title
from domain.rules import Number, StorableText, Text
from domain.segments import Segment, SegmentContent
from domain.times import MAX_TIME_SECONDS
from domain.transcripts import (
    NotATranscript,
    Note,
    ReadTranscript,
    SpeakerTurns,
    read_transcript,
    read_turns,
)
from domain.transcripts.speaker_turns import Turn, speakers_during

MAX_CONTENT_CHARS = 10_000_000
"""The length limit of a file, which is more than is said in a week."""
_UNTITLED = "Imported transcript"


@dataclass(frozen=True)
class ImportTranscript:
    """The command to import a file. Without `into` it becomes a meeting of its own, once."""

    content: Annotated[str, StorableText(MAX_CONTENT_CHARS)]
    file_name: Annotated[str, Text(255)] = ""
    title: Title | None = None
    external_id: ExternalId | None = None
    into: MeetingId | None = None
    offset: Annotated[float, Number(-MAX_TIME_SECONDS, MAX_TIME_SECONDS)] = 0.0
    strict: bool = False

    def read(self) -> ReadTranscript | SpeakerTurns:
        """Reads the file, which can take seconds. Raises InvalidInput."""
        if self.into is not None and (self.title is not None or self.external_id is not None):
            raise InvalidInput.of("input.into", "must be left out where title or externalId are those of a new meeting")
        try:
            if self.into is not None and (found := read_turns(self.content, self.file_name, strict=self.strict)):
                turns = [Turn(turn.start + self.offset, turn.end + self.offset, turn.speaker) for turn in found.turns]
                return replace(found, turns=turns)
            return read_transcript(self.content, self.file_name, offset=self.offset, strict=self.strict)
        except NotATranscript as error:
            raise InvalidInput.of("input.content", str(error)) from None

    @cached_property
    def sha256(self) -> str:
        """The hash of the text in UTF-8, which takes a while for a large file."""
        return hashlib.sha256(self.content.encode()).hexdigest()

    def new_meeting(self, transcript: ReadTranscript) -> Meeting:
        """Returns the meeting of the file, which is not stored yet."""
        stem = self.file_name.strip().rpartition("/")[2]
        stem = stem.rpartition(".")[0] or stem
        title = self.title or transcript.title.strip() or stem[:500] or _UNTITLED
        metadata = {"import": {"file": self.file_name, "sha256": self.sha256}}
        return Meeting.create(title, metadata=metadata, external_id=self.external_id)

    def added_segments(self, transcript: ReadTranscript) -> list[SegmentContent]:
        """Returns the segments for a meeting that has others already.

        They take the next free numbers, and have the texts and speakers that corrections gave them. Their external ids
        come from the file or are made of its hash, so that another import of the same file finds them.
        """
        prefix = self.sha256[:16]
        return [
            replace(
                segment,
                segment_id=None,
                external_id=segment.external_id or f"{prefix}:{number}",
                text=segment.text if cue.corrected_text is None else cue.corrected_text,
                speaker=cue.speaker_name or segment.speaker if cue.corrected_speaker is None else cue.corrected_speaker,
            )
            for number, (segment, cue) in enumerate(zip(transcript.segments, transcript.cues, strict=True), 1)
        ]


@dataclass(frozen=True, slots=True)
class ImportedTranscript:
    """The numbers of segments that an import created, updated and left alone. `meeting` is the meeting after it."""

    meeting: Meeting
    created: int
    updated: int
    unchanged: int
    dialect: str
    notes: list[Note]


def renamed_segments(turns: Sequence[Turn], segments: Sequence[Segment]) -> list[SegmentContent]:
    """Returns what was heard of the segments that have another speaker by these turns, with that speaker.

    Segments in which nobody speaks keep theirs. The segments must have their words.
    """
    speakers = speakers_during(turns, [(segment.start_time, segment.end_time) for segment in segments])
    return [
        SegmentContent(
            segment.heard.text,
            segment.start_time,
            segment.end_time,
            segment.segment_id,
            speaker,
            segment.is_final,
            segment.confidence,
            segment.external_id,
            segment.words or None,
        )
        for segment, speaker in zip(segments, speakers, strict=True)
        if speaker and speaker != segment.heard.speaker
    ]
