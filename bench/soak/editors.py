"""Changes agents: counts under optimistic locking, and activates variants, with a ledger of what was answered."""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any

import httpx

from bench.soak.shared_state import Refused, SharedState
from server.wire.graphql_files import operation

AGENT_COUNT = 3
AGENT_QUERY = "query ($id: ID!) { agent(id: $id) { version config { maxRetries } variants { id } } }"
HISTORY_QUERY = """
query ($id: ID!, $after: String) {
  agent(id: $id) {
    version
    config { maxRetries }
    history(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes { kind reason version variantId } }
  }
}
"""


class Outcome(StrEnum):
    """Says what a change was answered."""

    DONE = "done"
    CONFLICT = "conflict"
    NONE = "no answer"
    """The change may have been made, or not."""


@dataclass
class Ledger:
    """Holds what each attempt was answered, by the reason that it alone has given."""

    increments: dict[str, Outcome] = field(default_factory=dict)
    activations: dict[str, Outcome] = field(default_factory=dict)


class Editor:
    """Changes one agent until the stop. No attempt is repeated, so each is in the history once, or not at all."""

    def __init__(self, state: SharedState, number: int) -> None:
        self._state = state
        self._draw = random.Random(2000 + number)
        self._numbers = count()
        self._name = f"editor {number}"
        self.agent = state.agents[number % len(state.agents)]
        self.ledger = Ledger()

    async def run(self, pace: float) -> None:
        async with httpx.AsyncClient(timeout=15) as client:
            while not self._state.stopping.is_set():
                reason = f"{self._name}, change {next(self._numbers)}"
                agent = await self._state.ask(client, AGENT_QUERY, id=self.agent)
                if self._draw.random() < 0.5:
                    self.ledger.increments[reason] = await self._increment(client, agent, reason)
                else:
                    self.ledger.activations[reason] = await self._activate(client, agent, reason)
                await self._state.rest(self._draw.uniform(0, 2 * pace))

    async def _increment(self, client: httpx.AsyncClient, agent: dict[str, Any], reason: str) -> Outcome:
        more = {"config": {"maxRetries": agent["config"]["maxRetries"] + 1}}
        variables = {"id": self.agent, "input": more, "expectedVersion": agent["version"], "reason": reason}
        return await self._try(client, "UpdateAgent", variables)

    async def _activate(self, client: httpx.AsyncClient, agent: dict[str, Any], reason: str) -> Outcome:
        variant = self._draw.choice(agent["variants"])["id"]
        return await self._try(client, "ActivateVariant", {"id": variant, "reason": reason})

    async def _try(self, client: httpx.AsyncClient, name: str, variables: dict[str, Any]) -> Outcome:
        """Asks once, as who asked again could not tell which of the two was done."""
        try:
            answer = await self._state.ask_once(client, operation(name), variables, handled={"CONFLICT"})
        except (httpx.HTTPError, Refused):
            self._state.counts["changes without an answer"] += 1
            return Outcome.NONE
        return Outcome.CONFLICT if answer.get("code") == "CONFLICT" else Outcome.DONE


async def compare_agents(state: SharedState, client: httpx.AsyncClient, editors: list[Editor]) -> None:
    """Checks that what was answered is in the history once, and that each agent counts what its history has."""
    for id in state.agents:
        events: list[dict[str, Any]] = []
        page: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
        while page["hasNextPage"]:
            agent = await state.ask(client, HISTORY_QUERY, id=id, after=page["endCursor"])
            events += agent["history"]["nodes"]
            page = agent["history"]["pageInfo"]
        recorded = Counter(event["reason"] for event in events)
        increments = _answers(editor.ledger.increments for editor in editors if editor.agent == id)
        activations = _answers(editor.ledger.activations for editor in editors if editor.agent == id)
        for answers, done in ((increments, {1}), (activations, {0, 1})):  # to activate what is active changes nothing
            for reason, answer in answers.items():
                allowed = {Outcome.DONE: done, Outcome.CONFLICT: {0}, Outcome.NONE: {0, 1}}[answer]
                if recorded[reason] not in allowed:
                    state.counts["acknowledged changes lost or doubled"] += 1
                    state.wrong(f"{reason}: answered {answer}, and {recorded[reason]} times in the history")
        state.counts["increments acknowledged"] += list(increments.values()).count(Outcome.DONE)
        state.counts["activations acknowledged"] += list(activations.values()).count(Outcome.DONE)
        counted, recorded_increments = agent["config"]["maxRetries"], sum(recorded[reason] for reason in increments)
        if counted != recorded_increments:
            state.wrong(f"agent {id} counts {counted}, and its history has {recorded_increments} increments")
        versions = sorted(
            event["version"] for event in events if event["kind"] == "ACTIVATED" or not event["variantId"]
        )
        if versions != list(range(1, agent["version"] + 1)):
            state.wrong(f"agent {id} has version {agent['version']} and events of {len(versions)} versions")


def _answers(ledgers: Iterable[dict[str, Outcome]]) -> dict[str, Outcome]:
    return {reason: answer for ledger in ledgers for reason, answer in ledger.items()}
