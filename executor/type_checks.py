"""Types that are known by the classes of their objects."""

from typing import Any


class InstancesOf:
    """To be the `is_type_of` of a Strawberry type. Of many objects of few classes the executor asks only once for each."""

    def __init__(self, *classes: type) -> None:
        self._classes = classes

    def __call__(self, source: Any, info: Any) -> bool:
        return isinstance(source, self._classes)

    def have(self, kinds: set[type]) -> bool:
        """Whether all objects of these classes are of the type."""
        return all(issubclass(kind, self._classes) for kind in kinds)
