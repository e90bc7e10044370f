"""Nothing a client can send breaks anything: each argument and input field with each bad value of its type.

The matrix is made from the schema. Each operation of `graphql/operations/` has a valid base call here; one leaf of its
variables after the other is replaced by bad values. All must be *refused*: by `InvalidInput` whose path is the leaf's, or
by an entry of `errors` with the code `BAD_USER_INPUT` that names it, and with nothing changed. What is answered in another
way stands in `EXCEPTIONS`.
"""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
from graphql import (
    GraphQLNonNull,
    GraphQLObjectType,
)

from tests.harness.bad_values import HUGE, SCHEMA, VALUE_PATHS, ValuePath, bad_values, kind, uses
from tests.harness.base_calls import BASE_CALLS, DEFINITIONS, DOCUMENTS
from tests.harness.databases import TestPostgres
from tests.harness.sample_entities import SampleEntities
from tests.harness.servers import Api, running_server, segment
from tests.harness.suggested_variables import MUTATIONS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def api(postgres: TestPostgres) -> Iterator[Api]:
    """A client of a server of its own: the many agents of these tests are too many for those that ask for all agents."""
    with postgres.database() as url, running_server(url) as server:
        yield server.api


EXCEPTIONS = {
    ("*.description", "empty"): "accepted",
    ("*.systemPrompt", "empty"): "accepted",
    ("*.userPromptTemplate", "empty"): "accepted",
    ("*.reason", "empty"): "accepted",
    ("*.speaker", "empty"): "accepted",  # not known who
    ("*.fileName", "empty"): "accepted",
    ("ImportTranscript.input.offset", "negative"): "accepted",
    ("*.label", "empty"): "accepted",
    ("UpsertSegments.segments", "empty list"): "accepted",  # the call deletes something
    ("UpsertSegments.deleteSegmentIds", "empty list"): "accepted",
    ("*.words", "empty list"): "accepted",
    ("*.expectedVersion", "negative"): "Conflict",  # not the present one, as any other
    ("Nodes.ids", "empty list"): "accepted",
    ("ResolvedConfigs.agentSlugs", "empty list"): "accepted",
    ("ApplyAgents.agents.0.variants", "empty list"): "accepted",
    ("CreateApiKey.input.meetingIds", "empty list"): "accepted",
}
NO_NULL = (
    "ConfigDiff.?.*",
    "RevisionDiff.?.*",
    "ResolvedDiff.?.*",
    "UpdateAgent.input.*",
    "UpdateVariant.input.name",
    "UpdateVariant.input.slug",
    "UpdateVariant.input.description",
    "UpdateVariant.input.overrides",
    "UpdateMeeting.input.title",
    "UpdateMeeting.input.metadata",
    "UpdateMeeting.input.state",
    "UpdateWebhook.input.name",
    "UpdateWebhook.input.url",
    "UpdateWebhook.input.events",
    "UpdateWebhook.input.isEnabled",
)
"""Places where null is refused though the GraphQL type allows it: an update tells it apart from a field left out."""


def expected(value_path: ValuePath, label: str) -> str:
    """Returns the outcome that the call must have: as a rule, it is refused."""
    if label == "null":
        required = isinstance(value_path.type, GraphQLNonNull) or any(
            fnmatchcase(value_path.name, at) for at in NO_NULL
        )
        return "refused" if required else "accepted"
    if label in ("unknown", "of another kind", "of another agent") and kind(value_path) == "ID":
        if value_path.operation not in MUTATIONS:
            return "accepted"  # null or an empty list: what is not there
        names = ("Meeting.input.agentId", "CreateApiKey.input.meetingIds.0", "ImportTranscript.input.into")
        return "refused" if value_path.name.endswith(names) else "NotFound"
    outcomes = [
        outcome for (at, what), outcome in EXCEPTIONS.items() if what == label and fnmatchcase(value_path.name, at)
    ]
    return outcomes[0] if outcomes else "refused"


def ask(api: Api, value_path: ValuePath, variables: dict[str, Any]) -> str:
    """Makes the call and returns its outcome: refused, accepted, or another."""
    body = {"query": DOCUMENTS[value_path.operation], "variables": variables, "operationName": value_path.operation}
    content = json.dumps(body).replace(f'"{HUGE}"', "1e400")
    response = api.http.post_json("/graphql", content.encode())
    if response.status != 200:
        return f"HTTP {response.status}"
    answer = json.loads(response.content)
    problems = [problem for error in answer.get("errors", ()) if (problem := misnamed(error, value_path))]
    if problems:
        return problems[0]
    if "errors" in answer:
        return "refused"
    (value,) = answer["data"].values()
    if value_path.operation not in MUTATIONS or "code" not in value:
        return "accepted"
    if value["__typename"] == "InvalidInput":
        paths = {field["path"] for field in value["fields"]}
        return "refused" if paths == {in_domain(value_path)} else f"InvalidInput of {paths}"
    return str(value["__typename"])


def in_domain(value_path: ValuePath) -> str:
    return ".".join([value_path.argument, *map(str, value_path.path[1:])])


def misnamed(error: Any, value_path: ValuePath) -> str | None:
    """Returns what is wrong with an entry of `errors`, or None."""
    if error["extensions"]["code"] != "BAD_USER_INPUT":
        return str(error["extensions"]["code"])
    if "fields" in error["extensions"]:
        paths = {field["path"] for field in error["extensions"]["fields"]}
        at = in_domain(value_path)
        within = value_path.operation == "RenderPrompt"  # which has names of the caller's own
        named = all(path == at or (within and path.startswith(f"{at}.")) for path in paths)
        return None if named else f"BAD_USER_INPUT of {paths}"
    variable, *rest = value_path.path
    nested = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in rest)
    if f"'${variable}'" in error["message"] and nested in error["message"]:
        return None
    return f"BAD_USER_INPUT that does not name it: {error['message'][:200]}"


@pytest.mark.parametrize("name", VALUE_PATHS)
def test_each_bad_value_is_refused_by_name_and_changes_nothing(api: Api, name: str) -> None:
    entities = SampleEntities.create(api)
    before = entities.state()
    wrong: list[str] = []

    def check(value_path: ValuePath, label: str) -> None:
        nonlocal entities, before
        variables = BASE_CALLS[name](entities)
        value = bad_values(value_path, entities, variables)[label]
        outcome = ask(api, value_path, value_path.replaced(variables, value))
        if outcome != expected(value_path, label):
            wrong.append(f"{value_path.name}, {label}: {outcome}")
        if outcome == "accepted" and name in MUTATIONS:
            if not name.startswith(("Create", "Clone", "Import")):  # what these make, the next call does not meet
                entities = SampleEntities.create(api)
            before = entities.state()

    for value_path in VALUE_PATHS[name]:
        labels = bad_values(value_path, entities, BASE_CALLS[name](entities))
        accepted = [label for label in labels if expected(value_path, label) == "accepted"]
        for label in labels:
            if label not in accepted:
                check(value_path, label)
        if entities.state() != before:
            wrong.append(f"{value_path.name}: something changed")
        for label in accepted:
            check(value_path, label)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", VALUE_PATHS)
def test_the_base_calls_go_through(api: Api, name: str) -> None:
    """Checks that the base calls succeed, so that a refusal is due to the one value that differs."""
    result = api.post(DOCUMENTS[name], BASE_CALLS[name](SampleEntities.create(api)), name)
    assert "errors" not in result
    (value,) = result["data"].values()
    assert value not in (None, [], {"nodes": []})
    assert name not in MUTATIONS or "code" not in value, value


def test_all_arguments_and_input_fields_are_in_the_matrix() -> None:
    taken = {use[:3] for definition in DEFINITIONS.values() for use in uses(definition)}
    types = [type_ for type_ in SCHEMA.type_map.values() if isinstance(type_, GraphQLObjectType)]
    arguments = {
        (type_.name, name, argument)
        for type_ in types
        if not type_.name.startswith("__") and type_ is not SCHEMA.subscription_type
        for name, field in type_.fields.items()
        for argument in field.args
    }
    assert arguments - taken == set()


def test_all_exceptions_are_needed() -> None:
    names = [value_path.name for found in VALUE_PATHS.values() for value_path in found]
    for at in (*NO_NULL, *(at for at, _ in EXCEPTIONS)):
        assert any(fnmatchcase(name, at) for name in names), at


# Values that are bad only together with others

TOGETHER = {
    "one number twice": ([segment(7), segment(8), segment(7)], ["segments.2.segmentId"]),
    "end before start": ([segment(7), segment(8, startTime=2.0, endTime=1.75)], ["segments.1.endTime"]),
    "all at once": (
        [segment(7, text=" "), segment(8, startTime=-1.0), segment(9, segmentId=-1), segment(7, speaker="\0")],
        [
            "segments.0.text",
            "segments.1.startTime",
            "segments.2.segmentId",
            "segments.3.segmentId",
            "segments.3.speaker",
        ],
    ),
}


@pytest.mark.parametrize("what", TOGETHER)
def test_segments_are_written_all_or_none(api: Api, what: str) -> None:
    entities = SampleEntities.create(api)
    before = entities.state()
    segments, paths = TOGETHER[what]
    refused = api.run("UpsertSegments", meetingId=entities.meeting, segments=segments)
    assert refused["__typename"] == "InvalidInput", refused
    assert sorted(field["path"] for field in refused["fields"]) == paths
    assert entities.state() == before


def test_where_no_number_is_left_a_segment_needs_one(api: Api) -> None:
    entities = SampleEntities.create(api)
    last = segment(1, segmentId=2**31 - 1)
    assert api.run("UpsertSegments", meetingId=entities.meeting, segments=[last])["created"] == 1
    before = entities.state()
    unnumbered = segment(1, segmentId=None)
    refused = api.run("UpsertSegments", meetingId=entities.meeting, segments=[segment(9), unnumbered])
    assert [field["path"] for field in refused["fields"]] == ["segments"]
    assert entities.state() == before


def test_a_thousand_segments_are_not_too_many(api: Api) -> None:
    entities = SampleEntities.create(api)
    thousand = [segment(number) for number in range(1_000)]
    assert api.run("UpsertSegments", meetingId=entities.other_meeting, segments=thousand)["created"] == 997
    assert (
        api.run("DeleteSegments", meetingId=entities.other_meeting, segmentIds=list(range(1_000)))["deleted"] == 1_000
    )


def test_metadata_that_was_read_can_be_written(api: Api) -> None:
    for number in (2**53 - 1, 0.1, 1e15, 1e16, 1e19, 1e22, 1e308, 5e-324):
        created = api.run("CreateMeeting", input={"title": "Number", "metadata": {"number": number}})
        if "code" in created:
            continue  # refused at once, which is as good
        written = api.run("UpdateMeeting", id=created["id"], input={"metadata": created["metadata"]})
        assert "code" not in written, (number, written)
