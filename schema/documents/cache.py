"""Documents: measured, parsed and validated once, with the cost of their operations, and the one that a request means."""

import re
from collections import OrderedDict
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    IntValueNode,
    NoFragmentCyclesRule,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    get_introspection_query,
    get_operation_ast,
    parse,
    specified_rules,
    validate,
)

from domain.errors import Forbidden
from domain.principals import Principal
from resolvers.projections import Selections
from schema.documents.cost import OperationCost, Prices
from schema.documents.limits import LENGTH_PER_TOKEN, MAX_COMMENTS, MAX_NESTING, Limits, TooComplex, check_size

KEPT = 1_000_000
"""Characters of all documents that are kept; parsed, they take some sixty times as much."""
KEPT_LENGTH = 10_000
"""Characters of a document that is kept; clients use few and short ones, longer ones are of those who make them up."""
MAX_DIGITS = 400
_LONG_NUMBER = re.compile(rf"\d{{{MAX_DIGITS + 1}}}")
"""Where there is none, here or in a text, no number needs to be looked at."""
MAX_ERRORS = 10
"""Of validation, which then stops."""


class Prepared(NamedTuple):
    document: DocumentNode
    errors: list[GraphQLError]
    costs: Mapping[str | None, OperationCost]
    """Of its operations by name; empty if there are errors."""
    selections: Selections


class ShortNumbers(ASTValidationRule):
    """Refuses whole numbers that Python refuses to read (they are no `Int` anyway, but a custom scalar might take them)."""

    def enter_int_value(self, node: IntValueNode, *_: object) -> None:
        if len(node.value) > MAX_DIGITS:
            self.report_error(GraphQLError(f"A number may have at most {MAX_DIGITS} digits.", node))


class Documents:
    """Those of one schema under some limits."""

    def __init__(self, schema: GraphQLSchema, prices: Prices, limits: Limits, *, introspection: bool = True) -> None:
        """Without `introspection` a document that asks for `__schema` or `__type` is not valid."""
        self.limits = limits
        self._schema = schema
        self._prices = prices
        self._rules = specified_rules if introspection else (*specified_rules, NoSchemaIntrospectionCustomRule)
        self._kept: OrderedDict[str, Prepared | TooComplex] = OrderedDict()
        self._kept_length = 0
        self._last: tuple[str, Prepared | TooComplex] | None = None
        # Twice what GraphiQL asks for; what an introspection takes does not depend on what is stored.
        known = prices.costs(parse(get_introspection_query(input_value_deprecation=True)))
        self._max_introspection = 2 * max(cost.introspection for cost in known.values())

    def prepare(self, query: str) -> Prepared:
        """The document and what validation says of it. Raises GraphQLError for a syntax error, and TooComplex."""
        if len(query) > (longest := self.limits.max_tokens * LENGTH_PER_TOKEN):
            raise TooComplex("length", len(query), longest)
        found = self._found(query)
        if isinstance(found, TooComplex):
            raise TooComplex(*found.reason)  # anew: one that is raised again and again gathers tracebacks
        return found

    def cost(self, prepared: Prepared, operation: OperationDefinitionNode, variables: Mapping[str, Any] | None) -> int:
        """Of an operation of a valid document. Raises TooComplex."""
        costs = _costs(prepared, operation)
        cost = costs.of(variables or {})
        if cost > self.limits.max_cost:
            raise TooComplex("cost", cost, self.limits.max_cost)
        if costs.introspection > self._max_introspection:
            raise TooComplex("introspection", costs.introspection, self._max_introspection)
        return cost + costs.introspection

    def check_scopes(self, prepared: Prepared, operation: OperationDefinitionNode, principal: Principal) -> None:
        """Whether the principal may ask for all fields of the operation, skipped ones too. Raises Forbidden."""
        for needed, field in _costs(prepared, operation).scopes.items():
            if not needed & principal.scopes:
                *others, last = sorted(scope.name for scope in needed)
                either = f"{', '.join(others)} or {last}" if others else last
                own = ", ".join(sorted(scope.name for scope in principal.scopes)) or "none"
                raise Forbidden(f"{field} needs the scope {either}; yours: {own}")

    def _found(self, query: str) -> Prepared | TooComplex:
        if self._last and query == self._last[0]:  # a subscription by HTTP asks twice, also for what is not kept
            return self._last[1]
        found = self._kept.get(query)
        if found is None:
            found = self._prepare(query)
            if len(query) <= KEPT_LENGTH:
                self._keep(query, found)
        else:
            self._kept.move_to_end(query)
        self._last = (query, found)
        return found

    def _keep(self, query: str, found: Prepared | TooComplex) -> None:
        self._kept[query] = found
        self._kept_length += len(query)
        while self._kept_length > KEPT:
            self._kept_length -= len(self._kept.popitem(last=False)[0])

    def _prepare(self, query: str) -> Prepared | TooComplex:
        try:
            document = self._parsed(query)
            if not check_size(document, self.limits):
                return Prepared(document, self._problems(document, [NoFragmentCyclesRule]), {}, Selections())
        except TooComplex as error:
            return TooComplex(*error.reason)  # without the traceback, and what that holds
        # First of all: other rules would read them, and fail.
        long = self._problems(document, [ShortNumbers]) if _LONG_NUMBER.search(query) else []
        errors = long or self._problems(document, self._rules)
        return Prepared(document, errors, {} if errors else self._prices.costs(document), Selections())

    def _parsed(self, query: str) -> DocumentNode:
        limit = self.limits.max_tokens
        try:
            return parse(query, max_lexical_tokens=limit, max_comments=MAX_COMMENTS)
        except GraphQLSyntaxError as error:
            # graphql-core has no other sign of its limits than their words.
            if f"more than {limit} tokens" in error.message:
                raise TooComplex("tokens", limit + 1, limit) from None
            if f"more than {MAX_COMMENTS} comments" in error.message:
                raise TooComplex("comments", MAX_COMMENTS + 1, MAX_COMMENTS) from None
            if "nested too deeply" in error.message:
                raise TooComplex("nesting", MAX_NESTING + 1, MAX_NESTING) from None
            raise

    def _problems(self, document: DocumentNode, rules: Collection[type[ASTValidationRule]]) -> list[GraphQLError]:
        return validate(self._schema, document, rules, MAX_ERRORS, hide_suggestions=True)


def _costs(prepared: Prepared, operation: OperationDefinitionNode) -> OperationCost:
    return prepared.costs[operation.name.value if operation.name else None]


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation to execute. Raises GraphQLError if the document has none of that name, or several and none is named."""
    operation = get_operation_ast(document, name)
    if operation is None:
        if name is None:
            raise GraphQLError("operationName is needed: the document has several operations, or none")
        raise GraphQLError(f"the document has no operation {name}")
    return operation
