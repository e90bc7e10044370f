"""`python -m bench.segment_writes`: what a write of 20 segments takes PostgreSQL, and which part of the table how much of it.

Beside the table as it is there are others that lack a part (the words for the search, what corrections and names need, or the
foreign key), and one that has the CHECKs of the domains, too. Each is in a database of its own. All get the same writes and
reads (a transcript of 1,000 segments; 20 meetings with 50 each) in turns, so that whatever else the machine does meets all of
them. The figures are the microseconds of CPU that the backend takes.
"""

import argparse
import asyncio
import random
import statistics
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import asyncpg
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from db.column_domains import Domain
from db.column_queries import array_literal, separated
from db.compiled_statements import DriverStatement, driver_statement
from db.driver import ConnectionSettings
from db.keyset import PageShape, page_parameters
from db.segment_resolution import resolved
from db.segment_writes import SegmentWrites
from db.segments import BY_NUMBER, SegmentRepository
from db.tables import meetings, segments
from domain.ids import DEFAULT_WORKSPACE_ID
from domain.pagination import PageRequest
from tests.harness.databases import postgres_directory, running_postgres

MEETING_COUNT, WRITTEN_COUNT, SEGMENTS_PER_WRITE = 2_000, 64, 20
COLUMNS = frozenset(("segment_id", "text", "speaker", "start_time", "end_time"))
APPEND = driver_statement(SegmentWrites._APPEND)


def as_heard() -> DriverStatement:
    """Returns the write without the rule that resolves names and keeps what was heard."""
    speaker = "coalesce(new.speaker, '')"
    rule = resolved("new.text", speaker, "raised.names")
    written = SegmentWrites._APPEND.text
    for part, replacement in (
        (f", {rule['heard_text']}, {rule['heard_speaker']}", ""),
        (", heard_text, heard_speaker", ""),
        (rule["speaker"], speaker),
    ):
        assert part in written
        written = written.replace(part, replacement)
    return driver_statement(text(written))


WITHOUT_CORRECTIONS = """
DROP TRIGGER segments_correction_is_kept ON segments;
ALTER TABLE segments DROP CONSTRAINT segments_correction_check,
    DROP COLUMN heard_text, DROP COLUMN heard_speaker, DROP COLUMN corrected_text, DROP COLUMN corrected_speaker,
    DROP COLUMN corrected_by, DROP COLUMN corrected_at, DROP COLUMN correction_reason"""
CHECKS_OF_TABLES = "; ".join(
    f"ALTER TABLE {column.table.name} ADD CHECK ({column.type.check.replace('VALUE', column.name)})"
    for column in (*meetings.c, *segments.c)
    if isinstance(column.type, Domain)
)
VARIANTS = {
    "as it is": (APPEND, ""),
    "without the words for the search": (APPEND, "ALTER TABLE segments DROP COLUMN search_vector"),
    "without corrections and names": (as_heard(), WITHOUT_CORRECTIONS),
    "without the foreign key": (
        APPEND,
        "ALTER TABLE segments DROP CONSTRAINT segments_workspace_id_meeting_id_fkey",
    ),
    "with the checks of the domains in the tables, too": (APPEND, CHECKS_OF_TABLES),
}
MAKE_MEETINGS = f"""
INSERT INTO workspaces (id, name) VALUES ('{DEFAULT_WORKSPACE_ID}', 'bench') ON CONFLICT DO NOTHING;
INSERT INTO events (workspace_id, entity_id, version, aggregate, aggregate_id, kind, actor, changes)
    SELECT '{DEFAULT_WORKSPACE_ID}', id, 1, 'MEETING', id, 'CREATED', 'bench', '{{}}'
    FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, {MEETING_COUNT})) AS new;
INSERT INTO meetings (workspace_id, id, title, state) SELECT workspace_id, entity_id, 'Weekly', 'RECORDING' FROM events"""


class Backend:
    """Works in one of the databases, and notes the microseconds that each kind of work takes in each turn."""

    def __init__(self, connection: Any, append: DriverStatement, ids: list[Any]) -> None:
        self.connection = connection
        self._append = append
        self._long, *self._written = ids
        self._draw = random.Random(1)
        self._schedule = Path(f"/proc/{connection.get_server_pid()}/schedstat")
        self.microseconds: dict[str, list[float]] = {"write": [], "1,000 segments": [], "20 x 50 segments": []}

    async def work(self, times: int) -> None:
        """Does each kind of work `times` times."""
        kinds: tuple[Callable[[int], Awaitable[None]], ...] = (
            lambda n: self.write(self._written[n % len(self._written)]),
            lambda _: self._read([self._long], 1_000),
            lambda _: self._read(self._written[:20], 50),
        )
        for once, series in zip(kinds, self.microseconds.values(), strict=True):
            before = self._used()
            for n in range(times):
                await once(n)
            series.append((self._used() - before) / times)

    def _used(self) -> float:
        return int(self._schedule.read_text().split()[0]) / 1000

    async def prepare(self) -> None:
        for _ in range(1_000 // SEGMENTS_PER_WRITE):
            await self.write(self._long)
        for id in self._written * 3:
            await self.write(id)

    async def write(self, meeting_id: Any) -> None:
        numbers = range(SEGMENTS_PER_WRITE)
        await self._fetch(
            self._append,
            meeting_id=meeting_id,
            size=SEGMENTS_PER_WRITE,
            texts=separated(
                [f"Spoken {self._draw.random()}: so we said and went on, and wrote it down." for _ in numbers]
            ),
            speakers=separated([f"Speaker {n % 3}" for n in numbers]),
            start_times=array_literal([n * 2.0 for n in numbers]),
            end_times=array_literal([n * 2.0 + 1.5 for n in numbers]),
            finals=array_literal(()),  # as the server sends them where all are true, and null
            confidences=array_literal(()),
        )

    async def _read(self, ids: list[Any], first: int) -> None:
        request = PageRequest(first)
        query = SegmentRepository._pages(PageShape.of(request), COLUMNS, BY_NUMBER, of_speaker=False, joined=True)
        await self._fetch(driver_statement(query.statement), ids=ids, **page_parameters(request, 1))

    async def _fetch(self, statement: DriverStatement, **values: Any) -> None:
        arguments = statement.arguments({"workspace": DEFAULT_WORKSPACE_ID, **values})
        await self.connection.fetch(statement.text, *arguments)


async def backend(url: str, append: DriverStatement, ddl: str) -> Backend:
    admin = await asyncpg.connect(url)
    await admin.execute(f"{ddl};{MAKE_MEETINGS}")
    ids = [row[0] for row in await admin.fetch(f"SELECT id FROM meetings ORDER BY id LIMIT {WRITTEN_COUNT + 1}")]
    made = Backend(await ConnectionSettings(url, connect_timeout=10, statement_timeout=30).connect(), append, ids)
    await made.prepare()
    await admin.execute("VACUUM ANALYZE")
    await admin.close()
    return made


async def measured(urls: list[str], turns: int, times: int) -> Table:
    backends = [await backend(url, append, ddl) for url, (append, ddl) in zip(urls, VARIANTS.values(), strict=True)]
    for _ in range(turns):
        for each in backends:
            await each.work(times)
    table = Table("segments", *backends[0].microseconds, title=f"µs of PostgreSQL's CPU, {turns} turns of {times}")
    for name, each in zip(VARIANTS, backends, strict=True):
        cells = []
        for kind, series in each.microseconds.items():
            ratios = [used / whole for used, whole in zip(series, backends[0].microseconds[kind], strict=True)]
            cells.append(f"{statistics.median(series):,.0f} ({statistics.median(ratios) - 1:+.1%})")
        table.add_row(name, *cells)
        await each.connection.close()
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=100)
    parser.add_argument("--times", type=int, default=20, help="each kind of work in a turn")
    options = parser.parse_args()
    with postgres_directory() as directory, running_postgres(directory) as postgres, ExitStack() as databases:
        urls = [databases.enter_context(postgres.database()) for _ in VARIANTS]
        Console().print(asyncio.run(measured(urls, options.turns, options.times)))


if __name__ == "__main__":
    main()
