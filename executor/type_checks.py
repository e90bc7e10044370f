"""Type checks that need no call for each object."""

from graphql import GraphQLAbstractType, is_union_type
from strawberry.types.base import has_object_definition


class InstancesOf:
    """Says that the objects of a type are the instances of some classes: a value for `is_type_of` of a Strawberry type.

    Strawberry and graphql-core call it for each object. The executor asks once for each class, however many objects there are.
    """

    def __init__(self, *classes: type) -> None:
        self._classes = classes

    def __call__(self, source: object, info: object) -> bool:
        return isinstance(source, self._classes)

    def includes(self, classes: set[type]) -> bool:
        """Returns whether all instances of these classes are objects of the type."""
        return all(issubclass(cls, self._classes) for cls in classes)


def type_name_by_class(type_: GraphQLAbstractType, cls: type) -> str | None:
    """Returns the name of the type that Strawberry finds for all objects of a class; None if the class does not decide it.

    It does in a union, for objects that are no Strawberry types and have no attributes to be cast by (`strawberry.cast`).
    """
    if not is_union_type(type_) or has_object_definition(cls) or cls.__dictoffset__:
        return None
    for member in type_.types:
        if not isinstance(member.is_type_of, InstancesOf):
            return None
        if member.is_type_of.includes({cls}):
            name: str = member.name
            return name
    return None
