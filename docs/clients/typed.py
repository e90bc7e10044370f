"""Queries, changes and follows with the client that ariadne-codegen made, prints what it gets, and goes on until Ctrl-C.

pip install httpx pydantic websockets
python typed.py http://127.0.0.1:8000/graphql
"""

import asyncio
import sys
from typing import assert_never

from rapporteur_api import Rapporteur
from rapporteur_api.input_types import ConfigInput, UpdateAgentInput
from rapporteur_api.update_agent import (
    UpdateAgentUpdateAgentAgent,
    UpdateAgentUpdateAgentConflict,
    UpdateAgentUpdateAgentInvalidInput,
    UpdateAgentUpdateAgentNotFound,
)

AGENT = "meeting-scribe"
MEETING = "01900000-0000-7000-8000-0000000000c1"
UNKNOWN = "01900000-0000-7000-8000-00000000ffff"

UpdateAgentResult = (
    UpdateAgentUpdateAgentAgent
    | UpdateAgentUpdateAgentNotFound
    | UpdateAgentUpdateAgentInvalidInput
    | UpdateAgentUpdateAgentConflict
)


def outcome(result: UpdateAgentResult) -> str:
    """Every member of the union has a case: if the schema gets another one, mypy says so."""
    match result:
        case UpdateAgentUpdateAgentAgent():
            return f"version {result.version}: temperature {result.config.temperature}"
        case UpdateAgentUpdateAgentNotFound():
            return f"{result.code.value}: {result.id}"
        case UpdateAgentUpdateAgentInvalidInput():
            return f"{result.code.value}: {'; '.join(f'{each.path} {each.message}' for each in result.fields)}"
        case UpdateAgentUpdateAgentConflict():
            return f"{result.code.value}: the current version is {result.current_version}"
        case _:
            assert_never(result)


async def main(url: str) -> None:
    # `headers={"Authorization": ...}` and `ws_headers` of the same, where the server asks for a key.
    async with Rapporteur(url, ws_url=url.replace("http", "ws", 1)) as client:
        agent = (await client.resolved_config(slug=AGENT)).agent_by_slug
        if agent is None:
            sys.exit(f"there is no agent {AGENT}")
        config = agent.resolved_config
        print(f"{config.model_name} at {config.temperature}")  # noqa: T201

        warmer = UpdateAgentInput(config=ConfigInput(temperature=0.5))
        too_hot = UpdateAgentInput(config=ConfigInput(temperature=9.0))
        for updated in (
            await client.update_agent(config.agent_id, warmer, reason="Tried from Python"),
            await client.update_agent(UNKNOWN, UpdateAgentInput()),
            await client.update_agent(config.agent_id, too_hot),
            await client.update_agent(config.agent_id, UpdateAgentInput(name="Scribe"), expected_version=1),
        ):
            print(outcome(updated.update_agent))  # noqa: T201

        async for data in client.segment_updates(meeting_id=MEETING, batch_size=5):
            segments = data.segment_updates.segments
            print(f"{len(segments)} segments, the first by {segments[0].speaker}", flush=True)  # noqa: T201


asyncio.run(main(*sys.argv[1:]))
