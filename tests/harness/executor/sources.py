"""Defines the objects that resolvers return, of which much may be wrong, and the loader that finds them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import strawberry

from executor.dataloader import DataLoader


class Text(str):
    """A string of a subclass."""


@strawberry.enum
class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class OtherColour(Enum):
    RED = "red"


@strawberry.enum
class Shade(Enum):
    DARK = 1
    LIGHT = 2


@dataclass(eq=False)
class Thing:
    """An object that resolvers return. Its leaves can be anything. `related` holds indexes of other things, or wrong values."""

    kind: str
    leaves: dict[str, Any]
    related: dict[str, Any]
    spec: Any = None
    specs: Any = None

    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, "leaves")
        if name in found:
            value = found[name]
            if isinstance(value, Raising):
                raise value.error
            return value.again() if isinstance(value, Awaited) else value
        return object.__getattribute__(self, name)


@dataclass
class Raising:
    """An attribute that raises."""

    error: Exception


@dataclass
class Awaited:
    """An attribute whose value has to be awaited."""

    value: Any

    def again(self) -> asyncio.Future[Any]:
        future = asyncio.get_running_loop().create_future()
        future.set_result(self.value)
        return future


@dataclass
class Spec:
    size: Any
    label: Any


class UnreadSpec(Spec):
    """One whose values may be read from a row."""

    row_columns = ("size", "label")
    row_leaf_classes: tuple[type | None, ...] = (None, None)

    @property
    def row(self) -> tuple[Any, Any]:
        return self.size, self.label


class ProvenSpec(UnreadSpec):
    """One whose values are known to be right."""

    row_leaf_classes = (int, str)


def unread(value: Any) -> Any:
    """Returns what may be read from rows in place of specs, one by one or in lists."""
    if type(value) is list:
        return list(map(unread, value))
    if type(value) is not Spec:
        return value
    is_right = type(value.label) is str and type(value.size) is int and -(2**31) <= value.size < 2**31
    return (ProvenSpec if is_right else UnreadSpec)(value.size, value.label)


@dataclass(frozen=True)
class Pets:
    """The key of one of the pets."""

    index: int


class ExecutionData:
    """The data of one execution, with loaders of its own."""

    def __init__(self, things: Sequence[Thing]) -> None:
        self.received: list[str] = []
        """The arguments that resolvers with inputs were called with."""
        self.things = list(things)
        self.pets = [thing for thing in things if thing.kind != "node"]
        self.loads: list[list[Any]] = []
        self.loader: DataLoader[Any, Any] = DataLoader(self._load)

    async def _load(self, keys: list[Any]) -> list[Any]:
        self.loads.append(keys)
        await asyncio.sleep(0)
        return [self.found(key) for key in keys]

    def found(self, key: Any) -> Any:
        if isinstance(key, int):
            return self.things[key % len(self.things)]
        if isinstance(key, Pets):
            return self.pets[key.index % len(self.pets)] if self.pets else None
        return LookupError(key) if isinstance(key, str) else key
