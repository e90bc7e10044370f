"""What there is to know of an operation before it is asked for."""

from collections import OrderedDict
from typing import Any

from graphql.execution import Executor
from graphql.execution.collect_fields import collect_fields
from graphql.execution.values import VariableValues

from executor.fallback import Unplanned
from executor.input_coercion import Variables
from executor.plan import Field

MAX_VALUES = 16
"""Sets of values of one operation's variables in directives."""


class Roots:
    """The root fields of an operation, for one set of values of the variables in its directives."""

    def __init__(self, executor: Executor[Any]) -> None:
        """Raises Unplanned."""
        operation, schema = executor.operation_plan, executor.schema
        type_ = schema.get_root_type(operation.operation)
        if type_ is None:
            raise Unplanned
        collected = collect_fields(
            schema, executor.fragments, executor.variable_values, type_, operation, executor.hide_suggestions
        )
        if collected.new_defer_usages:
            raise Unplanned
        self.type = type_
        self.collected = collected.grouped_field_set
        self.fields: dict[str, Field | None] = {}
        """By their keys; None where graphql-core does it."""
        for key, details in self.collected.items():
            definition = schema.get_field(type_, details[0].node.name.value)
            if definition is None:
                raise Unplanned
            try:
                self.fields[key] = Field(schema, key, type_, definition, details)
            except Unplanned:
                self.fields[key] = None


class Operation:
    """One of a document. It lives as long as that, and nothing in it is of a request."""

    def __init__(self, executor: Executor[Any], directives: tuple[str, ...]) -> None:
        """`directives`: the variables in those that decide what is selected."""
        self.node = executor.operation_plan
        self.fragment_definitions = executor.fragment_definitions
        self.fragments = executor.fragments
        self._variables = _variables(executor)
        self._directives = directives
        self._roots: OrderedDict[tuple[Any, ...], Roots | None] = OrderedDict()

    def variable_values(self, given: dict[str, Any]) -> VariableValues:
        """May raise anything."""
        if self._variables is None:
            raise Unplanned
        return self._variables.values(given)

    def roots(self, executor: Executor[Any]) -> Roots:
        """Raises Unplanned."""
        coerced = executor.variable_values.coerced
        values = tuple([coerced.get(name) for name in self._directives])
        if not all(type(value) is bool for value in values):
            raise Unplanned  # they are for graphql-core to complain of
        if values not in self._roots:
            self._roots[values] = _roots(executor)
            if len(self._roots) > MAX_VALUES:
                self._roots.popitem(last=False)
        if (roots := self._roots[values]) is None:
            raise Unplanned
        return roots


def _variables(executor: Executor[Any]) -> Variables | None:
    try:
        return Variables(executor.schema, executor.operation_plan.variable_definitions or ())
    except Exception:
        return None


def _roots(executor: Executor[Any]) -> Roots | None:
    try:
        return Roots(executor)
    except Exception:
        return None
