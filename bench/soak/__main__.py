"""`python -m bench.soak`: readers and writers through kills, and nothing may be lost.

Two `rapporteur serve` stand on one PostgreSQL. Writers create, revise and delete segments through both; readers follow the
meetings over WebSocket: they come, lag, leave, break off, and go on from their cursor at either server. People correct what is
heard and name its speakers. Editors count under optimistic locking and activate variants. Every few seconds there is a fault
(bench/soak/faults.py): a server or PostgreSQL is killed with kill -9, connections are cut, frozen or forgotten, answers are
lost, a table is locked, the database refuses writes. In the end every reader drains, and must have what the table has; tables
and histories must have what was acknowledged, once; and no reader may ever have got an older text after a newer one.

It ends with exit code 1 if one of these conditions does not hold.
"""

import argparse
import asyncio
import sys
import time

import httpx
from rich.console import Console
from rich.table import Table

from bench.soak.clients import Reader, Writer
from bench.soak.correctors import CORRECTOR_COUNT, Corrector, compare_corrections
from bench.soak.deployment import Deployment, new_deployment
from bench.soak.editors import AGENT_COUNT, Editor, compare_agents
from bench.soak.faults import disturb
from bench.soak.shared_state import CURSOR_QUERY, MEETING_COUNT, PAGE_QUERY, SharedState, Transcript, transcript
from server.wire.graphql_files import operation

DRAIN_SECONDS = 60.0
"""The time in which every reader must catch up, once no fault happens any more."""


async def soak(deployment: Deployment, seconds: float, writers: int, readers: int, pace: float) -> SharedState:
    async with deployment.running(), httpx.AsyncClient(timeout=15) as client:
        state = SharedState(deployment.urls, [], [])
        for number in range(MEETING_COUNT):
            created = await state.ask(client, operation("CreateMeeting"), input={"title": f"Meeting {number}"})
            state.meetings.append(created["id"])
        for number in range(AGENT_COUNT):
            config = {"modelProvider": "openai", "modelName": "gpt", "maxRetries": 0}
            agent = await state.ask(
                client, operation("CreateAgent"), input={"name": f"Agent {number}", "config": config}
            )
            state.agents.append(agent["id"])
            for name in ("One", "Two", "Three"):
                await state.ask(client, operation("CreateVariant"), agentId=agent["id"], input={"name": name})
        all_writers = [Writer(state, number) for number in range(writers)]
        all_readers = [Reader(state, number) for number in range(readers)]
        correctors = [Corrector(state, number) for number in range(CORRECTOR_COUNT)]
        editors = [Editor(state, number) for number in range(2 * AGENT_COUNT)]
        async with asyncio.timeout(seconds + 120), asyncio.TaskGroup() as group:
            for writer in all_writers:
                group.create_task(writer.run(pace))
            for reader in all_readers:
                group.create_task(reader.run())
            for corrector in correctors:
                group.create_task(corrector.run(pace))
            for editor in editors:
                group.create_task(editor.run(pace))
            group.create_task(disturb(state, deployment))
            await asyncio.sleep(seconds)
            state.stopping.set()
        tables = {id: await table(state, client, id) for id in state.meetings}
        await compare(state, client, tables, all_writers, all_readers)
        compare_corrections(state, correctors, tables)
        await compare_agents(state, client, editors)
    return state


async def compare(
    state: SharedState,
    client: httpx.AsyncClient,
    tables: dict[str, Transcript],
    writers: list[Writer],
    readers: list[Reader],
) -> None:
    """Lets every reader drain, and checks that readers, tables and acknowledged writes agree."""
    ends = {id: (await state.ask(client, CURSOR_QUERY, id=id))["updatesCursor"] for id in state.meetings}
    state.counts["segments in the tables"] = sum(map(len, tables.values()))
    newcomers = [Reader(state, len(readers) + number) for number in range(2 * MEETING_COUNT)]
    everyone = [*readers, *newcomers]
    drains = (
        asyncio.wait_for(reader.drain(n, ends[reader.meeting]), DRAIN_SECONDS) for n, reader in enumerate(everyone)
    )
    results = await asyncio.gather(*drains, return_exceptions=True)
    for reader, result in zip(everyone, results, strict=True):
        if isinstance(result, TimeoutError):
            state.counts["never caught up"] += 1
            state.wrong(f"{reader.name} did not get to the end in {DRAIN_SECONDS} s")
        elif isinstance(result, BaseException):
            raise result
        read, stored = reader.transcript, tables[reader.meeting]
        lost = {number for number in read.keys() | stored.keys() if read.get(number) != stored.get(number)}
        state.counts["losses"] += len(lost)
        if lost:
            state.wrong(f"{reader.name} has other segments than the table: {sorted(lost)[:10]}")
    for writer in writers:
        for id, texts in writer.acknowledged.items():
            heard = {number: segment["heard"]["text"] for number, segment in tables[id].items()}
            lost = {number for number, text in texts.items() if heard.get(number) != text}
            state.counts["acknowledged writes lost"] += len(lost)
            if lost:
                state.wrong(f"acknowledged and not in the table: {sorted(lost)[:10]} of {id}")


async def table(state: SharedState, client: httpx.AsyncClient, meeting: str) -> Transcript:
    found: Transcript = {}
    after = None
    while True:
        page = (await state.ask(client, PAGE_QUERY, id=meeting, after=after))["segments"]
        found |= transcript(page["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="how long segments are written (default: 60)")
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--readers", type=int, default=40)
    parser.add_argument("--pace", type=float, default=0.1, help="seconds between a writer's writes, on average")
    given = parser.parse_args()
    start = time.monotonic()
    with new_deployment() as deployment:
        done = asyncio.run(soak(deployment, given.seconds, given.writers, given.readers, given.pace))
    shown = Table(
        title=f"{given.writers} writers, {given.readers} readers, {given.seconds:.0f} s of writing", min_width=50
    )
    shown.add_column("")
    shown.add_column("", justify="right")
    for name in (
        "losses",
        "gone backwards",
        "acknowledged writes lost",
        "acknowledged changes lost or doubled",
        "corrections lost",
        "never caught up",
        "wrongs",
    ):
        done.counts[name] += 0
    for name, count in sorted(done.counts.items()):
        shown.add_row(name, f"{count:,}")
    shown.add_row("seconds in all", f"{time.monotonic() - start:.0f}")
    console = Console(soft_wrap=True)
    console.print(shown)
    for wrong in done.wrongs:
        console.print(wrong, style="red", markup=False, highlight=False)
    sys.exit(1 if done.counts["wrongs"] else 0)


if __name__ == "__main__":
    main()
