"""Result maps of objects by generated functions, and the JSON of objects: from attributes, or from what was read of them.

The fields of a selection set that are leaves are the function's own. `FieldPlan`s execute the others.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeAlias

from executor.codegen import Namespace, compile_function
from executor.column_encoding import LEAF_CLASSES, Leaf
from executor.field_context import FieldContext
from executor.object_rows import UnreadObject
from executor.output_coercion import output_coercion_expression

if TYPE_CHECKING:
    from executor.plan import FieldPlan, LeafCompleter

ResultMap: TypeAlias = dict[str, object]
"""The completed fields of one object by their response names, in the order of the document."""
Projection: TypeAlias = Callable[[Iterable[object]], list[Any]]
"""A generated function that makes a result map of each object."""


def compile_projection(plans: Iterable["FieldPlan"]) -> Projection:
    """Compiles the projection of objects. It puts None in the place of fields that are not just leaves read from attributes."""
    namespace: Namespace = {}
    entries = ", ".join(f"{plan.field.response_name!r}: {_attribute_entry(plan, namespace)}" for plan in plans)
    # A comprehension would be slower: its `v` is a cell variable.
    return _compile([f"for o in objects: add({{{entries}}})"], namespace)


def _attribute_entry(plan: "FieldPlan", namespace: Namespace) -> str:
    """Returns a Python expression for the value of a field of the object `o`."""
    if plan.is_constant:
        return repr(plan.field.parent_type.name)
    if (leaf := plan.leaf) is None:
        return "None"
    return output_coercion_expression(leaf.type, leaf.nullable, f"o.{plan.attribute}", namespace)


def _compile(loop: Iterable[str], namespace: Namespace) -> Projection:
    body = ["projected = []", "add = projected.append", *loop, "return projected"]
    return compile_function("project", "objects", body, namespace)


class RowSelection:
    """Executes a selection set for unread objects (`executor.object_rows`): what is a column is taken from their rows.

    Only fields that need more are executed for the objects, which are read by that.
    """

    def __init__(self, plans: Iterable["FieldPlan"], cls: type[UnreadObject]) -> None:
        """`plans` are those of the selection set, `cls` is the class of all objects."""
        self._places = {column: place for place, column in enumerate(cls.row_columns)}
        self._leaf_classes = cls.row_leaf_classes
        self._namespace: Namespace = {}
        self._fields: list[tuple[FieldPlan, int | None]] = []
        """The fields that are no leaves of the rows, and the places of their values in the rows that have them."""
        entries = ", ".join([self._entry(plan) for plan in plans])
        columns = ", ".join([f"c{place}" for place in range(len(self._places))])
        self._project = _compile(
            ["for o in objects:", f"    {columns}, = o.row", f"    add({{{entries}}})"], self._namespace
        )

    def execute(self, context: FieldContext, objects: list[Any]) -> list[Any]:
        """Does what `SelectionPlan.execute` does."""
        result_maps = self._project(objects)
        for field, place in self._fields:
            values = () if place is None else [each.row[place] for each in objects]
            if not values or NoneType in map(type, values):
                field.execute(context, objects, result_maps)
            else:
                field.execute_read(context, values, result_maps)
        return result_maps

    def _entry(self, plan: "FieldPlan") -> str:
        value = self._value(plan, "")
        if value is None:
            self._fields.append((plan, self._places.get(plan.attribute or "")))
        return f"{plan.field.response_name!r}: {value}"

    def _value(self, plan: "FieldPlan", prefix: str) -> str | None:
        """Returns a Python expression for the value of a field of the object, or of its part with the prefix."""
        if plan.is_constant:
            return repr(plan.field.parent_type.name)
        name = f"{prefix}{plan.attribute}"
        if leaf := plan.leaf:
            return self._leaf(leaf, name)
        part = plan.part
        if part is None or not any(column.startswith(f"{name}.") for column in self._places):
            return None
        entries: list[str] = []
        for inner in part:
            value = self._value(inner, f"{name}.")
            if value is None:
                return None
            entries.append(f"{inner.field.response_name!r}: {value}")
        return f"{{{', '.join(entries)}}}"

    def _leaf(self, leaf: "LeafCompleter", name: str) -> str:
        place = self._places.get(name)
        if place is None:
            return output_coercion_expression(leaf.type, leaf.nullable, f"o.{name}", self._namespace)
        leaf_class = self._leaf_classes[place]
        if leaf_class in (str, int, bool) and LEAF_CLASSES.get(leaf.type) is leaf_class:
            return f"c{place}"
        return output_coercion_expression(leaf.type, leaf.nullable, f"c{place}", self._namespace)


def json_parts(
    plans: Iterable["FieldPlan"], places: Mapping[str, int], prefix: str = ""
) -> Sequence[bytes | Leaf] | None:
    """Returns the JSON of an object, or of that of a part of it, whose columns have the prefix; None: more is selected."""
    parts: list[bytes | Leaf] = []
    for plan in plans:
        parts.append(b'%b"%b":' % (b"," if parts else b"{", plan.field.response_name.encode()))
        name = f"{prefix}{plan.attribute}"
        if plan.is_constant:
            parts.append(b'"%b"' % plan.field.parent_type.name.encode())
        elif (leaf := plan.leaf) and (place := places.get(name)) is not None:
            parts.append(Leaf(place, leaf.type, leaf.complete_leaves))
        elif (part := plan.part) and (inner := json_parts(part, places, f"{name}.")):
            parts += inner
        else:
            return None
    return [*parts, b"}"] if parts else [b"{}"]
