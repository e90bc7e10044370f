"""Filters of lists in SQL: the conditions that a caller gave become a part of the statement, their values parameters."""

from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Text, bindparam, func

from domain.filters import AgentFilter, MeetingFilter
from domain.search import Search

T = TypeVar("T")

Conditions = Mapping[str, ColumnElement[bool]]
"""The condition for each field of a filter. Its parameter has the field's name."""


def filter_parameters(filter: AgentFilter | MeetingFilter | Search) -> dict[str, Any]:
    """Returns the fields that are not None, as parameters."""
    values = {field.name: getattr(filter, field.name) for field in fields(filter)}
    return {
        name: value.value if isinstance(value, Enum) else value for name, value in values.items() if value is not None
    }


def apply_filter(statement: Select[T], conditions: Conditions, names: tuple[str, ...]) -> Select[T]:
    """Returns the statement with the conditions of these names added."""
    return statement.where(*(conditions[name] for name in names))


def contains_text(column: ColumnElement[str]) -> ColumnElement[bool]:
    """Returns the condition that the column contains the parameter `text`, ignoring case."""
    return func.strpos(func.fold_case(column), func.fold_case(bindparam("text", type_=Text))) > 0
