"""Makes the domain's commands of Strawberry's inputs.

An optional field of an input is declared `Maybe[T | None]`: None is left out, `Some(None)` is null. (In a `@oneOf` input null
is not a value, and a field that is left out is UNSET.)
"""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter
from types import NoneType
from typing import TYPE_CHECKING, TypeVar

from strawberry import UNSET, Some

from domain.bulk_validation import ValueColumns
from domain.validation import parse
from executor import InputColumns

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

C = TypeVar("C", bound="DataclassInstance")


def parsed(command: type[C], input: "DataclassInstance", path: str = "input") -> C:
    """Returns the command, a dataclass of the domain, of an input with fields of the same names.

    `path` is the argument's name, with which the paths of problems begin. Raises InvalidInput with every problem.
    """
    return parse(command, provided(input), path)


def provided(input: "DataclassInstance") -> dict[str, object]:
    """Returns the fields of an input that the caller provided, by name; inputs within it become dictionaries as well."""
    values: dict[str, object] = {}
    for name in _field_names(type(input)):
        value = getattr(input, name)
        if type(value) is Some:
            value = value.value
        elif value is None or value is UNSET:
            continue
        values[name] = value if type(value) in _LEAVES else _plain(value)
    return values


def provided_columns(inputs: "Sequence[DataclassInstance]") -> ValueColumns:
    """Returns the fields of inputs of one class, by name: None is null or left out, and so is all of a name that is missing."""
    if isinstance(inputs, InputColumns) and (given := inputs.columns) is not None:
        return given
    columns: dict[str, list[object]] = {}
    for name in _field_names(type(inputs[0])):
        values = list(map(attrgetter(name), inputs))
        if values.count(None) != len(values):
            columns[name] = [value.value if type(value) is Some else value for value in values]
    return columns


def _plain(value: object) -> object:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return provided(value) if is_dataclass(value) and not isinstance(value, type) else value


_LEAVES = frozenset((str, int, float, bool, NoneType))


@cache
def _field_names(input: "type[DataclassInstance]") -> tuple[str, ...]:
    return tuple(field.name for field in fields(input))
