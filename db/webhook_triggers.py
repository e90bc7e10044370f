"""The outbox of webhooks: triggers that queue what receivers are to be told, in the statement of the change itself.

So there is no change without its delivery, and no delivery of a change that was rolled back. A workspace without a webhook for
the kind of a change pays for one look into an index.

A webhook has at most one pending delivery of each agent and meeting. A further change adds its kind to it, and the newest
version and number of a write; while an attempt is under way, that is what the next one has. The change holds the lock of the
agent's or the meeting's row, so no two writers meet at one delivery, and none waits for a receiver.
"""

from sqlalchemy import DDL, Table, event

from db.tables import erasures, events, meetings


def _execute(table: Table, statement: str) -> None:
    event.listen(table, "after_create", DDL(statement.replace("%", "%%")))  # type: ignore[no-untyped-call]


# Writes of segments come in quick succession, so they are collected for a second.
FUNCTIONS = {
    "queue_deliveries": """
CREATE FUNCTION queue_deliveries(
    workspace uuid, kind text, changed_aggregate text, changed_id uuid, new_version integer, new_change_seq bigint,
    delay interval
) RETURNS void LANGUAGE plpgsql AS
$$DECLARE
    now timestamptz;
BEGIN
    IF NOT EXISTS (
        SELECT FROM webhooks WHERE workspace_id = workspace AND disabled_at IS NULL AND kind = ANY (webhooks.events)
    ) THEN
        RETURN;
    END IF;
    now := clock_timestamp();
    INSERT INTO webhook_deliveries AS pending (
        workspace_id, id, webhook_id, aggregate, aggregate_id, events, version, change_seq, message_id,
        created_at, changed_at, next_attempt_at
    )
    SELECT workspace, gen_random_uuid(), webhooks.id, changed_aggregate, changed_id, ARRAY[kind], new_version, new_change_seq,
        gen_random_uuid(), now, now, now + delay
    FROM webhooks WHERE workspace_id = workspace AND disabled_at IS NULL AND kind = ANY (webhooks.events)
    ORDER BY webhooks.id
    ON CONFLICT (workspace_id, webhook_id, aggregate_id) WHERE state = 'PENDING' DO UPDATE SET
        events = CASE WHEN kind = ANY (pending.events) THEN pending.events ELSE pending.events || kind END,
        version = coalesce(EXCLUDED.version, pending.version),
        change_seq = greatest(EXCLUDED.change_seq, pending.change_seq),
        message_id = EXCLUDED.message_id,
        changed_at = EXCLUDED.changed_at,
        next_attempt_at = CASE
            WHEN pending.sending = '{}' AND pending.attempts = '[]'
            THEN least(EXCLUDED.next_attempt_at, pending.next_attempt_at)
            ELSE pending.next_attempt_at
        END;
END$$""",
    "queue_event": """
CREATE FUNCTION queue_event() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN
    PERFORM queue_deliveries(
        NEW.workspace_id, NEW.aggregate || '_' || NEW.kind, NEW.aggregate, NEW.aggregate_id,
        CASE WHEN NEW.entity_id = NEW.aggregate_id THEN NEW.version END, NULL, '0'
    );
    RETURN NULL;
END$$""",
    "queue_segments": """
CREATE FUNCTION queue_segments() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN
    PERFORM queue_deliveries(
        NEW.workspace_id, 'MEETING_SEGMENTS_CHANGED', 'MEETING', NEW.id, NEW.version, NEW.change_seq, '1 s'
    );
    RETURN NULL;
END$$""",
    "queue_erasure": """
CREATE FUNCTION queue_erasure() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN
    PERFORM queue_deliveries(NEW.workspace_id, 'MEETING_ERASED', 'MEETING', NEW.meeting_id, NULL, NULL, '0');
    RETURN NULL;
END$$""",
}
TRIGGERS = {
    "events_are_queued": """
CREATE TRIGGER events_are_queued AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION queue_event()""",
    "meetings_segments_are_queued": """
CREATE TRIGGER meetings_segments_are_queued AFTER UPDATE OF change_seq ON meetings
FOR EACH ROW WHEN (NEW.change_seq > OLD.change_seq AND NEW.lost_changes = OLD.lost_changes)
EXECUTE FUNCTION queue_segments()""",
    "erasures_are_queued": """
CREATE TRIGGER erasures_are_queued AFTER INSERT ON erasures FOR EACH ROW EXECUTE FUNCTION queue_erasure()""",
}
for _statement in FUNCTIONS.values():
    _execute(events, _statement)
for _table, _trigger in zip((events, meetings, erasures), TRIGGERS.values(), strict=True):
    _execute(_table, _trigger)
