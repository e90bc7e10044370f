"""History in SQL: reading it. How it is written is `db.event_writes`'s matter."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, any_, bindparam, case, cast, func, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Integer, Uuid

from db.driver import Record
from db.keyset import Columns, PageShape, cursor_parameters, keyset_page, page_parameters
from db.repository import ID, IDS, WORKSPACE, Repository, columns
from db.tables import events
from domain import cursors
from domain.activations import Activation
from domain.history import ACTIVATIONS, ACTIVE_VARIANT, Aggregate, Event, EventKind, FieldChange, History
from domain.ids import AgentId, VariantId, uuid
from domain.pagination import Page, PageRequest
from domain.revisions import AgentRevision, VariantRevision, agent_revision, variant_revision
from domain.validation import integer

_IN_WORKSPACE = events.c.workspace_id == WORKSPACE
_IS_ACTIVATION = or_(*(events.c.kind == kind.value for kind in ACTIVATIONS)) & (any_(events.c.fields) == ACTIVE_VARIANT)
_ACTIVATED = events.c.changes[ACTIVE_VARIANT]
_OWN = Event.__match_args__[:-2]
_VARIANT = case(
    (events.c.entity_id != events.c.aggregate_id, events.c.entity_id),  # (never of a meeting)
    (_IS_ACTIVATION, cast(func.coalesce(_ACTIVATED[1].astext, _ACTIVATED[0].astext), Uuid)),
).label("variant_id")
_COLUMNS = (*columns(events, _OWN), _VARIANT)
_HISTORIES = (
    func.unnest(bindparam("aggregates", type_=ARRAY(Text)), IDS, bindparam("variant_ids", type_=ARRAY(Uuid)))
    .table_valued("aggregate", "id", "variant_id")
    .render_derived(name="history")
)
_IN_HISTORY = (
    _IN_WORKSPACE,
    events.c.aggregate == _HISTORIES.c.aggregate,
    events.c.aggregate_id == _HISTORIES.c.id,
    or_(
        _HISTORIES.c.variant_id.is_(None),
        events.c.entity_id == _HISTORIES.c.variant_id,
        _IS_ACTIVATION & _ACTIVATED.op("?", is_comparison=True)(cast(_HISTORIES.c.variant_id, Text)),
    ),
)

_OF_KIND = events.c.kind == bindparam("kind")
_NAMED = events.alias("named")


def _number(name: str, _: Columns) -> Columns:
    """That of the event which a cursor names; null, beyond which there is nothing, if that is not here."""
    id, version = cursor_parameters(name, [_NAMED.c.entity_id, _NAMED.c.version])
    named = (_NAMED.c.workspace_id == WORKSPACE, _NAMED.c.entity_id == id, _NAMED.c.version == version)
    return [select(_NAMED.c.number).where(*named).scalar_subquery()]


@lru_cache(maxsize=20)
def _page(shape: PageShape, *, of_kind: bool) -> Select[Any]:
    one = select(*_COLUMNS).where(*_IN_HISTORY)
    if of_kind:
        one = one.where(_OF_KIND)
    page = keyset_page(one, [events.c.number], shape, descending=True, place=_number).lateral("page")
    return select(*page.c, *_HISTORIES.c).join_from(_HISTORIES, page, true())


_COUNTS = select(*_HISTORIES.c, func.count()).where(*_IN_HISTORY).group_by(*_HISTORIES.c)
_COUNTS_OF_KIND = _COUNTS.where(_OF_KIND)
_ANY = select(events.c.number).where(_IN_WORKSPACE).limit(1)

# The events of versions of entities.
_VERSIONS = (
    func.unnest(IDS, bindparam("versions", type_=ARRAY(Integer)))
    .table_valued("entity_id", "version")
    .render_derived(name="wanted")
)
_OF_VERSIONS = (
    select(*_COLUMNS)
    .select_from(
        _VERSIONS.join(
            events, (events.c.entity_id == _VERSIONS.c.entity_id) & (events.c.version == _VERSIONS.c.version)
        )
    )
    .where(_IN_WORKSPACE)
    .order_by(events.c.number)
)
_WITH_CHANGES = _OF_VERSIONS.add_columns(events.c.changes)
_CHANGES = _OF_VERSIONS.with_only_columns(events.c.entity_id, events.c.version, events.c.changes)

# The last value that each field was given up to a version is what the entity was then: which version gave it is found
# without the values, and then only those are read.
_earlier, _giving = events.alias("earlier"), events.alias("giving")
_field = func.unnest(_earlier.c.fields).table_valued("name").render_derived(name="field")
_LAST = (
    select(_field.c.name, func.max(_earlier.c.version).label("version"))
    .select_from(_earlier.join(_field, true()))
    .where(
        _earlier.c.workspace_id == WORKSPACE,
        _earlier.c.entity_id == events.c.entity_id,
        _earlier.c.version <= events.c.version,
    )
    .group_by(_field.c.name)
    .correlate(events)
    .subquery("last")
)
_STATE = (
    select(func.jsonb_object_agg(_LAST.c.name, func.jsonb_extract_path(_giving.c.changes, _LAST.c.name, "1")))
    .select_from(_LAST.join(_giving, _giving.c.version == _LAST.c.version))
    .where(_giving.c.workspace_id == WORKSPACE, _giving.c.entity_id == events.c.entity_id)
    .correlate(events)
    .scalar_subquery()
)
_REVISIONS = _OF_VERSIONS.add_columns(_STATE).where(
    events.c.kind != EventKind.DELETED.value, events.c.aggregate == Aggregate.AGENT.value
)
_AGENT_REVISIONS = _REVISIONS.where(events.c.entity_id == events.c.aggregate_id)
_VARIANT_REVISIONS = _REVISIONS.where(events.c.entity_id != events.c.aggregate_id)

_ACTIVATIONS = (
    select(events.c.version, events.c.changes[ACTIVE_VARIANT][1].astext, events.c.restored_version)
    .where(
        _IN_WORKSPACE,
        events.c.entity_id == ID,
        or_(events.c.kind == EventKind.CREATED.value, any_(events.c.fields) == ACTIVE_VARIANT),
    )
    .order_by(events.c.version)
)

Version = tuple[UUID, int]
"""Of an entity: what has one event."""
CURSOR = cursors.cursor("history", uuid, integer(1))
"""It names an event, and not its number: the numbers count what happens in all workspaces."""


def _event(row: Record, changes: Mapping[str, Any] | None = None) -> Event:
    """An event from the values of `_COLUMNS`, which a row begins with."""
    values = dict(zip((*_OWN, "variant_id"), row, strict=False))
    values["kind"] = EventKind(values["kind"])
    values["aggregate"] = Aggregate(values["aggregate"])
    return Event(**values, changes=None if changes is None else _field_changes(changes))


def _field_changes(changes: Mapping[str, Any]) -> list[FieldChange]:
    return [FieldChange(field, *pair) for field, pair in sorted(changes.items())]


def _cursor(event: Event) -> str:
    return cursors.encode("history", str(event.entity_id), event.version)


class EventRepository(Repository):
    """The histories of one workspace. Those of what was deleted are there, too."""

    async def pages(
        self, histories: Collection[History], request: PageRequest, kind: EventKind | None = None
    ) -> dict[History, Page[Event]]:
        """One page of each history, newest first, in one statement; without the events' changes."""
        statement = _page(PageShape.of(request), of_kind=kind is not None)
        parameters = _parameters(histories, kind) | page_parameters(request, 2)
        found: defaultdict[History, list[Event]] = defaultdict(list)
        for row in await self._rows(statement, **parameters):
            found[_history(row[-3:])].append(_event(row))
        return {history: Page.of(request, found[history], _cursor) for history in histories}

    async def counts(self, histories: Collection[History], kind: EventKind | None = None) -> dict[History, int]:
        """How many events each history has; one without any is left out."""
        statement = _COUNTS if kind is None else _COUNTS_OF_KIND
        rows = await self._rows(statement, **_parameters(histories, kind))
        return {_history(row[:3]): row[3] for row in rows}

    async def by_versions(self, keys: Collection[Version]) -> list[Event]:
        """The events that made these versions of entities, in their order, with their changes."""
        return [_event(row, row.changes) for row in await self._rows(_WITH_CHANGES, **_versions(keys))]

    async def changes(self, keys: Collection[Version]) -> dict[Version, list[FieldChange]]:
        """What the events that made these versions of entities changed."""
        rows = await self._rows(_CHANGES, **_versions(keys))
        return {(row.entity_id, row.version): _field_changes(row.changes) for row in rows}

    async def any_exist(self) -> bool:
        """Whether anything was ever written."""
        return bool(await self._rows(_ANY))

    async def agent_revisions(self, keys: Collection[tuple[AgentId, int]]) -> dict[tuple[AgentId, int], AgentRevision]:
        """What agents were at versions of theirs. A version that never was, or that was the deletion, is left out."""
        found = [agent_revision(event, values) for event, values in await self._revisions(_AGENT_REVISIONS, keys)]
        return {(revision.agent_id, revision.version): revision for revision in found}

    async def variant_revisions(
        self, keys: Collection[tuple[VariantId, int]]
    ) -> dict[tuple[VariantId, int], VariantRevision]:
        """The same of variants."""
        found = [variant_revision(event, values) for event, values in await self._revisions(_VARIANT_REVISIONS, keys)]
        return {(revision.id, revision.version): revision for revision in found}

    async def _revisions(
        self, statement: Select[Any], keys: Collection[Version]
    ) -> list[tuple[Event, Mapping[str, Any]]]:
        """The event of each version, and the last value that each field was given."""
        return [(_event(row), row[-1]) for row in await self._rows(statement, **_versions(keys))]

    async def activations(self, agent_id: AgentId) -> list[Activation]:
        """What was active in an agent when it was created, and each change of that, oldest first."""
        rows = await self._rows(_ACTIVATIONS, id=agent_id)
        return [Activation(version, VariantId(UUID(id)) if id else None, restored) for version, id, restored in rows]


def _versions(keys: Collection[Version]) -> dict[str, Any]:
    return {"ids": [key[0] for key in keys], "versions": [key[1] for key in keys]}


def _parameters(histories: Collection[History], kind: EventKind | None) -> dict[str, Any]:
    return {
        "kind": kind and kind.value,
        "aggregates": [history.aggregate.value for history in histories],
        "ids": [history.id for history in histories],
        "variant_ids": [history.variant_id for history in histories],
    }


def _history(values: Sequence[Any]) -> History:
    aggregate, id, variant_id = values
    return History(Aggregate(aggregate), id, variant_id)
