"""Executes the documents of `graphql/operations/`, and any others, on a real database: both executors answer alike."""

import json
import math
import re
from collections.abc import Iterator
from copy import copy
from dataclasses import astuple
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor import ExecutionCounts, execution_counts
from schema.schema import schema
from server.wire.graphql_files import operation
from tests.harness.databases import TestPostgres
from tests.harness.executor.documents import documents, variables
from tests.harness.operation_variables import VARIABLES, SizedWorkspace
from tests.harness.recorded_statements import recorded
from tests.harness.servers import RunningServer, running_server
from tests.harness.sse_client import event_stream

pytestmark = pytest.mark.slow

SIZE = 3
MUTATIONS = {name for name in VARIABLES if "mutation " in operation(name)}
LEAVES = {"MeetingCount"}
"""The operations that have only leaves at the root, which graphql-core completes."""


@pytest.fixture(scope="module")
def servers(postgres: TestPostgres) -> Iterator[tuple[RunningServer, RunningServer]]:
    """Starts a server with the fast executor and one without it, on one database."""
    with postgres.database() as url, running_server(url) as fast, running_server(url, fast_executor=False) as slow:
        yield fast, slow


@pytest.fixture(scope="module")
def workspace(servers: tuple[RunningServer, RunningServer]) -> SizedWorkspace:
    return SizedWorkspace(servers[0].api, SIZE)


def asked(server: RunningServer, name: str, variables: dict[str, Any]) -> tuple[bytes, ExecutionCounts, int]:
    """Returns the answer, what the executor counted for it, and the number of statements."""
    before = copy(execution_counts)
    body = {"query": operation(name), "variables": variables, "operationName": name}
    with recorded(server.database.engine) as statements:
        answer = server.api.http.post("/graphql", json=body).raise_for_status().content
    assert b'"errors"' not in answer
    done = ExecutionCounts(*(now - then for now, then in zip(astuple(execution_counts), astuple(before), strict=True)))
    return answer, done, len(statements)


def unnamed(answer: bytes) -> str:
    """Returns the answer without what is new in each execution of a mutation: with ids numbered, without times and cursors."""
    ids: dict[str, str] = {}
    text = re.sub(r'"(\w*[cC]ursor|\w+At|at|state|token|secret)":"[^"]*"', r'"\1":""', answer.decode())
    return re.sub(
        r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", lambda id: ids.setdefault(id[0], f"id {len(ids)}"), text
    )


@pytest.mark.parametrize("name", VARIABLES)
def test_the_answer_is_the_same_without_a_fallback(
    name: str, servers: tuple[RunningServer, RunningServer], workspace: SizedWorkspace
) -> None:
    fast, slow = servers
    variables = VARIABLES[name](workspace, fast.api)
    answer, done, statements = asked(fast, name, variables)
    assert (done.fell_back, done.delegated, done.inputs_fell_back) == (0, 0, 0)
    assert bool(done.completed) is (name not in LEAVES)
    if name in MUTATIONS:
        new = VARIABLES[name](workspace, slow.api)
        other, nothing, of_slow = asked(slow, name, new)
        # A slug that is made from a name which is there already has a number.
        assert re.sub(r"-\d+\b", "", unnamed(other)) == re.sub(r"-\d+\b", "", unnamed(answer))
    else:
        other, nothing, of_slow = asked(slow, name, variables)
        assert other == answer
    assert nothing == ExecutionCounts()
    assert statements == of_slow or name == "DeactivateVariant"  # which has nothing left to do the second time


@settings(max_examples=100)
@given(data=st.data())
def test_the_answer_to_any_query_is_the_same(
    data: st.DataObject, servers: tuple[RunningServer, RunningServer], workspace: SizedWorkspace
) -> None:
    """Checks three answers: for the first, there are no plans."""
    ids, slugs = list(map(json.dumps, workspace.ids())), [json.dumps(agent["slug"]) for agent in workspace.agents]
    arguments = {
        "id": ids,
        "ids": [f"[{', '.join(ids)}]"],
        "slug": [*slugs, json.dumps(workspace.variant["slug"])],
        "agentSlugs": [f"[{', '.join(slugs)}]"],
        "externalId": [json.dumps(workspace.meeting["externalId"])],
        "first": ["0", "1", "3"],
        "version": ["1", "2"],
        "hasActiveVariant": ["true"],
    }
    query = data.draw(documents(schema._schema, arguments=arguments, depth=6))
    body = json.dumps({"query": query, "variables": data.draw(variables)}).encode()
    fast, slow = ([server.api.http.post_json("/graphql", body).content for _ in range(3)] for server in servers)
    assert fast == slow


GIVEN: dict[str, tuple[list[Any], list[Any]]] = {
    "text": (["So.", " é ", "a\x1fb"], [None, "", " ", "\x00", "\ud800", 1, "a" * 20_001]),
    "startTime": ([0.0, 1, 1.5], [None, -0.0, -1, 3, 2**53 + 1, 10**400, math.nan, True, "1", []]),
    "endTime": ([2, 2.5], [None, math.inf, 10**9, False]),
    "speaker": (["Ann", "", None], [" ", "\x1f", "a" * 201, 1.5]),
    "isFinal": ([True, False, None], [1, "true"]),
    "confidence": ([0.5, 1, None], [1.5, -1, math.nan, True]),
    "segmentId": ([1, 2, None], [-1, 2**31, 1.0, 1.5, True]),
    "externalId": (["a", "b", None], ["", 7]),
    "words": ([None, []], [[{"text": "So", "startTime": 1, "endTime": 2}], [{"text": ""}], {}]),
    "unknown": ([], [1]),
}
"""Usual and other values of the fields of a segment."""
UPSERT = """{ upsertSegments(meetingId: $id, segments: %s) {
    __typename
    ... on UpsertedSegments { created updated meeting { segments { nodes {
        segmentId externalId text speaker startTime endTime isFinal confidence words { text startTime }
    } } } }
    ... on InvalidInput { message fields { path message } }
} }"""


@st.composite
def given_segments(draw: st.DrawFn) -> list[Any]:
    """Draws segments that mostly give the same fields, up to two values of which are unusual."""
    names = ["text", "startTime", "endTime", *draw(st.sets(st.sampled_from([*GIVEN][3:-1]), max_size=3))]
    segments: list[Any] = [
        {name: draw(st.sampled_from(GIVEN[name][0])) for name in names} for _ in range(draw(st.integers(1, 4)))
    ]
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from([*GIVEN]))
        changed = draw(st.sampled_from(segments))
        changed[name] = draw(st.sampled_from(GIVEN[name][1]))
        if draw(st.integers(0, 4)) == 0:
            del changed[name]
    return [None, *segments] if draw(st.integers(0, 20)) == 0 else segments


def as_literal(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {as_literal(each)}' for name, each in value.items())}}}"
    return f"[{', '.join(map(as_literal, value))}]" if isinstance(value, list) else json.dumps(value)


@settings(max_examples=150)
@given(segments=given_segments(), is_literal=st.booleans())
def test_the_answer_to_any_segments_is_the_same(
    segments: list[Any], is_literal: bool, servers: tuple[RunningServer, RunningServer]
) -> None:
    """Checks what is stored, and every error: of types, of rules, and of both in turn."""
    declared = "$id: ID!" if is_literal else "$id: ID!, $segments: [SegmentInput!]!"
    query = f"mutation ({declared}) {UPSERT % (as_literal(segments) if is_literal else '$segments')}"
    answers = []
    for server in servers:
        variables = {"id": server.api.meeting()["id"]} | ({} if is_literal else {"segments": segments})
        for _ in range(2):  # the second time, there is a plan
            body = json.dumps({"query": query, "variables": variables}).encode()
            answers.append(server.api.http.post_json("/graphql", body).content)
    assert answers[:2] == answers[2:]
    assert b"Cannot query field" not in answers[0]


@pytest.mark.parametrize("name", ["SegmentUpdates", "MeetingUpdates", "ResolvedConfigUpdates"])
def test_the_events_are_the_same(
    name: str, servers: tuple[RunningServer, RunningServer], workspace: SizedWorkspace
) -> None:
    ids = (
        {"agentId": workspace.agent["id"]}
        if name == "ResolvedConfigUpdates"
        else {"meetingId": workspace.meeting["id"]}
    )
    payloads = []
    before = execution_counts.completed, execution_counts.fell_back
    for server in servers:
        with event_stream(server.url, operation(name), **ids) as stream:
            payloads.append(stream.payload())
    assert payloads[0] == payloads[1]
    assert payloads[0]["data"]
    assert (execution_counts.completed - before[0], execution_counts.fell_back - before[1]) == (1, 0)


@pytest.mark.parametrize(
    "broken",
    [
        'segments(after: "no cursor") { nodes { id } }',  # not null, so that it takes the meeting with it
        'agent { slug variant(slug: "No slug") { id } }',
    ],
)
def test_an_error_is_the_same(
    broken: str, servers: tuple[RunningServer, RunningServer], workspace: SizedWorkspace
) -> None:
    """Checks the code of an error, and the data beside it."""
    query = f"query ($id: ID!) {{ meeting(id: $id) {{ title {broken} }} }}"
    before = execution_counts.fell_back
    answers = [server.api.post(query, {"id": workspace.meeting["id"]}) for server in servers]
    assert answers[0] == answers[1]
    (error,) = answers[0]["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert execution_counts.fell_back == before + 1
