"""The input for the segments of a meeting."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Word:
    """A word with its times, in seconds from the start of the meeting."""

    text: str
    start_time: float
    end_time: float
    confidence: float | None = None


@dataclass(frozen=True)
class SegmentInput:
    """Something that was said. `external_id` is an id of your own; a segment that is written again with it is revised."""

    text: str
    start_time: float
    end_time: float
    speaker: str = ""
    external_id: str | None = None
    segment_id: int | None = None
    is_final: bool = True
    confidence: float | None = None
    words: Sequence[Word] = ()

    @property
    def key(self) -> str | int | None:
        """Returns what names the segment; None before it has a name."""
        return self.segment_id if self.external_id is None else self.external_id

    def named(self) -> SegmentInput:
        """Returns the segment with an id, without which writing it twice would make two."""
        return self if self.key is not None else replace(self, external_id=str(uuid.uuid4()))

    def to_json(self) -> dict[str, Any]:
        """Returns the input in GraphQL's names, without what is not given."""
        values: dict[str, Any] = {
            "text": self.text,
            "startTime": self.start_time,
            "endTime": self.end_time,
            "speaker": self.speaker,
            "isFinal": self.is_final,
        }
        optional = {"externalId": self.external_id, "segmentId": self.segment_id, "confidence": self.confidence}
        values |= {name: value for name, value in optional.items() if value is not None}
        if self.words:
            values["words"] = [
                {
                    "text": word.text,
                    "startTime": word.start_time,
                    "endTime": word.end_time,
                    **({} if word.confidence is None else {"confidence": word.confidence}),
                }
                for word in self.words
            ]
        return values
