"""`python -m bench.soak`: readers and writers through kills, and nothing may be lost.

Two `rapporteur serve` stand on one PostgreSQL. Writers create, revise and delete segments through both; readers follow the
meetings over WebSocket: they come, lag, leave, break off, and go on from their cursor at either server. People correct what is
heard and name its speakers. Editors count under optimistic locking and activate variants. Every few seconds there is a fault
(bench/soak/faults.py): a server or PostgreSQL is killed with kill -9, connections are cut, frozen or forgotten, answers are
lost, a table is locked, the database refuses writes. In the end every reader drains, and must have what the table has; tables
and histories must have what was acknowledged, once; and no reader may ever have got an older text after a newer one.

It ends with exit code 1 if anything of that is not so.
"""

import argparse
import asyncio
import sys
import time

import httpx
from rich.console import Console
from rich.table import Table

from bench.soak.clients import Reader, Writer
from bench.soak.correctors import PEOPLE, Person, compare_people
from bench.soak.deployment import Site, site
from bench.soak.editors import AGENTS, Editor, compare_agents
from bench.soak.faults import disturb
from bench.soak.shared_state import CURSOR, MEETINGS, PAGE, Soak, Transcript, transcript
from server.wire.graphql_files import operation

DRAIN_SECONDS = 60.0
"""Every reader must get what it has not got yet in these, once all is calm."""


async def soak(site: Site, seconds: float, writers: int, readers: int, pace: float) -> Soak:
    async with site.running(), httpx.AsyncClient(timeout=15) as client:
        it = Soak(site.urls, [], [])
        for number in range(MEETINGS):
            created = await it.ask(client, operation("CreateMeeting"), input={"title": f"Meeting {number}"})
            it.meetings.append(created["id"])
        for number in range(AGENTS):
            config = {"modelProvider": "openai", "modelName": "gpt", "maxRetries": 0}
            agent = await it.ask(client, operation("CreateAgent"), input={"name": f"Agent {number}", "config": config})
            it.agents.append(agent["id"])
            for name in ("One", "Two", "Three"):
                await it.ask(client, operation("CreateVariant"), agentId=agent["id"], input={"name": name})
        all_writers = [Writer(it, number) for number in range(writers)]
        all_readers = [Reader(it, number) for number in range(readers)]
        people = [Person(it, number) for number in range(PEOPLE)]
        editors = [Editor(it, number) for number in range(2 * AGENTS)]
        async with asyncio.timeout(seconds + 120), asyncio.TaskGroup() as group:
            for writer in all_writers:
                group.create_task(writer.run(pace))
            for reader in all_readers:
                group.create_task(reader.run())
            for person in people:
                group.create_task(person.run(pace))
            for editor in editors:
                group.create_task(editor.run(pace))
            group.create_task(disturb(it, site))
            await asyncio.sleep(seconds)
            it.stopping.set()
        tables = {id: await table(it, client, id) for id in it.meetings}
        await compare(it, client, tables, all_writers, all_readers)
        compare_people(it, people, tables)
        await compare_agents(it, client, editors)
    return it


async def compare(
    it: Soak,
    client: httpx.AsyncClient,
    tables: dict[str, Transcript],
    writers: list[Writer],
    readers: list[Reader],
) -> None:
    """Every reader drains; what it has, what the table has and what was acknowledged must be the same."""
    ends = {id: (await it.ask(client, CURSOR, id=id))["updatesCursor"] for id in it.meetings}
    it.counts["segments in the tables"] = sum(map(len, tables.values()))
    newcomers = [Reader(it, len(readers) + number) for number in range(2 * MEETINGS)]
    everyone = [*readers, *newcomers]
    drains = (
        asyncio.wait_for(reader.drain(n, ends[reader.meeting]), DRAIN_SECONDS) for n, reader in enumerate(everyone)
    )
    results = await asyncio.gather(*drains, return_exceptions=True)
    for reader, result in zip(everyone, results, strict=True):
        if isinstance(result, TimeoutError):
            it.counts["never caught up"] += 1
            it.wrong(f"{reader.name} did not get to the end in {DRAIN_SECONDS} s")
        elif isinstance(result, BaseException):
            raise result
        read, stored = reader.transcript, tables[reader.meeting]
        lost = {number for number in read.keys() | stored.keys() if read.get(number) != stored.get(number)}
        it.counts["losses"] += len(lost)
        if lost:
            it.wrong(f"{reader.name} has other segments than the table: {sorted(lost)[:10]}")
    for writer in writers:
        for id, texts in writer.acknowledged.items():
            heard = {number: segment["heard"]["text"] for number, segment in tables[id].items()}
            lost = {number for number, text in texts.items() if heard.get(number) != text}
            it.counts["acknowledged writes lost"] += len(lost)
            if lost:
                it.wrong(f"acknowledged and not in the table: {sorted(lost)[:10]} of {id}")


async def table(it: Soak, client: httpx.AsyncClient, meeting: str) -> Transcript:
    found: Transcript = {}
    after = None
    while True:
        page = (await it.ask(client, PAGE, id=meeting, after=after))["segments"]
        found |= transcript(page["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="how long it is written (default: 60)")
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--readers", type=int, default=40)
    parser.add_argument("--pace", type=float, default=0.1, help="seconds between a writer's writes, on average")
    given = parser.parse_args()
    start = time.monotonic()
    with site() as place:
        done = asyncio.run(soak(place, given.seconds, given.writers, given.readers, given.pace))
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
