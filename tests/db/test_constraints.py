"""Checks what the database itself refuses, by raw SQL against every constraint."""

from typing import Any

import asyncpg
import pytest

from tests.harness.seed_rows import (
    A_GRANT,
    A_KEY,
    A_MEETING,
    A_SEGMENT,
    A_VARIANT,
    AGENT,
    AN_AGENT,
    FOREIGN,
    FOREIGN_MEETING,
    FOREIGN_VARIANT,
    KEY,
    MEETING,
    NOWHERE,
    OTHER_WORKSPACE,
    SECOND_VARIANT,
    SIBLING,
    SIBLINGS_VARIANT,
    VARIANT,
    WEBHOOK_ID,
    WORKSPACE,
    event,
    named_meeting,
    named_segment,
    uuid,
)
from tests.harness.stored_webhooks import REFUSED_WEBHOOKS


def agent(change: str) -> str:
    return f"UPDATE agents SET {change} WHERE id = '{AGENT}'"


def variant(change: str) -> str:
    return f"UPDATE agent_variants SET {change} WHERE id = '{VARIANT}'"


def meeting(change: str) -> str:
    return f"UPDATE meetings SET {change} WHERE id = '{MEETING}'"


def key(change: str) -> str:
    return f"UPDATE api_keys SET {change} WHERE id = '{KEY}'"


def segment(change: str) -> str:
    return f"UPDATE segments SET {change} WHERE meeting_id = '{MEETING}'"


AN_ERASURE = f"INSERT INTO erasures (workspace_id, meeting_id, erased_by) VALUES ('{WORKSPACE}', '{MEETING}', 'key')"
A_SPEAKER_ERASURE = f"""
    INSERT INTO speaker_erasures (workspace_id, meeting_id, pseudonym, mode, fingerprints, erased_by, erased_at)
    VALUES ('{WORKSPACE}', '{MEETING}', 'Speaker 1', 'TEXT', '{{}}', 'key', now())"""
BAD_EXTERNAL_IDS = ["''", "repeat('a', 201)"]
COUNTS = ["max_tokens", "context_window", "input_token_limit", "token_budget", "timeout_seconds", "max_retries"]
BAD_SLUGS = [
    "''",
    "'Scribe'",
    "'a b'",
    "'a--b'",
    "'-a'",
    "'a-'",
    "'a_b'",
    "'é'",
    "E'a\\n'",
    "E'a\\nb'",
    "repeat('a', 81)",
]
BAD_TEMPERATURES = ["'NaN'", "3", "-1", "2.0000001", "-1e-300", "'Infinity'", "'-Infinity'"]
BAD_TIMES = [
    *("start_time = -0.001", "start_time = -1, end_time = -1", "end_time = 36000001"),
    *(f"{time} = '{value}'" for time in ("start_time", "end_time") for value in ("NaN", "Infinity", "-Infinity")),
    *(f"start_time = '{value}', end_time = '{value}'" for value in ("NaN", "Infinity", "-Infinity")),
]

REFUSED: dict[str, list[str]] = {
    "workspaces_pkey": [f"INSERT INTO workspaces (id, name) VALUES ('{WORKSPACE}', 'again')"],
    "workspaces_name_check": [f"UPDATE workspaces SET name = '' WHERE id = '{OTHER_WORKSPACE}'"],
    "workspaces_language_check": [
        f"UPDATE workspaces SET language = '{language}' WHERE id = '{OTHER_WORKSPACE}'"
        for language in ("", "x''y", "German")
    ],
    # At most one variant is active, and it is the agent's own.
    "agents_active_variant_id_fkey": [
        *(agent(f"active_variant_id = '{id}'") for id in (SIBLINGS_VARIANT, FOREIGN_VARIANT, NOWHERE, AGENT)),
        f"DELETE FROM agent_variants WHERE id = '{VARIANT}'",
        "DELETE FROM agent_variants",
        variant(f"agent_id = '{SIBLING}', slug = 'moved'"),
        variant(f"id = '{NOWHERE}'"),
    ],
    # Agents and variants.
    "agents_slug_check": [agent(f"slug = {slug}") for slug in BAD_SLUGS],
    "agent_variants_slug_check": [variant(f"slug = {slug}") for slug in BAD_SLUGS],
    "agents_temperature_check": [agent(f"temperature = {value}") for value in BAD_TEMPERATURES],
    "agent_variants_temperature_check": [variant(f"temperature = {value}") for value in BAD_TEMPERATURES],
    "agents_counts_check": [agent(f"{name} = -1") for name in COUNTS],
    "agent_variants_counts_check": [variant(f"{name} = -1") for name in COUNTS],
    "agents_model_check": [agent("model_provider = ''"), agent("model_name = ''")],
    "agent_variants_model_check": [variant("model_provider = ''"), variant("model_name = ''")],
    "agents_parameters_check": [agent(f"parameters = '{value}'") for value in ("[]", "null", "1")],
    "agent_variants_parameters_check": [variant(f"parameters = '{value}'") for value in ("[]", "null", "1")],
    "agents_name_check": [agent("name = ''")],
    "agent_variants_name_check": [variant("name = ''")],
    "agents_version_check": [agent("version = 0")],
    "agent_variants_version_check": [variant("version = 0")],
    "agents_workspace_id_slug_key": [agent("slug = 'sibling'")],
    "agent_variants_workspace_id_agent_id_slug_key": [variant("slug = 'second'")],
    "agents_pkey": [AN_AGENT.format(WORKSPACE, AGENT, "again")],
    "agent_variants_pkey": [A_VARIANT.format(WORKSPACE, SIBLING, VARIANT, "again")],
    "agents_workspace_id_fkey": [AN_AGENT.format(NOWHERE, NOWHERE, "agent")],
    "agent_variants_workspace_id_agent_id_fkey": [
        A_VARIANT.format(WORKSPACE, NOWHERE, NOWHERE, "lost"),
        A_VARIANT.format(WORKSPACE, FOREIGN, NOWHERE, "crossing"),
        A_VARIANT.format(OTHER_WORKSPACE, AGENT, NOWHERE, "crossing"),
        agent(f"id = '{NOWHERE}'"),
    ],
    # Domains.
    "positive_integer_check": [segment("version = 0")],
    "nonnegative_integer_check": [
        meeting("last_segment_id = -1"),
        segment("segment_id = -1"),
        A_SEGMENT.format(WORKSPACE, MEETING, -1),
    ],
    "positive_bigint_check": [segment("change_seq = 0")],
    "nonnegative_bigint_check": [meeting("change_seq = -1")],
    "probability_check": [
        segment(f"confidence = {value}") for value in ("-0.01", "1.01", "'NaN'", "'Infinity'", "'-Infinity'")
    ],
    "segment_time_check": [segment(change) for change in BAD_TIMES],
    "nonempty_text_check": [meeting("title = ''")],
    "external_id_check": [named(id) for named in (named_meeting, named_segment) for id in BAD_EXTERNAL_IDS],
    "meeting_state_check": [meeting(f"state = '{state}'") for state in ("UNKNOWN", "", "created", " CREATED")],
    "jsonb_object_check": [
        *(meeting(f"metadata = '{value}'") for value in ("[]", "null", "1", '"x"', "true", "[{}]")),
        *(meeting(f"speaker_names = '{value}'") for value in ("[]", "null", "1")),
    ],
    "jsonb_array_check": [segment(f"words = '{value}'") for value in ("{}", "1", "null")],
    # Meetings.
    "meetings_version_check": [meeting("version = 0")],
    "meetings_times_check": [meeting("started_at = now(), ended_at = now() - interval '1 microsecond'")],
    "meetings_external_id_idx": ["; ".join(named_meeting("'ours'", id) for id in (NOWHERE, uuid(98)))],
    "meetings_external_id_is_kept": [meeting("external_id = 'new', version = 2")],
    "meetings_held_are_kept": [
        f"{meeting('held_at = now(), version = 2')}; DELETE FROM meetings WHERE id = '{MEETING}'",
    ],
    "speaker_erasures_spare_held": [f"{meeting('held_at = now(), version = 2')}; {A_SPEAKER_ERASURE}"],
    "meetings_pkey": [A_MEETING.format(WORKSPACE, MEETING, AGENT)],
    "meetings_workspace_id_fkey": [A_MEETING.format(NOWHERE, NOWHERE, AGENT).replace(f"'{AGENT}')", "NULL)")],
    "meetings_workspace_id_agent_id_fkey": [
        meeting(f"agent_id = '{FOREIGN}'"),
        meeting(f"agent_id = '{NOWHERE}'"),
        A_MEETING.format(OTHER_WORKSPACE, NOWHERE, AGENT),
        f"DELETE FROM agents WHERE id = '{AGENT}'",
    ],
    # No version without its event, and what an event may be.
    "agents_event_fkey": [agent("version = 4"), AN_AGENT.format(WORKSPACE, uuid(98), "new")],
    "agent_variants_event_fkey": [variant("version = 4"), A_VARIANT.format(WORKSPACE, AGENT, uuid(98), "new")],
    "meetings_event_fkey": [meeting("version = 4"), A_MEETING.format(WORKSPACE, uuid(98), AGENT)],
    "events_pkey": [event(version=1)],
    "events_kind_check": [event(kind="RENAMED"), event(kind="")],
    "events_aggregate_check": [event(aggregate="SEGMENT")],
    "events_actor_check": [event(actor="")],
    "events_changes_check": [event(changes="[]"), event(changes="null")],
    "events_restored_version_check": [event(kind="ROLLED_BACK"), event(restored="1")],
    "events_versions_check": [
        event(version=0),
        *(event(version=5, kind="ROLLED_BACK", restored=restored) for restored in ("0", "5", "6")),
    ],
    "events_workspace_id_fkey": [event(workspace=NOWHERE)],
    # Segments.
    "segments_times_check": [segment("start_time = 2"), segment("start_time = 1, end_time = 0.5")],
    "segments_text_check": [
        segment("text = ''"),
        segment("deleted = true"),
        A_SEGMENT.format(WORKSPACE, MEETING, 2).replace("'Text'", "''"),
    ],
    "erasures_pkey": [f"DELETE FROM meetings WHERE id = '{MEETING}'; {AN_ERASURE}; {AN_ERASURE}"],
    "erasures_workspace_id_fkey": [AN_ERASURE.replace(WORKSPACE, NOWHERE)],
    "erasures_erased_by_check": [AN_ERASURE.replace("'key'", "''")],
    "speaker_erasures_pkey": [f"{A_SPEAKER_ERASURE}; {A_SPEAKER_ERASURE}"],
    "speaker_erasures_workspace_id_fkey": [A_SPEAKER_ERASURE.replace(WORKSPACE, NOWHERE)],
    "speaker_erasures_pseudonym_check": [A_SPEAKER_ERASURE.replace("'Speaker 1'", "''")],
    "speaker_erasures_mode_check": [A_SPEAKER_ERASURE.replace("'TEXT'", "'ALL'")],
    "speaker_erasures_erased_by_check": [A_SPEAKER_ERASURE.replace("'key'", "''")],
    "workspaces_erasure_key_check": ["UPDATE workspaces SET erasure_key = ''"],
    "segments_correction_check": [
        segment("corrected_text = 'Text'"),
        segment("corrected_text = 'Text', corrected_by = 'ann'"),
        segment("corrected_speaker = '', corrected_at = now()"),
        segment("corrected_by = 'ann', corrected_at = now()"),
        segment("correction_reason = 'why'"),
    ],
    "segments_external_id_idx": ["; ".join(named_segment("'ours'", number) for number in (2, 3))],
    "segments_external_id_is_kept": [segment("external_id = 'new'")],
    "segments_pkey": [A_SEGMENT.format(WORKSPACE, MEETING, 1)],
    "segments_workspace_id_meeting_id_fkey": [
        A_SEGMENT.format(WORKSPACE, NOWHERE, 1),
        A_SEGMENT.format(WORKSPACE, FOREIGN_MEETING, 1),
        A_SEGMENT.format(OTHER_WORKSPACE, MEETING, 1),
    ],
    # Keys.
    "api_keys_pkey": [A_KEY.format(WORKSPACE, KEY, "again")],
    "api_keys_workspace_id_fkey": [A_KEY.format(NOWHERE, NOWHERE, "lost")],
    "api_keys_name_check": [key("name = ''")],
    "api_keys_name_idx": [key("name = 'second'"), A_KEY.format(WORKSPACE, NOWHERE, "key")],
    "api_keys_scopes_check": [key(f"scopes = '{scopes}'") for scopes in ("{}", "{ROOT}", "{READ,NULL,read}")],
    "api_keys_digest_check": [key("digest = ''"), key("digest = sha256('secret') || '0'")],
    "api_keys_revoked_check": [key("revoked_at = now()"), key("revoked_by = 'tester'")],
    "meeting_grants_pkey": [A_GRANT.format(WORKSPACE, MEETING)],
    "meeting_grants_workspace_id_meeting_id_fkey": [
        A_GRANT.format(*where)
        for where in ((WORKSPACE, FOREIGN_MEETING), (OTHER_WORKSPACE, MEETING), (WORKSPACE, NOWHERE))
    ],
    **REFUSED_WEBHOOKS,
}
NOT_NULL = {
    "agents": [*("slug", "name", "description", "version", "created_at", "updated_at", "model_provider", "model_name"),
               *("system_prompt", "user_prompt_template", "prompt_version", "temperature", "parameters", *COUNTS)],
    "agent_variants": ["agent_id", "slug", "name", "description", "version", "created_at", "updated_at"],
    "meetings": ["title", "state", "metadata", "speaker_names", "version", "change_seq", "last_segment_id", "created_at",
                 "updated_at"],
    "workspaces": ["name", "language", "created_at"],
    "api_keys": ["name", "scopes", "digest", "created_at", "created_by"],
    "webhooks": ["name", "url", "events", "secret", "version", "created_at", "updated_at"],
    "webhook_deliveries": [
        *("webhook_id", "aggregate", "aggregate_id", "events", "sending", "message_id", "state", "created_at"),
        *("changed_at", "attempts"),
    ],
    "segments": [
        *("text", "speaker", "start_time", "end_time", "is_final", "version", "created_at", "updated_at"),
        *("change_seq", "deleted", "language"),
    ],
}  # fmt: skip
TOO_LARGE = [
    *(agent(f"{name} = 2147483648") for name in COUNTS),
    *(variant(f"{name} = 2147483648") for name in COUNTS),
    segment("segment_id = 2147483648"),
]
ACCEPTED = [
    agent(f"active_variant_id = '{SECOND_VARIANT}'"),
    agent("active_variant_id = NULL"),
    *(agent(f"slug = {slug}") for slug in ("'a'", "'0'", "'a-1-b'", "repeat('a', 80)")),
    *(agent(f"temperature = {value}") for value in (0, 2, 0.7)),
    *(variant(f"temperature = {value}") for value in (0, 2, "NULL")),
    *(agent(f"{name} = {value}") for name in COUNTS for value in (0, 2147483647)),
    *(variant(f"{name} = {value}") for name in COUNTS for value in (0, 2147483647, "NULL")),
    variant("model_provider = NULL, model_name = NULL"),
    *(variant(f"parameters = {value}") for value in ("'{}'", """'{"a": null}'""", "NULL")),
    f"DELETE FROM agent_variants WHERE id = '{SECOND_VARIANT}'",
    *(meeting(f"state = '{state}'") for state in ("CREATED", "RECORDING", "STOPPING", "STOPPED", "COMPLETED", "ERROR")),
    meeting("started_at = now(), ended_at = now()"),
    meeting("started_at = now(), ended_at = NULL"),
    meeting("""metadata = '{"a": [null, {}]}'"""),
    meeting("agent_id = NULL"),
    segment("text = '', deleted = true"),
    segment("start_time = 1, end_time = 1"),
    segment("start_time = 0, end_time = 36000000"),
    *(segment(f"confidence = {value}") for value in (0, 1, "NULL")),
    *(segment(f"segment_id = {value}") for value in (0, 2147483647)),
    A_SEGMENT.format(OTHER_WORKSPACE, FOREIGN_MEETING, 1),
    *(named_meeting(external_id) for external_id in ("'a'", "repeat('a', 200)", "NULL")),
    segment("corrected_text = 'Text', corrected_speaker = '', corrected_by = 'ann', corrected_at = now()"),
    segment("heard_text = 'a', heard_speaker = 'b', words = '[]'"),
    *(named_segment(external_id) for external_id in ("'a'", "repeat('a', 200)", "NULL")),
    key("revoked_at = now(), revoked_by = 'tester'"),
    key("scopes = '{READ,WRITE,ADMIN,INGEST}'"),
    A_KEY.format(OTHER_WORKSPACE, KEY, "key"),
    A_GRANT.format(OTHER_WORKSPACE, FOREIGN_MEETING),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("constraint", "statement"),
    [(constraint, statement) for constraint, statements in REFUSED.items() for statement in statements],
)
async def test_the_database_refuses(sql: Any, constraint: str, statement: str) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await sql.execute(statement)
    assert refused.value.constraint_name == constraint


@pytest.mark.slow
@pytest.mark.parametrize(("table", "column"), [(table, column) for table in NOT_NULL for column in NOT_NULL[table]])
async def test_the_database_refuses_null(sql: Any, table: str, column: str) -> None:
    with pytest.raises(asyncpg.NotNullViolationError) as refused:
        await sql.execute(f"UPDATE {table} SET {column} = NULL")
    assert refused.value.column_name == column


@pytest.mark.parametrize("statement", TOO_LARGE)
async def test_the_database_refuses_numbers_beyond_32_bits(sql: Any, statement: str) -> None:
    with pytest.raises(asyncpg.NumericValueOutOfRangeError):
        await sql.execute(statement)


@pytest.mark.slow
@pytest.mark.parametrize("statement", ACCEPTED)
async def test_the_database_accepts_what_is_just_within_the_rules(sql: Any, statement: str) -> None:
    for table in ("agents", "agent_variants", "meetings"):
        statement = statement.replace(f"UPDATE {table} SET", f"UPDATE {table} SET version = version + 1,")
    assert (await sql.execute(statement)).rpartition(" ")[2] == "1"


async def test_every_constraint_is_tried(sql: Any) -> None:
    rows = await sql.fetch("""
        SELECT conname FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype <> 'n' AND conname !~ '^alembic_version'""")
    untried = {row["conname"] for row in rows} - REFUSED.keys()
    # What breaks this one breaks the primary key too, which is checked before; it is there for a foreign key to refer to.
    assert untried == {"agent_variants_workspace_id_agent_id_id_key"}


async def test_however_often_variants_are_activated_each_agent_has_one(sql: Any) -> None:
    for id in (SECOND_VARIANT, VARIANT, SECOND_VARIANT):
        await sql.execute(event(version=await sql.fetchval("SELECT max(version) + 1 FROM events")))
        await sql.execute(agent(f"active_variant_id = '{id}', version = (SELECT max(version) FROM events)"))
        active = await sql.fetch("""
            SELECT agent_variants.id::text FROM agent_variants JOIN agents ON agents.active_variant_id = agent_variants.id""")
        assert [row["id"] for row in active] == [id]


async def test_an_agent_that_meetings_have_left_goes_with_its_variants_even_the_active_one(sql: Any) -> None:
    await sql.execute(meeting("agent_id = NULL, version = 2"))
    await sql.execute(f"DELETE FROM agents WHERE id = '{AGENT}'")
    variants = await sql.fetch("SELECT id::text FROM agent_variants ORDER BY id")
    assert [row["id"] for row in variants] == [SIBLINGS_VARIANT, FOREIGN_VARIANT]


CHANGES = {
    "agents": [
        "slug = slug || '-x'",
        "name = 'Other'",
        "active_variant_id = NULL",
        "max_tokens = 7",
        "system_prompt = 'x'",
        "parameters = '{\"a\": 1}'",
    ],
    "agent_variants": ["slug = slug || '-x'", "name = 'Other'", "temperature = 1", "parameters = '{}'"],
    "meetings": ["title = 'Other'", "state = 'RECORDING'", "metadata = '{\"a\": 1}'", "agent_id = NULL"],
    "webhooks": ["name = 'Other'", "url = 'https://other.invalid/'", "disabled_at = now()", "document = '{}'"],
}


@pytest.mark.parametrize(("table", "change"), [(table, change) for table in CHANGES for change in CHANGES[table]])
async def test_no_change_without_a_new_version(sql: Any, table: str, change: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError) as refused:
        await sql.execute(f"UPDATE {table} SET {change}")
    assert refused.value.constraint_name == f"{table}_change_raises_version"


async def test_segments_are_counted_without_a_new_version(sql: Any) -> None:
    await sql.execute("UPDATE meetings SET change_seq = change_seq + 1, last_segment_id = 7")


@pytest.mark.parametrize(
    ("table", "id"),
    [("agents", SIBLING), ("agent_variants", SECOND_VARIANT), ("meetings", MEETING), ("webhooks", WEBHOOK_ID)],
)
async def test_no_deletion_without_an_event(sql: Any, table: str, id: str) -> None:
    await sql.execute(f"UPDATE {table} SET version = 3 WHERE id = '{id}'")  # a fourth has no event
    with pytest.raises(asyncpg.RestrictViolationError, match="a deletion needs its event"):
        await sql.execute(f"DELETE FROM {table} WHERE id = '{id}'")


@pytest.mark.parametrize(
    "statement", ["UPDATE events SET reason = 'another'", "DELETE FROM events", "TRUNCATE events CASCADE"]
)
async def test_events_are_never_changed_or_deleted(sql: Any, statement: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError, match="events are never changed or deleted"):
        await sql.execute(statement)


async def test_a_meeting_goes_with_its_segments(sql: Any) -> None:
    await sql.execute(f"DELETE FROM meetings WHERE id = '{MEETING}'")
    assert await sql.fetchval("SELECT count(*) FROM segments") == 0


async def test_a_workspace_that_is_in_use_stays(sql: Any) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await sql.execute(f"DELETE FROM workspaces WHERE id = '{OTHER_WORKSPACE}'")
