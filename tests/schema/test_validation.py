"""Checks documents against rules of the September 2025 specification, in the sections that changed."""

import pytest
from graphql import GraphQLError

from schema.schema import schema

DIFF = "query (%s) { configDiff(a: {base: $v}, b: {base: 1}) { fields { field } } }"


def messages(document: str) -> list[str]:
    try:
        return [error.message for error in schema.documents.prepare(document).errors]
    except GraphQLError as error:
        return [error.message]


@pytest.mark.parametrize(
    ("section", "document", "words"),
    [
        ("5.8.5 All Variable Usages Are Allowed", DIFF % "$v: ID", "must be non-nullable"),
        ("5.8.5 All Variable Usages Are Allowed", DIFF % "$v: ID = null", "must be non-nullable"),
        ("5.6.5 All OneOf Fields", "{ configDiff(a: {}, b: {base: 1}) { fields { field } } }", "exactly one"),
        (
            "5.2.4.1 Single Root Field",
            'subscription ($b: Boolean!) { segmentUpdates(meetingId: "m") @skip(if: $b) { cursor } }',
            "must not use `@skip` or `@include`",
        ),
        ("5.2.4.1 Single Root Field", "subscription { __typename }", "introspection"),
        ("2.1.9 Unicode", '{ node(id: "\\uD83D") { id } }', "Invalid Unicode"),
        ("2.1.9 Unicode", '{ node(id: "\\u{110000}") { id } }', "Invalid Unicode"),
        ("2.9.1 Int Value", "{ agents(first: 0x1) { totalCount } }", "Invalid number"),
        ("2.4 Descriptions", '"Not here" { __typename }', "descriptions are not supported"),
    ],
)
def test_what_is_refused(section: str, document: str, words: str) -> None:
    found = messages(document)
    assert any(words in message for message in found), (section, found)


@pytest.mark.parametrize(
    "document",
    [
        DIFF % "$v: ID!",
        DIFF % "$v: ID = 2",
        "query ($v: ConfigRef!) { configDiff(a: $v, b: {base: 1}) { fields { field } } }",
        '{ node(id: "\\u{1F600}\\uD83D\\uDE00") { id } }',
        '"""What it asks for.""" query Q("How many." $n: Int) { agents(first: $n) { totalCount } }',
        'query { __typename ...F } "A fragment." fragment F on Query { __typename }',
    ],
)
def test_what_is_valid(document: str) -> None:
    assert messages(document) == []
