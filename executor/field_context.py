"""A field as the document selects it, and its execution context in one request."""

from dataclasses import dataclass

from graphql import FieldNode, GraphQLField, GraphQLObjectType, GraphQLResolveInfo
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from executor.pending_loads import PendingLoads


@dataclass(frozen=True, slots=True, eq=False)
class CollectedField:
    """A field of a selection set, merged from all selections with the same response name (6.3.2 Field Collection)."""

    response_name: str
    parent_type: GraphQLObjectType
    definition: GraphQLField
    details: FieldDetailsList
    """The merged selections, at least one, as graphql-core collects them."""

    @property
    def first_node(self) -> FieldNode:
        return self.details[0].node


class FieldContext:
    """The execution of a field in one request, for all objects of a level at once.

    The path has no list indexes, because the field stands for all items of the lists above it.
    """

    __slots__ = ("_info", "executor", "field", "path", "pending_loads")

    def __init__(
        self,
        executor: StrawberryGraphQLCoreExecutionContext,
        pending_loads: PendingLoads,
        field: CollectedField,
        path: Path,
        info: GraphQLResolveInfo[object] | None = None,
    ) -> None:
        self.executor = executor
        self.pending_loads = pending_loads
        self.field = field
        self.path = path
        self._info = info

    @property
    def info(self) -> GraphQLResolveInfo[object]:
        """The `info` that graphql-core passes to resolvers. It is built when it is first needed."""
        if self._info is None:
            field = self.field
            nodes = [details.node for details in field.details]
            self._info = self.executor.build_resolve_info(field.definition, nodes, field.parent_type, self.path)
        return self._info
