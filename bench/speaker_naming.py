"""`python -m bench.speaker_naming`: what naming a speaker costs in a meeting of 10,000 segments, while others read it.

Each naming is the first in its meeting, in the transaction that `nameSpeakers` makes, with PostgreSQL's own settings (fsync
too). The speaker has all segments of the meeting, or a third of them. Then the same again, with one index of the segments
less each time: whatever changes of a row, PostgreSQL writes an entry into each index of the table. PostgreSQL is one of its
own, in a temporary directory. The CPU time is that of the backend which runs the transaction; the wall time depends on what
else the machine does.
"""

import argparse
import asyncio
import contextlib
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import psutil
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from db.database import Database
from db.embedded import embedded_postgres
from db.migrate import migrate
from db.workspaces import ensure_workspace
from domain.ids import DEFAULT_WORKSPACE_ID, MeetingId
from domain.meetings import Meeting
from domain.pagination import PageRequest
from domain.segments import MAX_WRITE_SEGMENTS, SegmentContent

SEGMENT_COUNT = 10_000
LABEL = "SPEAKER_00"
BACKEND = text("SELECT pg_backend_pid() AS pid")
INDEXES = ("segments_search_idx", "segments_change_idx")
TEXT = "we ship the notes on Friday after Omar has read what was said about prices and dates in the second meeting"
WORDS = TEXT.split()


async def new_meeting(database: Database, speakers: int) -> MeetingId:
    """Makes a meeting in which the speakers take turns."""
    draw = random.Random(1)
    async with database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
        meeting = await uow.meetings.create(Meeting.create(title="Weekly"))
        for first in range(0, SEGMENT_COUNT, MAX_WRITE_SEGMENTS):
            contents = [
                SegmentContent(
                    " ".join(draw.choices(WORDS, k=draw.randint(4, 28))), n, n + 1.0, n, f"SPEAKER_{n % speakers:02}"
                )
                for n in range(first, first + MAX_WRITE_SEGMENTS)
            ]
            await uow.segments.upsert(meeting.id, contents)
        await uow.commit()
    return meeting.id


@contextlib.asynccontextmanager
async def reading(database: Database, meeting_id: MeetingId) -> AsyncIterator[None]:
    """Reads a page of the meeting again and again while the block lasts."""

    async def read() -> None:
        while True:
            await database.repositories(DEFAULT_WORKSPACE_ID).segments.pages([meeting_id], PageRequest(100))

    task = asyncio.create_task(read())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def name(database: Database, meeting_id: MeetingId) -> tuple[float, float]:
    """Names the speaker, and returns the wall time and the CPU time in milliseconds."""
    async with database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
        meeting = await uow.meetings.get_for_update(meeting_id)
        (row,) = await uow.session.rows(BACKEND, {})
        backend = psutil.Process(row.pid)
        cpu, begin = sum(backend.cpu_times()[:2]), time.perf_counter()
        await uow.meetings.update(replace(meeting, speaker_names={LABEL: "Dana"}))
        await uow.corrections.rename_speakers(meeting_id, [LABEL])
        await uow.commit()
    return (time.perf_counter() - begin) * 1000, (sum(backend.cpu_times()[:2]) - cpu) * 1000


async def measure(url: str, times: int) -> Table:
    table = Table("segments", "what", "wall p50 ms", "max", "CPU p50 ms", "max", title=f"naming, {times} times each")
    database = Database(url, pool_size=3)
    connection = await asyncpg.connect(url)

    async def add_row(what: str, speakers: int) -> None:
        meetings = [await new_meeting(database, speakers) for _ in range(times)]
        await connection.execute("VACUUM ANALYZE")
        figures = []
        for meeting_id in meetings:
            async with reading(database, meeting_id):
                figures.append(await name(database, meeting_id))
        columns = [
            f"{figure:.0f}"
            for series in zip(*figures, strict=True)
            for figure in (statistics.median(series), max(series))
        ]
        table.add_row(f"{SEGMENT_COUNT // speakers:,} of {SEGMENT_COUNT:,}", what, *columns)

    try:
        await migrate(database.engine)
        await ensure_workspace(database.engine, DEFAULT_WORKSPACE_ID, "bench")
        for speakers in (1, 3):
            await add_row("as it is", speakers)
        for index in INDEXES:
            await connection.execute(f"DROP INDEX {index}")
            await add_row(f"and without {index}", 1)
    finally:
        await connection.close()
        await database.close()
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=10)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="rapporteur-bench-", ignore_cleanup_errors=True) as directory,
        embedded_postgres(Path(directory)) as url,
    ):
        Console().print(asyncio.run(measure(url, options.times)))


if __name__ == "__main__":
    main()
