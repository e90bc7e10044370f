"""The executor: it executes operations by plans, and falls back to graphql-core for everything else."""

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from copy import copy
from functools import cached_property
from typing import Any, TypeAlias, TypeGuard, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    ExperimentalIncrementalExecutionResults,
    GraphQLError,
    GraphQLFieldResolver,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLResolveInfoHelpers,
    GraphQLSchema,
    GraphQLTypeResolver,
    OperationType,
    default_field_resolver,
    default_type_resolver,
    get_named_type,
    is_leaf_type,
)
from graphql.execution import Middleware, MiddlewareManager
from graphql.execution.collect_fields import DeferUsage, FieldDetailsList
from graphql.execution.incremental.incremental_executor import DeliveryGroup
from graphql.pyutils import AwaitableOrValue, Path, RefMap
from graphql.pyutils import is_awaitable as default_is_awaitable
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from executor.fallback import NotPlannable
from executor.field_context import FieldContext
from executor.object_rows import are_object_rows
from executor.operation_plan import OperationPlan, RootPlan
from executor.pacing import MAX_UNPACED_ITEMS, is_event_loop_running, paced
from executor.pending_loads import run_loads
from executor.plan import FieldPlan
from executor.plan_cache import PlanCache
from executor.resolution import AsyncFunctionResolver
from executor.statistics import execution_counts

PositionContext: TypeAlias = RefMap[DeferUsage, DeliveryGroup] | None
"""The enclosing `@defer`, for graphql-core. It is always None here."""
Response: TypeAlias = ExecutionResult | ExperimentalIncrementalExecutionResults
CompleteValueArguments: TypeAlias = tuple[
    GraphQLOutputType, FieldDetailsList, GraphQLResolveInfo[object], Path, object, PositionContext
]

_plan_cache = PlanCache()

_CONSTRUCTED = (
    "fragments", "subscribe_field_resolver", "enable_early_execution", "error_propagation", "collected_errors",
    "pending_incremental_futures", "background_futures", "async_work_finished_hook_task", "_relevant_sub_fields",
    "_stream_usages", "defer_usage_set", "groups", "tasks", "streams", "_initial_execution_plans",
    "_deferred_execution_plans",
)  # fmt: skip
"""The attributes that graphql-core's constructor makes, and an operation that goes as planned does not need."""


class _Constructed:
    """An attribute of `_CONSTRUCTED`: the constructor is called when one is first asked for.

    `__getattr__` would do so too, and would make all attributes slow.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, executor: Any, owner: type) -> Any:
        if executor._construction is None:
            raise AttributeError(self._name)
        executor._construct()
        return getattr(executor, self._name)


class FastExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes operations as graphql-core does, faster: a value for `execution_context_class` of a Strawberry schema.

    If anything about the value of a root field is wrong or unusual, graphql-core completes it from the start. So the resolver
    of a root field is called once, but resolvers below it may be called twice.
    """

    # Python keeps thirty attributes of an object in place; of more, it makes a dict, which took 3 % of a small request.
    __slots__ = (
        "context_value", "field_resolver", "fragment_definitions", "hide_suggestions", "is_awaitable", "middleware_manager",
        "operation", "root_value", "schema", "type_resolver", "variable_values",
    )  # fmt: skip
    _operation_plan: OperationPlan | None = None
    _root_plan: RootPlan | None = None
    """The plan of this execution. None means that graphql-core executes everything."""
    _is_fallback = False
    """True for a copy that completes a value as graphql-core does."""
    _construction: tuple[Any, bool, Any, dict[str, Any]] | None = None
    """The arguments of graphql-core's constructor that no attribute has, as long as it has not been called."""
    # What the options of the constructor are by default, until it has been called.
    abort_signal = hooks = operation_extensions = None

    @cached_property
    def async_helpers(self) -> GraphQLResolveInfoHelpers:  # type: ignore[override]
        return GraphQLResolveInfoHelpers(self.gather_async_work, self.track_async_work)

    @classmethod
    def build(  # type: ignore[override]  # the options of graphql-core's `build` that follow are passed on
        cls,
        schema: GraphQLSchema,
        document: DocumentNode,
        root_value: object = None,
        context_value: object = None,
        raw_variable_values: dict[str, object] | None = None,
        operation_name: str | None = None,
        field_resolver: GraphQLFieldResolver | None = None,
        type_resolver: GraphQLTypeResolver | None = None,
        subscribe_field_resolver: GraphQLFieldResolver | None = None,
        max_coercion_errors: int = 50,
        enable_early_execution: bool = False,
        middleware: Middleware | None = None,
        is_awaitable: Callable[[object], TypeGuard[Awaitable[object]]] | None = None,
        is_async_iterable: Callable[[object], TypeGuard[AsyncIterable[object]]] | None = None,
        hide_suggestions: bool = False,
        **options: Any,
    ) -> "list[GraphQLError] | FastExecutor":
        """Builds an executor as graphql-core does (6.1 Executing Requests), from what is known of the operation.

        graphql-core builds it when the operation is asked for the first time, and reports what is wrong with the request.
        """
        plans = _plan_cache.get(document)
        plan = plans.operations.get((schema, operation_name))
        coerce = plan and plan.coerce_variables
        if plan and coerce and (middleware is None or isinstance(middleware, MiddlewareManager)):
            try:
                variable_values = coerce(raw_variable_values or {})
            except Exception:
                execution_counts.inputs_fell_back += 1
            else:
                executor = cls.__new__(cls)
                executor.schema = schema
                executor.fragment_definitions = plan.fragment_definitions
                executor.root_value = root_value
                executor.context_value = context_value
                executor.operation = plan.operation
                executor.variable_values = variable_values
                executor.field_resolver = field_resolver or default_field_resolver
                executor.type_resolver = type_resolver or default_type_resolver
                executor.middleware_manager = middleware
                executor.is_awaitable = is_awaitable or default_is_awaitable
                executor.hide_suggestions = hide_suggestions
                for name, value in options.items():
                    setattr(executor, name, value)
                executor._operation_plan = plan
                executor._construction = subscribe_field_resolver, enable_early_execution, is_async_iterable, options
                if plan.is_subscription:
                    executor._construct()
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
            hide_suggestions,
            **options,
        )
        if isinstance(built, list):
            return built
        assert isinstance(built, FastExecutor)
        if plan is None:
            plan = plans.operations[schema, operation_name] = OperationPlan(built, plans.condition_variables)
        built._operation_plan = plan
        return built

    def _construct(self) -> None:
        """Calls graphql-core's constructor."""
        plan: Any = self._operation_plan
        subscribe, is_early, is_async_iterable, options = cast(Any, self._construction)
        self._construction = None
        self.__init__(  # type: ignore[misc]
            self.schema, self.fragment_definitions, plan.fragments, self.root_value, self.context_value, self.operation,
            self.variable_values, self.field_resolver, self.type_resolver, subscribe or default_field_resolver, is_early,
            self.middleware_manager, self.is_awaitable, is_async_iterable, self.hide_suggestions, **options,
        )  # fmt: skip

    def execute_operation(self, serially: bool | None = None) -> AwaitableOrValue[Response]:
        """Executes the operation (6.2 Executing Operations), with the root fields collected before."""
        plan = self._root_plan = self._find_root_plan()
        if plan is None:
            return super().execute_operation(serially)
        only_field = plan.only_field
        if only_field is not None and (value := self._execute_planned_field(only_field, self.root_value)) is not None:
            return self._await_only_field(only_field.field.response_name, value)
        if serially is None:
            serially = self.operation.operation is OperationType.MUTATION
        try:
            data = self.execute_root_grouped_field_set(
                plan.type, self.root_value, plan.grouped_field_set, serially, None
            )
        except GraphQLError as error:
            return self._build_error_response(error)
        return self.build_response(data) if isinstance(data, dict) else self._await_response(data)

    def build_response(self, data: dict[str, object] | None) -> Response:
        if self._construction is not None and self.hooks is None:
            response: Response = ExecutionResult(data, None)  # nothing has asked for the list of errors to add one
        else:
            response = super().build_response(data)
        if isinstance(response, ExecutionResult):
            # The response is complete, so nobody needs the helpers any more. They are bound methods of this executor, and would
            # keep it, and all that the context holds, alive in a reference cycle.
            self.async_helpers = None  # type: ignore[assignment]
        return response

    def _find_root_plan(self) -> RootPlan | None:
        """Returns the plan of the root fields, or None if graphql-core must execute the operation."""
        middleware = self.middleware_manager
        if (
            self._operation_plan is None
            or (middleware is not None and middleware.middlewares)
            or self.abort_signal is not None
            or self.is_awaitable not in (default_is_awaitable, optimized_is_awaitable)
        ):
            return None
        return self._operation_plan.root_plan(self)

    async def _await_response(self, data: Awaitable[dict[str, object]]) -> Response:
        try:
            return self.build_response(await data)
        except GraphQLError as error:
            return self._build_error_response(error)

    async def _await_only_field(self, response_name: str, value: Awaitable[object]) -> Response:
        """Returns the response of an operation with one root field."""
        try:
            return self.build_response({response_name: await value})
        except GraphQLError as error:
            return self._build_error_response(error)

    def _build_error_response(self, error: GraphQLError) -> Response:
        """Builds the response for an error that has propagated to the root: `data` is null."""
        self.collected_errors.add(error, None)
        return self.build_response(None)

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: object,
        field_details_list: FieldDetailsList,
        path: Path,
        position_context: PositionContext,
    ) -> AwaitableOrValue[object]:
        """Executes a field (6.4 Executing Fields): here, if it is a root field whose resolver is an asynchronous function."""
        plan = self._root_field_plan(path)
        if plan is not None and (value := self._execute_planned_field(plan, source)) is not None:
            return value
        return super().execute_field(parent_type, source, field_details_list, path, position_context)

    def _execute_planned_field(self, plan: FieldPlan, source: object) -> Awaitable[object] | None:
        """Executes a root field; returns None if graphql-core must do that."""
        if not isinstance(plan.resolver, AsyncFunctionResolver):
            return None
        try:
            arguments = plan.resolver.make_arguments(self.variable_values)
        except Exception:
            execution_counts.inputs_fell_back += 1
            return None
        return self._execute_root_field(plan, plan.resolver, source, arguments)

    async def _execute_root_field(
        self,
        plan: FieldPlan,
        resolver: AsyncFunctionResolver,
        source: object,
        arguments: dict[str, object],
    ) -> object:
        """Returns the completed value of a root field, or None after an error that has been collected.

        Raises:
            GraphQLError: The field failed and is Non-Null, so that the error propagates (6.4.4 Handling Execution Errors).
        """
        context = FieldContext(self, plan.field, [])
        try:
            try:
                result = await resolver.call(context, source, arguments)
            except Exception as error:
                result = await resolver.handle_error(context, error)
            if plan.has_subfields:
                completed = self._complete_root_value(context, plan, result)
            else:
                completed = self.complete_value(*_arguments(context, result))
            if type(completed) is dict:
                return completed
            return await completed if self.is_awaitable(completed) else completed
        except Exception as error:
            self.handle_field_error(error, plan.field.definition.type, plan.field.details, context.path)
            return None

    def _root_field_plan(self, path: Path) -> FieldPlan | None:
        """Returns the plan of the field at the path, if it is a root field that has one."""
        plan = self._root_plan
        return plan.field_plans.get(str(path.key)) if plan is not None and path.prev is None else None

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[object],
        path: Path,
        result: object,
        position_context: PositionContext,
    ) -> AwaitableOrValue[object]:
        """Completes a value (6.4.3 Value Completion): here, if a root field gave it and it has subfields."""
        is_root_field = path.prev is None
        if self._is_fallback or not is_root_field or is_leaf_type(get_named_type(return_type)):
            return super().complete_value(return_type, field_details_list, info, path, result, position_context)
        plan = self._root_field_plan(path)
        if plan is None:
            return self._fall_back(False, (return_type, field_details_list, info, path, result, position_context))
        return self._complete_root_value(FieldContext(self, plan.field, [], info=info), plan, result)

    def _complete_root_value(self, context: FieldContext, plan: FieldPlan, result: object) -> AwaitableOrValue[object]:
        """Completes the value of a root field that has subfields, with its plan."""
        try:
            (completed,) = plan.completer.complete(context, [result])
        except Exception as error:
            is_plannable = not isinstance(error, NotPlannable)
        else:
            if context.loads:
                return self._await_loads(context, completed, result)
            execution_counts.completed += 1
            return completed
        return self._fall_back(is_plannable, _arguments(context, result))

    def complete_iterable_value(
        self,
        item_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[object],
        path: Path,
        items: Iterable[object],
        position_context: PositionContext,
    ) -> AwaitableOrValue[list[object]]:
        """Completes a list: here, if graphql-core completes a long one, which takes long, little by little."""
        if are_object_rows(items):
            items = list(items)
        if isinstance(items, list) and len(items) > MAX_UNPACED_ITEMS and is_event_loop_running():
            items = paced(items)
        return super().complete_iterable_value(item_type, field_details_list, info, path, items, position_context)

    async def _await_loads(self, context: FieldContext, completed: object, result: object) -> object:
        """Returns the completed value when its pending loads have filled it."""
        try:
            await run_loads(context.loads)
        except Exception as error:
            is_plannable = not isinstance(error, NotPlannable)
        else:
            execution_counts.completed += 1
            return completed
        value = self._fall_back(is_plannable, _arguments(context, result))
        return await value if self.is_awaitable(value) else value

    def _fall_back(self, is_plannable: bool, arguments: CompleteValueArguments) -> AwaitableOrValue[object]:
        """Returns the value as graphql-core completes it.

        It is called outside of `except` blocks, so that errors in it have no unrelated context.

        Args:
            is_plannable: Whether the plan is to be tried again for other values.
            arguments: The arguments of `complete_value`.
        """
        if is_plannable:
            execution_counts.fell_back += 1
        else:
            execution_counts.delegated += 1
            if self._root_plan is not None:
                path = arguments[3]
                self._root_plan.drop(str(path.key))
        self.collected_errors  # noqa: B018  # exists from now on
        fallback = copy(self)  # which collects errors where this executor does
        fallback._is_fallback = True
        return fallback.complete_value(*arguments)


for _name in _CONSTRUCTED:
    setattr(FastExecutor, _name, _Constructed(_name))


def _arguments(context: FieldContext, result: object) -> CompleteValueArguments:
    """Returns the arguments of `complete_value` for the value of a root field."""
    field = context.field
    return field.definition.type, field.details, context.info, context.path, result, None
