"""Changes agents: counts under optimistic locking, and activates variants, with a ledger of what was answered."""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any

import httpx

from bench.soak.shared_state import Refused, Soak
from server.wire.graphql_files import operation

AGENTS = 3
AGENT = "query ($id: ID!) { agent(id: $id) { version config { maxRetries } variants { id } } }"
HISTORY = """
query ($id: ID!, $after: String) {
  agent(id: $id) {
    version
    config { maxRetries }
    history(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes { kind reason version variantId } }
  }
}
"""


class Answer(StrEnum):
    """Says what a change was answered."""

    DONE = "done"
    CONFLICT = "conflict"
    NONE = "no answer"
    """It may have been done, or not."""


@dataclass
class Ledger:
    """Holds what each attempt was answered, by the reason that it alone has given."""

    increments: dict[str, Answer] = field(default_factory=dict)
    activations: dict[str, Answer] = field(default_factory=dict)


class Editor:
    """Changes one agent until the stop. No attempt is repeated, so each is in the history once, or not at all."""

    def __init__(self, soak: Soak, number: int) -> None:
        self._soak = soak
        self._draw = random.Random(2000 + number)
        self._numbers = count()
        self._name = f"editor {number}"
        self.agent = soak.agents[number % len(soak.agents)]
        self.ledger = Ledger()

    async def run(self, pace: float) -> None:
        async with httpx.AsyncClient(timeout=15) as client:
            while not self._soak.stopping.is_set():
                reason = f"{self._name}, change {next(self._numbers)}"
                agent = await self._soak.ask(client, AGENT, id=self.agent)
                if self._draw.random() < 0.5:
                    self.ledger.increments[reason] = await self._increment(client, agent, reason)
                else:
                    self.ledger.activations[reason] = await self._activate(client, agent, reason)
                await self._soak.rest(self._draw.uniform(0, 2 * pace))

    async def _increment(self, client: httpx.AsyncClient, agent: dict[str, Any], reason: str) -> Answer:
        more = {"config": {"maxRetries": agent["config"]["maxRetries"] + 1}}
        variables = {"id": self.agent, "input": more, "expectedVersion": agent["version"], "reason": reason}
        return await self._try(client, "UpdateAgent", variables)

    async def _activate(self, client: httpx.AsyncClient, agent: dict[str, Any], reason: str) -> Answer:
        variant = self._draw.choice(agent["variants"])["id"]
        return await self._try(client, "ActivateVariant", {"id": variant, "reason": reason})

    async def _try(self, client: httpx.AsyncClient, name: str, variables: dict[str, Any]) -> Answer:
        """Asks once, as who asked again could not tell which of the two was done."""
        try:
            answer = await self._soak.ask_once(client, operation(name), variables, handled={"CONFLICT"})
        except (httpx.HTTPError, Refused):
            self._soak.counts["changes without an answer"] += 1
            return Answer.NONE
        return Answer.CONFLICT if answer.get("code") == "CONFLICT" else Answer.DONE


async def compare_agents(soak: Soak, client: httpx.AsyncClient, editors: list[Editor]) -> None:
    """Checks that what was answered is in the history once, and that each agent counts what its history has."""
    for id in soak.agents:
        events: list[dict[str, Any]] = []
        page: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
        while page["hasNextPage"]:
            agent = await soak.ask(client, HISTORY, id=id, after=page["endCursor"])
            events += agent["history"]["nodes"]
            page = agent["history"]["pageInfo"]
        recorded = Counter(event["reason"] for event in events)
        increments = _answers(editor.ledger.increments for editor in editors if editor.agent == id)
        activations = _answers(editor.ledger.activations for editor in editors if editor.agent == id)
        for answers, done in ((increments, {1}), (activations, {0, 1})):  # to activate what is active changes nothing
            for reason, answer in answers.items():
                allowed = {Answer.DONE: done, Answer.CONFLICT: {0}, Answer.NONE: {0, 1}}[answer]
                if recorded[reason] not in allowed:
                    soak.counts["acknowledged changes lost or doubled"] += 1
                    soak.wrong(f"{reason}: answered {answer}, and {recorded[reason]} times in the history")
        soak.counts["increments acknowledged"] += list(increments.values()).count(Answer.DONE)
        soak.counts["activations acknowledged"] += list(activations.values()).count(Answer.DONE)
        counted, recorded_increments = agent["config"]["maxRetries"], sum(recorded[reason] for reason in increments)
        if counted != recorded_increments:
            soak.wrong(f"agent {id} counts {counted}, and its history has {recorded_increments} increments")
        versions = sorted(
            event["version"] for event in events if event["kind"] == "ACTIVATED" or not event["variantId"]
        )
        if versions != list(range(1, agent["version"] + 1)):
            soak.wrong(f"agent {id} has version {agent['version']} and events of {len(versions)} versions")


def _answers(ledgers: Iterable[dict[str, Answer]]) -> dict[str, Answer]:
    return {reason: answer for ledger in ledgers for reason, answer in ledger.items()}
