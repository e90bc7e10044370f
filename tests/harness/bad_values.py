"""Replaces one value in the variables of a valid call by each bad value of its type."""

import json
import math
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_input_type,
    type_from_ast,
    visit,
)

from schema.schema import schema
from tests.harness.base_calls import DEFINITIONS
from tests.harness.sample_entities import SampleEntities

SCHEMA = schema._schema
Path = tuple[str | int, ...]
UNKNOWN_ID = "01900000-0000-7000-8000-00000000dead"
HUGE = "@1e400@"
"""Stands for the number 1e400, which Python cannot write."""
MEMBERS = {
    ("ConfigDiff", "a"): "base",
    ("ConfigDiff", "b"): "variant",
    ("RevisionDiff", "a"): "baseRevision",
    ("RevisionDiff", "b"): "variantRevision",
    ("ResolvedDiff", "a"): "resolved",
    ("ResolvedDiff", "b"): "base",
}
"""Which member of a `@oneOf` input the base call gives."""


@dataclass(frozen=True)
class ValuePath:
    """The path to a value in the variables of an operation."""

    operation: str
    path: Path
    type: GraphQLInputType
    argument: str
    """The argument that the variable is the value of; the domain uses this name."""

    @property
    def name(self) -> str:
        return ".".join([self.operation, *map(str, self.path)])

    def value_in(self, variables: dict[str, Any]) -> Any:
        at: Any = variables
        for step in self.path:
            at = at[step]
        return at

    def replaced(self, variables: dict[str, Any], value: Any) -> dict[str, Any]:
        self.value_in(variables)  # which must have something there
        changed = dict(variables)
        at: Any = changed
        for step in self.path[:-1]:
            at[step] = copy(at[step])
            at = at[step]
        at[self.path[-1]] = value
        if self.path == ("last",):
            changed["first"] = None  # who gives both is told so instead
        return changed


def value_paths(name: str) -> Iterator[ValuePath]:
    definition = DEFINITIONS[name]
    arguments = {variable: argument for _, _, argument, variable in uses(definition)}
    for variable in definition.variable_definitions or ():
        type_ = type_from_ast(SCHEMA, variable.type)
        assert type_ is not None
        assert is_input_type(type_)
        variable_name = variable.variable.name.value
        for path, inner in paths_within((variable_name,), type_, MEMBERS.get((name, variable_name))):
            yield ValuePath(name, path, inner, arguments[variable_name])


def paths_within(
    path: Path, type_: GraphQLInputType, member: str | None = None
) -> Iterator[tuple[Path, GraphQLInputType]]:
    yield path, type_
    match get_nullable_type(type_):
        case GraphQLList() as many:
            yield from paths_within((*path, 0), many.of_type)
        case GraphQLInputObjectType() as input:
            for name, field in input.fields.items():
                if not input.is_one_of or name == member:
                    yield from paths_within((*path, name), field.type)


def uses(definition: OperationDefinitionNode) -> list[tuple[str, str, str, str]]:
    """Lists the uses of variables as values of arguments: type, field, argument, variable."""
    info = TypeInfo(SCHEMA)
    found: list[tuple[str, str, str, str]] = []

    class Uses(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            parent = info.get_parent_type()
            assert parent is not None
            found.extend(
                (parent.name, node.name.value, argument.name.value, argument.value.name.value)
                for argument in node.arguments or ()
                if isinstance(argument.value, VariableNode)
            )

    visit(definition, TypeInfoVisitor(info, Uses()))
    return found


NO_TEXT = {"number": 5, "float": 1.5, "boolean": True, "list": [1]}
BAD_TEXT = {
    "empty": "",
    "white space": " \t\n\u3000",
    "NUL": "a\0b",
    "surrogate": "a\ud800",
    "250,000 letters": "x" * 250_000,
}
NO_NUMBER = {"text": "1", "empty": "", "boolean": True, "list": [1], "object": {}, "NaN": math.nan, "1e400": HUGE}


NO_NUMBER |= {"infinity": math.inf, "minus infinity": -math.inf, "-10^400": -(10**400)}


WRONG_TEXT = BAD_TEXT | NO_TEXT | {"object": {}}
BAD_VALUES: dict[str, dict[str, Any]] = {
    "String": WRONG_TEXT,
    "ID": WRONG_TEXT | {"malformed": "x", "no hyphens": UNKNOWN_ID.replace("-", ""), "unknown": UNKNOWN_ID},
    "Int": NO_NUMBER | {"negative": -1, "2^31": 2**31, "-2^31 - 1": -(2**31) - 1, "2^64": 2**64, "half": 1.5},
    "Float": NO_NUMBER | {"negative": -1.0, "2^31": 2**31, "1e308": 1e308},
    "Boolean": {"text": "true", "empty": "", "number": 1, "float": 0.0, "list": [True], "object": {}},
    "DateTime": WRONG_TEXT | {"month 13": "2026-13-01T00:00:00Z", "year 0": "0001-01-01T00:00:00+14:00"},
    "JSON": BAD_TEXT
    | NO_TEXT
    | {
        "NUL within": {"a": {"b": [{"c": "\0"}]}},
        "NUL in a key": {"a\0b": 1},
        "surrogate within": {"a": ["\ud800"]},
        "surrogate in a key": {"\ud800": 1},
        "NaN within": {"a": math.nan},
        "1e400 within": {"a": HUGE},
        "17 deep": json.loads('{"a":' * 17 + "1" + "}" * 17),
        "500 deep": json.loads('{"a":' * 500 + "1" + "}" * 500),
        "too many values": {"a": [1] * 20_000},
        "long text": {"a": "x" * 20_000},
    },
    "enum": WRONG_TEXT | {"unknown": "UNKNOWN", "other case": "created"},
    "cursor": WRONG_TEXT | {"malformed": "x", "no JSON": "YWJj", "not ASCII": "é", "no list": "e30"},
    "input object": {"text": "x", "number": 5, "list": [1], "unknown field": {"nothing": 1}},
    "list": {"number": 1.5, "object": {"a": 1}, "null within": [None], "lists within": [[]], "empty list": []},
}


def bad_values(value_path: ValuePath, entities: SampleEntities, variables: dict[str, Any]) -> dict[str, Any]:
    """Returns the values that must be refused at the path, by what is wrong with them."""
    values = {"null": None, **BAD_VALUES[kind(value_path)]}
    match kind(value_path):
        case "cursor":
            lists = {
                "ApiKeys": "keys",
                "Webhook": "deliveries",
                "Webhooks": "webhooks",
                "Agents": "agents",
                "AgentManifests": "agents",
                "Meetings": "meetings",
                "SearchSegments": "search",
                "Transcript": "segments",
            }
            own = lists.get(value_path.operation, "history")
            values |= {f"of {name}": cursor for name, cursor in entities.cursors.items() if name != own}
        case "ID" if value_path.operation not in ("Node", "Nodes"):
            values["of another kind"] = (
                entities.meeting if value_path.value_in(variables) != entities.meeting else entities.agent
            )
            if value_path.path[-1] == "sourceVariantId":
                values["of another agent"] = entities.foreign_variant
        case "list":
            values["too many"] = [value_path.value_in(variables)[0]] * 1_001
    return values


def kind(value_path: ValuePath) -> str:
    type_ = get_nullable_type(value_path.type)
    if isinstance(type_, GraphQLList):
        return "list"
    if isinstance(type_, GraphQLInputObjectType):
        return "input object"
    if isinstance(type_, GraphQLEnumType):
        return "enum"
    return "cursor" if value_path.path[-1] in ("after", "before") else get_named_type(type_).name


VALUE_PATHS = {name: found for name in DEFINITIONS if (found := list(value_paths(name)))}
