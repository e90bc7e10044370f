"""A rule of the September 2025 specification that graphql-core 3.3 applies to some documents only."""

from graphql import (
    GraphQLError,
    NonNullTypeNode,
    NullValueNode,
    OperationDefinitionNode,
    ValidationRule,
    VariableDefinitionNode,
    get_named_type,
    is_input_object_type,
)


class OneOfVariables(ValidationRule):
    """Checks that a variable in a field of a OneOf Input Object cannot be null (5.8.5 All Variable Usages Are Allowed).

    graphql-core 3.3 does not see this where the type of the input object is Non-Null or in a list.
    """

    def leave_operation_definition(self, operation: OperationDefinitionNode, *_: object) -> None:
        definitions = {node.variable.name.value: node for node in operation.variable_definitions or ()}
        for usage in self.context.get_recursive_variable_usages(operation):
            type_ = get_named_type(usage.parent_type)
            definition = definitions.get(usage.node.name.value)
            if (
                definition
                and type_ is not usage.parent_type
                and is_input_object_type(type_)
                and type_.is_one_of
                and _may_be_null(definition)
            ):
                name = usage.node.name.value
                message = f"Variable '${name}' must be non-nullable to be used for OneOf Input Object '{type_}'."
                self.report_error(GraphQLError(message, [definition, usage.node]))


def _may_be_null(definition: VariableDefinitionNode) -> bool:
    has_default = definition.default_value is not None and not isinstance(definition.default_value, NullValueNode)
    return not has_default and not isinstance(definition.type, NonNullTypeNode)
