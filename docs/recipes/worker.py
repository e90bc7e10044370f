"""An agent that takes part in a meeting: it answers whoever addresses it by name.

pip install httpx 'gql[websockets]'
python worker.py http://127.0.0.1:8000/graphql concierge 01900000-0000-7000-8000-0000000000c1
"""

import asyncio
import logging
import os
import sys
from typing import Any

import httpx
from resume import segment_updates  # the recipe beside this one

AGENT = """
  query ($slug: String!) { agentBySlug(slug: $slug) { id name } }
"""
TASK = """
  query ($agentId: ID!, $variables: JSON!) {
    agent(id: $agentId) { resolvedConfig { modelProvider modelName temperature modelParameters timeoutSeconds maxRetries } }
    renderPrompt(agentId: $agentId, variables: $variables) { systemPrompt userPrompt }
  }
"""
ANSWER = """
  mutation ($meetingId: ID!, $segments: [SegmentInput!]!) {
    upsertSegments(meetingId: $meetingId, segments: $segments) { __typename ... on Error { code message } }
  }
"""
FIRST_ANSWER = 1_000_000
"""An answer has the number of its question and this added: to answer twice changes nothing."""


async def complete(config: dict[str, Any], system_prompt: str, user_prompt: str) -> str:
    """Asks the model. Put your provider's library here; this one only says what it was asked."""
    return f"[{config['modelName']} at {config['temperature']}] {user_prompt}"


class Unavailable(Exception):
    """The server cannot answer now."""


class Rapporteur:
    """Queries and mutations over HTTP, tried again while the server cannot answer."""

    def __init__(self, url: str) -> None:
        token = os.environ.get("RAPPORTEUR_API_KEY")
        headers = {"Rapporteur-Actor": "worker"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._url = url
        self._http = httpx.AsyncClient(headers=headers, timeout=40)

    async def run(self, query: str, **variables: Any) -> Any:
        for pause in (0.2, 1, 5):
            try:
                return await self._run_once(query, variables)
            except (httpx.TransportError, Unavailable) as error:
                logging.warning("trying again: %r", error)
            await asyncio.sleep(pause)
        return await self._run_once(query, variables)

    async def _run_once(self, query: str, variables: dict[str, Any]) -> Any:
        response = await self._http.post(self._url, json={"query": query, "variables": variables})
        answer = response.json()
        for error in answer.get("errors", ()):
            is_passing = error["extensions"]["code"] == "SERVICE_UNAVAILABLE"
            raise (Unavailable if is_passing else RuntimeError)(error["message"])
        return answer["data"]


async def take_part(url: str, slug: str, meeting_id: str) -> None:
    rapporteur = Rapporteur(url)
    agent = (await rapporteur.run(AGENT, slug=slug))["agentBySlug"]
    if agent is None:
        sys.exit(f"there is no agent {slug}")

    async def answer(question: dict[str, Any]) -> None:
        # Asked anew each time: whoever activates another variant changes what the next answer is made with.
        variables = {"speaker": question["speaker"], "question": question["text"]}
        task = await rapporteur.run(TASK, agentId=agent["id"], variables=variables)
        config, prompt = task["agent"]["resolvedConfig"], task["renderPrompt"]
        async with asyncio.timeout(config["timeoutSeconds"] or None):
            text = await complete(config, prompt["systemPrompt"], prompt["userPrompt"])
        written = {"segmentId": FIRST_ANSWER + question["segmentId"], "speaker": agent["name"], "text": text}
        times = {"startTime": question["endTime"], "endTime": question["endTime"]}
        result = await rapporteur.run(ANSWER, meetingId=meeting_id, segments=[written | times])
        if result["upsertSegments"]["__typename"] != "UpsertedSegments":
            raise RuntimeError(result["upsertSegments"]["message"])

    questions: dict[int, dict[str, Any]] = {}
    answered: set[int] = set()
    async for updates in segment_updates(url.replace("http", "ws", 1), meeting_id):
        for segment in updates["segments"]:
            number = segment["segmentId"]
            if number >= FIRST_ANSWER:
                answered.add(number - FIRST_ANSWER)  # by this worker, perhaps before it was started again
            elif segment["isFinal"] and segment["text"].lower().startswith(f"{agent['name'].lower()},"):
                questions[number] = segment
        if updates["caughtUp"]:
            for number in questions.keys() - answered:
                try:
                    await answer(questions[number])
                except (RuntimeError, TimeoutError) as error:
                    logging.warning("no answer to segment %s: %r", number, error)
                answered.add(number)


if __name__ == "__main__":
    asyncio.run(take_part(*sys.argv[1:]))
