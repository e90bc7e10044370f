"""`python -m bench.upsert_inputs`: what it costs to make the domain's segments of the variables of an upsert.

In memory: the document is prepared before, and what stands for the repositories takes the segments and writes nothing.
The figures are microseconds of CPU for one upsert, the least of some series. Compare figures of one run only.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Self, cast

from rich.console import Console
from rich.table import Table

from db.database import Database
from domain.bulk_validation import ValueColumns
from domain.ids import DEFAULT_WORKSPACE_ID, MeetingId, new_id
from domain.meetings import Meeting, MeetingState
from domain.principals import local
from domain.segments import UpsertedSegments
from resolvers.context import Context
from schema.documents.limits import Limits
from schema.schema import schema
from server.app import tune_garbage_collector

UPSERT = """
mutation ($id: ID!, $segments: [SegmentInput!]!) {
  upsertSegments(meetingId: $id, segments: $segments) { ... on UpsertedSegments { created } }
}
"""
SEGMENTS_PER_UPSERT = (1, 1_000)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class InMemoryDatabase:
    """Stands for the database and its repositories."""

    def __init__(self) -> None:
        self.segments = self
        self.meeting = Meeting(
            MeetingId(new_id()), None, "Weekly", MeetingState.RECORDING, {}, {}, None, 1, 1, NOW, NOW, None, None, None
        )

    def writing(self, *_: object) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    async def upsert_columns(
        self, _: MeetingId, contents: ValueColumns, deleted_ids: Sequence[int]
    ) -> UpsertedSegments:
        return UpsertedSegments(self.meeting, len(contents["text"]), 0, 0, 0, 0)


def segments(count: int) -> list[dict[str, Any]]:
    """Returns segments as a transcriber sends them, with all fields."""
    return [
        {
            "segmentId": number,
            "text": f"And then, number {number}, we went on.",
            "speaker": f"Speaker {number % 3}",
            "startTime": number * 2.5,
            "endTime": number * 2.5 + 2,
            "isFinal": True,
            "confidence": 0.9,
        }
        for number in range(1, count + 1)
    ]


async def measured(executions: int, series: int) -> Table:
    """Returns a table with the cost of an upsert of each size."""
    memory = InMemoryDatabase()
    fast = schema.limited(Limits())
    document = fast.documents.prepare(UPSERT).document
    table = Table("segments", "µs", "µs a segment", title=f"Inputs: {series} series of {executions} upserts")
    for count in SEGMENTS_PER_UPSERT:
        variables = {"id": str(memory.meeting.id), "segments": segments(count)}

        async def once(variables: dict[str, Any] = variables) -> Any:
            context = Context(cast(Database, memory), cast(Any, None), local(DEFAULT_WORKSPACE_ID))
            executor = cast(Any, fast.execution_context_class).build(fast._schema, document, None, context, variables)
            result = executor.execute_operation()
            return await result if hasattr(result, "__await__") else result

        result = await once()
        assert result.data == {"upsertSegments": {"created": count}}, result
        times = []
        for _ in range(series):
            start = time.process_time_ns()
            for _ in range(executions):
                await once()
            times.append((time.process_time_ns() - start) / executions / 1000)
        table.add_row(f"{count:,}", f"{min(times):,.0f}", f"{min(times) / count:,.2f}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executions", type=int, default=50, help="upserts in a series (default: 50)")
    parser.add_argument("--series", type=int, default=7, help="(default: 7)")
    options = parser.parse_args()
    tune_garbage_collector()
    Console().print(asyncio.run(measured(options.executions, options.series)))


if __name__ == "__main__":
    main()
