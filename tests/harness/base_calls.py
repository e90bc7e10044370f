"""Holds a valid call of every query and mutation, with a value for every argument and input field."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import get_ident
from typing import Any
from uuid import uuid4

from graphql import (
    DocumentNode,
    OperationDefinitionNode,
    OperationType,
    parse,
)

from server.wire.graphql_files import OPERATIONS, operation
from tests.harness.servers import Api, segment
from tests.harness.stored_webhooks import WEBHOOK
from tests.harness.suggested_variables import MUTATIONS, QUERIES, suggested_variables

CONFIG_DIFF = "query {}($a: ConfigRef!, $b: ConfigRef!) {{ configDiff(a: $a, b: $b) {{ fields {{ field a b }} }} }}"
EXTRA = {
    "MeetingCountOf": "query MeetingCountOf($state: MeetingState) { meetingCount(state: $state) }",
    "RevisionDiff": CONFIG_DIFF.format("RevisionDiff"),
    "ResolvedDiff": CONFIG_DIFF.format("ResolvedDiff"),
}
"""Documents for the arguments that no operation takes as a variable, and for other members of a `@oneOf` input."""
DOCUMENTS = {path.stem: operation(path.stem) for path in sorted(OPERATIONS.glob("*.graphql"))} | EXTRA


def definition_of(document: DocumentNode) -> OperationDefinitionNode:
    (definition,) = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return definition


DEFINITIONS = {
    name: definition
    for name, text in DOCUMENTS.items()
    if (definition := definition_of(parse(text))).operation is not OperationType.SUBSCRIPTION
}


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
    external_id: str
    """The meeting's, and the name of the speaker of its segment 3, whom no other meeting has."""
    agent_slug: str
    webhook: str
    delivery: str
    cursors: dict[str, str]

    @classmethod
    def made(cls, api: Api) -> "World":
        external_id = uuid4().hex
        own_name = f"{WEBHOOK['name']} {get_ident()}"  # a thread must not delete the webhooks of others
        made = api.post(ENTITIES, {"name": external_id, "webhook": WEBHOOK | {"name": own_name}})["data"]
        webhook = made["webhook"]["webhook"]["id"]
        agent, other = made["agent"]["id"], made["other"]["id"]
        within = api.post(WITHIN, {"agent": agent, "other": other, "externalId": external_id})["data"]
        meeting, other_meeting, active = within["meeting"]["id"], within["otherMeeting"]["id"], within["active"]["id"]
        segments = [segment(number) for number in (1, 2, 3)]
        own_speaker = [*segments[:2], segment(3, speaker=external_id)]
        ids = {"active": active, "meeting": meeting, "other": other_meeting, "webhook": webhook}
        written = api.post(SEGMENTS, ids | {"segments": own_speaker, "otherSegments": segments})["data"]
        found = api.post(CURSORS, {"agent": agent, "meeting": meeting, "other": other_meeting, "webhook": webhook})[
            "data"
        ]
        for earlier in found["webhooks"]["nodes"]:  # a workspace can have 100
            if earlier["name"] == own_name and earlier["id"] != webhook:
                api.run("DeleteWebhook", id=earlier["id"])
        return cls(
            api=api,
            agent=agent,
            other_agent=other,
            variant=within["variant"]["id"],
            active=active,
            foreign_variant=within["foreign"]["id"],
            meeting=meeting,
            other_meeting=other_meeting,
            key=made["key"]["apiKey"]["id"],
            external_id=external_id,
            agent_slug=made["agent"]["slug"],
            webhook=webhook,
            delivery=written["delivery"]["id"],
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
                "webhooks": found["webhooks"]["pageInfo"]["startCursor"],
                "deliveries": found["webhook"]["deliveries"]["pageInfo"]["startCursor"],
            },
        )

    def history(self) -> dict[str, Any]:
        return {**page(self.cursors["history"]), "kind": "CREATED"}

    def state(self) -> Any:
        """Reads everything that a call could change in part."""
        ids = {
            "agent": self.agent,
            "other": self.other_agent,
            "meeting": self.meeting,
            "otherMeeting": self.other_meeting,
        }
        return self.api.post(STATE, ids)["data"]


BASE_CONFIG = '{modelProvider: "openai", modelName: "gpt"}'
ENTITIES = f"""
mutation Entities($name: String!, $webhook: CreateWebhookInput!) {{
  agent: createAgent(input: {{name: "Agent", config: {BASE_CONFIG}}}) {{ ... on Agent {{ id slug }} }}
  other: createAgent(input: {{name: "Agent", config: {BASE_CONFIG}}}) {{ ... on Agent {{ id }} }}
  key: createApiKey(input: {{name: $name, scopes: [READ]}}) {{ ... on CreatedApiKey {{ apiKey {{ id }} }} }}
  webhook: createWebhook(input: $webhook) {{ ... on WebhookSecret {{ webhook {{ id }} }} }}
}}
"""
WITHIN = """
mutation Within($agent: ID!, $other: ID!, $externalId: String!) {
  variant: createVariant(agentId: $agent, input: {name: "Variant"}) { ...id }
  active: createVariant(agentId: $agent, input: {name: "Variant"}) { ...id }
  foreign: createVariant(agentId: $other, input: {name: "Variant"}) { ...id }
  meeting: createMeeting(input: {title: "Meeting", agentId: $agent, metadata: {a: 1}, externalId: $externalId}) {
    ... on Meeting { id }
  }
  otherMeeting: createMeeting(input: {title: "Meeting"}) { ... on Meeting { id } }  # the first in a list of meetings
}
fragment id on AgentVariant { id }
"""
SEGMENTS = """
mutation Segments(
  $active: ID!, $meeting: ID!, $other: ID!, $segments: [SegmentInput!]!, $otherSegments: [SegmentInput!]!, $webhook: ID!
) {
  activateVariant(id: $active) { __typename }
  upsertSegments(meetingId: $meeting, segments: $segments) { __typename }
  other: upsertSegments(meetingId: $other, segments: $otherSegments) { __typename }
  delivery: testWebhook(id: $webhook) { ... on WebhookDelivery { id } }
}
"""
"""A world is made by few requests, as it is made for each operation and each value that an operation accepts."""
PAGE = "pageInfo { startCursor }"
CURSORS = f"""
query Cursors($agent: ID!, $meeting: ID!, $other: ID!, $webhook: ID!) {{
  agent(id: $agent) {{ history(first: 1) {{ {PAGE} }} }}
  agents(first: 1) {{ {PAGE} }}
  agentsByName: agents(first: 1, orderBy: {{field: NAME}}) {{ {PAGE} }}
  apiKeys(first: 1) {{ {PAGE} }}
  webhooks(first: 10) {{ {PAGE} nodes {{ id name }} }}
  webhook(id: $webhook) {{ deliveries(first: 1) {{ {PAGE} }} }}
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
  webhooks { totalCount nodes { id version updatedAt deliveries { totalCount nodes { id events } } } }
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
    "parameters": {"top_p": 0.5},
}
WORD = {"text": "Text", "startTime": 14.0, "endTime": 14.5, "confidence": 0.5}
AGENT_FILTER = {"text": "a", "modelProvider": "openai", "modelName": "gpt", "hasActiveVariant": True}
BY_NUMBER = {"field": "SEGMENT_ID", "direction": "ASC"}
BY_AGE = {"field": "CREATED_AT", "direction": "DESC"}


def meeting_filter(world: World) -> dict[str, Any]:
    moments = {"createdAfter": "2026-01-31T12:00:00Z", "createdBefore": "2999-01-31T12:00:00Z"}
    return {
        "text": "meet",
        "externalId": world.external_id,
        "state": "CREATED",
        "agentId": world.agent,
        "metadata": {"a": 1},
        **moments,
    }


def page(cursor: str) -> dict[str, Any]:
    return {"first": 5, "last": None, "after": cursor, "before": None}


BaseCall = Callable[[World], dict[str, Any]]


def _suggested(name: str) -> BaseCall:
    optional = {"expectedVersion": 1, "reason": "Better"}
    return lambda world: suggested_variables(
        name,
        {
            "agent": lambda: world.agent,
            "variant": lambda: world.variant,
            "meeting": lambda: world.meeting,
            "webhook": lambda: world.webhook,
        },
        optional,
    )


BASE_CALLS: dict[str, BaseCall] = {name: _suggested(name) for name in (*QUERIES, *MUTATIONS)} | {
    "AgentBySlug": lambda world: {"slug": world.agent_slug, "variant": "variant"},
    "Agents": lambda world: {**page(world.cursors["agents"]), "filter": AGENT_FILTER, "orderBy": BY_AGE},
    "AgentHistory": lambda world: {"id": world.agent, "variantId": world.variant, **world.history()},
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
    "CorrectSegments": lambda world: {
        "reason": "Better",
        "meetingId": world.meeting,
        "corrections": [{"segmentId": 1, "text": "Corrected.", "speaker": "Ada", "expectedVersion": 1}],
    },
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
        "input": {"title": "Title", "agentId": world.agent, "metadata": {"a": 1}, "externalId": uuid4().hex},
    },
    "CreateVariant": lambda world: {
        "reason": "Better",
        "agentId": world.agent,
        "input": {"overrides": CONFIG, **named()},
    },
    "CreateWebhook": lambda world: {"reason": "Better", "input": WEBHOOK},
    "DeleteAgent": lambda world: {"reason": "Better", "id": world.agent, "expectedVersion": 2},
    "DeleteSegments": lambda world: {"meetingId": world.meeting, "segmentIds": [1]},
    "HistoryOfAgent": lambda world: {"agentId": world.agent, "variantId": world.variant, **world.history()},
    "HistoryOfMeeting": lambda world: {"meetingId": world.meeting, **world.history()},
    "HoldMeeting": lambda world: {"id": world.meeting, "hold": True, "reason": "Better"},
    "MeetingByExternalId": lambda world: {"externalId": world.external_id},
    "MeetingCountOf": lambda world: {"state": "CREATED"},
    "MeetingHistory": lambda world: {"id": world.meeting, **world.history()},
    "Meetings": lambda world: {
        **page(world.cursors["meetings"]),
        "filter": meeting_filter(world),
        "orderBy": BY_AGE,
        "segments": 1,
    },
    "EraseSpeaker": lambda world: {
        "name": world.external_id,
        "mode": "TEXT",
        "meetingIds": [world.meeting],
        "reason": "Why",
    },
    "NameSpeakers": lambda world: {
        "reason": "Better",
        "meetingId": world.meeting,
        "names": [{"label": "Speaker 1", "name": "Ada"}],
    },
    "Node": lambda world: {"id": world.agent},
    "Nodes": lambda world: {"ids": [world.agent, world.meeting]},
    "Redeliver": lambda world: {"id": world.delivery},
    "RenderPrompt": lambda world: {"agentId": world.agent, "variables": {}},
    "ResolvedConfig": lambda world: {"slug": world.agent_slug},
    "ResolvedConfigs": lambda world: {"agentSlugs": [world.agent_slug]},
    "ResolvedDiff": lambda world: {"a": {"resolved": world.agent}, "b": {"base": world.agent}},
    "RevertAgent": lambda world: {"id": world.agent, "toVersion": 1, "expectedVersion": 2, "reason": "Better"},
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
    "Transcript": lambda world: {
        "id": world.meeting,
        "speaker": "Ada",
        "orderBy": BY_NUMBER,
        **page(world.cursors["segments"]),
    },
    "TranscriptFile": lambda world: {"id": world.meeting, "format": "VTT", "finalOnly": True},
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
    "UpdateWebhook": lambda world: {
        "reason": "Better",
        "id": world.webhook,
        "expectedVersion": 1,
        "input": {**WEBHOOK, "isEnabled": False},
    },
    "Webhook": lambda world: {"id": world.webhook, "state": "PENDING", **page(world.cursors["deliveries"])},
    "WebhookHistory": lambda world: {"id": world.webhook, **world.history()},
    "Webhooks": lambda world: page(world.cursors["webhooks"]),
    "UpdateVariant": lambda world: {
        "reason": "Better",
        "id": world.variant,
        "expectedVersion": 1,
        "input": {"overrides": CONFIG, **named()},
    },
    "ImportTranscript": lambda world: {
        "reason": "Better",
        "input": {
            "content": f"WEBVTT\n\n00:01.000 --> 00:02.000\n{uuid4()}\n",
            "fileName": "weekly.vtt",
            "title": "Title",
            "externalId": uuid4().hex,
            "into": None,
            "offset": 1.5,
            "strict": True,
        },
    },
    "UpsertSegments": lambda world: {
        "meetingId": world.meeting,
        "segments": [
            segment(7, isFinal=False, confidence=0.5, externalId="SG_7", words=[WORD]),
            segment(2, text="Revised"),
        ],
        "deleteSegmentIds": [3],
    },
    "VariantHistory": lambda world: {"id": world.variant, **world.history()},
}
