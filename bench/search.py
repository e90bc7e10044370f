"""`python -m bench.search FILE...`: what search costs over a million segments, and what its index costs each write.

The segments are made of the transcripts given (files that `rapporteur import` reads, or folders of them; the demo's where
there are none): each copy of a segment has every third word drawn anew from all of them, so that words are as frequent as
there, and texts differ. PostgreSQL is one of its own, in a temporary directory, with its own settings (fsync too).

- migration: the segments are written at an older revision (`--before`) and migrated: how long that takes, and the sizes of the
  index. A copy of the database stays at the older revision.
- search: the product's statement for a page of 20, of many different queries of two words that stand beside each other in
  some text; of beginnings of words; of words of which each is in a tenth of the segments; and in one meeting. Times are those
  of the database: from sending a statement on an open connection to its result.
- upsert: the product's statement for 20 segments, new ones and revisions, in turns on the database and on the copy. Beside the
  time stands the processor time of this process and of PostgreSQL's.
"""

import argparse
import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

import server
from db.database import Database
from db.embedded import embedded_postgres
from db.migrate import migrate
from db.schema_revisions import MIGRATION_TIMEOUT_SECONDS
from db.workspaces import ensure_workspace
from domain.errors import InvalidInput
from domain.ids import DEFAULT_WORKSPACE_ID, MeetingId, new_id
from domain.pagination import PageRequest
from domain.search import Search
from domain.segments import SegmentContent
from domain.transcripts import read_transcript

DEMO = Path(server.__file__).parent / "process" / "demo.vtt"
SEGMENTS_PER_MEETING = 1_000
PAGE = PageRequest(20)
COLUMNS = (
    *("workspace_id", "meeting_id", "segment_id", "text", "speaker", "start_time", "end_time", "is_final"),
    "change_seq",
)
Texts = list[list[str]]


def read(paths: list[Path]) -> Texts:
    """Returns the words of each segment of the transcripts."""
    files = [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    return [
        segment.text.split() for file in files for segment in read_transcript(file.read_bytes(), file.name).segments
    ]


class Words:
    """Texts like those read, and queries that stand in them."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._all = [word for text in texts for word in text]
        self._draw = random.Random(1)

    def text(self, number: int) -> str:
        words = self._texts[number % len(self._texts)]
        return " ".join(self._draw.choice(self._all) if self._draw.random() < 1 / 3 else word for word in words)

    def texts(self, count: int) -> list[str]:
        return [self.text(self._draw.randrange(len(self._texts))) for _ in range(count)]

    def pairs(self) -> Iterator[str]:
        """Yields queries of two words, which may be too common to be looked up."""
        while True:
            words = self._draw.choice(self._texts)
            if len(words) > 1:
                at = self._draw.randrange(len(words) - 1)
                pair = [word.strip(".,?!:;\"'()-") for word in words[at : at + 2]]
                if all(word.isalpha() and len(word) > 2 for word in pair):
                    yield " ".join(pair)


async def fill(connection: Any, words: Words, segments: int) -> list[MeetingId]:
    """Stores meetings of SEGMENTS_PER_MEETING segments each, and returns their ids."""
    meetings = [MeetingId(new_id()) for _ in range(segments // SEGMENTS_PER_MEETING)]
    # The database takes no meeting without the event of its version.
    rows: list[tuple[Any, ...]] = [
        (DEFAULT_WORKSPACE_ID, id, 1, "MEETING", id, "CREATED", "bench", "{}") for id in meetings
    ]
    names: tuple[str, ...] = (
        "workspace_id",
        "entity_id",
        "version",
        "aggregate",
        "aggregate_id",
        "kind",
        "actor",
        "changes",
    )
    await connection.copy_records_to_table("events", records=rows, columns=names)
    rows = [(DEFAULT_WORKSPACE_ID, id, "Meeting", "COMPLETED", 1, SEGMENTS_PER_MEETING) for id in meetings]
    names = ("workspace_id", "id", "title", "state", "change_seq", "last_segment_id")
    await connection.copy_records_to_table("meetings", records=rows, columns=names)
    number = 0
    for id in meetings:
        rows = []
        for nth in range(1, SEGMENTS_PER_MEETING + 1):
            number += 1
            rows.append(
                (DEFAULT_WORKSPACE_ID, id, nth, words.text(number), f"Speaker {nth % 5}", nth, nth + 1, True, 1)
            )
        await connection.copy_records_to_table("segments", records=rows, columns=COLUMNS)
    await connection.execute("VACUUM (ANALYZE) segments")
    return meetings


async def timed(run: Callable[[], Awaitable[Any]]) -> float:
    """Runs something, and returns the milliseconds that pass meanwhile."""
    begin = time.perf_counter()
    await run()
    return (time.perf_counter() - begin) * 1000


async def searches(database: Database, queries: list[str], meeting: MeetingId | None = None) -> tuple[list[float], int]:
    """Returns the milliseconds of each query that has words to look up, and how many segments the middle one finds."""
    times, found = [], []
    repositories = database.repositories(DEFAULT_WORKSPACE_ID)
    for query in queries:
        search = Search(query, meeting)
        try:
            times.append(await timed(partial(repositories.search.page, PAGE, search)))
            found.append(await repositories.search.count(search))
        except InvalidInput:  # "or" is a word of the syntax
            continue
    return times, round(statistics.median(found))


def processor_time(pid: int) -> float:
    """Returns the milliseconds of CPU that a process has used."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


class Upserts:
    """Upserts on one database: the milliseconds of each, and the processor time of all."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.times: list[float] = []
        self.processor: list[float] = []

    async def run(self, meeting: MeetingId, contents: list[SegmentContent]) -> None:
        async with self.database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            await uow.meetings.by_ids([meeting])  # BEGIN is no part of it
            (backend,) = await uow.meetings._rows(text("SELECT pg_backend_pid() AS pid"))
            processes = (os.getpid(), backend.pid)
            before = sum(map(processor_time, processes))
            begin = time.perf_counter()
            await uow.segments.upsert(meeting, contents)
            await uow.commit()
            self.times.append((time.perf_counter() - begin) * 1000)
            self.processor.append(sum(map(processor_time, processes)) - before)


async def upsert_in_turns(
    upserts: list[Upserts], meetings: list[MeetingId], words: Words, times: int, new: bool
) -> None:
    for nth in range(times):
        first = None if new else 1 + 20 * (nth % 40)
        contents = [
            SegmentContent(text, nth, nth + 1.0, None if first is None else first + place)
            for place, text in enumerate(words.texts(20))
        ]
        for each in upserts if nth % 2 else reversed(upserts):
            await each.run(meetings[nth % len(meetings)], contents)


def row(times: list[float]) -> tuple[str, str, str]:
    figures = (statistics.median(times), statistics.quantiles(times, n=20)[-1], statistics.mean(times))
    return f"{figures[0]:.2f}", f"{figures[1]:.2f}", f"{figures[2]:.2f}"


async def size_of_index(connection: Any) -> str:
    size, lexemes = await connection.fetchrow(
        "SELECT pg_relation_size('segments_search_idx'), pg_total_relation_size('segments')"
    )
    return f"index {size / 1e6:,.0f} MB, table with all indexes {lexemes / 1e6:,.0f} MB"


async def measure(url: str, words: Words, options: argparse.Namespace) -> Table:
    table = Table("what", "p50 ms", "p95 ms", "mean ms", "note", title=f"search over {options.segments:,} segments")
    database = Database(url, pool_size=2, statement_timeout=MIGRATION_TIMEOUT_SECONDS)
    before = Database(url.replace("/postgres?", "/before?"), pool_size=2)
    await migrate(database.engine, options.before)
    await ensure_workspace(database.engine, DEFAULT_WORKSPACE_ID, "default", options.language)
    connection = await asyncpg.connect(url)
    try:
        meetings = await fill(connection, words, options.segments)
        table.add_row(f"at revision {options.before}", "", "", "", await size_of_index(connection))
        other = await asyncpg.connect(url.replace("/postgres?", "/template1?"))
        await connection.close()
        await database.close()
        await other.execute("CREATE DATABASE before TEMPLATE postgres STRATEGY FILE_COPY")
        await other.close()
        database = Database(url, pool_size=2, statement_timeout=MIGRATION_TIMEOUT_SECONDS)
        connection = await asyncpg.connect(url)
        took = await timed(partial(migrate, database.engine))
        await connection.execute("VACUUM (ANALYZE) segments")
        table.add_row("migration", f"{took:,.0f}", "", "", await size_of_index(connection))
        common = [
            word
            for (word,) in await connection.fetch(
                """SELECT elements.word FROM pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs)
                AS elements (word, frequency) WHERE tablename = 'segments' AND attname = 'search_vector'
                ORDER BY abs(elements.frequency - 0.1) LIMIT 5"""
            )
        ]
        pairs = words.pairs()
        queries = [next(pairs) for _ in range(options.queries)]
        beginnings = [f"{query.split()[0][:5]}*" for query in queries]
        await searches(database, queries[:20])
        for what, asked, meeting in (
            ("two words", queries, None),
            ('"two words"', [f'"{query}"' for query in queries], None),
            ("begin*", beginnings, None),
            ("two words, in one meeting", queries, meetings[0]),
            ("words in a tenth of all", common * 4, None),
            ("words in a tenth of all, in one meeting", common * 4, meetings[0]),
        ):
            times, found = await searches(database, asked, meeting)
            table.add_row(what, *row(times), f"{len(times)} queries; the middle one finds {found:,}")
        for what, new in (("revised", False), ("new", True)):
            upserts = [Upserts(before), Upserts(database)]
            await upsert_in_turns(upserts, meetings, words, options.upserts // 2, new)
            for each, name in zip(upserts, (f"at {options.before}", "now"), strict=True):
                table.add_row(f"upsert of 20 {what}, {name}", *row(each.times), "")
                table.add_row("  processor time", *row(each.processor), "")
        times, _ = await searches(database, queries)
        table.add_row("two words, after these", *row(times), "with what the index has not sorted in yet")
    finally:
        await connection.close()
        await before.close()
        await database.close()
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=[DEMO], help="transcripts, or folders of them")
    parser.add_argument("--segments", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--upserts", type=int, default=1_000)
    parser.add_argument("--before", default="0012", help="the revision to compare with")
    parser.add_argument("--language", default="english")
    options = parser.parse_args()
    words = Words(read(options.files))
    with (
        tempfile.TemporaryDirectory(prefix="rapporteur-bench-", ignore_cleanup_errors=True) as directory,
        embedded_postgres(Path(directory)) as url,
    ):
        Console().print(asyncio.run(measure(url, words, options)))


if __name__ == "__main__":
    main()
