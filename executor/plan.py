"""Plans: what a selection set asks for, ready to be done for all objects of a level at once.

A `Field` gets its values from a source, one for each object, and a `Column` completes them. Where they are objects, a
`Selection` makes a dict of each by generated code, with its leaves, and its other fields go on from there.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from itertools import repeat
from types import NoneType
from typing import Any

from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLField,
    GraphQLIncludeDirective,
    GraphQLLeafType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLSkipDirective,
    TypeNameMetaFieldDef,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path, gather_with_cancel

from executor.fallback import Surprise, Unplanned, check_plain
from executor.output_coercion import Names, generated, leaf_expression, leaf_list
from executor.resolution import Attribute, LaterSource, Source, source_of
from executor.type_checks import InstancesOf

Dicts = list[dict[str, Any]]
_LISTS = (list, tuple, set, frozenset)
_UNDERSTOOD = (GraphQLSkipDirective.name, GraphQLIncludeDirective.name)


class Run:
    """The completion of one value."""

    def __init__(self, executor: Executor[Any]) -> None:
        self.executor = executor
        self.waiting: list[tuple[Place, LaterSource, list[Any], Dicts]] = []
        """Fields whose values have yet to be loaded, with the objects that they are of, and the dicts that they go to."""

    async def finish(self) -> None:
        """Load what is waiting, and what that leads to. May raise anything; nothing goes on then."""
        waiting, self.waiting = self.waiting, []
        if len(waiting) == 1:
            await self._load(*waiting[0])
        else:
            await gather_with_cancel(*(self._load(*each) for each in waiting))

    async def _load(self, place: "Place", source: LaterSource, objects: list[Any], dicts: Dicts) -> None:
        place.put(list(await source.load(place, objects)), dicts)
        if self.waiting:  # all of it is ours: others had no turn since
            await self.finish()


class Place:
    """A field in a run. Its path has no indexes of lists, as it stands for all their items."""

    def __init__(self, run: Run, field: "Field", path: Path, info: GraphQLResolveInfo[Any] | None = None) -> None:
        self.run = run
        self.executor = run.executor
        self.field = field
        self.path = path
        self._info = info

    @property
    def info(self) -> GraphQLResolveInfo[Any]:
        """For those whom graphql-core would give one."""
        if self._info is None:
            field = self.field
            nodes = [each.node for each in field.details]
            self._info = self.executor.build_resolve_info(field.definition, nodes, field.parent, self.path)
        return self._info

    def put(self, values: list[Any], dicts: Dicts) -> None:
        """Complete the values, and put each where it belongs."""
        key = self.field.key
        for result, completed in zip(dicts, self.field.column.complete(self, values), strict=True):
            result[key] = completed


class Field:
    """A field of a selection set; several, if they have the same key."""

    def __init__(
        self,
        schema: GraphQLSchema,
        key: str,
        parent: GraphQLObjectType,
        definition: GraphQLField,
        details: FieldDetailsList,
    ) -> None:
        """Raises Unplanned."""
        for each in details:
            _check_node(each.node)
            if each.defer_usage or each.fragment_variable_values:
                raise Unplanned
        self.key = key
        self.parent = parent
        self.definition = definition
        self.details = details
        self.source = source_of(schema, definition, details[0].node)
        self.column = column_of(definition.type, details)

    def begin(self, above: Place, objects: list[Any], dicts: Dicts) -> None:
        """Put its values of these objects into the dicts, or have the run do so later."""
        place = Place(above.run, self, above.path.add_key(self.key, self.parent.name))
        if isinstance(self.source, Source):
            place.put(self.source.values(place, objects), dicts)
        else:
            above.run.waiting.append((place, self.source, objects, dicts))


def _check_node(node: FieldNode) -> None:
    if any(directive.name.value not in _UNDERSTOOD for directive in node.directives or ()):
        raise Unplanned


class Column(ABC):
    """Values of one type: those of a field, of all objects of a level."""

    def __init__(self, nullable: bool) -> None:
        self.nullable = nullable

    @abstractmethod
    def complete(self, place: Place, values: list[Any]) -> list[Any]:
        """Each as it is in the answer, but for what the run has yet to put into it. May raise anything."""

    def present(self, values: list[Any]) -> tuple[list[Any], set[type]]:
        """Without nulls, and their classes. Raises Surprise for nulls that must not be."""
        kinds = set(map(type, values))
        if NoneType not in kinds:
            return values, kinds
        if not self.nullable:
            raise Surprise
        kinds.discard(NoneType)
        return [value for value in values if value is not None], kinds


def column_of(type_: GraphQLOutputType, details: FieldDetailsList) -> Column:
    nullable = not is_non_null_type(type_)
    inner: Any = type_ if nullable else type_.of_type  # type: ignore[union-attr]
    if is_list_type(inner):
        return Lists(inner, details, nullable)
    if is_leaf_type(inner):
        return Leaves(inner, nullable)
    if is_abstract_type(inner):
        return Abstracts(inner, details, nullable)
    return Objects(inner, details, nullable)


class Leaves(Column):
    def __init__(self, type_: GraphQLLeafType, nullable: bool) -> None:
        super().__init__(nullable)
        self.type = type_
        self._serialise: Callable[[list[Any]], list[Any]] | None = None

    def complete(self, place: Place, values: list[Any]) -> list[Any]:
        if self._serialise is None:
            self._serialise = leaf_list(self.type, self.nullable)
        return self._serialise(values)


class Lists(Column):
    """The items of all lists are completed together."""

    def __init__(self, type_: GraphQLList[Any], details: FieldDetailsList, nullable: bool) -> None:
        super().__init__(nullable)
        self._items = column_of(type_.of_type, details)

    def complete(self, place: Place, values: list[Any]) -> list[Any]:
        lists, _ = self.present(values)
        items: list[Any] = []
        for each in lists:
            if type(each) not in _LISTS:
                raise Surprise
            items.extend(each)
        completed = self._items.complete(place, items)
        if len(values) == 1 and lists:
            return [completed]
        results: list[Any] = []
        start = 0
        for value in values:
            if value is None:
                results.append(None)
            else:
                results.append(completed[start : start + len(value)])
                start += len(value)
        return results


class Objects(Column):
    def __init__(self, type_: GraphQLObjectType, details: FieldDetailsList, nullable: bool) -> None:
        super().__init__(nullable)
        self._type = type_
        self._details = details
        self._selection: Selection | None = None

    def complete(self, place: Place, values: list[Any]) -> list[Any]:
        objects, kinds = self.present(values)
        if not objects:
            return [None] * len(values)
        check_plain(objects, kinds)
        is_type_of = self._type.is_type_of
        if isinstance(is_type_of, InstancesOf):
            if not is_type_of.have(kinds):
                raise Surprise
        elif is_type_of:
            verdicts = set(map(is_type_of, objects, repeat(place.info)))
            if verdicts != {True}:
                place.executor.track_async_work(list(verdicts))
                raise Surprise
        if self._selection is None:
            self._selection = Selection(place.executor, self._type, self._details)
        dicts = self._selection.project(objects)
        for field in self._selection.others:
            field.begin(place, objects, dicts)
        if objects is values:
            return dicts
        rest = iter(dicts)
        return [None if value is None else next(rest) for value in values]


class Abstracts(Column):
    """Those of each type are completed together."""

    def __init__(self, type_: GraphQLAbstractType, details: FieldDetailsList, nullable: bool) -> None:
        super().__init__(nullable)
        self._type = type_
        self._details = details
        self._columns: dict[str, Objects] = {}

    def complete(self, place: Place, values: list[Any]) -> list[Any]:
        check_plain(*self.present(values))
        resolve_type = self._type.resolve_type or place.executor.type_resolver
        indexes: dict[str, list[int]] = {}
        for index, value in enumerate(values):
            if value is not None:
                name = resolve_type(value, place.info, self._type)
                if type(name) is not str:
                    place.executor.track_async_work([name])
                    raise Surprise
                indexes.setdefault(name, []).append(index)
        results: list[Any] = [None] * len(values)
        for name, those in indexes.items():
            completed = self._column(place.executor, name).complete(place, [values[index] for index in those])
            for index, result in zip(those, completed, strict=True):
                results[index] = result
        return results

    def _column(self, executor: Executor[Any], name: str) -> Objects:
        if name not in self._columns:
            type_ = executor.schema.get_type(name)
            if not is_object_type(type_) or not executor.schema.is_sub_type(self._type, type_):
                raise Surprise
            self._columns[name] = Objects(type_, self._details, nullable=False)
        return self._columns[name]


class Selection:
    """What is asked of the objects of one type."""

    made = 0
    """In this process."""

    def __init__(self, executor: Executor[Any], type_: GraphQLObjectType, details: FieldDetailsList) -> None:
        """Raises Unplanned."""
        Selection.made += 1
        collected = executor.collect_subfields(type_, details)
        if collected.new_defer_usages or type_.name.startswith("__"):
            raise Unplanned
        self.others: list[Field] = []
        """The fields that are no attributes with leaves: `project` puts None in their place."""
        names: Names = {}
        entries: list[str] = []
        for key, these in collected.grouped_field_set.items():
            entries.append(f"{key!r}: {self._entry(executor, type_, key, these, names)}")
        source = (
            "def project(objects):\n    projected = []\n    add = projected.append\n"
            f"    for o in objects:\n        add({{{', '.join(entries)}}})\n    return projected\n"
        )
        self.project: Callable[[list[Any]], Dicts] = generated(source, "project", names)

    def _entry(
        self, executor: Executor[Any], type_: GraphQLObjectType, key: str, details: FieldDetailsList, names: Names
    ) -> str:
        definition = executor.schema.get_field(type_, details[0].node.name.value)
        if definition is None:
            raise Unplanned
        field = Field(executor.schema, key, type_, definition, details)
        if definition is TypeNameMetaFieldDef:
            return repr(type_.name)
        if isinstance(field.source, Attribute) and isinstance(field.column, Leaves):
            return leaf_expression(field.column.type, field.column.nullable, f"o.{field.source.name}", names)
        self.others.append(field)
        return "None"
