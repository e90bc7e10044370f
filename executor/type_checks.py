"""A type check that needs no call for each object."""


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
