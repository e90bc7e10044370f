"""The names of fields in GraphQL, for objects that know them by their names in the domain."""

from typing import Protocol

from strawberry.utils.str_converters import to_camel_case


class NamesField(Protocol):
    """An object that names a field of an entity."""

    @property
    def field(self) -> str: ...


def field_name(root: NamesField) -> str:
    """Returns the name of the field in GraphQL."""
    return to_camel_case(root.field)
