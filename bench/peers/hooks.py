"""Tells the comparison how to ask Rapporteur the same questions, and how to see that the answers are the same.

Only the standard library: the comparison reads this file into its own process. `connection` is asyncpg's, to the database that
the other servers use; ours is beside it.
"""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

DATABASE = "rapporteur"
STATES = {"live": "RECORDING", "ended": "COMPLETED", "scheduled": "CREATED"}
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""The time at which the first agent was made; each further one was made a minute later."""
INGEST = "(SELECT id FROM meetings WHERE title LIKE 'Meeting i%')"


def variables(workload: str, drawn: dict[str, Any]) -> dict[str, Any]:
    """Returns our variables for the ones drawn: a cursor stands in place of an offset."""
    given = dict(drawn)
    offset = given.pop("offset", 0)
    if offset and workload == "W1":
        given["after"] = _cursor("agents", EPOCH + timedelta(minutes=offset - 1), f"agent{offset - 1}")
    elif offset:
        given["after"] = _cursor("meetings", EPOCH + timedelta(minutes=2000 - offset), f"m{2000 - offset}")
    return given


def answer(workload: str, given: dict[str, Any]) -> dict[str, Any]:
    """Returns our answer in the others' shape: no connections, overrides beside a variant's names, other words for states."""
    data = given["data"]
    match workload:
        case "W1":
            data["agents"] = data["agents"]["nodes"]
            for agent in data["agents"]:
                for variant in agent["variants"]:
                    variant.update(variant.pop("overrides"))
                agent["variants"].sort(key=lambda variant: variant["slug"])
        case "W2":
            data["meeting"]["segments"] = data["meeting"]["segments"]["nodes"]
        case "W3":
            data["meetings"] = data["meetings"]["nodes"]
            words = {state: word for word, state in STATES.items()}
            for meeting in data["meetings"]:
                meeting["state"] = words[meeting["state"]]
                meeting["segments"] = meeting["segments"]["nodes"]
        case "W5":  # writes of segments are counted by another number than the meeting's version
            appended = data["appendSegments"]
            appended["meeting"]["segmentSeq"] = appended.pop("created")
    return given


async def rows(connection: Any, meeting_id: str) -> list[dict[str, Any]]:
    """Returns the stored segments of a meeting."""
    ours = await _beside(connection)
    try:
        return [
            dict(row)
            for row in await ours.fetch(
                'SELECT text, speaker, start_time AS "startTime", end_time AS "endTime" FROM segments'
                " WHERE meeting_id = $1 AND NOT deleted ORDER BY segment_id",
                meeting_id,
            )
        ]
    finally:
        await ours.close()


async def reset(connection: Any) -> None:
    """Removes the segments that W5 appended, and checks that they are as many as the meetings count."""
    ours = await _beside(connection)
    try:
        removed = await ours.execute(f"DELETE FROM segments WHERE meeting_id IN {INGEST}")
        counted = await ours.fetchval(f"SELECT coalesce(sum(last_segment_id), 0) FROM meetings WHERE id IN {INGEST}")
        assert removed == f"DELETE {counted}", f"{removed}, but the meetings count {counted}"
        await ours.execute(f"UPDATE meetings SET change_seq = 0, last_segment_id = 0 WHERE id IN {INGEST}")
        await ours.execute("VACUUM segments")
        await ours.execute("VACUUM meetings")
    finally:
        await ours.close()


def _cursor(kind: str, created_at: datetime, name: str) -> str:
    microseconds = (created_at - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
    id = UUID(hashlib.md5(name.encode()).hexdigest())
    place = json.dumps([f"{kind}.created_at", microseconds, str(id)], separators=(",", ":"))
    return base64.urlsafe_b64encode(place.encode()).rstrip(b"=").decode()


async def _beside(connection: Any) -> Any:
    import asyncpg  # the comparison's

    host, port = connection._addr
    return await asyncpg.connect(host=host, port=port, user="postgres", database=DATABASE)
