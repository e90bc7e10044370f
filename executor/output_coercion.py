"""Leaves: expressions that serialise the usual values in line, and leave the others to graphql-core's own function."""

from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from types import CodeType
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
)
from graphql.execution import Executor

from executor.fallback import MAX_KNOWN, Surprise, check_plain, is_known

Names = dict[str, Any]
"""What the names in generated code stand for."""

USUAL: dict[GraphQLLeafType, str] = {
    GraphQLString: "type(v := {value}) is str",
    GraphQLInt: "type(v := {value}) is int and -2147483648 <= v <= 2147483647",
    GraphQLFloat: "type(v := {value}) is float and v - v == 0.0",  # neither infinite nor NaN
    GraphQLBoolean: "type(v := {value}) is bool",
}
"""When a value is its own serialisation; then it is its own coercion too."""


def leaf_expression(type_: GraphQLLeafType, nullable: bool, value: str, names: Names) -> str:
    """Python for the serialisation of `value`, an expression. It may raise anything, and uses `v`."""
    other = f"leaf{len(names)}"
    names[other] = _completed(type_, nullable)
    if type_ is GraphQLID:
        names["texts"] = _texts
        return f"(v if type(v := {value}) is str else str(v) if type(v) in texts else {other}(v))"
    if usual := USUAL.get(type_):
        return f"(v if {usual.format(value=value)} else {other}(v))"
    if isinstance(type_, GraphQLEnumType) and (members := _members(type_)):
        known = f"names{len(names)}"
        names[known] = members.get
        return f"({known}(id(v := {value})) or {other}(v))"
    return f"{other}({value})"


def leaf_list(type_: GraphQLLeafType, nullable: bool) -> Callable[[list[Any]], list[Any]]:
    """A function that serialises each value of a list."""
    names: Names = {}
    expression = leaf_expression(type_, nullable, "each", names)
    source = f"def complete(values):\n    return [{expression} for each in values]\n"
    complete: Callable[[list[Any]], list[Any]] = generated(source, "complete", names)
    return complete


def generated(source: str, name: str, names: Names) -> Any:
    """The function of that name in the source."""
    exec(_code(source), names)
    return names[name]


@lru_cache(maxsize=1_000)
def _code(source: str) -> CodeType:
    """Compiled; many selection sets have the same source."""
    return compile(source, "<executor>", "exec")


def _completed(type_: GraphQLLeafType, nullable: bool) -> Callable[[Any], Any]:
    def complete(value: Any) -> Any:
        if value is None:
            if nullable:
                return None
            raise Surprise
        check_plain((value,), {type(value)})
        if type_ is GraphQLID:
            _learn(type(value))
        return Executor.complete_leaf_value(type_, value)

    return complete


_texts: set[type] = set()
"""Classes, such as UUID, whose values `str` serialises as an ID."""


def _learn(of: type) -> None:
    if not issubclass(of, (str, int, float)) and of.__module__ != "builtins" and is_known(of):
        if len(_texts) >= MAX_KNOWN:
            _texts.clear()
        _texts.add(of)


def _members(type_: GraphQLEnumType) -> dict[int, str]:
    """The names of the members of a Python enum, by their `id`: they live as long as their class."""
    members: type[Enum] | None = getattr(type_, "wrapped_cls", None)  # Strawberry's
    return {id(member): type_.coerce_output_value(member) for member in members or ()}
