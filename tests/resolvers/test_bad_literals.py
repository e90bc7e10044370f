"""Checks that bad values written into the document are the client's error, which variables do not pass through."""

import json

import pytest

from tests.harness.servers import Api

LITERALS = [
    '""',
    '" "',
    '"a\\u0000b"',
    '"""block"""',
    "-1",
    "1.5",
    "2147483648",
    "1e400",
    "true",
    "null",
    "UNKNOWN",
    "$none",
]


LITERALS += [
    "[1]",
    "[[[]]]",
    "{}",
    "{a: {b: 1}}",
    "9" * 400,
    "9" * 5_000,
    "1." + "9" * 5_000,
    '"' + "x" * 100_000 + '"',
]


LITERALS += ["[" * 150 + "]" * 150, "[" * 5_000 + "]" * 5_000, '"\ud800"', '"\\uD800"', "@", '"', "1..2", "0x10"]


PLACES = {
    "Int": "{ agents(first: %s) { totalCount } }",
    "String": "{ agents(after: %s) { totalCount } }",
    "ID": "{ node(id: %s) { id } }",
    "list": "{ nodes(ids: %s) { id } }",
    "Boolean": "{ agents(filter: {hasActiveVariant: %s}) { totalCount } }",
    "enum": "{ meetingCount(state: %s) }",
    "enum within": "{ agents(orderBy: {field: %s}) { totalCount } }",
    "DateTime": "{ meetings(filter: {createdAfter: %s}) { totalCount } }",
    "JSON": "{ meetings(filter: {metadata: %s}) { totalCount } }",
    "JSON within": "{ meetings(filter: {metadata: {a: %s}}) { totalCount } }",
    "input object": "{ meetings(filter: %s) { totalCount } }",
    "Float": """mutation { upsertSegments(
        meetingId: "01900000-0000-7000-8000-00000000dead", segments: {text: "x", startTime: 0, endTime: %s}
    ) { __typename } }""",
}


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_a_bad_literal_is_the_clients_error(api: Api, place: str) -> None:
    wrong: list[str] = []
    for literal in LITERALS:
        content = json.dumps({"query": PLACES[place] % literal})
        response = api.http.post("/graphql", content=content, headers={"content-type": "application/json"})
        answer = response.json()
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        if response.status_code != 200 or codes - {"BAD_USER_INPUT", "QUERY_TOO_COMPLEX"}:
            wrong.append(f"{literal[:50]} ({len(literal)}): {response.status_code} {codes}")
    assert not wrong, "\n".join(wrong)
