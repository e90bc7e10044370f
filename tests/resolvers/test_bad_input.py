"""Nothing a client can send breaks anything: each argument and input field with each bad value of its type.

The matrix is made from the schema. Each operation of `graphql/operations/` has a valid base call here; one leaf of its
variables after the other is replaced by bad values. All must be *refused*: by `InvalidInput` whose path is the leaf's, or
by an entry of `errors` with the code `BAD_USER_INPUT` that names it, and with nothing changed. What is answered in another
way stands in `EXCEPTIONS`.
"""

import json
import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from uuid import uuid4

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_input_type,
    parse,
    type_from_ast,
    visit,
)

from schema.schema import schema
from server.wire.graphql_files import OPERATIONS, operation
from tests.harness.servers import Api, segment

SCHEMA = schema._schema
Path = tuple[str | int, ...]
UNKNOWN = "01900000-0000-7000-8000-00000000dead"
JSON = {"content-type": "application/json"}
HUGE = "@1e400@"
"""Stands for the number 1e400, which Python cannot write."""

CONFIG_DIFF = "query {}($a: ConfigRef!, $b: ConfigRef!) {{ configDiff(a: $a, b: $b) {{ fields {{ field a b }} }} }}"
EXTRA = {
    "MeetingCountOf": "query MeetingCountOf($state: MeetingState) { meetingCount(state: $state) }",
    "RevisionDiff": CONFIG_DIFF.format("RevisionDiff"),
    "ResolvedDiff": CONFIG_DIFF.format("ResolvedDiff"),
}
"""Documents for the arguments that no operation takes as a variable, and for other members of a `@oneOf` input."""
DOCUMENTS = {path.stem: operation(path.stem) for path in sorted(OPERATIONS.glob("*.graphql"))} | EXTRA
MEMBERS = {
    ("ConfigDiff", "a"): "base",
    ("ConfigDiff", "b"): "variant",
    ("RevisionDiff", "a"): "baseRevision",
    ("RevisionDiff", "b"): "variantRevision",
    ("ResolvedDiff", "a"): "resolved",
    ("ResolvedDiff", "b"): "base",
}
"""Which member of a `@oneOf` input the base call gives."""


def definition_of(document: DocumentNode) -> OperationDefinitionNode:
    (definition,) = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return definition


DEFINITIONS = {
    name: definition
    for name, text in DOCUMENTS.items()
    if (definition := definition_of(parse(text))).operation is not OperationType.SUBSCRIPTION
}
MUTATIONS = {name for name, definition in DEFINITIONS.items() if definition.operation is OperationType.MUTATION}


# What the calls are about


@dataclass
class World:
    """Entities to call on, made anew whenever a call has changed them."""

    api: Api
    agent: str
    other_agent: str
    variant: str
    active: str
    foreign_variant: str
    meeting: str
    other_meeting: str
    key: str
    agent_slug: str
    cursors: dict[str, str]

    @classmethod
    def made(cls, api: Api) -> "World":
        agent, other = api.agent(), api.agent()
        variant, active, foreign = api.variant(agent), api.variant(agent), api.variant(other)
        api.run("ActivateVariant", id=active["id"])
        meeting, other_meeting = (
            api.meeting(agentId=agent["id"], metadata={"a": 1}, segments=3),
            api.meeting(segments=3),
        )
        ids = {"agent": agent["id"], "meeting": meeting["id"], "other": other_meeting["id"]}
        found = api.post(CURSORS, ids)["data"]
        return cls(
            api=api,
            agent=agent["id"],
            other_agent=other["id"],
            variant=variant["id"],
            active=active["id"],
            foreign_variant=foreign["id"],
            meeting=meeting["id"],
            other_meeting=other_meeting["id"],
            key=api.run("CreateApiKey", input={"name": uuid4().hex, "scopes": ["READ"]})["apiKey"]["id"],
            agent_slug=agent["slug"],
            cursors={
                "agents": found["agents"]["pageInfo"]["startCursor"],
                "agents by name": found["agentsByName"]["pageInfo"]["startCursor"],
                "meetings": found["meetings"]["pageInfo"]["startCursor"],
                "meetings by update": found["meetingsByUpdate"]["pageInfo"]["startCursor"],
                "segments": found["meeting"]["segments"]["pageInfo"]["startCursor"],
                "another meeting's": found["other"]["segments"]["pageInfo"]["startCursor"],
                "updates": found["meeting"]["updatesCursor"],
                "history": found["agent"]["history"]["pageInfo"]["startCursor"],
                "search": found["search"]["pageInfo"]["startCursor"],
                "keys": found["apiKeys"]["pageInfo"]["startCursor"],
            },
        )

    def history(self) -> dict[str, Any]:
        return {**page(self.cursors["history"]), "kind": "CREATED"}

    def state(self) -> Any:
        """All that a call could change by half."""
        ids = {
            "agent": self.agent,
            "other": self.other_agent,
            "meeting": self.meeting,
            "otherMeeting": self.other_meeting,
        }
        return self.api.post(STATE, ids)["data"]


PAGE = "pageInfo { startCursor }"
CURSORS = f"""
query Cursors($agent: ID!, $meeting: ID!, $other: ID!) {{
  agent(id: $agent) {{ history(first: 1) {{ {PAGE} }} }}
  agents(first: 1) {{ {PAGE} }}
  agentsByName: agents(first: 1, orderBy: {{field: NAME}}) {{ {PAGE} }}
  apiKeys(first: 1) {{ {PAGE} }}
  meetings(first: 1) {{ {PAGE} }}
  meetingsByUpdate: meetings(first: 1, orderBy: {{field: UPDATED_AT}}) {{ {PAGE} }}
  meeting(id: $meeting) {{ updatesCursor segments(first: 1) {{ {PAGE} }} }}
  other: meeting(id: $other) {{ segments(first: 1) {{ {PAGE} }} }}
  search: searchSegments(query: "text", meetingId: $meeting, first: 1) {{ {PAGE} }}
}}
"""
STATE = """
query State($agent: ID!, $other: ID!, $meeting: ID!, $otherMeeting: ID!) {
  agents { totalCount }
  meetings { totalCount }
  apiKeys { totalCount nodes { id revokedAt } }
  agent(id: $agent) { ...agent }
  other: agent(id: $other) { ...agent }
  meeting(id: $meeting) { ...meeting }
  otherMeeting: meeting(id: $otherMeeting) { ...meeting }
}
fragment agent on Agent { slug name version updatedAt activeVariant { id } variants { id slug version updatedAt } }
fragment meeting on Meeting {
  title state version updatedAt updatesCursor agent { id } segments { nodes { segmentId text version updatedAt } }
}
"""


# The valid calls


def named() -> dict[str, Any]:
    return {"name": "Name", "slug": f"slug-{uuid4().hex}", "description": "Description"}


CONFIG = {
    "modelProvider": "openai",
    "modelName": "gpt",
    "systemPrompt": "Listen.",
    "userPromptTemplate": "{{text}}",
    "promptVersion": "2",
    "temperature": 1.0,
    "maxTokens": 1,
    "contextWindow": 1,
    "inputTokenLimit": 1,
    "tokenBudget": 1,
    "timeoutSeconds": 1,
    "maxRetries": 1,
}
AGENT_FILTER = {"text": "a", "modelProvider": "openai", "modelName": "gpt", "hasActiveVariant": True}

BY_AGE = {"field": "CREATED_AT", "direction": "DESC"}


def meeting_filter(world: World) -> dict[str, Any]:
    moments = {"createdAfter": "2026-01-31T12:00:00Z", "createdBefore": "2999-01-31T12:00:00Z"}
    return {"text": "meet", "state": "CREATED", "agentId": world.agent, "metadata": {"a": 1}, **moments}


def page(cursor: str) -> dict[str, Any]:
    return {"first": 5, "last": None, "after": cursor, "before": None}


BASE_CALLS: dict[str, Callable[[World], dict[str, Any]]] = {
    "ActivateVariant": lambda world: {"id": world.variant, "expectedVersion": 1, "reason": "Better"},
    "Agent": lambda world: {"id": world.agent},
    "AgentBySlug": lambda world: {"slug": world.agent_slug, "variant": "variant"},
    "Agents": lambda world: {**page(world.cursors["agents"]), "filter": AGENT_FILTER, "orderBy": BY_AGE},
    "AgentHistory": lambda world: {"id": world.agent, "variantId": world.variant, **world.history()},
    "AgentRevision": lambda world: {"id": world.agent, "version": 1},
    "AgentManifests": lambda world: {"first": 5, "after": world.cursors["agents"]},
    "ApiKeys": lambda world: page(world.cursors["keys"]),
    "ApplyAgents": lambda world: {
        "agents": [
            {
                "config": CONFIG,
                "variants": [{"overrides": dict(CONFIG), **named(), "slug": "variant"}],
                "activeVariant": None,
                **named(),
            }
        ],
        "prune": False,
        "dryRun": False,
        "expectedState": None,
        "reason": "Better",
    },
    "CloneVariant": lambda world: {
        "reason": "Better",
        "agentId": world.agent,
        "input": {"sourceVariantId": world.variant, "overrides": CONFIG, "activate": True, **named()},
    },
    "ConfigDiff": lambda world: {"a": {"base": world.agent}, "b": {"variant": world.variant}},
    "CreateAgent": lambda world: {"reason": "Better", "input": {"config": CONFIG, **named()}},
    "CreateApiKey": lambda world: {
        "input": {
            "name": uuid4().hex,
            "scopes": ["READ", "INGEST"],
            "expiresAt": "2999-01-31T12:00:00Z",
            "meetingIds": [world.meeting],
        }
    },
    "CreateMeeting": lambda world: {
        "reason": "Better",
        "input": {"title": "Title", "agentId": world.agent, "metadata": {"a": 1}},
    },
    "CreateVariant": lambda world: {
        "reason": "Better",
        "agentId": world.agent,
        "input": {"overrides": CONFIG, **named()},
    },
    "DeactivateVariant": lambda world: {"agentId": world.agent, "reason": "Worse"},
    "DeleteAgent": lambda world: {"reason": "Better", "id": world.agent, "expectedVersion": 2},
    "DeleteMeeting": lambda world: {"reason": "Better", "id": world.meeting, "expectedVersion": 1},
    "DeleteSegments": lambda world: {"meetingId": world.meeting, "segmentIds": [1]},
    "DeleteVariant": lambda world: {"reason": "Better", "id": world.variant, "expectedVersion": 1},
    "HistoryOfAgent": lambda world: {"agentId": world.agent, "variantId": world.variant, **world.history()},
    "HistoryOfMeeting": lambda world: {"meetingId": world.meeting, **world.history()},
    "Meeting": lambda world: {"id": world.meeting},
    "MeetingCount": lambda world: {},
    "MeetingCountOf": lambda world: {"state": "CREATED"},
    "MeetingHistory": lambda world: {"id": world.meeting, **world.history()},
    "Meetings": lambda world: {
        **page(world.cursors["meetings"]),
        "filter": meeting_filter(world),
        "orderBy": BY_AGE,
        "segments": 1,
    },
    "Node": lambda world: {"id": world.agent},
    "Nodes": lambda world: {"ids": [world.agent, world.meeting]},
    "RenderPrompt": lambda world: {"agentId": world.agent, "variables": {}},
    "ResolvedConfig": lambda world: {"slug": world.agent_slug},
    "ResolvedDiff": lambda world: {"a": {"resolved": world.agent}, "b": {"base": world.agent}},
    "RevertAgent": lambda world: {"id": world.agent, "toVersion": 1, "expectedVersion": 2, "reason": "Better"},
    "RevertVariant": lambda world: {"id": world.variant, "toVersion": 1, "expectedVersion": 1, "reason": "Better"},
    "RevisionDiff": lambda world: {
        "a": {"baseRevision": {"agentId": world.agent, "version": 1}},
        "b": {"variantRevision": {"variantId": world.variant, "version": 1}},
    },
    "RevokeApiKey": lambda world: {"id": world.key},
    "RollbackActivation": lambda world: {"agentId": world.agent, "expectedVersion": 2, "reason": "Better"},
    "SearchSegments": lambda world: {
        "query": "text",
        "meetingId": world.meeting,
        "speaker": "Speaker 0",
        "fromTime": 0.0,
        "toTime": 60.0,
        "createdAfter": "2026-01-31T12:00:00Z",
        "createdBefore": "2999-01-31T12:00:00Z",
        "first": 5,
        "after": world.cursors["search"],
    },
    "Transcript": lambda world: {"id": world.meeting, "speaker": "Ada", **page(world.cursors["segments"])},
    "TranscriptFile": lambda world: {"id": world.meeting, "format": "VTT"},
    "UpdateAgent": lambda world: {
        "reason": "Better",
        "id": world.agent,
        "expectedVersion": 2,
        "input": {"config": CONFIG, **named()},
    },
    "UpdateMeeting": lambda world: {
        "reason": "Better",
        "id": world.meeting,
        "expectedVersion": 1,
        "input": {"title": "New", "agentId": world.other_agent, "metadata": {"a": 2}, "state": "RECORDING"},
    },
    "UpdateVariant": lambda world: {
        "reason": "Better",
        "id": world.variant,
        "expectedVersion": 1,
        "input": {"overrides": CONFIG, **named()},
    },
    "UpsertSegments": lambda world: {
        "meetingId": world.meeting,
        "segments": [segment(2, text="Revised", isFinal=False, confidence=0.5), segment(7)],
    },
    "Variant": lambda world: {"id": world.variant},
    "Viewer": lambda world: {},
    "VariantHistory": lambda world: {"id": world.variant, **world.history()},
    "VariantRevision": lambda world: {"id": world.variant, "version": 1},
}


# Where bad values go


@dataclass(frozen=True)
class Position:
    """A place in the variables of an operation."""

    operation: str
    path: Path
    type: GraphQLInputType
    argument: str
    """Where the variable is used, which is what the domain calls it."""

    @property
    def name(self) -> str:
        return ".".join([self.operation, *map(str, self.path)])

    def value_in(self, variables: dict[str, Any]) -> Any:
        at: Any = variables
        for step in self.path:
            at = at[step]
        return at

    def replaced(self, variables: dict[str, Any], value: Any) -> dict[str, Any]:
        self.value_in(variables)  # which must have something there
        changed = deepcopy(variables)
        at: Any = changed
        for step in self.path[:-1]:
            at = at[step]
        at[self.path[-1]] = value
        if self.path == ("last",):
            changed["first"] = None  # who gives both is told so instead
        return changed


def positions(name: str) -> Iterator[Position]:
    definition = DEFINITIONS[name]
    arguments = {variable: argument for _, _, argument, variable in uses(definition)}
    for variable in definition.variable_definitions or ():
        type_ = type_from_ast(SCHEMA, variable.type)
        assert type_ is not None
        assert is_input_type(type_)
        variable_name = variable.variable.name.value
        for path, inner in places((variable_name,), type_, MEMBERS.get((name, variable_name))):
            yield Position(name, path, inner, arguments[variable_name])


def places(path: Path, type_: GraphQLInputType, member: str | None = None) -> Iterator[tuple[Path, GraphQLInputType]]:
    yield path, type_
    match get_nullable_type(type_):
        case GraphQLList() as many:
            yield from places((*path, 0), many.of_type)
        case GraphQLInputObjectType() as input:
            for name, field in input.fields.items():
                if not input.is_one_of or name == member:
                    yield from places((*path, name), field.type)


def uses(definition: OperationDefinitionNode) -> list[tuple[str, str, str, str]]:
    """Each use of a variable as the value of an argument: type, field, argument, variable."""
    info = TypeInfo(SCHEMA)
    found: list[tuple[str, str, str, str]] = []

    class Uses(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            parent = info.get_parent_type()
            assert parent is not None
            found.extend(
                (parent.name, node.name.value, argument.name.value, argument.value.name.value)
                for argument in node.arguments or ()
                if isinstance(argument.value, VariableNode)
            )

    visit(definition, TypeInfoVisitor(info, Uses()))
    return found


# What is bad

NO_TEXT = {"number": 5, "float": 1.5, "boolean": True, "list": [1]}
BAD_TEXT = {"empty": "", "white space": " \t\n\u3000", "NUL": "a\0b", "surrogate": "a\ud800", "1 MB": "x" * 10**6}
NO_NUMBER = {"text": "1", "empty": "", "boolean": True, "list": [1], "object": {}, "NaN": math.nan, "1e400": HUGE}
NO_NUMBER |= {"infinity": math.inf, "minus infinity": -math.inf, "-10^400": -(10**400)}
WRONG_TEXT = BAD_TEXT | NO_TEXT | {"object": {}}
BAD_VALUES: dict[str, dict[str, Any]] = {
    "String": WRONG_TEXT,
    "ID": WRONG_TEXT | {"malformed": "x", "no hyphens": UNKNOWN.replace("-", ""), "unknown": UNKNOWN},
    "Int": NO_NUMBER | {"negative": -1, "2^31": 2**31, "-2^31 - 1": -(2**31) - 1, "2^64": 2**64, "half": 1.5},
    "Float": NO_NUMBER | {"negative": -1.0, "2^31": 2**31, "1e308": 1e308},
    "Boolean": {"text": "true", "empty": "", "number": 1, "float": 0.0, "list": [True], "object": {}},
    "DateTime": WRONG_TEXT | {"month 13": "2026-13-01T00:00:00Z", "year 0": "0001-01-01T00:00:00+14:00"},
    "JSON": BAD_TEXT
    | NO_TEXT
    | {
        "NUL within": {"a": {"b": [{"c": "\0"}]}},
        "NUL in a key": {"a\0b": 1},
        "surrogate within": {"a": ["\ud800"]},
        "surrogate in a key": {"\ud800": 1},
        "NaN within": {"a": math.nan},
        "1e400 within": {"a": HUGE},
        "17 deep": json.loads('{"a":' * 17 + "1" + "}" * 17),
        "500 deep": json.loads('{"a":' * 500 + "1" + "}" * 500),
        "too many values": {"a": [1] * 1_000},
        "long text": {"a": "x" * 10_001},
    },
    "enum": WRONG_TEXT | {"unknown": "UNKNOWN", "other case": "created"},
    "cursor": WRONG_TEXT | {"malformed": "x", "no JSON": "YWJj", "not ASCII": "é", "no list": "e30"},
    "input object": {"text": "x", "number": 5, "list": [1], "unknown field": {"nothing": 1}},
    "list": {"number": 1.5, "object": {"a": 1}, "null within": [None], "lists within": [[]], "empty list": []},
}


def bad_values(position: Position, world: World, variables: dict[str, Any]) -> dict[str, Any]:
    """What must be refused at the position, by what is wrong with it."""
    values = {"null": None, **BAD_VALUES[kind(position)]}
    match kind(position):
        case "cursor":
            lists = {
                "ApiKeys": "keys",
                "Agents": "agents",
                "AgentManifests": "agents",
                "Meetings": "meetings",
                "SearchSegments": "search",
                "Transcript": "segments",
            }
            own = lists.get(position.operation, "history")
            values |= {f"of {name}": cursor for name, cursor in world.cursors.items() if name != own}
        case "ID" if position.operation not in ("Node", "Nodes"):
            values["of another kind"] = world.meeting if position.value_in(variables) != world.meeting else world.agent
            if position.path[-1] == "sourceVariantId":
                values["of another agent"] = world.foreign_variant
        case "list":
            values["too many"] = [position.value_in(variables)[0]] * 1_001
    return values


def kind(position: Position) -> str:
    type_ = get_nullable_type(position.type)
    if isinstance(type_, GraphQLList):
        return "list"
    if isinstance(type_, GraphQLInputObjectType):
        return "input object"
    if isinstance(type_, GraphQLEnumType):
        return "enum"
    return "cursor" if position.path[-1] in ("after", "before") else get_named_type(type_).name


# What is answered otherwise

EXCEPTIONS = {
    ("*.description", "empty"): "accepted",
    ("*.systemPrompt", "empty"): "accepted",
    ("*.userPromptTemplate", "empty"): "accepted",
    ("*.reason", "empty"): "accepted",
    ("*.speaker", "empty"): "accepted",  # not known who
    ("*.expectedVersion", "negative"): "Conflict",  # not the present one, as any other
    ("Nodes.ids", "empty list"): "accepted",
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
)
"""Where null is refused though GraphQL's type allows it: an update tells it apart from leaving out."""


def expected(position: Position, label: str) -> str:
    """What must become of the call: as a rule, it is refused."""
    if label == "null":
        required = isinstance(position.type, GraphQLNonNull) or any(fnmatchcase(position.name, at) for at in NO_NULL)
        return "refused" if required else "accepted"
    if label in ("unknown", "of another kind", "of another agent") and kind(position) == "ID":
        if position.operation not in MUTATIONS:
            return "accepted"  # null or an empty list: what is not there
        names = ("Meeting.input.agentId", "CreateApiKey.input.meetingIds.0")
        return "refused" if position.name.endswith(names) else "NotFound"
    outcomes = [
        outcome for (at, what), outcome in EXCEPTIONS.items() if what == label and fnmatchcase(position.name, at)
    ]
    return outcomes[0] if outcomes else "refused"


def ask(api: Api, position: Position, variables: dict[str, Any]) -> str:
    """What becomes of the call: refused, accepted, or something else."""
    body = {"query": DOCUMENTS[position.operation], "variables": variables, "operationName": position.operation}
    content = json.dumps(body).replace(f'"{HUGE}"', "1e400")
    response = api.http.post("/graphql", content=content, headers=JSON)
    if response.status_code != 200:
        return f"HTTP {response.status_code}"
    answer = response.json()
    problems = [problem for error in answer.get("errors", ()) if (problem := misnamed(error, position))]
    if problems:
        return problems[0]
    if "errors" in answer:
        return "refused"
    (value,) = answer["data"].values()
    if position.operation not in MUTATIONS or "__typename" not in value:
        return "accepted"
    if value["__typename"] == "InvalidInput":
        paths = {field["path"] for field in value["fields"]}
        return "refused" if paths == {in_domain(position)} else f"InvalidInput of {paths}"
    return str(value["__typename"])


def in_domain(position: Position) -> str:
    return ".".join([position.argument, *map(str, position.path[1:])])


def misnamed(error: Any, position: Position) -> str | None:
    """What is wrong with an entry of `errors`, if anything."""
    if error["extensions"]["code"] != "BAD_USER_INPUT":
        return str(error["extensions"]["code"])
    if "fields" in error["extensions"]:
        paths = {field["path"] for field in error["extensions"]["fields"]}
        at = in_domain(position)
        within = position.operation == "RenderPrompt"  # which has names of the caller's own
        named = all(path == at or (within and path.startswith(f"{at}.")) for path in paths)
        return None if named else f"BAD_USER_INPUT of {paths}"
    variable, *rest = position.path
    nested = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in rest)
    if f"'${variable}'" in error["message"] and nested in error["message"]:
        return None
    return f"BAD_USER_INPUT that does not name it: {error['message'][:200]}"


POSITIONS = {name: found for name in DEFINITIONS if (found := list(positions(name)))}


@pytest.mark.parametrize("name", POSITIONS)
def test_each_bad_value_is_refused_by_name_and_changes_nothing(api: Api, name: str) -> None:
    world = World.made(api)
    before = world.state()
    wrong: list[str] = []

    def check(position: Position, label: str) -> None:
        nonlocal world, before
        variables = BASE_CALLS[name](world)
        value = bad_values(position, world, variables)[label]
        outcome = ask(api, position, position.replaced(variables, value))
        if outcome != expected(position, label):
            wrong.append(f"{position.name}, {label}: {outcome}")
        if outcome == "accepted" and name in MUTATIONS:
            if not name.startswith(("Create", "Clone")):  # what these make, the next call does not meet
                world = World.made(api)
            before = world.state()

    for position in POSITIONS[name]:
        # Those that are accepted come last, so that all before them must have changed nothing.
        labels = bad_values(position, world, BASE_CALLS[name](world))
        for label in sorted(labels, key=lambda label: expected(position, label) == "accepted"):
            if expected(position, label) == "accepted" and world.state() != before:
                wrong.append(f"{position.name}: something changed")
            check(position, label)
        if world.state() != before:
            wrong.append(f"{position.name}: something changed")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", POSITIONS)
def test_the_base_calls_go_through(api: Api, name: str) -> None:
    """Else nothing would be said by the refusal of what differs from them in one place."""
    result = api.post(DOCUMENTS[name], BASE_CALLS[name](World.made(api)), name)
    assert "errors" not in result
    (value,) = result["data"].values()
    assert value not in (None, [], {"nodes": []})
    assert name not in MUTATIONS or "__typename" not in value, value


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
    names = [position.name for found in POSITIONS.values() for position in found]
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
    world = World.made(api)
    before = world.state()
    segments, paths = TOGETHER[what]
    refused = api.run("UpsertSegments", meetingId=world.meeting, segments=segments)
    assert refused["__typename"] == "InvalidInput", refused
    assert sorted(field["path"] for field in refused["fields"]) == paths
    assert world.state() == before


def test_where_no_number_is_left_a_segment_needs_one(api: Api) -> None:
    world = World.made(api)
    last = segment(1, segmentId=2**31 - 1)
    assert api.run("UpsertSegments", meetingId=world.meeting, segments=[last])["created"] == 1
    before = world.state()
    unnumbered = segment(1, segmentId=None)
    refused = api.run("UpsertSegments", meetingId=world.meeting, segments=[segment(9), unnumbered])
    assert [field["path"] for field in refused["fields"]] == ["segments"]
    assert world.state() == before


def test_a_thousand_segments_are_not_too_many(api: Api) -> None:
    world = World.made(api)
    thousand = [segment(number) for number in range(1_000)]
    assert api.run("UpsertSegments", meetingId=world.other_meeting, segments=thousand)["created"] == 997
    assert api.run("DeleteSegments", meetingId=world.other_meeting, segmentIds=list(range(1_000)))["deleted"] == 1_000


def test_metadata_that_was_read_can_be_written(api: Api) -> None:
    for number in (2**53 - 1, 0.1, 1e15, 1e16, 1e19, 1e22, 1e308, 5e-324):
        created = api.run("CreateMeeting", input={"title": "Number", "metadata": {"number": number}})
        if "__typename" in created:
            continue  # refused at once, which is as good
        written = api.run("UpdateMeeting", id=created["id"], input={"metadata": created["metadata"]})
        assert "__typename" not in written, (number, written)


# Values in the document itself take another way than variables

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


@pytest.mark.parametrize("place", PLACES)
def test_a_bad_literal_is_the_clients_error(api: Api, place: str) -> None:
    wrong: list[str] = []
    for literal in LITERALS:
        content = json.dumps({"query": PLACES[place] % literal})
        response = api.http.post("/graphql", content=content, headers=JSON)
        answer = response.json()
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        if response.status_code != 200 or codes - {"BAD_USER_INPUT", "QUERY_TOO_COMPLEX"}:
            wrong.append(f"{literal[:50]} ({len(literal)}): {response.status_code} {codes}")
    assert not wrong, "\n".join(wrong)
