"""`python -m bench.executor` measures the execution of operations by the fast executor and by graphql-core alone.

It runs in memory: resolvers, loaders and the schema are the product's, and a stand-in for the database returns objects that
exist already. Documents are parsed and validated before. The garbage collector is set as in the server. Figures are
microseconds of CPU for one execution, the least of several series. Compare figures of one run only.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

from asyncpg.pgproto.pgproto import UUID  # the class of the ids that the driver returns
from rich.console import Console
from rich.table import Table

from db.change_notifier import ChangeNotifier
from db.database import Database
from domain.agents import Agent, ResolvedAgentConfig
from domain.configs import CONFIG_FIELDS, AgentConfig, ConfigOverrides
from domain.ids import DEFAULT_WORKSPACE_ID, AgentId, MeetingId, VariantId, new_id
from domain.meetings import Meeting, MeetingState
from domain.pagination import Page, PageRequest
from domain.principals import local
from domain.segments import Segment
from domain.variants import AgentVariant
from executor import execution_counts
from resolvers.context import Context
from resolvers.live.registry import HubRegistry
from schema.documents.limits import Limits
from schema.schema import schema
from server.app import tune_garbage_collector

AGENT_COUNT, VARIANTS_PER_AGENT, SEGMENT_COUNT = 20, 5, 1_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CONFIG = """variantId modelProvider modelName systemPrompt userPromptTemplate promptVersion temperature maxTokens contextWindow
    inputTokenLimit tokenBudget timeoutSeconds maxRetries"""
OPERATIONS = {
    f"1 meeting x {SEGMENT_COUNT:,} segments x 5": (
        "query ($id: ID!) { meeting(id: $id) { segments(first: 1000) { nodes"
        " { segmentId speaker text startTime endTime } } } }"
    ),
    f"{AGENT_COUNT} agents x ({VARIANTS_PER_AGENT} variants x 6 + config x 13)": (
        "query { agents(first: 20) { nodes { variants { id slug name description isActive version }"
        f" resolvedConfig {{ {CONFIG} }} }} }} }}"
    ),
    "1 resolved config": f"query ($slug: String!) {{ agentBySlug(slug: $slug) {{ resolvedConfig {{ {CONFIG} }} }} }}",
    "ping": "{ __typename }",
}


class InMemoryDatabase:
    """Stands for the database and for its repositories: what they would read is there."""

    def __init__(self) -> None:
        self.agents = self.variants = self.meetings = self.segments = self
        self.notifier = ChangeNotifier("postgresql://")  # nobody publishes to it
        config = AgentConfig("openai", "gpt", "You are exact and brief.", "{{text}}")
        self.of: dict[AgentId, Agent] = {}
        self.variants_of: dict[AgentId, list[AgentVariant]] = {}
        for n in range(AGENT_COUNT):
            id = AgentId(UUID(str(new_id())))
            self.of[id] = Agent(id, f"agent-{n}", f"Agent {n}", "", None, 1, NOW, NOW, config)
            self.variants_of[id] = [
                AgentVariant(
                    VariantId(UUID(str(new_id()))), id, f"v-{v}", f"V {v}", "", False, 1, NOW, NOW, ConfigOverrides()
                )
                for v in range(VARIANTS_PER_AGENT)
            ]
        values = [getattr(config, name) for name in CONFIG_FIELDS]
        self.configs = {
            id: ResolvedAgentConfig(*values, agent_id=id, agent_slug="agent", variant_id=None, variant_slug=None)
            for id in self.of
        }
        self.meeting = Meeting(
            MeetingId(UUID(str(new_id()))),
            None,
            "Long",
            MeetingState.COMPLETED,
            {},
            {},
            None,
            1,
            1,
            NOW,
            NOW,
            None,
            None,
            None,
        )
        self.said = [
            Segment(self.meeting.id, n, f"Text {n}", n * 2.0, n * 2.0 + 1, f"Speaker {n % 3}")
            for n in range(SEGMENT_COUNT)
        ]

    @asynccontextmanager
    async def reading(self, _: object) -> AsyncIterator["InMemoryDatabase"]:
        yield self

    async def by_ids(self, ids: Iterable[MeetingId], *_: object) -> dict[MeetingId, Meeting]:
        return {self.meeting.id: self.meeting}

    async def by_slug(self, slug: str, *_: object) -> Agent:
        return next(agent for agent in self.of.values() if agent.slug == slug)

    async def page(self, request: PageRequest, *_: object) -> Page[Agent]:
        return Page.of(request, list(self.of.values()), lambda agent: agent.slug)

    async def by_agents(self, ids: Iterable[AgentId], *_: object) -> dict[AgentId, list[AgentVariant]]:
        return self.variants_of

    async def resolved(self, ids: Iterable[AgentId], *_: object) -> dict[AgentId, ResolvedAgentConfig]:
        return self.configs

    async def pages(self, ids: Iterable[MeetingId], request: PageRequest, *_: object) -> dict[MeetingId, Page[Segment]]:
        return {id: Page.of(request, self.said, lambda segment: segment.id) for id in ids}


async def measured(executions: int, series: int) -> Table:
    memory = InMemoryDatabase()
    database = cast(Database, memory)
    hubs, principal = HubRegistry(database), local(DEFAULT_WORKSPACE_ID)
    variables: dict[str, Any] = {"id": str(memory.meeting.id), "slug": "agent-7"}
    fast, slow = schema.limited(Limits()), schema.limited(Limits(), fast=False)
    table = Table("operation", "graphql-core µs", "fast µs", "times", title=f"{series} series of {executions}")
    for name, document in OPERATIONS.items():
        prepared = schema.documents.prepare(document).document

        async def once(executed: Any, document: Any = prepared) -> Any:
            executor = executed.execution_context_class.build(
                executed._schema, document, None, Context(database, hubs, principal), variables
            )
            result = executor.execute_operation()
            return await result if hasattr(result, "__await__") else result

        expected, got = await once(slow), await once(fast)
        assert expected.errors is None
        assert got == expected, name
        least = []
        for executed in (slow, fast):
            times = []
            for _ in range(series):
                start = time.process_time_ns()
                for _ in range(executions):
                    await once(executed)
                times.append((time.process_time_ns() - start) / executions / 1000)
            least.append(min(times))
        table.add_row(name, *(f"{each:,.0f}" for each in least), f"{least[0] / least[1]:.1f}")
    assert execution_counts.fell_back == 0
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executions", type=int, default=50, help="of each operation in a series (default: 50)")
    parser.add_argument("--series", type=int, default=5, help="(default: 5)")
    options = parser.parse_args()
    tune_garbage_collector()
    Console().print(asyncio.run(measured(options.executions, options.series)))


if __name__ == "__main__":
    main()
