"""The `info` of Strawberry's resolvers. graphql-core's own is built when a resolver first asks for more than the context."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, TypeAlias

from graphql import FieldNode, GraphQLResolveInfo
from strawberry import Info
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from executor.field_context import FieldContext

InfoMaker: TypeAlias = Callable[[FieldContext], Info]


def info_maker(converter: GraphQLCoreConverter, field: StrawberryField) -> InfoMaker:
    """Returns the function that makes the `info` of a field, of the class that the schema is configured with."""
    info_class = converter.config.info_class
    if info_class.__init__ is not Info.__init__ or info_class.context is not Info.context:  # it wants graphql-core's
        return lambda context: info_class(_raw_info=context.info, _field=field)
    return partial(_on_demand(info_class), field)  # type: ignore[arg-type]  # classes are hashable


def field_nodes(info: Info) -> Sequence[FieldNode]:
    """Returns the selections of the field that is being resolved, for which alone graphql-core's `info` is not built."""
    context: FieldContext | None = getattr(info, "_field_context", None)
    nodes: Sequence[FieldNode] = info._raw_info.field_nodes if context is None else context.field.nodes
    return nodes


@lru_cache(maxsize=16)
def _on_demand(info_class: type[Info]) -> Callable[[StrawberryField, FieldContext], Info]:
    """Returns a subclass that takes graphql-core's `info` from the context of the field."""

    class OnDemandInfo(info_class):  # type: ignore[misc, valid-type]
        context: Any = None  # no property, as each resolver asks for it

        def __init__(self, field: StrawberryField, field_context: FieldContext) -> None:
            self._field = field
            self._field_context = field_context
            self.context = field_context.executor.context_value

        @property
        def _raw_info(self) -> GraphQLResolveInfo[object]:
            return self._field_context.info

    return OnDemandInfo
