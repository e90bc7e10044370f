"""The executor: does operations by plans, and has graphql-core do what does not work so."""

from collections.abc import Awaitable
from copy import copy
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationType,
    default_field_resolver,
    default_type_resolver,
    get_named_type,
    is_leaf_type,
)
from graphql.execution import MiddlewareManager
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path, is_awaitable
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from executor.fallback import Unplanned
from executor.operation_plan import Operation, Roots
from executor.plan import Field, Place, Run
from executor.plan_cache import PlannedDocuments
from executor.resolution import LaterFunction
from executor.statistics import execution_counts

_documents = PlannedDocuments()


class FastExecutor(StrawberryGraphQLCoreExecutionContext):
    """To be Strawberry's `execution_context_class`. Its answers are those of graphql-core.

    If the completion of a value meets a surprise, graphql-core completes it from the start, so that resolvers below the root
    may be called again. That of a root field is called once.
    """

    _planned: Operation | None = None
    _roots: Roots | None = None
    """None: everything is left to graphql-core."""
    _plain = False
    """Whether it completes what is handed back."""

    @classmethod
    def build(  # type: ignore[override]  # what follows `is_async_iterable` is passed on
        cls,
        schema: GraphQLSchema,
        document: DocumentNode,
        root_value: Any = None,
        context_value: Any = None,
        raw_variable_values: dict[str, Any] | None = None,
        operation_name: str | None = None,
        field_resolver: Any = None,
        type_resolver: Any = None,
        subscribe_field_resolver: Any = None,
        max_coercion_errors: int = 50,
        enable_early_execution: bool = False,
        middleware: Any = None,
        is_awaitable: Any = None,
        is_async_iterable: Any = None,
        **options: Any,
    ) -> Any:
        """As graphql-core's, but what is known of the operation is not found out again."""
        known = _documents.of(document)
        operation = known.operations.get((schema, operation_name))
        if operation is not None and (middleware is None or isinstance(middleware, MiddlewareManager)):
            try:
                variable_values = operation.variable_values(raw_variable_values or {})
            except Exception as error:
                execution_counts.inputs_fell_back += not isinstance(error, Unplanned)
            else:
                executor = cls(
                    schema,
                    operation.fragment_definitions,
                    operation.fragments,
                    root_value,
                    context_value,
                    operation.node,
                    variable_values,
                    field_resolver or default_field_resolver,
                    type_resolver or default_type_resolver,
                    subscribe_field_resolver or default_field_resolver,
                    enable_early_execution,
                    middleware,
                    is_awaitable,
                    is_async_iterable,
                    **options,
                )
                executor._planned = operation
                return executor
        built = super().build(
            schema,
            document,
            root_value,
            context_value,
            raw_variable_values,
            operation_name,
            field_resolver,
            type_resolver,
            subscribe_field_resolver,
            max_coercion_errors,
            enable_early_execution,
            middleware,
            is_awaitable,
            is_async_iterable,
            **options,
        )
        if isinstance(built, FastExecutor):
            if operation is None:
                operation = known.operations[schema, operation_name] = Operation(built, known.directives)
            built._planned = operation
        return built

    def execute_operation(self, serially: bool | None = None) -> Any:
        try:
            roots = self._roots = self._found_roots()
        except Unplanned:
            return super().execute_operation(serially)
        if serially is None:
            serially = self.operation.operation is OperationType.MUTATION
        try:
            data: Any = self.execute_root_grouped_field_set(
                roots.type, self.root_value, roots.collected, serially, None
            )
        except GraphQLError as error:
            return self._without_data(error)
        return self._response(data) if self.is_awaitable(data) else self.build_response(data)

    def build_response(self, data: dict[str, Any] | None) -> Any:
        response = super().build_response(data)
        if isinstance(response, ExecutionResult):  # whole: nothing will ask for them any more
            self.async_helpers = None  # type: ignore[assignment]  # these, which have the executor, would keep it in a circle
        return response

    def _found_roots(self) -> Roots:
        """Raises Unplanned."""
        middleware = self.middleware_manager
        if (
            self._planned is None
            or (middleware is not None and middleware.middlewares)
            or self.abort_signal is not None
            or self.is_awaitable not in (is_awaitable, optimized_is_awaitable)
        ):
            raise Unplanned
        return self._planned.roots(self)

    async def _response(self, data: Awaitable[dict[str, Any]]) -> Any:
        try:
            return self.build_response(await data)
        except GraphQLError as error:
            return self._without_data(error)

    def _without_data(self, error: GraphQLError) -> Any:
        self.collected_errors.add(error, None)
        return self.build_response(None)

    def execute_field(
        self,
        parent_type: Any,
        source: Any,
        field_details_list: FieldDetailsList,
        path: Path,
        position_context: Any,
    ) -> Any:
        field = self._root(path)
        if field is not None and isinstance(field.source, LaterFunction):
            try:
                arguments = field.source.arguments.values(self.variable_values)
            except Exception:
                execution_counts.inputs_fell_back += 1
            else:
                return self._resolved(field, field.source, source, path, arguments)
        return super().execute_field(parent_type, source, field_details_list, path, position_context)

    async def _resolved(
        self, field: Field, function: LaterFunction, source: Any, path: Path, arguments: dict[str, Any]
    ) -> Any:
        """The completed value of a root field. Raises GraphQLError where there is none and must be."""
        place = Place(Run(self), field, path)
        type_ = field.definition.type
        try:
            try:
                result = await function.call(place, source, arguments)
            except Exception as error:
                result = await function.handled(place, error)
            completed = self.complete_value(type_, field.details, place.info, path, result, None)
            return await completed if self.is_awaitable(completed) else completed
        except Exception as error:
            self.handle_field_error(error, type_, field.details, path)

    def _root(self, path: Path) -> Field | None:
        """The plan of a root field, if it has one; None for others."""
        roots = self._roots
        return roots.fields[str(path.key)] if roots is not None and path.prev is None else None

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
        if self._plain or not of_a_root_field or is_leaf_type(get_named_type(return_type)):
            return super().complete_value(return_type, field_details_list, info, path, result, position_context)
        again = (return_type, field_details_list, info, path, result, position_context)
        run = Run(self)
        try:
            if (field := self._root(path)) is None:
                raise Unplanned
            (completed,) = field.column.complete(Place(run, field, path, info), [result])
        except Exception as error:
            never = isinstance(error, Unplanned)
        else:
            if run.waiting:
                return self._finished(run, completed, again)
            execution_counts.completed += 1
            return completed
        return self._handed_back(never, again)

    async def _finished(self, run: Run, completed: Any, again: tuple[Any, ...]) -> Any:
        try:
            await run.finish()
        except Exception as error:
            never = isinstance(error, Unplanned)
        else:
            execution_counts.completed += 1
            return completed
        value = self._handed_back(never, again)
        return await value if self.is_awaitable(value) else value

    def _handed_back(self, never: bool, again: tuple[Any, ...]) -> Any:
        """What graphql-core makes of the value, perhaps to be awaited. `never`: there can be no plan for it."""
        if never:
            execution_counts.delegated += 1
            if self._roots is not None:
                self._roots.fields[str(again[3].key)] = None
        else:
            execution_counts.fell_back += 1
        plain = copy(self)  # collects its errors where this one does
        plain._plain = True
        return plain.complete_value(*again)
