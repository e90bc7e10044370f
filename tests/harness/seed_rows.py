"""Holds the SQL of rows of every table: two agents of one workspace and one of another, each with a variant."""


def uuid(number: int) -> str:
    return f"01900000-0000-7000-8000-{number:012}"


# Two agents of one workspace and one of another, each with a variant; the first has two, of which the first is active.
WORKSPACE, OTHER_WORKSPACE = uuid(0), uuid(1)
AGENT, SIBLING, FOREIGN = uuid(10), uuid(11), uuid(12)
VARIANT, SECOND_VARIANT, SIBLINGS_VARIANT, FOREIGN_VARIANT = uuid(20), uuid(21), uuid(22), uuid(23)
MEETING, FOREIGN_MEETING = uuid(30), uuid(31)
KEY, SECOND_KEY = uuid(40), uuid(41)
WEBHOOK_ID, DELIVERY_ID = uuid(50), uuid(60)
NOWHERE = uuid(99)

AN_AGENT = """
    INSERT INTO agents (
        workspace_id, id, slug, name, description, model_provider, model_name, system_prompt, user_prompt_template,
        prompt_version, temperature, max_tokens, context_window, input_token_limit, token_budget, timeout_seconds, max_retries
    ) VALUES ('{}', '{}', '{}', 'Agent', '', 'openai', 'gpt', '', '', '1', 0.7, 1, 1, 1, 1, 1, 1)"""
A_VARIANT = """
    INSERT INTO agent_variants (workspace_id, agent_id, id, slug, name, description)
    VALUES ('{}', '{}', '{}', '{}', 'Variant', '')"""
A_MEETING = (
    "INSERT INTO meetings (workspace_id, id, title, state, agent_id) VALUES ('{}', '{}', 'Meeting', 'CREATED', '{}')"
)
A_SEGMENT = """
    INSERT INTO segments (workspace_id, meeting_id, segment_id, text, speaker, start_time, end_time, is_final, change_seq)
    VALUES ('{}', '{}', {}, 'Text', '', 0, 1, true, 1)"""

AN_EVENT = """
    INSERT INTO events (workspace_id, entity_id, version, aggregate, aggregate_id, kind, actor, restored_version, changes)
    VALUES ('{}', '{}', {}, '{}', '{}', '{}', '{}', {}, '{}')"""


def event(
    *,
    workspace: str = WORKSPACE,
    entity: str = AGENT,
    version: int = 2,
    aggregate: str = "AGENT",
    kind: str = "UPDATED",
    actor: str = "tester",
    restored: str = "NULL",
    changes: str = "{}",
) -> str:
    return AN_EVENT.format(workspace, entity, version, aggregate, entity, kind, actor, restored, changes)


def named_meeting(external_id: str, id: str = NOWHERE) -> str:
    """Returns the SQL that inserts a meeting with an external id, which is an expression."""
    meeting = A_MEETING.format(WORKSPACE, id, AGENT)
    return meeting.replace("(workspace_id,", "(external_id, workspace_id,").replace(
        "VALUES (", f"VALUES ({external_id}, "
    )


def named_segment(external_id: str, number: int = 2) -> str:
    segment = A_SEGMENT.format(WORKSPACE, MEETING, number)
    return segment.replace("(workspace_id,", "(external_id, workspace_id,").replace(
        "VALUES (", f"VALUES ({external_id}, "
    )


A_KEY = """
    INSERT INTO api_keys (workspace_id, id, name, scopes, digest, created_by)
    VALUES ('{}', '{}', '{}', '{{READ}}', sha256('secret'), 'tester')"""
A_GRANT = "INSERT INTO meeting_grants (workspace_id, principal, meeting_id) VALUES ('{}', 'key', '{}')"

A_WEBHOOK = """
    INSERT INTO webhooks (workspace_id, id, name, url, events, secret)
    VALUES ('{}', '{}', 'Webhook', 'https://receiver.invalid/', '{{AGENT_UPDATED}}', sha256('secret'))"""
A_DELIVERY = """
    INSERT INTO webhook_deliveries (workspace_id, id, webhook_id, aggregate, aggregate_id, events, message_id)
    VALUES ('{}', '{}', '{}', 'MEETING', '{}', '{{MEETING_UPDATED}}', gen_random_uuid())"""

SEED = [
    f"INSERT INTO workspaces (id, name) VALUES ('{OTHER_WORKSPACE}', 'theirs')",
    # In both workspaces the events that make versions of each id, also of those that are to be refused for other reasons.
    *(
        event(workspace=workspace, entity=uuid(id), version=version, kind="CREATED" if version == 1 else "DELETED")
        for workspace in (WORKSPACE, OTHER_WORKSPACE)
        for id in (*range(10, 13), *range(20, 24), 30, 31, 50, 99)
        for version in (1, 2, 3)
    ),
    AN_AGENT.format(WORKSPACE, AGENT, "agent"),
    AN_AGENT.format(WORKSPACE, SIBLING, "sibling"),
    AN_AGENT.format(OTHER_WORKSPACE, FOREIGN, "agent"),
    A_VARIANT.format(WORKSPACE, AGENT, VARIANT, "variant"),
    A_VARIANT.format(WORKSPACE, AGENT, SECOND_VARIANT, "second"),
    A_VARIANT.format(WORKSPACE, SIBLING, SIBLINGS_VARIANT, "variant"),
    A_VARIANT.format(OTHER_WORKSPACE, FOREIGN, FOREIGN_VARIANT, "variant"),
    f"UPDATE agents SET active_variant_id = '{VARIANT}', version = 2 WHERE id = '{AGENT}'",
    A_MEETING.format(WORKSPACE, MEETING, AGENT),
    A_MEETING.format(OTHER_WORKSPACE, FOREIGN_MEETING, FOREIGN),
    A_SEGMENT.format(WORKSPACE, MEETING, 1),
    A_KEY.format(WORKSPACE, KEY, "key"),
    A_KEY.format(WORKSPACE, SECOND_KEY, "second"),
    A_GRANT.format(WORKSPACE, MEETING),
    A_WEBHOOK.format(WORKSPACE, WEBHOOK_ID),
    A_DELIVERY.format(WORKSPACE, DELIVERY_ID, WEBHOOK_ID, MEETING),
]
