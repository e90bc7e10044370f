"""A field as the document selects it, and its execution context in one request."""

from dataclasses import dataclass, field

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSkipDirective,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from executor.fallback import NotPlannable
from executor.pending_loads import PendingLoads

PLANNABLE_DIRECTIVES = (GraphQLSkipDirective.name, GraphQLIncludeDirective.name)


@dataclass(frozen=True, slots=True, eq=False)
class CollectedField:
    """A field of a selection set, merged from all selections with the same response name (6.3.2 Field Collection)."""

    response_name: str
    parent_type: GraphQLObjectType
    definition: GraphQLField
    details: FieldDetailsList
    """The merged selections, at least one, as graphql-core collects them."""
    nodes: tuple[FieldNode, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", tuple([each.node for each in self.details]))

    def require_plannable(self) -> None:
        """Raises NotPlannable for a field that is deferred, streamed, or has an unknown directive."""
        for details in self.details:
            directives = details.node.directives or ()
            if any(directive.name.value not in PLANNABLE_DIRECTIVES for directive in directives):
                raise NotPlannable
            if details.defer_usage or details.fragment_variable_values:
                raise NotPlannable


class FieldContext:
    """The execution of a field in one request, for all objects of a level at once."""

    __slots__ = ("_info", "_parent", "executor", "field", "loads")

    def __init__(
        self,
        executor: StrawberryGraphQLCoreExecutionContext,
        field: CollectedField,
        loads: PendingLoads,
        parent: "FieldContext | None" = None,
        info: GraphQLResolveInfo[object] | None = None,
    ) -> None:
        """`loads` are those of the root field; `parent` is the context of the field above, unless this is the root field."""
        self.executor = executor
        self.field = field
        self.loads = loads
        self._parent = parent
        self._info = info

    @property
    def path(self) -> Path:
        """The path, without list indexes, because the field stands for all items of the lists above it."""
        above = None if self._parent is None else self._parent.path
        return Path(above, self.field.response_name, self.field.parent_type.name)

    @property
    def info(self) -> GraphQLResolveInfo[object]:
        """The `info` that graphql-core passes to resolvers. It is built when it is first needed."""
        if self._info is None:
            field = self.field
            nodes = list(field.nodes)
            self._info = self.executor.build_resolve_info(field.definition, nodes, field.parent_type, self.path)
        return self._info
