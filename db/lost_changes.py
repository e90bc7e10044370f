"""Changes that were lost when a backup was restored: their numbers are never given to others.

A restored meeting stands at an earlier number of its change sequence than some clients have seen. So each meeting goes on at a
number that no change of it ever had, and remembers the numbers between. The number is the time of the restore in nanoseconds:
no meeting is written a thousand million times a second.
"""

from sqlalchemy import text

from db.connections import AutocommitConnection
from db.engine import Engine

_NEXT = "greatest(clock.now, meetings.change_seq + 1000000000)"  # whatever somebody does to the clock
_SKIP = text(
    f"""
WITH clock AS MATERIALIZED (SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint) * 1000 AS now),
skipped AS (
    UPDATE meetings SET
        change_seq = {_NEXT},
        lost_changes = meetings.lost_changes + int8multirange(int8range(meetings.change_seq, {_NEXT}, '()'))
    FROM clock RETURNING meetings.id
)
SELECT count(*) AS meetings FROM skipped"""
)


async def skip_lost_changes(engine: Engine) -> int:
    """Lets the changes of each meeting continue at numbers that no lost change had, and returns the number of meetings.

    Where nothing was lost, no client can notice this, so it may be done again.
    """
    (row,) = await AutocommitConnection(engine.pool).rows(_SKIP, {})
    skipped: int = row.meetings
    return skipped
