"""Gives valid variables for every operation, over a world of any size.

A mutation gets something new to change, so that it always changes something. An operation whose required variables are ids and
versions needs no entry in VARIABLES.
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.harness.servers import Api, segment
from tests.harness.stored_webhooks import WEBHOOK
from tests.harness.suggested_variables import MUTATIONS, suggested_variables


class World:
    """`size` of everything: agents with variants and one active each, meetings with speakers and segments."""

    def __init__(self, api: Api, size: int) -> None:
        self.size = size
        self.tag = f"One of {size} agents or meetings"
        self.agents = [api.agent(f"{self.tag} {n}") for n in range(size)]
        self.variants = []
        for agent in self.agents:
            self.variants.append([api.variant(agent, f"Variant {n}", temperature=0.5) for n in range(size)])
            api.run("ActivateVariant", id=self.variants[-1][0]["id"])
        self.agent = self.agents[0]
        self.variant = self.variants[0][0]
        self.meetings = [
            api.run(
                "CreateMeeting",
                input={"title": f"{self.tag} {n}", "agentId": self.agents[n]["id"], "externalId": uuid4().hex},
            )
            for n in range(size)
        ]
        for meeting in self.meetings:
            segments = [segment(n, speaker=f"Speaker {n}") for n in range(1, size + 1)]
            api.run("UpsertSegments", meetingId=meeting["id"], segments=segments)
        self.meeting = self.meetings[0]

    def ids(self) -> list[str]:
        """Ids of every kind, `size` of each."""
        segments = [f"{self.meeting['id']}:{n}" for n in range(1, self.size + 1)]
        variants = [variants[0]["id"] for variants in self.variants]
        return [entity["id"] for entity in (*self.agents, *self.meetings)] + variants + segments


Variables = Callable[[World, Api], dict[str, Any]]


def new(world: World, api: Api) -> Any:
    """Creates an agent to change or delete, with `size` variants and meetings."""
    agent = api.agent("To change")
    agent["variants"] = [api.variant(agent, f"Variant {n}", temperature=0.5) for n in range(world.size)]
    for n in range(world.size):
        api.run("CreateMeeting", input={"title": f"Meeting {n}", "agentId": agent["id"]})
    return agent


def edited(world: World, api: Api) -> Any:
    """An agent that was edited `size` times, and its first variant too."""
    agent = new(world, api)
    for n in range(world.size):
        api.run("UpdateAgent", id=agent["id"], input={"config": {"maxTokens": n}})
        api.run("UpdateVariant", id=agent["variants"][0]["id"], input={"overrides": {"maxTokens": n}})
    return agent


def switched(world: World, api: Api) -> str:
    """An agent of which `size` variants were active, one after the other."""
    agent = new(world, api)
    for variant in agent["variants"]:
        api.run("ActivateVariant", id=variant["id"])
    id: str = agent["id"]
    return id


def manifest(agent: Any) -> Any:
    """Returns the manifest of an agent as it is. Its variants are left out, and so stay."""
    config = {name: agent["config"][name] for name in ("modelProvider", "modelName")}
    return {"slug": agent["slug"], "name": agent["name"], "config": config}


def new_meeting(world: World, api: Api) -> str:
    meeting: str = api.meeting("To change", segments=world.size)["id"]
    return meeting


def meeting_with_name(world: World, api: Api) -> str:
    """A new meeting in which a speaker was named, so that erasing the speaker changes the meeting itself."""
    meeting = new_meeting(world, api)
    api.run("NameSpeakers", meetingId=meeting, names=[{"label": "Speaker 1", "name": "Ada"}])
    return meeting


def new_key(api: Api) -> str:
    key: str = api.run("CreateApiKey", input={"name": uuid4().hex, "scopes": ["READ"]})["apiKey"]["id"]
    return key


def new_webhook(api: Api) -> str:
    """A webhook that is told of nothing."""
    webhook: str = api.run("CreateWebhook", input=WEBHOOK)["webhook"]["id"]
    return webhook


NAMED = {"name": "New"}
VARIABLES: dict[str, Variables] = {
    "Agents": lambda world, api: {
        "first": world.size,
        "filter": {"text": world.tag},
        "orderBy": {"field": "NAME"},
    },
    "ApiKeys": lambda world, api: {"first": world.size},
    "CreateApiKey": lambda world, api: {
        "input": {
            "name": uuid4().hex,
            "scopes": ["INGEST"],
            "meetingIds": [new_meeting(world, api) for _ in range(world.size)],
        }
    },
    "RevokeApiKey": lambda world, api: {"id": new_key(api)},
    "CreateWebhook": lambda world, api: {"input": WEBHOOK},
    "UpdateWebhook": lambda world, api: {"id": new_webhook(api), "input": {"isEnabled": False}},
    "Redeliver": lambda world, api: {"id": api.run("TestWebhook", id=new_webhook(api))["id"]},
    "Webhooks": lambda world, api: {"first": world.size},
    "AgentBySlug": lambda world, api: {"slug": world.agent["slug"], "variant": world.variant["slug"]},
    "ResolvedConfig": lambda world, api: {"slug": world.agent["slug"]},
    "ResolvedConfigs": lambda world, api: {"agentSlugs": [agent["slug"] for agent in world.agents]},
    "RenderPrompt": lambda world, api: {"agentId": world.agent["id"], "variables": {}},
    "Meetings": lambda world, api: {
        "first": world.size,
        "segments": world.size,
        "filter": {"text": world.tag},
        "orderBy": {"field": "UPDATED_AT", "direction": "ASC"},
    },
    "MeetingByExternalId": lambda world, api: {"externalId": world.meeting["externalId"]},
    "Transcript": lambda world, api: {
        "id": world.meeting["id"],
        "first": world.size,
        "orderBy": {"field": "START_TIME"},
    },
    "TranscriptFile": lambda world, api: {"id": world.meeting["id"], "format": "VTT"},
    "SearchSegments": lambda world, api: {"query": "text", "meetingId": world.meeting["id"], "first": world.size},
    "Node": lambda world, api: {"id": f"{world.meeting['id']}:1"},
    "Nodes": lambda world, api: {"ids": world.ids()},
    "CreateAgent": lambda world, api: {"input": {"name": "New", "config": {"modelProvider": "p", "modelName": "m"}}},
    "UpdateAgent": lambda world, api: {"id": new(world, api)["id"], "input": {"name": "Other"}},
    "CreateVariant": lambda world, api: {"agentId": new(world, api)["id"], "input": NAMED},
    "CloneVariant": lambda world, api: {
        "agentId": (agent := new(world, api))["id"],
        "input": NAMED | {"sourceVariantId": agent["variants"][0]["id"], "activate": True},
    },
    "UpdateVariant": lambda world, api: {"id": new(world, api)["variants"][0]["id"], "input": {"name": "Other"}},
    "DeactivateVariant": lambda world, api: {"agentId": world.agents[-1]["id"]},
    "RollbackActivation": lambda world, api: {"agentId": switched(world, api)},
    "RevertAgent": lambda world, api: {"id": edited(world, api)["id"], "toVersion": 1},
    "RevertVariant": lambda world, api: {"id": edited(world, api)["variants"][0]["id"], "toVersion": 1},
    "AgentHistory": lambda world, api: {"id": edited(world, api)["id"]},
    "VariantHistory": lambda world, api: {"id": edited(world, api)["variants"][0]["id"]},
    "MeetingHistory": lambda world, api: {"id": world.meeting["id"]},
    "HistoryOfAgent": lambda world, api: {"agentId": edited(world, api)["id"]},
    "AgentRevision": lambda world, api: {"id": edited(world, api)["id"], "version": 2},
    "VariantRevision": lambda world, api: {"id": edited(world, api)["variants"][0]["id"], "version": 2},
    "ConfigDiff": lambda world, api: {
        "a": {"base": world.agent["id"]},
        "b": {"variantRevision": {"variantId": world.variant["id"], "version": 1}},
    },
    "AgentManifests": lambda world, api: {"first": world.size},
    "ApplyAgents": lambda world, api: {"agents": [manifest(agent) for agent in world.agents]},
    "CreateMeeting": lambda world, api: {"input": {"title": "New", "agentId": world.agent["id"]}},
    "UpdateMeeting": lambda world, api: {"id": new_meeting(world, api), "input": {"state": "RECORDING"}},
    "UpsertSegments": lambda world, api: {
        "meetingId": new_meeting(world, api),
        "segments": [segment(n + 1, text="Revised") for n in range(world.size * 2)],
    },
    "CorrectSegments": lambda world, api: {
        "meetingId": new_meeting(world, api),
        "corrections": [{"segmentId": n, "text": "Corrected."} for n in range(1, world.size + 1)],
    },
    "EraseSpeaker": lambda world, api: {
        "name": "Speaker 1",
        "mode": "TEXT",
        "meetingIds": [meeting_with_name(world, api)],
    },
    "NameSpeakers": lambda world, api: {
        "meetingId": new_meeting(world, api),
        "names": [{"label": f"Speaker {n}", "name": f"Name {n}"} for n in range(world.size)],
    },
    "ImportTranscript": lambda world, api: {
        "input": {"content": f"WEBVTT\n\n00:01.000 --> 00:02.000\n{uuid4()}\n", "fileName": "New.vtt"}
    },
    "DeleteSegments": lambda world, api: {
        "meetingId": new_meeting(world, api),
        "segmentIds": list(range(1, world.size + 1)),
    },
}


def variables_of(name: str, world: World, api: Api) -> dict[str, Any]:
    """Returns the variables of VARIABLES, or those that the operation suggests."""
    if name in VARIABLES:
        return VARIABLES[name](world, api)
    if name in MUTATIONS:
        return suggested_variables(
            name,
            {
                "agent": lambda: str(new(world, api)["id"]),
                "variant": lambda: str(new(world, api)["variants"][0]["id"]),
                "meeting": lambda: new_meeting(world, api),
                "webhook": lambda: new_webhook(api),
            },
        )
    return suggested_variables(
        name,
        {
            "agent": lambda: str(world.agent["id"]),
            "variant": lambda: str(world.variant["id"]),
            "meeting": lambda: str(world.meeting["id"]),
            "webhook": lambda: new_webhook(api),
        },
    )
