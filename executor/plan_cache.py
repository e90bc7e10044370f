"""A cache of the plans of documents, which live as long as the documents."""

from weakref import ref

from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLDeferDirective,
    GraphQLIncludeDirective,
    GraphQLSchema,
    GraphQLSkipDirective,
    VariableNode,
    Visitor,
    visit,
)

from executor.operation_plan import OperationPlan
from executor.plan import SelectionPlan

MAX_SELECTION_PLANS = 10_000
"""The number of selection plans to create before all plans are dropped, to be created again when they are needed. A selection
plan takes about 5 KB."""

CONDITIONAL_DIRECTIVES = {
    directive.name for directive in (GraphQLSkipDirective, GraphQLIncludeDirective, GraphQLDeferDirective)
}
"""The directives that decide what is selected."""


class DocumentPlans:
    """The plans of the operations of one document."""

    def __init__(self, document: DocumentNode) -> None:
        self.condition_variables = _condition_variables(document)
        self.operations: dict[tuple[GraphQLSchema, str | None], OperationPlan] = {}
        """The plans by schema and by the operation name of the request, which may be None."""


class PlanCache:
    """Finds the plans of a document. It keeps no document alive: whoever executes documents decides how long they live."""

    def __init__(self) -> None:
        self._plans: dict[int, tuple[ref[DocumentNode], DocumentPlans]] = {}
        """The keys are the `id`s of documents, because documents compare by value, which is slow."""
        self._selection_plans_at_clear = 0

    def get(self, document: DocumentNode) -> DocumentPlans:
        """Returns the plans of a document, which may be empty."""
        if SelectionPlan.created_count - self._selection_plans_at_clear > MAX_SELECTION_PLANS:
            self._plans.clear()
            self._selection_plans_at_clear = SelectionPlan.created_count
        document_id = id(document)
        entry = self._plans.get(document_id)
        if entry is None or entry[0]() is not document:
            plans = self._plans

            def evict(dead: ref[DocumentNode]) -> None:
                if document_id in plans and plans[document_id][0] is dead:
                    del plans[document_id]

            entry = plans[document_id] = (ref(document, evict), DocumentPlans(document))
        return entry[1]


def _condition_variables(document: DocumentNode) -> tuple[str, ...]:
    """Returns the names of the variables in directives that decide what is selected."""
    names: set[str] = set()

    class ConditionVisitor(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: object) -> None:
            if node.name.value in CONDITIONAL_DIRECTIVES:
                for argument in node.arguments or ():
                    if isinstance(argument.value, VariableNode):
                        names.add(argument.value.name.value)

    visit(document, ConditionVisitor())
    return tuple(sorted(names))
