"""Tables. Every key starts with `workspace_id`, so rows of two tenants cannot even refer to each other.

The tables of webhooks stand in `db.webhook_tables`, the types of some columns in `db.column_domains`, functions and triggers in
`db.triggers`. The migrations in `db/migrations/versions/` create all of it.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    event,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, INT8MULTIRANGE, JSONB, TSVECTOR

from db.column_domains import (
    JSONB_ARRAY,
    JSONB_OBJECT,
    MEETING_STATE,
    NONEMPTY_TEXT,
    NONNEGATIVE_BIGINT,
    NONNEGATIVE_INTEGER,
    POSITIVE_BIGINT,
    POSITIVE_INTEGER,
    PROBABILITY,
    SEGMENT_TIME,
    create_domains,
)
from db.config_columns import config_checks, config_columns
from db.shared_columns import event_of_version, external_id, orders, times, version

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)

event.listen(metadata, "before_create", create_domains)

_SLUG = "slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND char_length(slug) <= 80"


COLUMNS_WITHOUT_EVENTS = {
    *("workspace_id", "id", "version", "created_at", "updated_at", "change_seq", "lost_changes", "last_segment_id"),
    *("secret", "old_secret", "old_secret_expires_at", "failing_since", "paused_until"),
}
"""The columns of tables with a history whose changes are not events: keys, times, counters, secrets, and how receivers do."""


def recorded_columns(table: Table) -> list[str]:
    """Returns the columns whose changes are events: all others, except the one that says whose history it is."""
    return [
        column.name
        for column in table.c
        if column.name not in COLUMNS_WITHOUT_EVENTS | {table.info.get("aggregate_id")}
    ]


RANDOM_KEY = "sha256((uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())))"
"""The SQL that makes 32 random bytes."""

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    # The text search configuration (of pg_catalog) by which the workspace's segments are indexed and searched.
    Column("language", Text, nullable=False, server_default=text("'english'")),
    # The secret of `domain.speaker_erasures.ErasureKey`.
    Column("erasure_key", LargeBinary, nullable=False, server_default=text(RANDOM_KEY)),
    # The version of the rules by which the workspace's oldest segments were indexed: see `db.search_index`.
    Column("index_version", Integer, nullable=False, server_default=text("2")),
    CheckConstraint("name <> ''", name="name"),
    CheckConstraint("octet_length(erasure_key) = 32", name="erasure_key"),
    CheckConstraint("language ~ '^[a-z_]+$'", name="language"),
)

# The history of agents, variants, meetings and webhooks. What was written stays, whatever becomes of its entity.
events = Table(
    "events",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    # These say what changed, and the version that the change made.
    Column("entity_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    # These say whose history the event is in: a variant's events are in its agent's. As numbers are taken under the row lock
    # of the agent or meeting, those of one history grow in the order of the commits.
    Column("aggregate", Text, nullable=False),
    Column("aggregate_id", Uuid, nullable=False),
    Column("number", BigInteger, Identity(always=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text),
    Column("restored_version", Integer),
    Column("changes", JSONB, nullable=False),
    # The names of what changed can be read without the values, which may be long.
    Column("fields", ARRAY(Text), Computed("object_keys(changes)", persisted=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    PrimaryKeyConstraint("workspace_id", "entity_id", "version"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
    CheckConstraint(
        "kind IN ('CREATED', 'UPDATED', 'ACTIVATED', 'DEACTIVATED', 'STATE_CHANGED', 'ROLLED_BACK', 'DELETED')",
        name="kind",
    ),
    CheckConstraint("(kind = 'ROLLED_BACK') = (restored_version IS NOT NULL)", name="restored_version"),
    CheckConstraint("version >= 1 AND restored_version >= 1 AND restored_version < version", name="versions"),
    CheckConstraint("aggregate IN ('AGENT', 'MEETING', 'WEBHOOK')", name="aggregate"),
    CheckConstraint("actor <> ''", name="actor"),
    CheckConstraint("jsonb_typeof(changes) = 'object'", name="changes"),
    Index("events_history_idx", "workspace_id", "aggregate_id", "number", unique=True),
    Index(
        "events_meeting_deletions_idx",
        *("workspace_id", "created_at", "entity_id"),
        postgresql_where=text("kind = 'DELETED' AND aggregate = 'MEETING'"),
    ),
)

# The meetings that were erased: who did it, by an id, and when. What was erased is named by nothing but the meeting's id.
erasures = Table(
    "erasures",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("meeting_id", Uuid, nullable=False),
    # `domain.principals.Principal.id`
    Column("erased_by", Text, nullable=False),
    Column("erased_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    PrimaryKeyConstraint("workspace_id", "meeting_id"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
    CheckConstraint("erased_by <> ''", name="erased_by"),
)

# The speakers that were erased: in which meeting, by whom, and when. What was erased is named by nothing but the meeting's id
# and fingerprints of the names.
speaker_erasures = Table(
    "speaker_erasures",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("meeting_id", Uuid, nullable=False),
    Column("pseudonym", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("fingerprints", ARRAY(LargeBinary), nullable=False),
    # `domain.principals.Principal.id`
    Column("erased_by", Text, nullable=False),
    Column("erased_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("workspace_id", "meeting_id", "pseudonym", "erased_at"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
    CheckConstraint("pseudonym <> ''", name="pseudonym"),
    CheckConstraint("mode IN ('PSEUDONYM', 'TEXT')", name="mode"),
    CheckConstraint("erased_by <> ''", name="erased_by"),
)

agents = Table(
    "agents",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("active_variant_id", Uuid),
    version(),
    *times(),
    *config_columns(nullable=False),
    PrimaryKeyConstraint("workspace_id", "id"),
    UniqueConstraint("workspace_id", "slug"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
    # The key makes sure that at most one variant is active, and that it is one of this agent's own.
    ForeignKeyConstraint(
        ["workspace_id", "id", "active_variant_id"],
        ["agent_variants.workspace_id", "agent_variants.agent_id", "agent_variants.id"],
        name="agents_active_variant_id_fkey",
        use_alter=True,
    ),
    event_of_version("agents"),
    CheckConstraint(_SLUG, name="slug"),
    CheckConstraint("name <> ''", name="name"),
    CheckConstraint("version >= 1", name="version"),
    *config_checks(),
    *orders("agents", "name"),
)

agent_variants = Table(
    "agent_variants",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("agent_id", Uuid, nullable=False),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    version(),
    *times(),
    *config_columns(nullable=True),
    PrimaryKeyConstraint("workspace_id", "id"),
    UniqueConstraint("workspace_id", "agent_id", "id"),
    UniqueConstraint("workspace_id", "agent_id", "slug"),
    ForeignKeyConstraint(["workspace_id", "agent_id"], ["agents.workspace_id", "agents.id"], ondelete="CASCADE"),
    event_of_version("agent_variants"),
    CheckConstraint(_SLUG, name="slug"),
    CheckConstraint("name <> ''", name="name"),
    CheckConstraint("version >= 1", name="version"),
    *config_checks(),
    info={"aggregate_id": "agent_id"},
)

meetings = Table(
    "meetings",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    *external_id("meetings", "workspace_id"),
    Column("title", NONEMPTY_TEXT, nullable=False),
    Column("state", MEETING_STATE, nullable=False),
    Column("metadata", JSONB_OBJECT, nullable=False, server_default=text("'{}'")),
    # The names that were given to speakers, by the labels under which they are heard.
    Column("speaker_names", JSONB_OBJECT, nullable=False, server_default=text("'{}'")),
    Column("agent_id", Uuid),
    version(),
    # The number of the last write of segments. Writers hold the row's lock to their commit, so numbers appear in order.
    Column("change_seq", NONNEGATIVE_BIGINT, nullable=False, server_default=text("0")),
    # The numbers of changes that were lost when a backup was restored: see `db.lost_changes`.
    Column("lost_changes", INT8MULTIRANGE, nullable=False, server_default=text("'{}'")),
    # The highest segment_id ever used, so that the next free one needs no search.
    Column("last_segment_id", NONNEGATIVE_INTEGER, nullable=False, server_default=text("0")),
    *times(),
    Column("started_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    # While this is set, the meeting can be neither deleted nor erased.
    Column("held_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("workspace_id", "id"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
    ForeignKeyConstraint(["workspace_id", "agent_id"], ["agents.workspace_id", "agents.id"]),
    event_of_version("meetings"),
    CheckConstraint("version >= 1", name="version"),
    CheckConstraint("started_at <= ended_at", name="times"),
    *orders("meetings", "title"),
    Index(None, "workspace_id", "state", "created_at", "id"),
    Index(None, "workspace_id", "agent_id", "created_at", "id"),
    Index(None, "metadata", postgresql_using="gin", postgresql_ops={"metadata": "jsonb_path_ops"}),
    # For retention; one that never recorded ended with its last change.
    Index(
        "meetings_retention_idx",
        *("workspace_id", text("coalesce(ended_at, updated_at)"), "id"),
        postgresql_where=text("state IN ('STOPPED', 'COMPLETED', 'ERROR') AND held_at IS NULL"),
    ),
)

segments = Table(
    "segments",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("meeting_id", Uuid, nullable=False),
    Column("segment_id", NONNEGATIVE_INTEGER, nullable=False),
    *external_id("segments", "workspace_id", "meeting_id"),
    # These two are resolved: see `db.segment_resolution`.
    Column("text", Text, nullable=False),
    Column("speaker", Text, nullable=False),
    Column("start_time", SEGMENT_TIME, nullable=False),
    Column("end_time", SEGMENT_TIME, nullable=False),
    Column("is_final", Boolean, nullable=False),
    Column("confidence", PROBABILITY),
    Column("version", POSITIVE_INTEGER, nullable=False, server_default=text("1")),
    *times(),
    # The number of the write that last touched the segment; a deleted one stays as a tombstone without its words.
    Column("change_seq", POSITIVE_BIGINT, nullable=False),
    Column("deleted", Boolean, nullable=False, server_default=text("false")),
    # The workspace's language when it was written: a text, as pg_upgrade refuses tables with columns of type regconfig.
    # (The default is for servers that know nothing of it yet.)
    Column("language", Text, nullable=False, server_default=text("'english'")),
    Column("search_vector", TSVECTOR, Computed("search_vector(language, text)", persisted=True)),
    # The values as heard, or null where they equal the resolved ones.
    Column("heard_text", Text),
    Column("heard_speaker", Text),
    # The values that a person gave instead, or null.
    Column("corrected_text", Text),
    Column("corrected_speaker", Text),
    Column("corrected_by", Text),
    Column("corrected_at", DateTime(timezone=True)),
    Column("correction_reason", Text),
    # The words with their times, as a list of objects; null: none were given.
    Column("words", JSONB_ARRAY),
    PrimaryKeyConstraint("workspace_id", "meeting_id", "segment_id"),
    ForeignKeyConstraint(["workspace_id", "meeting_id"], ["meetings.workspace_id", "meetings.id"], ondelete="CASCADE"),
    CheckConstraint("(text = '') = deleted", name="text"),
    CheckConstraint("start_time <= end_time", name="times"),
    CheckConstraint(
        "(corrected_text IS NULL AND corrected_speaker IS NULL) = (corrected_at IS NULL)"
        " AND (corrected_at IS NULL) = (corrected_by IS NULL)"
        " AND (corrected_at IS NOT NULL OR correction_reason IS NULL)",
        name="correction",
    ),
    Index("segments_change_idx", "workspace_id", "meeting_id", "change_seq", "segment_id"),
    # New words go to a list first, which every search reads: 2 MB of it cost a search one or two milliseconds.
    Index(
        "segments_search_idx",
        "search_vector",
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 2048},
    ),
)

# Keys are revoked and never deleted: history names them.
api_keys = Table(
    "api_keys",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    # SHA-256 of the secret in the key's token, which is stored nowhere.
    Column("digest", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("created_by", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    Column("revoked_by", Text),
    PrimaryKeyConstraint("workspace_id", "id"),
    ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
    CheckConstraint("name <> ''", name="name"),
    CheckConstraint("cardinality(scopes) > 0 AND scopes <@ '{READ,WRITE,ADMIN,INGEST}'", name="scopes"),
    CheckConstraint("octet_length(digest) = 32", name="digest"),
    CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked"),
    # The name must say in the history who it was.
    Index("api_keys_name_idx", "workspace_id", "name", unique=True, postgresql_where=text("revoked_at IS NULL")),
)

# The meetings that a principal with the scope INGEST has created or was given.
meeting_grants = Table(
    "meeting_grants",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    # `domain.principals.Principal.id`
    Column("principal", Text, nullable=False),
    Column("meeting_id", Uuid, nullable=False),
    PrimaryKeyConstraint("workspace_id", "principal", "meeting_id"),
    ForeignKeyConstraint(["workspace_id", "meeting_id"], ["meetings.workspace_id", "meetings.id"], ondelete="CASCADE"),
    Index(None, "workspace_id", "meeting_id"),
)
