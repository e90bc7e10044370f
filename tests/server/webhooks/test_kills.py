"""A server that is killed in the middle of an attempt: another one sends the same message again."""

import asyncio

import asyncpg
import pytest

from tests.harness.commands import serving
from tests.harness.receivers import held, receiver
from tests.harness.waiting import eventually

EXPIRE_LEASES = "UPDATE webhook_deliveries SET next_attempt_at = now() WHERE state = 'PENDING'"


@pytest.mark.slow
def test_what_a_killed_server_was_sending_is_sent_by_another(database_url: str) -> None:
    settings = {"database_url": database_url, "webhook_networks": "127.0.0.0/8"}
    with receiver(held) as running, serving(**settings) as first:
        input = {"name": "Test", "url": running.url, "events": ["MEETING_CREATED"]}
        created = first.api.run("CreateWebhook", input=input)
        meeting = first.api.meeting()
        running.wait(1)
        first.kill()
        running.released.set()
        with serving(**settings) as second:
            asyncio.run(execute(database_url, EXPIRE_LEASES))
            lost, again = running.wait(2)[:2]
            assert lost.id == again.id
            assert again.verify(created["secret"])["data"]["meetingId"] == meeting["id"]
            arguments = {"id": created["webhook"]["id"], "state": "DELIVERED"}
            eventually(lambda: second.api.run("Webhook", **arguments)["deliveries"]["nodes"])


async def execute(database_url: str, statement: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
