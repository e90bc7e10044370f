"""Meetings in SQL."""

from collections.abc import Collection, Iterable
from dataclasses import fields
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Double,
    FromClause,
    Integer,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from db.event_writes import AuditedTable, Values, new_values
from db.filters import apply_filter, contains_text, filter_parameters
from db.keyset import PageShape, cursor_fields, keyset_page, page_parameters
from db.repository import ID, IDS, WORKSPACE, ColumnNames, Repository, columns
from db.row_mapping import AnySelect, MappedQuery, RowMapper, column_names, row_functions
from db.tables import events, meetings, recorded_columns
from domain.change_stream import MeetingUpdate
from domain.errors import Conflict, NotFound, ServiceUnavailable
from domain.filters import MeetingFilter
from domain.history import Aggregate, EventKind
from domain.ids import AgentId, MeetingId
from domain.meetings import Meeting, MeetingState
from domain.ordering import MEETINGS_BY_AGE, Order
from domain.pagination import Page, PageRequest

FIELDS = tuple(field.name for field in fields(Meeting))
to_meetings: RowMapper[Meeting] = row_functions(Meeting, FIELDS).entities
"""Returns the meetings of rows whose columns are `FIELDS`, in this order."""

EXTERNAL_ID = bindparam("external_id", type_=Text)
MAX_CREATE_ATTEMPTS = 3
"""The number of times that a meeting with an external id is created, and, as there is one already, looked for."""
_IN_WORKSPACE = meetings.c.workspace_id == WORKSPACE
(_EXTERNAL_IDS,) = (index for index in meetings.indexes if index.name == "meetings_external_id_idx")


def _meeting_columns(source: FromClause) -> list[ColumnElement[Any]]:
    return columns(source, FIELDS)


_MEETINGS = select(*_meeting_columns(meetings)).where(_IN_WORKSPACE)

_CONDITIONS = {
    "text": contains_text(meetings.c.title),
    "external_id": meetings.c.external_id == EXTERNAL_ID,
    "state": meetings.c.state == bindparam("state"),
    "agent_id": meetings.c.agent_id == bindparam("agent_id", type_=Uuid),
    "created_after": meetings.c.created_at >= bindparam("created_after", type_=DateTime(timezone=True)),
    "created_before": meetings.c.created_at < bindparam("created_before", type_=DateTime(timezone=True)),
    "metadata": meetings.c.metadata.contains(bindparam("metadata", type_=JSONB)),
}


def _kind(old: Values, new: Values) -> ColumnElement[str]:
    return case((old["state"] == new["state"], EventKind.UPDATED.value), else_=EventKind.STATE_CHANGED.value)


_CLOCKED = ("started_at", "ended_at", "held_at")
_AUDITED = AuditedTable(meetings, Aggregate.MEETING, _kind, _CLOCKED)


def _updates() -> AnySelect:
    """Returns the statement for the meetings that changed in the last `seconds`, but at no version that is known already.

    A row has the meeting's columns, or nulls if it was deleted. Its events say when a meeting was deleted.
    """
    since = func.statement_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, bindparam("seconds", type_=Double))
    changed = select(meetings.c.id, meetings.c.version, meetings.c.updated_at.label("changed_at")).where(
        _IN_WORKSPACE, meetings.c.updated_at > since
    )
    # The words are not parameters, so that a plan for any parameters uses the index of these deletions.
    deleted = select(events.c.entity_id, events.c.version, events.c.created_at).where(
        events.c.workspace_id == WORKSPACE,
        events.c.kind == literal_column(f"'{EventKind.DELETED.value}'"),
        events.c.aggregate == literal_column(f"'{Aggregate.MEETING.value}'"),
        events.c.created_at > since,
    )
    update = union_all(changed, deleted).subquery("update")
    known = func.unnest(IDS, bindparam("versions", type_=ARRAY(Integer))).table_valued("id", "version")
    known = known.render_derived(name="known")
    is_known = select(known.c.id).where(known.c.id == update.c.id, known.c.version >= update.c.version).exists()
    of_meeting = (meetings.c.workspace_id == WORKSPACE) & (meetings.c.id == update.c.id)
    return (
        select(update.c.id.label("meeting_id"), update.c.version.label("new_version"), *_meeting_columns(meetings))
        .select_from(update.outerjoin(meetings, of_meeting))
        .where(~is_known)
        .order_by(update.c.changed_at, update.c.id)
        .limit(bindparam("limit", type_=Integer))
    )


class MeetingRepository(Repository):
    """The meetings of one workspace."""

    _BY_IDS = _MEETINGS.where(meetings.c.id == any_(IDS))

    async def by_ids(self, ids: Iterable[MeetingId]) -> dict[MeetingId, Meeting]:
        return {meeting.id: meeting for meeting in to_meetings(await self._rows(self._BY_IDS, ids=list(ids)))}

    async def get(self, id: MeetingId) -> Meeting | None:
        return (await self.by_ids([id])).get(id)

    _GET_FOR_UPDATE = _MEETINGS.where(meetings.c.id == ID).with_for_update(key_share=True)

    async def get_for_update(self, id: MeetingId) -> Meeting:
        """Returns the meeting and locks its row until the unit of work ends. Raises NotFound."""
        rows = await self._rows(self._GET_FOR_UPDATE, id=id)
        if not rows:
            raise NotFound("meeting", id)
        return to_meetings(rows)[0]

    _FIND_FOR_UPDATE = (
        _MEETINGS.where(meetings.c.id == any_(IDS)).order_by(meetings.c.id).with_for_update(key_share=True)
    )

    async def find_for_update(self, ids: Iterable[MeetingId]) -> dict[MeetingId, Meeting]:
        """Returns the meetings that exist, and locks their rows until the unit of work ends."""
        return {meeting.id: meeting for meeting in to_meetings(await self._rows(self._FIND_FOR_UPDATE, ids=list(ids)))}

    @staticmethod
    @lru_cache(maxsize=100)
    def _page(
        conditions: tuple[str, ...], order: Order, shape: PageShape, requested: ColumnNames
    ) -> MappedQuery[Meeting]:
        sort_fields = (order.field, "id")
        needed = ("id", *cursor_fields(requested, order.field))
        own = columns(meetings, FIELDS, None if requested is None else requested.union(needed))
        filtered = apply_filter(select(*own).where(_IN_WORKSPACE), _CONDITIONS, conditions)
        page = keyset_page(filtered, columns(meetings, sort_fields), shape, descending=order.descending)
        return MappedQuery.of(page, Meeting)

    async def page(
        self,
        request: PageRequest,
        filter: MeetingFilter,
        order: Order = MEETINGS_BY_AGE,
        requested: ColumnNames = None,
    ) -> Page[Meeting]:
        conditions = filter_parameters(filter)
        query = self._page(tuple(conditions), order, PageShape.of(request), requested)
        return Page.of(request, await self._entities(query, **conditions, **page_parameters(request, 2)), order.cursor)

    @staticmethod
    @lru_cache(maxsize=100)
    def _count(conditions: tuple[str, ...]) -> Select[int]:
        count = select(func.count().label("total")).select_from(meetings).where(_IN_WORKSPACE)
        return apply_filter(count, _CONDITIONS, conditions)

    async def count(self, filter: MeetingFilter) -> int:
        conditions = filter_parameters(filter)
        (row,) = await self._rows(self._count(tuple(conditions)), **conditions)
        return int(row.total)

    async def count_by_state(self, state: MeetingState | None = None) -> int:
        """Returns how many meetings are in this state, or in any."""
        return await self.count(MeetingFilter(state=state))

    _BY_EXTERNAL_ID = _MEETINGS.where(meetings.c.external_id == EXTERNAL_ID)

    _UPDATES = _updates()
    _to_updated = staticmethod(row_functions(Meeting, column_names(_UPDATES)).entities)

    async def updates(self, seconds: float, known: Collection[MeetingUpdate], limit: int) -> list[MeetingUpdate]:
        """Returns the meetings that were created, changed or deleted in the last `seconds`, each at its newest.

        Those come first that have not changed for longest. Left out is what is `known`.
        """
        rows = await self._rows(
            self._UPDATES,
            seconds=seconds,
            ids=[update.meeting_id for update in known],
            versions=[update.version for update in known],
            limit=limit,
        )
        found = {meeting.id: meeting for meeting in self._to_updated([row for row in rows if row["id"] is not None])}
        return [MeetingUpdate(row.meeting_id, row.new_version, found.get(row.meeting_id)) for row in rows]

    async def by_external_id(self, external_id: str) -> Meeting | None:
        found = to_meetings(await self._rows(self._BY_EXTERNAL_ID, external_id=external_id))
        return found[0] if found else None

    _CREATE = _AUDITED.insert_one(_meeting_columns, unless_in=_EXTERNAL_IDS)

    async def create(self, new: Meeting) -> Meeting:
        """Stores a new meeting, or returns the one that has its external id already. Its times are the database's.

        Raises InvalidInput if its agent does not exist.
        """
        self._changes.meeting_lists.add(self._workspace_id)
        for _ in range(MAX_CREATE_ATTEMPTS):
            if rows := await self._write(self._CREATE, id=new.id, **_stored_values(new)):
                return to_meetings(rows)[0]
            assert new.external_id is not None, "only an external id can be there already"
            if found := await self.by_external_id(new.external_id):
                return found
        raise ServiceUnavailable("the meeting is created and deleted at once: the same again may succeed")

    _UPDATE = _AUDITED.update_one(_meeting_columns)

    async def update(self, changed: Meeting) -> Meeting:
        """Stores the meeting's present values as its next version, and returns it; new times are the database's.

        Raises NotFound, Conflict ("modified concurrently") if it is no longer at the version given, and InvalidInput if
        its agent does not exist.
        """
        values = _stored_values(changed)
        self._note_changes(changed.id)
        rows = await self._write(self._UPDATE, key=changed.id, expected_version=changed.version, **values)
        if not rows:
            current = await self.get(changed.id)
            if current is None:
                raise NotFound("meeting", changed.id)
            raise Conflict("the meeting was modified concurrently", current.version)
        return to_meetings(rows)[0]

    _ASSIGNED_FOR_UPDATE = (
        select(meetings)
        .where(_IN_WORKSPACE, meetings.c.agent_id == any_(IDS))
        .order_by(meetings.c.id)
        .with_for_update(key_share=True)
    )
    _UNASSIGN_AGENTS = _AUDITED.update_rows(_ASSIGNED_FOR_UPDATE, {"agent_id": null()})

    async def unassign_agents(self, *agent_ids: AgentId) -> None:
        """Leaves the meetings of these agents without one."""
        if agent_ids:
            rows = await self._write(self._UNASSIGN_AGENTS, ids=list(agent_ids))
            self._note_changes(*(row.id for row in rows))

    _DELETE = _AUDITED.delete_rows(_IN_WORKSPACE, meetings.c.id == ID)

    async def delete(self, id: MeetingId) -> None:
        """Deletes the meeting and its segments."""
        await self._write(self._DELETE, id=id)
        self._note_changes(id)

    def _note_changes(self, *ids: MeetingId) -> None:
        """Lets the notifier publish, after the commit, that these meetings and the list of meetings have changed."""
        if ids:
            self._changes.meetings.update(ids)
            self._changes.meeting_lists.add(self._workspace_id)


def _stored_values(meeting: Meeting) -> dict[str, Any]:
    values = {name: getattr(meeting, name) for name in recorded_columns(meetings)}
    times = {name: values[name] is not None for name in _CLOCKED}
    return new_values({**values, **times, "state": meeting.state.value})
