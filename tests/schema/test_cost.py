"""Checks that the cost of a query equals a plain count of everything written out, and that useful queries are affordable."""

import json
from typing import Any

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_introspection_query,
    get_named_type,
    get_nullable_type,
    parse,
    validate,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.documents.cache import MAX_CACHE_CHARS, MAX_CACHED_DOCUMENT_CHARS
from schema.documents.cost import CostModel
from schema.documents.limits import Limits
from schema.documents.size import TooComplex
from schema.field_declarations import COUNTED, DECLARATION, LOADED, WRITTEN, Cost, Declaration, SizedBy
from schema.schema import schema
from server.wire.graphql_files import OPERATIONS, operation

SCHEMA = schema._schema
MODEL = CostModel(SCHEMA)
TOUR = json.loads((OPERATIONS.parent.parent / "server/graphiql/tour.json").read_text())
NAMES = sorted(path.stem for path in OPERATIONS.glob("*.graphql"))
TYPES = {
    name: type_
    for name, type_ in SCHEMA.type_map.items()
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
}
MAXIMA: dict[str, dict[str, Any]] = {
    "AgentHistory": {"first": 100},
    "AgentManifests": {"first": 100},
    "Agents": {"first": 100},
    "ApplyAgents": {"agents": [{}] * 1_000},
    "CorrectSegments": {"corrections": [{}] * 1_000},
    "DeleteSegments": {"segmentIds": [1] * 1_000},
    "HistoryOfAgent": {"first": 100},
    "HistoryOfMeeting": {"first": 100},
    "MeetingHistory": {"first": 100},
    "Meetings": {"first": 100, "segments": 100},
    "NameSpeakers": {"names": [{}] * 1_000},
    "Nodes": {"ids": [""] * 100},
    "ResolvedConfigs": {"agentSlugs": ["scribe"] * 1_000},
    "ResolvedConfigsUpdates": {"agentSlugs": ["scribe"] * 1_000},
    "SearchSegments": {"first": 100},
    "SegmentUpdates": {"batchSize": 1_000},
    "Transcript": {"first": 1_000},
    "UpsertSegments": {"segments": [{}] * 1_000},
    "VariantHistory": {"first": 100},
}
AGENTS = """query ($first: Int) {
  agents(first: $first) { totalCount nodes { id variants { id slug } } edges { cursor node { id } } }
}"""


def cost(query: str, /, **variables: Any) -> int:
    """Returns the cost of the first operation; raises TooComplex."""
    documents = schema.documents
    prepared = documents.prepare(query)
    assert prepared.errors == []
    node = next(node for node in prepared.document.definitions if isinstance(node, OperationDefinitionNode))
    return documents.cost(prepared.costs[node.name.value if node.name else None], variables)


def refused(query: str, /, **variables: Any) -> dict[str, Any]:
    with pytest.raises(TooComplex) as caught:
        cost(query, **variables)
    return caught.value.extensions or {}


# What is declared


def declaration(type_: str, name: str) -> Declaration:
    metadata = TYPES[type_].fields[name].extensions["strawberry-definition"].metadata
    found: Declaration = metadata.get(DECLARATION, Declaration())
    return found


def test_a_field_that_makes_a_statement_costs_more_than_one_that_does_not() -> None:
    for query in (
        "{ meetingCount }",
        '{ node(id: "x") { id } }',
        "{ meetings(first: 0) { pageInfo { hasNextPage } } }",
    ):
        assert cost(query) > 100
    assert cost("{ agents(first: 0) { totalCount } }") - cost("{ agents(first: 0) { nodes { id } } }") >= 1_000
    assert cost("{ meetingCount again: meetingCount }") == 2 * cost("{ meetingCount }")
    assert cost("{ __typename }") == 1


# What they come to


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_operation_can_be_paid_at_its_largest(name: str) -> None:
    given = TOUR.get(name, {})
    usual = cost(operation(name), **given)
    assert usual >= 100 or name == "Viewer"  # which loads nothing
    assert usual <= cost(operation(name), **{**given, **MAXIMA.get(name, {})}) <= Limits().max_cost * 2 / 3


def test_graphiql_may_ask_for_the_schema() -> None:
    query = get_introspection_query(input_value_deprecation=True, directive_is_repeatable=True, schema_description=True)
    assert cost(query) > 1_000
    many = " ".join(f"a{n}: __schema {{ types {{ fields {{ args {{ name }} }} }} }}" for n in range(60))
    assert refused(f"{{ {many} }}")["measure"] == "introspection"


@pytest.mark.parametrize(
    ("variables", "size"),
    [
        ({}, 20),
        ({"first": None}, 20),
        ({"first": 0}, 0),
        ({"first": 7}, 7),
        ({"first": 100}, 100),
        ({"first": 101}, 100),  # which the resolver refuses
        ({"first": 10**30}, 100),
        ({"first": -5}, 0),
        ({"first": "7"}, 100),
        ({"first": 7.0}, 100),
        ({"first": True}, 100),
    ],
)
def test_a_list_costs_by_the_page_that_is_asked_for(variables: dict[str, Any], size: int) -> None:
    of_an_agent = (1 + 1 + (1 + 5) + 20 * (1 + 2)) + (1 + 1 + (1 + 1))
    once = LOADED.once + COUNTED.once + LOADED.once
    assert cost(AGENTS, **variables) == once + (1 + LOADED.per_row) + (1 + COUNTED.per_row) + 1 + 1 + size * of_an_agent


def test_the_largest_of_several_numbers_counts() -> None:
    query = "query ($n: Int = 30) { agents(first: %s, last: $n) { nodes { id } } }"
    assert cost(query % 10) == cost(query % "null") == cost(query % 10, n=None) + 20 * 2
    assert cost(query % 40) == cost(query % 10, n=40) == cost(query % "null", n=40)


def test_a_list_in_an_argument_counts_by_its_length() -> None:
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert cost(query, ids=["a", "b"]) == cost('{ nodes(ids: ["a", "b"]) { id } }') == LOADED.once + 6 + 2 * 2
    assert cost(query, ids=["a"] * 5_000) == LOADED.once + 6 + 2 * 5_000  # also those over the limit: all are read


def test_what_costs_more_than_the_limit_says_how_much() -> None:
    query = "query ($n: Int) { meetings(first: 100) { nodes { segments(first: $n) { nodes { text } } } } }"
    found = cost(query, n=100)
    assert refused(query, n=1_000) == {
        "code": "QUERY_TOO_COMPLEX",
        "measure": "cost",
        "cost": found + 100 * 900 * 2,
        "limit": 100_000,
    }


# The same as a plain count


def naive(query: str, variables: dict[str, Any]) -> int:
    """Every field of every row, one by one, and the statements."""
    document = parse(query)
    (operation,) = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    defaults = {
        definition.variable.name.value: definition.default_value.value
        for definition in operation.variable_definitions or ()
        if isinstance(definition.default_value, IntValueNode)
    }

    def asked(node: FieldNode, sized_by: SizedBy, default: Any) -> int:
        numbers = []
        for argument in node.arguments or ():
            if argument.name.value in sized_by.arguments:
                value = argument.value
                if isinstance(value, VariableNode):
                    number = variables.get(value.name.value, defaults.get(value.name.value))
                else:
                    number = value.value if isinstance(value, IntValueNode) else None
                numbers += [] if number is None else [int(number)]
        return min(max(numbers) if numbers else default, sized_by.maximum)

    def usual(type_: str, name: str) -> Cost:
        definition = TYPES[type_].fields[name].extensions["strawberry-definition"]
        if type_ == "Mutation":
            return WRITTEN
        resolver = definition.base_resolver
        if resolver is None or not resolver.is_async:
            return Cost()
        return LOADED

    def walk(selections: SelectionSetNode, type_: str, page: int) -> tuple[int, int]:
        """Returns the cost of each row, and that of all rows together."""
        rows = once = 0
        for node in selections.selections:
            if isinstance(node, FragmentSpreadNode | InlineFragmentNode):
                fragment = fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
                condition = fragment.type_condition
                more = walk(fragment.selection_set, condition.name.value if condition else type_, page)
                rows, once = rows + more[0], once + more[1]
                continue
            assert isinstance(node, FieldNode)
            name = node.name.value
            if name == "__typename":
                rows += 1
                continue
            field = TYPES[type_].fields[name]
            declared = declaration(type_, name)
            price = declared.cost or usual(type_, name)
            sized_by = declared.sized_by
            given = (
                next((field.args[arg].default_value for arg in sized_by.arguments if arg in field.args), 0)
                if sized_by
                else 0
            )
            size = asked(node, sized_by, given if isinstance(given, int) else sized_by.usual) if sized_by else page
            inner = (0, 0)
            if node.selection_set:
                inner = walk(node.selection_set, get_named_type(field.type).name, size)
            rows += 1 + price.per_row
            once += price.once + inner[1]
            if not isinstance(get_nullable_type(field.type), GraphQLList):
                rows += inner[0]
            else:
                length = declared.length if isinstance(declared.length, int) else size
                rows += sum(1 + inner[0] for _ in range(length))
        return rows, once

    root = SCHEMA.get_root_type(operation.operation)
    assert root is not None
    return sum(walk(operation.selection_set, root.name, 0))


NUMBERS = st.sampled_from(["0", "1", "3", "100", "null", "$a", "$b", "$c"])


@st.composite
def selections(draw: st.DrawFn, type_: str, fragments: dict[str, tuple[str, str]], depth: int) -> str:
    """Generates selections of a type, with inline fragments and spreads of new and existing fragments."""
    named = SCHEMA.type_map[type_]
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["field", "field", "field", "inline", "spread"])) if depth else "field"
        if kind == "inline":
            parts.append(f"... on {type_} {{ {draw(selections(type_, fragments, depth - 1))} }}")
        elif kind == "spread":
            fitting = [name for name, (of, _) in fragments.items() if of == type_]
            if not fitting or draw(st.booleans()):
                text = draw(selections(type_, fragments, depth - 1))
                name = f"F{len(fragments)}"
                fragments[name] = (type_, text)
            else:
                name = draw(st.sampled_from(fitting))
            parts.append(f"...{name}")
        elif isinstance(named, GraphQLUnionType):
            member = draw(st.sampled_from([member.name for member in named.types]))
            parts.append(f"... on {member} {{ {draw(selections(member, fragments, max(0, depth - 1)))} }}")
        else:
            parts.append(draw(fields(type_, fragments, depth)))
    return " ".join(parts)


@st.composite
def fields(draw: st.DrawFn, type_: str, fragments: dict[str, tuple[str, str]], depth: int) -> str:
    usable = {
        name: field
        for name, field in TYPES[type_].fields.items()
        if not [arg for arg in field.args.values() if isinstance(arg.type, GraphQLNonNull)]
        and (depth or not hasattr(get_named_type(field.type), "fields"))
    }
    name: str = draw(st.sampled_from(["__typename", *usable]))
    if name == "__typename":
        return "__typename"
    field = usable[name]
    paging = [f"{arg}: {draw(NUMBERS)}" for arg in ("first", "last") if arg in field.args and draw(st.booleans())]
    alias = f"x{draw(st.integers(0, 10**9))}: "
    text = f"{alias}{name}({', '.join(paging)})" if paging else f"{alias}{name}"
    named = get_named_type(field.type)
    if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
        return text
    return f"{text} {{ {draw(selections(named.name, fragments, depth - 1))} }}"


@st.composite
def documents(draw: st.DrawFn) -> str:
    fragments: dict[str, tuple[str, str]] = {}
    text = draw(selections("Query", fragments, 7))
    definitions = [f"fragment {name} on {of} {{ {inner} }}" for name, (of, inner) in fragments.items()]
    return "\n".join([f"query ($a: Int, $b: Int = 5, $c: Int = null) {{ {text} }}", *definitions])


@pytest.mark.slow
@settings(max_examples=100)
@given(documents(), st.fixed_dictionaries({}, optional={name: st.none() | st.integers(0, 200) for name in "abc"}))
def test_the_cost_is_that_of_everything_written_out(query: str, variables: dict[str, Any]) -> None:
    # Some of these are not valid, as aliases meet: what they cost does not depend on it.
    assert MODEL.costs(parse(query))[None].data.of(variables) == naive(query, variables)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith("Updates")])
def test_the_cost_of_operations_is_that_too(name: str) -> None:
    if "Segments" not in name and name not in (
        "Nodes",
        "ApplyAgents",
        "NameSpeakers",
        "EraseSpeaker",
    ):  # which count lists in arguments
        assert cost(operation(name), **TOUR.get(name, {})) == naive(operation(name), TOUR.get(name, {}))


# What is kept


@pytest.mark.slow
def test_what_is_kept_is_bounded_by_its_size() -> None:
    kept = schema.limited(Limits()).documents
    texts = [f"# {n} {'x' * (MAX_CACHED_DOCUMENT_CHARS - 100)}\n{{ meetingCount }}" for n in range(300)]
    for text in texts:
        kept.prepare(text)
    assert sum(map(len, kept._documents)) == kept._chars <= MAX_CACHE_CHARS
    assert texts[-1] in kept._documents
    assert texts[0] not in kept._documents
    kept.prepare("{ meetingCount }" + " " * MAX_CACHED_DOCUMENT_CHARS)
    assert len([text for text in kept._documents if len(text) > MAX_CACHED_DOCUMENT_CHARS]) == 0


def test_a_refusal_is_kept_and_said_anew() -> None:
    kept = schema.limited(Limits(max_depth=1)).documents
    for text in ("{ agents { totalCount } }", "{ meetings { totalCount } }") * 2:
        with pytest.raises(TooComplex) as caught:
            kept.prepare(text)
        assert (caught.value.extensions or {})["measure"] == "depth"
        traceback = caught.value.__traceback__
        assert traceback is not None
        assert traceback.tb_next is not None
        assert traceback.tb_next.tb_next is None  # one that is raised again and again would hold more and more
    assert len(kept._documents) == 2


def test_documents_within_the_limits_are_valid_or_not_as_before() -> None:
    for query in ("{ nothing }", "{ ...A } fragment A on Query { ...A }", "{ ...None }", "fragment A on Query { id }"):
        prepared = schema.documents.prepare(query)
        assert [error.message for error in prepared.errors]
        assert {error.message for error in prepared.errors} <= {
            error.message for error in validate(SCHEMA, prepared.document, hide_suggestions=True)
        }
