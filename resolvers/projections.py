"""Projections: which columns a document asks for below a field, so that no others are read from the database."""

from collections.abc import Mapping
from typing import Union

import strawberry
from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode
from strawberry.utils.str_converters import to_camel_case

from executor.info import field_nodes

Columns = frozenset[str]
FieldColumns = Mapping[str, Union[Columns, "FieldColumns"]]
"""The columns that each field of a type needs, or the fields below it. A field that is missing here may need any column."""

NO_COLUMNS: Columns = frozenset()
MAX_PROJECTIONS = 100
"""The number of projections that are kept for one document."""


def column_fields(*names: str, part: str = "") -> dict[str, Columns]:
    """Returns the columns of fields that are named like their columns, or `part.name` for the fields of a part of the row."""
    return {to_camel_case(name): frozenset((f"{part}.{name}" if part else name,)) for name in names}


def connection_fields(node: FieldColumns) -> FieldColumns:
    """Returns the fields of a connection to such nodes. The columns that cursors are made of are always read."""
    page_info = dict.fromkeys(("hasNextPage", "hasPreviousPage", "startCursor", "endCursor"), NO_COLUMNS)
    return {
        "nodes": node,
        "edges": {"node": node, "cursor": NO_COLUMNS},
        "pageInfo": page_info,
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
        self._seen: set[tuple[str, int]] = set()

    def collect(self, node: FieldNode | InlineFragmentNode | FragmentDefinitionNode, fields: FieldColumns) -> bool:
        """Adds the columns of all selections in the node. Returns False if one of them may need any column."""
        selections: SelectionSetNode | None = node.selection_set
        return all(self._collect_one(each, fields) for each in (selections.selections if selections else ()))

    def _collect_one(self, selection: object, fields: FieldColumns) -> bool:
        if isinstance(selection, FragmentSpreadNode):
            key = (selection.name.value, id(fields))
            if key in self._seen:  # there may be very many ways to one fragment
                return True
            self._seen.add(key)
            return self.collect(self._fragments[selection.name.value], fields)
        if isinstance(selection, InlineFragmentNode):
            return self.collect(selection, fields)
        assert isinstance(selection, FieldNode)
        if selection.name.value == "__typename":
            return True
        needed = fields.get(selection.name.value)
        if isinstance(needed, Mapping):
            return self.collect(selection, needed)
        self.columns |= needed or NO_COLUMNS
        return needed is not None
