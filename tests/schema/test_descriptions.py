"""Everything in the schema is described, in words for those who use the API; custom scalars name their specifications."""

from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    specified_scalar_types,
)

from schema.schema import schema

TYPES = {
    name: type_
    for name, type_ in schema._schema.type_map.items()
    if not name.startswith("__") and name not in specified_scalar_types
}


def described() -> Iterator[tuple[str, str | None]]:
    """Yields every type, field, argument and enum value by its path, with its description."""
    for name, type_ in TYPES.items():
        yield name, type_.description
        if isinstance(type_, GraphQLEnumType):
            yield from ((f"{name}.{value}", each.description) for value, each in type_.values.items())
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            yield from ((f"{name}.{field}", each.description) for field, each in type_.fields.items())
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in type_.fields.items():
                for argument, each in field.args.items():
                    yield f"{name}.{field_name}({argument})", each.description


def test_everything_is_described() -> None:
    assert [path for path, description in described() if not description] == []


def test_descriptions_are_sentences() -> None:
    assert [
        path for path, description in described() if description and not description.rstrip().endswith((".", "`", ".)"))
    ] == []


def test_custom_scalars_name_their_specifications() -> None:
    scalars = {name: type_ for name, type_ in TYPES.items() if isinstance(type_, GraphQLScalarType)}
    assert scalars.keys() == {"DateTime", "JSON"}
    assert all((type_.specified_by_url or "").startswith("https://") for type_ in scalars.values())
