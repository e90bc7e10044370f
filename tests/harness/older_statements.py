"""Holds the statements by which a server of before corrections, names and external ids writes segments (revision 0005)."""

UPSERT = """
WITH locked AS (
    SELECT id, title, state, metadata, agent_id, version, change_seq, created_at, updated_at, started_at,
        ended_at, last_segment_id FROM meetings
    WHERE workspace_id = $1 AND id = $2 FOR NO KEY UPDATE
),
stamp AS MATERIALIZED (
    SELECT change_seq + 1 AS change_seq, last_segment_id, clock_timestamp() AS now FROM locked
),
new AS MATERIALIZED (
    SELECT
        coalesce(new.segment_id, greatest(stamp.last_segment_id, $3) + new.nth) AS segment_id, new.text,
            new.speaker, new.start_time, new.end_time, new.is_final, new.confidence,
        stamp.now AS created_at, stamp.now AS updated_at, stamp.change_seq, workspaces.language
    FROM stamp, workspaces, unnest(
        CAST($4 AS int[]), CAST($5 AS int[]), CAST($6 AS text[]), CAST($7 AS text[]),
        CAST($8 AS float8[]), CAST($9 AS float8[]), CAST($10 AS bool[]), CAST($11 AS float8[])
    ) AS new (segment_id, nth, text, speaker, start_time, end_time, is_final, confidence)
    WHERE workspaces.id = $1
),
revised AS (
    UPDATE segments AS stored SET
        text = new.text, speaker = new.speaker, start_time = new.start_time, end_time = new.end_time, is_final =
            new.is_final, confidence = new.confidence, language = new.language, change_seq = new.change_seq,
            updated_at = new.updated_at,
        version = stored.version + 1, deleted = false,
        created_at = CASE WHEN stored.deleted THEN new.created_at ELSE stored.created_at END
    FROM new WHERE stored.workspace_id = $1 AND stored.meeting_id = $2 AND stored.segment_id = new.segment_id
        AND (stored.deleted OR (stored.text, stored.speaker, stored.start_time, stored.end_time,
        stored.is_final, stored.confidence) IS DISTINCT FROM (new.text, new.speaker, new.start_time,
        new.end_time, new.is_final, new.confidence))
    RETURNING stored.segment_id, stored.created_at = stored.updated_at AS created
),
inserted AS (
    INSERT INTO segments AS stored (
        workspace_id, meeting_id, segment_id, text, speaker, start_time, end_time, is_final, confidence,
            created_at, updated_at, change_seq, language
    )
    SELECT $1, $2, new.* FROM new
    WHERE NOT EXISTS (SELECT FROM segments AS stored WHERE stored.workspace_id = $1 AND stored.meeting_id = $2
        AND stored.segment_id = new.segment_id AND (stored.deleted OR (stored.text, stored.speaker,
        stored.start_time, stored.end_time, stored.is_final, stored.confidence) IS DISTINCT FROM (new.text,
        new.speaker, new.start_time, new.end_time, new.is_final, new.confidence)))
    ON CONFLICT (workspace_id, meeting_id, segment_id) DO UPDATE SET
        text = excluded.text, speaker = excluded.speaker, start_time = excluded.start_time, end_time =
            excluded.end_time, is_final = excluded.is_final, confidence = excluded.confidence, language =
            excluded.language, change_seq = excluded.change_seq, updated_at = excluded.updated_at,
        version = stored.version + 1, deleted = false,
        created_at = CASE WHEN stored.deleted THEN excluded.created_at ELSE stored.created_at END
    WHERE (stored.deleted OR (stored.text, stored.speaker, stored.start_time, stored.end_time, stored.is_final,
        stored.confidence) IS DISTINCT FROM (excluded.text, excluded.speaker, excluded.start_time,
        excluded.end_time, excluded.is_final, excluded.confidence))
    RETURNING stored.segment_id, stored.created_at = stored.updated_at AS created
),
written AS (SELECT * FROM revised UNION ALL SELECT * FROM inserted),
counted AS (
    SELECT count(*) FILTER (WHERE created) AS created, count(*) FILTER (WHERE NOT created) AS updated,
        max(segment_id) AS highest
    FROM written
),

raised AS (
    UPDATE meetings SET change_seq = meetings.change_seq + 1, last_segment_id =
        greatest(meetings.last_segment_id, counted.highest)
    FROM counted WHERE meetings.workspace_id = $1 AND meetings.id = $2 AND counted.highest IS NOT NULL
    RETURNING meetings.change_seq
)

SELECT locked.id, locked.title, locked.state, locked.metadata, locked.agent_id, locked.version,
    locked.created_at, locked.updated_at, locked.started_at, locked.ended_at, coalesce(raised.change_seq,
    locked.change_seq) AS change_seq, counted.*,
    raised.change_seq IS NOT NULL AS is_changed
FROM locked CROSS JOIN counted LEFT JOIN raised ON true"""
"""Takes workspace, meeting, the highest given number, and arrays: numbers, places of those without a number, texts, speakers,
start times, end times, whether they are final, and confidences."""

DELETE = """
WITH locked AS (
    SELECT id, title, state, metadata, agent_id, version, change_seq, created_at, updated_at, started_at,
        ended_at, last_segment_id FROM meetings
    WHERE workspace_id = $1 AND id = $2 FOR NO KEY UPDATE
),
stamp AS MATERIALIZED (
    SELECT change_seq + 1 AS change_seq, last_segment_id, clock_timestamp() AS now FROM locked
),
removed AS (
    UPDATE segments SET
        deleted = true, text = '', speaker = '', confidence = NULL,
        version = segments.version + 1, change_seq = stamp.change_seq, updated_at = stamp.now
    FROM stamp
    WHERE segments.workspace_id = $1 AND segments.meeting_id = $2
        AND segments.segment_id = ANY (CAST($3 AS int[])) AND NOT segments.deleted
    RETURNING segments.segment_id
),
counted AS (SELECT count(*) AS deleted FROM removed),

raised AS (
    UPDATE meetings SET change_seq = meetings.change_seq + 1
    FROM counted WHERE meetings.workspace_id = $1 AND meetings.id = $2 AND counted.deleted > 0
    RETURNING meetings.change_seq
)

SELECT locked.id, locked.title, locked.state, locked.metadata, locked.agent_id, locked.version,
    locked.created_at, locked.updated_at, locked.started_at, locked.ended_at, coalesce(raised.change_seq,
    locked.change_seq) AS change_seq, counted.*,
    raised.change_seq IS NOT NULL AS is_changed
FROM locked CROSS JOIN counted LEFT JOIN raised ON true"""
"""Takes workspace, meeting, and numbers."""

SEARCH = """
SELECT segments.text FROM segments JOIN workspaces ON workspaces.id = segments.workspace_id
WHERE workspaces.id = $1 AND NOT segments.deleted AND segments.search_vector @@
    websearch_to_tsquery(CAST('pg_catalog.' || workspaces.language AS regconfig), fold_case($2))
ORDER BY segments.meeting_id, segments.segment_id"""
"""Takes workspace and query. A server of before the words of all scripts (revision 0012) searches so."""
