"""Names of fields, as GraphQL has them."""

from typing import Protocol

from strawberry.utils.str_converters import to_camel_case


class OfField(Protocol):
    """Something that tells of a field by its name in the domain."""

    @property
    def field(self) -> str: ...


def field_name(root: OfField) -> str:
    """The field's name as it is in GraphQL."""
    return to_camel_case(root.field)
