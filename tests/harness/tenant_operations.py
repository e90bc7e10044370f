"""Holds calls of every operation: what tenants do with their own entities, and try with each other's."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.harness.servers import segment
from tests.harness.suggested_variables import MUTATIONS, NAMES, suggested_variables
from tests.harness.tenants import EntityIdentifiers, Variables

AGENT_NAMES = ("Scribe", "Notes")
"""Both tenants use them."""
CONFIG = {"modelProvider": "openai", "modelName": "gpt"}
VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\n"


def actions(own: EntityIdentifiers, chosen: random.Random) -> dict[str, Callable[[], Variables]]:
    """Returns calls on a tenant's own entities. These may be deleted already, so not all calls succeed."""
    name, number = chosen.choice(AGENT_NAMES), chosen.randint(1, 3)
    label = f"{name} {own.word}"
    reason = f"because of {own.word}"
    manifest = {
        "slug": chosen.choice([own.slug, name.lower()]),
        "name": label,
        "config": CONFIG,
        "variants": [{"slug": own.variant_slug, "name": label, "overrides": {"systemPrompt": own.word}}],
        "activeVariant": own.variant_slug,
    }
    webhook = {"url": f"https://{own.word}.invalid/", "events": ["MEETING_UPDATED", "AGENT_UPDATED"]}
    return {
        **{name: partial(suggested_variables, name, own.ids) for name in MUTATIONS},
        "ActivateVariant": lambda: {"id": own.variant, "reason": reason},
        "ApplyAgents": lambda: {"agents": [manifest], "prune": chosen.random() < 0.3, "reason": reason},
        "CloneVariant": lambda: {"agentId": own.agent, "input": {"name": label, "activate": chosen.random() < 0.5}},
        "CorrectSegments": lambda: {
            "meetingId": own.meeting,
            "corrections": [{"segmentId": 1, "text": f"{label} {number}", "speaker": own.word}],
            "reason": reason,
        },
        "CreateAgent": lambda: {
            "input": {"name": label, "slug": name.lower(), "config": CONFIG | {"systemPrompt": own.word}},
            "reason": reason,
        },
        "CreateApiKey": lambda: {"input": {"name": name, "scopes": ["READ"]}},
        "CreateMeeting": lambda: {
            "input": {"title": label, "metadata": {"of": own.word}, "externalId": f"{own.word} {number}"}
        },
        "CreateWebhook": lambda: {"input": webhook | {"name": label}, "reason": reason},
        "Redeliver": lambda: {"id": own.delivery},
        "UpdateWebhook": lambda: {"id": own.webhook, "input": {"name": label, "isEnabled": chosen.random() < 0.5}},
        "CreateVariant": lambda: {"agentId": own.agent, "input": {"name": label, "slug": own.variant_slug}},
        "DeleteAgent": lambda: {"id": own.agent, "reason": reason},
        "DeleteMeeting": lambda: {"id": own.meeting, "reason": reason},
        "DeleteSegments": lambda: {"meetingId": own.meeting, "segmentIds": [number]},
        "EraseMeeting": lambda: {"id": own.meeting, "reason": reason},
        "EraseSpeaker": lambda: {
            "name": chosen.choice([own.word, label]),
            "mode": chosen.choice(["PSEUDONYM", "TEXT"]),
            "meetingIds": chosen.choice([None, [own.meeting]]),
        },
        "HoldMeeting": lambda: {"id": own.meeting, "hold": False, "reason": reason},
        "ImportTranscript": lambda: {"input": {"content": VTT + label, "fileName": f"{name}.vtt"}, "reason": reason},
        "NameSpeakers": lambda: {"meetingId": own.meeting, "names": [{"label": own.word, "name": label}]},
        "UpdateAgent": lambda: {"id": own.agent, "input": {"name": label, "config": {"maxRetries": number}}},
        "UpdateMeeting": lambda: {"id": own.meeting, "input": {"title": label, "agentId": own.agent}},
        "UpdateVariant": lambda: {"id": own.variant, "input": {"overrides": {"systemPrompt": f"{own.word} {number}"}}},
        "UpsertSegments": lambda: {
            "meetingId": own.meeting,
            "segments": [segment(n, text=f"{label} {number}", speaker=own.word) for n in range(1, number + 1)],
        },
    }


NOT_WITH_OWN = {"RevokeApiKey"}
"""Mutations that no tenant calls for its own entities: the key might be the one in use."""


def attempts(own: EntityIdentifiers, their: EntityIdentifiers) -> dict[str, list[Variables]]:
    """Returns calls on another tenant's entities, alone and with own ones. Their answers must equal those for unknown ids."""

    def pages(name: str, of: Variables, **more: Any) -> list[Variables]:
        cursor = their.cursors[name]
        return [of | more | {"after": cursor, "first": 2}, of | more | {"before": cursor, "first": None, "last": 2}]

    def history(id: str, name: str) -> list[Variables]:
        mine, thine = {id: getattr(own, name)}, {id: getattr(their, name)}
        cursor = "MeetingHistory" if name == "meeting" else "AgentHistory"
        return [thine, thine | {"kind": "DELETED"}, *pages(cursor, mine), *pages(cursor, thine)]

    manifest = {"slug": their.slug, "name": "Mine", "config": CONFIG}
    refs = [
        {"base": their.agent},
        {"variant": their.variant},
        {"resolved": their.agent},
        {"baseRevision": {"agentId": their.agent, "version": 1}},
        {"variantRevision": {"variantId": their.variant, "version": 1}},
    ]
    nodes = [their.agent, their.variant, their.meeting, their.segment, their.key, their.webhook]
    agents = [{"orderBy": {"field": "NAME"}}, {"filter": {"text": their.word}}, {"filter": {"modelName": "gpt"}}]
    input = {"name": "Mine", "overrides": {"maxRetries": 7}}
    tried: dict[str, list[Variables]] = {
        "ActivateVariant": [{"id": their.variant}, {"id": their.variant, "expectedVersion": 1}],
        "Agent": [{"id": their.agent}, {"id": their.variant}],
        "AgentBySlug": [
            {"slug": their.slug, "variant": their.variant_slug},
            {"slug": own.slug, "variant": their.variant_slug},
        ],
        "AgentHistory": [*history("id", "agent"), {"id": own.agent, "variantId": their.variant}],
        "AgentManifests": [{"after": their.cursors["Agents"]}],
        "AgentRevision": [{"id": their.agent, "version": version} for version in (1, 2)],
        "Agents": [
            *pages("Agents", {}),
            *pages("AgentsByName", {"orderBy": {"field": "NAME"}}),
            *agents,
        ],
        "ApiKeys": pages("ApiKeys", {}),
        "ApplyAgents": [
            {"agents": [manifest], "dryRun": True},
            {"agents": [manifest], "dryRun": True, "prune": True},
            {"agents": [manifest], "expectedState": their.state, "dryRun": True},
        ],
        "CloneVariant": [
            {"agentId": their.agent, "input": {"name": "Mine"}},
            {"agentId": their.agent, "input": {"name": "Mine", "sourceVariantId": their.variant}},
            {"agentId": own.agent, "input": {"name": "Mine", "sourceVariantId": their.variant}},
        ],
        "ConfigDiff": [{"a": ref, "b": {"base": own.agent}} for ref in refs] + [{"a": refs[0], "b": refs[1]}],
        "CorrectSegments": [{"meetingId": their.meeting, "corrections": [{"segmentId": 1, "text": "Mine"}]}],
        "CreateAgent": [],
        "CreateApiKey": [{"input": {"name": "Mine", "scopes": ["INGEST"], "meetingIds": [their.meeting]}}],
        "CreateMeeting": [{"input": {"title": "Mine", "agentId": their.agent}}],
        "CreateVariant": [{"agentId": their.agent, "input": input}],
        "DeleteAgent": [{"id": their.agent}, {"id": their.agent, "expectedVersion": 1}],
        "DeleteMeeting": [{"id": their.meeting}, {"id": their.meeting, "expectedVersion": 1}],
        "DeleteSegments": [{"meetingId": their.meeting, "segmentIds": [1, 2]}],
        "DeleteVariant": [{"id": their.variant}, {"id": their.variant, "expectedVersion": 1}],
        "EraseMeeting": [{"id": their.meeting}],
        "EraseSpeaker": [
            {"name": their.word, "mode": "TEXT", "meetingIds": ids}
            for ids in ([their.meeting], [own.meeting, their.meeting])
        ],
        "HistoryOfAgent": [
            *history("agentId", "agent"),
            {"agentId": own.agent, "variantId": their.variant},
            {"agentId": their.agent, "variantId": their.variant},
        ],
        "HistoryOfMeeting": history("meetingId", "meeting"),
        "HoldMeeting": [{"id": their.meeting}, {"id": their.meeting, "hold": False}],
        "ImportTranscript": [{"input": {"content": VTT + "Mine", "fileName": "mine.vtt", "into": their.meeting}}],
        "MeetingByExternalId": [{"externalId": f"{their.word} {number}"} for number in range(5)],
        "MeetingCount": [],
        "MeetingHistory": history("id", "meeting"),
        "MeetingUpdates": [{"meetingId": their.meeting}],
        "Meetings": [
            *pages("Meetings", {}),
            *pages("MeetingsByTitle", {"orderBy": {"field": "TITLE"}}),
            {"filter": {"agentId": their.agent}},
            {"filter": {"text": their.word}},
            {"filter": {"externalId": f"{their.word} 1"}},
            {"filter": {"metadata": {"of": their.word}}},
        ],
        "NameSpeakers": [{"meetingId": their.meeting, "names": [{"label": their.word, "name": "Mine"}]}],
        "Node": [{"id": id} for id in nodes],
        "Nodes": [{"ids": [*nodes, own.agent, own.meeting]}],
        "RenderPrompt": [{"agentId": their.agent}],
        "ResolvedConfig": [{"slug": their.slug}],
        "ResolvedConfigs": [{"agentSlugs": [their.slug]}, {"agentSlugs": [own.slug, their.slug]}, {}],
        "ResolvedConfigUpdates": [{"agentId": their.agent}, {"agentSlug": their.slug}],
        "ResolvedConfigsUpdates": [{"agentSlugs": [their.slug]}, {}],
        "RevokeApiKey": [{"id": their.key}],
        "SearchSegments": [
            {"query": their.word},
            {"query": own.word, "meetingId": their.meeting},
            {"query": own.word, "speaker": their.word},
            {"query": own.word, "after": their.cursors["SearchSegments"]},
            {"query": f"{own.word} or {their.word}"},
        ],
        "SegmentUpdates": [
            {"meetingId": their.meeting},
            {"meetingId": their.meeting, "after": their.cursors["SegmentUpdates"]},
            {"meetingId": own.meeting, "after": their.cursors["SegmentUpdates"]},
        ],
        "Transcript": [
            {"id": their.meeting},
            {"id": own.meeting, "after": their.cursors["Transcript"]},
            {"id": own.meeting, "speaker": their.word},
        ],
        "TranscriptFile": [{"id": their.meeting, "format": "VTT"}],
        "UpdateAgent": [{"id": their.agent, "input": {"name": "Mine"}}, {"id": their.agent, "input": {}}],
        "UpdateMeeting": [
            {"id": their.meeting, "input": {"title": "Mine"}},
            {"id": their.meeting, "input": {"state": "RECORDING"}, "expectedVersion": 1},
            {"id": own.meeting, "input": {"agentId": their.agent}},
        ],
        "UpdateVariant": [{"id": their.variant, "input": input}],
        "UpsertSegments": [
            {"meetingId": their.meeting, "segments": [segment(1)]},
            {"meetingId": their.meeting, "segments": [], "deleteSegmentIds": [1]},
        ],
        "VariantHistory": history("id", "variant"),
        "VariantRevision": [{"id": their.variant, "version": version} for version in (1, 2)],
        "Viewer": [],
        "CreateWebhook": [],
        "Redeliver": [{"id": their.delivery}],
        "UpdateWebhook": [{"id": their.webhook, "input": {"name": "Mine"}}],
        "WebhookHistory": [{"id": their.webhook}],
        "Webhooks": pages("Webhooks", {}),
        # What bots may ask, too
        "NodeOfBot": [{"id": id} for id in nodes],
        "NodesOfBot": [{"ids": [*nodes, own.meeting]}],
        "MeetingOfBot": [{"id": their.meeting}, {"id": own.meeting, "after": their.cursors["Transcript"]}],
    }
    return tried | {name: [suggested_variables(name, their.ids)] for name in NAMES if name not in tried}


NOTHING_TO_TRY = {"CreateAgent", "CreateWebhook", "MeetingCount", "Viewer"}
"""They take nothing of anybody's: what is taken is what they create, and what they count."""
