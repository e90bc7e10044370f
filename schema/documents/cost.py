"""The cost of an operation, which is worked out once for each document as far as it does not depend on variables.

The cost of a selection set has three parts: what is paid once, however many rows there are (statements); what is paid for
each row of the type; and, in a connection, what is paid for each item of the page that the field above it is asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)

from domain.principals import Scopes
from schema.documents.field_rules import FieldRule, field_rules
from schema.documents.scopes import type_scopes
from schema.field_declarations import SizedBy

Variables = Mapping[str, object]
INTROSPECTION = ("__schema", "__type")


class _ItemCount(NamedTuple):
    """Holds how many items a field is asked for, literally and by variables."""

    literal: int
    """The largest number in the document; -1: none."""
    variables: tuple[tuple[str, object], ...]
    """The names of variables with their defaults in the operation's definition."""
    default: int
    maximum: int

    def of(self, variables: Variables) -> int:
        size = self.literal
        for name, default in self.variables:
            size = max(size, _number(variables.get(name, default), self.maximum))
        return self.default if size < 0 else size


def _number(value: object, maximum: int) -> int:
    """Returns how many items a value asks for, or has itself; -1: it says nothing.

    More items than may be asked for are refused where the value is read, and so is what is no number. Items that are given
    are all counted, as all of them are read.
    """
    if value is None:
        return -1
    if isinstance(value, list):
        return len(value)
    return min(max(value, 0), maximum) if type(value) is int else maximum


class Amount(NamedTuple):
    """A cost that depends on variables: a fixed part, and parts that are multiplied by the number of items."""

    fixed: int = 0
    parts: tuple[tuple[_ItemCount, "Amount"], ...] = ()

    def of(self, variables: Variables) -> int:
        cost, parts = self  # in less time than by their names
        for size, each in parts:
            cost += size.of(variables) * (each.of(variables) if each.parts else each.fixed)
        return cost

    def plus(self, other: "Amount") -> "Amount":
        return Amount(self.fixed + other.fixed, self.parts + other.parts)


def _times(size: _ItemCount, each: Amount) -> Amount:
    if size.variables or each.parts:
        return Amount(0, ((size, each),))
    return Amount(size.of({}) * each.fixed)


class _SelectionCost(NamedTuple):
    """The cost of a selection set."""

    once: int = 0
    each: Amount = Amount()
    item: Amount = Amount()
    introspection: int = 0


_FREE = _SelectionCost()


@dataclass(slots=True)
class OperationCost:
    data: Amount
    introspection: int
    scopes: Mapping[Scopes, str]
    """One scope of each of these sets is needed, for the field that is named."""
    is_newest: bool
    """One of its fields is answered by the primary only."""


class CostModel:
    """Works out what documents cost, by the rules of a schema's fields."""

    def __init__(self, schema: GraphQLSchema) -> None:
        """Raises DeclarationError."""
        self.fields = field_rules(schema)
        self.type_scopes = type_scopes(schema)
        self.roots = {kind: root.name for kind in OperationType if (root := schema.get_root_type(kind))}

    def costs(self, document: DocumentNode) -> dict[str | None, OperationCost]:
        """Returns the cost of each operation, by its name.

        The document must be valid, and its fragments must not multiply too much.
        """
        nodes = document.definitions
        fragments = {node.name.value: node for node in nodes if isinstance(node, FragmentDefinitionNode)}
        return {
            node.name.value if node.name else None: _Operation(self, node, fragments).cost()
            for node in nodes
            if isinstance(node, OperationDefinitionNode)
        }


class _Operation:
    """Walks one operation. Each fragment is walked once."""

    def __init__(
        self, model: CostModel, node: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]
    ) -> None:
        self._model = model
        self._node = node
        self._fragments = fragments
        self._costs: dict[str, _SelectionCost] = {}
        self._scopes: dict[Scopes, str] = {}
        self._is_newest = False
        self._defaults = {
            definition.variable.name.value: _literal(definition.default_value)
            for definition in node.variable_definitions or ()
        }

    def cost(self) -> OperationCost:
        cost = self._selections(self._node.selection_set, self._model.roots[self._node.operation])
        return OperationCost(Amount(cost.once).plus(cost.each), cost.introspection, self._scopes, self._is_newest)

    def _selections(self, node: SelectionSetNode, type_: str) -> _SelectionCost:
        # Parts are collected in lists: adding tuple to tuple would take the square of their number.
        once = each = item = introspection = 0
        each_parts: list[tuple[_ItemCount, Amount]] = []
        item_parts: list[tuple[_ItemCount, Amount]] = []
        for selection in node.selections:
            cost = self._selection(selection, type_)
            once += cost.once
            each += cost.each.fixed
            each_parts += cost.each.parts
            item += cost.item.fixed
            item_parts += cost.item.parts
            introspection += cost.introspection
        return _SelectionCost(once, Amount(each, tuple(each_parts)), Amount(item, tuple(item_parts)), introspection)

    def _selection(self, selection: object, type_: str) -> _SelectionCost:
        if isinstance(selection, FieldNode):
            return self._field(selection, type_)
        if isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            return self._of_type(selection.selection_set, condition.name.value if condition else type_)
        name = cast("FragmentSpreadNode", selection).name.value
        if name not in self._costs:
            fragment = self._fragments[name]
            self._costs[name] = self._of_type(fragment.selection_set, fragment.type_condition.name.value)
        return self._costs[name]

    def _of_type(self, node: SelectionSetNode, type_: str) -> _SelectionCost:
        """Returns the cost of a fragment. Its condition may tell what something is, and so it needs the scopes of its type."""
        self._scopes.setdefault(self._model.type_scopes[type_], type_)
        return self._selections(node, type_)

    def _field(self, node: FieldNode, type_: str) -> _SelectionCost:
        name = node.name.value
        if name == "__typename":
            return _SelectionCost(each=Amount(1))
        if name in INTROSPECTION:
            assert node.selection_set is not None
            below = self._selections(node.selection_set, "__Schema" if name == "__schema" else "__Type")
            return _SelectionCost(introspection=1 + below.each.fixed)
        field = self._model.fields[type_][name]
        self._scopes.setdefault(field.scopes, f"{type_}.{name}")
        self._is_newest |= field.is_newest
        below = self._selections(node.selection_set, field.type) if node.selection_set and field.type else _FREE
        once = field.cost.once + below.once
        own = Amount(1 + field.cost.per_row)
        if not field.is_list:
            own = own.plus(below.each)
            if field.sized_by:
                item = Amount(field.sized_by.cost_per_item).plus(below.item)
                own = own.plus(_times(self._item_count(node, field, field.sized_by), item))
            return _SelectionCost(once, own)
        item = Amount(1).plus(below.each)
        if field.sized_by:
            return _SelectionCost(once, own.plus(_times(self._item_count(node, field, field.sized_by), item)))
        if field.length is None:
            return _SelectionCost(once, own, item)
        return _SelectionCost(once, own.plus(_times(_ItemCount(field.length, (), 0, field.length), item)))

    def _item_count(self, node: FieldNode, field: FieldRule, sized_by: SizedBy) -> _ItemCount:
        literal, variables = -1, []
        for argument in node.arguments or ():
            if argument.name.value in sized_by.arguments:
                if isinstance(argument.value, VariableNode):
                    name = argument.value.name.value
                    variables.append((name, self._defaults.get(name)))
                else:
                    literal = max(literal, _number(_literal(argument.value), sized_by.maximum))
        return _ItemCount(literal, tuple(variables), field.default_size, sized_by.maximum)


def _literal(node: ValueNode | None) -> object:
    """Returns a number, a list of the right length, None, or an ellipsis for anything else."""
    if node is None or isinstance(node, NullValueNode):
        return None
    if isinstance(node, IntValueNode):
        return int(node.value)
    return list(node.values) if isinstance(node, ListValueNode) else ...
