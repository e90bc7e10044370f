"""Corrections of segments, names of speakers, and words with times."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

RECORDED = ("external_id", "title", "state", "metadata", "agent_id", "started_at", "ended_at")
TEXTS = ("heard_text", "heard_speaker", "corrected_text", "corrected_speaker", "corrected_by", "correction_reason")
COLUMNS = (*TEXTS, "corrected_at", "words")


def upgrade() -> None:
    op.add_column("meetings", sa.Column("speaker_names", JSONB(), server_default=sa.text("'{}'"), nullable=False))
    op.create_check_constraint(
        op.f("meetings_speaker_names_check"), "meetings", "jsonb_typeof(speaker_names) = 'object'"
    )
    _raise_version_after(*RECORDED[:4], "speaker_names", *RECORDED[4:])
    for name in TEXTS:
        op.add_column("segments", sa.Column(name, sa.Text()))
    op.add_column("segments", sa.Column("corrected_at", sa.DateTime(timezone=True)))
    op.add_column("segments", sa.Column("words", JSONB()))
    op.create_check_constraint(op.f("segments_words_check"), "segments", "jsonb_typeof(words) = 'array'")
    op.create_check_constraint(
        op.f("segments_correction_check"),
        "segments",
        "(corrected_text IS NULL AND corrected_speaker IS NULL) = (corrected_at IS NULL)"
        " AND (corrected_at IS NULL) = (corrected_by IS NULL)"
        " AND (corrected_at IS NOT NULL OR correction_reason IS NULL)",
    )
    op.execute(
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
END$$"""
    )
    op.execute(
        """
CREATE TRIGGER segments_correction_is_kept AFTER UPDATE ON segments FOR EACH ROW WHEN (
    NOT NEW.deleted AND (NEW.text <> NEW.corrected_text OR NEW.speaker <> NEW.corrected_speaker)
    OR NEW.deleted AND (
        NEW.heard_text IS NOT NULL OR NEW.heard_speaker IS NOT NULL OR NEW.corrected_at IS NOT NULL OR NEW.words IS NOT NULL
    )
) EXECUTE FUNCTION keep_correction()"""
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER segments_correction_is_kept ON segments")
    op.execute("DROP FUNCTION keep_correction()")
    op.execute(
        "UPDATE segments SET text = coalesce(heard_text, text), speaker = coalesce(heard_speaker, speaker)"
        " WHERE heard_text IS NOT NULL OR heard_speaker IS NOT NULL"
    )
    for name in COLUMNS:
        op.drop_column("segments", name)
    _raise_version_after(*RECORDED)
    op.drop_column("meetings", "speaker_names")


def _raise_version_after(*columns: str) -> None:
    """Requires a new version of a meeting for each change of these columns."""
    op.execute("DROP TRIGGER meetings_change_raises_version ON meetings")
    op.execute(
        f"""
CREATE TRIGGER meetings_change_raises_version AFTER UPDATE OF {", ".join(columns)} ON meetings
FOR EACH ROW WHEN (NEW.version <= OLD.version) EXECUTE FUNCTION refuse('a change must raise the version')"""
    )
