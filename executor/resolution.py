"""Resolvers of a field for all objects of a level at once (6.4.2 Value Resolution).

A resolver may raise any exception. graphql-core then completes the value of the root field from the start, and calls the
resolvers of the schema itself.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from functools import cached_property, partial
from inspect import iscoroutinefunction
from keyword import iskeyword
from operator import attrgetter
from types import NoneType

from graphql import GraphQLFieldResolver, GraphQLSchema
from graphql.execution.values import get_argument_values
from graphql.pyutils import gather_with_cancel
from strawberry import Schema
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from executor.arguments import ArgumentsMaker, compile_arguments
from executor.fallback import FallbackRequired, NotPlannable
from executor.field_context import CollectedField, FieldContext
from executor.info import InfoMaker, info_maker


class SyncResolver(ABC):
    """Resolves a field without waiting."""

    @abstractmethod
    def resolve(self, context: FieldContext, objects: list[object]) -> list[object]:
        """Returns a value for each object, in their order."""


class AsyncResolver(ABC):
    """Resolves a field asynchronously."""

    @abstractmethod
    def resolve(self, context: FieldContext, objects: list[object]) -> Awaitable[Sequence[object]]:
        """Returns a value for each object, in their order. It is only called where the result is awaited."""

    def values_read(self, objects: list[object]) -> list[object] | None:
        """Returns the values of all objects if they are there already: nothing is to be awaited then."""
        return None


def resolver_for(schema: GraphQLSchema, collected: CollectedField) -> SyncResolver | AsyncResolver:
    """Returns the fastest resolver that does what the resolver in the schema does."""
    definition = collected.definition
    field: object = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    resolve = definition.resolve
    if resolve is None or not isinstance(field, StrawberryField) or not hasattr(resolve, "_is_default"):
        return SchemaResolver(resolve)  # not made by Strawberry
    if field.is_subscription:
        return SchemaResolver(resolve)
    if field.extensions or type(field).get_result is not StrawberryField.get_result:
        return AsyncSchemaResolver(resolve) if field.is_async else SchemaResolver(resolve)
    if field.base_resolver is None:
        name = field.python_name
        if field.default_resolver is getattr and name.isidentifier() and not iskeyword(name):
            return AttributeResolver(name)
        return SchemaResolver(resolve)
    function = field.base_resolver.wrapped_func
    if iscoroutinefunction(function):
        strawberry_schema: Schema = schema.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
        converter = strawberry_schema.schema_converter
        try:
            arguments = compile_arguments(converter, field, definition, collected.nodes[0])
        except NotPlannable:
            return AsyncSchemaResolver(resolve)
        if batch := getattr(function, "batch", None):
            return BatchResolver(info_maker(converter, field), arguments, batch, getattr(function, "attribute", None))
        return AsyncFunctionResolver(converter, field, arguments, function)
    if field.is_async:
        return AsyncSchemaResolver(resolve)
    if field.base_resolver.info_parameter or field.arguments:
        return SchemaResolver(resolve)
    assert callable(function)
    return FunctionResolver(field, function)


class AttributeResolver(SyncResolver):
    """Reads an attribute, for a field that has no resolver."""

    def __init__(self, attribute: str) -> None:
        self.attribute = attribute
        self._get = attrgetter(attribute)

    def resolve(self, context: FieldContext, objects: list[object]) -> list[object]:
        return list(map(self._get, objects))


class SchemaResolver(SyncResolver):
    """Calls the resolver in the schema, or the executor's default resolver, for each object as graphql-core does."""

    def __init__(self, resolve: GraphQLFieldResolver | None) -> None:
        self._resolve = resolve

    def resolve(self, context: FieldContext, objects: list[object]) -> list[object]:
        resolve, info = self._resolve or context.executor.field_resolver, context.info
        arguments = _graphql_arguments(context)
        return _call_for_each(context, lambda source: resolve(source, info, **arguments), objects)


class FunctionResolver(SyncResolver):
    """Calls a function that takes the object and nothing else, or not even that."""

    def __init__(self, field: StrawberryField, function: Callable[..., object]) -> None:
        resolver = field.base_resolver
        assert resolver is not None
        parameter = resolver.root_parameter or resolver.parent_parameter
        self._call: Callable[[object], object]
        if parameter is not None:
            name = parameter.name
            self._call = lambda source: function(**{name: source})
        elif resolver.self_parameter:
            self._call = function
        else:
            self._call = lambda source: function()

    def resolve(self, context: FieldContext, objects: list[object]) -> list[object]:
        return _call_for_each(context, self._call, objects)


class AsyncSchemaResolver(AsyncResolver):
    """Calls the asynchronous resolver in the schema for each object as graphql-core does."""

    def __init__(self, resolve: GraphQLFieldResolver) -> None:
        self._resolve = resolve

    async def resolve(self, context: FieldContext, objects: list[object]) -> Sequence[object]:
        info, arguments = context.info, _graphql_arguments(context)
        if len(objects) == 1:
            return [await self._resolve(objects[0], info, **arguments)]
        return await gather_with_cancel(*(self._resolve(source, info, **arguments) for source in objects))


class AsyncFunctionResolver(AsyncResolver):
    """Calls an asynchronous function for each object, without the layers of Strawberry around it."""

    def __init__(
        self,
        converter: GraphQLCoreConverter,
        field: StrawberryField,
        make_arguments: ArgumentsMaker,
        function: Callable[..., Awaitable[object]],
    ) -> None:
        resolver = field.base_resolver
        assert resolver is not None
        self.make_arguments = make_arguments
        self._converter = converter
        self._field = field
        self._make_info = info_maker(converter, field)
        self._function = function
        self._takes_self = resolver.self_parameter is not None
        self._source_names = [each.name for each in (resolver.parent_parameter, resolver.root_parameter) if each]
        self._info_name = resolver.info_parameter and resolver.info_parameter.name

    async def resolve(self, context: FieldContext, objects: list[object]) -> Sequence[object]:
        variable_values = context.executor.variable_values
        # Arguments are prepared before the first call, so that bad ones end it before anything has started.
        arguments = [self.make_arguments(variable_values) for _ in objects]
        if len(objects) == 1:
            return [await self.call(context, objects[0], arguments[0])]
        return await gather_with_cancel(*map(partial(self.call, context), objects, arguments))

    def call(self, context: FieldContext, source: object, arguments: dict[str, object]) -> Awaitable[object]:
        """Calls the function for one object. Adds the object and `info` to `arguments`."""
        if self._info_name:
            arguments[self._info_name] = self._make_info(context)
        for name in self._source_names:
            arguments[name] = source
        return self._function(source, **arguments) if self._takes_self else self._function(**arguments)

    async def handle_error(self, context: FieldContext, error: Exception) -> object:
        """Returns what the exception handlers of Strawberry make of an error of the function, or raises the error."""
        return await self._raising_resolver(error, context.info)

    @cached_property
    def _raising_resolver(self) -> Callable[..., Awaitable[object]]:
        """The resolver of a field whose function raises the object that it is called for.

        The exception handlers are closures of the resolver that Strawberry makes, so there is no other way to them.
        """

        def get_result(source: Exception, **_: object) -> object:
            raise source

        field = copy(self._field)
        vars(field)["get_result"] = get_result
        return self._converter.from_resolver(field)


class BatchResolver(AsyncResolver):
    """Calls the batch function of a resolver (`executor.batching`) once for all objects."""

    def __init__(
        self,
        make_info: InfoMaker,
        make_arguments: ArgumentsMaker,
        batch: Callable[..., Awaitable[Sequence[object]]],
        attribute: str | None,
    ) -> None:
        """`attribute` is that of the objects which may have the value already."""
        self._make_info = make_info
        self._make_arguments = make_arguments
        self._batch = batch
        self.attribute = attribute
        self._read = attrgetter(attribute) if attribute else None

    def resolve(self, context: FieldContext, objects: list[object]) -> Awaitable[Sequence[object]]:
        arguments = self._make_arguments(context.executor.variable_values)
        return self._batch(objects, self._make_info(context), **arguments)

    def values_read(self, objects: list[object]) -> list[object] | None:
        if self._read is None:
            return None
        values = list(map(self._read, objects))
        return None if NoneType in map(type, values) else values


def _graphql_arguments(context: FieldContext) -> dict[str, object]:
    """Returns the arguments of a field as graphql-core coerces them: they are the same for all objects.

    Raises:
        GraphQLError: An argument is wrong.
    """
    definition, node, executor = context.field.definition, context.field.nodes[0], context.executor
    if not definition.args and not node.arguments:
        return {}
    return get_argument_values(definition, node, executor.variable_values, None, executor.hide_suggestions)


def _call_for_each(context: FieldContext, call: Callable[[object], object], objects: list[object]) -> list[object]:
    """Returns the result of a call for each object.

    Raises:
        FallbackRequired: A result is awaitable, although the resolver is not declared asynchronous. graphql-core awaits it.
    """
    values: list[object] = []
    try:
        values.extend(map(call, objects))
    finally:
        if awaitables := [value for value in values if context.executor.is_awaitable(value)]:
            context.executor.settle_in_background(awaitables)
    if awaitables:
        raise FallbackRequired
    return values
