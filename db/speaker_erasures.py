"""Erasures of speakers in SQL: a pseudonym replaces names in a meeting's segments and events, and the erasure is recorded."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import fields

import orjson
from sqlalchemy import any_, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import insert

from db.change_sequence import LOCKED, RESULT, STAMPED, SegmentChanges, of_meeting, raised
from db.repository import IDS, WORKSPACE
from db.row_mapping import MappedQuery
from db.segment_resolution import assignments, heard, resolved
from db.tables import events, segments, speaker_erasures, workspaces
from domain.history import Aggregate
from domain.ids import MeetingId
from domain.speaker_erasures import ERASED_TEXT, ErasureKey, MeetingEvent, SpeakerErasure

_FIELDS = [field.name for field in fields(SpeakerErasure)]
_HEARD = heard("stored")


def _pseudonymized(value: str) -> str:
    return f"CASE WHEN {value} = ANY (CAST(:names AS text[])) THEN CAST(:pseudonym AS text) ELSE {value} END"


_RESOLVED = resolved(
    *("erased.text", "erased.speaker", "stamp.speaker_names"),
    corrected_text="erased.corrected_text",
    corrected_speaker="erased.corrected_speaker",
)
_ERASED = {
    name: f"erased.{name}"
    for name in ("corrected_text", "corrected_speaker", "corrected_by", "correction_reason", "words")
}


class SpeakerErasureRepository(SegmentChanges):
    """The erasures of speakers of one workspace."""

    _KEY = select(workspaces.c.erasure_key).where(workspaces.c.id == WORKSPACE)

    async def key(self) -> ErasureKey:
        (row,) = await self._rows(self._KEY)
        return ErasureKey(row.erasure_key)

    _KNOWN = (
        select(events.c.entity_id)
        .where(events.c.workspace_id == WORKSPACE, events.c.aggregate == Aggregate.MEETING.value)
        .group_by(events.c.entity_id)
        .order_by(events.c.entity_id)
    )
    _KNOWN_OF = _KNOWN.where(events.c.entity_id == any_(IDS))
    _ALL = _KNOWN.limit(bindparam("limit"))

    async def known_meetings(self, ids: Collection[MeetingId]) -> list[MeetingId]:
        """Returns the ids that belong to meetings, also to deleted ones."""
        return [row.entity_id for row in await self._rows(self._KNOWN_OF, ids=list(ids))]

    async def first_meetings(self, limit: int) -> list[MeetingId]:
        """Returns the ids of the workspace's oldest meetings, also of deleted ones."""
        return [row.entity_id for row in await self._rows(self._ALL, limit=limit)]

    _NAMES = text(
        """
SELECT meeting_id, array_agg(DISTINCT name) AS names
FROM segments CROSS JOIN unnest(ARRAY[speaker, heard_speaker, corrected_speaker, corrected_by]) AS name
WHERE workspace_id = :workspace AND meeting_id = ANY (CAST(:ids AS uuid[])) AND name <> ''
GROUP BY meeting_id"""
    )

    async def names(self, ids: Collection[MeetingId]) -> dict[MeetingId, list[str]]:
        """Returns all names and labels of speakers, and of those who corrected, in the segments of each meeting."""
        return {row.meeting_id: row.names for row in await self._rows(self._NAMES, ids=list(ids))}

    _EVENTS = (
        select(
            *(events.c.entity_id, events.c.version, events.c.actor, events.c.reason),
            events.c.changes["speaker_names"].label("speaker_names"),
        )
        .where(
            events.c.workspace_id == WORKSPACE,
            events.c.aggregate == Aggregate.MEETING.value,
            events.c.entity_id == any_(IDS),
        )
        .order_by(events.c.entity_id, events.c.version)
        .with_for_update(key_share=True)
    )

    async def events_for_update(self, ids: Iterable[MeetingId]) -> dict[MeetingId, list[MeetingEvent]]:
        """Returns the events of each meeting, the oldest first, and locks them: a deleted meeting has no other row to lock."""
        found: defaultdict[MeetingId, list[MeetingEvent]] = defaultdict(list)
        for row in await self._rows(self._EVENTS, ids=list(ids)):
            found[row.entity_id].append(MeetingEvent(row.version, row.actor, row.reason, row.speaker_names))
        return found

    _CORRECTION_REASONS = select(segments.c.segment_id, segments.c.correction_reason).where(
        segments.c.workspace_id == WORKSPACE,
        segments.c.meeting_id == any_(IDS),
        segments.c.correction_reason.is_not(None),
    )

    async def correction_reasons(self, id: MeetingId) -> dict[int, str]:
        """Returns the reasons of corrections, by the numbers of their segments."""
        rows = await self._rows(self._CORRECTION_REASONS, ids=[id])
        return {row.segment_id: row.correction_reason for row in rows}

    # The meeting's names have the pseudonym already: so the speaker's segments are those that resolve to it.
    _ERASE = text(
        f"""{LOCKED},
named AS (
    SELECT segment_id, {_HEARD["text"]} AS text, {_pseudonymized(_HEARD["speaker"])} AS speaker,
        corrected_text, {_pseudonymized("corrected_speaker")} AS corrected_speaker,
        {_pseudonymized("corrected_by")} AS corrected_by, correction_reason, words
    FROM segments AS stored CROSS JOIN stamp WHERE stamp.is_current AND {of_meeting("stored")} AND NOT stored.deleted
),
said AS (
    SELECT named.*, :with_text AND :pseudonym = coalesce(
        named.corrected_speaker, stamp.speaker_names ->> named.speaker, named.speaker
    ) AS is_erased
    FROM named CROSS JOIN stamp
),
erased AS MATERIALIZED (
    SELECT segment_id, speaker, corrected_speaker, corrected_by,
        CASE WHEN is_erased THEN :erased_text ELSE text END AS text,
        CASE WHEN is_erased AND corrected_text IS NOT NULL THEN :erased_text ELSE corrected_text END AS corrected_text,
        CASE WHEN NOT is_erased AND segment_id <> ALL (CAST(:reasons AS int[])) THEN correction_reason END AS correction_reason,
        CASE WHEN NOT is_erased THEN words END AS words
    FROM said
),
changed AS (
    UPDATE segments AS stored SET {assignments(STAMPED | _RESOLVED | _ERASED)}
    FROM erased CROSS JOIN stamp
    WHERE {of_meeting("stored")} AND stored.segment_id = erased.segment_id
        AND ({", ".join(f"stored.{name}" for name in _RESOLVED | _ERASED)})
            IS DISTINCT FROM ({", ".join((_RESOLVED | _ERASED).values())})
    RETURNING stored.segment_id
),
counted AS (SELECT count(*) AS updated FROM changed),
{raised("counted.updated > 0")}
{RESULT}"""
    )

    async def erase_in_segments(
        self, id: MeetingId, names: Collection[str], pseudonym: str, *, with_text: bool, reasons: Collection[int]
    ) -> int:
        """Replaces names in the segments of a meeting, and removes the reasons of corrections of these segments.

        With `with_text` it also removes what the speaker said. Returns how many segments changed.
        """
        _, counted = await self._written(
            id,
            self._ERASE,
            names=list(names),
            pseudonym=pseudonym,
            with_text=with_text,
            erased_text=ERASED_TEXT,
            reasons=list(reasons),
        )
        return int(counted.updated)

    _RECORD = (
        insert(speaker_erasures)
        .values(
            workspace_id=WORKSPACE,
            **{
                name: bindparam(f"new_{name}", type_=speaker_erasures.c[name].type)
                for name in _FIELDS
                if name != "erased_at"
            },
            erased_at=func.coalesce(bindparam("new_erased_at", type_=speaker_erasures.c.erased_at.type), func.now()),
        )
        .on_conflict_do_nothing()
    )

    async def record(self, erasure: SpeakerErasure, *, is_new: bool) -> None:
        """Stores the record of an erasure, with the transaction's time if it is new. A record that exists already stays."""
        values = {f"new_{name}": getattr(erasure, name) for name in _FIELDS}
        await self._rows(
            self._RECORD,
            **values | {"new_mode": erasure.mode.value, "new_erased_at": None if is_new else erasure.erased_at},
        )

    _ERASE_EVENTS = text(
        """
UPDATE events SET actor = erased.actor, reason = erased.reason, changes = CASE
    WHEN erased.speaker_names IS NULL THEN events.changes
    ELSE jsonb_set(events.changes, '{speaker_names}', CAST(erased.speaker_names AS jsonb))
END
FROM unnest(
    CAST(:versions AS int[]), CAST(:actors AS text[]), CAST(:reasons AS text[]), CAST(:speaker_names AS text[])
) AS erased (version, actor, reason, speaker_names)
WHERE events.workspace_id = :workspace AND events.entity_id = :id AND events.version = erased.version"""
    )

    async def replace_events(self, id: MeetingId, erased: Collection[MeetingEvent]) -> None:
        """Stores events of a meeting without a speaker's names. The erasure must be recorded already."""
        await self._rows(
            self._ERASE_EVENTS,
            id=id,
            versions=[event.version for event in erased],
            actors=[event.actor for event in erased],
            reasons=[event.reason for event in erased],
            speaker_names=[
                None if event.speaker_names is None else orjson.dumps(event.speaker_names).decode() for event in erased
            ],
        )

    _BY_TIME = MappedQuery.of(
        select(*(speaker_erasures.c[name] for name in _FIELDS))
        .where(speaker_erasures.c.workspace_id == WORKSPACE)
        .order_by(speaker_erasures.c.erased_at, speaker_erasures.c.meeting_id),
        SpeakerErasure,
    )
    _OF_MEETINGS = _BY_TIME._replace(statement=_BY_TIME.statement.where(speaker_erasures.c.meeting_id == any_(IDS)))

    async def by_time(self) -> list[SpeakerErasure]:
        """Returns all erasures, the oldest first."""
        return await self._entities(self._BY_TIME)

    async def of_meetings(self, ids: Collection[MeetingId]) -> list[SpeakerErasure]:
        """Returns the erasures of all speakers of these meetings, the oldest first."""
        return await self._entities(self._OF_MEETINGS, ids=list(ids))
