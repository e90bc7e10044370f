"""The database lets an erasure through to the events of a meeting, and still nothing else."""

from typing import Any

import asyncpg
import pytest

from tests.harness.seed_rows import AGENT, FOREIGN_MEETING, MEETING, OTHER_WORKSPACE, WORKSPACE, event

ERASE = "UPDATE events SET actor = 'erased', reason = NULL, changes = erased_changes(changes)"
DELETE = f"DELETE FROM meetings WHERE id = '{MEETING}'"
CHANGES = '{"title": ["A", "B"], "state": ["CREATED", "RECORDING"], "metadata": [null, {"a": 1}]}'


def record(workspace: str = WORKSPACE, meeting: str = MEETING) -> str:
    return f"INSERT INTO erasures (workspace_id, meeting_id, erased_by) VALUES ('{workspace}', '{meeting}', 'key')"


@pytest.fixture
async def erased(sql: Any) -> Any:
    """A connection to rows among which one meeting's deletion is recorded as an erasure."""
    await sql.execute(event(entity=MEETING, version=7, aggregate="MEETING", changes=CHANGES))
    await sql.execute(event(entity=AGENT, version=7, changes=CHANGES))
    await sql.execute(DELETE)
    await sql.execute(record())
    return sql


def of(entity: str, workspace: str = WORKSPACE) -> str:
    return f"WHERE workspace_id = '{workspace}' AND entity_id = '{entity}' AND version = 7"


async def test_the_events_of_an_erased_meeting_lose_what_they_say(erased: Any) -> None:
    await erased.execute(f"{ERASE} {of(MEETING)}")
    row = await erased.fetchrow(f"SELECT actor, reason, changes, kind, fields FROM events {of(MEETING)}")
    assert row["changes"] == ('{"state": ["CREATED", "RECORDING"], "title": [null, null], "metadata": [null, null]}')
    assert (row["actor"], row["reason"], row["kind"]) == ("erased", None, "UPDATED")
    assert sorted(row["fields"]) == ["metadata", "state", "title"]
    await erased.execute(f"{ERASE} {of(MEETING)}")  # again, which changes nothing


@pytest.mark.parametrize(
    "change",
    [
        "SET actor = 'another'",
        "SET actor = 'erased'",
        "SET reason = NULL",
        "SET changes = erased_changes(changes)",
        "SET changes = '{}', actor = 'erased', reason = NULL",
        f"{ERASE.removeprefix('UPDATE events ')}, version = 8",
        f"{ERASE.removeprefix('UPDATE events ')}, kind = 'CREATED'",
        f"{ERASE.removeprefix('UPDATE events ')}, created_at = now()",
        f"{ERASE.removeprefix('UPDATE events ')}, entity_id = '{AGENT}', version = 8",
        f"{ERASE.removeprefix('UPDATE events ')}, aggregate_id = '{AGENT}'",
        "SET actor = 'erased', reason = 'why', changes = erased_changes(changes)",
    ],
)
async def test_all_other_changes_of_them_are_refused(erased: Any, change: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError) as refused:
        await erased.execute(f"UPDATE events {change} {of(MEETING)}")
    assert refused.value.constraint_name == "events_are_erased_only"


@pytest.mark.parametrize(
    "where", [of(AGENT), f"WHERE entity_id = '{FOREIGN_MEETING}'", f"WHERE workspace_id = '{OTHER_WORKSPACE}'", ""]
)
async def test_the_events_of_others_cannot_be_erased(erased: Any, where: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError, match="events are never changed or deleted"):
        await erased.execute(f"{ERASE} {where}")


@pytest.mark.parametrize("workspace", [WORKSPACE, OTHER_WORKSPACE])
async def test_an_agents_events_cannot_be_erased_even_if_it_is_recorded(erased: Any, workspace: str) -> None:
    await erased.execute(record(workspace, AGENT))
    with pytest.raises(asyncpg.RestrictViolationError, match="events are never changed or deleted"):
        await erased.execute(f"{ERASE} {of(AGENT)}")


@pytest.mark.parametrize("statement", [f"DELETE FROM events {of(MEETING)}", "TRUNCATE events CASCADE"])
async def test_events_are_not_deleted_with_an_erasure_either(erased: Any, statement: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError, match="are never changed or deleted"):
        await erased.execute(statement)


async def test_a_meeting_that_is_there_is_not_erased(sql: Any) -> None:
    with pytest.raises(asyncpg.RestrictViolationError) as refused:
        await sql.execute(record())
    assert refused.value.constraint_name == "erasures_follow_deletion"


@pytest.mark.parametrize(
    "statement", ["UPDATE erasures SET erased_by = 'x'", "DELETE FROM erasures", "TRUNCATE erasures"]
)
async def test_erasures_are_kept(erased: Any, statement: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError) as refused:
        await erased.execute(statement)
    assert refused.value.constraint_name == "erasures_are_kept"


PSEUDONYM = "Speaker 1"
NAMES = """{"title": ["A", "B"], "speaker_names": [{"L": "Dana", "B": "Omar"}, {"L": "Dana R.", "B": "Omar", "": "Dana"}]}"""
RECORD_SPEAKER = f"""
INSERT INTO speaker_erasures (workspace_id, meeting_id, pseudonym, mode, fingerprints, erased_by, erased_at)
VALUES ('{WORKSPACE}', '{MEETING}', '{PSEUDONYM}', 'TEXT', '{{}}', 'key', now())"""


def names(before: str, after: str) -> str:
    return f"""changes = jsonb_set(changes, '{{speaker_names}}', '[{before}, {after}]')"""


BEFORE, AFTER = ('{"Speaker 1": "Speaker 1", "B": "Omar"}', '{"Speaker 1": "Speaker 1", "B": "Omar", "": "Speaker 1"}')


@pytest.fixture
async def with_speaker(sql: Any) -> Any:
    """A connection to rows among which the erasure of a speaker of a meeting is recorded."""
    await sql.execute(event(entity=MEETING, version=7, aggregate="MEETING", actor="dana", changes=NAMES))
    await sql.execute(event(entity=AGENT, version=7, changes=NAMES))
    await sql.execute(RECORD_SPEAKER)
    return sql


@pytest.mark.parametrize(
    "change",
    [
        names(BEFORE, AFTER),
        f"actor = '{PSEUDONYM}', reason = NULL",
        f"actor = '{PSEUDONYM}', reason = NULL, {names(BEFORE, AFTER)}",
        names(BEFORE, '{"Speaker 1": "Speaker 1", "B": "Omar"}'),
    ],
)
async def test_the_events_of_a_meeting_lose_the_names_of_an_erased_speaker(with_speaker: Any, change: str) -> None:
    await with_speaker.execute(f"UPDATE events SET {change} {of(MEETING)}")
    await with_speaker.execute(f"UPDATE events SET {change} {of(MEETING)}")  # again, which changes nothing
    row = await with_speaker.fetchrow(f"SELECT kind, fields FROM events {of(MEETING)}")
    assert (row["kind"], sorted(row["fields"])) == ("UPDATED", ["speaker_names", "title"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        "actor = 'Omar'",
        "actor = 'erased'",
        "reason = 'another'",
        "version = 8",
        "kind = 'CREATED'",
        "created_at = now()",
        "changes = '{}'",
        "changes = changes - 'title'",
        "changes = changes - 'speaker_names'",
        """changes = jsonb_set(changes, '{title}', '["A", "C"]')""",
        names(BEFORE, "null"),
        names("{}", AFTER),
        names(BEFORE, '{"Speaker 1": "Dana", "B": "Omar"}'),
        names(BEFORE, '{"Speaker 1": "Speaker 1", "B": "Speaker 1"}'),
        names(BEFORE, '{"Speaker 1": "Speaker 1", "B": "Eve"}'),
        names(BEFORE, '{"Speaker 2": "Speaker 2", "B": "Omar"}'),
        names(BEFORE, f"{AFTER}, {AFTER}"),
        f"{names(BEFORE, AFTER)}, aggregate_id = '{AGENT}'",
    ],
)
async def test_all_other_changes_are_refused_for_a_speaker_too(with_speaker: Any, change: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError) as refused:
        await with_speaker.execute(f"UPDATE events SET {change} {of(MEETING)}")
    assert refused.value.constraint_name == "events_are_erased_only"


@pytest.mark.parametrize("where", [of(AGENT), "WHERE version = 7"])
async def test_a_speaker_is_erased_only_where_it_is_recorded(with_speaker: Any, where: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError, match="events are never changed or deleted"):
        await with_speaker.execute(f"UPDATE events SET {names(BEFORE, AFTER)} {where}")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE speaker_erasures SET mode = 'TEXT'", "DELETE FROM speaker_erasures", "TRUNCATE speaker_erasures"],
)
async def test_erasures_of_speakers_are_kept(with_speaker: Any, statement: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError) as refused:
        await with_speaker.execute(statement)
    assert refused.value.constraint_name == "speaker_erasures_are_kept"
