"""Meetings in SQL."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Select, any_, delete, func, insert, select, update

from db.pages import keyset
from db.repository import ID, IDS, WORKSPACE, Repository, columns
from db.tables import meetings
from domain import cursors
from domain.errors import Conflict, NotFound
from domain.filters import MeetingFilter
from domain.ids import MeetingId, uuid
from domain.meetings import Meeting, MeetingState
from domain.pages import Page, PageRequest

_FIELDS = tuple(field.name for field in fields(Meeting))
COLUMNS = columns(meetings, _FIELDS)
_STATE = _FIELDS.index("state")
_HERE = meetings.c.workspace_id == WORKSPACE

_MEETINGS = select(*COLUMNS).where(_HERE)
_BY_IDS = _MEETINGS.where(meetings.c.id == any_(IDS))
_LOCKED = _MEETINGS.where(meetings.c.id == ID).with_for_update(key_share=True)

CURSOR = cursors.cursor("meetings", uuid)


def meeting(row: Sequence[Any]) -> Meeting:
    """A meeting from the values of `COLUMNS`."""
    values = list(row)
    values[_STATE] = MeetingState(values[_STATE])
    return Meeting(*values)


def _cursor(meeting: Meeting) -> str:
    return cursors.encode("meetings", str(meeting.id))


class MeetingRepository(Repository):
    """The meetings of one workspace."""

    async def by_ids(self, ids: Iterable[MeetingId]) -> dict[MeetingId, Meeting]:
        return {row.id: meeting(row) for row in await self._rows(_BY_IDS, ids=list(ids))}

    async def get(self, id: MeetingId) -> Meeting | None:
        return (await self.by_ids([id])).get(id)

    async def lock(self, id: MeetingId) -> Meeting:
        """The meeting, whose row is locked until the unit of work ends. Raises NotFound."""
        rows = await self._rows(_LOCKED, id=id)
        if not rows:
            raise NotFound("meeting", id)
        return meeting(rows[0])

    async def page(self, request: PageRequest, filter: MeetingFilter) -> Page[Meeting]:
        """Meetings from the newest to the oldest."""
        statement = keyset(self._filtered(select(*COLUMNS), filter), meetings.c.id, request, descending=True)
        return Page.of(request, [meeting(row) for row in await self._rows(statement)], _cursor)

    async def count(self, filter: MeetingFilter) -> int:
        rows = await self._rows(self._filtered(select(func.count()).select_from(meetings), filter))
        return int(rows[0][0])

    async def count_by_state(self, state: MeetingState | None = None) -> int:
        """How many meetings are in this state (None: in any)."""
        return await self.count(MeetingFilter(state=state))

    def _filtered(self, statement: Select[Any], filter: MeetingFilter) -> Select[Any]:
        conditions: list[ColumnElement[bool]] = [_HERE]
        if filter.text is not None:
            conditions.append(meetings.c.title.icontains(filter.text, autoescape=True))
        if filter.state is not None:
            conditions.append(meetings.c.state == filter.state.value)
        if filter.agent_id is not None:
            conditions.append(meetings.c.agent_id == filter.agent_id)
        if filter.created_after is not None:
            conditions.append(meetings.c.created_at >= filter.created_after)
        if filter.created_before is not None:
            conditions.append(meetings.c.created_at < filter.created_before)
        if filter.metadata is not None:
            conditions.append(meetings.c.metadata.contains(filter.metadata))
        return statement.where(*conditions)

    async def create(self, new: Meeting) -> Meeting:
        """Store a new meeting. Raises InvalidInput if its agent does not exist."""
        values = {name: getattr(new, name) for name in ("id", "title", "metadata", "agent_id")}
        rows = await self._rows(
            insert(meetings)
            .values(workspace_id=self._workspace_id, state=new.state.value, **values)
            .returning(*COLUMNS)
        )
        return meeting(rows[0])

    async def update(self, changed: Meeting) -> Meeting:
        """Store the meeting's present values as its next version.

        Raises Conflict ("modified concurrently") if it is no longer at the version given, and InvalidInput if its agent
        does not exist.
        """
        values = {name: getattr(changed, name) for name in ("title", "metadata", "agent_id", "started_at", "ended_at")}
        rows = await self._rows(
            update(meetings)
            .where(_HERE, meetings.c.id == changed.id, meetings.c.version == changed.version)
            .values(state=changed.state.value, **values)
            .values(version=meetings.c.version + 1, updated_at=func.clock_timestamp())
            .returning(*COLUMNS)
        )
        if not rows:
            current = await self.get(changed.id)
            if current is None:
                raise NotFound("meeting", changed.id)
            raise Conflict("the meeting was modified concurrently", current.version)
        return meeting(rows[0])

    async def delete(self, id: MeetingId) -> None:
        """Delete the meeting and its segments."""
        await self._rows(delete(meetings).where(_HERE, meetings.c.id == id).returning(meetings.c.id))
        self._changes.meetings.add(id)
