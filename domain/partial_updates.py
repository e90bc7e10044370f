"""Partial updates: a field that an update omits stays as it is.

An update is a dataclass whose fields have the names of the entity's fields. `OMITTED` is not None: None is a value, where a
field can have it.
"""

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

D = TypeVar("D", bound="DataclassInstance")


class Omitted(Enum):
    """The type of `OMITTED`."""

    OMITTED = "OMITTED"


OMITTED: Final = Omitted.OMITTED
"""The value of a field that the caller left out."""


def updated(entity: D, update: "DataclassInstance") -> D:
    """Returns the entity with the values that the update does not omit.

    A value that is itself an update is applied to the entity's dataclass of that name.
    """
    values: dict[str, Any] = {}
    for field in fields(update):
        value = getattr(update, field.name)
        if value is not OMITTED:
            is_update = is_dataclass(value) and not isinstance(value, type)
            values[field.name] = updated(getattr(entity, field.name), value) if is_update else value
    return replace(entity, **values)
