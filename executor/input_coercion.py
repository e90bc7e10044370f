"""Inputs: from what the client gives to what resolvers take, for the usual values by code that is generated for each type.

It takes two steps, as in the libraries: graphql-core coerces (JSON, by the types of the schema), and Strawberry converts (what
was coerced, to the classes of the resolvers). Whatever is raised here ends the fast way: graphql-core and Strawberry begin
again, and say what is wrong, if anything is.
"""

from collections.abc import Callable, Sequence
from dataclasses import MISSING
from typing import Any, cast
from weakref import WeakKeyDictionary

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLLeafType,
    GraphQLSchema,
    Undefined,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal
from strawberry import Some
from strawberry.relay import GlobalID
from strawberry.scalars import is_scalar
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryList, StrawberryMaybe, StrawberryOptional, get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType

from executor.fallback import Surprise, Unplanned
from executor.output_coercion import USUAL, Names, generated

OfOne = Callable[[Any], Any]
Given = Callable[[VariableValues], Any]


class Variables:
    """Those that an operation declares."""

    def __init__(self, schema: GraphQLSchema, nodes: Sequence[VariableDefinitionNode]) -> None:
        """Raises Unplanned."""
        self._declared: list[tuple[VariableValueSource, OfOne, ValueNode | None]] = []
        for node in nodes:
            signature = get_variable_signature(schema, node)
            if isinstance(signature, GraphQLError):
                raise Unplanned
            self._declared.append((VariableValueSource(signature), coercer(signature.type), node.default_value))

    def values(self, given: dict[str, Any]) -> VariableValues:
        """May raise anything."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for source, coerce, default in self._declared:
            name, type_ = source.signature.name, source.signature.type
            value = given.get(name, Undefined)
            if value is not Undefined:
                sources[name] = VariableValueSource(source.signature, value)
                coerced[name] = coerce(value)
                continue
            sources[name] = source
            if default is not None:
                coerced[name] = _literal(default, type_)
            elif is_non_null_type(type_):
                raise Surprise
        return VariableValues(sources, coerced)


class Arguments:
    """Those of a field in a document, as the function of its resolver takes them."""

    def __init__(
        self, schema: GraphQLSchema, field: StrawberryField, definition: GraphQLField, node: FieldNode
    ) -> None:
        """Raises Unplanned."""
        self.converter = converter = cast(Any, schema)._strawberry_schema.schema_converter
        nodes = {each.name.value: each.value for each in node.arguments or ()}
        names = {converter.config.name_converter.from_argument(each): each for each in field.arguments}
        if names.keys() != definition.args.keys() or any(each.out_name for each in definition.args.values()):
            raise Unplanned
        self._each = [
            (each.python_name, _given(definition.args[name], nodes.get(name)), converter_of(converter, each.type))
            for name, each in names.items()
        ]

    def values(self, variables: VariableValues) -> dict[str, Any]:
        """New ones, each time. May raise anything."""
        return {
            name: convert(value)
            for name, given, convert in self._each
            if (value := given(variables)) is not Undefined  # left out
        }


def _given(argument: GraphQLArgument, node: ValueNode | None) -> Given:
    """What is given for an argument in a document, coerced."""
    required, nullable = is_required_argument(argument), not is_non_null_type(argument.type)

    def left_out(_: VariableValues) -> Any:
        if required:
            raise Surprise
        return coerce_default_value(argument)

    if node is None:
        return left_out
    if not isinstance(node, VariableNode):
        return lambda variables: _literal(node, argument.type, variables)
    name = node.name.value

    def of_variable(variables: VariableValues) -> Any:
        value = variables.coerced.get(name, Undefined)
        if value is Undefined:
            return left_out(variables)
        if value is None and not nullable:
            raise Surprise
        return value

    return of_variable


def _literal(node: ValueNode, type_: GraphQLInputType, variables: VariableValues | None = None) -> Any:
    value = coerce_input_literal(node, type_, variables)
    if value is Undefined:
        raise Surprise
    return value


def _surprise() -> None:
    raise Surprise


# Coercion

_coercers: WeakKeyDictionary[GraphQLInputObjectType, OfOne | None] = WeakKeyDictionary()


def coercer(type_: GraphQLInputType) -> OfOne:
    """graphql-core's `coerce_input_value` for a type; what it generates may raise anything. Raises Unplanned."""
    names: Names = {"surprise": _surprise}
    source = f"def coerce(given):\n    return {_coerced(type_, 'given', names)}\n"
    return cast(OfOne, generated(source, "coerce", names))


def _coerced(type_: Any, value: str, names: Names) -> str:
    """Python for a value that a variable has, or a part of it."""
    if not is_non_null_type(type_):
        return f"(None if {value} is None else {_not_null(type_, value, names)})"
    return _not_null(type_.of_type, value, names)


def _not_null(type_: Any, value: str, names: Names) -> str:
    if is_list_type(type_):
        item = f"{value}_"
        items = f"[{_coerced(type_.of_type, item, names)} for {item} in {value}]"
        return f"({items} if type({value}) is list else surprise())"  # also a single value for a list
    name = f"coerce{len(names)}"
    if is_input_object_type(type_):
        names[name] = _object_coercer(type_)
    elif isinstance(type_, GraphQLEnumType):
        names[name] = {each: type_.coerce_input_value(each) for each in type_.values}
        return f"{name}[{value}]"
    else:
        names[name] = _leaf_coercer(type_)
        if usual := USUAL.get(type_):
            return f"(v if {usual.format(value=value)} else {name}(v))"
    return f"{name}({value})"


def _leaf_coercer(type_: GraphQLLeafType) -> OfOne:
    def coerce(value: Any) -> Any:
        if value is None or value is Undefined or (coerced := type_.coerce_input_value(value)) is Undefined:
            raise Surprise
        return coerced

    return coerce


def _object_coercer(type_: GraphQLInputObjectType) -> OfOne:
    if type_ not in _coercers:
        _coercers[type_] = (
            None  # so that none is made of a type within itself: graphql-core bounds the depth of a value
        )
        names: Names = {"surprise": _surprise, "absent": Undefined, "known": frozenset(type_.fields)}
        lines = [
            "if type(given) is not dict or not known.issuperset(given): surprise()",
            "get, coerced = given.get, {}",
        ]
        for key, field in type_.fields.items():
            out = repr(field.out_name or key)
            lines.append(f"if (x := get({key!r}, absent)) is not absent:")
            lines.append(f"    coerced[{out}] = {_coerced(field.type, 'x', names)}")
            default = coerce_default_value(field)
            if is_required_input_field(field):
                lines.append("else: surprise()")
            elif default is not Undefined:
                names[name := f"default{len(names)}"] = default
                lines.append(f"else: coerced[{out}] = {name}")
        if type_.is_one_of:
            lines.append("if len(given) != 1 or len(coerced) != 1 or None in coerced.values(): surprise()")
        if type_.out_type is GraphQLInputObjectType.out_type:
            lines.append("return coerced")
        else:
            names["out_type"] = type_.out_type
            lines.append("return out_type(coerced)")
        _coercers[type_] = _function("coerce", lines, names)
    return _made(_coercers[type_])


# Conversion

_converters: WeakKeyDictionary[GraphQLCoreConverter, dict[type, OfOne | None]] = WeakKeyDictionary()


def converter_of(converter: GraphQLCoreConverter, type_: Any) -> OfOne:
    """Strawberry's `convert_argument` for a type; what it generates may raise anything. Raises Unplanned."""
    names: Names = {"surprise": _surprise, "Some": Some}
    source = f"def convert(given):\n    return {_converted(converter, type_, 'given', names)}\n"
    return cast(OfOne, generated(source, "convert", names))


def _converted(converter: GraphQLCoreConverter, type_: Any, value: str, names: Names) -> str:
    """Python for a value that is coerced."""
    if isinstance(type_, LazyType):
        return _converted(converter, type_.resolve_type(), value, names)
    if isinstance(type_, StrawberryMaybe):
        converted = _converted(converter, type_.of_type, value, names)
        if isinstance(type_.of_type, StrawberryOptional):
            return f"Some({converted})"
        return f"(surprise() if {value} is None else Some({converted}))"
    if isinstance(type_, StrawberryOptional):
        return _converted(converter, type_.of_type, value, names)
    if isinstance(type_, StrawberryList):
        item = f"{value}_"
        converted = _converted(converter, type_.of_type, item, names)
        # Leaves too are copied to a list of its own: one that is a default is the same for all.
        items = f"list({value})" if converted == item else f"[{converted} for {item} in {value}]"
        return f"(None if {value} is None else {items} if type({value}) is list else surprise())"
    if type_ is GlobalID:
        raise Unplanned
    if (
        is_scalar(type_, converter.scalar_registry)
        or isinstance(type_, StrawberryEnumDefinition)
        or has_enum_definition(type_)
    ):
        return value
    names[name := f"convert{len(names)}"] = _object_converter(converter, type_)
    return f"(None if {value} is None else {name}({value}))"


def _object_converter(converter: GraphQLCoreConverter, type_: Any) -> OfOne:
    found = _converters.setdefault(converter, {})
    if type_ not in found:
        found[type_] = None
        definition = get_object_definition(type_)
        if definition is None or definition.from_input is not None or not definition.is_input:
            raise Unplanned
        names: Names = {"surprise": _surprise, "Some": Some, "absent": Undefined, "made": type_}
        lines = ["if type(given) is not dict: surprise()", "get, values = given.get, {}"]
        for field in definition.fields:
            out, key = repr(field.python_name), converter.config.name_converter.from_field(field)
            inner = _converted(converter, field.resolve_type(type_definition=definition), "x", names)
            lines += [f"if (x := get({key!r}, absent)) is not absent:", f"    values[{out}] = {inner}"]
            if field.default_value is MISSING and field.default_factory is MISSING:
                lines.append(f"else: values[{out}] = None")
        lines.append("return made(**values)")
        found[type_] = _function("convert", lines, names)
    return _made(found[type_])


def _made(function: OfOne | None) -> OfOne:
    if function is None:
        raise Unplanned
    return function


def _function(name: str, lines: list[str], names: Names) -> OfOne:
    body = "".join(f"    {line}\n" for line in lines)
    return cast(OfOne, generated(f"def {name}(given):\n{body}", name, names))
