"""The executor: completes the values of root fields by plans, and has graphql-core do it where that does not work."""

from copy import copy
from typing import Any

from graphql import DocumentNode, GraphQLOutputType, GraphQLResolveInfo, GraphQLSchema, get_named_type, is_leaf_type
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path, is_awaitable
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from executor.counts import counts
from executor.documents import PlannedDocuments, Plans
from executor.plan import Field, Place, Run
from executor.surprises import Unplanned

_documents = PlannedDocuments()


class FastExecutor(StrawberryGraphQLCoreExecutionContext):
    """To be Strawberry's `execution_context_class`. Its answers are those of graphql-core.

    graphql-core calls the resolvers of root fields, and what they give is completed here. If that meets a surprise,
    graphql-core completes it from the start, so that resolvers below the root may be called again.
    """

    _document: DocumentNode | None = None
    """None: everything is left to graphql-core."""
    _plans: Plans | None = None

    @classmethod
    def build(cls, schema: GraphQLSchema, document: DocumentNode, *args: Any, **options: Any) -> Any:
        built = super().build(schema, document, *args, **options)
        if isinstance(built, FastExecutor):
            built._document = document
        return built

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        of_a_root_field = path.prev is None
        if self._document is None or not of_a_root_field or is_leaf_type(get_named_type(return_type)):
            return super().complete_value(return_type, field_details_list, info, path, result, position_context)
        again = (return_type, field_details_list, info, path, result, position_context)
        run = Run(self)
        try:
            field = self._planned(field_details_list, info, path)
            (completed,) = field.column.complete(Place(run, field, path, info), [result])
        except Exception as error:
            never = isinstance(error, Unplanned)
        else:
            if run.waiting:
                return self._finished(run, completed, again)
            counts.taken += 1
            return completed
        return self._handed_back(never, again)

    def _planned(self, details: FieldDetailsList, info: GraphQLResolveInfo[Any], path: Path) -> Field:
        plans = self._plans
        if plans is None:
            plans = self._plans = self._found_plans()
        key = _key(details)
        if key not in plans:
            plans[key] = None  # unless it turns out that there can be a plan
            definition = self.schema.get_field(info.parent_type, info.field_name)
            assert definition is not None
            plans[key] = Field(str(path.key), info.parent_type, definition, details)
        if (field := plans[key]) is None:
            raise Unplanned
        return field

    def _found_plans(self) -> Plans:
        """Those of other executions of the document. Raises Unplanned."""
        middleware = self.middleware_manager
        if (
            self._document is None
            or (middleware is not None and middleware.middlewares)
            or self.abort_signal is not None
            or self.is_awaitable not in (is_awaitable, optimized_is_awaitable)
        ):
            raise Unplanned
        return _documents.plans(self._document, self)

    async def _finished(self, run: Run, completed: Any, again: tuple[Any, ...]) -> Any:
        try:
            await run.finish()
        except Exception as error:
            never = isinstance(error, Unplanned)
        else:
            counts.taken += 1
            return completed
        value = self._handed_back(never, again)
        return await value if self.is_awaitable(value) else value

    def _handed_back(self, never: bool, again: tuple[Any, ...]) -> Any:
        """What graphql-core makes of the value, perhaps to be awaited. `never`: there can be no plan for it."""
        if never:
            counts.left += 1
            if self._plans is not None:
                self._plans[_key(again[1])] = None
        else:
            counts.handed_back += 1
        plain = copy(self)  # collects its errors where this one does
        plain._document = None
        return plain.complete_value(*again)


def _key(details: FieldDetailsList) -> tuple[tuple[int, bool], ...]:
    """Of a root field: its nodes, which live as long as their document, and whether they are deferred."""
    return tuple([(id(each.node), each.defer_usage is not None) for each in details])
