"""What a document asks for below a field, so that columns which nobody will look at are not read."""

from collections.abc import Mapping
from typing import Union

import strawberry
from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode
from strawberry.utils.str_converters import to_camel_case

Columns = frozenset[str]
Wanted = Mapping[str, Union[Columns, "Wanted"]]
"""Of a type the fields that come from a row's columns: which columns, or the fields below. A field that is not here may
need any of them."""

NOTHING: Columns = frozenset()
MAX_KEPT = 100
"""Answers for one document."""


def columns(*names: str) -> dict[str, Columns]:
    """Fields that are columns."""
    return {to_camel_case(name): frozenset((name,)) for name in names}


def connection(node: Wanted) -> Wanted:
    """Of a connection. The columns that cursors are made of are always read."""
    info = dict.fromkeys(("hasNextPage", "hasPreviousPage", "startCursor", "endCursor"), NOTHING)
    return {"nodes": node, "edges": {"node": node, "cursor": NOTHING}, "pageInfo": info, "totalCount": NOTHING}


class Selections:
    """Answers for one document, which is executed many times, and asks the same of each of many rows."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, ...], Columns | None] = {}

    def columns(self, info: strawberry.Info, wanted: Wanted) -> Columns | None:
        """The columns that the field which is being resolved needs for what is asked for below it; None: perhaps all.

        `wanted` is one of those that modules define: it is known by its identity.
        """
        raw = info._raw_info
        # Which of the document's nodes they are depends on @skip and @include.
        key = (id(wanted), *map(id, raw.field_nodes))
        if key not in self._found:
            if len(self._found) >= MAX_KEPT:
                self._found.clear()
            found: set[str] = set()
            look = _Look(raw.fragments, found)
            self._found[key] = frozenset(found) if all(look(node, wanted) for node in raw.field_nodes) else None
        return self._found[key]


class _Look:
    """Collects the columns; calls give False where all may be needed."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], found: set[str]) -> None:
        self._fragments = fragments
        self._found = found
        self._seen: set[tuple[str, int]] = set()

    def __call__(self, node: FieldNode | InlineFragmentNode | FragmentDefinitionNode, wanted: Wanted) -> bool:
        selections: SelectionSetNode | None = node.selection_set
        return all(self._one(selection, wanted) for selection in (selections.selections if selections else ()))

    def _one(self, selection: object, wanted: Wanted) -> bool:
        if isinstance(selection, FragmentSpreadNode):
            key = (selection.name.value, id(wanted))
            if key in self._seen:  # there may be very many ways to one
                return True
            self._seen.add(key)
            return self(self._fragments[selection.name.value], wanted)
        if isinstance(selection, InlineFragmentNode):
            return self(selection, wanted)
        assert isinstance(selection, FieldNode)
        if selection.name.value == "__typename":
            return True
        needed = wanted.get(selection.name.value)
        if isinstance(needed, Mapping):
            return self(selection, needed)
        self._found |= needed or NOTHING
        return needed is not None
