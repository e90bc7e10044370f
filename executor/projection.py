"""Result maps of objects by generated functions, and the JSON of objects: from attributes, or from what was read of them.

The fields of a selection set that are leaves are the function's own. `FieldPlan`s execute the others.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeAlias

from executor.codegen import Namespace, compile_function
from executor.column_encoding import LEAF_CLASSES, Leaf
from executor.field_context import FieldContext
from executor.output_coercion import output_coercion_expression

if TYPE_CHECKING:
    from executor.plan import FieldPlan, LeafCompleter

ResultMap: TypeAlias = dict[str, object]
"""The completed fields of one object by their response names, in the order of the document."""


class Projection:
    """Makes a result map of each object by a generated function, and executes the fields that are no leaves.

    Where the objects are unread (`executor.object_rows`), what is a column is taken from their rows. Only fields that need more
    are executed for the objects, which are read by that.
    """

    def __init__(
        self,
        plans: Iterable["FieldPlan"],
        columns: tuple[str, ...] = (),
        leaf_classes: tuple[type | None, ...] = (),
    ) -> None:
        """`plans` are those of the selection set. `columns` and `leaf_classes` are those of the objects' rows."""
        self._places = {column: place for place, column in enumerate(columns)}
        self._leaf_classes = leaf_classes
        self._namespace: Namespace = {}
        self._fields: list[tuple[FieldPlan, int | None]] = []
        """The fields that are not in the generated function, and the places of their values in the rows that have them."""
        entries = ", ".join([self._entry(plan) for plan in plans])
        variables = [f"c{place}" for place in range(len(columns))]
        body = [
            "projected = []",
            "add = projected.append",
            "for o in objects:",  # a comprehension would be slower: its `v` is a cell variable
            *([f"    {', '.join(variables)}, = o.row"] if columns else ()),
            f"    add({{{entries}}})",
            "return projected",
        ]
        self._project: Callable[[Iterable[object]], list[Any]] = compile_function(
            "project", "objects", body, self._namespace
        )

    def execute(self, context: FieldContext, objects: list[Any]) -> list[Any]:
        """Returns the result maps of the objects. Pending loads have yet to complete their asynchronous fields."""
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
        if value is None:  # which stands in its place until then
            self._fields.append((plan, self._places.get(plan.attribute or "")))
        return f"{plan.field.response_name!r}: {value}"

    def _value(self, plan: "FieldPlan", prefix: str) -> str | None:
        """Returns a Python expression for the value of a field of the object, or of its part with the prefix."""
        if plan.is_constant:
            return repr(plan.field.parent_type.name)
        name = f"{prefix}{plan.attribute}"
        if leaf := plan.leaf:
            return self._leaf(leaf, name)
        if not _has_columns(plan, name, self._places):
            return None
        entries: list[str] = []
        for inner in plan.part or ():
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


def _has_columns(plan: "FieldPlan", name: str, columns: Iterable[str]) -> bool:
    """Returns whether a field is a part with columns, which is never null: another may be, whatever is selected of it."""
    return plan.part is not None and any(column.startswith(f"{name}.") for column in columns)


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
        elif _has_columns(plan, name, places) and (inner := json_parts(plan.part or (), places, f"{name}.")):
            parts += inner
        else:
            return None
    return [*parts, b"}"] if parts else [b"{}"]
