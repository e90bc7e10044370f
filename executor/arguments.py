"""Arguments of a field (6.4.1 Coercing Field Arguments), converted to what the function of its resolver takes."""

from collections.abc import Callable

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    Undefined,
    ValueNode,
    VariableNode,
    is_non_null_type,
    is_required_argument,
)
from graphql.execution.values import VariableValues
from graphql.utilities.coerce_input_value import coerce_default_value
from strawberry import Some
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from executor.codegen import Namespace, compile_function
from executor.fallback import FallbackRequired, NotPlannable, fall_back
from executor.input_coercion import coerce_literal
from executor.input_conversion import input_conversion_expression

ArgumentsMaker = Callable[[VariableValues], dict[str, object]]
"""Returns new keyword arguments for one call of a resolver's function, without those that are left out.

It raises any exception for a value that is wrong or unusual. graphql-core and Strawberry must then prepare the arguments.
"""


def compile_arguments(
    converter: GraphQLCoreConverter, field: StrawberryField, definition: GraphQLField, node: FieldNode
) -> ArgumentsMaker:
    """Compiles the coercion and conversion of the arguments of one field in a document.

    Raises:
        NotPlannable: An argument has a type that only Strawberry converts.
    """
    nodes = {argument.name.value: argument.value for argument in node.arguments or ()}
    arguments = {converter.config.name_converter.from_argument(argument): argument for argument in field.arguments}
    if arguments.keys() != definition.args.keys() or any(each.out_name for each in definition.args.values()):
        raise NotPlannable
    namespace: Namespace = {"absent": Undefined, "fall_back": fall_back, "Some": Some}
    body = ["get, arguments = variable_values.coerced.get, {}"]
    for name, argument in arguments.items():
        declared, value = definition.args[name], nodes.get(name)
        namespace[coerce := f"coerce{len(namespace)}"] = _coercer(declared, value)
        if isinstance(value, VariableNode):
            body.append(f"if (x := get({value.name.value!r}, absent)) is absent: x = {coerce}(variable_values)")
            if is_non_null_type(declared.type):
                body.append("elif x is None: fall_back()")
        else:
            body.append(f"x = {coerce}(variable_values)")
        converted = input_conversion_expression(converter, argument.type, "x", namespace)
        body.append(f"if x is not absent: arguments[{argument.python_name!r}] = {converted}")
    return compile_function("keyword_arguments", "variable_values", [*body, "return arguments"], namespace)


def _coercer(argument: GraphQLArgument, node: ValueNode | None) -> Callable[[VariableValues], object]:
    """Returns the coercion of a literal, or of what stands for an argument without a value: Undefined if nothing does."""
    if node is not None and not isinstance(node, VariableNode):
        return lambda variable_values: coerce_literal(node, argument.type, variable_values)
    required = is_required_argument(argument)

    def default(_: VariableValues) -> object:
        if required:
            raise FallbackRequired
        value: object = coerce_default_value(argument)
        return value

    return default
