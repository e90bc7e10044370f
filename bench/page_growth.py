"""`python -m bench.page_growth`: what a page costs as its list grows, in CPU time of this process and of PostgreSQL.

Pages of 100 segments from the start, the middle and the end of meetings of 1,000 to 100,000 segments, and pages of 20 agents
among 10 to 10,000: none should cost more for what stands beside it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial

import asyncpg
import psutil
from rich.console import Console
from rich.table import Table

from db.database import Database
from domain.filters import AgentFilter
from domain.ids import DEFAULT_WORKSPACE_ID, MeetingId
from domain.meetings import Meeting
from domain.pagination import Page, PageRequest
from domain.segments import Segment, SegmentContent
from tests.harness.databases import postgres_directory, running_postgres

SEGMENT_COUNTS, AGENT_COUNTS = (1_000, 10_000, 100_000), (10, 100, 1_000, 10_000)
REQUEST_COUNT, ROUND_COUNT = 200, 5
INSERT_EVENTS = """
    INSERT INTO events (workspace_id, entity_id, version, aggregate, aggregate_id, kind, actor, changes)
    SELECT $1, md5('agent' || n)::uuid, 1, 'AGENT', md5('agent' || n)::uuid, 'CREATED', 'bench', '{}'
    FROM generate_series($2::int, $3::int) AS n"""
INSERT_SEGMENTS = """
    INSERT INTO agents (workspace_id, id, slug, name, description, model_provider, model_name, system_prompt,
        user_prompt_template, prompt_version, temperature, max_tokens, context_window, input_token_limit, token_budget,
        timeout_seconds, max_retries)
    SELECT $1, md5('agent' || n)::uuid, 'agent-' || n, 'Agent ' || n, '', 'openai', 'gpt', repeat('Be brief. ', 100), '', '1',
        1, 1, 1, 1, 1, 1, 1
    FROM generate_series($2::int, $3::int) AS n"""


async def cost(database: Database, run: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Returns the milliseconds of CPU that one run costs in this process and in PostgreSQL, in the cheapest round."""
    connection = await database.pool.acquire()  # the one that is used throughout, as the last one back is the next
    backend = psutil.Process(connection.get_server_pid())
    database.pool.release(connection)
    costs = []
    for _ in range(ROUND_COUNT):
        own_start, backend_start = time.process_time(), sum(backend.cpu_times()[:2])
        for _ in range(REQUEST_COUNT):
            await run()
        costs.append(
            (
                (time.process_time() - own_start) / REQUEST_COUNT,
                (sum(backend.cpu_times()[:2]) - backend_start) / REQUEST_COUNT,
            ),
        )
    return min(own for own, _ in costs) * 1000, min(in_backend for _, in_backend in costs) * 1000


async def segments(database: Database, meeting: MeetingId, request: PageRequest) -> Page[Segment]:
    return (await database.repositories(DEFAULT_WORKSPACE_ID).segments.pages([meeting], request))[meeting]


async def agents(database: Database) -> None:
    page = await database.repositories(DEFAULT_WORKSPACE_ID).agents.page(PageRequest(20), AgentFilter())
    ids = [agent.id for agent in page.nodes]
    await database.repositories(DEFAULT_WORKSPACE_ID).variants.by_agents(ids)
    await database.repositories(DEFAULT_WORKSPACE_ID).agents.resolved(ids)


async def measure(url: str) -> Table:
    table = Table("a page of", "among", "CPU ms here", "CPU ms in PostgreSQL")
    database = Database(url, pool_size=1)
    connection = await asyncpg.connect(url)
    for count in SEGMENT_COUNTS:
        async with database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            meeting = (await uow.meetings.create(Meeting.create(title=f"Of {count}"))).id
            for start in range(0, count, 1_000):
                said = [SegmentContent(f"Text {n}", n, n + 1.0) for n in range(start, start + 1_000)]
                await uow.segments.add_many(meeting, said)
            await uow.commit()
        await connection.execute("VACUUM ANALYZE")
        for place in (0, count // 2, count - 101):
            request = PageRequest(100, after=(meeting, place))
            assert len((await segments(database, meeting, request)).nodes) == 100
            figures = await cost(database, partial(segments, database, meeting, request))
            table.add_row("100 segments", f"{count:,}, after {place:,}", *(f"{figure:.3f}" for figure in figures))
    made = 0
    for count in AGENT_COUNTS:
        for statement in (INSERT_EVENTS, INSERT_SEGMENTS):
            await connection.execute(statement, DEFAULT_WORKSPACE_ID, made + 1, count)
        made = count
        await connection.execute("VACUUM ANALYZE")
        figures = await cost(database, partial(agents, database))
        table.add_row(f"{min(20, count)} agents", f"{count:,}", *(f"{figure:.3f}" for figure in figures))
    await connection.close()
    await database.close()
    return table


def main() -> None:
    with postgres_directory() as directory, running_postgres(directory) as postgres, postgres.database() as url:
        Console().print(asyncio.run(measure(url)))


if __name__ == "__main__":
    main()
