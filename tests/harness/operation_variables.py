"""Gives valid variables for every operation, in a workspace of any size.

A mutation gets something new to change, so that it always changes something. An operation whose required variables are ids and
versions needs no entry in VARIABLES.
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.harness.servers import Api, segment
from tests.harness.stored_webhooks import WEBHOOK
from tests.harness.suggested_variables import MUTATIONS, suggested_variables


class SizedWorkspace:
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
        """Lists ids of every kind, `size` of each."""
        segments = [f"{self.meeting['id']}:{n}" for n in range(1, self.size + 1)]
        variants = [variants[0]["id"] for variants in self.variants]
        return [entity["id"] for entity in (*self.agents, *self.meetings)] + variants + segments


Variables = Callable[[SizedWorkspace, Api], dict[str, Any]]


def new(workspace: SizedWorkspace, api: Api) -> Any:
    """Creates an agent to change or delete, with `size` variants and meetings."""
    agent = api.agent("To change")
    agent["variants"] = [api.variant(agent, f"Variant {n}", temperature=0.5) for n in range(workspace.size)]
    for n in range(workspace.size):
        api.run("CreateMeeting", input={"title": f"Meeting {n}", "agentId": agent["id"]})
    return agent


def edited(workspace: SizedWorkspace, api: Api) -> Any:
    """Creates an agent and edits it `size` times, and its first variant too."""
    agent = new(workspace, api)
    for n in range(workspace.size):
        api.run("UpdateAgent", id=agent["id"], input={"config": {"maxTokens": n}})
        api.run("UpdateVariant", id=agent["variants"][0]["id"], input={"overrides": {"maxTokens": n}})
    return agent


def switched(workspace: SizedWorkspace, api: Api) -> str:
    """Creates an agent of which `size` variants were active, one after the other."""
    agent = new(workspace, api)
    for variant in agent["variants"]:
        api.run("ActivateVariant", id=variant["id"])
    id: str = agent["id"]
    return id


def manifest(agent: Any) -> Any:
    """Returns the manifest of an agent as it is. Its variants are left out, and so stay."""
    config = {name: agent["config"][name] for name in ("modelProvider", "modelName")}
    return {"slug": agent["slug"], "name": agent["name"], "config": config}


def new_meeting(workspace: SizedWorkspace, api: Api) -> str:
    meeting: str = api.meeting("To change", segments=workspace.size)["id"]
    return meeting


def meeting_with_name(workspace: SizedWorkspace, api: Api) -> str:
    """Creates a meeting in which a speaker was named, so that erasing the speaker changes the meeting itself."""
    meeting = new_meeting(workspace, api)
    api.run("NameSpeakers", meetingId=meeting, names=[{"label": "Speaker 1", "name": "Ada"}])
    return meeting


def new_key(api: Api) -> str:
    key: str = api.run("CreateApiKey", input={"name": uuid4().hex, "scopes": ["READ"]})["apiKey"]["id"]
    return key


def new_webhook(api: Api) -> str:
    """Creates a webhook that is told of nothing."""
    webhook: str = api.run("CreateWebhook", input=WEBHOOK)["webhook"]["id"]
    return webhook


NAMED = {"name": "New"}
VARIABLES: dict[str, Variables] = {
    "Agents": lambda workspace, api: {
        "first": workspace.size,
        "filter": {"text": workspace.tag},
        "orderBy": {"field": "NAME"},
    },
    "ApiKeys": lambda workspace, api: {"first": workspace.size},
    "CreateApiKey": lambda workspace, api: {
        "input": {
            "name": uuid4().hex,
            "scopes": ["INGEST"],
            "meetingIds": [new_meeting(workspace, api) for _ in range(workspace.size)],
        }
    },
    "RevokeApiKey": lambda workspace, api: {"id": new_key(api)},
    "CreateWebhook": lambda workspace, api: {"input": WEBHOOK},
    "UpdateWebhook": lambda workspace, api: {"id": new_webhook(api), "input": {"isEnabled": False}},
    "Redeliver": lambda workspace, api: {"id": api.run("TestWebhook", id=new_webhook(api))["id"]},
    "Webhooks": lambda workspace, api: {"first": workspace.size},
    "AgentBySlug": lambda workspace, api: {"slug": workspace.agent["slug"], "variant": workspace.variant["slug"]},
    "ResolvedConfig": lambda workspace, api: {"slug": workspace.agent["slug"]},
    "ResolvedConfigs": lambda workspace, api: {"agentSlugs": [agent["slug"] for agent in workspace.agents]},
    "RenderPrompt": lambda workspace, api: {"agentId": workspace.agent["id"], "variables": {}},
    "Meetings": lambda workspace, api: {
        "first": workspace.size,
        "segments": workspace.size,
        "filter": {"text": workspace.tag},
        "orderBy": {"field": "UPDATED_AT", "direction": "ASC"},
    },
    "MeetingByExternalId": lambda workspace, api: {"externalId": workspace.meeting["externalId"]},
    "Transcript": lambda workspace, api: {
        "id": workspace.meeting["id"],
        "first": workspace.size,
        "orderBy": {"field": "START_TIME"},
    },
    "TranscriptFile": lambda workspace, api: {"id": workspace.meeting["id"], "format": "VTT"},
    "SearchSegments": lambda workspace, api: {
        "query": "text",
        "meetingId": workspace.meeting["id"],
        "first": workspace.size,
    },
    "Node": lambda workspace, api: {"id": f"{workspace.meeting['id']}:1"},
    "Nodes": lambda workspace, api: {"ids": workspace.ids()},
    "CreateAgent": lambda workspace, api: {
        "input": {"name": "New", "config": {"modelProvider": "p", "modelName": "m"}}
    },
    "UpdateAgent": lambda workspace, api: {"id": new(workspace, api)["id"], "input": {"name": "Other"}},
    "CreateVariant": lambda workspace, api: {"agentId": new(workspace, api)["id"], "input": NAMED},
    "CloneVariant": lambda workspace, api: {
        "agentId": (agent := new(workspace, api))["id"],
        "input": NAMED | {"sourceVariantId": agent["variants"][0]["id"], "activate": True},
    },
    "UpdateVariant": lambda workspace, api: {
        "id": new(workspace, api)["variants"][0]["id"],
        "input": {"name": "Other"},
    },
    "DeactivateVariant": lambda workspace, api: {"agentId": workspace.agents[-1]["id"]},
    "RollbackActivation": lambda workspace, api: {"agentId": switched(workspace, api)},
    "RevertAgent": lambda workspace, api: {"id": edited(workspace, api)["id"], "toVersion": 1},
    "RevertVariant": lambda workspace, api: {"id": edited(workspace, api)["variants"][0]["id"], "toVersion": 1},
    "AgentHistory": lambda workspace, api: {"id": edited(workspace, api)["id"]},
    "VariantHistory": lambda workspace, api: {"id": edited(workspace, api)["variants"][0]["id"]},
    "MeetingHistory": lambda workspace, api: {"id": workspace.meeting["id"]},
    "HistoryOfAgent": lambda workspace, api: {"agentId": edited(workspace, api)["id"]},
    "AgentRevision": lambda workspace, api: {"id": edited(workspace, api)["id"], "version": 2},
    "VariantRevision": lambda workspace, api: {"id": edited(workspace, api)["variants"][0]["id"], "version": 2},
    "ConfigDiff": lambda workspace, api: {
        "a": {"base": workspace.agent["id"]},
        "b": {"variantRevision": {"variantId": workspace.variant["id"], "version": 1}},
    },
    "AgentManifests": lambda workspace, api: {"first": workspace.size},
    "ApplyAgents": lambda workspace, api: {"agents": [manifest(agent) for agent in workspace.agents]},
    "CreateMeeting": lambda workspace, api: {"input": {"title": "New", "agentId": workspace.agent["id"]}},
    "UpdateMeeting": lambda workspace, api: {"id": new_meeting(workspace, api), "input": {"state": "RECORDING"}},
    "UpsertSegments": lambda workspace, api: {
        "meetingId": new_meeting(workspace, api),
        "segments": [segment(n + 1, text="Revised") for n in range(workspace.size * 2)],
    },
    "CorrectSegments": lambda workspace, api: {
        "meetingId": new_meeting(workspace, api),
        "corrections": [{"segmentId": n, "text": "Corrected."} for n in range(1, workspace.size + 1)],
    },
    "EraseSpeaker": lambda workspace, api: {
        "name": "Speaker 1",
        "mode": "TEXT",
        "meetingIds": [meeting_with_name(workspace, api)],
    },
    "NameSpeakers": lambda workspace, api: {
        "meetingId": new_meeting(workspace, api),
        "names": [{"label": f"Speaker {n}", "name": f"Name {n}"} for n in range(workspace.size)],
    },
    "ImportTranscript": lambda workspace, api: {
        "input": {"content": f"WEBVTT\n\n00:01.000 --> 00:02.000\n{uuid4()}\n", "fileName": "New.vtt"}
    },
    "DeleteSegments": lambda workspace, api: {
        "meetingId": new_meeting(workspace, api),
        "segmentIds": list(range(1, workspace.size + 1)),
    },
}


def variables_of(name: str, workspace: SizedWorkspace, api: Api) -> dict[str, Any]:
    """Returns the variables of VARIABLES, or those that the operation suggests."""
    if name in VARIABLES:
        return VARIABLES[name](workspace, api)
    if name in MUTATIONS:
        return suggested_variables(
            name,
            {
                "agent": lambda: str(new(workspace, api)["id"]),
                "variant": lambda: str(new(workspace, api)["variants"][0]["id"]),
                "meeting": lambda: new_meeting(workspace, api),
                "webhook": lambda: new_webhook(api),
            },
        )
    return suggested_variables(
        name,
        {
            "agent": lambda: str(workspace.agent["id"]),
            "variant": lambda: str(workspace.variant["id"]),
            "meeting": lambda: str(workspace.meeting["id"]),
            "webhook": lambda: new_webhook(api),
        },
    )
