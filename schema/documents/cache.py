"""Documents: each is measured, parsed and validated once, and the cost of its operations is kept with it."""

import re
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

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
from resolvers.projections import Projections
from schema.documents.cost import CostModel, OperationCost
from schema.documents.limits import CHARS_PER_TOKEN, MAX_COMMENTS, MAX_NESTING, Limits
from schema.documents.one_of_variables import OneOfVariables
from schema.documents.size import TooComplex, check_document_size

MAX_CACHE_CHARS = 1_000_000
"""The length of all documents that are kept together; parsed, they take some sixty times as much memory."""
MAX_CACHED_DOCUMENT_CHARS = 10_000
"""The length of a document that is kept: clients use few and short ones, and longer ones are made up to do harm."""
MAX_NUMBER_DIGITS = 400
_LONG_NUMBER = re.compile(rf"\d{{{MAX_NUMBER_DIGITS + 1}}}")
"""A document without such digits needs no look at its numbers."""
MAX_VALIDATION_ERRORS = 10
"""Validation stops after so many errors."""


@dataclass(slots=True)
class PreparedDocument:
    """A document and what is known of it before it is executed."""

    document: DocumentNode
    errors: list[GraphQLError]
    costs: Mapping[str | None, OperationCost]
    """The costs of its operations by name; empty if there are errors."""
    projections: Projections
    aliases: int
    """The number of its aliases, with fragments written out."""
    selected: dict[str | None, tuple[OperationDefinitionNode, OperationCost]]
    """The operations that were asked for, with their costs, by the name that was given."""

    def operation(self, name: str | None) -> tuple[OperationDefinitionNode, OperationCost]:
        """Returns the operation to execute, and its cost. The document must be valid. Raises GraphQLError as `operation_of`."""
        found = self.selected.get(name)
        if found is None:
            node = operation_of(self.document, name)
            found = self.selected[name] = node, self.costs[node.name.value if node.name else None]
        return found


class ShortNumbers(ASTValidationRule):
    """Refuses whole numbers that Python refuses to read (they are no `Int` anyway, but a custom scalar might take them)."""

    def enter_int_value(self, node: IntValueNode, *_: object) -> None:
        if len(node.value) > MAX_NUMBER_DIGITS:
            self.report_error(GraphQLError(f"A number may have at most {MAX_NUMBER_DIGITS} digits.", node))


class DocumentCache:
    """Prepares the documents of one schema under some limits, and keeps the most recently used ones."""

    def __init__(
        self,
        schema: GraphQLSchema,
        cost_model: CostModel,
        limits: Limits,
        *,
        introspection: bool = True,
        suggestions: bool = False,
    ) -> None:
        """Without `introspection` a document that asks for `__schema` or `__type` is not valid.

        With `suggestions`, messages name what in the schema a misspelt name may mean.
        """
        self.limits = limits
        self._max_cost, self._max_chars = limits.max_cost, limits.max_tokens * CHARS_PER_TOKEN
        self.hide_suggestions = not suggestions
        self._schema = schema
        self._cost_model = cost_model
        rules = (*specified_rules, OneOfVariables)
        self._rules = rules if introspection else (*rules, NoSchemaIntrospectionCustomRule)
        self._documents: OrderedDict[str, PreparedDocument | TooComplex] = OrderedDict()
        self._chars = 0
        self._last: tuple[str, PreparedDocument | TooComplex] | None = None
        # Twice what GraphiQL asks for: what an introspection costs does not depend on what is stored.
        known = cost_model.costs(parse(get_introspection_query(input_value_deprecation=True)))
        self._max_introspection = 2 * max(cost.introspection for cost in known.values())

    def prepare(self, query: str) -> PreparedDocument:
        """Returns the document and what validation says of it. Raises GraphQLError for a syntax error, and TooComplex."""
        if len(query) > self._max_chars:
            raise TooComplex("length", len(query), self._max_chars)
        last = self._last  # a subscription by HTTP asks twice, also for what is not kept
        found = last[1] if last is not None and query == last[0] else self._find(query)
        if isinstance(found, TooComplex):
            raise TooComplex(*found.reason)  # a new one: an error that is raised again and again gathers tracebacks
        return found

    def cost(self, operation: OperationCost, variables: Mapping[str, object] | None) -> int:
        """Returns the cost of an operation with these variables. Raises TooComplex."""
        cost = operation.data.of(variables or {})
        if cost > self._max_cost:
            raise TooComplex("cost", cost, self._max_cost)
        if operation.introspection > self._max_introspection:
            raise TooComplex("introspection", operation.introspection, self._max_introspection)
        return cost + operation.introspection

    def check_scopes(self, operation: OperationCost, principal: Principal) -> None:
        """Raises Forbidden if the principal may not ask for every field of the operation, skipped ones included."""
        for needed, field in operation.scopes.items():
            if needed.isdisjoint(principal.scopes):
                *others, last = sorted(scope.name for scope in needed)
                either = f"{', '.join(others)} or {last}" if others else last
                own = ", ".join(sorted(scope.name for scope in principal.scopes)) or "none"
                raise Forbidden(f"{field} needs the scope {either}; yours: {own}")

    def _find(self, query: str) -> PreparedDocument | TooComplex:
        found = self._documents.get(query)
        if found is None:
            found = self._prepare(query)
            if len(query) <= MAX_CACHED_DOCUMENT_CHARS:
                self._keep(query, found)
        else:
            self._documents.move_to_end(query)
        self._last = (query, found)
        return found

    def _keep(self, query: str, found: PreparedDocument | TooComplex) -> None:
        self._documents[query] = found
        self._chars += len(query)
        while self._chars > MAX_CACHE_CHARS:
            self._chars -= len(self._documents.popitem(last=False)[0])

    def _prepare(self, query: str) -> PreparedDocument | TooComplex:
        try:
            document = self._parsed(query)
            aliases = check_document_size(document, self.limits)
            if aliases is None:
                errors = self._problems(document, [NoFragmentCyclesRule])
                return PreparedDocument(document, errors, {}, Projections(), 0, {})
        except TooComplex as error:
            return TooComplex(*error.reason)  # without the traceback and the objects that it holds
        # Checked first: other rules would read the numbers, and fail.
        long = self._problems(document, [ShortNumbers]) if _LONG_NUMBER.search(query) else []
        errors = long or self._problems(document, self._rules)
        costs = {} if errors else self._cost_model.costs(document)
        return PreparedDocument(document, errors, costs, Projections(), aliases, {})

    def _parsed(self, query: str) -> DocumentNode:
        limit = self.limits.max_tokens
        try:
            return parse(query, max_lexical_tokens=limit, max_comments=MAX_COMMENTS)
        except GraphQLSyntaxError as error:
            # graphql-core has no other sign of its limits than the words of its messages.
            if f"more than {limit} tokens" in error.message:
                raise TooComplex("tokens", limit + 1, limit) from None
            if f"more than {MAX_COMMENTS} comments" in error.message:
                raise TooComplex("comments", MAX_COMMENTS + 1, MAX_COMMENTS) from None
            if "nested too deeply" in error.message:
                raise TooComplex("nesting", MAX_NESTING + 1, MAX_NESTING) from None
            raise

    def _problems(self, document: DocumentNode, rules: Collection[type[ASTValidationRule]]) -> list[GraphQLError]:
        return validate(self._schema, document, rules, MAX_VALIDATION_ERRORS, hide_suggestions=self.hide_suggestions)


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """Returns the operation to execute.

    Raises GraphQLError if the document has no operation of that name, or has several and none is named.
    """
    operation = get_operation_ast(document, name)
    if operation is None:
        if name is None:
            raise GraphQLError("operationName is needed: the document has several operations, or none")
        raise GraphQLError(f"the document has no operation {name}")
    return operation
