"""Checks that a write reads no more of a meeting for what the meeting has already, whatever plan the database has kept."""

from dataclasses import replace
from typing import Any

from sqlalchemy import text

from db.database import Database
from db.unit_of_work import UnitOfWork
from domain.ids import DEFAULT_WORKSPACE_ID as WORKSPACE
from domain.ids import MeetingId
from domain.segments import Segment
from tests.harness.stored_segments import content

SIZE, PARTS = 200, 10
READ = text(
    "SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) AS count"
    " FROM pg_stat_xact_user_tables WHERE relname = 'segments'"
)
KEEP_GENERAL_PLANS = text("SET LOCAL plan_cache_mode = force_generic_plan")
"""Has statements planned without regard to their values, as PostgreSQL does from their sixth execution on."""


async def rows(uow: UnitOfWork, statement: Any) -> Any:
    return await uow.segments._connection.rows(statement, {})


async def reads(uow: UnitOfWork) -> int:
    """Returns the number of rows of segments that the transaction has read."""
    return int((await rows(uow, READ))[0].count)


async def test_one_transaction_writes_many_segments(database: Database, meeting_id: MeetingId) -> None:
    counts = []
    async with database.unit_of_work(WORKSPACE) as uow:
        await rows(uow, KEEP_GENERAL_PLANS)
        for part in range(PARTS):
            numbers = range(part * SIZE + 1, (part + 1) * SIZE + 1)
            before = await reads(uow)
            written = await uow.segments.upsert(meeting_id, [content(number) for number in numbers])
            counts.append(await reads(uow) - before)
            assert written.created == SIZE
        before = await reads(uow)
        again = await uow.segments.upsert(meeting_id, [content(number, "New") for number in range(1, SIZE + 1)])
        counts.append(await reads(uow) - before)
        assert again.updated == SIZE
        stored = await uow.segments.by_keys([(meeting_id, number) for number in range(1, SIZE + 1)])
        before = await reads(uow)
        segments: list[Segment] = [replace(each, corrected_text="Said") for each in stored.values()]
        await uow.corrections.correct(meeting_id, segments)
        counts.append(await reads(uow) - before)
        await uow.commit()
    assert max(counts) <= 4 * SIZE, counts
