"""Plans: what a selection set asks for, prepared to be executed for all objects of a level at once.

A `FieldPlan` resolves a field for each object, and completes the values with its `Completer`. Where the values are objects, a
`SelectionPlan` makes a result map of each by generated code, leaves included, and executes its other fields in turn.

An exception ends the execution of a plan, whatever its class. graphql-core then completes the value of the root field from
the start (`executor.fallback`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache, partial
from itertools import chain, repeat
from types import NoneType
from typing import Any, ClassVar, TypeAlias, cast

from graphql import (
    GraphQLAbstractType,
    GraphQLLeafType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    TypeNameMetaFieldDef,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from executor.column_encoding import ListEncoder, ObjectsRequired
from executor.fallback import FallbackRequired, NotPlannable
from executor.field_context import CollectedField, FieldContext
from executor.object_rows import ObjectRows, are_object_rows, is_unread_class
from executor.output_coercion import compile_leaf_list_completer
from executor.plain_values import is_plain_class, require_plain_values
from executor.projection import Projection, ResultMap, json_parts
from executor.resolution import AsyncResolver, AttributeResolver, SyncResolver, resolver_for
from executor.type_checks import InstancesOf, type_name_by_class

Execution: TypeAlias = Callable[[FieldContext, list[Any]], list[Any]]
"""A function that returns the result maps of objects."""

LIST_CLASSES = (list, tuple, set, frozenset)
MAX_ROW_PROJECTIONS = 16
"""The number of classes of unread objects that a selection has projections for at once: queries have few."""


class FieldPlan:
    """The plan of a field of a selection set."""

    def __init__(self, schema: GraphQLSchema, field: CollectedField) -> None:
        """Plans the field and the types below it.

        Raises:
            NotPlannable: The field is deferred, streamed, or has an unknown directive.
        """
        field.require_plannable()
        self.field = field
        self.resolver = resolver = resolver_for(schema, field)
        self._sync_resolver = resolver if isinstance(resolver, SyncResolver) else None
        self._async_resolver = resolver if isinstance(resolver, AsyncResolver) else None
        self.completer = completer_for(field.definition.type, field.details)
        self.has_subfields = not is_leaf_type(get_named_type(field.definition.type))
        self.is_constant = field.definition is TypeNameMetaFieldDef
        self.attribute = getattr(resolver, "attribute", None)
        """The attribute of the objects that has the values, or may have them already."""

    @property
    def leaf(self) -> "LeafCompleter | None":
        """The completer of a leaf that is an attribute of the objects; None: the field is something else."""
        is_leaf = isinstance(self.resolver, AttributeResolver) and isinstance(self.completer, LeafCompleter)
        return cast(LeafCompleter, self.completer) if is_leaf else None

    @property
    def part(self) -> "list[FieldPlan] | None":
        """The fields that are selected of objects in an attribute, if these are planned and any object will do."""
        is_part = self.attribute is not None and isinstance(self.completer, ObjectCompleter)
        return cast(ObjectCompleter, self.completer).unchecked_selection if is_part else None

    def execute(self, parent: FieldContext, objects: list[object], result_maps: list[ResultMap]) -> None:
        """Executes the field for all objects (6.4 Executing Fields), and puts its values into their result maps.

        An asynchronous field is added to the pending loads instead, unless its values were read with the objects.
        """
        context = FieldContext(parent.executor, self.field, parent.loads, parent)
        if self._sync_resolver is not None:
            self._complete(context, self._sync_resolver.resolve(context, objects), result_maps)
        elif self._async_resolver is not None and (values := self._async_resolver.values_read(objects)) is not None:
            self._complete(context, values, result_maps)
        else:
            parent.loads.append(partial(self._load, context, objects, result_maps))

    def execute_read(self, parent: FieldContext, values: list[object], result_maps: list[ResultMap]) -> None:
        """Does what `execute` does, with the values of all objects."""
        self._complete(FieldContext(parent.executor, self.field, parent.loads, parent), values, result_maps)

    async def _load(self, context: FieldContext, objects: list[object], result_maps: list[ResultMap]) -> None:
        assert self._async_resolver is not None
        self._complete(context, list(await self._async_resolver.resolve(context, objects)), result_maps)

    def _complete(self, context: FieldContext, values: list[object], result_maps: list[ResultMap]) -> None:
        response_name = self.field.response_name
        for result_map, completed in zip(result_maps, self.completer.complete(context, values), strict=True):
            result_map[response_name] = completed


class Completer(ABC):
    """Completes the values of a field for all objects of a level (6.4.3 Value Completion)."""

    def __init__(self, nullable: bool) -> None:
        self.nullable = nullable

    @abstractmethod
    def complete(self, context: FieldContext, values: list[object]) -> list[object]:
        """Returns the completed values, in their order. Pending loads have yet to fill their result maps.

        Raises:
            FallbackRequired: A value is null where the type is Non-Null, or is wrong or unusual in another way.
        """

    def encode_rows(self, lists: list[ObjectRows]) -> list[object] | None:
        """Returns the JSON of each list; None: their objects must be completed."""
        return None

    def without_nulls(self, values: list[object]) -> tuple[list[object], set[type]]:
        """Returns the values that are not null, and their classes.

        Raises:
            FallbackRequired: A value is null where the type is Non-Null.
        """
        classes = set(map(type, values))
        if NoneType not in classes:
            return values, classes
        if not self.nullable:
            raise FallbackRequired
        classes.discard(NoneType)
        return [value for value in values if value is not None], classes


def completer_for(type_: GraphQLOutputType, details: FieldDetailsList) -> Completer:
    """Returns the completer of a type. `details` are the selections of the field, for the types that have subfields."""
    nullable = not isinstance(type_, GraphQLNonNull)
    inner: GraphQLOutputType = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if is_list_type(inner):
        return ListCompleter(completer_for(inner.of_type, details), nullable)
    if is_leaf_type(inner):
        return LeafCompleter(inner, nullable)
    if is_abstract_type(inner):
        return AbstractTypeCompleter(inner, details, nullable)
    assert is_object_type(inner)
    return ObjectCompleter(inner, details, nullable)


class LeafCompleter(Completer):
    """Completes scalars and members of enums."""

    def __init__(self, type_: GraphQLLeafType, nullable: bool) -> None:
        super().__init__(nullable)
        self.type = type_
        self._complete: Callable[[list[object]], list[object]] | None = None

    def complete(self, context: FieldContext, values: list[object]) -> list[object]:
        return self.complete_leaves(values)

    def complete_leaves(self, values: list[object]) -> list[object]:
        if self._complete is None:
            self._complete = compile_leaf_list_completer(self.type, self.nullable)
        return self._complete(values)


class ListCompleter(Completer):
    """Completes lists: the items of all lists together."""

    def __init__(self, items: Completer, nullable: bool) -> None:
        super().__init__(nullable)
        self._items = items

    def complete(self, context: FieldContext, values: list[object]) -> list[object]:
        lists, classes = self.without_nulls(values)
        if not classes.issubset(LIST_CLASSES):
            if len(classes) > 1 or not are_object_rows(lists[0]):
                raise FallbackRequired
            encoded = self._items.encode_rows(cast(list[ObjectRows], lists))
            if encoded is not None:
                return encoded if lists is values else _with_nulls(values, encoded)
        items = list(chain.from_iterable(cast(list[Collection[object]], lists)))
        completed = self._items.complete(context, items)
        if len(values) == 1 and lists:
            return [completed]
        completed_lists: list[object] = []
        start = 0
        for value in cast(list[Collection[object] | None], values):
            if value is None:
                completed_lists.append(None)
            else:
                completed_lists.append(completed[start : start + len(value)])
                start += len(value)
        return completed_lists


class ObjectCompleter(Completer):
    """Completes objects of one type: each becomes a result map."""

    def __init__(self, type_: GraphQLObjectType, details: FieldDetailsList, nullable: bool) -> None:
        super().__init__(nullable)
        self._type = type_
        self._details = details
        self._selection: SelectionPlan | None = None
        self._checked: tuple[set[type], Execution] | None = None
        """The classes of the objects that were last found to be plain and of the type, if all of these classes are, and how the
        selection is executed for them."""

    def complete(self, context: FieldContext, values: list[object]) -> list[object]:
        if self._checked is not None and set(map(type, values)) == self._checked[0]:
            return self._checked[1](context, values)
        objects, classes = self.without_nulls(values)
        if not objects:
            return [None] * len(values)
        require_plain_values(objects, classes)
        is_of_type = self._require_type(context, objects, classes)
        if self._selection is None:
            self._selection = SelectionPlan(context.executor, self._type, self._details)
            execute: Execution = self._selection.projection.execute
        else:
            execute = self._selection.execution_for(classes)
            if is_of_type:
                self._checked = classes, execute
        result_maps = execute(context, objects)
        if objects is values:
            return result_maps
        return _with_nulls(values, result_maps)

    @property
    def unchecked_selection(self) -> list[FieldPlan] | None:
        """The fields that are selected, if they are planned already and every object is taken for one of the type."""
        return self._selection.selected if self._selection is not None and self._type.is_type_of is None else None

    def encode_rows(self, lists: list[ObjectRows]) -> list[object] | None:
        is_type_of, tables = self._type.is_type_of, {each.table for each in lists}
        columns, *others = {table.columns for table in tables}
        classes = {table.object_class for table in tables}
        if (
            self._selection is None  # it is made for the first objects, and their class is found to be plain
            or others
            or not (isinstance(is_type_of, InstancesOf) and is_type_of.includes(classes))
            or not all(map(is_plain_class, classes))
            or (encoder := self._selection.list_encoder(columns)) is None
        ):
            return None
        try:
            return encoder.encode(lists)
        except ObjectsRequired:
            return None

    def _require_type(self, context: FieldContext, objects: list[object], classes: set[type]) -> bool:
        """Returns whether all objects of these classes are plain and of the type, which need not be asked again then."""
        is_type_of = self._type.is_type_of
        if is_type_of is None or isinstance(is_type_of, InstancesOf):
            if is_type_of is not None and not is_type_of.includes(classes):
                raise FallbackRequired
            return all(map(is_plain_class, classes))
        verdicts = set(map(is_type_of, objects, repeat(context.info)))
        if verdicts != {True}:
            context.executor.track_async_work(list(verdicts))
            raise FallbackRequired
        return False


class AbstractTypeCompleter(Completer):
    """Completes objects of an interface or a union: those of each object type together."""

    def __init__(self, type_: GraphQLAbstractType, details: FieldDetailsList, nullable: bool) -> None:
        super().__init__(nullable)
        self._type = type_
        self._details = details
        self._completers: dict[str, ObjectCompleter] = {}
        self._name_by_class = lru_cache(maxsize=100)(partial(type_name_by_class, type_))

    def complete(self, context: FieldContext, values: list[object]) -> list[object]:
        found, classes = self.without_nulls(values)
        require_plain_values(found, classes)
        if len(found) == len(values) and len(classes) == 1 and (name := self._name_by_class(*classes)):
            return self._completer(context.executor.schema, name).complete(context, found)
        resolve_type = self._type.resolve_type or context.executor.type_resolver
        indexes_by_type: dict[str, list[int]] = {}
        for index, value in enumerate(values):
            if value is not None:
                name = self._name_by_class(type(value))  # type: ignore[arg-type]  # classes are hashable
                type_name = name or resolve_type(value, context.info, self._type)
                if type(type_name) is not str:
                    context.executor.track_async_work([type_name])
                    raise FallbackRequired
                indexes_by_type.setdefault(type_name, []).append(index)
        results: list[object] = [None] * len(values)
        for type_name, indexes in indexes_by_type.items():
            completer = self._completer(context.executor.schema, type_name)
            completed = completer.complete(context, [values[index] for index in indexes])
            for index, result in zip(indexes, completed, strict=True):
                results[index] = result
        return results

    def _completer(self, schema: GraphQLSchema, type_name: str) -> ObjectCompleter:
        if type_name not in self._completers:
            type_ = schema.get_type(type_name)
            if not is_object_type(type_) or not schema.is_sub_type(self._type, type_):
                raise FallbackRequired
            self._completers[type_name] = ObjectCompleter(type_, self._details, nullable=False)
        return self._completers[type_name]


class SelectionPlan:
    """The plan of a selection set for the objects of one type (6.3.3 Executing Collected Fields)."""

    created_count: ClassVar[int] = 0
    """The number of plans created in this process."""

    def __init__(
        self, executor: StrawberryGraphQLCoreExecutionContext, type_: GraphQLObjectType, details: FieldDetailsList
    ) -> None:
        """Plans the fields and compiles the projection.

        Raises:
            NotPlannable: The selection set has deferred fragments, or is part of introspection.
        """
        SelectionPlan.created_count += 1
        collected = executor.collect_subfields(type_, details)
        if collected.new_defer_usages or type_.name.startswith("__"):
            raise NotPlannable
        self.selected: list[FieldPlan] = []
        for response_name, subfield_details in collected.grouped_field_set.items():
            definition = executor.schema.get_field(type_, subfield_details[0].node.name.value)
            if definition is None:
                raise NotPlannable
            field = CollectedField(response_name, type_, definition, subfield_details)
            self.selected.append(FieldPlan(executor.schema, field))
        self.projection = Projection(self.selected)
        self._row_projections: dict[type, Projection] = {}
        self._list_encoders: dict[tuple[str, ...], ListEncoder | None] = {}

    def execution_for(self, classes: set[type]) -> Execution:
        """Returns the fastest way to execute the plan for objects of these classes, once some were executed by `projection`."""
        (cls, *others) = classes
        if others or not is_unread_class(cls):
            return self.projection.execute
        if cls not in self._row_projections:
            if len(self._row_projections) >= MAX_ROW_PROJECTIONS:
                self._row_projections.clear()
            self._row_projections[cls] = Projection(self.selected, cls.row_columns, cls.row_leaf_classes)
        return self._row_projections[cls].execute

    def list_encoder(self, columns: tuple[str, ...]) -> ListEncoder | None:
        """Returns the encoder of lists with these columns; None: more is selected than leaves that are columns."""
        if columns not in self._list_encoders:
            places = {column: place for place, column in enumerate(columns)}
            parts = json_parts(self.selected, places)
            self._list_encoders[columns] = None if parts is None else ListEncoder(parts)
        return self._list_encoders[columns]


def _with_nulls(values: list[object], completed: Iterable[object]) -> list[object]:
    """Returns the completed values of all that are not null, in their places."""
    remaining = iter(completed)
    return [None if value is None else next(remaining) for value in values]
