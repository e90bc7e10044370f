"""Where the values of a field come from, for all objects of a level at once."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from functools import cached_property, partial
from inspect import iscoroutinefunction
from keyword import iskeyword
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from graphql import FieldNode, GraphQLField, GraphQLSchema
from graphql.execution.values import get_argument_values
from graphql.pyutils import gather_with_cancel
from strawberry.types.field import StrawberryField

from executor.fallback import Surprise, Unplanned
from executor.input_coercion import Arguments

if TYPE_CHECKING:
    from executor.plan import Place


class Source(ABC):
    """Gives values at once."""

    @abstractmethod
    def values(self, place: "Place", objects: list[Any]) -> list[Any]:
        """One for each object. May raise anything."""


class LaterSource(ABC):
    """Gives values that have to be waited for."""

    @abstractmethod
    async def load(self, place: "Place", objects: list[Any]) -> Sequence[Any]:
        """One for each object. May raise anything. Called when it is certain that it is awaited."""


def source_of(schema: GraphQLSchema, definition: GraphQLField, node: FieldNode) -> Source | LaterSource:
    """The fastest source that does what the field's resolver would."""
    field = definition.extensions.get("strawberry-definition")
    resolve: Any = definition.resolve
    if not isinstance(field, StrawberryField) or not hasattr(resolve, "_is_default") or field.is_subscription:
        return Resolver(resolve)  # not made by Strawberry
    if field.extensions or type(field).get_result is not StrawberryField.get_result:
        return LaterResolver(resolve) if field.is_async else Resolver(resolve)
    resolver = field.base_resolver
    if resolver is None:
        name = field.python_name
        if field.default_resolver is getattr and name.isidentifier() and not iskeyword(name):
            return Attribute(name)
        return Resolver(resolve)
    if iscoroutinefunction(function := resolver.wrapped_func):
        try:
            arguments = Arguments(schema, field, definition, node)
        except Unplanned:
            return LaterResolver(resolve)
        return (
            Batch(field, arguments, batch)
            if (batch := getattr(function, "batch", None))
            else LaterFunction(field, arguments)
        )
    if field.is_async:
        return LaterResolver(resolve)
    if resolver.info_parameter or field.arguments:
        return Resolver(resolve)
    return Function(field)


class Attribute(Source):
    """The field has no resolver: its value is an attribute."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._get = attrgetter(name)

    def values(self, place: "Place", objects: list[Any]) -> list[Any]:
        return list(map(self._get, objects))


class Resolver(Source):
    """Any resolver, called for each object."""

    def __init__(self, resolve: Callable[..., Any] | None) -> None:
        """None: the executor's own."""
        self._resolve = resolve

    def values(self, place: "Place", objects: list[Any]) -> list[Any]:
        resolve, info = self._resolve or place.executor.field_resolver, place.info
        arguments = place_arguments(place)
        return _called(place, lambda source: resolve(source, info, **arguments), objects)


class Function(Source):
    """A resolver that is a function of the object, and of nothing else."""

    def __init__(self, field: StrawberryField) -> None:
        resolver = field.base_resolver
        assert resolver is not None
        function: Callable[..., Any] = resolver.wrapped_func  # type: ignore[assignment]
        parameter = resolver.root_parameter or resolver.parent_parameter
        self._call: Callable[[Any], Any]
        if parameter is not None:
            name = parameter.name
            self._call = lambda source: function(**{name: source})
        elif resolver.self_parameter:
            self._call = function
        else:
            self._call = lambda source: function()

    def values(self, place: "Place", objects: list[Any]) -> list[Any]:
        return _called(place, self._call, objects)


class LaterResolver(LaterSource):
    """An asynchronous resolver, called for each object."""

    def __init__(self, resolve: Callable[..., Awaitable[Any]]) -> None:
        self._resolve = resolve

    async def load(self, place: "Place", objects: list[Any]) -> Sequence[Any]:
        info, arguments = place.info, place_arguments(place)
        if len(objects) == 1:
            return [await self._resolve(objects[0], info, **arguments)]
        return await gather_with_cancel(*(self._resolve(source, info, **arguments) for source in objects))


class LaterFunction(LaterSource):
    """A resolver that is an asynchronous function: Strawberry has nothing to do but to call it."""

    def __init__(self, field: StrawberryField, arguments: Arguments) -> None:
        resolver = field.base_resolver
        assert resolver is not None
        self._field = field
        self.arguments = arguments
        self._function: Callable[..., Awaitable[Any]] = resolver.wrapped_func  # type: ignore[assignment]
        self._positional = resolver.self_parameter is not None
        self._sources = [each.name for each in (resolver.parent_parameter, resolver.root_parameter) if each]
        self._info = resolver.info_parameter and resolver.info_parameter.name

    async def load(self, place: "Place", objects: list[Any]) -> Sequence[Any]:
        variables = place.executor.variable_values
        given = [self.arguments.values(variables) for _ in objects]  # before anything is called
        if len(objects) == 1:
            return [await self.call(place, objects[0], given[0])]
        return await gather_with_cancel(*map(partial(self.call, place), objects, given))

    def call(self, place: "Place", source: Any, arguments: dict[str, Any]) -> Awaitable[Any]:
        """`arguments` are the call's own."""
        if self._info:
            arguments[self._info] = _info(place, self._field)
        for name in self._sources:
            arguments[name] = source
        return self._function(source, **arguments) if self._positional else self._function(**arguments)

    async def handled(self, place: "Place", error: Exception) -> Any:
        """What Strawberry's exception handlers make of an error of the function. Raises it where they make nothing of it."""
        return await self._raising(error, place.info)

    @cached_property
    def _raising(self) -> Callable[..., Awaitable[Any]]:
        """The field's resolver as Strawberry makes it, of a function that raises the object that it is called for."""

        def get_result(source: Exception, **_: Any) -> Any:
            raise source

        field = copy(self._field)
        vars(field)["get_result"] = get_result
        raising: Callable[..., Awaitable[Any]] = self.arguments.converter.from_resolver(field)
        return raising


class Batch(LaterSource):
    """A resolver that has a function for many objects: `resolver.batch(objects, info, **arguments)` gives their values."""

    def __init__(
        self, field: StrawberryField, arguments: Arguments, batch: Callable[..., Awaitable[Sequence[Any]]]
    ) -> None:
        self._field = field
        self._arguments = arguments
        self._batch = batch

    async def load(self, place: "Place", objects: list[Any]) -> Sequence[Any]:
        arguments = self._arguments.values(place.executor.variable_values)
        values = await self._batch(objects, _info(place, self._field), **arguments)
        if len(values) != len(objects):
            raise Surprise
        return values


def _info(place: "Place", field: StrawberryField) -> Any:
    """Strawberry's."""
    schema: Any = place.executor.schema
    return schema._strawberry_schema.config.info_class(_raw_info=place.info, _field=field)


def place_arguments(place: "Place") -> dict[str, Any]:
    """The arguments of a field, as graphql-core has them: the same for all objects. Raises GraphQLError."""
    field, executor = place.field, place.executor
    node = field.details[0].node
    if not field.definition.args and not node.arguments:
        return {}
    return get_argument_values(field.definition, node, executor.variable_values, None, executor.hide_suggestions)


def _called(place: "Place", call: Callable[[Any], Any], objects: list[Any]) -> list[Any]:
    """What is called is not known to be asynchronous. If it is nevertheless, that is a surprise."""
    values: list[Any] = []
    try:
        values.extend(map(call, objects))
    finally:
        if awaitables := [value for value in values if place.executor.is_awaitable(value)]:
            place.executor.settle_in_background(awaitables)
    if awaitables:
        raise Surprise
    return values
