"""Where the values of a field come from, for all objects of a level at once."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from keyword import iskeyword
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from graphql import GraphQLField
from graphql.execution.values import get_argument_values
from graphql.pyutils import gather_with_cancel
from strawberry.schema.schema_converter import get_arguments
from strawberry.types.field import StrawberryField

from executor.surprises import Surprise

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


def source_of(definition: GraphQLField) -> Source | LaterSource:
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
    if batch := getattr(resolver.wrapped_func, "batch", None):
        return Batch(field, batch)
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


class Batch(LaterSource):
    """A resolver that has a function for many objects: `resolver.batch(objects, info, **arguments)` gives their values."""

    def __init__(self, field: StrawberryField, batch: Callable[..., Awaitable[Sequence[Any]]]) -> None:
        self._field = field
        self._batch = batch

    async def load(self, place: "Place", objects: list[Any]) -> Sequence[Any]:
        schema: Any = place.executor.schema
        strawberry = schema._strawberry_schema
        info = strawberry.config.info_class(_raw_info=place.info, _field=self._field)
        arguments: dict[str, Any] = {}
        if self._field.arguments:
            _, arguments = get_arguments(
                field=self._field,
                source=None,
                info=info,
                kwargs=place_arguments(place),
                config=strawberry.config,
                scalar_registry=strawberry.schema_converter.scalar_registry,
            )
            for reserved in ("root_parameter", "parent_parameter", "info_parameter"):
                if parameter := getattr(self._field.base_resolver, reserved):
                    arguments.pop(parameter.name, None)
        values = await self._batch(objects, info, **arguments)
        if len(values) != len(objects):
            raise Surprise
        return values


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
