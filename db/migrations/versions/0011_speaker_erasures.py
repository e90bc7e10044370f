"""Erasures of speakers, which replace in events the names of a speaker by a pseudonym."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "workspaces",
        sa.Column(
            "erasure_key",
            sa.LargeBinary(),
            server_default=sa.text("sha256((uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())))"),
            nullable=False,
        ),
    )
    op.create_check_constraint(op.f("workspaces_erasure_key_check"), "workspaces", "octet_length(erasure_key) = 32")
    op.create_table(
        "speaker_erasures",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("fingerprints", postgresql.ARRAY(sa.LargeBinary()), nullable=False),
        sa.Column("erased_by", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("erased_by <> ''", name=op.f("speaker_erasures_erased_by_check")),
        sa.CheckConstraint("mode IN ('PSEUDONYM', 'TEXT')", name=op.f("speaker_erasures_mode_check")),
        sa.CheckConstraint("pseudonym <> ''", name=op.f("speaker_erasures_pseudonym_check")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("speaker_erasures_workspace_id_fkey")),
        sa.PrimaryKeyConstraint(
            "workspace_id", "meeting_id", "pseudonym", "erased_at", name=op.f("speaker_erasures_pkey")
        ),
    )
    op.execute(
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
)"""
    )
    op.execute(
        """
CREATE OR REPLACE FUNCTION require_erasure() RETURNS trigger LANGUAGE plpgsql AS
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
END$$"""
    )
    op.execute(
        """
CREATE TRIGGER speaker_erasures_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON speaker_erasures
FOR EACH STATEMENT EXECUTE FUNCTION refuse('erasures are never changed or deleted')"""
    )


def downgrade() -> None:
    op.execute(
        """
CREATE OR REPLACE FUNCTION require_erasure() RETURNS trigger LANGUAGE plpgsql AS
$$DECLARE
    erased events := OLD;
BEGIN
    erased.actor := 'erased';
    erased.reason := NULL;
    erased.changes := erased_changes(OLD.changes);
    IF NEW IS DISTINCT FROM erased OR OLD.aggregate <> 'MEETING' OR NOT EXISTS (
        SELECT FROM erasures WHERE workspace_id = OLD.workspace_id AND meeting_id = OLD.entity_id
    ) THEN
        RAISE EXCEPTION 'events are never changed or deleted, only erased'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END$$"""
    )
    op.execute("DROP FUNCTION is_pseudonymized(jsonb, jsonb, text)")
    op.drop_table("speaker_erasures")
    op.drop_column("workspaces", "erasure_key")
