"""Holds the statements by which a server of before erasures writes meetings with their events (revision 0008)."""

_COLUMNS = ("external_id", "title", "state", "metadata", "speaker_names", "agent_id", "started_at", "ended_at")


def _object(prefix: str) -> str:
    return "jsonb_build_object(" + ", ".join(f"'{name}', {prefix}{name}" for name in _COLUMNS) + ")"


def _changes(old: str, new: str) -> str:
    return f"""(
        SELECT coalesce(jsonb_object_agg(coalesce(old.key, new.key),
            jsonb_build_array(nullif(old.value, 'null'::jsonb), nullif(new.value, 'null'::jsonb))), '{{}}'::jsonb)
        FROM jsonb_each({old}) AS old FULL OUTER JOIN jsonb_each({new}) AS new ON old.key = new.key
        WHERE nullif(old.value, 'null'::jsonb) IS DISTINCT FROM nullif(new.value, 'null'::jsonb)
    )"""


_EVENT = """
INSERT INTO events (workspace_id, aggregate, aggregate_id, entity_id, version, kind, actor, reason, restored_version, changes)
"""

UPDATE = f"""
WITH before AS (
    SELECT * FROM meetings WHERE workspace_id = $1 AND id = $2 AND version = $3 FOR NO KEY UPDATE
),
written AS (
    UPDATE meetings SET external_id = before.external_id, title = coalesce($4, before.title), state = before.state,
        metadata = before.metadata, speaker_names = coalesce($5::jsonb, before.speaker_names), agent_id = before.agent_id,
        version = before.version + 1, updated_at = clock_timestamp()
    FROM before WHERE meetings.workspace_id = before.workspace_id AND meetings.id = before.id
    RETURNING meetings.*, {", ".join(f"before.{name} AS old_{name}" for name in _COLUMNS)}
),
event AS (
    {_EVENT}
    SELECT workspace_id, 'MEETING', id, id, version, 'UPDATED', $6, $7, NULL,
        {_changes(_object("old_"), _object("written."))}
    FROM written
)
SELECT version FROM written"""
"""Takes workspace, meeting, the version that was read, title and names (null: as they are), actor and reason."""

DELETE = f"""
WITH deleted AS (DELETE FROM meetings WHERE workspace_id = $1 AND id = $2 RETURNING *),
event AS (
    {_EVENT}
    SELECT workspace_id, 'MEETING', id, id, version + 1, 'DELETED', $3, $4, NULL,
        {_changes(_object("deleted."), "jsonb_build_object()")}
    FROM deleted
)
SELECT id FROM deleted"""
"""Takes workspace, meeting, actor and reason."""

RENAME = """
WITH locked AS (
    SELECT change_seq, speaker_names FROM meetings WHERE workspace_id = $1 AND id = $2 FOR NO KEY UPDATE
),
stamp AS MATERIALIZED (SELECT change_seq + 1 AS change_seq, speaker_names, clock_timestamp() AS now FROM locked),
resolved AS (
    SELECT segment_id, coalesce(heard_speaker, speaker) AS heard, coalesce(
        corrected_speaker, stamp.speaker_names ->> coalesce(heard_speaker, speaker), heard_speaker, speaker
    ) AS speaker
    FROM segments, stamp
    WHERE workspace_id = $1 AND meeting_id = $2 AND NOT deleted AND coalesce(heard_speaker, speaker) = ANY (CAST($3 AS text[]))
),
renamed AS (
    UPDATE segments AS stored SET version = stored.version + 1, change_seq = stamp.change_seq, updated_at = stamp.now,
        speaker = resolved.speaker, heard_speaker = nullif(resolved.heard, resolved.speaker)
    FROM stamp, resolved
    WHERE stored.workspace_id = $1 AND stored.meeting_id = $2 AND stored.segment_id = resolved.segment_id
        AND stored.speaker <> resolved.speaker
    RETURNING stored.segment_id
)
UPDATE meetings SET change_seq = change_seq + 1
WHERE workspace_id = $1 AND id = $2 AND EXISTS (SELECT FROM renamed) RETURNING change_seq"""
"""Takes workspace, meeting and labels, in the transaction that has given the names."""
