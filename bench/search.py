"""`python -m bench.search FILE...`: what search costs over a million segments, and what its index costs each write.

The segments are made of the transcripts given (files that `rapporteur import` reads, or folders of them; the demo's where
there are none): each copy of a segment has every third word drawn anew from all of them, so that words are as frequent as
there, and texts differ. PostgreSQL is one of its own, in a temporary directory. Times are those of the database: from
sending a statement on an open connection to its result, with PostgreSQL's own settings (fsync too).

- search: the product's statement for a page of 20, of many different queries of two words that stand beside each other in
  some text; of words of which each is in a tenth of the segments; and of both in one meeting.
- upsert: the product's statement for 20 segments, new ones and revisions, in turns on the product's table and on the same
  table without search, which was filled alike.
"""

import argparse
import asyncio
import contextlib
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
from sqlalchemy.exc import DBAPIError

import server
from db.database import Database
from db.embedded import embedded_postgres
from db.migrate import migrate
from domain.errors import InvalidInput
from domain.ids import DEFAULT_WORKSPACE_ID, MeetingId, new_id
from domain.pagination import PageRequest
from domain.search import Search
from domain.segments import SegmentContent
from domain.transcripts import read_transcript

DEMO = Path(server.__file__).parent / "demo.vtt"
PER_MEETING = 1_000
PAGE = PageRequest(20)
COLUMNS = (
    *("workspace_id", "meeting_id", "segment_id", "text", "speaker", "start_time", "end_time", "is_final"),
    "change_seq",
)
# The tables as they would be without search, in a schema of their own: its connections look there first.
PLAIN = """
    CREATE SCHEMA plain;
    CREATE TABLE plain.meetings (LIKE meetings INCLUDING ALL);
    CREATE TABLE plain.segments (LIKE segments INCLUDING ALL EXCLUDING GENERATED);
    ALTER TABLE plain.segments DROP COLUMN search_vector;
    ALTER TABLE plain.segments ADD FOREIGN KEY (workspace_id, meeting_id)
        REFERENCES plain.meetings (workspace_id, id) ON DELETE CASCADE;
    INSERT INTO plain.meetings SELECT * FROM meetings;
"""

Texts = list[list[str]]


def read(paths: list[Path]) -> Texts:
    """The words of each segment of the transcripts."""
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
        """Queries of two words, which may be too common to be looked up."""
        while True:
            words = self._draw.choice(self._texts)
            if len(words) > 1:
                at = self._draw.randrange(len(words) - 1)
                pair = [word.strip(".,?!:;\"'()-") for word in words[at : at + 2]]
                if all(word.isalpha() and len(word) > 2 for word in pair):
                    yield " ".join(pair)


async def fill(connection: Any, words: Words, segments: int) -> list[MeetingId]:
    """Meetings of PER_MEETING segments each, on both schemas."""
    meetings = [MeetingId(new_id()) for _ in range(segments // PER_MEETING)]
    # No meeting without the event of its version.
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
    rows = [(DEFAULT_WORKSPACE_ID, id, "Meeting", "COMPLETED", 1, PER_MEETING) for id in meetings]
    names = ("workspace_id", "id", "title", "state", "change_seq", "last_segment_id")
    await connection.copy_records_to_table("meetings", records=rows, columns=names)
    await connection.execute(PLAIN)
    number = 0
    for id in meetings:
        rows = []
        for nth in range(1, PER_MEETING + 1):
            number += 1
            rows.append(
                (DEFAULT_WORKSPACE_ID, id, nth, words.text(number), f"Speaker {nth % 5}", nth, nth + 1, True, 1)
            )
        for schema in ("public", "plain"):
            await connection.copy_records_to_table("segments", records=rows, columns=COLUMNS, schema_name=schema)
    for schema in ("public", "plain"):
        await connection.execute(f"VACUUM (ANALYZE) {schema}.segments")
    return meetings


async def timed(run: Callable[[], Awaitable[Any]]) -> float:
    """Milliseconds."""
    begin = time.perf_counter()
    await run()
    return (time.perf_counter() - begin) * 1000


async def searches(database: Database, queries: list[str], meeting: MeetingId | None = None) -> tuple[list[float], int]:
    """Milliseconds of each query that has words to look up, and how many segments the middle one finds."""
    times, found = [], []
    async with database.reading(DEFAULT_WORKSPACE_ID) as repositories:
        for query in queries:
            search = Search(query, meeting)
            try:
                times.append(await timed(partial(repositories.search.page, PAGE, search)))
                found.append(await repositories.search.count(search))
            except InvalidInput:  # "or" is a word of the syntax
                continue
    return times, round(statistics.median(found))


async def upserts(databases: list[Database], meetings: list[MeetingId], words: Words, times: int) -> list[list[float]]:
    """For each database the milliseconds of each upsert, half of them of new segments and half of revisions."""
    found: list[list[float]] = [[] for _ in databases]
    for nth in range(times):
        texts = words.texts(20)
        first = None if nth % 2 else 1 + 20 * (nth % 40)
        contents = [
            SegmentContent(text, nth, nth + 1.0, None if first is None else first + place)
            for place, text in enumerate(texts)
        ]
        for database, series in zip(databases, found, strict=True):
            async with database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
                await uow.meetings.by_ids(meetings[:1])  # BEGIN is no part of it
                begin = time.perf_counter()
                await uow.segments.upsert(meetings[nth % len(meetings)], contents)
                await uow.commit()
                series.append((time.perf_counter() - begin) * 1000)
    return found


def row(times: list[float]) -> tuple[str, str, str]:
    figures = (statistics.median(times), statistics.quantiles(times, n=20)[-1], statistics.mean(times))
    return f"{figures[0]:.2f}", f"{figures[1]:.2f}", f"{figures[2]:.2f}"


async def measure(url: str, words: Words, options: argparse.Namespace) -> Table:
    table = Table("what", "p50 ms", "p95 ms", "mean ms", "note", title=f"search over {options.segments:,} segments")
    database = Database(url, pool_size=2)
    plain = Database(f"{url}&options=-csearch_path%3Dplain,public", pool_size=2)
    connection = await asyncpg.connect(url)
    try:
        await migrate(database.engine)
        meetings = await fill(connection, words, options.segments)
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
        await searches(database, queries[:20])
        for what, asked, meeting in (
            ("two words", queries, None),
            ('"two words"', [f'"{query}"' for query in queries], None),
            ("two words, in one meeting", queries, meetings[0]),
            ("words in a tenth of all", common * 4, None),
            ("words in a tenth of all, in one meeting", common * 4, meetings[0]),
        ):
            times, found = await searches(database, asked, meeting)
            table.add_row(what, *row(times), f"{len(times)} queries; the middle one finds {found:,}")
        async with plain.reading(DEFAULT_WORKSPACE_ID) as repositories:
            with contextlib.suppress(DBAPIError):
                await repositories.search.count(Search("word"))
                raise AssertionError("the table without search has search")
        with_search, without = await upserts([database, plain], meetings, words, options.upserts)
        for kind, start in (("revised", 0), ("new", 1)):
            series, base = with_search[start::2], without[start::2]
            ratio = f"ratio of p50 {statistics.median(series) / statistics.median(base):.2f}, "
            ratio += f"of means {statistics.mean(series) / statistics.mean(base):.2f}"
            table.add_row(f"upsert of 20 {kind}, without search", *row(base), "")
            table.add_row(f"upsert of 20 {kind}", *row(series), ratio)
        times, _ = await searches(database, queries)
        table.add_row("two words, after these", *row(times), "with what the index has not sorted in yet")
    finally:
        await connection.close()
        await plain.close()
        await database.close()
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=[DEMO], help="transcripts, or folders of them")
    parser.add_argument("--segments", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--upserts", type=int, default=1_000)
    options = parser.parse_args()
    words = Words(read(options.files))
    with (
        tempfile.TemporaryDirectory(prefix="rapporteur-bench-", ignore_cleanup_errors=True) as directory,
        embedded_postgres(Path(directory)) as url,
    ):
        Console().print(asyncio.run(measure(url, words, options)))


if __name__ == "__main__":
    main()
