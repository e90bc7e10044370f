"""Coercion of the variables of an operation (6.1.2 Coercing Variable Values)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from graphql import GraphQLError, GraphQLSchema, Undefined, ValueNode, VariableDefinitionNode, is_non_null_type
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource

from executor.fallback import FallbackRequired, NotPlannable
from executor.input_coercion import InputCoercer, coerce_literal, compile_input_coercer


class _Variable(NamedTuple):
    source: VariableValueSource
    """The entry of `VariableValues.sources` when the request gives no value."""
    coerce: InputCoercer
    default: ValueNode | None


class VariableCoercer:
    """Coerces the variables that an operation declares."""

    def __init__(self, schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]) -> None:
        """Compiles the coercion of each variable.

        Raises:
            NotPlannable: A variable has a type that only graphql-core coerces.
        """
        self._variables: list[_Variable] = []
        for node in definitions:
            signature = get_variable_signature(schema, node)
            if isinstance(signature, GraphQLError):
                raise NotPlannable
            coerce = compile_input_coercer(signature.type)
            self._variables.append(_Variable(VariableValueSource(signature), coerce, node.default_value))

    def coerce(self, raw_values: Mapping[str, object]) -> VariableValues:
        """Returns the coerced values, with defaults for those left out.

        Raises:
            Exception: A value is wrong or unusual. graphql-core must coerce all of them.
        """
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, object] = {}
        for source, coerce, default in self._variables:
            name, type_ = source.signature.name, source.signature.type
            value = raw_values.get(name, Undefined)
            if value is not Undefined:
                sources[name] = VariableValueSource(source.signature, value)
                coerced[name] = coerce(value)
                continue
            sources[name] = source
            if default is not None:
                coerced[name] = coerce_literal(default, type_)
            elif is_non_null_type(type_):
                raise FallbackRequired
        return VariableValues(sources, coerced)
