"""History in SQL: reading events. `db.event_writes` writes them."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Text, any_, bindparam, case, cast, func, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Integer, Uuid

from db.driver import Record
from db.keyset import PageShape, SortColumns, cursor_parameters, keyset_page, page_parameters
from db.repository import ID, IDS, WORKSPACE, Repository
from db.row_mapping import AnySelect
from db.tables import events
from domain.activations import Activation
from domain.history import (
    ACTIVATIONS,
    ACTIVE_VARIANT,
    Aggregate,
    EntityVersion,
    Event,
    EventKind,
    FieldChange,
    History,
    event_cursor,
)
from domain.ids import AgentId, VariantId
from domain.pagination import Page, PageRequest
from domain.revisions import AgentRevision, VariantRevision, agent_revision, variant_revision

_IN_WORKSPACE = events.c.workspace_id == WORKSPACE
_IS_ACTIVATION = or_(*(events.c.kind == kind.value for kind in ACTIVATIONS)) & (any_(events.c.fields) == ACTIVE_VARIANT)
_ACTIVATED = events.c.changes[ACTIVE_VARIANT]
_FIELDS = tuple(field.name for field in fields(Event) if field.name != "changes")


def _event_column(name: str) -> ColumnElement[Any]:
    if name != "variant_id":
        return events.c[name]
    return case(
        (events.c.entity_id != events.c.aggregate_id, events.c.entity_id),  # a meeting's events are its own
        (_IS_ACTIVATION, cast(func.coalesce(_ACTIVATED[1].astext, _ACTIVATED[0].astext), Uuid)),
    ).label(name)


_COLUMNS = [_event_column(name) for name in _FIELDS]


def _event(row: Record, changes: Mapping[str, Any] | None = None) -> Event:
    values = {name: row[name] for name in _FIELDS}
    values["aggregate"], values["kind"] = Aggregate(row["aggregate"]), EventKind(row["kind"])
    return Event(**values, changes=None if changes is None else _field_changes(changes))


def _field_changes(changes: Mapping[str, Any]) -> list[FieldChange]:
    return [FieldChange(field, before, after) for field, (before, after) in sorted(changes.items())]


_OF_KIND = events.c.kind == bindparam("kind")
_HISTORIES = (
    func.unnest(bindparam("aggregates", type_=ARRAY(Text)), IDS, bindparam("variant_ids", type_=ARRAY(Uuid)))
    .table_valued("aggregate", "id", "variant_id", with_ordinality="nth")
    .render_derived(name="history")
)
"""The requested histories, numbered from 1."""
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


def _history_parameters(histories: Collection[History], kind: EventKind | None) -> dict[str, object]:
    return {
        "kind": kind and kind.value,
        "aggregates": [history.aggregate.value for history in histories],
        "ids": [history.id for history in histories],
        "variant_ids": [history.variant_id for history in histories],
    }


_CURSOR_EVENTS = events.alias("cursor_event")


def _event_number(end: str, _: SortColumns) -> SortColumns:
    """Returns the number of the event that a cursor names, or null, beyond which nothing lies, if it is not here.

    A cursor names an event by its entity and version, as its number counts what happens in all workspaces.
    """
    columns = _CURSOR_EVENTS.c
    id, version = cursor_parameters(end, [columns.entity_id, columns.version])
    is_named = (columns.workspace_id == WORKSPACE, columns.entity_id == id, columns.version == version)
    return [select(columns.number).where(*is_named).scalar_subquery()]


_VERSIONS = (
    func.unnest(IDS, bindparam("versions", type_=ARRAY(Integer)))
    .table_valued("entity_id", "version")
    .render_derived(name="requested")
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


def _version_parameters(keys: Collection[EntityVersion]) -> dict[str, object]:
    return {"ids": [id for id, _ in keys], "versions": [version for _, version in keys]}


def _revisions() -> AnySelect:
    """Returns the statement for the events of versions, each with the state of its entity: the last value of each field.

    Which version gave a field its last value is found without reading values; then only those values are read.
    """
    earlier, giving = events.alias("earlier"), events.alias("giving")
    field = func.unnest(earlier.c.fields).table_valued("name").render_derived(name="field")
    last = (
        select(field.c.name, func.max(earlier.c.version).label("version"))
        .select_from(earlier.join(field, true()))
        .where(
            earlier.c.workspace_id == WORKSPACE,
            earlier.c.entity_id == events.c.entity_id,
            earlier.c.version <= events.c.version,
        )
        .group_by(field.c.name)
        .correlate(events)
        .subquery("last")
    )
    state = (
        select(func.jsonb_object_agg(last.c.name, func.jsonb_extract_path(giving.c.changes, last.c.name, "1")))
        .select_from(last.join(giving, giving.c.version == last.c.version))
        .where(giving.c.workspace_id == WORKSPACE, giving.c.entity_id == events.c.entity_id)
        .correlate(events)
        .scalar_subquery()
    )
    return _OF_VERSIONS.add_columns(state.label("state")).where(
        events.c.kind != EventKind.DELETED.value, events.c.aggregate == Aggregate.AGENT.value
    )


class EventRepository(Repository):
    """The histories of one workspace, including the histories of deleted entities."""

    @staticmethod
    @lru_cache(maxsize=20)
    def _pages(shape: PageShape, *, of_kind: bool) -> AnySelect:
        of_one = select(*_COLUMNS).where(*_IN_HISTORY)
        if of_kind:
            of_one = of_one.where(_OF_KIND)
        page = keyset_page(of_one, [events.c.number], shape, descending=True, bounds=_event_number).lateral("page")
        return select(_HISTORIES.c.nth, *page.c).join_from(_HISTORIES, page, true())

    async def pages(
        self, histories: Collection[History], request: PageRequest, kind: EventKind | None = None
    ) -> dict[History, Page[Event]]:
        """Returns one page of each history, the newest first, in one statement; the events are without their changes."""
        statement = self._pages(PageShape.of(request), of_kind=kind is not None)
        parameters = _history_parameters(histories, kind) | page_parameters(request, 2)
        found: defaultdict[int, list[Event]] = defaultdict(list)
        for row in await self._rows(statement, **parameters):
            found[row["nth"]].append(_event(row))
        return {history: Page.of(request, found[nth], event_cursor) for nth, history in enumerate(histories, 1)}

    _COUNTS = select(_HISTORIES.c.nth, func.count().label("total")).where(*_IN_HISTORY).group_by(_HISTORIES.c.nth)
    _COUNTS_OF_KIND = _COUNTS.where(_OF_KIND)

    async def counts(self, histories: Collection[History], kind: EventKind | None = None) -> dict[History, int]:
        """Returns how many events each history has; one without any is left out."""
        statement = self._COUNTS if kind is None else self._COUNTS_OF_KIND
        ordered = list(histories)
        rows = await self._rows(statement, **_history_parameters(ordered, kind))
        return {ordered[row.nth - 1]: row.total for row in rows}

    _BY_VERSIONS = _OF_VERSIONS.add_columns(events.c.changes)

    async def by_versions(self, keys: Collection[EntityVersion]) -> list[Event]:
        """Returns the events that made these versions, in their order, with their changes."""
        rows = await self._rows(self._BY_VERSIONS, **_version_parameters(keys))
        return [_event(row, row.changes) for row in rows]

    _CHANGES = _OF_VERSIONS.with_only_columns(events.c.entity_id, events.c.version, events.c.changes)

    async def changes(self, keys: Collection[EntityVersion]) -> dict[EntityVersion, list[FieldChange]]:
        """Returns what the events that made these versions changed."""
        rows = await self._rows(self._CHANGES, **_version_parameters(keys))
        return {(row.entity_id, row.version): _field_changes(row.changes) for row in rows}

    _ANY = select(events.c.number).where(_IN_WORKSPACE).limit(1)

    async def any_exist(self) -> bool:
        """Checks whether anything was ever written."""
        return bool(await self._rows(self._ANY))

    _REVISIONS = _revisions()
    _AGENT_REVISIONS = _REVISIONS.where(events.c.entity_id == events.c.aggregate_id)
    _VARIANT_REVISIONS = _REVISIONS.where(events.c.entity_id != events.c.aggregate_id)

    async def agent_revisions(self, keys: Collection[tuple[AgentId, int]]) -> dict[tuple[AgentId, int], AgentRevision]:
        """Returns what agents were at these versions. One that never was, or that was the deletion, is left out."""
        rows = await self._rows(self._AGENT_REVISIONS, **_version_parameters(keys))
        found = [agent_revision(_event(row), row.state) for row in rows]
        return {(revision.agent_id, revision.version): revision for revision in found}

    async def variant_revisions(
        self, keys: Collection[tuple[VariantId, int]]
    ) -> dict[tuple[VariantId, int], VariantRevision]:
        """Returns what variants were at these versions, as `agent_revisions` does."""
        rows = await self._rows(self._VARIANT_REVISIONS, **_version_parameters(keys))
        found = [variant_revision(_event(row), row.state) for row in rows]
        return {(revision.id, revision.version): revision for revision in found}

    _ACTIVATIONS = (
        select(
            events.c.version,
            cast(events.c.changes[ACTIVE_VARIANT][1].astext, Uuid).label("variant_id"),
            events.c.restored_version,
        )
        .where(
            _IN_WORKSPACE,
            events.c.entity_id == ID,
            or_(events.c.kind == EventKind.CREATED.value, any_(events.c.fields) == ACTIVE_VARIANT),
        )
        .order_by(events.c.version)
    )

    async def activations(self, agent_id: AgentId) -> list[Activation]:
        """Returns what was active in an agent when it was created, and each change of that, the oldest first."""
        rows = await self._rows(self._ACTIVATIONS, id=agent_id)
        return [Activation(row.version, row.variant_id, row.restored_version) for row in rows]
