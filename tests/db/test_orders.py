"""The indexes of the orders of lists: each order walks its own, and writing segments touches none of them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from sqlalchemy import text

from db.engine import Engine, SessionFactory, create_session_factory
from db.unit_of_work import UnitOfWork
from domain.filters import AgentFilter, MeetingFilter
from domain.ids import AgentId, new_id
from domain.meetings import Meeting, MeetingState
from domain.ordering import Order
from domain.pagination import PageRequest
from domain.segments import SegmentContent
from tests.harness.recorded_statements import recorded

NOW = datetime.now(UTC)
PLACES = {"created_at": NOW, "updated_at": NOW, "name": "Scribe", "title": "Weekly"}
LISTS: list[tuple[str, Any, str, str]] = [
    ("agents", AgentFilter(), "created_at", "agents_workspace_id_created_at_id_idx"),
    ("agents", AgentFilter(), "updated_at", "agents_workspace_id_updated_at_id_idx"),
    ("agents", AgentFilter(), "name", "agents_name_idx"),
    ("meetings", MeetingFilter(), "created_at", "meetings_workspace_id_created_at_id_idx"),
    ("meetings", MeetingFilter(), "updated_at", "meetings_workspace_id_updated_at_id_idx"),
    ("meetings", MeetingFilter(), "title", "meetings_title_idx"),
    (
        *("meetings", MeetingFilter(state=MeetingState.RECORDING), "created_at"),
        "meetings_workspace_id_state_created_at_id_idx",
    ),
    (
        *("meetings", MeetingFilter(agent_id=AgentId(new_id())), "created_at"),
        "meetings_workspace_id_agent_id_created_at_id_idx",
    ),
]


def requests(order: Order) -> Iterator[PageRequest]:
    """Forward and backward, first pages and later ones."""
    place = (PLACES[order.field], new_id())
    for backward, later in product((False, True), repeat=2):
        name = "before" if backward else "after"
        yield PageRequest(20, backward, **({name: place} if later else {}))


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "filter", "field", "index"), LISTS, ids=[list[3] for list in LISTS])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_an_order_walks_its_index_and_sorts_nothing(
    engine: Engine, kind: str, filter: Any, field: str, index: str, direction: str
) -> None:
    """Checks the generic plan, which PostgreSQL uses once a statement has run often, and which knows no limit."""
    order = Order(f"{kind}.{field}", field, direction == "DESC")
    async with UnitOfWork(create_session_factory(engine)) as uow:
        with recorded(engine) as statements:
            for request in requests(order):
                await getattr(uow, kind).page(request, filter, order)
    statements = [statement for statement in statements if statement.startswith("SELECT")]
    assert len(statements) == 4
    async with engine.connect() as connection:
        # An empty table is read as a whole sooner than through an index, unless told otherwise.
        for setting in ("enable_seqscan = off", "enable_bitmapscan = off", "plan_cache_mode = force_generic_plan"):
            await connection.exec_driver_sql(f"SET {setting}")
        for number, (request, statement) in enumerate(zip(requests(order), statements, strict=True)):
            await connection.exec_driver_sql(f"PREPARE page_{number} AS {statement}")
            nulls = ", ".join(["NULL"] * statement.count("$"))
            plan = "\n".join(
                row[0] for row in await connection.exec_driver_sql(f"EXPLAIN EXECUTE page_{number}({nulls})")
            )
            walk = "Index Scan" if request.backward == (direction == "DESC") else "Index Scan Backward"
            assert f"{walk} using {index} on {kind}" in plan, plan
            assert "Sort" not in plan, plan
            later = request.after or request.before
            assert ("ROW(" in plan) == bool(later), plan
            assert "Filter" not in plan, plan


async def test_writing_segments_leaves_the_indexes_of_meetings_alone(
    session_factory: SessionFactory,
) -> None:
    """The counter in a meeting's row is in no index, so a write adds no entry to any (PostgreSQL: a HOT update)."""
    async with UnitOfWork(session_factory) as uow:
        meeting = await uow.meetings.create(Meeting.create("Weekly"))
        await uow.commit()
    counters = text(
        "SELECT pg_stat_get_xact_tuples_hot_updated(oid), pg_stat_get_xact_tuples_updated(oid)"
        " FROM pg_class WHERE relname = 'meetings'"
    )
    async with UnitOfWork(session_factory) as uow:
        for number in range(1, 4):
            await uow.segments.upsert(meeting.id, [SegmentContent("Text", 0.0, 1.0, segment_id=number)])
        await uow.segments.delete(meeting.id, [1])
        (counts,) = await uow.session.rows(counters, {})
    assert tuple(counts) == (4, 4)
