"""Holds a webhook for tests that send nothing, and the SQL that breaks each constraint of the tables of webhooks."""

from tests.harness.seed_rows import (
    A_DELIVERY,
    A_WEBHOOK,
    DELIVERY_ID,
    MEETING,
    NOWHERE,
    WEBHOOK_ID,
    WORKSPACE,
    uuid,
)

WEBHOOK = {
    "name": "Receiver",
    "url": "https://receiver.invalid/",
    "events": ["WEBHOOK_STATE_CHANGED"],
    "document": "{ meetingCount }",
}


def webhook(change: str) -> str:
    return f"UPDATE webhooks SET {change} WHERE id = '{WEBHOOK_ID}'"


def delivery(change: str) -> str:
    return f"UPDATE webhook_deliveries SET {change} WHERE id = '{DELIVERY_ID}'"


REFUSED_WEBHOOKS = {
    "webhooks_pkey": [A_WEBHOOK.format(WORKSPACE, WEBHOOK_ID)],
    "webhooks_workspace_id_fkey": [A_WEBHOOK.format(NOWHERE, NOWHERE)],
    "webhooks_event_fkey": [webhook("version = 4"), A_WEBHOOK.format(WORKSPACE, uuid(98))],
    "webhooks_name_check": [webhook("name = '', version = 2")],
    "webhooks_url_check": [webhook(f"url = '{url}', version = 2") for url in ("", "ftp://a", "file:///a")],
    "webhooks_events_check": [webhook("events = '{}', version = 2")],
    "webhooks_secret_check": [webhook("secret = ''")],
    "webhooks_old_secret_check": [webhook("old_secret = secret"), webhook("old_secret_expires_at = now()")],
    "webhooks_version_check": [webhook("version = 0")],
    "webhook_deliveries_pkey": [A_DELIVERY.format(WORKSPACE, DELIVERY_ID, WEBHOOK_ID, NOWHERE)],
    "webhook_deliveries_pending_key": [A_DELIVERY.format(WORKSPACE, NOWHERE, WEBHOOK_ID, MEETING)],
    "webhook_deliveries_workspace_id_fkey": [A_DELIVERY.format(NOWHERE, NOWHERE, WEBHOOK_ID, MEETING)],
    "webhook_deliveries_aggregate_check": [delivery("aggregate = 'SEGMENT'")],
    "webhook_deliveries_state_check": [delivery("state = 'LOST', next_attempt_at = NULL, finished_at = now()")],
    "webhook_deliveries_times_check": [
        delivery(change)
        for change in ("state = 'FAILED'", "next_attempt_at = NULL", "finished_at = now()", "state = 'DELIVERED'")
    ],
    "webhook_deliveries_attempts_check": [delivery("attempts = '{}'")],
}
