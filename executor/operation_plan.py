"""The plan of an operation: its variables and its root fields."""

from collections import OrderedDict
from contextlib import suppress

from graphql import OperationType
from graphql.execution.collect_fields import collect_fields
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from executor.fallback import NotPlannable
from executor.field_context import CollectedField
from executor.plan import FieldPlan
from executor.variables import VariablesCoercer, compile_variables_coercer

MAX_ROOT_PLANS_PER_OPERATION = 16


class RootPlan:
    """The plan of the root selection set (6.3.1 Executing the Root Selection Set), for one set of conditions."""

    def __init__(self, executor: StrawberryGraphQLCoreExecutionContext) -> None:
        """Collects and plans the root fields of the operation of `executor`.

        Raises:
            NotPlannable: Only graphql-core can execute the root selection set, or report what is wrong with it.
        """
        operation, schema = executor.operation, executor.schema
        root_type = schema.get_root_type(operation.operation)
        if root_type is None:
            raise NotPlannable
        collected = collect_fields(
            schema, executor.fragments, executor.variable_values, root_type, operation, executor.hide_suggestions
        )
        if collected.new_defer_usages:
            raise NotPlannable
        self.type = root_type
        self.grouped_field_set = collected.grouped_field_set
        self.field_plans: dict[str, FieldPlan] = {}
        """The plans of root fields by response name. graphql-core executes the fields that have none."""
        for response_name, details in self.grouped_field_set.items():
            definition = schema.get_field(root_type, details[0].node.name.value)
            if definition is None:
                raise NotPlannable
            with suppress(NotPlannable):
                field = CollectedField(response_name, root_type, definition, details)
                self.field_plans[response_name] = FieldPlan(schema, field)

        self.only_field = next(iter(self.field_plans.values()), None) if len(self.grouped_field_set) == 1 else None
        """The plan of the field, if there is one root field and it has a plan."""

    def drop(self, response_name: str) -> None:
        """Drops the plan of a field, which graphql-core executes from now on."""
        self.field_plans.pop(response_name, None)
        self.only_field = None


class OperationPlan:
    """The plan of one operation of a document. It lives as long as the document, and holds nothing of a request."""

    def __init__(self, executor: StrawberryGraphQLCoreExecutionContext, condition_variables: tuple[str, ...]) -> None:
        """Plans the operation that graphql-core has built an executor for.

        Args:
            executor: The executor.
            condition_variables: The names of the variables that decide what is selected.
        """
        self.operation = executor.operation
        self.is_subscription = self.operation.operation is OperationType.SUBSCRIPTION
        self.fragment_definitions = executor.fragment_definitions
        self.fragments = executor.fragments
        self.coerce_variables = _variables_coercer(executor)
        """The coercion of the variables. None means that only graphql-core can coerce them."""
        self._condition_variables = condition_variables
        self._root_plans: OrderedDict[tuple[object, ...], RootPlan | None] = OrderedDict()

    def root_plan(self, executor: StrawberryGraphQLCoreExecutionContext) -> RootPlan | None:
        """Returns the plan for the variables of the executor, or None if graphql-core must execute the operation."""
        conditions: tuple[object, ...] = ()
        if self._condition_variables:
            coerced = executor.variable_values.coerced
            conditions = tuple([coerced.get(name) for name in self._condition_variables])
            if not all(type(condition) is bool for condition in conditions):
                return None  # graphql-core reports what is wrong with them
        if conditions not in self._root_plans:
            self._root_plans[conditions] = _root_plan(executor)
            if len(self._root_plans) > MAX_ROOT_PLANS_PER_OPERATION:
                self._root_plans.popitem(last=False)
        return self._root_plans[conditions]


def _variables_coercer(executor: StrawberryGraphQLCoreExecutionContext) -> VariablesCoercer | None:
    try:
        return compile_variables_coercer(executor.schema, executor.operation.variable_definitions or ())
    except Exception:
        return None


def _root_plan(executor: StrawberryGraphQLCoreExecutionContext) -> RootPlan | None:
    try:
        return RootPlan(executor)
    except Exception:
        return None
