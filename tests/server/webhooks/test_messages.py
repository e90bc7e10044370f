"""Checks what a receiver gets: signed as Standard Webhooks has it, and with nothing but ids unless a document says so."""

import asyncio
import json

import asyncpg
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.harness.receivers import Subscribe, receiver
from tests.harness.servers import Api
from tests.harness.waiting import eventually, until_lock_is_awaited


def test_a_message_is_signed_and_has_ids_only(api: Api, subscribe: Subscribe) -> None:
    with receiver() as running:
        created = subscribe(running.url, "MEETING_CREATED")
        meeting = api.run("CreateMeeting", input={"title": "Secret plans"})
        (message,) = running.wait(1)
    body = message.verify(created["secret"])
    cursor = body["data"].pop("cursor")
    assert cursor is None
    assert body["type"] == "meeting.changed"
    assert body["data"] == {"meetingId": meeting["id"], "events": ["MEETING_CREATED"], "version": 1}
    assert "Secret plans" not in message.body
    assert message.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Webhook(created["secret"]).verify(message.body + " ", dict(message.headers))


def test_agents_are_told_of_by_the_kinds_that_were_asked_for(api: Api, subscribe: Subscribe) -> None:
    with receiver() as running:
        subscribe(running.url, "AGENT_ACTIVATED", "AGENT_DELETED")
        agent = api.agent("Told of")
        variant = api.variant(agent)
        api.run("ActivateVariant", id=variant["id"])
        (message,) = running.wait(1)
        assert message.json["type"] == "agent.changed"
        assert message.json["data"] == {"agentId": agent["id"], "events": ["AGENT_ACTIVATED"], "version": 2}
        api.run("DeleteAgent", id=agent["id"])
        data = running.wait(2)[1].json["data"]
    assert (data["agentId"], data["events"]) == (agent["id"], ["AGENT_DELETED"])


@pytest.mark.slow  # writes of segments are collected for a second
def test_a_cursor_leads_to_what_was_written(api: Api, subscribe: Subscribe) -> None:
    with receiver() as running:
        subscribe(running.url, "MEETING_SEGMENTS_CHANGED")
        meeting = api.meeting(segments=2)
        (message,) = running.wait(1)
    data = message.json["data"]
    assert data["events"] == ["MEETING_SEGMENTS_CHANGED"]
    assert data["cursor"] == api.run("Meeting", id=meeting["id"])["updatesCursor"]


def test_a_rotated_secret_is_valid_beside_the_one_before(api: Api, subscribe: Subscribe) -> None:
    with receiver() as running:
        first = subscribe(running.url, "MEETING_CREATED")
        second = api.run("RotateWebhookSecret", id=first["webhook"]["id"])
        api.meeting()
        (message,) = running.wait(1)
    assert first["secret"] != second["secret"]
    assert message.verify(first["secret"]) == message.verify(second["secret"])
    assert len(message.headers["webhook-signature"].split()) == 2
    assert second["webhook"]["secretRotatedAt"] is not None


def test_no_answer_has_a_secret_again(api: Api, subscribe: Subscribe) -> None:
    created = subscribe("https://receiver.invalid/", "MEETING_CREATED")
    id = created["webhook"]["id"]
    rotated = api.run("RotateWebhookSecret", id=id)
    answers = [
        api.run(name, **{} if name == "Webhooks" else {"id": id}) for name in ("Webhook", "Webhooks", "WebhookHistory")
    ]
    for secret in (created["secret"], rotated["secret"]):
        assert secret.startswith("whsec_")
        assert secret.removeprefix("whsec_") not in json.dumps(answers)


def test_a_document_is_executed_for_each_message(api: Api, subscribe: Subscribe) -> None:
    with receiver() as running:
        document = "query ($meetingId: ID!) { meeting(id: $meetingId) { title } }"
        created = subscribe(running.url, "MEETING_CREATED", "MEETING_ERASED", document=document)
        meeting = api.run("CreateMeeting", input={"title": "Weekly"})
        (message,) = running.wait(1)
        assert message.verify(created["secret"])["data"]["result"] == {"data": {"meeting": {"title": "Weekly"}}}
        eventually(lambda: api.run("Webhook", id=created["webhook"]["id"], state="DELIVERED")["deliveries"]["nodes"])
        api.run("EraseMeeting", id=meeting["id"])
        erased = running.wait(2)[1]
    assert erased.json["data"]["result"] == {"data": {"meeting": None}}
    assert erased.json["data"]["events"] == ["MEETING_ERASED"]


@pytest.mark.usefixtures("quick_retries")
async def test_a_document_that_cannot_be_executed_now_is_executed_later(
    api: Api, subscribe: Subscribe, sending_database: str
) -> None:
    locking, observer = [await asyncpg.connect(sending_database) for _ in range(2)]
    cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE $1::int = ANY (pg_blocking_pids(pid))"
    with receiver() as running:
        created = subscribe(running.url, "AGENT_CREATED", document="{ meetingCount }")
        id = created["webhook"]["id"]
        async with locking.transaction():
            await locking.execute("LOCK TABLE meetings IN ACCESS EXCLUSIVE MODE")
            api.agent()
            await until_lock_is_awaited(observer)
            await observer.execute(cancel, locking.get_server_pid())
            (attempt,) = eventually(lambda: api.run("Webhook", id=id)["deliveries"]["nodes"][0]["attempts"])
            assert attempt["error"].startswith("the document cannot be executed now")
            assert api.run("Webhook", id=id)["failingSince"] is None
        (message,) = running.wait(1)
        assert message.json["data"]["result"].keys() == {"data"}
    await asyncio.gather(locking.close(), observer.close())


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("query {", "is no document of this server"),
        ("{ nothing }", "is no document of this server"),
        ('mutation { deleteMeeting(id: "a") { __typename } }', "needs the scope WRITE"),
        ("subscription { meetingUpdates { deletedMeetingId } }", "must be a query"),
        ("{ apiKeys { nodes { name } } }", "needs the scope ADMIN"),
        ("query ($title: String!) { meetings(filter: {text: $title}) { nodes { id } } }", "may require the variables"),
        ("query A { meetingCount } query B { meetingCount }", "is no document of this server"),
    ],
)
def test_a_document_that_cannot_be_executed_is_refused(api: Api, document: str, problem: str) -> None:
    input = {"name": "Test", "url": "https://receiver.invalid/", "events": ["MEETING_CREATED"], "document": document}
    refused = api.run("CreateWebhook", input=input)
    assert refused["__typename"] == "InvalidInput"
    assert refused["fields"][0]["path"] == "input.document"
    assert problem in refused["fields"][0]["message"]
