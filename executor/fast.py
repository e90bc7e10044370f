"""The executor: completes the values of root fields by plans, and has graphql-core do it where that does not work."""

from copy import copy
from typing import Any

from graphql import GraphQLOutputType, GraphQLResolveInfo, GraphQLSchema, get_named_type, is_leaf_type
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

    _plans: Plans | None = None
    """None: everything is left to graphql-core."""

    @classmethod
    def build(cls, schema: GraphQLSchema, document: Any, *args: Any, **options: Any) -> Any:
        built = super().build(schema, document, *args, **options)
        if isinstance(built, FastExecutor) and built._is_usual():
            built._plans = _documents.plans(document, built)
        return built

    def _is_usual(self) -> bool:
        middleware = self.middleware_manager
        return (
            (middleware is None or not middleware.middlewares)
            and self.abort_signal is None
            and self.is_awaitable in (is_awaitable, optimized_is_awaitable)
        )

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
        if self._plans is None or not of_a_root_field or is_leaf_type(get_named_type(return_type)):
            return super().complete_value(return_type, field_details_list, info, path, result, position_context)
        again = (return_type, field_details_list, info, path, result, position_context)
        run = Run(self)
        try:
            field = self._planned(self._plans, field_details_list, info, path)
            (completed,) = field.column.complete(Place(run, field, path, info), [result])
        except Exception as error:
            surprise = error
        else:
            if run.waiting:
                return self._finished(run, completed, again)
            counts.taken += 1
            return completed
        return self._handed_back(surprise, again)

    def _planned(self, plans: Plans, details: FieldDetailsList, info: GraphQLResolveInfo[Any], path: Path) -> Field:
        if (key := str(path.key)) not in plans:
            plans[key] = None  # unless it turns out that there can be a plan
            definition = self.schema.get_field(info.parent_type, info.field_name)
            assert definition is not None
            plans[key] = Field(key, info.parent_type, definition, details)
        if (field := plans[key]) is None:
            raise Unplanned
        return field

    async def _finished(self, run: Run, completed: Any, again: tuple[Any, ...]) -> Any:
        try:
            await run.finish()
        except Exception as error:
            surprise = error
        else:
            counts.taken += 1
            return completed
        value = self._handed_back(surprise, again)
        return await value if self.is_awaitable(value) else value

    def _handed_back(self, surprise: Exception, again: tuple[Any, ...]) -> Any:
        """What graphql-core makes of the value, perhaps to be awaited."""
        if isinstance(surprise, Unplanned):
            counts.left += 1
            if self._plans is not None:
                self._plans[again[3].key] = None
        else:
            counts.handed_back += 1
        plain = copy(self)  # collects its errors where this one does
        plain._plans = None
        return plain.complete_value(*again)
