"""Result coercion of leaf values (3.5 Scalars, 3.9 Enums), in line in generated code for the usual values.

A value of exactly the usual class coerces to itself. Every other value goes to graphql-core's `complete_leaf_value`.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from graphql import (
    GraphQLBoolean,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
)
from graphql.execution import Executor
from strawberry.schema.schema_converter import CustomGraphQLEnumType, GraphQLCoreConverter
from strawberry.schema.types.base_scalars import DateTimeDefinition
from strawberry.types.scalar import ScalarDefinition

from executor.codegen import Namespace, compile_function
from executor.fallback import FallbackRequired
from executor.plain_values import MAX_PLAIN_CLASSES, is_plain_class, require_plain_values

IDENTITY_CONDITIONS: dict[GraphQLLeafType, str] = {
    GraphQLString: "type(v := {value}) is str",
    GraphQLInt: "type(v := {value}) is int and -2147483648 <= v <= 2147483647",
    GraphQLFloat: "type(v := {value}) is float and v - v == 0.0",  # false for infinities and NaN
    GraphQLBoolean: "type(v := {value}) is bool",
}
"""Python conditions under which a value coerces to itself, as a result and as an input. They assign the value to `v`."""


def output_coercion_expression(type_: GraphQLLeafType, nullable: bool, value: str, namespace: Namespace) -> str:
    """Returns a Python expression that completes a leaf value (6.4.3 Value Completion).

    The expression may raise any exception, and assigns to `v`.

    Args:
        type_: The leaf type, without Non-Null.
        nullable: Whether the value may be null.
        value: A Python expression for the value.
        namespace: Receives the objects that the expression uses.
    """
    fallback = f"complete{len(namespace)}"
    namespace[fallback] = _leaf_completer(type_, nullable)
    otherwise = f"None if v is None else {fallback}(v)" if nullable else f"{fallback}(v)"
    if type_ is GraphQLID:
        namespace["str_id_classes"] = _str_id_classes
        return f"(v if type(v := {value}) is str else str(v) if type(v) in str_id_classes else {otherwise})"
    if condition := IDENTITY_CONDITIONS.get(type_):
        return f"(v if {condition.format(value=value)} else {otherwise})"
    if isinstance(type_, CustomGraphQLEnumType):
        get_name = f"get_name{len(namespace)}"
        namespace[get_name] = _enum_names_by_member_id(type_).get
        return f"({get_name}(id(v := {value})) or ({otherwise}))"
    if is_date_time(type_):
        namespace["datetime"] = datetime
        return f"(v.isoformat() if type(v := {value}) is datetime else {otherwise})"
    return f"{fallback}({value})"


def is_date_time(type_: GraphQLLeafType) -> bool:
    """Returns whether the type is Strawberry's DateTime, whose result coercion is `datetime.isoformat`."""
    definition = type_.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return isinstance(definition, ScalarDefinition) and definition.serialize is DateTimeDefinition.serialize


def compile_leaf_list_completer(type_: GraphQLLeafType, nullable: bool) -> Callable[[list[object]], list[object]]:
    """Compiles a function that completes each leaf value of a list."""
    namespace: Namespace = {}
    expression = output_coercion_expression(type_, nullable, "value", namespace)
    return compile_function("complete", "values", [f"return [{expression} for value in values]"], namespace)


def _leaf_completer(type_: GraphQLLeafType, nullable: bool) -> Callable[[object], object]:
    def complete(value: object) -> object:
        if value is None:
            if nullable:
                return None
            raise FallbackRequired
        require_plain_values((value,), {type(value)})
        if type_ is GraphQLID:
            _remember_id_class(type(value))
        return Executor.complete_leaf_value(type_, value)

    return complete


_str_id_classes: set[type] = set()
"""Classes, such as UUID, for whose values `str` is the result coercion to an ID."""


def _remember_id_class(cls: type) -> None:
    if not issubclass(cls, (str, int, float)) and cls.__module__ != "builtins" and is_plain_class(cls):
        if len(_str_id_classes) >= MAX_PLAIN_CLASSES:
            _str_id_classes.clear()
        _str_id_classes.add(cls)


def _enum_names_by_member_id(type_: CustomGraphQLEnumType) -> dict[int, str]:
    """Returns the GraphQL names of the members of a Python enum by their `id`: members live as long as their class."""
    members: Iterable[object] = type_.wrapped_cls
    return {id(member): type_.coerce_output_value(member) for member in members}
