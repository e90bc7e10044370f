"""Checks that a schema with a missing declaration is not built, and that the message names the field."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import strawberry

from resolvers.pagination import PageArguments, Paging
from schema.connections import Connection
from schema.documents.field_rules import DeclarationError, FieldRules, field_rules
from schema.field_declarations import (
    READERS,
    WRITERS,
    Declaration,
    Length,
    SizedBy,
    connection_field,
    declared,
    root_field,
)


@strawberry.type
class Item:
    name: str


async def page(page: PageArguments) -> list[Item]:
    return [Item(name=f"{page.first} {page.last}")]


async def items(first: int | None = None) -> list[Item]:
    return []


async def add(names: list[str]) -> Item:
    return Item(name=", ".join(names))


def rules(**fields: Any) -> FieldRules:
    """Builds the rules of a schema with these fields of Query."""
    return field_rules(strawberry.Schema(strawberry.type(type("Query", (), fields)))._schema)


def arguments(schema: strawberry.Schema, field: str) -> list[str]:
    query = schema._schema.query_type
    assert query is not None
    return [
        f"{name}: {argument.type}"
        + (f" = {json.dumps(argument.default_value)}" if argument.default_value is not None else "")
        for name, argument in query.fields[field].args.items()
    ]


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: strawberry.field(resolver=add), "does not say who may ask for it"),
        (lambda: root_field(scopes=frozenset())(add), "does not say who may ask for it"),
        (lambda: root_field(scopes=WRITERS)(add), "takes the list names without a maximum"),
        (lambda: root_field(scopes=WRITERS, sized_by=SizedBy(("name",), 10))(add), "is sized by name, but has no such"),
        (lambda: root_field(scopes=WRITERS, sized_by=SizedBy(("names",), 0))(add), "declares a maximum below 1"),
        (lambda: root_field(scopes=READERS)(items), "gives pages without a maximum"),
        (lambda: root_field(scopes=READERS, graphql_type=list[str])(lambda: ["a"]), "is a list without a size"),
        (lambda: strawberry.field(resolver=lambda: "a", graphql_type=str, metadata=declared(scopes=READERS, length=3)),
         "declares a length, but is no list"),
    ],
)  # fmt: skip
def test_a_missing_declaration_fails_the_build_and_names_the_field(make: Callable[[], Any], problem: str) -> None:
    with pytest.raises(DeclarationError, match=f"^Query.things {problem}"):
        rules(things=make())


def test_every_problem_is_told() -> None:
    with pytest.raises(DeclarationError) as caught:
        rules(things=strawberry.field(resolver=add), others=strawberry.field(resolver=items))
    assert [line.split()[0] for line in str(caught.value).splitlines()] == [
        *["Query.things"] * 2,
        *["Query.others"] * 3,
    ]


def test_a_list_within_a_type_needs_a_size_too() -> None:
    @strawberry.type
    class Box:
        names: list[str]

    with pytest.raises(DeclarationError, match=r"^Box.names is a list without a size"):
        rules(box=root_field(scopes=READERS, graphql_type=Box)(lambda: Box(names=[])))


def test_the_page_of_a_connection_is_declared_once() -> None:
    schema = strawberry.Schema(
        strawberry.type(
            type("Query", (), {"things": root_field(scopes=READERS, graphql_type=Connection[Item], page=Paging(20, 100))(page)})
        )
    )  # fmt: skip
    assert arguments(schema, "things") == ["first: Int = 20", "after: String", "last: Int", "before: String"]
    rule = field_rules(schema._schema)["Query"]["things"]
    assert (rule.sized_by, rule.default_size) == (SizedBy(("first", "last"), 100), 20)


async def test_a_resolver_gets_the_arguments_of_a_connection_as_one() -> None:
    @strawberry.type
    class Query:
        things = connection_field(page=Paging(20, 100), graphql_type=list[Item])(page)

        @connection_field(page=Paging(5, 10, forward_only=True), graphql_type=list[Item])
        def others(self, prefix: str = "", *, page: PageArguments) -> list[Item]:
            return [Item(name=f"{prefix}{page.first} {page.after} {page.paging.maximum}")]

    schema = strawberry.Schema(Query)
    assert arguments(schema, "others") == ['prefix: String! = ""', "first: Int = 5", "after: String"]
    answer = await schema.execute(
        '{ usual: things { name } last: things(last: 3) { name } others(prefix: "a", after: "b") { name } }'
    )
    assert answer.errors is None
    assert answer.data == {"usual": [{"name": "20 None"}], "last": [{"name": "20 3"}], "others": [{"name": "a5 b 10"}]}


def test_a_declaration_is_the_metadata_of_its_field() -> None:
    assert declared(length=Length.AS_ASKED) == {"rapporteur": Declaration(length=Length.AS_ASKED)}
