"""The rules of a schema's fields: what they cost, how many items they give, and which scopes they need.

The rules are what the fields declare (`schema.field_declarations`) and what follows from their types. They are read once from
the built schema, which is refused if a declaration is missing.
"""

from collections.abc import Iterator
from typing import NamedTuple

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
)
from graphql.type import is_composite_type

from domain.principals import ALL, Scopes
from schema.documents.scopes import type_scopes
from schema.field_declarations import DECLARATION, LOADED, WRITTEN, Cost, Declaration, Length, SizedBy

INTROSPECTION_LENGTHS = {
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
"""The usual lengths of the lists that describe this schema; GraphQL's own types declare nothing."""


class DeclarationError(Exception):
    """Fields lack declarations. The message names each of them, and says what to declare."""


class FieldRule(NamedTuple):
    """Holds what is known of a field before it is asked for."""

    cost: Cost
    sized_by: SizedBy | None
    default_size: int
    """The number of items that the field gives if no argument says how many."""
    is_list: bool
    length: int | None
    """The number of items in a list that no argument sizes; None: as many as the field above the list is asked for."""
    type: str | None
    """The name of the type that the field gives, if that has fields."""
    scopes: Scopes
    """The caller needs one of these to ask for the field."""
    is_newest: bool = False
    """True if the field is answered by the primary only, and never by a replica."""


FieldRules = dict[str, dict[str, FieldRule]]


def field_rules(schema: GraphQLSchema) -> FieldRules:
    """Returns the rules of the fields of each type, by name. Raises DeclarationError."""
    scopes = type_scopes(schema)
    roots = {root.name for root in (schema.query_type, schema.mutation_type, schema.subscription_type) if root}
    rules: FieldRules = {}
    problems: list[str] = []
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            rules[type_.name] = {}
            for name, field in type_.fields.items():
                declaration = _declaration(field)
                found = _problems(field, declaration, type_.name in roots) if not type_.name.startswith("__") else ()
                problems += (f"{type_.name}.{name} {problem}" for problem in found)
                rules[type_.name][name] = _rule(type_.name, name, field, declaration, scopes)
    if problems:
        raise DeclarationError("\n".join(problems))
    return rules


def _declaration(field: GraphQLField) -> Declaration:
    definition = field.extensions.get("strawberry-definition")  # introspection has none
    metadata = definition.metadata if definition else {}
    declaration: Declaration = metadata.get(DECLARATION, Declaration())
    return declaration


def _rule(type_: str, name: str, field: GraphQLField, declaration: Declaration, scopes: dict[str, Scopes]) -> FieldRule:
    named = get_named_type(field.type)
    result = named.name if is_composite_type(named) else None
    sized_by = declaration.sized_by
    defaults = (field.args[name].default_value for name in sized_by.arguments if name in field.args) if sized_by else ()
    default = next(iter(defaults), None)
    length = INTROSPECTION_LENGTHS.get(f"{type_}.{name}") if type_.startswith("__") else declaration.length
    return FieldRule(
        cost=_usual_cost(type_, field) if declaration.cost is None else declaration.cost,
        sized_by=sized_by,
        default_size=default if isinstance(default, int) else sized_by.usual if sized_by else 0,
        is_list=_is_list(field.type),
        length=None if isinstance(length, Length) else length,
        type=result,
        scopes=declaration.scopes or (ALL if result is None else scopes[result]),
        is_newest=declaration.is_newest,
    )


def _usual_cost(type_: str, field: GraphQLField) -> Cost:
    if type_ == "Mutation":
        return WRITTEN
    definition = field.extensions.get("strawberry-definition")
    is_loaded = definition is not None and (definition.is_async or definition.is_subscription)
    return LOADED if is_loaded else Cost()


def _problems(field: GraphQLField, declaration: Declaration, of_root: bool) -> Iterator[str]:
    """Yields what the declaration of a field lacks."""
    sized_by, length = declaration.sized_by, declaration.length
    sizes = sized_by.arguments if sized_by else ()
    if of_root and not declaration.scopes:
        yield "does not say who may ask for it: declare root_field(scopes=...)"
    if not sizes and {"first", "last"} & field.args.keys():
        yield "gives pages without a maximum: declare page=Paging(default, maximum)"
    if _is_list(field.type) and not sizes and length is None:
        yield "is a list without a size: declare metadata=declared(length=...), or sized_by=SizedBy(...)"
    if length is not None and not _is_list(field.type):
        yield "declares a length, but is no list"
    if sized_by and sized_by.maximum < 1:
        yield "declares a maximum below 1"
    for argument in sizes:
        if argument not in field.args:
            yield f"is sized by {argument}, but has no such argument"
    for argument, given in field.args.items():
        if of_root and _is_list(given.type) and argument not in sizes:
            yield f"takes the list {argument} without a maximum: declare sized_by=SizedBy(...)"


def _is_list(type_: object) -> bool:
    return isinstance(get_nullable_type(type_), GraphQLList)  # type: ignore[call-overload]
