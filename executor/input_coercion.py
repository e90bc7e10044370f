"""Input coercion of variables (3.10 Input Objects, 3.11 List, 3.12 Non-Null) by code that is generated once for each type.

The generated code does what graphql-core's `coerce_input_value` does. It may raise any exception for a value that is wrong or
unusual: graphql-core then coerces all values again and reports what is wrong, if anything is.
"""

from collections.abc import Callable
from math import isfinite
from operator import itemgetter
from typing import Any
from weakref import WeakKeyDictionary

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLScalarType,
    GraphQLString,
    Undefined,
    ValueNode,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)
from graphql.execution.values import VariableValues
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal

from executor.codegen import Namespace, compile_function
from executor.fallback import FallbackRequired, NotPlannable, fall_back
from executor.input_columns import UniformObjects
from executor.output_coercion import IDENTITY_CONDITIONS

InputCoercer = Callable[[object], object]


def coerce_literal(node: ValueNode, type_: GraphQLInputType, variable_values: VariableValues | None = None) -> object:
    """Returns the coerced value of a literal in a document, which may contain variables.

    Raises:
        FallbackRequired: The literal is not a value of the type.
    """
    value: object = coerce_input_literal(node, type_, variable_values)
    if value is Undefined:
        raise FallbackRequired
    return value


def input_coercion_expression(type_: GraphQLInputType, value: str, namespace: Namespace) -> str:
    """Returns a Python expression that coerces `value`, the name of a Python variable that has a value as JSON gives it.

    Args:
        type_: The type of the value.
        value: The name.
        namespace: The namespace of the generated code, which has `fall_back`.

    Raises:
        NotPlannable: The type contains itself, in which case graphql-core limits the depth of a value.
    """
    if is_non_null_type(type_):
        return _non_null_expression(type_.of_type, value, namespace)
    return f"(None if {value} is None else {_non_null_expression(type_, value, namespace)})"


def _non_null_expression(type_: GraphQLInputType, value: str, namespace: Namespace) -> str:
    if is_list_type(type_):
        item = f"{value}_"
        items = f"[{input_coercion_expression(type_.of_type, item, namespace)} for {item} in {value}]"
        if coerce_objects := _objects_coercer(type_.of_type):
            namespace[name := f"coerce{len(namespace)}"] = coerce_objects
            items = f"({name}({value}) or {items})"
        return f"({items} if type({value}) is list else fall_back())"  # also a single value in place of a list
    name = f"coerce{len(namespace)}"
    if is_input_object_type(type_):
        namespace[name] = _input_object_coercer(type_)
    elif isinstance(type_, GraphQLEnumType):
        namespace[name] = {each: type_.coerce_input_value(each) for each in type_.values}
        return f"{name}[{value}]"
    else:
        assert isinstance(type_, GraphQLScalarType)
        namespace[name] = _scalar_coercer(type_)
        if condition := IDENTITY_CONDITIONS.get(type_):
            return f"(v if {condition.format(value=value)} else {name}(v))"
    return f"{name}({value})"


ColumnCoercer = Callable[[list[Any]], list[Any] | None]
"""Returns coerced values, one or more; None if one is wrong or unusual."""


def _column_if(condition: Callable[[list[Any]], bool]) -> ColumnCoercer:
    """Returns the coercer of values that coerce to themselves where the condition holds."""
    return lambda values: values if condition(values) else None


def _are_of(class_: type, values: list[Any]) -> bool:
    return list(map(type, values)).count(class_) == len(values)


def _texts(values: list[Any]) -> list[Any] | None:
    try:
        "".join(values)  # in a quarter of the time that it takes to ask for their classes
    except TypeError:
        return None
    return values


def _floats(values: list[Any]) -> list[Any] | None:
    """Takes whole numbers, too: JavaScript writes 2.0 as 2."""
    floats = values
    if not _are_of(float, values):
        if not {float, int}.issuperset(map(type, values)):
            return None
        floats = list(map(float, values))
        if floats != values:
            return None
    return floats if isfinite(sum(floats)) else None  # it is not if one of them is not


_COLUMN_COERCERS: dict[GraphQLInputType, ColumnCoercer] = {
    GraphQLString: _texts,
    GraphQLInt: _column_if(
        lambda values: _are_of(int, values) and min(values) >= GRAPHQL_MIN_INT and max(values) <= GRAPHQL_MAX_INT
    ),
    GraphQLFloat: _floats,
    GraphQLBoolean: _column_if(lambda values: _are_of(bool, values)),
}


def _beside_nulls(coerce: ColumnCoercer) -> ColumnCoercer:
    """Returns the coercer of a nullable type, by the one of the values that are not null."""

    def coerce_nullable(values: list[Any]) -> list[Any] | None:
        coerced = coerce(values)
        if coerced is not None or None not in values:
            return coerced
        others = [value for value in values if value is not None]
        if not others:
            return values
        coerced = coerce(others)
        if coerced is None or coerced is others:
            return coerced and values
        rest = iter(coerced)
        return [None if value is None else next(rest) for value in values]

    return coerce_nullable


def _objects_coercer(type_: GraphQLInputType) -> Callable[[list[Any]], UniformObjects | None] | None:
    """Returns a function that coerces objects field by field, with half of the instructions; None if it never could.

    It returns None unless all objects give the same fields, and their values are usual.
    """
    type_ = type_.of_type if is_non_null_type(type_) else type_
    if not is_input_object_type(type_) or type_.is_one_of or type_.out_type is not GraphQLInputObjectType.out_type:
        return None
    required = {name for name, field in type_.fields.items() if is_required_input_field(field)}
    columns: dict[str, ColumnCoercer] = {}
    for name, field in type_.fields.items():
        nullable = not is_non_null_type(field.type)
        coerce_column = _COLUMN_COERCERS.get(field.type if nullable else field.type.of_type)
        if field.out_name or coerce_default_value(field) is not Undefined or not (coerce_column or nullable):
            return None
        coerce_column = coerce_column or (lambda values: None)
        columns[name] = _beside_nulls(coerce_column) if nullable else coerce_column

    def coerce(objects: list[Any]) -> UniformObjects | None:
        names = objects[0].keys() if objects and type(objects[0]) is dict else ()
        if not required.issubset(names):
            return None
        if not _are_of(dict, objects) or sum(map(len, objects)) != len(objects) * len(names):
            return None
        found = {}
        try:
            for name in names:
                values = list(map(itemgetter(name), objects))
                coerced = columns[name](values)
                if coerced is None:
                    return None
                if coerced is not values:
                    objects = [{**each, name: value} for each, value in zip(objects, coerced, strict=True)]
                found[name] = coerced
        except KeyError:  # one that the others do not give, or that is unknown
            return None
        return UniformObjects(objects, found)

    return coerce


def _scalar_coercer(type_: GraphQLScalarType) -> InputCoercer:
    def coerce(value: object) -> object:
        if value is None or value is Undefined or (coerced := type_.coerce_input_value(value)) is Undefined:
            raise FallbackRequired
        return coerced

    return coerce


_input_object_coercers: WeakKeyDictionary[GraphQLInputObjectType, InputCoercer | None] = WeakKeyDictionary()
"""The coercers of the types of all schemas. None means that there is none, or that it is being compiled."""


def _input_object_coercer(type_: GraphQLInputObjectType) -> InputCoercer:
    if type_ not in _input_object_coercers:
        _input_object_coercers[type_] = None
        _input_object_coercers[type_] = _compile_input_object_coercer(type_)
    coercer = _input_object_coercers[type_]
    if coercer is None:
        raise NotPlannable
    return coercer


def _compile_input_object_coercer(type_: GraphQLInputObjectType) -> InputCoercer:
    namespace: Namespace = {"fall_back": fall_back, "absent": Undefined, "field_names": frozenset(type_.fields)}
    body = [
        "if type(value) is not dict or not field_names.issuperset(value): fall_back()",
        "get, coerced = value.get, {}",
    ]
    for name, field in type_.fields.items():
        out_name = repr(field.out_name or name)
        body.append(f"if (x := get({name!r}, absent)) is not absent:")
        body.append(f"    coerced[{out_name}] = {input_coercion_expression(field.type, 'x', namespace)}")
        default = coerce_default_value(field)
        if is_required_input_field(field):
            body.append("else: fall_back()")
        elif default is not Undefined:
            namespace[default_name := f"default{len(namespace)}"] = default
            body.append(f"else: coerced[{out_name}] = {default_name}")
    if type_.is_one_of:
        body.append("if len(value) != 1 or len(coerced) != 1 or None in coerced.values(): fall_back()")
    if type_.out_type is GraphQLInputObjectType.out_type:
        body.append("return coerced")
    else:
        namespace["out_type"] = type_.out_type
        body.append("return out_type(coerced)")
    return compile_function("coerce", "value", body, namespace)
