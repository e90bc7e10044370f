"""The outbox: no change without its delivery, none of a change that was rolled back, and one sender for each."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from db.database import Database
from db.unit_of_work import UnitOfWork
from db.webhook_outbox import TIDY_LOCK_KEY
from domain.ids import DEFAULT_WORKSPACE_ID, MeetingId, WebhookId
from domain.meetings import Meeting, MeetingState, UpdateMeeting, change_state
from domain.pagination import PageRequest
from domain.segments import SegmentContent
from domain.webhooks import Attempt, CreateWebhook, Message, Webhook, WebhookDeliveryState, WebhookEventType

TAKEN = Attempt(datetime.now(UTC), 204, None, 0.1)
REFUSED = Attempt(datetime.now(UTC), 500, "the receiver answered 500", 0.1)
ALL = list(WebhookEventType)
SECRET = bytes(32)


async def webhook(database: Database, events: list[WebhookEventType] = ALL) -> Webhook:
    async with database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
        new = CreateWebhook("Test", "https://receiver.invalid/", events).webhook()
        created = await uow.webhooks.create(new, SECRET)
        await uow.commit()
    return created


async def meeting(database: Database) -> Meeting:
    async with database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
        created = await uow.meetings.create(Meeting.create("Weekly"))
        await uow.commit()
    return created


async def rename(database: Database, meeting: Meeting, title: str) -> None:
    with database.writing(DEFAULT_WORKSPACE_ID) as repositories:
        current = await repositories.meetings.get(meeting.id)
        assert current is not None
        await repositories.meetings.update(UpdateMeeting(title=title).apply(current))


async def claim(
    database: Database,
    limit: int = 100,
    share: int = 100,
    troubled_limit: int = 1,
    slow: Collection[WebhookId] = (),
) -> list[Message]:
    """Claims as a sender does to which all receivers have answered quickly but these."""
    webhooks = (await database.repositories(DEFAULT_WORKSPACE_ID).webhooks.page(PageRequest(100))).nodes
    quick = {each.id for each in webhooks} - set(slow)
    return await database.outbox.claim(limit, share, troubled_limit, quick, slow)


async def note(database: Database, message: Message, attempt: Attempt, delay: float = 0.0) -> None:
    outbox = database.outbox
    if attempt.error is None:
        await outbox.note_success(message, attempt)
    else:
        await outbox.note_failure(message, attempt, delay, 0.0)


async def pending(database: Database, webhook: Webhook) -> list[Any]:
    pages = await database.repositories(DEFAULT_WORKSPACE_ID).deliveries.pages(
        [webhook.id], PageRequest(100), WebhookDeliveryState.PENDING
    )
    return list(pages[webhook.id].nodes)


CHANGES = st.sampled_from(["rename", "start", "segments", "delete"])
TRANSACTIONS = st.lists(st.tuples(st.lists(CHANGES, max_size=4), st.booleans()), min_size=1, max_size=5)


async def change(uow: UnitOfWork, id: MeetingId, kind: str) -> str | None:
    """Changes a meeting, and returns the type of the event; None if nothing changed."""
    meeting = await uow.meetings.get(id)
    if meeting is None:
        return None
    if kind == "segments":
        await uow.segments.upsert(id, [SegmentContent("Text", 0.0, 1.0)])
        return "MEETING_SEGMENTS_CHANGED"
    if kind == "delete":
        await uow.meetings.delete(id)
        return "MEETING_DELETED"
    if kind == "rename":
        await uow.meetings.update(replace(meeting, title=meeting.title + "."))
        return "MEETING_UPDATED"
    if meeting.state is MeetingState.RECORDING:
        return None
    await uow.meetings.update(change_state(meeting, MeetingState.RECORDING))
    return "MEETING_STATE_CHANGED"


@settings(max_examples=20)
@given(TRANSACTIONS)
async def test_what_is_committed_is_queued_and_nothing_else(
    database: Database, transactions: list[tuple[list[str], bool]]
) -> None:
    async with database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
        if not await uow.webhooks.count():
            await uow.webhooks.create(CreateWebhook("Test", "https://receiver.invalid/", ALL).webhook(), SECRET)
            await uow.commit()
    changed = await meeting(database)
    expected, version, writes = {"MEETING_CREATED"}, 1, 0
    for changes, is_committed in transactions:
        async with database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
            done = [await change(uow, changed.id, kind) for kind in changes]
            if is_committed:
                await uow.commit()
                kinds = [kind for kind in done if kind]
                expected |= set(kinds)
                writes += kinds.count("MEETING_SEGMENTS_CHANGED")
                version += len(kinds) - kinds.count("MEETING_SEGMENTS_CHANGED")
    (queued,) = [message for message in await claim(database) if message.aggregate_id == changed.id]
    assert (set(queued.events), queued.version, queued.change_seq or 0) == (expected, version, writes)


async def test_a_delivery_is_claimed_by_one_sender_only(database: Database, observer: Any) -> None:
    await webhook(database)
    meetings = [await meeting(database) for _ in range(20)]
    claims = await asyncio.gather(*(claim(database, limit=7) for _ in range(5)))
    claimed = [message.aggregate_id for messages in claims for message in messages]
    assert len(set(claimed)) == len(claimed)
    rest = await claim(database)
    assert {*claimed, *(message.aggregate_id for message in rest)} == {each.id for each in meetings}
    assert await claim(database) == []


async def test_a_webhook_has_its_share_and_a_failing_one_a_single_attempt(database: Database, observer: Any) -> None:
    first, second = await webhook(database), await webhook(database)
    for _ in range(5):
        await meeting(database)
    claimed = await claim(database, limit=4, share=3)
    assert sorted(message.webhook_id for message in claimed) == sorted([first.id] * 2 + [second.id] * 2)
    await note(database, next(message for message in claimed if message.webhook_id == first.id), REFUSED)
    again = await claim(database, share=10)
    assert len([message for message in again if message.webhook_id == first.id]) == 1
    assert len([message for message in again if message.webhook_id == second.id]) == 3


async def test_webhooks_that_fail_leave_room_for_those_that_do_not(database: Database, observer: Any) -> None:
    failing = [await webhook(database) for _ in range(3)]
    await observer.execute("UPDATE webhooks SET failing_since = now()")
    working = await webhook(database)
    await meeting(database)
    claimed = [message.webhook_id for message in await claim(database)]
    assert len(claimed) == 2
    assert working.id in claimed
    assert set(claimed) - {working.id} < {each.id for each in failing}


async def test_webhooks_that_are_slow_leave_room_for_those_that_are_not(database: Database, observer: Any) -> None:
    slow = {(await webhook(database)).id for _ in range(3)}
    quick = await webhook(database)
    for _ in range(4):
        await meeting(database)
    claimed = [message.webhook_id for message in await claim(database, limit=6, troubled_limit=2, slow=slow)]
    assert claimed.count(quick.id) == 4
    assert len(claimed) == len(set(claimed) & slow) + 4 == 6


async def test_a_webhook_that_is_not_known_yet_gets_one_attempt(database: Database, observer: Any) -> None:
    await webhook(database)
    for _ in range(3):
        await meeting(database)
    assert len(await database.outbox.claim(10, 10, 1)) == 1


async def test_the_attempt_of_a_sender_that_died_is_repeated_with_the_same_id(
    database: Database, observer: Any
) -> None:
    created = await webhook(database)
    await meeting(database)
    (dead,) = await claim(database)
    assert await claim(database) == []
    await observer.execute("UPDATE webhook_deliveries SET next_attempt_at = now()")
    (again,) = await claim(database)
    assert again._replace(lease=dead.lease) == dead
    await note(database, dead, TAKEN)  # it was not dead after all: the other one has its lease
    assert len(await pending(database, created)) == 1
    await note(database, again, TAKEN)
    assert await pending(database, created) == []


async def test_a_change_during_an_attempt_makes_another_message(database: Database, observer: Any) -> None:
    created = await webhook(database)
    changed = await meeting(database)
    (first,) = await claim(database)
    await rename(database, changed, "Other")
    await rename(database, changed, "Another")
    await note(database, first, TAKEN)
    (rest,) = await pending(database, created)
    assert (rest.events, rest.version) == (["MEETING_UPDATED"], 3)
    await observer.execute("UPDATE webhook_deliveries SET next_attempt_at = now() WHERE state = 'PENDING'")
    (second,) = await claim(database)
    assert second.message_id != first.message_id
    await note(database, second, TAKEN)
    assert await pending(database, created) == []


async def test_a_failed_delivery_takes_further_changes_in_as_another_message(database: Database, observer: Any) -> None:
    created = await webhook(database)
    changed = await meeting(database)
    (first,) = await claim(database)
    await note(database, first, REFUSED)
    (second,) = await claim(database)
    assert (second.message_id, second.events) == (first.message_id, ["MEETING_CREATED"])
    await rename(database, changed, "Other")
    await note(database, second, REFUSED, delay=3_600)
    (waiting,) = await pending(database, created)
    assert waiting.events == ["MEETING_CREATED", "MEETING_UPDATED"]
    assert waiting.message_id != first.message_id
    assert len(waiting.attempts) == 2
    await rename(database, changed, "Another")  # a receiver that fails is not asked sooner because of changes
    (unmoved,) = await pending(database, created)
    assert unmoved.next_attempt_at == waiting.next_attempt_at


async def test_when_a_receiver_answers_again_what_waits_for_it_is_sent_soon(database: Database, observer: Any) -> None:
    created = await webhook(database)
    for _ in range(3):
        await meeting(database)
    for message in await claim(database):
        await note(database, message, REFUSED, delay=3_600)
    await observer.execute(
        "UPDATE webhook_deliveries SET next_attempt_at = now() WHERE id = (SELECT id FROM webhook_deliveries LIMIT 1)"
    )
    (message,) = await claim(database)
    assert message.failing_since is not None
    await note(database, message, TAKEN)
    waiting = await pending(database, created)
    assert len(waiting) == 2
    assert all((each.next_attempt_at - datetime.now(UTC)).total_seconds() < 600 for each in waiting)


async def test_a_writer_does_not_wait_for_a_receiver(database: Database, observer: Any) -> None:
    """Checks that an attempt under way holds no lock: the write has a second at most."""
    await webhook(database)
    changed = await meeting(database)
    assert await claim(database)
    async with database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
        await uow.segments.upsert(changed.id, [SegmentContent("Text", 0.0, 1.0)])
        await uow.commit()


async def test_what_is_old_or_of_a_deleted_webhook_is_removed(database: Database, observer: Any) -> None:
    kept, deleted = await webhook(database), await webhook(database)
    changed = await meeting(database)
    for message in await claim(database):
        await note(database, message, TAKEN)
    await rename(database, changed, "Other")
    async with database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
        await uow.webhooks.delete(deleted.id)
        await uow.commit()
    count = "SELECT count(*) FROM webhook_deliveries WHERE webhook_id = $1"
    assert await observer.fetchval(count, kept.id) == 2
    outbox = database.outbox
    await outbox.tidy()
    assert (await observer.fetchval(count, kept.id), await observer.fetchval(count, deleted.id)) == (2, 0)
    await observer.execute(
        "UPDATE webhook_deliveries SET created_at = now() - interval '8 days' WHERE state = 'DELIVERED'"
    )
    await observer.execute("SELECT pg_advisory_lock($1)", TIDY_LOCK_KEY)
    await outbox.tidy()  # somebody else does
    assert await observer.fetchval(count, kept.id) == 2
    await observer.execute("SELECT pg_advisory_unlock($1)", TIDY_LOCK_KEY)
    await outbox.tidy()
    assert await observer.fetchval(count, kept.id) == 1


async def test_nothing_is_queued_for_a_disabled_webhook(database: Database, observer: Any) -> None:
    created = await webhook(database)
    await meeting(database)
    async with database.unit_of_work(DEFAULT_WORKSPACE_ID) as uow:
        found = await uow.webhooks.get_for_update(created.id)
        await uow.webhooks.update(found.disable())
        await uow.commit()
    await meeting(database)
    assert len(await pending(database, created)) == 1
    assert await claim(database) == []
    await observer.execute("UPDATE webhook_deliveries SET changed_at = now() - interval '25 hours'")
    await database.outbox.tidy()
    assert await pending(database, created) == []
