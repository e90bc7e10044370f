"""Every list that a request sizes has a cap: what is over it is refused, by the argument's name, and not cut."""

import json
from typing import Any
from uuid import uuid4

import pytest

from schema.documents.field_rules import field_rules
from schema.schema import schema
from server.wire.graphql_files import OPERATIONS, operation
from tests.harness.servers import Api, segment
from tests.harness.stored_webhooks import WEBHOOK
from tests.harness.websocket_client import websocket

TOUR = json.loads((OPERATIONS.parent.parent / "server/graphiql/tour.json").read_text())
SIZED = {
    f"{type_}.{name}": rule.sized_by
    for type_, rules in field_rules(schema._schema).items()
    for name, rule in rules.items()
    if rule.sized_by
}
ASKED_BY = {
    "Agent.history": "AgentHistory",
    "AgentVariant.history": "VariantHistory",
    "Meeting.history": "MeetingHistory",
    "Meeting.segments": "Transcript",
    "Mutation.applyAgents": "ApplyAgents",
    "Mutation.correctSegments": "CorrectSegments",
    "Mutation.deleteSegments": "DeleteSegments",
    "Mutation.eraseSpeaker": "EraseSpeaker",
    "Mutation.nameSpeakers": "NameSpeakers",
    "Mutation.upsertSegments": "UpsertSegments",
    "Query.agentHistory": "HistoryOfAgent",
    "Query.agents": "Agents",
    "Query.apiKeys": "ApiKeys",
    "Query.webhooks": "Webhooks",
    "Webhook.deliveries": "Webhook",
    "Webhook.history": "WebhookHistory",
    "Query.meetingHistory": "HistoryOfMeeting",
    "Query.meetings": "Meetings",
    "Query.nodes": "Nodes",
    "Query.resolvedConfigs": "ResolvedConfigs",
    "Query.searchSegments": "SearchSegments",
    "Subscription.resolvedConfigsUpdates": "ResolvedConfigsUpdates",
    "Subscription.segmentUpdates": "SegmentUpdates",
}
"""The operations that ask for the fields of SIZED."""


def many(argument: str, number: int) -> Any:
    """So many of what the argument takes."""
    items: dict[str, Any] = {
        "ids": lambda n: str(uuid4()),
        "meetingIds": lambda n: str(uuid4()),
        "segmentIds": lambda n: n,
        "deleteSegmentIds": lambda n: 5_000 + n,
        "corrections": lambda n: {"segmentId": n, "text": "Corrected."},
        "names": lambda n: {"label": f"SPEAKER_{n}", "name": "Ada"},
        "segments": segment,
        "agentSlugs": "agent-{}".format,
        "agents": lambda n: {"slug": f"a-{n}", "name": "A", "config": {"modelProvider": "a", "modelName": "b"}},
    }
    return [items[argument](n) for n in range(1, number + 1)] if argument in items else number


def problems(api: Api, name: str, variables: dict[str, Any]) -> str:
    """Returns the messages about what is wrong; an empty list if nothing is."""
    if name.endswith("Updates"):
        with websocket(api.url) as socket:
            socket.start("1", name, **variables)
            message = socket.receive()
            return str(message["payload"]) if message["type"] == "error" else ""
    answer = api.post(operation(name), variables, name)
    if "errors" in answer:
        return str(answer["errors"])
    (result,) = answer["data"].values()
    return str(result) if isinstance(result, dict) and result.get("code") == "INVALID_INPUT" else ""


def test_every_page_is_asked_for() -> None:
    assert ASKED_BY.keys() == SIZED.keys()


@pytest.mark.slow
@pytest.mark.parametrize("path", ASKED_BY)
def test_what_is_over_the_cap_is_refused_and_what_is_at_it_is_not(api: Api, path: str) -> None:
    name, sized_by = ASKED_BY[path], SIZED[path]
    usual = {key: value for key, value in TOUR.get(name, {}).items() if key not in ("first", "last")}
    if path.startswith("Mutation"):
        usual |= {"dryRun": True} if name == "ApplyAgents" else {"meetingId": api.meeting()["id"]}
    if path.startswith("Webhook"):
        usual |= {"id": api.run("CreateWebhook", input=WEBHOOK)["webhook"]["id"]}
    arguments = [argument for argument in sized_by.arguments if f"${argument}:" in operation(name)]
    assert arguments
    for argument in arguments:
        over = problems(api, name, usual | {argument: many(argument, sized_by.maximum + 1)})
        assert argument in over, over
        assert f"{sized_by.maximum:,}" in over or str(sized_by.maximum) in over
        assert "INTERNAL" not in over
        assert problems(api, name, usual | {argument: many(argument, sized_by.maximum)}) == ""
