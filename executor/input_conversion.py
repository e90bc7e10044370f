"""Conversion of coerced input values to the classes of Strawberry's resolvers, by code that is generated once for each type.

The generated code does what Strawberry's `convert_argument` does. It may raise any exception for a value that is unusual or
refused by an input class: Strawberry's own resolver then converts all arguments again and reports what is wrong.
"""

from collections.abc import Callable
from dataclasses import MISSING
from functools import partial
from typing import TypeAlias
from weakref import WeakKeyDictionary

from graphql import Undefined
from strawberry import Some
from strawberry.relay import GlobalID
from strawberry.scalars import is_scalar
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryOptional,
    StrawberryType,
    get_object_definition,
)
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.lazy_type import LazyType

from executor.codegen import Namespace, compile_function
from executor.fallback import NotPlannable, fall_back
from executor.input_columns import InputColumns, is_in_columns

InputConverter = Callable[[object], object]
InputType: TypeAlias = StrawberryType | type
"""An input type as Strawberry declares it."""


def input_conversion_expression(
    converter: GraphQLCoreConverter, type_: InputType, value: str, namespace: Namespace
) -> str:
    """Returns a Python expression that converts `value`, the name of a Python variable that has a coerced value of the type.

    Args:
        converter: The converter of the schema.
        type_: The type.
        value: The name.
        namespace: The namespace of the generated code, which has `fall_back` and `Some`.

    Raises:
        NotPlannable: The type contains itself, or is or contains a `GlobalID` or a class with its own `from_input`.
    """
    if isinstance(type_, LazyType):
        return input_conversion_expression(converter, type_.resolve_type(), value, namespace)
    if isinstance(type_, StrawberryMaybe):
        converted = input_conversion_expression(converter, type_.of_type, value, namespace)
        if isinstance(type_.of_type, StrawberryOptional):
            return f"Some({converted})"
        return f"(fall_back() if {value} is None else Some({converted}))"
    if isinstance(type_, StrawberryOptional):
        return input_conversion_expression(converter, type_.of_type, value, namespace)
    if isinstance(type_, StrawberryList):
        item = f"{value}_"
        converted = input_conversion_expression(converter, type_.of_type, item, namespace)
        # Lists of leaves are copied, too: a default value is one list for all calls, and a resolver may change its own.
        items = f"list({value})" if converted == item else f"[{converted} for {item} in {value}]"
        if is_in_columns(type_.of_type):
            namespace[name := f"convert{len(namespace)}"] = _input_columns(converter, type_.of_type)
            items = f"{name}({value})"
        return f"(None if {value} is None else {items} if isinstance({value}, list) else fall_back())"
    if type_ is GlobalID:
        raise NotPlannable
    if (
        is_scalar(type_, converter.scalar_registry)
        or isinstance(type_, StrawberryEnumDefinition)
        or has_enum_definition(type_)
    ):
        return value
    namespace[name := f"convert{len(namespace)}"] = _input_object_converter(converter, type_)
    return f"(None if {value} is None else {name}({value}))"


def _input_columns(
    converter: GraphQLCoreConverter, input_class: type
) -> Callable[[list[object]], InputColumns[object]]:
    fields = get_object_definition(input_class, strict=True).fields
    names = {converter.config.name_converter.from_field(field): field.python_name for field in fields}
    return partial(InputColumns, names, _input_object_converter(converter, input_class))


_input_object_converters: WeakKeyDictionary[GraphQLCoreConverter, dict[InputType, InputConverter | None]] = (
    WeakKeyDictionary()
)
"""The converters of the types of each schema. None means that there is none, or that it is being compiled."""


def _input_object_converter(converter: GraphQLCoreConverter, type_: InputType) -> InputConverter:
    compiled = _input_object_converters.setdefault(converter, {})
    if type_ not in compiled:
        compiled[type_] = None
        compiled[type_] = _compile_input_object_converter(converter, type_)
    function = compiled[type_]
    if function is None:
        raise NotPlannable
    return function


def _compile_input_object_converter(converter: GraphQLCoreConverter, type_: InputType) -> InputConverter:
    definition = get_object_definition(type_)
    if definition is None or definition.from_input is not None or not definition.is_input:
        raise NotPlannable
    namespace: Namespace = {"fall_back": fall_back, "Some": Some, "absent": Undefined, "input_class": type_}
    body = ["if type(value) is not dict: fall_back()", "get, arguments = value.get, {}"]
    for field in definition.fields:
        python_name, name = repr(field.python_name), converter.config.name_converter.from_field(field)
        converted = input_conversion_expression(
            converter, field.resolve_type(type_definition=definition), "x", namespace
        )
        body += [f"if (x := get({name!r}, absent)) is not absent:", f"    arguments[{python_name}] = {converted}"]
        if field.default_value is MISSING and field.default_factory is MISSING:
            body.append(f"else: arguments[{python_name}] = None")
    body.append("return input_class(**arguments)")
    return compile_function("convert", "value", body, namespace)
