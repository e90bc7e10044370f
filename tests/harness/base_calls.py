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
from tests.harness.sample_entities import SampleEntities, page_arguments
from tests.harness.servers import segment
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


def meeting_filter(entities: SampleEntities) -> dict[str, Any]:
    moments = {"createdAfter": "2026-01-31T12:00:00Z", "createdBefore": "2999-01-31T12:00:00Z"}
    return {
        "text": "meet",
        "externalId": entities.external_id,
        "state": "CREATED",
        "agentId": entities.agent,
        "metadata": {"a": 1},
        **moments,
    }


BaseCall = Callable[[SampleEntities], dict[str, Any]]


def _suggested(name: str) -> BaseCall:
    optional = {"expectedVersion": 1, "reason": "Better"}
    return lambda entities: suggested_variables(
        name,
        {
            "agent": lambda: entities.agent,
            "variant": lambda: entities.variant,
            "meeting": lambda: entities.meeting,
            "webhook": lambda: entities.webhook,
        },
        optional,
    )


BASE_CALLS: dict[str, BaseCall] = {name: _suggested(name) for name in (*QUERIES, *MUTATIONS)} | {
    "AgentBySlug": lambda entities: {"slug": entities.agent_slug, "variant": "variant"},
    "Agents": lambda entities: {
        **page_arguments(entities.cursors["agents"]),
        "filter": AGENT_FILTER,
        "orderBy": BY_AGE,
    },
    "AgentHistory": lambda entities: {"id": entities.agent, "variantId": entities.variant, **entities.history()},
    "AgentManifests": lambda entities: {"first": 5, "after": entities.cursors["agents"]},
    "ApiKeys": lambda entities: page_arguments(entities.cursors["keys"]),
    "ApplyAgents": lambda entities: {
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
    "CloneVariant": lambda entities: {
        "reason": "Better",
        "agentId": entities.agent,
        "input": {"sourceVariantId": entities.variant, "overrides": CONFIG, "activate": True, **named()},
    },
    "ConfigDiff": lambda entities: {"a": {"base": entities.agent}, "b": {"variant": entities.variant}},
    "CorrectSegments": lambda entities: {
        "reason": "Better",
        "meetingId": entities.meeting,
        "corrections": [{"segmentId": 1, "text": "Corrected.", "speaker": "Ada", "expectedVersion": 1}],
    },
    "CreateAgent": lambda entities: {"reason": "Better", "input": {"config": CONFIG, **named()}},
    "CreateApiKey": lambda entities: {
        "input": {
            "name": uuid4().hex,
            "scopes": ["READ", "INGEST"],
            "expiresAt": "2999-01-31T12:00:00Z",
            "meetingIds": [entities.meeting],
        }
    },
    "CreateMeeting": lambda entities: {
        "reason": "Better",
        "input": {"title": "Title", "agentId": entities.agent, "metadata": {"a": 1}, "externalId": uuid4().hex},
    },
    "CreateVariant": lambda entities: {
        "reason": "Better",
        "agentId": entities.agent,
        "input": {"overrides": CONFIG, **named()},
    },
    "CreateWebhook": lambda entities: {"reason": "Better", "input": WEBHOOK},
    "DeleteAgent": lambda entities: {"reason": "Better", "id": entities.agent, "expectedVersion": 2},
    "DeleteSegments": lambda entities: {"meetingId": entities.meeting, "segmentIds": [1]},
    "HistoryOfAgent": lambda entities: {"agentId": entities.agent, "variantId": entities.variant, **entities.history()},
    "HistoryOfMeeting": lambda entities: {"meetingId": entities.meeting, **entities.history()},
    "HoldMeeting": lambda entities: {"id": entities.meeting, "hold": True, "reason": "Better"},
    "MeetingByExternalId": lambda entities: {"externalId": entities.external_id},
    "MeetingCountOf": lambda entities: {"state": "CREATED"},
    "MeetingHistory": lambda entities: {"id": entities.meeting, **entities.history()},
    "Meetings": lambda entities: {
        **page_arguments(entities.cursors["meetings"]),
        "filter": meeting_filter(entities),
        "orderBy": BY_AGE,
        "segments": 1,
    },
    "EraseSpeaker": lambda entities: {
        "name": entities.external_id,
        "mode": "TEXT",
        "meetingIds": [entities.meeting],
        "reason": "Why",
    },
    "NameSpeakers": lambda entities: {
        "reason": "Better",
        "meetingId": entities.meeting,
        "names": [{"label": "Speaker 1", "name": "Ada"}],
    },
    "Node": lambda entities: {"id": entities.agent},
    "Nodes": lambda entities: {"ids": [entities.agent, entities.meeting]},
    "Redeliver": lambda entities: {"id": entities.delivery},
    "RenderPrompt": lambda entities: {"agentId": entities.agent, "variables": {}},
    "ResolvedConfig": lambda entities: {"slug": entities.agent_slug},
    "ResolvedConfigs": lambda entities: {"agentSlugs": [entities.agent_slug]},
    "ResolvedDiff": lambda entities: {"a": {"resolved": entities.agent}, "b": {"base": entities.agent}},
    "RevertAgent": lambda entities: {"id": entities.agent, "toVersion": 1, "expectedVersion": 2, "reason": "Better"},
    "RevisionDiff": lambda entities: {
        "a": {"baseRevision": {"agentId": entities.agent, "version": 1}},
        "b": {"variantRevision": {"variantId": entities.variant, "version": 1}},
    },
    "RevokeApiKey": lambda entities: {"id": entities.key},
    "RollbackActivation": lambda entities: {"agentId": entities.agent, "expectedVersion": 2, "reason": "Better"},
    "SearchSegments": lambda entities: {
        "query": "text",
        "meetingId": entities.meeting,
        "speaker": "Speaker 0",
        "fromTime": 0.0,
        "toTime": 60.0,
        "createdAfter": "2026-01-31T12:00:00Z",
        "createdBefore": "2999-01-31T12:00:00Z",
        "first": 5,
        "after": entities.cursors["search"],
    },
    "Transcript": lambda entities: {
        "id": entities.meeting,
        "speaker": "Ada",
        "orderBy": BY_NUMBER,
        **page_arguments(entities.cursors["segments"]),
    },
    "TranscriptFile": lambda entities: {"id": entities.meeting, "format": "VTT", "finalOnly": True},
    "UpdateAgent": lambda entities: {
        "reason": "Better",
        "id": entities.agent,
        "expectedVersion": 2,
        "input": {"config": CONFIG, **named()},
    },
    "UpdateMeeting": lambda entities: {
        "reason": "Better",
        "id": entities.meeting,
        "expectedVersion": 1,
        "input": {"title": "New", "agentId": entities.other_agent, "metadata": {"a": 2}, "state": "RECORDING"},
    },
    "UpdateWebhook": lambda entities: {
        "reason": "Better",
        "id": entities.webhook,
        "expectedVersion": 1,
        "input": {**WEBHOOK, "isEnabled": False},
    },
    "Webhook": lambda entities: {
        "id": entities.webhook,
        "state": "PENDING",
        **page_arguments(entities.cursors["deliveries"]),
    },
    "WebhookHistory": lambda entities: {"id": entities.webhook, **entities.history()},
    "Webhooks": lambda entities: page_arguments(entities.cursors["webhooks"]),
    "UpdateVariant": lambda entities: {
        "reason": "Better",
        "id": entities.variant,
        "expectedVersion": 1,
        "input": {"overrides": CONFIG, **named()},
    },
    "ImportTranscript": lambda entities: {
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
    "UpsertSegments": lambda entities: {
        "meetingId": entities.meeting,
        "segments": [
            segment(7, isFinal=False, confidence=0.5, externalId="SG_7", words=[WORD]),
            segment(2, text="Revised"),
        ],
        "deleteSegmentIds": [3],
    },
    "VariantHistory": lambda entities: {"id": entities.variant, **entities.history()},
}
