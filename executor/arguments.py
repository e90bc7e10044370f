"""Arguments of a field (6.4.1 Coercing Field Arguments), converted to what the function of its resolver takes."""

from collections.abc import Callable
from typing import NamedTuple

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
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from executor.fallback import FallbackRequired, NotPlannable
from executor.input_coercion import coerce_literal
from executor.input_conversion import InputConverter, compile_input_converter

ArgumentCoercer = Callable[[VariableValues], object]
"""Returns the coerced value of an argument, or Undefined if it is left out and has no default."""


class _Argument(NamedTuple):
    python_name: str
    coerce: ArgumentCoercer
    convert: InputConverter


class ArgumentPlan:
    """The arguments of one field in a document."""

    def __init__(
        self, converter: GraphQLCoreConverter, field: StrawberryField, definition: GraphQLField, node: FieldNode
    ) -> None:
        """Compiles the coercion and conversion of each argument.

        Raises:
            NotPlannable: An argument has a type that only Strawberry converts.
        """
        nodes = {argument.name.value: argument.value for argument in node.arguments or ()}
        arguments = {converter.config.name_converter.from_argument(argument): argument for argument in field.arguments}
        if arguments.keys() != definition.args.keys() or any(each.out_name for each in definition.args.values()):
            raise NotPlannable
        self._arguments = [
            _Argument(
                argument.python_name,
                _argument_coercer(definition.args[name], nodes.get(name)),
                compile_input_converter(converter, argument.type),
            )
            for name, argument in arguments.items()
        ]

    def keyword_arguments(self, variable_values: VariableValues) -> dict[str, object]:
        """Returns new keyword arguments for one call of the resolver's function, without those that are left out.

        Raises:
            Exception: A value is wrong or unusual. graphql-core and Strawberry must prepare the arguments.
        """
        return {
            name: convert(value)
            for name, coerce, convert in self._arguments
            if (value := coerce(variable_values)) is not Undefined  # left out
        }


def _argument_coercer(argument: GraphQLArgument, node: ValueNode | None) -> ArgumentCoercer:
    required, nullable = is_required_argument(argument), not is_non_null_type(argument.type)

    def default(_: VariableValues) -> object:
        if required:
            raise FallbackRequired
        value: object = coerce_default_value(argument)
        return value

    if node is None:
        return default
    if not isinstance(node, VariableNode):
        return lambda variable_values: coerce_literal(node, argument.type, variable_values)
    name = node.name.value

    def variable(variable_values: VariableValues) -> object:
        value: object = variable_values.coerced.get(name, Undefined)
        if value is Undefined:
            return default(variable_values)
        if value is None and not nullable:
            raise FallbackRequired
        return value

    return variable
