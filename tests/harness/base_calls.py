"""Holds a valid call of every query and mutation, with a value for every argument and input field."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from graphql import (
    DocumentNode,
    OperationDefinitionNode,
    OperationType,
    parse,
)

from server.wire.graphql_files import OPERATIONS, operation
from tests.harness.servers import segment
from tests.harness.stored_webhooks import WEBHOOK
from tests.harness.suggested_variables import MUTATIONS, QUERIES, suggested_variables
from tests.harness.worlds import World, page

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
