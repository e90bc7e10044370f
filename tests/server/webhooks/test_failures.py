"""ReceiverClient that answer wrongly, slowly or never."""

import contextlib
import socket
import struct
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from domain.webhooks import Message
from server.webhooks.payloads import PayloadBuilder
from tests.harness.receivers import SENDING, Behaviour, Execute, Subscribe, held, receiver, status, statuses
from tests.harness.servers import Api, running_server, segment
from tests.harness.waiting import eventually


def deliveries(api: Api, created: Any, **arguments: Any) -> list[Any]:
    found: list[Any] = api.run("Webhook", id=created["webhook"]["id"], **arguments)["deliveries"]["nodes"]
    return found


def finished(api: Api, created: Any) -> Callable[[], Any]:
    """Returns the function that gives the first delivery of a webhook, once it is finished."""
    return lambda: next((each for each in deliveries(api, created) if each["finishedAt"]), None)


def first_attempt(api: Api, created: Any) -> Any:
    return eventually(lambda: [each["attempts"] for each in deliveries(api, created) if each["attempts"]])[0][0]


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.slow
def test_what_failed_is_sent_again_with_the_same_id(api: Api, subscribe: Subscribe) -> None:
    with receiver(statuses(500, 302, 429, 204)) as running:
        created = subscribe(running.url, "MEETING_CREATED")
        meeting = api.meeting()
        messages = running.wait(4)
        done = eventually(finished(api, created))
    assert len({message.id for message in messages}) == 1
    assert {message.verify(created["secret"])["data"]["meetingId"] for message in messages} == {meeting["id"]}
    assert done["state"] == "DELIVERED"
    assert done["messageId"] == messages[0].id
    assert [attempt["statusCode"] for attempt in done["attempts"]] == [500, 302, 429, 204]
    assert [bool(attempt["error"]) for attempt in done["attempts"]] == [True, True, True, False]
    eventually(lambda: api.run("Webhook", id=created["webhook"]["id"])["failingSince"] is None)


def test_what_cannot_be_sent_is_a_failed_attempt(
    api: Api, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(self: PayloadBuilder, message: Message) -> str:
        raise RuntimeError("something unforeseen")

    monkeypatch.setattr(PayloadBuilder, "body", body)
    created = subscribe("https://receiver.invalid/", "MEETING_CREATED")
    api.meeting()
    attempt = first_attempt(api, created)
    assert (attempt["statusCode"], attempt["error"]) == (None, "the server could not send it, and has logged why")


def garbage(handler: BaseHTTPRequestHandler, number: int) -> None:
    handler.wfile.write(b"no HTTP at all\r\n\r\n")
    handler.close_connection = True


def nothing(handler: BaseHTTPRequestHandler, number: int) -> None:
    handler.close_connection = True


def reset(handler: BaseHTTPRequestHandler, number: int) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True


def endless_body(handler: BaseHTTPRequestHandler, number: int) -> None:
    """Takes the message, and then says more than anybody wants to hear."""
    handler.send_response(200)
    handler.end_headers()
    handler.close_connection = True
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(b"x" * 65_536)


@pytest.mark.parametrize(
    ("behaviour", "state"), [(garbage, "FAILED"), (nothing, "FAILED"), (reset, "FAILED"), (endless_body, "DELIVERED")]
)
def test_strange_answers(api: Api, subscribe: Subscribe, behaviour: Behaviour, state: str) -> None:
    with receiver(behaviour) as running:
        created = subscribe(running.url, "MEETING_CREATED")
        api.run("TestWebhook", id=created["webhook"]["id"])
        done = eventually(finished(api, created))
    assert done["state"] == state
    (attempt,) = done["attempts"]
    assert (attempt["error"] or "").startswith("no answer" if state == "FAILED" else "")


def test_redirects_are_not_followed(api: Api, subscribe: Subscribe) -> None:
    with receiver() as other, receiver(status(307, Location=other.url)) as running:
        created = subscribe(running.url, "MEETING_CREATED")
        api.meeting()
        attempt = first_attempt(api, created)
        assert (attempt["statusCode"], other.received) == (307, [])
    assert "redirects" in attempt["error"]


def test_one_that_answers_gone_is_disabled(api: Api, subscribe: Subscribe) -> None:
    with receiver() as watcher, receiver(status(410)) as running:
        created = subscribe(running.url, "MEETING_CREATED")
        subscribe(watcher.url, "WEBHOOK_STATE_CHANGED")
        api.meeting()
        (told,) = watcher.wait(1)
        assert told.json["data"]["webhookId"] == created["webhook"]["id"]
        assert told.json["type"] == "webhook.changed"
        webhook = api.run("WebhookHistory", id=created["webhook"]["id"])
        event = webhook["history"]["nodes"][0]
        assert (event["kind"], event["actor"]) == ("STATE_CHANGED", "rapporteur")
        assert event["reason"] == "the receiver answered 410 Gone"
        count = len(running.received)
        api.meeting()
        assert api.run("Webhook", id=created["webhook"]["id"])["isEnabled"] is False
    assert len(running.received) == count


def test_one_that_failed_for_five_days_is_disabled(api: Api, subscribe: Subscribe, execute: Execute) -> None:
    with receiver(status(500)) as running:
        created = subscribe(running.url, "MEETING_CREATED")
        id = created["webhook"]["id"]
        execute("UPDATE webhooks SET failing_since = now() - interval '5 days 1 minute' WHERE id = $1", id)
        api.meeting()
        eventually(lambda: not api.run("Webhook", id=id)["isEnabled"])
    event = api.run("WebhookHistory", id=id)["history"]["nodes"][0]
    assert event["reason"] == "the receiver took nothing for five days"
    enabled = api.run("UpdateWebhook", id=id, input={"isEnabled": True})
    assert (enabled["isEnabled"], enabled["failingSince"]) == (True, None)


def test_a_day_after_the_last_change_a_delivery_is_given_up(api: Api, subscribe: Subscribe, execute: Execute) -> None:
    with receiver(statuses(500, 500)) as running:
        created = subscribe(running.url, "MEETING_CREATED")
        api.meeting()
        first_attempt(api, created)
        execute(
            "UPDATE webhook_deliveries SET changed_at = now() - interval '25 hours', next_attempt_at = now()"
            " WHERE webhook_id = $1",
            created["webhook"]["id"],
        )
        done = eventually(finished(api, created))
    assert (done["state"], done["nextAttemptAt"], len(done["attempts"])) == ("FAILED", None, 2)


def test_retry_after_is_honoured(api: Api, subscribe: Subscribe, execute: Execute) -> None:
    with receiver(status(503, Retry_After="7200")) as running:
        created = subscribe(running.url, "MEETING_CREATED")
        api.meeting()
        first_attempt(api, created)
        due = "SELECT next_attempt_at > now() + interval '100 minutes' AS late FROM webhook_deliveries WHERE webhook_id = $1"
        paused = "SELECT paused_until > now() + interval '100 minutes' AS late FROM webhooks WHERE id = $1"
        eventually(lambda: execute(due, created["webhook"]["id"])[0]["late"])
        eventually(lambda: execute(paused, created["webhook"]["id"])[0]["late"])


def test_a_receiver_that_never_answers_delays_no_other(api: Api, subscribe: Subscribe) -> None:
    with receiver(held) as slow, receiver() as quick:
        subscribe(slow.url, "MEETING_CREATED")
        subscribe(quick.url, "MEETING_CREATED")
        meetings = {api.meeting()["id"] for _ in range(15)}
        quick.wait_until(lambda received: {each.json["data"]["meetingId"] for each in received} == meetings)
        assert not slow.released.is_set()


def test_servers_share_the_work(api: Api, subscribe: Subscribe, sending_database: str) -> None:
    with receiver() as running, running_server(sending_database, **SENDING) as second:
        created = subscribe(running.url, "MEETING_CREATED")
        meetings = {each.meeting()["id"] for _ in range(15) for each in (api, second.api)}
        running.wait_until(lambda received: {each.json["data"]["meetingId"] for each in received} == meetings)
        eventually(lambda: not deliveries(api, created, state="PENDING"))
        ids = [message.id for message in running.received]
    assert len(ids) == len(set(ids)) == len(meetings)


def test_a_server_stops_while_a_receiver_does_not_answer(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.webhooks.sender.STOP_SECONDS", 0.1)
    with receiver(held) as running, running_server(database_url, **SENDING) as server:
        input = {"name": "Test", "url": running.url, "events": ["MEETING_CREATED"]}
        server.api.run("CreateWebhook", input=input)
        eventually(lambda: server.api.meeting() and running.received)


@pytest.mark.slow
def test_what_happens_during_an_attempt_is_sent_after_it(api: Api, subscribe: Subscribe) -> None:
    with receiver(held) as running:
        created = subscribe(running.url, "MEETING_CREATED", "MEETING_UPDATED")
        meeting = api.meeting()
        running.wait(1)
        for title in ("Second", "Third"):
            api.run("UpdateMeeting", id=meeting["id"], input={"title": title})
        (pending,) = deliveries(api, created)
        assert pending["state"] == "PENDING"
        running.released.set()
        first, second = running.wait(2)
        done = eventually(lambda: len(deliveries(api, created, state="DELIVERED")) == 2)
        assert done
    assert first.json["data"]["events"] == ["MEETING_CREATED"]
    assert second.json["data"] | {"cursor": None} == {
        "meetingId": meeting["id"],
        "events": ["MEETING_UPDATED"],
        "version": 3,
        "cursor": None,
    }
    assert first.id != second.id


def test_a_dead_receiver_leaves_one_delivery_of_a_meeting(api: Api, subscribe: Subscribe, execute: Execute) -> None:
    with receiver() as running:
        url = running.url
    created = subscribe(url, "MEETING_CREATED", "MEETING_UPDATED", "MEETING_SEGMENTS_CHANGED")
    meeting = api.meeting()
    for n in range(100):
        api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(n)])
    api.run("UpdateMeeting", id=meeting["id"], input={"title": "Other"})
    (pending,) = deliveries(api, created)
    assert sorted(pending["events"]) == ["MEETING_CREATED", "MEETING_SEGMENTS_CHANGED", "MEETING_UPDATED"]
    stored = "SELECT change_seq, version FROM webhook_deliveries WHERE webhook_id = $1"
    (row,) = execute(stored, created["webhook"]["id"])
    assert tuple(row) == (100, 2)


def test_a_test_is_sent_once_also_if_the_webhook_is_disabled(api: Api, subscribe: Subscribe) -> None:
    with receiver(status(500)) as running:
        created = subscribe(running.url, "MEETING_CREATED")
        id = created["webhook"]["id"]
        api.run("UpdateWebhook", id=id, input={"isEnabled": False})
        queued = api.run("TestWebhook", id=id)
        assert (queued["state"], queued["events"]) == ("PENDING", ["WEBHOOK_TEST"])
        (message,) = running.wait(1)
        done = eventually(finished(api, created))
    assert message.verify(created["secret"])["type"] == "webhook.test"
    assert (done["id"], done["state"], len(done["attempts"])) == (queued["id"], "FAILED", 1)


def test_a_delivery_is_sent_again_when_it_is_asked_for(api: Api, subscribe: Subscribe) -> None:
    with receiver() as running:
        created = subscribe(running.url, "MEETING_CREATED")
        api.meeting()
        done = eventually(finished(api, created))
        again = api.run("Redeliver", id=done["id"])
        assert (again["state"], again["messageId"]) == ("PENDING", done["messageId"])
        first, second = running.wait(2)
        assert (first.id, first.json["data"]) == (second.id, second.json["data"])
        api.run("UpdateWebhook", id=created["webhook"]["id"], input={"isEnabled": False})
        refused = api.run("Redeliver", id=done["id"])
    assert refused["__typename"] == "Conflict"
    assert "enable it first" in refused["message"]
