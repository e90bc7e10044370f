"""The scopes that a caller needs to see a type, in addition to the ones that fields declare.

A document is refused before anything of it is executed if it asks for a field that the caller's scopes do not cover.
"""

from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)
from graphql.type import is_composite_type

from domain.principals import ALL, Scopes
from schema.field_declarations import READERS, is_visible_to_bots


def type_scopes(schema: GraphQLSchema) -> dict[str, Scopes]:
    """Returns the scopes of each type that has fields, by name: one of them is needed to see it.

    Everybody may see the types that are marked with `visible_to_bots`, the roots and introspection. The rest follows: a union
    and a generic type (a connection, an edge) are as visible as the types in them.
    """
    roots = {root.name for root in (schema.query_type, schema.mutation_type, schema.subscription_type) if root}
    return {
        name: ALL if name in roots or _is_visible(type_) else READERS
        for name, type_ in schema.type_map.items()
        if is_composite_type(type_)
    }


def _is_visible(type_: GraphQLNamedType) -> bool:
    if isinstance(type_, GraphQLUnionType):
        return all(map(_is_visible, type_.types))
    if not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) or type_.name.startswith("__"):
        return True
    definition = type_.extensions["strawberry-definition"]
    if definition.concrete_of is not None:
        return all(_is_visible(get_named_type(field.type)) for field in type_.fields.values())
    return is_visible_to_bots(definition.origin)
