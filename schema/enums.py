"""Enums of the domain as GraphQL enums."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import strawberry


def describe_enum(enum: type[Enum], description: str, values: Mapping[str, str]) -> None:
    """Makes an enum of the domain a GraphQL enum, with a description of each of its values."""
    declared: Any = strawberry.enum(enum, name=enum.__name__, description=description)
    for value in declared.__strawberry_definition__.values:
        value.description = values[value.name]
