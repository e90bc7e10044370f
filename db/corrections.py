"""Writes of what people say about a transcript: corrections of its segments, and the names of its speakers."""

from collections.abc import Collection, Sequence

from sqlalchemy import text

from db.change_sequence import LOCKED, RESULT, STAMPED, SegmentChanges, of_meeting, raised
from db.segment_resolution import assignments, heard, resolved
from domain.ids import MeetingId
from domain.meetings import Meeting
from domain.segments import Segment

_HEARD = heard("stored")
_CORRECTED = resolved(
    **_HEARD,
    names="stamp.speaker_names",
    corrected_text="given.corrected_text",
    corrected_speaker="given.corrected_speaker",
)
_RENAMED = resolved(
    **_HEARD,
    names="stamp.speaker_names",
    corrected_text="stored.corrected_text",
    corrected_speaker="stored.corrected_speaker",
)
_IS_CORRECTED = "given.corrected_text IS NOT NULL OR given.corrected_speaker IS NOT NULL"
_CORRECTION = {
    "corrected_text": "given.corrected_text",
    "corrected_speaker": "given.corrected_speaker",
    "corrected_by": f"CASE WHEN {_IS_CORRECTED} THEN CAST(:actor AS text) END",
    "corrected_at": f"CASE WHEN {_IS_CORRECTED} THEN stamp.now END",
    "correction_reason": f"CASE WHEN {_IS_CORRECTED} THEN COALESCE(given.reason, CAST(:reason AS text)) END",
}


class CorrectionRepository(SegmentChanges):
    """The corrections of the meetings of one workspace."""

    _CORRECT = text(
        f"""{LOCKED},
corrected AS (
    UPDATE segments AS stored SET {assignments(STAMPED | _CORRECTED | _CORRECTION)}
    FROM stamp, unnest(
        CAST(:segment_ids AS int[]), CAST(:texts AS text[]), CAST(:speakers AS text[]), CAST(:reasons AS text[])
    ) AS given (segment_id, corrected_text, corrected_speaker, reason)
    WHERE stamp.is_current AND {of_meeting("stored")} AND stored.segment_id = given.segment_id AND NOT stored.deleted
        AND stored.segment_id = ANY (CAST(:segment_ids AS int[]))
    RETURNING stored.segment_id
),
counted AS (SELECT count(*) AS updated FROM corrected),
{raised("counted.updated > 0")}
{RESULT}"""
    )

    async def correct(
        self, meeting_id: MeetingId, corrected: Sequence[Segment], reasons: Sequence[str | None] = ()
    ) -> Meeting:
        """Stores the corrections of these segments. Returns the meeting after it.

        `reasons` can have one for each segment; None is the reason of the unit of work.
        """
        meeting, _ = await self._written(
            meeting_id,
            self._CORRECT,
            segment_ids=[each.segment_id for each in corrected],
            texts=[each.corrected_text for each in corrected],
            speakers=[each.corrected_speaker for each in corrected],
            reasons=list(reasons) or [None] * len(corrected),
            actor=self._author.actor,
            reason=self._author.reason,
        )
        return meeting

    _RENAME = text(
        f"""{LOCKED},
renamed AS (
    UPDATE segments AS stored SET {assignments(STAMPED | {name: _RENAMED[name] for name in ("speaker", "heard_speaker")})}
    FROM stamp
    WHERE stamp.is_current AND {of_meeting("stored")} AND NOT stored.deleted
        AND {_HEARD["speaker"]} = ANY (CAST(:labels AS text[])) AND stored.speaker <> {_RENAMED["speaker"]}
    RETURNING stored.segment_id
),
counted AS (SELECT count(*) AS updated FROM renamed),
{raised("counted.updated > 0")}
{RESULT}"""
    )

    async def rename_speakers(self, meeting_id: MeetingId, labels: Collection[str]) -> Meeting:
        """Gives the segments with these labels the speakers that the meeting's `speaker_names` say.

        Returns the meeting after it.
        """
        meeting, _ = await self._written(meeting_id, self._RENAME, labels=list(labels))
        return meeting
