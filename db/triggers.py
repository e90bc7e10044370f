"""Functions and triggers of the tables, which hold what constraints cannot.

The migrations create them. Here they are attached to the tables, to be read, and to be compared with what migrations made.
"""

from sqlalchemy import DDL, Table, event

from db.tables import agent_variants, agents, events, meetings, recorded_columns, segments

# This replaces `db.highlights.BLANK_CHARACTERS` (by `replace`, as `translate` takes ten times as long). A text without blanks
# can cost the parser time that grows with the square of its length, so long runs are broken.
_SEARCH_VECTOR = DDL(  # type: ignore[no-untyped-call]
    r"""
CREATE FUNCTION search_vector(language text, words text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF octet_length(words) > 200 THEN
        words := regexp_replace(words, '(\S{100})', '\1 ', 'g');
    END IF;
    RETURN to_tsvector(
        ('pg_catalog.' || language)::regconfig,
        replace(replace(replace(replace(words, '<', ' '), '/', ' '), '@', ' '), '-', ' ')
    );
END
$$"""
)
event.listen(segments, "before_create", _SEARCH_VECTOR)


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
CREATE TRIGGER events_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION refuse('events are never changed or deleted')""",
)
for _table in (agents, agent_variants, meetings):
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
CREATE TRIGGER {_table.name}_external_id_is_kept BEFORE UPDATE OF external_id ON {_table.name}
FOR EACH ROW WHEN (NEW.external_id IS DISTINCT FROM OLD.external_id)
EXECUTE FUNCTION refuse('an external id is given at creation, and never changed')""",
    )
