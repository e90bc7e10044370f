"""Erasures in SQL: what was said and named in a meeting is removed from its events, and the erasure is recorded."""

from dataclasses import fields
from datetime import datetime

from sqlalchemy import DateTime, Select, Text, and_, bindparam, func, literal, null, select, update
from sqlalchemy.dialects.postgresql import insert

from db.driver import Record
from db.repository import ID, WORKSPACE, Repository
from db.tables import erasures, events
from domain.erasures import ERASED_ACTOR, Erasure
from domain.errors import NotFound
from domain.history import Aggregate
from domain.ids import MeetingId

_COLUMNS = [erasures.c[field.name] for field in fields(Erasure)]
_ERASED_BY = bindparam("erased_by", type_=Text)
_ERASED_AT = func.coalesce(bindparam("erased_at", type_=DateTime(timezone=True)), func.clock_timestamp())
_EVENTS_OF_MEETING = (
    events.c.workspace_id == WORKSPACE,
    events.c.entity_id == ID,
    events.c.aggregate == Aggregate.MEETING.value,
)
_ERASED_CHANGES = func.erased_changes(events.c.changes)
# Also a client may call itself by the name that erased events have, and an erased speaker's event has it.
_IS_ERASED = and_(events.c.actor == ERASED_ACTOR, events.c.reason.is_(None), events.c.changes == _ERASED_CHANGES)


def _record() -> Select[tuple[MeetingId]]:
    """Returns the statement that records the erasure of a meeting that has a history, unless it is recorded already."""
    known = select(WORKSPACE, ID, _ERASED_BY, _ERASED_AT).where(
        select(events.c.version).where(*_EVENTS_OF_MEETING).exists()
    )
    recorded = insert(erasures).from_select(["workspace_id", "meeting_id", "erased_by", "erased_at"], known)
    return select(recorded.on_conflict_do_nothing().returning(erasures.c.meeting_id).cte("recorded").c.meeting_id)


def _erasure(row: Record) -> Erasure:
    return Erasure(**{field.name: row[field.name] for field in fields(Erasure)})


class ErasureRepository(Repository):
    """The erasures of one workspace."""

    _RECORD = _record()
    _GET = select(*_COLUMNS).where(erasures.c.workspace_id == WORKSPACE, erasures.c.meeting_id == ID)
    _ERASE_EVENTS = (
        update(events)
        .where(*_EVENTS_OF_MEETING, ~_IS_ERASED)
        .values(actor=literal(ERASED_ACTOR), reason=null(), changes=_ERASED_CHANGES)
        .returning(events.c.version)
    )

    async def erase_history(self, meeting_id: MeetingId, erased_by: str, erased_at: datetime | None = None) -> Erasure:
        """Erases the events of a deleted meeting, and returns the record of the erasure, by default with the database's time.

        An erasure that is recorded already stays as it is.

        Raises NotFound if there never was such a meeting.
        """
        await self._rows(self._RECORD, id=meeting_id, erased_by=erased_by, erased_at=erased_at)
        found = await self._rows(self._GET, id=meeting_id)
        if not found:
            raise NotFound("meeting", meeting_id)
        await self._rows(self._ERASE_EVENTS, id=meeting_id)
        return _erasure(found[0])

    _BY_TIME = (
        select(*_COLUMNS)
        .where(erasures.c.workspace_id == WORKSPACE)
        .order_by(erasures.c.erased_at, erasures.c.meeting_id)
    )

    async def by_time(self) -> list[Erasure]:
        """Returns all erasures, the oldest first."""
        return [_erasure(row) for row in await self._rows(self._BY_TIME)]
