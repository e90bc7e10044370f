"""Generates inputs of every kind for an argument, right and wrong."""

import math
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNonNull,
    GraphQLSchema,
    Undefined,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import strategies as st

from tests.harness.executor.documents import FAILURES, TAKING_INPUTS

LITERALS = {
    "Int": ["0", "1", "-7", "2147483647"],
    "Float": ["0", "1.5", "-2e3", "10"],
    "String": ['""', '"a"', '"""b"""'],
    "ID": ['"k"', "7"],
    "Boolean": ["true", "false"],
    "DateTime": ['"2026-01-01T00:00:00Z"'],
    "Even": ["2", "4"],
    "JSON": ["{a: [1]}", "[]", '"s"', "1"],
}
VALUES: dict[str, list[Any]] = {
    "Int": [0, 1, -7, 2**31 - 1, 2.0],
    "Float": [0.0, 1.5, -2e3, 10, 2**53 + 1],
    "String": ["", "a"],
    "ID": ["k", 7],
    "Boolean": [True, False],
    "DateTime": ["2026-01-01T00:00:00Z"],
    "Even": [2, 4, 0],
    "JSON": [{"a": [1]}, [], "s", 1, None],
}
WRONG: list[Any] = [
    None, 0, 3, 6, 1.5, True, "x", "RED", "2", 2**31, -(2**31) - 1, 10**400, math.nan, math.inf, [], [None], [[1]], {},
    {"a": 1}, {"x": 1}, {"number": 1, "text": "a"}, {"number": None}, {"start": 2, "end": 1}, {"start": 2, "end": 0},
    (1, 2), Undefined,
]  # fmt: skip
ABSENT = object()
MARK: dict[str, Any] = {"at": 1, "label": "a"}
FULL_MARK: dict[str, Any] = MARK | {"weight": 0.5, "isOpen": True, "near": None}
MARKS: list[list[dict[str, Any]]] = [
    [MARK, MARK],
    [FULL_MARK, {**FULL_MARK, "at": 2}],
    [FULL_MARK, {"isOpen": None, "near": None, "label": "b", "at": 2, "weight": None}],
    [FULL_MARK, MARK],
    [MARK | {"weight": 0.5}, MARK | {"isOpen": True}],
    *([MARK | {"weight": 0.5}, MARK | {"weight": weight}] for weight in (1, None, 2**53 + 1, -(10**400), True, -0.0)),
    *([MARK | {"weight": 2}, MARK | {"weight": weight}] for weight in (1, None, 2**53 + 1, "1", math.nan)),
    *([MARK | {"weight": None}, MARK | {"weight": weight}] for weight in (1, 1.5, math.inf)),
    [MARK | {"weight": 1.5e308}, MARK | {"weight": 1.5e308}],
    [MARK | {"weight": 1.5e308}, MARK | {"weight": 10**308}],
    [MARK | {"isOpen": True}, MARK | {"isOpen": None}, MARK | {"isOpen": False}],
    [MARK | {"label": "\ud800"}, MARK | {"label": "\x1f\x00"}, MARK | {"label": ""}],
    [MARK, OrderedDict(MARK)],
    [MARK | {"near": [{"x": 1}]}, MARK | {"near": None}],
]
"""Objects that give the same fields, and others that do not."""
DEFAULTS: dict[str, list[dict[str, Any]]] = {
    "query ($v: Float = 2.5) { several(ratio: $v) { __typename } }": [{}, {"v": 1}, {"v": None}],
    "query ($v: Int = 5) { take(given: {count: 1, maybe: $v}) { __typename } }": [{}, {"v": 1}, {"v": None}],
    "query ($v: [Point!]! = [{x: 1}]) { several(points: $v) { __typename } }": [{}, {"v": []}, {"v": None}],
    "query ($v: [Point!]!) { several(points: $v) { __typename } }": [{"v": [{"x": 1.5}, {"x": 2.5}]}],
    "query ($v: Point = {x: 1, y: 2}) { take(given: {count: 1, points: [{x: 3}], point: $v}) { __typename } }": [{}],
    "query ($v: Int!) { take(given: {count: $v}) { __typename } }": [{}],
}
"""Documents whose variables have defaults, with values of the variables."""


def input_examples(schema: GraphQLSchema) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields every value, wrong or right, for every argument and every field of an input, as a variable and within one."""
    every = [*WRONG, ABSENT, *(value for values in VALUES.values() for value in values)]
    assert schema.query_type is not None
    for text, examples in DEFAULTS.items():
        yield from ((text, values) for values in examples)
    text = "query ($v: [Mark!]!) { mark(marks: $v) again: mark(marks: $v) }"
    yield from ((text, {"v": marks}) for marks in MARKS)
    for key in (*FULL_MARK, "unknown"):
        yield from ((text, {"v": [FULL_MARK, FULL_MARK | {key: value}]}) for value in WRONG)
        yield from ((text, {"v": [FULL_MARK | {key: value}, MARK]}) for value in WRONG)
        yield text, {"v": [{name: value for name, value in FULL_MARK.items() if name != key}] * 2}
    for name, below in TAKING_INPUTS.items():
        for key, argument in schema.query_type.fields[name].args.items():
            others = "json: 1, " if name == "echo" and key != "json" else ""
            others += "given: {count: 1}, " if name == "take" and key != "given" else ""
            type_ = argument.type
            for of in {str(type_), str(type_).rstrip("!")} if argument.default_value is not Undefined else {str(type_)}:
                text = (
                    f"query ($v: {of}) {{ f: {name}({others}{key}: $v) {below} g: {name}({others}{key}: $v) {below} }}"
                )
                for value in every:
                    yield text, {} if value is ABSENT else {"v": value}
    for type_, around in (
        ("Given", {"count": 1}),
        ("Point", {"x": 1}),
        ("Span", {"start": 1}),
        ("Later", {"words": []}),
    ):
        place = {"Given": "$v", "Later": "{count: 1, later: $v}"}.get(type_, f"{{count: 1, {type_.lower()}s: [$v]}}")
        text = f"mutation ($v: {type_}!) {{ take(given: {place}) {TAKING_INPUTS['take']} }}"
        input_type = schema.type_map[type_]
        assert isinstance(input_type, GraphQLInputObjectType)
        yield text, {"v": around}
        yield text, {"v": around | {"unknown": 1}}
        for key, field in input_type.fields.items():
            for value in every:
                those: dict[str, Any] = {each: around[each] for each in around if each != key or value is not ABSENT}
                yield text, {"v": those if value is ABSENT else those | {key: value}}
            if type_ == "Given":
                others = "" if key == "count" else "count: 1, "
                of_field = f"query ($v: {field.type}) {{ take(given: {{{others}{key}: $v}}) {TAKING_INPUTS['take']} }}"
                for value in every:
                    yield of_field, {} if value is ABSENT else {"v": value}


class _Inputs:
    """Draws literals and variables for arguments."""

    def __init__(self, draw: st.DrawFn, wrong: int) -> None:
        """Draws nothing yet. Up to `wrong` values of variables will be wrong."""
        self._draw = draw
        self._wrong = wrong
        self.declared: list[str] = []
        self.values: dict[str, Any] = {}

    def _one(self, of: Sequence[Any]) -> Any:
        return self._draw(st.sampled_from(of))

    def argument(self, name: str, type_: GraphQLInputType) -> str:
        if name == "fail":
            return f'"{self._one(FAILURES)}"'
        return self._literal(type_, variables=True)

    def _variable(self, type_: GraphQLInputType) -> str:
        name = f"v{len(self.declared)}"
        default = not self._draw(st.integers(0, 3))
        self.declared.append(f"${name}: {type_}" + (f" = {self._literal(type_, variables=False)}" if default else ""))
        if self._draw(st.integers(0, 3)) or (is_non_null_type(type_) and not default):
            self.values[name] = self._value(type_)
        return f"${name}"

    def _literal(self, type_: Any, variables: bool) -> str:
        if variables and self._draw(st.booleans()):
            return self._variable(type_)
        if is_non_null_type(type_):
            type_ = type_.of_type
        elif not self._draw(st.integers(0, 3)):
            return "null"
        if is_list_type(type_):
            if not self._draw(st.integers(0, 4)):
                one = self._literal(type_.of_type, variables=False)
                return one if one != "null" else "[]"
            return (
                f"[{', '.join(self._literal(type_.of_type, variables) for _ in range(self._draw(st.integers(0, 2))))}]"
            )
        if is_input_object_type(type_):
            names = self._names(type_)
            return f"{{{', '.join(f'{name}: {self._literal(type_of, variables)}' for name, type_of in names.items())}}}"
        if is_enum_type(type_):
            return str(self._one(list(type_.values)))
        return str(self._one(LITERALS[type_.name]))

    def _value(self, type_: Any) -> Any:
        if self._wrong and not self._draw(st.integers(0, 5)):
            self._wrong -= 1
            return self._one(WRONG)
        if is_non_null_type(type_):
            type_ = type_.of_type
        elif not self._draw(st.integers(0, 3)):
            return None
        if is_list_type(type_):
            if not self._draw(st.integers(0, 5)):
                return self._value(type_.of_type)
            return [self._value(type_.of_type) for _ in range(self._draw(st.integers(0, 2)))]
        if is_input_object_type(type_):
            fields = {name: self._value(type_of) for name, type_of in self._names(type_).items()}
            if self._wrong and not self._draw(st.integers(0, 5)):
                self._wrong -= 1
                remove: bool = self._draw(st.booleans())
                if fields and remove:
                    del fields[self._one(list(fields))]
                else:
                    fields["unknown"] = 1
            return fields
        if is_enum_type(type_):
            return self._one(list(type_.values))
        return self._one(VALUES[type_.name])

    def _names(self, type_: GraphQLInputObjectType) -> dict[str, Any]:
        """Draws fields to give, with their types, in any order."""
        fields = self._draw(st.permutations(sorted(type_.fields)))
        if type_.name in ("Choice", "Either"):  # one, and not null
            return {name: GraphQLNonNull(type_.fields[name].type) for name in fields[:1]}
        return {
            name: type_.fields[name].type
            for name in fields
            if is_required_input_field(type_.fields[name]) or not self._draw(st.integers(0, 2))
        }


@st.composite
def inputs(draw: st.DrawFn, schema: GraphQLSchema) -> tuple[str, dict[str, Any]]:
    """Draws a valid document with one operation, and values of its variables, which may be wrong."""
    kind = draw(st.sampled_from(["query", "mutation"]))
    root = schema.query_type if kind == "query" else schema.mutation_type
    assert root is not None
    drawn = _Inputs(draw, draw(st.sampled_from([0, 0, 1, 2])))
    fields = []
    for n in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(TAKING_INPUTS)))
        arguments: list[str] = [
            f"{key}: {drawn.argument(key, argument.type)}"
            for key, argument in root.fields[name].args.items()
            if is_required_argument(argument) or not draw(st.integers(0, 7 if key == "fail" else 2))
        ]
        written = f"({', '.join(arguments)})" if arguments else ""
        fields.append(f"f{n}: {name}{written} {TAKING_INPUTS[name]}")
    declared = f"({', '.join(drawn.declared)})" if drawn.declared else ""
    return f"{kind} Given{declared} {{ {' '.join(fields)} }}", drawn.values
