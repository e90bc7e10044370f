"""Writes of what was heard. Each is one statement: it takes the meeting's row lock, compares, writes, stamps and counts."""

from collections.abc import Iterable, Sequence

import asyncpg
import orjson
from sqlalchemy import text

from db.change_sequence import LOCKED, RESULT, STAMPED, SegmentChanges, of_meeting, raised
from db.column_queries import SEPARATOR, array_literal, separated
from db.meetings import FIELDS as MEETING_FIELDS
from db.segment_resolution import NAMES, assignments, heard, resolved
from domain.bulk_validation import ValueColumns
from domain.errors import FieldProblem, InvalidInput
from domain.ids import MeetingId
from domain.rules import INT32_MAX
from domain.segments import DeletedSegments, Segment, SegmentContent, UpsertedSegments, segment_columns, with_defaults
from domain.word_timings import Word

_CONTENT = ("text", "speaker", "start_time", "end_time", "is_final", "confidence", "words")
"""The columns of what a caller writes, as they are heard."""
_NEW_CONTENT = {name: f"new.{name}" for name in _CONTENT}
_STORED_CONTENT = {name: f"stored.{name}" for name in _CONTENT} | heard("stored")

_INSERTED = _NEW_CONTENT | resolved("new.text", "new.speaker", "stamp.speaker_names")
_REVISED = _NEW_CONTENT | resolved(
    *("new.text", "new.speaker", "stamp.speaker_names"),
    corrected_text="stored.corrected_text",
    corrected_speaker="stored.corrected_speaker",
)
# A server of before names may have written the label of a speaker who has one.
_FOUND = resolved(*("found.text", "found.speaker", "found.speaker_names"), corrected_speaker="stored.corrected_speaker")
# Without words, which only the longer statement writes.
_APPENDED_CONTENT = [name for name in _CONTENT if name != "words"]
_APPENDED = {
    **{name: f"new.{name}" for name in _APPENDED_CONTENT},
    "is_final": "coalesce(new.is_final, true)",
    **resolved("new.text", "coalesce(new.speaker, '')", "raised.names"),  # null: no label, or the only one is empty
}
_UNSAID = {
    "deleted": "true",
    "text": "''",
    "speaker": "''",
    "confidence": "NULL",
    "words": "NULL",
    **dict.fromkeys(("heard_text", "heard_speaker", "corrected_text", "corrected_speaker"), "NULL"),
    **dict.fromkeys(("corrected_by", "corrected_at", "correction_reason"), "NULL"),
}
"""The columns of a tombstone, which has no words."""


class SegmentWrites(SegmentChanges):
    """Writes the segments of the meetings of one workspace, as they are heard."""

    # The same call again writes nothing and raises no counter. `matched` finds the stored segment of each given one, and
    # `disagrees` where its number and its external id are not of one segment, or another part of the call names the same: then
    # nothing is written. What is stored is revised by UPDATE, as an INSERT that meets a stored row takes its text apart for the
    # index twice.
    #
    # Each read of stored segments names them by a list, beside the condition that joins them. Without one, a plan that was made
    # while the table had few rows reads all segments of the meeting, and compares each with each of those that are given.
    _UPSERT = text(
        f"""{LOCKED},
given AS (
    SELECT segment_id, external_id, {", ".join(_APPENDED_CONTENT)}, CAST(words AS jsonb) AS words, nth FROM unnest(
        CAST(:segment_ids AS int[]), CAST(:external_ids AS text[]),
        CAST(:texts AS text[]), CAST(:speakers AS text[]), CAST(:start_times AS float8[]), CAST(:end_times AS float8[]),
        CAST(:finals AS bool[]), CAST(:confidences AS float8[]), CAST(:words AS text[])
    ) WITH ORDINALITY AS given (segment_id, external_id, {", ".join(_CONTENT)}, nth)
),
found AS MATERIALIZED (
    SELECT given.*, coalesce(given.segment_id, known.segment_id) AS number, known.segment_id AS known_number,
        stamp.speaker_names
    FROM stamp CROSS JOIN given
    LEFT JOIN segments AS known ON {of_meeting("known")} AND known.external_id = given.external_id
        AND known.external_id = ANY (CAST(:external_ids AS text[]))
    WHERE stamp.is_current
),
matched AS MATERIALIZED (
    SELECT found.*,
        stored.segment_id IS NOT NULL AS is_stored, coalesce(stored.deleted, false) AS was_deleted,
        stored.is_final AND NOT stored.deleted AND NOT found.is_final AS is_ignored,
        ({", ".join(_STORED_CONTENT.values())})
            IS DISTINCT FROM ({", ".join(f"found.{name}" for name in _CONTENT)})
            OR stored.speaker <> {_FOUND["speaker"]} AS differs,
        found.known_number <> found.number OR (
            found.external_id IS NOT NULL AND stored.segment_id IS NOT NULL
            AND stored.external_id IS DISTINCT FROM found.external_id
        ) OR found.number = ANY (CAST(:deleted_ids AS int[])) AS disagrees,
        found.number IS NOT NULL AND count(*) OVER (PARTITION BY found.number) > 1 AS is_repeated
    FROM found LEFT JOIN segments AS stored ON {of_meeting("stored")} AND stored.segment_id = found.number
        AND stored.segment_id = ANY (ARRAY(SELECT number FROM found))
),
refused AS MATERIALIZED (SELECT array_agg(nth) AS nths FROM matched WHERE disagrees OR is_repeated),
new AS MATERIALIZED (
    SELECT
        coalesce(
            new.number,
            greatest(stamp.last_segment_id, :highest) + row_number() OVER (PARTITION BY new.number IS NULL ORDER BY new.nth)
        ) AS segment_id,
        new.external_id, {", ".join(_NEW_CONTENT.values())}, workspaces.language, new.is_stored,
        new.was_deleted OR NOT new.is_stored AS is_created, new.is_ignored IS TRUE AS is_ignored,
        new.was_deleted OR (new.differs AND NOT new.is_ignored) AS is_revised
    FROM matched AS new, stamp, workspaces
    WHERE workspaces.id = :workspace AND (SELECT nths IS NULL FROM refused)
),
revision AS MATERIALIZED (SELECT * FROM new WHERE is_stored AND is_revised),
revised AS (
    UPDATE segments AS stored SET {assignments(STAMPED | _REVISED)}, language = new.language, deleted = false,
        created_at = CASE WHEN stored.deleted THEN stamp.now ELSE stored.created_at END
    FROM revision AS new, stamp
    WHERE {of_meeting("stored")} AND stored.segment_id = new.segment_id
        AND stored.segment_id = ANY (ARRAY(SELECT segment_id FROM revision))
),
inserted AS (
    INSERT INTO segments (
        workspace_id, meeting_id, segment_id, external_id, {", ".join(_INSERTED)},
        created_at, updated_at, change_seq, language
    )
    SELECT :workspace, :meeting_id, new.segment_id, new.external_id, {", ".join(_INSERTED.values())},
        stamp.now, stamp.now, stamp.change_seq, new.language
    FROM new, stamp WHERE NOT new.is_stored
),
deleted AS (
    UPDATE segments AS stored SET {assignments(STAMPED | _UNSAID)}
    FROM stamp
    WHERE stamp.is_current AND (SELECT nths IS NULL FROM refused)
        AND {of_meeting("stored")} AND stored.segment_id = ANY (CAST(:deleted_ids AS int[])) AND NOT stored.deleted
    RETURNING stored.segment_id
),
counted AS (
    SELECT
        count(*) FILTER (WHERE is_created) AS created,
        count(*) FILTER (WHERE is_revised AND NOT is_created) AS updated,
        count(*) FILTER (WHERE is_ignored) AS ignored,
        (SELECT count(*) FROM deleted) AS deleted,
        max(segment_id) FILTER (WHERE is_created OR is_revised) AS highest,
        (SELECT nths FROM refused) AS refused
    FROM new
),
{
            raised(
                "(counted.highest IS NOT NULL OR counted.deleted > 0)",
                "last_segment_id = greatest(meetings.last_segment_id, counted.highest)",
            )
        }
{RESULT}"""
    )

    # Where no segment has an id there is nothing to compare with: above the highest number ever used nothing is stored. That
    # number is read with the lock, however long this statement has waited for it. Texts come as one text with separators in
    # between, and numbers as the text of an array: the driver goes through an array element by element.
    _APPEND = text(
        f"""
WITH raised AS (
    UPDATE meetings SET change_seq = change_seq + 1, last_segment_id = last_segment_id + :size
    WHERE workspace_id = :workspace AND id = :meeting_id
    RETURNING {", ".join(MEETING_FIELDS)}, {NAMES} AS names, last_segment_id - :size AS highest, clock_timestamp() AS now
),
inserted AS (
    INSERT INTO segments (
        workspace_id, meeting_id, segment_id, {", ".join(_APPENDED)}, created_at, updated_at, change_seq, language
    )
    SELECT :workspace, :meeting_id, raised.highest + new.nth, {", ".join(_APPENDED.values())},
        raised.now, raised.now, raised.change_seq, workspaces.language
    FROM raised, workspaces, unnest(
        string_to_array(:texts, {SEPARATOR}), string_to_array(:speakers, {SEPARATOR}),
        CAST(CAST(:start_times AS text) AS float8[]), CAST(CAST(:end_times AS text) AS float8[]),
        CAST(CAST(:finals AS text) AS bool[]), CAST(CAST(:confidences AS text) AS float8[])
    ) WITH ORDINALITY AS new ({", ".join(_APPENDED_CONTENT)}, nth)
    WHERE workspaces.id = :workspace
)
SELECT {", ".join(MEETING_FIELDS)}, true AS is_current, true AS is_changed FROM raised"""
    )

    async def upsert(
        self,
        meeting_id: MeetingId,
        contents: Sequence[SegmentContent | Segment],
        deleted_ids: Sequence[int] = (),
    ) -> UpsertedSegments:
        """Does what `upsert_columns` does for contents in rows."""
        return await self.upsert_columns(meeting_id, segment_columns(contents), deleted_ids)

    async def upsert_columns(
        self, meeting_id: MeetingId, contents: ValueColumns, deleted_ids: Sequence[int] = ()
    ) -> UpsertedSegments:
        """Creates or revises segments; new ones without a number get the next free ones, in the order given.

        Deletes the segments with `deleted_ids`, and leaves tombstones for the readers that follow the changes.

        Raises NotFound for an unknown meeting, and InvalidInput if no number is left, or if two ids do not agree.
        """
        try:
            if not deleted_ids and contents.keys().isdisjoint(("segment_id", "external_id", "words")):
                texts, speakers = separated(contents["text"]), separated(contents.get("speaker", ()))
                if texts and speakers is not None:
                    size, finals = len(contents["text"]), contents.get("is_final", ())
                    meeting, _ = await self._written(
                        meeting_id,
                        self._APPEND,
                        size=size,
                        texts=texts,
                        speakers=speakers,
                        start_times=array_literal(contents["start_time"]),
                        end_times=array_literal(contents["end_time"]),
                        # `unnest` fills up with null what is shorter.
                        finals=array_literal(() if finals.count(True) == size else finals),
                        confidences=array_literal(contents.get("confidence", ())),
                    )
                    return UpsertedSegments(meeting, size, updated=0, unchanged=0, ignored=0, deleted=0)
            return await self._revise(meeting_id, with_defaults(contents), deleted_ids)
        except asyncpg.NumericValueOutOfRangeError as error:
            raise InvalidInput.of(
                "segments", f"there is no free number above {INT32_MAX:,}: give each segment its own"
            ) from error

    async def _revise(
        self, meeting_id: MeetingId, contents: ValueColumns, deleted_ids: Sequence[int]
    ) -> UpsertedSegments:
        numbers = contents["segment_id"]
        meeting, counted = await self._written(
            meeting_id,
            self._UPSERT,
            texts=contents["text"],
            speakers=contents["speaker"],
            start_times=contents["start_time"],
            end_times=contents["end_time"],
            finals=contents["is_final"],
            confidences=contents["confidence"],
            words=[_stored_words(each) for each in contents["words"]],
            highest=max((number for number in numbers if number is not None), default=0),
            segment_ids=numbers,
            external_ids=contents["external_id"],
            deleted_ids=list(deleted_ids),
        )
        if counted.refused:
            raise InvalidInput([_refused(nth) for nth in sorted(counted.refused)])
        created, updated, ignored = counted.created, counted.updated, counted.ignored
        unchanged = len(numbers) - created - updated - ignored
        return UpsertedSegments(meeting, created, updated, unchanged, ignored, counted.deleted)

    async def add(self, meeting_id: MeetingId, segment: SegmentContent | Segment) -> UpsertedSegments:
        return await self.upsert(meeting_id, [segment])

    async def add_many(self, meeting_id: MeetingId, contents: Iterable[SegmentContent | Segment]) -> UpsertedSegments:
        return await self.upsert(meeting_id, list(contents))

    async def delete(self, meeting_id: MeetingId, segment_ids: Sequence[int]) -> DeletedSegments:
        """Deletes segments, and leaves tombstones for the readers that follow the changes. Raises NotFound for the meeting."""
        done = await self.upsert(meeting_id, [], segment_ids)
        return DeletedSegments(done.meeting, done.deleted)


def _stored_words(words: list[Word] | None) -> str | None:
    """Returns the words as a JSON document: the driver would take a list of lists for an array of two dimensions."""
    return orjson.dumps(words).decode() if words else None


def _refused(nth: int) -> FieldProblem:
    """Returns the problem of the nth segment of a write, counted from 1."""
    return FieldProblem(
        f"segments.{nth - 1}.external_id", "must name the same segment as segmentId, and only once in the call"
    )
