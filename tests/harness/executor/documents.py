"""Generates documents for a schema: fragments, aliases, merged fields, `@skip` and `@include`, `__typename`."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    GraphQLCompositeType,
    GraphQLField,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
    is_object_type,
    is_required_argument,
    is_union_type,
)
from hypothesis import strategies as st

VARIABLES = ("yes", "no", "either")
Arguments = Mapping[str, Sequence[str]]
"""The values to choose from, by the names of arguments. Fields that require others are not selected."""
ARGUMENTS: Arguments = {
    "at": ["0", "1", "5", "$at"],
    "of": ['"child"'],
    "index": ["0", "1", "3"],
    "times": ["2", "$at"],
    "plus": ["1", "0.5", "-1", "null"],
    "name": ['"Node"'],
}
"""The arguments in the schema of `tests/harness/executor/schema.py`."""
TAKING_INPUTS = {
    "take": "{ __typename ...on Taken { count } ...on Refused { why } }",
    "several": "{ __typename ...on Refused { why } }",
    "echo": "",
    "mark": "",
    "plant": "",
    "atOnce": "",
}
"""Root fields whose arguments are inputs of all kinds, with what is asked of them."""
FAILURES = ["plain", "graphql", "refused", "later", "declined", "broken"]


class _Writer:
    def __init__(self, draw: st.DrawFn, schema: GraphQLSchema, arguments: Arguments) -> None:
        self._draw = draw
        self._schema = schema
        self._arguments = arguments
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
        """Draws a type that a value of the type can have."""
        possible = [type_] if is_object_type(type_) else list(self._schema.get_possible_types(type_))  # type: ignore[arg-type]
        over = [each for one in possible for each in one.interfaces]
        return self._draw(st.sampled_from([type_, *possible, *over]))

    def _field(self, type_: GraphQLCompositeType, depth: int) -> str:
        all_fields: dict[str, GraphQLField] = {} if is_union_type(type_) else type_.fields  # type: ignore[union-attr]
        fields = {name: field for name, field in all_fields.items() if self._has_arguments(field)}
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
        argument_values = {
            argument: self._draw(st.sampled_from(self._arguments[argument]))
            for argument, declared in field.args.items()
            if argument in self._arguments and (is_required_argument(declared) or self._draw(st.booleans()))
        }
        self.used |= {"$at: Int! = 1" for value in argument_values.values() if value == "$at"}
        # Fields with other arguments get another response name, or the document would not be valid.
        suffix = "".join(
            f"_{argument}{''.join(filter(str.isalnum, value))}" for argument, value in argument_values.items()
        )
        suffix += "m" if any(value.startswith("-") for value in argument_values.values()) else ""
        prefix = self._draw(st.sampled_from(["", "", "a_"]))
        alias = f"{prefix}{name}{suffix}: " if prefix or suffix else ""
        arguments = (
            f"({', '.join(f'{name}: {value}' for name, value in argument_values.items())})" if argument_values else ""
        )
        inner = get_named_type(field.type)
        below = ""
        if is_composite_type(inner):
            below = " " + self.selection_set(inner, depth - 1)
        return f"{alias}{name}{arguments}{self._directives()}{below}"

    def _has_arguments(self, field: GraphQLField) -> bool:
        return all(name in self._arguments for name, each in field.args.items() if is_required_argument(each))

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
def documents(
    draw: st.DrawFn, schema: GraphQLSchema, kind: str = "query", arguments: Arguments = ARGUMENTS, depth: int = 4
) -> str:
    """Draws a valid document with one operation, which selects so many levels at the most."""
    writer = _Writer(draw, schema, arguments)
    root = schema.mutation_type if kind == "mutation" else schema.query_type
    assert root is not None
    body = writer.selection_set(root, draw(st.integers(1, depth)))
    declared = f"({', '.join(sorted(writer.used))})" if writer.used else ""
    fragments = "\n".join(text for name, text in writer.fragments.items())
    return f"{kind} Made{declared} {body}\n{fragments}"


variables = st.fixed_dictionaries(
    {"yes": st.just(True), "no": st.just(False), "either": st.booleans(), "at": st.integers(0, 3)}
)
