"""Meetings in SQL."""

from collections.abc import Iterable
from dataclasses import fields
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Select, Uuid, any_, bindparam, case, func, null, select
from sqlalchemy.dialects.postgresql import JSONB

from db.event_writes import AuditedTable, Values
from db.filters import apply_filter, contains_text, filter_parameters
from db.keyset import PageShape, keyset_page, page_parameters
from db.repository import ID, IDS, WORKSPACE, Repository, columns
from db.row_mapping import RowMapper, row_mapper
from db.tables import meetings, recorded_columns
from domain.errors import Conflict, NotFound
from domain.filters import MeetingFilter
from domain.history import Aggregate, EventKind
from domain.ids import AgentId, MeetingId
from domain.meetings import Meeting, MeetingState
from domain.ordering import MEETINGS_BY_AGE, Order
from domain.pagination import Page, PageRequest

_FIELDS = tuple(field.name for field in fields(Meeting))
COLUMNS = columns(meetings, _FIELDS)
_IN_WORKSPACE = meetings.c.workspace_id == WORKSPACE

_MEETINGS = select(*COLUMNS).where(_IN_WORKSPACE)
_BY_IDS = _MEETINGS.where(meetings.c.id == any_(IDS))
_LOCKED = _MEETINGS.where(meetings.c.id == ID).with_for_update(key_share=True)


_CONDITIONS = {
    "text": contains_text(meetings.c.title),
    "state": meetings.c.state == bindparam("state"),
    "agent_id": meetings.c.agent_id == bindparam("agent_id", type_=Uuid),
    "created_after": meetings.c.created_at >= bindparam("created_after", type_=DateTime(timezone=True)),
    "created_before": meetings.c.created_at < bindparam("created_before", type_=DateTime(timezone=True)),
    "metadata": meetings.c.metadata.contains(bindparam("metadata", type_=JSONB)),
}


@lru_cache(maxsize=100)
def _page(conditions: tuple[str, ...], order: Order, shape: PageShape) -> Select[Any]:
    sorted_by = columns(meetings, (order.field, "id"))
    return keyset_page(apply_filter(_MEETINGS, _CONDITIONS, conditions), sorted_by, shape, descending=order.descending)


@lru_cache(maxsize=100)
def _count(conditions: tuple[str, ...]) -> Select[Any]:
    return apply_filter(select(func.count()).select_from(meetings).where(_IN_WORKSPACE), _CONDITIONS, conditions)


def _kind(old: Values, new: Values) -> ColumnElement[str]:
    return case((old["state"] == new["state"], EventKind.UPDATED.value), else_=EventKind.STATE_CHANGED.value)


_AUDITED = AuditedTable(meetings, Aggregate.MEETING, _kind)


def _leave_agent() -> Select[Any]:
    theirs = select(meetings).where(_IN_WORKSPACE, meetings.c.agent_id == any_(IDS)).order_by(meetings.c.id)
    before = theirs.with_for_update(key_share=True).cte("before")
    written, event = _AUDITED.update(before, {"agent_id": null()})
    return select(written.c.id).add_cte(event)


def _delete() -> Select[Any]:
    deleted, event = _AUDITED.delete(_IN_WORKSPACE, meetings.c.id == ID)
    return select(deleted.c.id).add_cte(event)


_CREATE, _UPDATE = _AUDITED.creation(_FIELDS), _AUDITED.replacement(_FIELDS)
_LEAVE_AGENT, _DELETE = _leave_agent(), _delete()


read: RowMapper[Meeting] = row_mapper(Meeting, _FIELDS)
"""Meetings of rows of `COLUMNS`."""


class MeetingRepository(Repository):
    """The meetings of one workspace."""

    async def by_ids(self, ids: Iterable[MeetingId]) -> dict[MeetingId, Meeting]:
        return {meeting.id: meeting for meeting in read(await self._rows(_BY_IDS, ids=list(ids)))}

    async def get(self, id: MeetingId) -> Meeting | None:
        return (await self.by_ids([id])).get(id)

    async def get_for_update(self, id: MeetingId) -> Meeting:
        """Returns the meeting and locks its row until the unit of work ends. Raises NotFound."""
        rows = await self._rows(_LOCKED, id=id)
        if not rows:
            raise NotFound("meeting", id)
        return read(rows)[0]

    async def page(self, request: PageRequest, filter: MeetingFilter, order: Order = MEETINGS_BY_AGE) -> Page[Meeting]:
        conditions = filter_parameters(filter)
        statement = _page(tuple(conditions), order, PageShape.of(request))
        rows = await self._rows(statement, **conditions, **page_parameters(request, 2))
        return Page.of(request, read(rows), order.cursor)

    async def count(self, filter: MeetingFilter) -> int:
        conditions = filter_parameters(filter)
        rows = await self._rows(_count(tuple(conditions)), **conditions)
        return int(rows[0][0])

    async def count_by_state(self, state: MeetingState | None = None) -> int:
        """How many meetings are in this state (None: in any)."""
        return await self.count(MeetingFilter(state=state))

    async def create(self, new: Meeting) -> Meeting:
        """Store a new meeting. Raises InvalidInput if its agent does not exist."""
        rows = await self._write(_CREATE, id=new.id, **_new(new))
        return read(rows)[0]

    async def update(self, changed: Meeting) -> Meeting:
        """Store the meeting's present values as its next version.

        Raises Conflict ("modified concurrently") if it is no longer at the version given, and InvalidInput if its agent
        does not exist.
        """
        rows = await self._write(_UPDATE, key=changed.id, expected_version=changed.version, **_new(changed))
        if not rows:
            current = await self.get(changed.id)
            if current is None:
                raise NotFound("meeting", changed.id)
            raise Conflict("the meeting was modified concurrently", current.version)
        return read(rows)[0]

    async def unassign_agents(self, *agent_ids: AgentId) -> None:
        """Leave the meetings of this agent, or of each of these, without one."""
        if agent_ids:
            await self._write(_LEAVE_AGENT, ids=list(agent_ids))

    async def delete(self, id: MeetingId) -> None:
        """Delete the meeting and its segments."""
        await self._write(_DELETE, id=id)
        self._changes.meetings.add(id)


def _new(meeting: Meeting) -> dict[str, Any]:
    """The parameters of `_CREATE` and `_UPDATE`."""
    values = {f"new_{name}": getattr(meeting, name) for name in recorded_columns(meetings)}
    return values | {"new_state": meeting.state.value}
