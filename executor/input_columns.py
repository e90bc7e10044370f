"""Lists of input objects whose fields a resolver may take as columns, so that nothing is made for each object."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeGuard, TypeVar, overload

T = TypeVar("T")
Columns = Mapping[str, Sequence[Any]]
"""The values of objects by the name of the field; each column has one value for each object."""


class UniformObjects(list[Any]):
    """Coerced input objects that all give the same fields, with their columns by the names in GraphQL."""

    def __init__(self, objects: Iterable[Any], columns: Columns) -> None:
        super().__init__(objects)
        self.columns = columns


class InputColumns(Sequence[T]):
    """A list of inputs as a resolver gets it. They are made when it asks for one."""

    def __init__(self, names: Mapping[str, str], convert: Callable[[object], T], objects: Sequence[object]) -> None:
        """`names` are those of the fields in Python, by the ones in GraphQL; `convert` makes an input of a coerced object."""
        self._names = names
        self._convert = convert
        self._objects = objects

    @property
    def columns(self) -> Columns | None:
        """The values of each field that is given, by its name in Python; None is null.

        None in place of the columns if the inputs do not all give the same fields, or are unusual in another way.
        """
        if not isinstance(self._objects, UniformObjects):
            return None
        return {self._names[name]: values for name, values in self._objects.columns.items()}

    @cached_property
    def _inputs(self) -> list[T]:
        return list(map(self._convert, self._objects))

    def __len__(self) -> int:
        return len(self._objects)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        return self._inputs[index]


def in_columns(input_class: type[T]) -> type[T]:
    """Makes the executor give resolvers their lists of such inputs as `InputColumns`.

    The class must take what its GraphQL type takes, as it is too late for another error when its objects are made.
    """
    input_class._is_in_columns = True  # type: ignore[attr-defined]
    return input_class


def is_in_columns(input_class: object) -> TypeGuard[type]:
    return getattr(input_class, "_is_in_columns", False) is True
