"""Domains in place of the CHECKs of single columns, which each statement that writes to a table has to read anew."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# The type under each domain, and its CHECK.
DOMAINS = {
    "positive_integer": ("integer", "VALUE >= 1"),
    "nonnegative_integer": ("integer", "VALUE >= 0"),
    "positive_bigint": ("bigint", "VALUE >= 1"),
    "nonnegative_bigint": ("bigint", "VALUE >= 0"),
    "probability": ("double precision", "VALUE BETWEEN 0 AND 1"),
    "segment_time": ("double precision", "VALUE BETWEEN 0 AND 36000000"),
    "nonempty_text": ("text", "VALUE <> ''"),
    "external_id": ("text", "char_length(VALUE) BETWEEN 1 AND 200"),
    "meeting_state": (
        "text",
        "VALUE IN ('CREATED', 'RECORDING', 'STOPPING', 'STOPPED', 'COMPLETED', 'ERROR')",
    ),
    "jsonb_object": ("jsonb", "jsonb_typeof(VALUE) = 'object'"),
    "jsonb_array": ("jsonb", "jsonb_typeof(VALUE) = 'array'"),
}
COLUMNS = {
    "meetings": {
        "external_id": "external_id",
        "title": "nonempty_text",
        "state": "meeting_state",
        "metadata": "jsonb_object",
        "speaker_names": "jsonb_object",
        "change_seq": "nonnegative_bigint",
        "last_segment_id": "nonnegative_integer",
    },
    "segments": {
        "external_id": "external_id",
        "segment_id": "nonnegative_integer",
        "start_time": "segment_time",
        "end_time": "segment_time",
        "confidence": "probability",
        "version": "positive_integer",
        "change_seq": "positive_bigint",
        "words": "jsonb_array",
    },
}
# The CHECKs of before, of which the domains hold all but what is in `REMAINING_CHECKS`.
CHECKS = {
    "meetings": {
        "external_id": "char_length(external_id) BETWEEN 1 AND 200",
        "title": "title <> ''",
        "state": "state IN ('CREATED', 'RECORDING', 'STOPPING', 'STOPPED', 'COMPLETED', 'ERROR')",
        "metadata": "jsonb_typeof(metadata) = 'object'",
        "speaker_names": "jsonb_typeof(speaker_names) = 'object'",
        "counters": "version >= 1 AND change_seq >= 0 AND last_segment_id >= 0",
    },
    "segments": {
        "external_id": "char_length(external_id) BETWEEN 1 AND 200",
        "segment_id": "segment_id >= 0",
        "times": "0 <= start_time AND start_time <= end_time AND end_time <= 36000000",
        "confidence": "confidence BETWEEN 0 AND 1",
        "counters": "version >= 1 AND change_seq >= 1",
        "words": "jsonb_typeof(words) = 'array'",
    },
}
REMAINING_CHECKS = {"meetings": {"version": "version >= 1"}, "segments": {"times": "start_time <= end_time"}}

# This waits for VACUUM and ANALYZE, but for no readers and writers, nor do they for it. An autovacuum is ended by who waits for
# it for a second (`deadlock_timeout`), which the next lock does not.
LOCK_OUT_VACUUM = "LOCK TABLE meetings, segments IN SHARE UPDATE EXCLUSIVE MODE"

# Writers take the two tables in either order, so whoever waits for the second one and holds the first may wait for ever.
LOCK = """
DO $$DECLARE
    given text := current_setting('lock_timeout');
    deadline timestamptz := clock_timestamp() + given::interval;
BEGIN
    LOOP
        BEGIN
            LOCK TABLE meetings IN ACCESS EXCLUSIVE MODE;
            SET LOCAL lock_timeout = '100ms';
            LOCK TABLE segments IN ACCESS EXCLUSIVE MODE;
            EXIT;
        EXCEPTION WHEN lock_not_available THEN
            IF clock_timestamp() > deadline THEN
                RAISE;
            END IF;
        END;
        PERFORM pg_sleep(0.02);
    END LOOP;
    PERFORM set_config('lock_timeout', given, true);
END$$"""

# A column whose type changes loses its statistics, without which PostgreSQL chooses worse indexes. But an empty table that was
# analyzed is planned for as one that stays empty.
STATISTICS = """
DO $$BEGIN
    IF EXISTS (SELECT FROM meetings) THEN
        ANALYZE meetings;
    END IF;
    IF EXISTS (SELECT FROM segments) THEN
        ANALYZE segments;
    END IF;
END$$"""


def upgrade() -> None:
    op.execute(LOCK_OUT_VACUUM)
    op.execute(LOCK)
    # A column takes a domain without a CHECK as it is, without its rows being written anew, and so do its indexes.
    for name, (base, _) in DOMAINS.items():
        op.execute(f"CREATE DOMAIN {name} AS {base}")
    for table, columns in COLUMNS.items():
        types = [f"ALTER {column} TYPE {domain}" for column, domain in columns.items()]
        _change(table, *_dropped(table, CHECKS), *types, *_added(table, REMAINING_CHECKS))
    for name, (_, check) in DOMAINS.items():
        op.execute(f"ALTER DOMAIN {name} ADD CHECK ({check})")
    op.execute(STATISTICS)


def downgrade() -> None:
    op.execute(LOCK_OUT_VACUUM)
    op.execute(LOCK)
    for table, columns in COLUMNS.items():
        types = [f"ALTER {column} TYPE {DOMAINS[domain][0]}" for column, domain in columns.items()]
        _change(table, *_dropped(table, REMAINING_CHECKS), *types, *_added(table, CHECKS))
    for name in DOMAINS:
        op.execute(f"DROP DOMAIN {name}")
    op.execute(STATISTICS)


def _dropped(table: str, checks: dict[str, dict[str, str]]) -> list[str]:
    return [f"DROP CONSTRAINT {table}_{name}_check" for name in checks[table]]


def _added(table: str, checks: dict[str, dict[str, str]]) -> list[str]:
    return [f"ADD CONSTRAINT {table}_{name}_check CHECK ({check})" for name, check in checks[table].items()]


def _change(table: str, *changes: str) -> None:
    """Changes a table without our triggers, as PostgreSQL changes no type of a column that a trigger names."""
    triggers = (
        op.get_bind()
        .exec_driver_sql(
            "SELECT tgname, pg_get_triggerdef(oid) AS definition FROM pg_trigger"
            f" WHERE tgrelid = '{table}'::regclass AND NOT tgisinternal AND starts_with(tgname, '{table}_') ORDER BY tgname"
        )
        .all()
    )
    for trigger in triggers:
        op.execute(f"DROP TRIGGER {trigger.tgname} ON {table}")
    op.execute(f"ALTER TABLE {table} {', '.join(changes)}")
    for trigger in triggers:
        op.get_bind().exec_driver_sql(trigger.definition)
