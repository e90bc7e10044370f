"""Reads where a primary and a standby are in the write-ahead log."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text

from domain.consistency_tokens import ConsistencyToken

_PRIMARY = """
SELECT system_identifier AS cluster, ('x' || left(pg_walfile_name(lsn), 8))::bit(32)::bigint AS timeline, lsn AS position
FROM pg_control_system(), {function}() AS lsn
"""
WRITTEN_POSITION = text(_PRIMARY.format(function="pg_current_wal_insert_lsn"))
"""The position after everything that was written before, be it flushed or not (as with synchronous_commit=off)."""
FLUSHED_POSITION = _PRIMARY.format(function="pg_current_wal_flush_lsn")
"""The position up to which standbys are sent the log. They reach it even if nothing more is written."""
STANDBY_POSITION = """
SELECT system_identifier AS cluster,
       greatest(
           (SELECT timeline_id FROM pg_control_checkpoint()),
           (SELECT min_recovery_end_timeline FROM pg_control_recovery()),
           (SELECT received_tli FROM pg_stat_wal_receiver)
       ) AS timeline,
       CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() END AS position,
       pg_postmaster_start_time() AS server
FROM pg_control_system()
"""
"""Reads the position that a standby has replayed; the column `position` is null on a server that is no standby.

The control file knows of a new timeline a little later than the receiver of the log, which only members of pg_read_all_stats
may ask. Until one of them does, the standby counts as being in the old one.
"""


class StandbyPosition(NamedTuple):
    """The position in the log that a standby is known to have reached, and the server that it is."""

    reached: ConsistencyToken
    server: datetime
    """The time of the server's start, which tells it from others behind the same address."""

    @classmethod
    def of(cls, row: Any) -> "StandbyPosition | None":
        """Returns what a row of `STANDBY_POSITION` says; None if the server is no standby."""
        return None if row.position is None else cls(token_of(row), row.server)


def token_of(row: Any) -> ConsistencyToken:
    """Returns the position that a row of one of these statements names."""
    return ConsistencyToken(row.cluster, row.timeline, row.position)
