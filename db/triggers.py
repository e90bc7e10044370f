"""Functions and triggers of the tables, which hold what constraints cannot.

The ones that queue what webhooks send stand in `db.webhook_triggers`. The migrations create all of them. Here they are attached
to the tables, to be read, and to be compared with what migrations made.
"""

from sqlalchemy import DDL, Table, event

from db.search_vector import SEARCH_VECTOR
from db.tables import (
    agent_variants,
    agents,
    erasures,
    events,
    meetings,
    metadata,
    recorded_columns,
    segments,
    speaker_erasures,
)
from db.webhook_tables import webhooks

# Case is folded by an explicit collation, as the database's own may know ASCII only: PostgreSQL's builtin one, or ICU's before
# PostgreSQL 17. All tables have their rows compared by it.
_FOLD_CASE = DDL(  # type: ignore[no-untyped-call]
    """
DO $do$BEGIN EXECUTE format(
    $f$CREATE FUNCTION fold_case(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lower(value COLLATE pg_catalog.%%I)$f$,
    CASE WHEN current_setting('server_version_num')::int >= 170000 THEN 'pg_c_utf8' ELSE 'und-x-icu' END
); END$do$"""
)
event.listen(metadata, "before_create", _FOLD_CASE)

event.listen(segments, "before_create", DDL(SEARCH_VECTOR.replace("%", "%%")))  # type: ignore[no-untyped-call]


def _execute(table: Table, statement: str, when: str = "after_create") -> None:
    event.listen(table, when, DDL(statement.replace("%", "%%")))  # type: ignore[no-untyped-call]


# Nobody can change anything without its event: events stay, a change raises the version, a version has an event (which the
# foreign keys require), and so has a deletion.
_execute(
    events,
    """
CREATE FUNCTION object_keys(object jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY(SELECT jsonb_object_keys(CASE jsonb_typeof(object) WHEN 'object' THEN object ELSE '{}' END))""",
    "before_create",
)
_execute(
    events,
    """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME; END$$""",
)
_execute(
    events,
    """
CREATE FUNCTION require_deletion_event() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN
    IF NOT EXISTS (
        SELECT FROM events
        WHERE workspace_id = OLD.workspace_id AND entity_id = OLD.id AND version = OLD.version + 1 AND kind = 'DELETED'
    ) THEN
        RAISE EXCEPTION 'a deletion needs its event' USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END$$""",
)
_execute(
    events,
    """
CREATE TRIGGER events_are_kept BEFORE DELETE OR TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION refuse('events are never changed or deleted')""",
)

# An erasure removes from a meeting's events what was said and named, and by whom; that of a speaker puts a pseudonym in the
# place of the names. The database lets exactly this through.
_execute(
    events,
    """
CREATE FUNCTION erased_changes(changes jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT coalesce(jsonb_object_agg(
        key, CASE WHEN key IN ('state', 'agent_id', 'started_at', 'ended_at') THEN value ELSE '[null, null]' END
    ), '{}') FROM jsonb_each(changes)
)""",
)
_execute(
    events,
    """
CREATE FUNCTION is_pseudonymized(old jsonb, new jsonb, pseudonym text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN old IS NOT DISTINCT FROM new OR (
    jsonb_typeof(old) = 'object' AND jsonb_typeof(new) = 'object'
    AND pseudonym IN (new ->> pseudonym, new ->> '')
    AND NOT EXISTS (
        SELECT FROM jsonb_each(new) AS entry
        WHERE NOT (entry.key IN (pseudonym, '') AND entry.value = to_jsonb(pseudonym))
            AND entry.value IS DISTINCT FROM old -> entry.key
    )
)""",
)
_execute(
    events,
    """
CREATE FUNCTION require_erasure() RETURNS trigger LANGUAGE plpgsql AS
$$DECLARE
    erased events := OLD;
    named events := OLD;
BEGIN
    erased.actor := 'erased';
    erased.reason := NULL;
    erased.changes := erased_changes(OLD.changes);
    named.actor := NEW.actor;
    named.reason := NEW.reason;
    named.changes := NEW.changes;
    IF OLD.aggregate = 'MEETING' AND (
        NEW IS NOT DISTINCT FROM erased AND EXISTS (
            SELECT FROM erasures WHERE workspace_id = OLD.workspace_id AND meeting_id = OLD.entity_id
        ) OR NEW IS NOT DISTINCT FROM named AND EXISTS (
            SELECT FROM speaker_erasures WHERE workspace_id = OLD.workspace_id AND meeting_id = OLD.entity_id
                AND NEW.actor IN (OLD.actor, pseudonym)
                AND (NEW.reason IS NULL OR NEW.reason = OLD.reason)
                AND object_keys(NEW.changes) = object_keys(OLD.changes)
                AND NEW.changes - 'speaker_names' = OLD.changes - 'speaker_names'
                AND jsonb_array_length(NEW.changes -> 'speaker_names')
                    IS NOT DISTINCT FROM jsonb_array_length(OLD.changes -> 'speaker_names')
                AND is_pseudonymized(OLD.changes #> '{speaker_names,0}', NEW.changes #> '{speaker_names,0}', pseudonym)
                AND is_pseudonymized(OLD.changes #> '{speaker_names,1}', NEW.changes #> '{speaker_names,1}', pseudonym)
        )
    ) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'events are never changed or deleted, only erased'
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
END$$""",
)
_execute(
    events,
    """
CREATE TRIGGER events_are_erased_only AFTER UPDATE ON events FOR EACH ROW EXECUTE FUNCTION require_erasure()""",
)
_execute(
    erasures,
    """
CREATE FUNCTION require_deletion() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN
    IF EXISTS (SELECT FROM meetings WHERE workspace_id = NEW.workspace_id AND id = NEW.meeting_id) THEN
        RAISE EXCEPTION 'what is erased is deleted first' USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END$$""",
)
_execute(
    erasures,
    """
CREATE TRIGGER erasures_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON erasures
FOR EACH STATEMENT EXECUTE FUNCTION refuse('erasures are never changed or deleted')""",
)
_execute(
    erasures,
    """
CREATE TRIGGER erasures_follow_deletion AFTER INSERT ON erasures FOR EACH ROW EXECUTE FUNCTION require_deletion()""",
)
_execute(
    speaker_erasures,
    """
CREATE TRIGGER speaker_erasures_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON speaker_erasures
FOR EACH STATEMENT EXECUTE FUNCTION refuse('erasures are never changed or deleted')""",
)

for _table in (agents, agent_variants, meetings, webhooks):
    _execute(
        _table,
        f"""
CREATE TRIGGER {_table.name}_change_raises_version AFTER UPDATE OF {", ".join(recorded_columns(_table))} ON {_table.name}
FOR EACH ROW WHEN (NEW.version <= OLD.version) EXECUTE FUNCTION refuse('a change must raise the version')""",
    )
    _execute(
        _table,
        f"""
CREATE TRIGGER {_table.name}_deletion_has_event AFTER DELETE ON {_table.name}
FOR EACH ROW EXECUTE FUNCTION require_deletion_event()""",
    )
for _table in (meetings, segments):
    _execute(
        _table,
        f"""
CREATE TRIGGER {_table.name}_external_id_is_kept AFTER UPDATE OF external_id ON {_table.name}
FOR EACH ROW WHEN (NEW.external_id IS DISTINCT FROM OLD.external_id)
EXECUTE FUNCTION refuse('an external id is given at creation, and never changed')""",
    )

# A JSON Merge Patch (RFC 7396), by which a variant's parameters lie over its agent's. `domain.parameters` does the same. It is
# no function in SQL, as those are parsed for each statement that PostgreSQL plans.
_execute(
    agents,
    """
CREATE FUNCTION json_merge_patch(target jsonb, patch jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS
$$BEGIN
    IF jsonb_typeof(patch) <> 'object' THEN
        RETURN patch;
    END IF;
    IF jsonb_typeof(target) <> 'object' THEN
        target := '{}';
    END IF;
    IF NOT jsonb_path_exists(patch, 'strict $.* ? (@.type() == "null" || @.type() == "object")') THEN
        RETURN target || patch;  -- a quarter of the time of what follows
    END IF;
    RETURN (
        SELECT coalesce(jsonb_object_agg(coalesce(old.key, new.key), CASE
            WHEN new.key IS NULL THEN old.value
            WHEN jsonb_typeof(new.value) = 'object' THEN json_merge_patch(coalesce(old.value, 'null'), new.value)
            ELSE new.value
        END), '{}')
        FROM jsonb_each(target) AS old FULL JOIN jsonb_each(patch) AS new ON new.key = old.key
        WHERE new.value IS DISTINCT FROM 'null'
    );
END$$""",
)

# An erasure deletes the meeting first, so that none can pass this either.
_execute(
    meetings,
    """
CREATE TRIGGER meetings_held_are_kept BEFORE DELETE ON meetings
FOR EACH ROW WHEN (OLD.held_at IS NOT NULL) EXECUTE FUNCTION refuse('a meeting that is held is not deleted')""",
)
_execute(
    speaker_erasures,
    """
CREATE FUNCTION require_release() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN
    IF EXISTS (
        SELECT FROM meetings WHERE workspace_id = NEW.workspace_id AND id = NEW.meeting_id AND held_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'nobody is erased from a meeting that is held'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END$$""",
)
_execute(
    speaker_erasures,
    """
CREATE TRIGGER speaker_erasures_spare_held AFTER INSERT ON speaker_erasures
FOR EACH ROW EXECUTE FUNCTION require_release()""",
)

# Servers of before corrections write what they hear into the resolved columns, and leave all others as they are. So what they
# write becomes what was heard, a correction stays, and a tombstone keeps nothing. (A trigger that runs before an update would
# have PostgreSQL take the text apart for the index in every update, whatever it changes.)
_execute(
    segments,
    """
CREATE FUNCTION keep_correction() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN
    UPDATE segments SET
        heard_text = CASE WHEN deleted THEN NULL WHEN text <> corrected_text THEN text ELSE heard_text END,
        heard_speaker = CASE WHEN deleted THEN NULL WHEN speaker <> corrected_speaker THEN speaker ELSE heard_speaker END,
        text = CASE WHEN deleted THEN text ELSE coalesce(corrected_text, text) END,
        speaker = CASE WHEN deleted THEN speaker ELSE coalesce(corrected_speaker, speaker) END,
        corrected_text = CASE WHEN NOT deleted THEN corrected_text END,
        corrected_speaker = CASE WHEN NOT deleted THEN corrected_speaker END,
        corrected_by = CASE WHEN NOT deleted THEN corrected_by END,
        corrected_at = CASE WHEN NOT deleted THEN corrected_at END,
        correction_reason = CASE WHEN NOT deleted THEN correction_reason END,
        words = CASE WHEN NOT deleted THEN words END
    WHERE workspace_id = NEW.workspace_id AND meeting_id = NEW.meeting_id AND segment_id = NEW.segment_id;
    RETURN NULL;
END$$""",
)
_execute(
    segments,
    """
CREATE TRIGGER segments_correction_is_kept AFTER UPDATE ON segments FOR EACH ROW WHEN (
    NOT NEW.deleted AND (NEW.text <> NEW.corrected_text OR NEW.speaker <> NEW.corrected_speaker)
    OR NEW.deleted AND (
        NEW.heard_text IS NOT NULL OR NEW.heard_speaker IS NOT NULL OR NEW.corrected_at IS NOT NULL OR NEW.words IS NOT NULL
    )
) EXECUTE FUNCTION keep_correction()""",
)
