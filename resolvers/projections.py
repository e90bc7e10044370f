"""Projections: which columns a document asks for below a field, so that no others are read from the database."""

from collections.abc import Mapping
from typing import Union

import strawberry
from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode
from strawberry.utils.str_converters import to_camel_case

from db.keyset import CURSOR
from executor.info import field_nodes

Columns = frozenset[str]
FieldColumns = Mapping[str, Union[Columns, "FieldColumns"]]
"""The columns that each field of a type needs, or the fields below it. A field that is missing here may need any column."""

NO_COLUMNS: Columns = frozenset()
ITSELF = "(itself)"
"""The key of the columns that a field with fields below it needs for itself."""
READ_ALONG = "(read along)"
"""The key of those that it needs only if no condition is on it: what is read with the object, and not when it is needed."""
_CURSOR: Columns = frozenset((CURSOR,))
MAX_PROJECTIONS = 100
"""The number of projections that are kept for one document."""


def column_fields(*names: str, part: str = "") -> dict[str, Columns]:
    """Returns the columns of fields that are named like their columns, or `part.name` for the fields of a part of the row."""
    return {to_camel_case(name): frozenset((f"{part}.{name}" if part else name,)) for name in names}


def connection_fields(node: FieldColumns) -> FieldColumns:
    """Returns the fields of a connection to such nodes."""
    return {
        "nodes": node,
        "edges": {ITSELF: _CURSOR, "node": node, "cursor": NO_COLUMNS},
        "pageInfo": _CURSOR,
        "totalCount": NO_COLUMNS,
    }


class Projections:
    """Keeps the projections of one document, which is executed many times, and asks the same of many rows."""

    def __init__(self) -> None:
        self._columns: dict[tuple[int, ...], Columns | None] = {}

    def columns(self, info: strawberry.Info, fields: FieldColumns) -> Columns | None:
        """Returns the columns that the document needs below the field that is being resolved; None: perhaps all.

        `fields` are the fields of the field's type. They must be a constant of a module, as they are known by their identity.
        """
        nodes = field_nodes(info)
        # The nodes of the document that count for a field depend on @skip and @include.
        key = (id(fields), *map(id, nodes))
        if key not in self._columns:
            if len(self._columns) >= MAX_PROJECTIONS:
                self._columns.clear()
            collector = _ColumnCollector(info._raw_info.fragments)
            is_known = all(collector.collect(node, fields) for node in nodes)
            self._columns[key] = frozenset(collector.columns) if is_known else None
        return self._columns[key]


class _ColumnCollector:
    """Collects the columns that selections need."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self.columns: set[str] = set()
        self._fragments = fragments
        self._seen: set[tuple[str, int, bool]] = set()

    def collect(
        self,
        node: FieldNode | InlineFragmentNode | FragmentDefinitionNode,
        fields: FieldColumns,
        *,
        is_conditional: bool = False,
    ) -> bool:
        """Adds the columns of all selections in the node. Returns False if one of them may need any column."""
        selections: SelectionSetNode | None = node.selection_set
        return all(
            self._collect_one(each, fields, is_conditional) for each in (selections.selections if selections else ())
        )

    def _collect_one(self, selection: object, fields: FieldColumns, is_conditional: bool) -> bool:
        assert isinstance(selection, FieldNode | InlineFragmentNode | FragmentSpreadNode)
        is_conditional = is_conditional or bool(selection.directives)
        if isinstance(selection, FragmentSpreadNode):
            key = (selection.name.value, id(fields), is_conditional)
            if key in self._seen:  # there may be very many ways to one fragment
                return True
            self._seen.add(key)
            return self.collect(self._fragments[selection.name.value], fields, is_conditional=is_conditional)
        if isinstance(selection, InlineFragmentNode):
            return self.collect(selection, fields, is_conditional=is_conditional)
        if selection.name.value == "__typename":
            return True
        needed = fields.get(selection.name.value)
        if isinstance(needed, Mapping):
            along = NO_COLUMNS if is_conditional else needed.get(READ_ALONG, NO_COLUMNS)
            self.columns.update(needed.get(ITSELF, NO_COLUMNS), along)
            return self.collect(selection, needed, is_conditional=is_conditional)
        self.columns |= needed or NO_COLUMNS
        return needed is not None
