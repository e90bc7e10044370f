"""Coercion of the variables of an operation (6.1.2 Coercing Variable Values)."""

from collections.abc import Callable, Mapping, Sequence

from graphql import GraphQLError, GraphQLSchema, Undefined, VariableDefinitionNode, is_non_null_type
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource

from executor.codegen import Namespace, compile_function
from executor.fallback import NotPlannable, fall_back
from executor.input_coercion import coerce_literal, input_coercion_expression

VariablesCoercer = Callable[[Mapping[str, object]], VariableValues]
"""Returns the coerced values of variables, with defaults for those left out.

It raises any exception for a value that is wrong or unusual. graphql-core must then coerce all of them.
"""


def compile_variables_coercer(schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]) -> VariablesCoercer:
    """Compiles the coercion of the variables that an operation declares.

    Raises:
        NotPlannable: A variable has a type that only graphql-core coerces.
    """
    namespace: Namespace = {"absent": Undefined, "fall_back": fall_back, "coerce_literal": coerce_literal}
    # The constructor of a class that is a tuple takes several times as long.
    namespace |= {"new": tuple.__new__, "Source": VariableValueSource, "VariableValues": VariableValues}
    body = ["get, sources, coerced = raw_values.get, {}, {}"]
    for number, node in enumerate(definitions):
        signature = get_variable_signature(schema, node)
        if isinstance(signature, GraphQLError):
            raise NotPlannable
        name, type_ = repr(signature.name), signature.type
        namespace |= {f"signature_{number}": signature, f"source_{number}": VariableValueSource(signature)}
        body += [
            f"if (x := get({name}, absent)) is not absent:",
            f"    coerced[{name}] = {input_coercion_expression(type_, 'x', namespace)}",
            f"    sources[{name}] = new(Source, (signature_{number}, x))",
            "else:",
            f"    sources[{name}] = source_{number}",
        ]
        if node.default_value is not None:
            namespace |= {f"default_{number}": node.default_value, f"type_{number}": type_}
            body.append(f"    coerced[{name}] = coerce_literal(default_{number}, type_{number})")
        elif is_non_null_type(type_):
            body.append("    fall_back()")
    body.append("return new(VariableValues, (sources, coerced))")
    return compile_function("coerce", "raw_values", body, namespace)
