"""Declarations of fields beside their types: who may ask for a field, what it costs, and how many items it gives.

The declarations stand at the field, in its Strawberry metadata, and are not printed in the SDL. `schema.documents` reads them
from the built schema, and refuses to build one in which a root field has no scopes or a list has no size.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple, TypeVar

import strawberry

from domain.principals import ALL, Scope, Scopes
from resolvers.pagination import Paging
from schema.page_arguments import paged

C = TypeVar("C", bound=type)
FieldDecorator = Callable[[Callable[..., Any]], Any]

ANYONE = ALL
READERS: Scopes = frozenset({Scope.READ})
WRITERS: Scopes = frozenset({Scope.WRITE})
ADMINISTRATORS: Scopes = frozenset({Scope.ADMIN})
READERS_AND_BOTS: Scopes = frozenset({Scope.READ, Scope.INGEST})
WRITERS_AND_BOTS: Scopes = frozenset({Scope.WRITE, Scope.INGEST})


class Cost(NamedTuple):
    """The cost of a field beside the 1 that every field costs. The unit is a field of one row: some microseconds of work."""

    once: int = 0
    """The cost of each occurrence in a document, fragments written out: the statement of a field is run once for all rows."""
    per_row: int = 0


LOADED = Cost(100, 5)
"""The cost of a field with an asynchronous resolver, unless it declares another: something is loaded."""
WRITTEN = Cost(500)
"""The cost of a mutation, unless it declares another: a transaction of some statements."""
COUNTED = Cost(1_000, 5)
"""The cost of what the database has to count."""


class SizedBy(NamedTuple):
    """Says that arguments size what a field gives or takes: the largest one counts, a number or the length of a list."""

    arguments: tuple[str, ...]
    """The names of the arguments in GraphQL."""
    maximum: int
    cost_per_item: int = 0
    """The cost of an item beside the fields that are asked of it."""
    usual: int = 0
    """The number of items that there usually are if none of the arguments is given and none has a default."""


class Length(Enum):
    """The length of a list that is no fixed number."""

    AS_ASKED = "as many items as the arguments of the field above the list ask for"


class Declaration(NamedTuple):
    """Holds what one field declares."""

    scopes: Scopes | None = None
    """The caller needs one of these scopes to ask for the field; None: the scopes of the field's type decide."""
    cost: Cost | None = None
    sized_by: SizedBy | None = None
    length: int | Length | None = None
    """The number of items that a list usually has."""
    is_newest: bool = False
    """The primary answers: an operation with the field reads from no replica."""


DECLARATION = "rapporteur"
"""The key of a declaration in the metadata of a Strawberry field."""


def declared(
    *,
    scopes: Scopes | None = None,
    cost: Cost | None = None,
    sized_by: SizedBy | None = None,
    length: int | Length | None = None,
    is_newest: bool = False,
) -> Mapping[str, Declaration]:
    """Returns the metadata for `strawberry.field(metadata=...)`."""
    return {DECLARATION: Declaration(scopes, cost, sized_by, length, is_newest)}


def root_field(
    *,
    scopes: Scopes,
    graphql_type: Any = None,
    description: str | None = None,
    cost: Cost | None = None,
    page: Paging | None = None,
    sized_by: SizedBy | None = None,
    is_subscription: bool = False,
    is_newest: bool = False,
    arguments: Mapping[str, str] | None = None,
) -> FieldDecorator:
    """Declares a field of Query, Mutation or Subscription by its resolver. `page` makes it a connection.

    A query may read from replicas (see `db.replicas`), unless one of its fields `is_newest`. `arguments` describes arguments
    by their names in Python, other than those of `schema.descriptions`.
    """
    if page is not None:
        sized_by = page_arguments(page)

    def declare(resolver: Callable[..., Any]) -> Any:
        field: Any = strawberry.field(
            resolver=resolver if page is None else paged(resolver, page),
            graphql_type=graphql_type,
            description=description,
            is_subscription=is_subscription,
            metadata=declared(scopes=scopes, cost=cost, sized_by=sized_by, is_newest=is_newest),
        )
        descriptions = dict(arguments or {})
        for argument in field.base_resolver.arguments:
            argument.description = descriptions.pop(argument.python_name, argument.description)
        assert not descriptions, f"{field.base_resolver.name} has no such arguments: {', '.join(descriptions)}"
        return field

    return declare


def connection_field(*, page: Paging, graphql_type: Any, description: str | None = None) -> FieldDecorator:
    """Declares a field that gives one page of a list by its resolver, which takes a parameter of the type `PageArguments`.

    The field stands in its class without an annotation, as Strawberry would look into the annotation's generic `Page`.
    """

    def declare(resolver: Callable[..., Any]) -> Any:
        return strawberry.field(
            resolver=paged(resolver, page),
            graphql_type=graphql_type,
            description=description,
            metadata=declared(sized_by=page_arguments(page)),
        )

    return declare


def page_arguments(page: Paging) -> SizedBy:
    """Returns what sizes the page of a connection."""
    return SizedBy(("first",) if page.forward_only else ("first", "last"), page.maximum)


def visible_to_bots(cls: C) -> C:
    """Marks a type that callers with the scope INGEST may see; all other types need READ."""
    cls.__visible_to_bots__ = True  # type: ignore[attr-defined]
    return cls


def is_visible_to_bots(cls: type) -> bool:
    """Returns True if the class itself is marked: its subclasses need a mark of their own."""
    return "__visible_to_bots__" in vars(cls)
