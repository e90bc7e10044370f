"""Documents made at random for any schema: fragments, aliases, merged fields, `@skip` and `@include`, `__typename`.

And those that give inputs of all kinds, as literals and as variables, right and wrong.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from graphql import (
    GraphQLCompositeType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNonNull,
    GraphQLSchema,
    Undefined,
    get_named_type,
    is_composite_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    is_required_argument,
    is_required_input_field,
    is_union_type,
)
from hypothesis import strategies as st

VARIABLES = ("yes", "no", "either")
ARGUMENTS = {
    "at": ["0", "1", "5", "$at"],
    "of": ['"child"'],
    "index": ["0", "1", "3"],
    "times": ["2", "$at"],
    "plus": ["1", "0.5", "-1", "null"],
    "name": ['"Node"'],
}
"""Values by the names of arguments."""
TAKING_INPUTS = {
    "take": "{ __typename ...on Taken { count } ...on Refused { why } }",
    "several": "{ __typename ...on Refused { why } }",
    "echo": "",
    "plant": "",
    "atOnce": "",
}
"""Root fields whose arguments are inputs of all kinds, with what is asked of them."""
FAILURES = ["plain", "graphql", "refused", "later", "declined", "broken"]


class _Writer:
    def __init__(self, draw: st.DrawFn, schema: GraphQLSchema) -> None:
        self._draw = draw
        self._schema = schema
        self.fragments: dict[str, str] = {}
        self.used: set[str] = set()
        """Variables, as they are declared."""

    def selection_set(self, type_: GraphQLCompositeType, depth: int) -> str:
        parts = [self._selection(type_, depth) for _ in range(self._draw(st.integers(1, 4)))]
        return "{ " + " ".join(parts) + " }"

    def _selection(self, type_: GraphQLCompositeType, depth: int) -> str:
        kind = self._draw(st.sampled_from(["field"] * 6 + ["inline", "spread"])) if depth else "field"
        if kind == "inline":
            condition = self._condition(type_)
            on = f" on {condition.name}" if condition is not type_ or self._draw(st.booleans()) else ""
            return f"...{on}{self._directives()} {self.selection_set(condition, depth - 1)}"
        if kind == "spread":
            condition = self._condition(type_)
            of_type = [name for name in self.fragments if name.startswith(f"{condition.name}_")]
            again: bool = bool(of_type) and self._draw(st.booleans())
            if again:
                name = self._draw(st.sampled_from(of_type))
            else:
                body = self.selection_set(condition, depth - 1)  # before it has a name, so that it has no circle
                name = f"{condition.name}_{len(self.fragments)}"
                self.fragments[name] = f"fragment {name} on {condition.name} {body}"
            return f"...{name}{self._directives()}"
        return self._field(type_, depth)

    def _condition(self, type_: GraphQLCompositeType) -> Any:
        """A type that a value of the type can have."""
        possible = [type_] if is_object_type(type_) else list(self._schema.get_possible_types(type_))  # type: ignore[arg-type]
        over = [each for one in possible for each in one.interfaces]
        return self._draw(st.sampled_from([type_, *possible, *over]))

    def _field(self, type_: GraphQLCompositeType, depth: int) -> str:
        fields: dict[str, GraphQLField] = {} if is_union_type(type_) else type_.fields  # type: ignore[union-attr]
        leaves = [name for name, field in fields.items() if not is_composite_type(get_named_type(field.type))]
        names = ["__typename", *leaves]
        names = [name for name in names if name not in TAKING_INPUTS]
        if depth:
            composites = [name for name in fields if name not in leaves and name not in TAKING_INPUTS]
            names += composites * 3
        name = self._draw(st.sampled_from(names))
        if name == "__typename":
            return self._draw(st.sampled_from(["", "type: "])) + name + self._directives()
        field = fields[name]
        given = {
            argument: self._draw(st.sampled_from(ARGUMENTS[argument]))
            for argument, declared in field.args.items()
            if str(declared.type).endswith("!") or self._draw(st.booleans())
        }
        self.used |= {"$at: Int! = 1" for value in given.values() if value == "$at"}
        # What has other arguments has another key: else the document would not be valid.
        suffix = "".join(f"_{argument}{''.join(filter(str.isalnum, value))}" for argument, value in given.items())
        suffix += "m" if any(value.startswith("-") for value in given.values()) else ""
        prefix = self._draw(st.sampled_from(["", "", "a_"]))
        alias = f"{prefix}{name}{suffix}: " if prefix or suffix else ""
        arguments = f"({', '.join(f'{name}: {value}' for name, value in given.items())})" if given else ""
        inner = get_named_type(field.type)
        below = ""
        if is_composite_type(inner):
            below = " " + self.selection_set(inner, depth - 1)
        return f"{alias}{name}{arguments}{self._directives()}{below}"

    def _directives(self) -> str:
        if self._draw(st.integers(0, 5)):
            return ""
        written = ""
        for directive in self._draw(st.sampled_from([("skip",), ("include",), ("skip", "include")])):
            value = self._draw(st.sampled_from(["true", "false", *(f"${name}" for name in VARIABLES)]))
            if value.startswith("$"):
                self.used.add(f"{value}: Boolean!")
            written += f" @{directive}(if: {value})"
        return written


@st.composite
def documents(draw: st.DrawFn, schema: GraphQLSchema, kind: str = "query") -> str:
    """A valid document with one operation."""
    writer = _Writer(draw, schema)
    root = schema.mutation_type if kind == "mutation" else schema.query_type
    assert root is not None
    body = writer.selection_set(root, draw(st.integers(1, 4)))
    declared = f"({', '.join(sorted(writer.used))})" if writer.used else ""
    fragments = "\n".join(text for name, text in writer.fragments.items())
    return f"{kind} Made{declared} {body}\n{fragments}"


variables = st.fixed_dictionaries(
    {"yes": st.just(True), "no": st.just(False), "either": st.booleans(), "at": st.integers(0, 3)}
)
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
DEFAULTS: dict[str, list[dict[str, Any]]] = {
    "query ($v: Float = 2.5) { several(ratio: $v) { __typename } }": [{}, {"v": 1}, {"v": None}],
    "query ($v: Int = 5) { take(given: {count: 1, maybe: $v}) { __typename } }": [{}, {"v": 1}, {"v": None}],
    "query ($v: [Point!]! = [{x: 1}]) { several(points: $v) { __typename } }": [{}, {"v": []}, {"v": None}],
    "query ($v: Point = {x: 1, y: 2}) { take(given: {count: 1, points: [{x: 3}], point: $v}) { __typename } }": [{}],
    "query ($v: Int!) { take(given: {count: $v}) { __typename } }": [{}],
}
"""Of variables, with values of those."""


def input_examples(schema: GraphQLSchema) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each wrong value, and each right one, for each argument; and for each field of an input, in a variable and as one."""
    every = [*WRONG, ABSENT, *(value for values in VALUES.values() for value in values)]
    assert schema.query_type is not None
    for text, given in DEFAULTS.items():
        yield from ((text, values) for values in given)
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
    """What is given for arguments. `wrong`: how many of the values of variables are made at random."""

    def __init__(self, draw: st.DrawFn, wrong: int) -> None:
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
            given = {name: self._value(type_of) for name, type_of in self._names(type_).items()}
            if self._wrong and not self._draw(st.integers(0, 5)):
                self._wrong -= 1
                remove: bool = self._draw(st.booleans())
                if given and remove:
                    del given[self._one(list(given))]
                else:
                    given["unknown"] = 1
            return given
        if is_enum_type(type_):
            return self._one(list(type_.values))
        return self._one(VALUES[type_.name])

    def _names(self, type_: GraphQLInputObjectType) -> dict[str, Any]:
        """Fields to give, with their types, in any order."""
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
    """A valid document with one operation, and values of its variables, which may be wrong."""
    kind = draw(st.sampled_from(["query", "mutation"]))
    root = schema.query_type if kind == "query" else schema.mutation_type
    assert root is not None
    given = _Inputs(draw, draw(st.sampled_from([0, 0, 1, 2])))
    fields = []
    for n in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(TAKING_INPUTS)))
        arguments: list[str] = [
            f"{key}: {given.argument(key, argument.type)}"
            for key, argument in root.fields[name].args.items()
            if is_required_argument(argument) or not draw(st.integers(0, 7 if key == "fail" else 2))
        ]
        written = f"({', '.join(arguments)})" if arguments else ""
        fields.append(f"f{n}: {name}{written} {TAKING_INPUTS[name]}")
    declared = f"({', '.join(given.declared)})" if given.declared else ""
    return f"{kind} Given{declared} {{ {' '.join(fields)} }}", given.values
