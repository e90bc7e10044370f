"""What is kept of documents: their operations, as long as they live."""

from weakref import ref

from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLDeferDirective,
    GraphQLIncludeDirective,
    GraphQLSchema,
    GraphQLSkipDirective,
    Visitor,
    visit,
)
from graphql.language import VariableNode

from executor.operation_plan import Operation
from executor.plan import Selection

MAX_SELECTIONS = 10_000
"""Made until all are forgotten, to be made again when they are needed. One takes some 5 KB."""

_DIRECTIVES = {each.name for each in (GraphQLSkipDirective, GraphQLIncludeDirective, GraphQLDeferDirective)}


class PlannedDocument:
    def __init__(self, document: DocumentNode) -> None:
        self.directives = _variables_of_directives(document)
        """The variables in those that decide what is selected."""
        self.operations: dict[tuple[GraphQLSchema, str | None], Operation] = {}
        """By the names that they are asked for by: a document has no other."""


class PlannedDocuments:
    """Plans live as long as their documents, which whoever executes them keeps or not."""

    def __init__(self) -> None:
        self._documents: dict[int, tuple[ref[DocumentNode], PlannedDocument]] = {}
        self._made = 0

    def of(self, document: DocumentNode) -> PlannedDocument:
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
        return found[1]


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
