"""What fields cost, and how many items their lists have: declared here, by `Type.field`, for the cost of a query.

The unit is a field of one row, which takes some microseconds. A field with an asynchronous resolver has something loaded:
it costs `LOADED`, unless another price stands in `PRICES`. A list must have a size: that of the page that is asked for (the
lists of a connection, and those in `PAGED`), or a usual one in `SIZES`; else the schema is not built.
"""

from typing import NamedTuple

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)
from graphql.type import is_composite_type

from domain.change_stream import MAX_UPDATE_SEGMENTS
from domain.manifests import MAX_ENTITIES
from domain.principals import Scopes
from domain.segments import MAX_WRITE_SEGMENTS
from resolvers import agents, history, meetings, nodes, search, segments
from resolvers import api_keys as keys
from schema.connections import total_count
from schema.documents.scopes import scopes_of


class Price(NamedTuple):
    once: int = 0
    """For each time that the field is written, fragments written out: its statement is made once for all rows."""
    each: int = 0
    """For each row that it is a field of."""


class Page(NamedTuple):
    """How many items are asked for."""

    maximum: int
    arguments: tuple[str, ...] = ("first", "last")
    """Of which the largest counts: a number, or the length of a list."""
    each: int = 0
    """What an item costs beside the fields that are asked of it."""


LOADED = Price(100, 5)
WRITTEN = Price(500)
"""A mutation: a transaction of some statements."""
COUNTED = Price(1_000, 5)
"""What the database must count."""

PRICES = {
    "Meeting.segmentCount": COUNTED,
    "Meeting.speakers": Price(500, 20),
    "Meeting.transcript": Price(500, 1_000),
    "Meeting.updatesCursor": Price(),
    "Query.meetingCount": COUNTED,
    "Query.searchSegments": Price(5_000),
    "SegmentSearchConnection.totalCount": Price(5_000),
}

PAGES = {
    "Agent.history": Page(history.MAX_PAGE),
    "AgentVariant.history": Page(history.MAX_PAGE),
    "Meeting.history": Page(history.MAX_PAGE),
    "Meeting.segments": Page(segments.MAX_PAGE),
    "Mutation.applyAgents": Page(MAX_ENTITIES, ("agents",), each=50),
    "Mutation.deleteSegments": Page(MAX_WRITE_SEGMENTS, ("segmentIds",), each=5),
    "Mutation.upsertSegments": Page(MAX_WRITE_SEGMENTS, ("segments",), each=10),
    "Query.agentHistory": Page(history.MAX_PAGE),
    "Query.agents": Page(agents.MAX_PAGE),
    "Query.apiKeys": Page(keys.MAX_PAGE),
    "Query.meetingHistory": Page(history.MAX_PAGE),
    "Query.meetings": Page(meetings.MAX_PAGE),
    "Query.nodes": Page(nodes.MAX_NODES, ("ids",)),
    "Query.searchSegments": Page(search.MAX_PAGE),
    "Subscription.segmentUpdates": Page(MAX_UPDATE_SEGMENTS, ("batchSize",)),
}

PAGED = {"SegmentUpdates.deletedSegmentIds", "SegmentUpdates.segments"}
"""Lists beside those of connections that have as many items as the field they are in asks for."""

SIZES = {
    "Agent.variants": 20,
    "AgentConfig.variables": 10,
    "ApiKey.scopes": 4,
    "AppliedAgents.changes": 100,
    "ConfigDiff.fields": 12,
    "Event.changes": 5,
    "InvalidInput.fields": 10,
    "Meeting.speakers": 20,
    "ResolvedConfig.sources": 12,
    "ResolvedConfig.variables": 10,
    "SegmentSearchEdge.highlights": 10,
    "Viewer.scopes": 4,
    # Those of this schema, for introspection:
    "__Directive.args": 2,
    "__Directive.locations": 5,
    "__Field.args": 1,
    "__Schema.directives": 10,
    "__Schema.types": 120,
    "__Type.enumValues": 1,
    "__Type.fields": 8,
    "__Type.inputFields": 2,
    "__Type.interfaces": 1,
    "__Type.possibleTypes": 1,
}


class Priced(NamedTuple):
    """What is to be known of a field."""

    price: Price
    page: Page | None
    """Where it says how many items it, or a list in it, has."""
    default: int
    """Items of the page, if no argument says how many."""
    is_list: bool
    size: int | None
    """Of a list; None: as many as the page has."""
    type: str | None
    """The name of the type whose fields are asked for."""
    scopes: Scopes
    """One of these is needed to ask for it."""


def priced(schema: GraphQLSchema) -> dict[str, dict[str, Priced]]:
    """The fields of each type by name. Raises KeyError for a list whose size is not declared, or a page without limit."""
    types = [type_ for type_ in schema.type_map.values() if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)]
    return {
        type_.name: {name: _priced(type_, f"{type_.name}.{name}", name) for name in type_.fields} for type_ in types
    }


def _priced(type_: GraphQLObjectType | GraphQLInterfaceType, path: str, name: str) -> Priced:
    field = type_.fields[name]
    paths = [path, *(f"{interface.name}.{name}" for interface in type_.interfaces)]
    named = get_named_type(field.type)
    is_list = isinstance(field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type, GraphQLList)
    page = PAGES.get(path)
    if page is None and ("first" in field.args or "last" in field.args):
        raise KeyError(f"{path} has pages: its limit must be in PAGES")
    size = None
    if is_list and page is None and not ("pageInfo" in type_.fields or path in PAGED):
        size = next((SIZES[path] for path in paths if path in SIZES), None)
        if size is None:
            raise KeyError(f"{path} is a list: its size must be in SIZES or PAGED")
    default = next((field.args[name].default_value for name in page.arguments), 0) if page else 0
    return Priced(
        price=next((PRICES[path] for path in paths if path in PRICES), _usual(type_.name, field)),
        page=page,
        default=default if isinstance(default, int) else 0,
        is_list=is_list,
        size=size,
        type=named.name if is_composite_type(named) else None,
        scopes=scopes_of(type_.name, name, named.name if is_composite_type(named) else None),
    )


def _usual(type_: str, field: GraphQLField) -> Price:
    definition = field.extensions.get("strawberry-definition")  # none in introspection
    resolver = definition.base_resolver if definition else None
    if type_ == "Mutation":
        return WRITTEN
    if resolver is None or not (resolver.is_async or type_ == "Subscription"):
        return Price()
    return COUNTED if resolver.wrapped_func is total_count else LOADED
