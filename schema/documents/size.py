"""Measures how large a document is. This happens before anything else reads a part of it more than once.

Each fragment is read once, however often it is used. A document that passes can be written out in full without harm: the
rules of GraphQL that compare fields with each other, and take the square of their number, run only then.
"""

from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
)

from schema.documents.limits import (
    CHARS_PER_COMPARISON,
    MAX_ALIASES,
    MAX_DIRECTIVES,
    MAX_MERGES,
    MAX_NESTING,
    MAX_OPERATIONS,
    Limits,
)

MAX_REPORTED_COST = 10**9
"""A number above this is reported as this."""


class TooComplex(GraphQLError):
    """The document is over a limit, so that nothing was executed."""

    def __init__(self, measure: str, cost: int, limit: int) -> None:
        """`cost` is what the document has of `measure`, or as far as it was counted."""
        self.reason = (measure, cost, limit)
        found = f"{min(cost, MAX_REPORTED_COST):,}" + ("" if cost <= MAX_REPORTED_COST else " or more")
        extensions = {
            "code": "QUERY_TOO_COMPLEX",
            "measure": measure,
            "cost": min(cost, MAX_REPORTED_COST),
            "limit": limit,
        }
        super().__init__(f"The query is too complex: {measure} {found}, at most {limit:,}.", extensions=extensions)


class _Measures(NamedTuple):
    """Holds what a selection set has, written out."""

    fields: int = 0
    aliases: int = 0
    directives: int = 0
    depth: int = 0
    nesting: int = 0


_EMPTY = _Measures()


def check_document_size(document: DocumentNode, limits: Limits) -> int | None:
    """Returns the number of aliases. Raises TooComplex.

    It is None if fragments use each other in a circle, so that the document cannot be written out.
    """
    return _Document(document).check(limits)


class _Document:
    """Measures one document."""

    def __init__(self, document: DocumentNode) -> None:
        nodes = document.definitions
        self._operations = [node for node in nodes if isinstance(node, OperationDefinitionNode)]
        fragments = [node for node in nodes if isinstance(node, FragmentDefinitionNode)]
        self._fragments = {node.name.value: node for node in fragments}
        self._shadowed = [node for node in fragments if self._fragments[node.name.value] is not node]
        self._sizes: dict[str, _Measures] = {}
        self._open: set[str] = set()
        self._circular = False
        # Definitions of variables have directives as well.
        variables = [variable for node in self._operations for variable in node.variable_definitions or ()]
        self._directives = sum(
            len(node.directives or ()) for node in (*nodes, *variables) if hasattr(node, "directives")
        )

    def check(self, limits: Limits) -> int | None:
        if len(self._operations) > MAX_OPERATIONS:
            raise TooComplex("operations", len(self._operations), MAX_OPERATIONS)
        # Invalid parts are measured, too: fragments whose name another one has, and below those that nothing uses.
        roots: list[SelectionSetNode] = [node.selection_set for node in (*self._operations, *self._shadowed)]
        sizes = [self._size(root, 1) for root in roots]
        for name, fragment in self._fragments.items():
            if name not in self._sizes:
                roots.append(fragment.selection_set)
                sizes.append(self._size_of_fragment(name, 1))
        if (nesting := max((size.nesting for size in sizes), default=0)) > MAX_NESTING:
            raise TooComplex("nesting", nesting, MAX_NESTING)
        if (depth := max((size.depth for size in sizes), default=0)) > limits.max_depth:
            raise TooComplex("depth", depth, limits.max_depth)
        for measure, found, limit in (
            ("fields", sum(size.fields for size in sizes), limits.max_tokens),
            ("aliases", sum(size.aliases for size in sizes), MAX_ALIASES),
            ("directives", sum(size.directives for size in sizes) + self._directives, MAX_DIRECTIVES),
        ):
            if found > limit:
                raise TooComplex(measure, found, limit)
        if self._circular:
            return None
        if (merges := sum(self._merges([root]) for root in roots)) > MAX_MERGES:
            raise TooComplex("duplicates", merges, MAX_MERGES)
        return sum(size.aliases for size in sizes)

    def _size(self, selection_set: SelectionSetNode, nesting: int) -> _Measures:
        if nesting > MAX_NESTING:
            raise TooComplex("nesting", nesting, MAX_NESTING)
        fields = aliases = directives = depth = inner = 0
        for selection in selection_set.selections:
            directives += len(selection.directives or ())
            if isinstance(selection, FragmentSpreadNode):
                below = self._size_of_fragment(selection.name.value, nesting + 1)
            else:
                inner_set: SelectionSetNode | None = selection.selection_set  # type: ignore[attr-defined]
                below = self._size(inner_set, nesting + 1) if inner_set else _EMPTY
            fields += below.fields
            aliases += below.aliases
            directives += below.directives
            if isinstance(selection, FieldNode):
                fields += 1
                aliases += selection.alias is not None
                depth = max(depth, below.depth + 1)
            else:
                depth = max(depth, below.depth)
            inner = max(inner, below.nesting)
        return _Measures(fields, aliases, directives, depth, inner + 1)

    def _size_of_fragment(self, name: str, nesting: int) -> _Measures:
        if name in self._sizes:
            return self._sizes[name]
        if name in self._open:
            self._circular = True
        if name in self._open or name not in self._fragments:
            return _EMPTY
        self._open.add(name)
        fragment = self._fragments[name]
        size = self._size(fragment.selection_set, nesting)
        self._open.discard(name)
        self._sizes[name] = size._replace(directives=size.directives + len(fragment.directives or ()))
        return self._sizes[name]

    def _merges(self, sets: list[SelectionSetNode]) -> int:
        """Returns an upper bound of the comparisons of any two fields, or fragments, that come together in these sets."""
        fields: dict[str, list[FieldNode]] = {}
        spreads = 0
        rest = list(sets)
        while rest:
            for selection in rest.pop().selections:
                if isinstance(selection, FieldNode):
                    fields.setdefault((selection.alias or selection.name).value, []).append(selection)
                elif not isinstance(selection, FragmentSpreadNode):
                    rest.append(selection.selection_set)  # type: ignore[attr-defined]
                elif fragment := self._fragments.get(selection.name.value):
                    spreads += 1
                    rest.append(fragment.selection_set)
        merges = spreads * (spreads - 1) // 2
        for same in fields.values():
            if len(same) > 1:
                merges += (len(same) - 1) * sum(map(_weight, same)) // 2
            if inner := [node.selection_set for node in same if node.selection_set]:
                merges += self._merges(inner)
        return merges


def _weight(node: FieldNode) -> int:
    if not node.arguments:
        return 1
    first, last = node.arguments[0].loc, node.arguments[-1].loc
    assert first is not None
    assert last is not None
    return 1 + (last.end - first.start) // CHARS_PER_COMPARISON
