"""Makes the entities that the walks over all operations call on."""

from dataclasses import dataclass
from threading import get_ident
from typing import Any
from uuid import uuid4

from tests.harness.servers import Api, segment
from tests.harness.stored_webhooks import WEBHOOK


@dataclass
class SampleEntities:
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
    def create(cls, api: Api) -> "SampleEntities":
        external_id = uuid4().hex
        own_name = f"{WEBHOOK['name']} {get_ident()}"  # a thread must not delete the webhooks of others
        created = api.post(ENTITIES, {"name": external_id, "webhook": WEBHOOK | {"name": own_name}})["data"]
        webhook = created["webhook"]["webhook"]["id"]
        agent, other = created["agent"]["id"], created["other"]["id"]
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
            key=created["key"]["apiKey"]["id"],
            external_id=external_id,
            agent_slug=created["agent"]["slug"],
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
        return {**page_arguments(self.cursors["history"]), "kind": "CREATED"}

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
"""The entities are made by few requests, as they are made for each operation and each value that an operation accepts."""
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


def page_arguments(cursor: str) -> dict[str, Any]:
    return {"first": 5, "last": None, "after": cursor, "before": None}
