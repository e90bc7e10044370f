"""The cost of an operation: worked out once for each document as far as it does not depend on variables.

The cost of a selection set has three parts: what is to be paid once, however many rows there are (statements); what is to be
paid for each row of the type; and, in a connection, for each item of the page that the field above it has asked for.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

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
from schema.documents.field_costs import Page, Priced, priced
from schema.documents.scopes import scopes_of_type

Variables = Mapping[str, Any]
INTROSPECTION = ("__schema", "__type")


class _Size(NamedTuple):
    """How many items are asked for by variables, and literally."""

    known: int
    """The largest number given literally; -1: none."""
    variables: tuple[tuple[str, Any], ...]
    """Names with their defaults in the operation's definition."""
    default: int
    maximum: int

    def of(self, variables: Variables) -> int:
        size = self.known
        for name, default in self.variables:
            size = max(size, _number(variables.get(name, default), self.maximum))
        return min(self.default if size < 0 else size, self.maximum)


def _number(value: Any, maximum: int) -> int:
    """What a variable asks for; -1: nothing. What is no number will be refused where it is read."""
    if value is None:
        return -1
    if isinstance(value, list):
        return len(value)
    return max(value, 0) if type(value) is int else maximum


class Amount(NamedTuple):
    """A cost that depends on variables: a known part, and parts that are multiplied by the sizes of pages."""

    known: int = 0
    parts: tuple[tuple[_Size, "Amount"], ...] = ()

    def of(self, variables: Variables) -> int:
        cost = self.known
        for size, each in self.parts:
            cost += size.of(variables) * (each.of(variables) if each.parts else each.known)
        return cost

    def plus(self, other: "Amount") -> "Amount":
        return Amount(self.known + other.known, self.parts + other.parts)


def _times(size: _Size, each: Amount) -> Amount:
    if size.variables or each.parts:
        return Amount(0, ((size, each),))
    return Amount(size.of({}) * each.known)


class _Cost(NamedTuple):
    """Of a selection set."""

    once: int = 0
    each: Amount = Amount()
    item: Amount = Amount()
    introspection: int = 0


_NOTHING = _Cost()


class OperationCost(NamedTuple):
    data: Amount
    introspection: int
    scopes: Mapping[Scopes, str]
    """Of each of these sets one scope is needed, for the field named."""

    def of(self, variables: Variables) -> int:
        """With these variables, as they came."""
        return self.data.of(variables)


class Prices:
    """Of a schema's fields."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.fields = priced(schema)
        self.roots = {kind: root.name for kind in OperationType if (root := schema.get_root_type(kind))}

    def costs(self, document: DocumentNode) -> dict[str | None, OperationCost]:
        """Of each operation by its name. The document must be valid, and its fragments must not multiply to much."""
        nodes = document.definitions
        fragments = {node.name.value: node for node in nodes if isinstance(node, FragmentDefinitionNode)}
        return {
            node.name.value if node.name else None: _Operation(self, node, fragments).cost()
            for node in nodes
            if isinstance(node, OperationDefinitionNode)
        }


class _Operation:
    def __init__(
        self, prices: Prices, node: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]
    ) -> None:
        self._prices = prices
        self._node = node
        self._fragments = fragments
        self._costs: dict[str, _Cost] = {}
        self._scopes: dict[Scopes, str] = {}
        self._defaults = {
            definition.variable.name.value: _literal(definition.default_value)
            for definition in node.variable_definitions or ()
        }

    def cost(self) -> OperationCost:
        cost = self._selections(self._node.selection_set, self._prices.roots[self._node.operation])
        return OperationCost(Amount(cost.once).plus(cost.each), cost.introspection, self._scopes)

    def _selections(self, node: SelectionSetNode, type_: str) -> _Cost:
        # Parts are collected in lists: adding tuple to tuple would take the square of their number.
        once = each = item = introspection = 0
        each_parts: list[tuple[_Size, Amount]] = []
        item_parts: list[tuple[_Size, Amount]] = []
        for selection in node.selections:
            cost = self._selection(selection, type_)
            once += cost.once
            each += cost.each.known
            each_parts += cost.each.parts
            item += cost.item.known
            item_parts += cost.item.parts
            introspection += cost.introspection
        return _Cost(once, Amount(each, tuple(each_parts)), Amount(item, tuple(item_parts)), introspection)

    def _selection(self, selection: object, type_: str) -> _Cost:
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

    def _of_type(self, node: SelectionSetNode, type_: str) -> _Cost:
        """Of a fragment, whose condition may say what something is, and so needs what its type needs."""
        self._scopes.setdefault(scopes_of_type(type_), type_)
        return self._selections(node, type_)

    def _field(self, node: FieldNode, type_: str) -> _Cost:
        name = node.name.value
        if name == "__typename":
            return _Cost(each=Amount(1))
        if name in INTROSPECTION:
            assert node.selection_set is not None
            below = self._selections(node.selection_set, "__Schema" if name == "__schema" else "__Type")
            return _Cost(introspection=1 + below.each.known)
        field = self._prices.fields[type_][name]
        self._scopes.setdefault(field.scopes, f"{type_}.{name}")
        below = self._selections(node.selection_set, field.type) if node.selection_set and field.type else _NOTHING
        once = field.price.once + below.once
        own = Amount(1 + field.price.each)
        if not field.is_list:
            own = own.plus(below.each)
            if field.page:
                item = Amount(field.page.each).plus(below.item)
                own = own.plus(_times(self._size(node, field, field.page), item))
            return _Cost(once, own)
        item = Amount(1).plus(below.each)
        if field.page:
            return _Cost(once, own.plus(_times(self._size(node, field, field.page), item)))
        if field.size is None:
            return _Cost(once, own, item)
        return _Cost(once, own.plus(_times(_Size(field.size, (), 0, field.size), item)))

    def _size(self, node: FieldNode, field: Priced, page: Page) -> _Size:
        known, variables = -1, []
        for argument in node.arguments or ():
            if argument.name.value in page.arguments:
                if isinstance(argument.value, VariableNode):
                    name = argument.value.name.value
                    variables.append((name, self._defaults.get(name)))
                else:
                    known = max(known, _number(_literal(argument.value), page.maximum))
        return _Size(known, tuple(variables), field.default, page.maximum)


def _literal(node: ValueNode | None) -> Any:
    """A number, a list of the right length, None, or something else."""
    if node is None or isinstance(node, NullValueNode):
        return None
    if isinstance(node, IntValueNode):
        return int(node.value)
    return list(node.values) if isinstance(node, ListValueNode) else ...
