"""The plans of documents: made once for each operation and each set of values of the variables in its directives."""

from collections import OrderedDict
from typing import Any
from weakref import ref

from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLDeferDirective,
    GraphQLIncludeDirective,
    GraphQLSkipDirective,
    Visitor,
    visit,
)
from graphql.execution import Executor
from graphql.language import VariableNode

from executor.plan import Field, Selection
from executor.surprises import Unplanned

Plans = dict[Any, Field | None]
"""Of the root fields of an operation; None where graphql-core does it."""

MAX_VALUES = 16
"""Sets of values of one document."""
MAX_SELECTIONS = 10_000
"""Made until all are forgotten, to be made again when they are needed. One takes some 5 KB."""

_DIRECTIVES = {each.name for each in (GraphQLSkipDirective, GraphQLIncludeDirective, GraphQLDeferDirective)}


class PlannedDocument:
    def __init__(self, document: DocumentNode) -> None:
        self._variables = _variables_of_directives(document)
        self._plans: OrderedDict[Any, Plans] = OrderedDict()

    def plans(self, executor: Executor[Any]) -> Plans:
        coerced = executor.variable_values.coerced
        values = tuple(coerced.get(name) for name in self._variables)
        if not all(type(value) is bool for value in values):
            raise Unplanned  # they are for graphql-core to complain of
        # The operation is of the document, and lives as long as it does.
        key = (executor.schema, id(executor.operation), values)
        if key not in self._plans:
            self._plans[key] = {}
            if len(self._plans) > MAX_VALUES:
                self._plans.popitem(last=False)
        return self._plans[key]


class PlannedDocuments:
    """Plans live as long as their documents, which whoever executes them keeps or not."""

    def __init__(self) -> None:
        self._documents: dict[int, tuple[ref[DocumentNode], PlannedDocument]] = {}
        self._made = 0

    def plans(self, document: DocumentNode, executor: Executor[Any]) -> Plans:
        """To be filled by those who use them. Raises Unplanned."""
        if Selection.made - self._made > MAX_SELECTIONS:
            self._documents.clear()
            self._made = Selection.made
        id_ = id(document)
        found = self._documents.get(id_)
        if found is None or found[0]() is not document:
            documents = self._documents

            def forget(gone: ref[DocumentNode]) -> None:
                if id_ in documents and documents[id_][0] is gone:
                    del documents[id_]

            found = self._documents[id_] = (ref(document, forget), PlannedDocument(document))
        return found[1].plans(executor)


def _variables_of_directives(document: DocumentNode) -> tuple[str, ...]:
    """Of those that decide what is selected."""
    names: set[str] = set()

    class Directives(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: object) -> None:
            if node.name.value in _DIRECTIVES:
                for argument in node.arguments or ():
                    if isinstance(argument.value, VariableNode):
                        names.add(argument.value.name.value)

    visit(document, Directives())
    return tuple(sorted(names))
